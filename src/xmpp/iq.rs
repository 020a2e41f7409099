//! The iq stanza (RFC 6120 §8.2.3): questions and answers.

use crate::xmpp::{
    condition::StanzaError,
    jid::Jid,
    message::attr,
    ns,
    payload::{Node, Payload},
    pubsub::Items,
    why::Why,
};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Who are you, what can you do (XEP-0030).
    DiscoInfo {
        /// The part that is asked about.
        node: Option<String>,
    },
    /// What do you hold (XEP-0030).
    DiscoItems {
        /// The part that is asked about.
        node: Option<String>,
    },
    /// Are you there (XEP-0199).
    Ping,
    /// Which program (XEP-0092).
    Version,
    /// How long idle, away or up (XEP-0012).
    LastActivity,
    /// What time is it (XEP-0202).
    Time,
    /// The profile (XEP-0054).
    VCard(Payload),
    /// Items at a node (XEP-0060).
    Items(Items),
    /// The contact list (RFC 6121 §2).
    Roster(Payload),
    /// To register, or what is needed for it (XEP-0077).
    Register(Payload),
    /// A step of a command (XEP-0050).
    Command(Payload),
    /// To search for people, or what can be looked for (XEP-0055).
    Search(Payload),
    /// All else; ask its name and namespace.
    Other(Payload),
}

impl Query {
    fn read(child: Node<'_>) -> Self {
        match (child.ns().as_str(), child.name()) {
            (ns::DISCO_INFO, "query") => Self::DiscoInfo { node: attr(child, "node") },
            (ns::DISCO_ITEMS, "query") => Self::DiscoItems { node: attr(child, "node") },
            (ns::PING, "ping") => Self::Ping,
            (ns::VERSION, "query") => Self::Version,
            (ns::LAST, "query") => Self::LastActivity,
            (ns::TIME, "time") => Self::Time,
            (ns::VCARD, "vCard") => Self::VCard(child.to_payload()),
            (ns::SEARCH, "query") => Self::Search(child.to_payload()),
            (ns::COMMANDS, "command") => Self::Command(child.to_payload()),
            (ns::REGISTER, "query") => Self::Register(child.to_payload()),
            (ns::ROSTER, "query") => Self::Roster(child.to_payload()),
            (ns::PUBSUB, "pubsub") => match Items::read(child) {
                Some(items) => Self::Items(items),
                None => Self::Other(child.to_payload()),
            },
            _ => Self::Other(child.to_payload()),
        }
    }

    /// Returns an empty request for the profile.
    pub fn vcard() -> Self {
        Self::VCard(Payload::new("vCard", ns::VCARD))
    }

    fn to_payload(&self) -> Payload {
        let query = |ns: &str| Payload::new("query", ns);
        match self {
            Self::DiscoInfo { node } => query(ns::DISCO_INFO).with_attr_if("node", node.as_deref()),
            Self::DiscoItems { node } => {
                query(ns::DISCO_ITEMS).with_attr_if("node", node.as_deref())
            }
            Self::Ping => Payload::new("ping", ns::PING),
            Self::Version => query(ns::VERSION),
            Self::LastActivity => query(ns::LAST),
            Self::Time => Payload::new("time", ns::TIME),
            Self::Items(items) => items.to_payload(),
            Self::VCard(payload)
            | Self::Roster(payload)
            | Self::Register(payload)
            | Self::Command(payload)
            | Self::Search(payload)
            | Self::Other(payload) => payload.clone(),
        }
    }
}

/// A question or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IqKind {
    /// Asks to be told.
    Get(Query),
    /// Asks for a change.
    Set(Query),
    /// The answer; what is in it depends on the question.
    Result(Option<Payload>),
    /// The refusal.
    Error(StanzaError),
}

/// An iq stanza: read from the link, or to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iq {
    /// Sender.
    pub from: Jid,
    /// Recipient.
    pub to: Jid,
    /// Connects the answer with the question.
    pub id: String,
    /// Question or answer.
    pub kind: IqKind,
}

impl Iq {
    /// Returns a question.
    pub fn get(from: Jid, to: Jid, id: &str, query: Query) -> Self {
        Self { from, to, id: id.to_owned(), kind: IqKind::Get(query) }
    }

    /// Returns a request for a change.
    pub fn set(from: Jid, to: Jid, id: &str, query: Query) -> Self {
        Self { from, to, id: id.to_owned(), kind: IqKind::Set(query) }
    }

    /// Says whether an answer is due.
    pub fn is_request(&self) -> bool {
        matches!(self.kind, IqKind::Get(_) | IqKind::Set(_))
    }

    /// Returns the answer to this request.
    pub fn result(&self, payload: Option<Payload>) -> Self {
        self.answer(IqKind::Result(payload))
    }

    /// Returns the refusal of this request.
    pub fn refuse(&self, error: impl Into<StanzaError>) -> Self {
        self.answer(IqKind::Error(error.into()))
    }

    fn answer(&self, kind: IqKind) -> Self {
        // spec: RFC6120 §8.1.2.1
        Self { from: self.to.clone(), to: self.from.clone(), id: self.id.clone(), kind }
    }

    /// Reads an iq; what is wrong with a bad one is for its sender or for nobody.
    pub(in crate::xmpp) fn read(stanza: Node<'_>, from: Jid, to: Jid) -> Result<Self, Why> {
        let id = stanza.attr("id").ok_or(Why::NoId)?.to_owned();
        // An error repeats the request before it says what was wrong.
        let mut payloads = stanza.children().filter(|child| !child.is("error", ns::CLIENT));
        let payload = payloads.next();
        // spec: RFC6120 §8.2.3: a request has one, no more and no less.
        let mut one = || match (payload, payloads.next()) {
            (Some(payload), None) => Ok(Query::read(payload)),
            (Some(_), Some(_)) => Err(Why::ManyPayloads),
            (None, _) => Err(Why::NoPayload),
        };
        // spec: RFC6120 §8.2.3
        let kind = match stanza.attr("type") {
            Some("get") => IqKind::Get(one()?),
            Some("set") => IqKind::Set(one()?),
            Some("result") => IqKind::Result(payload.map(Node::to_payload)),
            Some("error") => IqKind::Error(StanzaError::read(stanza)),
            _ => return Err(Why::UnknownKind),
        };
        Ok(Self { from, to, id, kind })
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        let (kind, payload) = match &self.kind {
            IqKind::Get(query) => ("get", Some(query.to_payload())),
            IqKind::Set(query) => ("set", Some(query.to_payload())),
            IqKind::Result(payload) => ("result", payload.clone()),
            IqKind::Error(error) => ("error", Some(error.to_payload())),
        };
        Payload::new("iq", ns::CLIENT)
            .with_attr("from", self.from.as_str())
            .with_attr("to", self.to.as_str())
            .with_attr("id", &self.id)
            .with_attr("type", kind)
            .with_all(payload)
    }
}
