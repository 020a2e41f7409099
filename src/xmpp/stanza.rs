//! The sum of message, presence and iq, and what is common to them.

use crate::xmpp::{
    condition::StanzaError,
    iq::Iq,
    jid::Jid,
    message::{Message, MessageKind},
    ns,
    odd::Odd,
    payload::{Node, Payload},
    presence::{Presence, PresenceKind},
    why::Why,
};

/// One stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "most are messages, and a box each costs more")]
pub enum Stanza {
    /// Something said.
    Message(Message),
    /// Who is there, and who may know.
    Presence(Presence),
    /// A question or an answer.
    Iq(Iq),
}

impl Stanza {
    /// Reads a stanza of either namespace.
    ///
    /// # Errors
    ///
    /// What could be saved of a stanza that makes no sense.
    pub fn read(element: &Payload) -> Result<Self, Odd> {
        let node = element.node();
        Self::read_node(node).map_err(|why| Odd::of(node, why))
    }

    fn read_node(node: Node<'_>) -> Result<Self, Why> {
        if !node.has_ns(ns::CLIENT) {
            return Err(Why::NotAStanza);
        }
        let address =
            |name: &str, why: Why| node.attr(name).and_then(|text| Jid::new(text).ok()).ok_or(why);
        let ends = || Ok((address("from", Why::BadFrom)?, address("to", Why::BadTo)?));
        match node.name() {
            "message" => {
                let (from, to) = ends()?;
                Ok(Self::Message(Message::read(node, from, to)))
            }
            "presence" => {
                let (from, to) = ends()?;
                Presence::read(node, from, to).map(Self::Presence).ok_or(Why::UnknownKind)
            }
            "iq" => {
                let (from, to) = ends()?;
                Iq::read(node, from, to).map(Self::Iq)
            }
            _ => Err(Why::NotAStanza),
        }
    }

    /// Returns the sender.
    pub fn from(&self) -> &Jid {
        match self {
            Self::Message(message) => &message.from,
            Self::Presence(presence) => &presence.from,
            Self::Iq(iq) => &iq.from,
        }
    }

    /// Returns the recipient.
    pub fn to(&self) -> &Jid {
        match self {
            Self::Message(message) => &message.to,
            Self::Presence(presence) => &presence.to,
            Self::Iq(iq) => &iq.to,
        }
    }

    /// Returns the sender's id.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Message(message) => message.id.as_deref(),
            Self::Presence(presence) => presence.id.as_deref(),
            Self::Iq(iq) => Some(&iq.id),
        }
    }

    /// Returns the error to send back, or none where an error would answer an answer.
    pub fn refuse(&self, error: impl Into<StanzaError>) -> Option<Self> {
        let (from, to) = (self.to().clone(), self.from().clone());
        let id = self.id().map(str::to_owned);
        // spec: RFC6120 §8.3.1
        match self {
            Self::Message(message) => (message.kind != MessageKind::Error).then(|| {
                let error = Some(error.into());
                let kind = MessageKind::Error;
                Self::Message(Message { id, kind, error, ..Message::new(from, to) })
            }),
            Self::Presence(presence) => (presence.kind != PresenceKind::Error).then(|| {
                let error = Some(error.into());
                let new = Presence::new(from, to, PresenceKind::Error);
                Self::Presence(Presence { id, error, ..new })
            }),
            Self::Iq(iq) => iq.is_request().then(|| Self::Iq(iq.refuse(error))),
        }
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        match self {
            Self::Message(message) => message.to_payload(),
            Self::Presence(presence) => presence.to_payload(),
            Self::Iq(iq) => iq.to_payload(),
        }
    }
}

impl From<Message> for Stanza {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<Presence> for Stanza {
    fn from(presence: Presence) -> Self {
        Self::Presence(presence)
    }
}

impl From<Iq> for Stanza {
    fn from(iq: Iq) -> Self {
        Self::Iq(iq)
    }
}
