//! The text of a stanza that cannot end the link.
//!
//! One stanza with a foreign sender, no recipient or a forbidden character ends the link for
//! everybody. So the link takes nothing but a [`Wire`], and every [`Wire`] was read again by the
//! same strict parser as the server's before it became one.

use compact_str::CompactString;
use rxml::{Error, Event, Options, Parse, Parser, WithOptions, error::EndOrError};

use crate::xmpp::{
    bounds::MAX_DEPTH,
    jid::{Jid, is_acceptable, is_strict},
    markup, ns,
    odd::Odd,
    payload::Payload,
    stanza::Stanza,
    stream,
};

/// The most octets of a stanza: a little under the 256 KiB at which careful servers end a link.
pub const MAX_OCTETS: usize = 255 * 1024;

/// Room for the longest token of the header that is put before a text to prove it.
const MAX_HEADER_TOKEN: usize = 4096;

/// Why a stanza is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The sender is not of our domain, or not an address.
    #[error("from is not an address of our domain")]
    From,
    /// There is no recipient, or it is not an address.
    #[error("to is missing or not an address")]
    To,
    /// More octets than the link takes.
    #[error("longer than 255 KiB")]
    TooLong,
    /// Elements within elements beyond the bound.
    #[error("nested deeper than 64 elements")]
    TooDeep,
    /// Not a stanza, or more than one.
    #[error("not one stanza")]
    NotAStanza,
    /// A namespace inside that belongs to the stream.
    #[error("a namespace of the stream inside a stanza")]
    Namespace,
    /// Not XML.
    #[error("not well-formed")]
    NotWellFormed,
}

/// The text of one stanza, proven not to end the link of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    text: String,
    domain: CompactString,
}

impl Wire {
    /// Proves a text, as it was loaded from the store.
    ///
    /// # Errors
    ///
    /// Why it would end the link of `own_domain`.
    pub fn check(text: impl Into<String>, own_domain: &str) -> Result<Self, Stopped> {
        let text = text.into();
        if text.len() > MAX_OCTETS {
            return Err(Stopped::TooLong);
        }
        prove(&text, own_domain)?;
        Ok(Self { text, domain: own_domain.into() })
    }

    /// Returns the domain on whose link it may go.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text for the store.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Reads the stanza back.
    ///
    /// # Errors
    ///
    /// What is left of it if it makes no sense, though it can be written.
    pub fn read(&self) -> Result<Stanza, Odd> {
        Payload::parse(&self.text).map_or(Err(Odd::nothing()), |payload| Stanza::read(&payload))
    }
}

/// Returns the bare address that the text of a stanza goes out from; empty where it has none.
///
/// It is compared and nothing else: escapes stay as they are.
pub fn sender(text: &str) -> &str {
    let quoted = text.split_once(" from=").map_or("", |(_, rest)| rest);
    let sender = quoted.get(1..).and_then(|rest| rest.split(&quoted[..1]).next());
    sender.unwrap_or_default().split('/').next().unwrap_or_default()
}

impl Stanza {
    /// Writes the stanza for the link of `own_domain`.
    ///
    /// # Errors
    ///
    /// Why it would end the link.
    pub fn to_wire(&self, own_domain: &str) -> Result<Wire, Stopped> {
        let mut text = String::with_capacity(512);
        markup::write(&self.to_payload().0, ns::CLIENT, &mut text);
        Wire::check(text, own_domain)
    }
}

/// Reads a text between the header and the footer of a stream, as its server will.
fn prove(text: &str, own_domain: &str) -> Result<(), Stopped> {
    let max_token_length = text.len().max(MAX_HEADER_TOKEN);
    let mut parser = Parser::with_options(Options { max_token_length, ..Options::default() });
    let header = stream::header(own_domain);
    let mut rest = header.as_bytes();
    while next(&mut parser, &mut rest)?.is_some() {}
    let mut rest = text.as_bytes();
    let (mut depth, mut stanzas) = (0_usize, 0);
    while let Some(event) = next(&mut parser, &mut rest)? {
        depth = prove_event(&event, depth, own_domain)?;
        stanzas += usize::from(depth == 0);
    }
    // Only what is whole lets the footer be read as one.
    let mut rest = stream::FOOTER.as_bytes();
    let footer = next(&mut parser, &mut rest)?;
    let is_whole = matches!(footer, Some(Event::EndElement(_)));
    if is_whole && depth == 0 && stanzas == 1 { Ok(()) } else { Err(Stopped::NotAStanza) }
}

/// Returns the depth behind an event.
fn prove_event(event: &Event, depth: usize, own_domain: &str) -> Result<usize, Stopped> {
    match event {
        Event::StartElement(_, (ns, name), attrs) if depth == 0 => {
            let attr = |name: &str| attrs.get("", name).map(String::as_str);
            prove_root(ns.as_str(), name.as_str(), own_domain, attr)?;
            Ok(1)
        }
        Event::StartElement(_, (ns, _), _) if matches!(ns.as_str(), ns::CLIENT | ns::STREAM) => {
            Err(Stopped::Namespace)
        }
        Event::StartElement(..) if depth == MAX_DEPTH => Err(Stopped::TooDeep),
        Event::StartElement(..) => Ok(depth + 1),
        Event::EndElement(_) => depth.checked_sub(1).ok_or(Stopped::NotAStanza),
        Event::Text(..) if depth > 0 => Ok(depth),
        Event::Text(..) | Event::XmlDeclaration(..) => Err(Stopped::NotAStanza),
    }
}

fn prove_root<'a>(
    ns: &str,
    name: &str,
    own_domain: &str,
    attr: impl Fn(&str) -> Option<&'a str>,
) -> Result<(), Stopped> {
    if ns != ns::COMPONENT || !matches!(name, "message" | "presence" | "iq") {
        return Err(Stopped::NotAStanza);
    }
    // COMPAT(Prosody): compares the domain of a sender as it is spelt, so ours is compared so.
    let is_ours =
        |from: &&str| Jid::new(from).is_ok_and(|jid| jid.domain() == own_domain) && is_strict(from);
    attr("from").filter(is_ours).ok_or(Stopped::From)?;
    attr("to").filter(|to| is_acceptable(to)).ok_or(Stopped::To)?;
    Ok(())
}

fn next(parser: &mut Parser, rest: &mut &[u8]) -> Result<Option<Event>, Stopped> {
    match parser.parse(rest, false) {
        Ok(event) => Ok(event),
        Err(EndOrError::NeedMoreData) => Ok(None),
        Err(EndOrError::Error(Error::ElementMismatch)) => Err(Stopped::NotAStanza),
        Err(EndOrError::Error(_)) => Err(Stopped::NotWellFormed),
    }
}
