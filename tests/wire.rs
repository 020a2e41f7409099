//! Nothing that we write can end the link, and nothing that we read can stop us.

use onesoup::{
    base::{clock::Millis, secret::Secret},
    xmpp::{
        caps::Caps,
        condition::{Condition, StanzaError},
        data_form::{DataForm, Field},
        delay::Delay,
        disco::{DiscoInfo, DiscoItem, DiscoItems, Identity},
        entity_time::EntityTime,
        hints::Hints,
        iq::{Iq, IqKind, Query},
        jid::Jid,
        last_activity::LastActivity,
        message::{ChatState, Message, MessageKind, Receipt, StanzaId},
        payload::{Payload, Text},
        presence::{Presence, PresenceKind, Show},
        stanza::Stanza,
        stream::{Event, Stream},
        vcard::VCard,
        version::Version,
        wire::{MAX_OCTETS, Stopped, Wire},
    },
};
use proptest::{collection::vec, prelude::*};

const DOMAIN: &str = "wap.example";

fn jid(text: &str) -> Jid {
    Jid::new(text).unwrap()
}

#[test]
fn what_would_end_the_link_is_stopped() {
    let from_to = |from: &str, to: &str| {
        let stanza: Stanza = Presence::new(jid(from), jid(to), PresenceKind::Available).into();
        stanza.to_wire(DOMAIN).map(Wire::into_text)
    };
    assert_eq!(
        from_to("bob@wap.example/phone", "ann@far.test").as_deref(),
        Ok("<presence from='bob@wap.example/phone' to='ann@far.test'/>")
    );
    assert!(from_to(DOMAIN, "room@muc.test/\u{1F98A}").is_ok());
    for foreign in
        ["bob@far.test", "x.wap.example", "a@WAP.example", "@wap.example", "a b@wap.example"]
    {
        assert_eq!(from_to(foreign, "ann@far.test"), Err(Stopped::From), "{foreign}");
    }
    for bad in ["a@b@c", "a b@far.test", "ann@far.test/", "far..test"] {
        assert_eq!(from_to(DOMAIN, bad), Err(Stopped::To), "{bad}");
    }
}

#[test]
fn a_text_from_the_store_is_proven_again() {
    let open = "<message from='wap.example' to='a@b'>";
    for (inside, stopped) in [
        ("<a xmlns='jabber:client'/></message>", Stopped::Namespace),
        ("<stream:error/></message>", Stopped::Namespace),
        ("</message></stream:stream>", Stopped::NotAStanza),
        ("</message><message from='wap.example' to='a@b'/>", Stopped::NotAStanza),
        ("</message><message/>", Stopped::From),
        ("</message> ", Stopped::NotAStanza),
        ("</message><a b='>", Stopped::NotWellFormed),
        ("</message><![CDATA[>", Stopped::NotAStanza),
        ("</message>&#", Stopped::NotWellFormed),
        ("", Stopped::NotAStanza),
        ("</iq>", Stopped::NotAStanza),
        ("<!-- x --></message>", Stopped::NotWellFormed),
        ("&nbsp;</message>", Stopped::NotWellFormed),
        ("\u{1}</message>", Stopped::NotWellFormed),
    ] {
        assert_eq!(Wire::check(format!("{open}{inside}"), DOMAIN), Err(stopped), "{inside}");
    }
    let blank = " <message from='wap.example' to='a@b'/>";
    for text in ["", "x", "<foo from='wap.example' to='a@b'/>", blank] {
        assert_eq!(Wire::check(text, DOMAIN), Err(Stopped::NotAStanza), "{text}");
    }
    let deep = format!("{open}{}{}</message>", "<a>".repeat(64), "</a>".repeat(64));
    assert_eq!(Wire::check(deep, DOMAIN), Err(Stopped::TooDeep));
    assert_eq!(Wire::check("x".repeat(MAX_OCTETS + 1), DOMAIN), Err(Stopped::TooLong));
    let good = format!("{open}<body>x</body></message>");
    assert_eq!(Wire::check(good.clone(), DOMAIN).unwrap().as_str(), good);
    assert!(Payload::parse("<a/><b/>").is_none() && Payload::parse("<a").is_none());
}

/// Takes texts from an endless row of given ones.
struct Texts(Vec<String>, usize);

impl Texts {
    fn one(&mut self) -> String {
        self.1 += 1;
        self.0[self.1 % self.0.len()].clone()
    }

    fn some(&mut self) -> Option<String> {
        Some(self.one())
    }

    fn text(&mut self) -> Text {
        Text { lang: self.some(), text: self.one() }
    }

    fn address(&mut self) -> Jid {
        Jid::new(&self.one()).unwrap_or(jid("ann@far.test"))
    }

