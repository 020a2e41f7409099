//! The message stanza (RFC 6121 §5) and what it may carry.

use crate::xmpp::{
    condition::StanzaError,
    delay::Delay,
    hints::Hints,
    jid::Jid,
    ns,
    payload::{Node, Payload, Text},
};

/// What a message is meant as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    /// One letter.
    #[default]
    Normal,
    /// A line of a talk between two.
    Chat,
    /// A line in a room.
    Groupchat,
    /// News that wants no answer.
    Headline,
    /// Something sent before was refused.
    Error,
}

impl MessageKind {
    fn read(text: Option<&str>) -> Self {
        // spec: RFC6121 §5.2.2
        match text {
            Some("chat") => Self::Chat,
            Some("groupchat") => Self::Groupchat,
            Some("headline") => Self::Headline,
            Some("error") => Self::Error,
            _ => Self::Normal,
        }
    }

    fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Normal => None,
            Self::Chat => Some("chat"),
            Self::Groupchat => Some("groupchat"),
            Self::Headline => Some("headline"),
            Self::Error => Some("error"),
        }
    }
}

/// A message receipt, wished or given (XEP-0184).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The sender wants to hear that it arrived.
    Requested,
    /// The message with this id arrived; old clients forget the id.
    Received(Option<String>),
}

/// What the other side is doing (XEP-0085).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatState {
    /// Looks at the talk.
    Active,
    /// Types.
    Composing,
    /// Stopped typing.
    Paused,
    /// Looks elsewhere.
    Inactive,
    /// Left.
    Gone,
}

impl ChatState {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "active" => Self::Active,
            "composing" => Self::Composing,
            "paused" => Self::Paused,
            "inactive" => Self::Inactive,
            "gone" => Self::Gone,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Composing => "composing",
            Self::Paused => "paused",
            Self::Inactive => "inactive",
            Self::Gone => "gone",
        }
    }
}

/// The id that an entity on the way gave to a message (XEP-0359).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaId {
    /// Who gave it, and so who is believed.
    pub by: String,
    /// The id.
    pub id: String,
}

/// A message: read from the link, or to be sent.
///
/// Everything is written as it was read but `marker` and `encrypted`, which only tell about a
/// message that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Sender.
    pub from: Jid,
    /// Recipient.
    pub to: Jid,
    /// The sender's id.
    pub id: Option<String>,
    /// What it is meant as.
    pub kind: MessageKind,
    /// Language of the whole.
    pub lang: Option<String>,
    /// The text, once for each language; see [`Message::body`].
    pub bodies: Vec<Text>,
    /// What it is about.
    pub subject: Option<String>,
    /// The talk that it belongs to.
    pub thread: Option<String>,
    /// Receipt wished or given.
    pub receipt: Option<Receipt>,
    /// When it was really sent.
    pub delay: Option<Delay>,
    /// The sender's lasting id.
    pub origin_id: Option<String>,
    /// The ids given on the way.
    pub stanza_ids: Vec<StanzaId>,
    /// How it wants to be kept.
    pub hints: Hints,
    /// The name that the sender goes by.
    pub nick: Option<String>,
    /// A link to a file (XEP-0066).
    pub oob_url: Option<String>,
    /// What the sender is doing.
    pub chat_state: Option<ChatState>,
    /// Name of the chat marker within (`markable`, `received`, `displayed`, `acknowledged`).
    pub marker: Option<String>,
    /// Namespace or name of the encryption, if the body is not the message itself.
    pub encrypted: Option<String>,
    /// The id of the message that this one corrects (XEP-0308).
    pub replaces: Option<String>,
    /// Namespaces for which the body, or a part of it, is a substitute (XEP-0428).
    pub fallback_for: Vec<String>,
    /// Why it came back, in a message of the kind `Error`.
    pub error: Option<StanzaError>,
    /// All else, as it is: invitations to rooms, for one.
    pub payloads: Vec<Payload>,
}

impl Message {
    /// Returns an empty message; set what it needs with `..Message::new(from, to)`.
    pub fn new(from: Jid, to: Jid) -> Self {
        Self {
            from,
            to,
            id: None,
            kind: MessageKind::default(),
            lang: None,
            bodies: Vec::new(),
            subject: None,
            thread: None,
            receipt: None,
            delay: None,
            origin_id: None,
            stanza_ids: Vec::new(),
            hints: Hints::default(),
            nick: None,
            oob_url: None,
            chat_state: None,
            marker: None,
            encrypted: None,
            replaces: None,
            fallback_for: Vec::new(),
            error: None,
            payloads: Vec::new(),
        }
    }

