//! The XEP-0114 stream as a machine: bytes in, events out. No socket, no clock.

use minidom::Element;

use crate::{
    base::secret::Secret,
    xmpp::{
        condition::StreamCondition,
        elements::{Elements, Item},
        handshake, markup, ns,
        odd::Odd,
        payload::{Node, Payload},
        stanza::Stanza,
    },
};

/// What ends a stream.
pub const FOOTER: &str = "</stream:stream>";

/// The most octets of a name or attribute: beyond any server's bound for a whole stanza, because
/// a longer one ends the link. The room for it is reserved once, and used only when it is needed.
const MAX_TOKEN_OCTETS: usize = 8 * 1024 * 1024;

/// What the server said.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all events are stanzas")]
pub enum Event {
    /// The server answered the header; this is to be written next.
    Opened(String),
    /// The server accepts us: from now on stanzas may be written.
    Authenticated,
    /// A stanza, or what is left of one that makes no sense.
    Stanza(Result<Stanza, Odd>),
    /// The server says why it ends the stream.
    StreamError {
        /// The reason; one that nobody knows is undefined.
        condition: StreamCondition,
        /// The same in words.
        text: Option<String>,
    },
    /// What came is not a stream; nothing more can be read from it.
    Unreadable(String),
    /// The server ended the stream.
    Closed,
}

/// One stream, from its header to its end.
pub struct Stream {
    domain: String,
    secret: Secret,
    elements: Elements,
    is_authenticated: bool,
    is_over: bool,
}

impl Stream {
    /// Returns a stream for the component `domain`.
    pub fn new(domain: &str, secret: Secret) -> Self {
        Self {
            domain: domain.to_owned(),
            secret,
            elements: Elements::new(MAX_TOKEN_OCTETS),
            is_authenticated: false,
            is_over: false,
        }
    }

    /// Returns what is written first.
    pub fn open(&self) -> String {
        header(&self.domain)
    }

    /// Reads bytes in any pieces; after the end of the stream there are no more events.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut items = Vec::new();
        self.elements.feed(bytes, |item| items.push(item));
        let mut events = Vec::with_capacity(items.len());
        for item in items {
            if self.is_over {
                break;
            }
            events.extend(self.apply(item));
        }
        events
    }

    fn apply(&mut self, item: Item) -> Option<Event> {
        let event = match item {
            Item::Header(root) => self.apply_header(&root),
            Item::Element(Ok(element)) => self.apply_element(&element),
            // What is odd before we are let in is nothing to answer.
            Item::Element(Err(odd)) => self.is_authenticated.then_some(Event::Stanza(Err(odd))),
            Item::Footer => Some(Event::Closed),
            Item::Broken(error) => Some(Event::Unreadable(error)),
        };
        self.is_over = matches!(event, Some(Event::Closed | Event::Unreadable(_)));
        event
    }

    // spec: XEP-0114 §3
    fn apply_header(&self, root: &Element) -> Option<Event> {
        if !root.is("stream", ns::STREAM) {
            return Some(Event::Unreadable("the root element is no stream".to_owned()));
        }
        let id = root.attr("id").unwrap_or_default();
        let digest = handshake::digest(id, &self.secret);
        Some(Event::Opened(format!("<handshake>{digest}</handshake>")))
    }

    fn apply_element(&mut self, element: &Payload) -> Option<Event> {
        let node = element.node();
        if node.is("error", ns::STREAM) {
            return Some(stream_error(node));
        }
        if !self.is_authenticated {
            // spec: XEP-0114 §3
            self.is_authenticated = node.is("handshake", ns::CLIENT);
            return self.is_authenticated.then_some(Event::Authenticated);
        }
        Some(Event::Stanza(Stanza::read(element)))
    }
}

impl Payload {
    /// Reads the text of one element as if it stood in a stream; none if it is not exactly one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut elements = Elements::new(text.len().max(1024));
        let mut items = Vec::new();
        for part in [&header(""), text, FOOTER] {
            elements.feed(part.as_bytes(), |item| items.push(item));
        }
        match <[Item; 3]>::try_from(items) {
            Ok([Item::Header(..), Item::Element(Ok(element)), Item::Footer]) => Some(element),
            _ => None,
        }
    }
}

/// Returns the start of a stream to the component's server.
// spec: XEP-0114 §3
pub(in crate::xmpp) fn header(domain: &str) -> String {
    let mut text = String::from("<stream:stream");
    markup::attribute("xmlns", ns::COMPONENT, &mut text);
    markup::attribute("xmlns:stream", ns::STREAM, &mut text);
    markup::attribute("to", domain, &mut text);
    text.push('>');
    text
}

// spec: RFC6120 §4.9.2
fn stream_error(error: Node<'_>) -> Event {
    let of_condition = |child: &Node<'_>| child.has_ns(ns::STREAM_ERRORS) && child.name() != "text";
    let condition = error.children().find(of_condition).map(Node::name);
    Event::StreamError {
        condition: condition
            .and_then(StreamCondition::read)
            .unwrap_or(StreamCondition::UndefinedCondition),
        text: error.child_text("text", ns::STREAM_ERRORS),
    }
}