    fn payload(&mut self) -> Payload {
        let inner = Payload::new("a", &self.one()).with_lang(self.some().as_deref());
        let inner = inner.with_attr("b", &self.one()).with_attr(&self.one(), &self.one());
        Payload::new(&self.one(), "urn:a").with(inner).with_text(&self.one())
    }

    fn error(&mut self) -> StanzaError {
        StanzaError::with_text(Condition::Gone, self.one())
    }
}

fn wild_message(from: Jid, to: Jid, texts: &mut Texts) -> Message {
    Message {
        id: texts.some(),
        kind: MessageKind::Error,
        lang: texts.some(),
        bodies: vec![texts.text(), texts.text()],
        subject: texts.some(),
        thread: texts.some(),
        receipt: Some(Receipt::Received(texts.some())),
        delay: Some(Delay { stamp: Millis(i64::MIN), from: texts.some() }),
        origin_id: texts.some(),
        stanza_ids: vec![StanzaId { by: texts.one(), id: texts.one() }],
        hints: Hints { no_store: true, no_permanent_store: true, no_copy: true, store: true },
        nick: texts.some(),
        oob_url: texts.some(),
        chat_state: Some(ChatState::Gone),
        replaces: texts.some(),
        fallback_for: vec![texts.one()],
        error: Some(texts.error()),
        ..Message::new(from, to)
    }
}

fn wild_presence(from: Jid, to: Jid, texts: &mut Texts) -> Presence {
    Presence {
        id: texts.some(),
        show: Some(Show::Xa),
        statuses: vec![texts.text()],
        priority: -1,
        nick: texts.some(),
        idle_since: Some(Millis(0)),
        caps: Some(Caps { node: texts.one(), ver: texts.one(), hash: texts.some() }),
        photo_hash: texts.some(),
        error: Some(texts.error()),
        ..Presence::new(from, to, PresenceKind::Error)
    }
}

fn wild_answers(texts: &mut Texts) -> Vec<IqKind> {
    let identity =
        Identity { lang: texts.some(), ..Identity::new(&texts.one(), "b", &texts.one()) };
    let features = vec![texts.one(), texts.one()];
    let field = Field { var: texts.one(), kind: texts.some(), values: vec![texts.one()] };
    let forms = vec![DataForm { form_type: texts.some(), fields: vec![field] }];
    let info = DiscoInfo { node: texts.some(), identities: vec![identity], features, forms };
    let item = DiscoItem { jid: texts.one(), node: texts.some(), name: texts.some() };
    let items = DiscoItems { node: texts.some(), items: vec![item] };
    let version = Version { name: texts.one(), version: texts.one(), os: texts.some() };
    let last = LastActivity { status: texts.some(), ..LastActivity::default() };
    let vcard = VCard { full_name: texts.some(), nickname: texts.some(), ..VCard::default() };
    let time = EntityTime { now: Millis(i64::MAX), offset_minutes: i32::MIN };
    let mut answers = vec![
        IqKind::Get(Query::DiscoInfo { node: texts.some() }),
        IqKind::Set(Query::DiscoItems { node: texts.some() }),
        IqKind::Get(Query::vcard()),
        IqKind::Error(texts.error()),
        IqKind::Result(None),
    ];
    answers.extend(
        [
            info.to_payload(),
            items.to_payload(),
            version.to_payload(),
            last.to_payload(),
            vcard.to_payload(),
            time.to_payload(),
        ]
        .map(|payload| IqKind::Result(Some(payload))),
    );
    answers
}

fn wild_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x20\u{fffe}\u{ffff}<>&'\"]{0,12}",
        Just("]]>".to_owned()),
        Just("jabber:client".to_owned()),
        Just("</message></stream:stream>".to_owned()),
        "[a-zA-Z:@./ \u{1F98A}]{0,9}",
    ]
}

/// Writes to a server that reads with a parser of its own.
fn is_taken(wire: &Wire) -> bool {
    let root = "<s xmlns='jabber:component:accept'>";
    let text = format!("{root}{}</s>", wire.as_str());
    let mut reader = quick_xml::Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    text.parse::<minidom::Element>().is_ok_and(|element| element.children().count() == 1)
}

