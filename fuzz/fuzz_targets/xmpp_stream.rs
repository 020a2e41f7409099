//! Any octets after a stream's start are stanzas, odd ones, or the end of the stream; what is
//! answered to them does not end the link.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::{
    base::{clock::Millis, secret::Secret},
    bridge,
    xmpp::{
        condition::{Condition, StanzaError},
        stanza::Stanza,
        stream::{Event, Stream},
    },
};

const DOMAIN: &str = "onesoup.test";
const START: &str = "<stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' from='onesoup.test' id='1'><handshake/>";

fuzz_target!(|octets: &[u8]| {
    let Some((&size, octets)) = octets.split_first() else { return };
    let mut stream = Stream::new(DOMAIN, Secret::new("secret"));
    stream.feed(START.as_bytes());
    for piece in octets.chunks(usize::from(size) + 1) {
        for event in stream.feed(piece) {
            match event {
                Event::Stanza(Ok(stanza)) => understand(&stanza),
                Event::Stanza(Err(odd)) => {
                    let refusal: Option<Stanza> = odd.refusal().map(Into::into);
                    let _ = refusal.map(|refusal| refusal.to_wire(DOMAIN));
                }
                _ => {}
            }
        }
    }
});

fn understand(stanza: &Stanza) {
    let sender = bridge::address::device_of_jid(stanza.from());
    match (stanza, sender) {
        (Stanza::Message(message), Some(sender)) => {
            let _ = bridge::message::of_stanza(message, sender, Millis(0));
        }
        (Stanza::Presence(presence), _) => drop(bridge::presence::of_stanza(presence)),
        _ => {}
    }
    if let Some(refused) = stanza.refuse(StanzaError::from(Condition::BadRequest)) {
        let _ = refused.to_wire(DOMAIN);
    }
}