    /// Returns a line of a talk.
    pub fn chat(from: Jid, to: Jid, id: &str, body: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            kind: MessageKind::Chat,
            bodies: vec![body.into()],
            ..Self::new(from, to)
        }
    }

    /// Returns the receipt for this message, sent by whom it was for, if one can be given.
    pub fn received(&self, receipt_id: &str) -> Option<Self> {
        // spec: XEP-0184 §5.3
        let (Some(id), Some(Receipt::Requested)) = (&self.id, &self.receipt) else { return None };
        if matches!(self.kind, MessageKind::Error | MessageKind::Groupchat) {
            return None;
        }
        Some(Self {
            id: Some(receipt_id.to_owned()),
            kind: self.kind,
            receipt: Some(Receipt::Received(Some(id.clone()))),
            hints: Hints { store: true, ..Hints::default() },
            ..Self::new(self.to.clone(), self.from.clone())
        })
    }

    /// Returns the text that a person is meant to see.
    pub fn body(&self) -> Option<&str> {
        Text::best(&self.bodies)
    }

    pub(in crate::xmpp) fn read(stanza: Node<'_>, from: Jid, to: Jid) -> Self {
        let kind = MessageKind::read(stanza.attr("type"));
        let mut message = Self {
            id: stanza.attr("id").map(str::to_owned),
            kind,
            lang: stanza.lang().map(str::to_owned),
            error: (kind == MessageKind::Error).then(|| StanzaError::read(stanza)),
            ..Self::new(from, to)
        };
        for child in stanza.children() {
            message.read_child(child);
        }
        message
    }

    fn read_child(&mut self, child: Node<'_>) {
        match (child.ns().as_str(), child.name()) {
            (ns::CLIENT, "body") => self.bodies.push(Text::read(child)),
            (ns::CLIENT, "subject") => keep(&mut self.subject, Some(child.text())),
            (ns::CLIENT, "thread") => keep(&mut self.thread, Some(child.text())),
            (ns::CLIENT, "error") => {}
            (ns::RECEIPTS, "request") => keep(&mut self.receipt, Some(Receipt::Requested)),
            // A message that confirms another must not ask for a receipt of its own.
            // spec: XEP-0184 §5.3
            (ns::RECEIPTS, "received") => self.receipt = Some(Receipt::Received(attr(child, "id"))),
            (ns::DELAY, "delay") | (ns::OLD_DELAY, "x") => {
                self.delay = Delay::older(self.delay.take(), Delay::read(child));
            }
            (ns::STANZA_ID, "origin-id") => keep(&mut self.origin_id, attr(child, "id")),
            (ns::STANZA_ID, "stanza-id") => {
                let id = attr(child, "by").zip(attr(child, "id"));
                self.stanza_ids.extend(id.map(|(by, id)| StanzaId { by, id }));
            }
            (ns::HINTS, hint) => self.hints.note(hint),
            (ns::NICK, "nick") => keep(&mut self.nick, Some(child.text())),
            (ns::OOB, "x") => keep(&mut self.oob_url, child.child_text("url", ns::OOB)),
            (ns::CHAT_STATES, name) => keep(&mut self.chat_state, ChatState::read(name)),
            (ns::MARKERS, name) => keep(&mut self.marker, Some(name.to_owned())),
            (ns::REPLACE, "replace") => keep(&mut self.replaces, attr(child, "id")),
            (ns::FALLBACK, "fallback") => {
                self.fallback_for.push(child.attr("for").unwrap_or_default().to_owned());
            }
            (ns::ENCRYPTION, "encryption") => {
                keep(&mut self.encrypted, attr(child, "name").or_else(|| attr(child, "namespace")));
            }
            (ns, _) if ns::ENCRYPTED.contains(&ns) => {
                keep(&mut self.encrypted, Some(ns.to_owned()));
            }
            _ => self.payloads.push(child.to_payload()),
        }
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        let leaf = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| Payload::new(name, ns::CLIENT).with_text(text))
        };
        Payload::new("message", ns::CLIENT)
            .with_attr("from", self.from.as_str())
            .with_attr("to", self.to.as_str())
            .with_attr_if("id", self.id.as_deref())
            .with_attr_if("type", self.kind.as_str())
            .with_lang(self.lang.as_deref())
            .with_all(leaf("subject", &self.subject))
            .with_all(self.bodies.iter().map(|body| body.to_payload("body")))
            .with_all(leaf("thread", &self.thread))
            .with_all(self.extensions())
            .with_all(self.error.as_ref().map(StanzaError::to_payload))
            .with_all(self.payloads.iter().cloned())
    }

    fn extensions(&self) -> Vec<Payload> {
        let empty = |name: &str, ns: &str| Payload::new(name, ns);
        let with_id = |name: &str, ns: &str, id: &str| empty(name, ns).with_attr("id", id);
        let receipt = self.receipt.as_ref().map(|receipt| match receipt {
            Receipt::Requested => empty("request", ns::RECEIPTS),
            Receipt::Received(id) => {
                empty("received", ns::RECEIPTS).with_attr_if("id", id.as_deref())
            }
        });
        let mut all = Vec::from_iter(receipt);
        all.extend(self.delay.as_ref().map(Delay::to_payload));
        all.extend(self.origin_id.as_ref().map(|id| with_id("origin-id", ns::STANZA_ID, id)));
        all.extend(self.stanza_ids.iter().map(|stanza_id| {
            with_id("stanza-id", ns::STANZA_ID, &stanza_id.id).with_attr("by", &stanza_id.by)
        }));
        all.extend(self.hints.to_payloads());
        all.extend(self.nick.as_ref().map(|nick| empty("nick", ns::NICK).with_text(nick)));
        all.extend(self.oob_url.as_ref().map(|url| empty("x", ns::OOB).with_leaf("url", url)));
        all.extend(self.chat_state.map(|state| empty(state.as_str(), ns::CHAT_STATES)));
        all.extend(self.replaces.as_ref().map(|id| with_id("replace", ns::REPLACE, id)));
        all.extend(self.fallback_for.iter().map(|namespace| {
            let namespace = (!namespace.is_empty()).then_some(namespace.as_str());
            empty("fallback", ns::FALLBACK).with_attr_if("for", namespace)
        }));
        all
    }
}

/// Fills a field that is still empty: of two payloads of a kind, the first counts.
pub(in crate::xmpp) fn keep<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// Returns an attribute that is there and not empty.
pub(in crate::xmpp) fn attr(node: Node<'_>, name: &str) -> Option<String> {
    node.attr(name).filter(|value| !value.is_empty()).map(str::to_owned)
}