proptest! {
    #[test]
    fn every_text_in_every_field_is_written_whole(texts in vec(wild_text(), 1..12)) {
        let mut texts = Texts(texts, 0);
        let (from, to) = (jid("bob@wap.example/phone"), jid("ann@far.test"));
        let mut stanzas: Vec<Stanza> = vec![
            wild_message(from.clone(), to.clone(), &mut texts).into(),
            wild_presence(from.clone(), to.clone(), &mut texts).into(),
        ];
        stanzas.extend(wild_answers(&mut texts).into_iter().map(|kind| {
            Stanza::Iq(Iq { from: from.clone(), to: to.clone(), id: texts.one(), kind })
        }));
        for stanza in stanzas {
            let wire = stanza.to_wire(DOMAIN);
            prop_assert!(wire.as_ref().is_ok_and(is_taken), "{wire:?}");
            let wire = wire.unwrap();
            prop_assert_eq!(Wire::check(wire.as_str(), DOMAIN), Ok(wire.clone()));
            prop_assert!(wire.read().is_ok());
        }
    }

    #[test]
    fn every_address_and_payload_is_written_whole_or_stopped(texts in vec(wild_text(), 1..12)) {
        let mut texts = Texts(texts, 0);
        let mut message = Message::new(texts.address(), texts.address());
        message.payloads = vec![texts.payload(), texts.payload()];
        let own = Message { from: jid(DOMAIN), ..message.clone() };
        let plain = Message { payloads: Vec::new(), ..own.clone() };
        for stanza in [message, own, plain].map(Stanza::Message) {
            if let Ok(wire) = stanza.to_wire(DOMAIN) {
                prop_assert!(is_taken(&wire), "{wire:?}");
            }
        }
    }

    #[test]
    fn a_message_is_read_as_it_was_written(
        body in "[^\\x00-\\x1f\u{fffe}\u{ffff}]{1,40}",
        id in "\\PC{1,9}",
    ) {
        let mut message = Message::chat(jid("bob@wap.example"), jid("ann@far.test"), &id, &body);
        message.receipt = Some(Receipt::Requested);
        message.origin_id = Some(id.clone());
        message.delay = Some(Delay { stamp: Millis(1_234_567), from: None });
        let payload = Payload::new("x", "urn:x").with_attr("a", &body);
        message.payloads = vec![payload.with_leaf("b", &id)];
        let stanza = Stanza::Message(message);
        prop_assert_eq!(stanza.to_wire(DOMAIN).unwrap().read().unwrap(), stanza);
    }

    #[test]
    fn a_wire_of_any_text_would_not_end_the_link(text in ".{0,60}", cut in 0_usize..90) {
        let whole = format!("<message from='wap.example' to='a@b'>{text}</message>");
        if let Ok(wire) = Wire::check(whole.clone(), DOMAIN) {
            prop_assert!(is_taken(&wire));
        }
        let whole: String = whole.chars().take(cut).collect();
        if let Ok(wire) = Wire::check(whole, DOMAIN) {
            prop_assert!(is_taken(&wire));
        }
    }

    #[test]
    fn no_bytes_stop_us(
        bytes in vec(any::<u8>(), 0..200),
        letters in "[<>/a-c:=' &;!\\[\\]?x\u{e4}-]{0,200}",
    ) {
        for bytes in [bytes.as_slice(), letters.as_bytes()] {
            let mut stream = open_stream();
            let _ = stream.feed(bytes);
            let _ = stream.feed(bytes);
            let _ = Stream::new(DOMAIN, Secret::new("s")).feed(bytes);
        }
    }

    #[test]
    fn packets_do_not_matter(
        cuts in vec(any::<prop::sample::Index>(), 0..20),
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
        hurt in any::<bool>(),
    ) {
        let mut bytes = SESSION.as_bytes().to_vec();
        if hurt {
            *at.get_mut(&mut bytes) = octet;
        }
        let whole = Stream::new(DOMAIN, Secret::new("s")).feed(&bytes);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut stream = Stream::new(DOMAIN, Secret::new("s"));
        let mut events = Vec::new();
        for pair in cuts.windows(2) {
            events.extend(stream.feed(&bytes[pair[0]..pair[1]]));
        }
        prop_assert_eq!(&events, &whole);
        let mut stream = Stream::new(DOMAIN, Secret::new("s"));
        let single: Vec<Event> = bytes.iter().flat_map(|byte| stream.feed(&[*byte])).collect();
        prop_assert_eq!(single, whole);
    }
}

const SESSION: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/> \
    <message from='a@b/\u{1F98A}' to='c@wap.example' id='1'>\
    <body>\u{e4}&amp;\u{1F98A}&#x41;<![CDATA[<]]>\r\n</body></message>\
    <!-- x --><iq type='get' from='a' to='b' id='2'><q:x xmlns:q='urn:x' q:a='b'/></iq>\
    <presence from='a' to='b' type='odd'/><foo/></stream:stream>";

fn open_stream() -> Stream {
    let mut stream = Stream::new(DOMAIN, Secret::new("s"));
    let header = SESSION.find("<message").unwrap();
    assert_eq!(stream.feed(&SESSION.as_bytes()[..header]).len(), 2);
    stream
}
