//! What is left of a stanza that makes no sense: enough to refuse it, no more.

use crate::xmpp::{
    condition::{Condition, StanzaError},
    iq::{Iq, IqKind},
    jid::Jid,
    ns,
    payload::Node,
    why::Why,
};

/// The sort of element that an odd stanza was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddKind {
    /// A message.
    Message,
    /// A presence.
    Presence,
    /// An iq that waits for an answer, or is no known sort of iq.
    Request,
    /// An iq that is an answer.
    Answer,
    /// No stanza.
    Other,
}

/// What is left of a stanza that made no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Sender, if it is an address.
    pub from: Option<Jid>,
    /// Recipient, if it is an address.
    pub to: Option<Jid>,
    /// The sender's id.
    pub id: Option<String>,
    /// The sort of element.
    pub kind: OddKind,
    /// What is wrong with it.
    pub why: Why,
}

impl Odd {
    /// Saves what can be saved of an element.
    pub(in crate::xmpp) fn of(node: Node<'_>, why: Why) -> Self {
        let kind = match (node.has_ns(ns::CLIENT), node.name(), node.attr("type")) {
            (true, "message", _) => OddKind::Message,
            (true, "presence", _) => OddKind::Presence,
            (true, "iq", Some("result" | "error")) => OddKind::Answer,
            // spec: RFC6120 §8.2.3: another type is refused, not ignored.
            (true, "iq", _) => OddKind::Request,
            _ => OddKind::Other,
        };
        let address = |name: &str| node.attr(name).and_then(|text| Jid::new(text).ok());
        let id = node.attr("id").map(str::to_owned);
        Self { from: address("from"), to: address("to"), id, kind, why }
    }

    /// Returns the remains of a text that holds no element at all.
    pub(in crate::xmpp) fn nothing() -> Self {
        Self { from: None, to: None, id: None, kind: OddKind::Other, why: Why::NotAStanza }
    }

    /// Returns the refusal that is due: for requests only, never silence for those.
    pub fn refusal(&self) -> Option<Iq> {
        // spec: RFC6120 §8.2.3
        if self.kind != OddKind::Request {
            return None;
        }
        let condition = match self.why {
            Why::TooDeep | Why::TooBig => Condition::PolicyViolation,
            Why::NotAStanza
            | Why::BadFrom
            | Why::BadTo
            | Why::NoId
            | Why::NoPayload
            | Why::ManyPayloads
            | Why::UnknownKind
            | Why::Malformed => Condition::BadRequest,
        };
        let error = StanzaError::with_text(condition, self.why.to_string());
        let (from, to) = (self.to.clone()?, self.from.clone()?);
        Some(Iq { from, to, id: self.id.clone()?, kind: IqKind::Error(error) })
    }

    /// Returns what an answer is taken for: a refusal, so that nobody waits for it any longer.
    pub fn answer(&self) -> Option<Iq> {
        if self.kind != OddKind::Answer {
            return None;
        }
        let error = Condition::UndefinedCondition.into();
        let (from, to) = (self.from.clone()?, self.to.clone()?);
        Some(Iq { from, to, id: self.id.clone()?, kind: IqKind::Error(error) })
    }
}
