//! The presence stanza (RFC 6121 §3 and §4) and what it may carry.

use crate::{
    base::clock::Millis,
    xmpp::{
        caps::Caps,
        condition::StanzaError,
        delay::{Delay, read_date, write_date},
        jid::Jid,
        message::keep,
        ns,
        payload::{Node, Payload, Text},
    },
};

/// What a presence stanza says or asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceKind {
    /// Is there.
    Available,
    /// Is not there any more.
    Unavailable,
    /// Wants to see the other's presence.
    Subscribe,
    /// Lets the other see its presence.
    Subscribed,
    /// Does not want to see it any more.
    Unsubscribe,
    /// Does not let the other see it.
    Unsubscribed,
    /// A server asks for the present state.
    Probe,
    /// Something sent before was refused.
    Error,
}

impl PresenceKind {
    /// Reads the attribute; a word that nobody knows is not taken for "is there".
    fn read(text: Option<&str>) -> Option<Self> {
        // spec: RFC6121 §4.7.1
        Some(match text {
            None => Self::Available,
            Some("unavailable") => Self::Unavailable,
            Some("subscribe") => Self::Subscribe,
            Some("subscribed") => Self::Subscribed,
            Some("unsubscribe") => Self::Unsubscribe,
            Some("unsubscribed") => Self::Unsubscribed,
            Some("probe") => Self::Probe,
            Some("error") => Self::Error,
            Some(_) => return None,
        })
    }

    fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Available => None,
            Self::Unavailable => Some("unavailable"),
            Self::Subscribe => Some("subscribe"),
            Self::Subscribed => Some("subscribed"),
            Self::Unsubscribe => Some("unsubscribe"),
            Self::Unsubscribed => Some("unsubscribed"),
            Self::Probe => Some("probe"),
            Self::Error => Some("error"),
        }
    }
}

/// How available somebody is; none is plainly there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Away for a while.
    Away,
    /// Wants to talk.
    Chat,
    /// Does not want to be disturbed.
    Dnd,
    /// Away for long.
    Xa,
}

impl Show {
    fn read(text: &str) -> Option<Self> {
        // spec: RFC6121 §4.7.2.1
        Some(match text.trim() {
            "away" => Self::Away,
            "chat" => Self::Chat,
            "dnd" => Self::Dnd,
            "xa" => Self::Xa,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Chat => "chat",
            Self::Dnd => "dnd",
            Self::Xa => "xa",
        }
    }
}

/// A presence stanza: read from the link, or to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Sender.
    pub from: Jid,
    /// Recipient.
    pub to: Jid,
    /// The sender's id.
    pub id: Option<String>,
    /// What it says or asks.
    pub kind: PresenceKind,
    /// The language of its sender.
    pub lang: Option<String>,
    /// How available; an unknown word counts as none.
    pub show: Option<Show>,
    /// The sentence, once for each language; see [`Presence::status`].
    pub statuses: Vec<Text>,
    /// Which device comes first.
    pub priority: i8,
    /// The name that the sender goes by.
    pub nick: Option<String>,
    /// Since when it has been so.
    pub delay: Option<Delay>,
    /// When the user last did something (XEP-0319).
    pub idle_since: Option<Millis>,
    /// What the program can do.
    pub caps: Option<Caps>,
    /// Hash of the picture (XEP-0153); empty: has no picture.
    pub photo_hash: Option<String>,
    /// Why it came back, in a presence of the kind `Error`.
    pub error: Option<StanzaError>,
    /// All else, as it is: what rooms say, for one.
    pub payloads: Vec<Payload>,
}

impl Presence {
    /// Returns a presence that says no more; set what it needs with `..Presence::new(…)`.
    pub fn new(from: Jid, to: Jid, kind: PresenceKind) -> Self {
        Self {
            from,
            to,
            id: None,
            kind,
            lang: None,
            show: None,
            statuses: Vec::new(),
            priority: 0,
            nick: None,
            delay: None,
            idle_since: None,
            caps: None,
            photo_hash: None,
            error: None,
            payloads: Vec::new(),
        }
    }

    /// Returns the sentence that a person is meant to see.
    pub fn status(&self) -> Option<&str> {
        Text::best(&self.statuses)
    }

    /// Reads a presence; none if it is of a kind that nobody knows.
    pub(in crate::xmpp) fn read(stanza: Node<'_>, from: Jid, to: Jid) -> Option<Self> {
        let kind = PresenceKind::read(stanza.attr("type"))?;
        let mut presence = Self {
            id: stanza.attr("id").map(str::to_owned),
            lang: stanza.lang().map(str::to_owned),
            error: (kind == PresenceKind::Error).then(|| StanzaError::read(stanza)),
            ..Self::new(from, to, kind)
        };
        for child in stanza.children() {
            presence.read_child(child);
        }
        Some(presence)
    }

    fn read_child(&mut self, child: Node<'_>) {
        match (child.ns().as_str(), child.name()) {
            (ns::CLIENT, "show") => keep(&mut self.show, Show::read(&child.text())),
            (ns::CLIENT, "status") => self.statuses.push(Text::read(child)),
            (ns::CLIENT, "priority") => self.priority = read_priority(&child.text()),
            (ns::CLIENT, "error") => {}
            (ns::NICK, "nick") => keep(&mut self.nick, Some(child.text())),
            (ns::DELAY, "delay") | (ns::OLD_DELAY, "x") => {
                self.delay = Delay::older(self.delay.take(), Delay::read(child));
            }
            (ns::IDLE, "idle") => {
                keep(&mut self.idle_since, child.attr("since").and_then(read_date));
            }
            (ns::CAPS, "c") => keep(&mut self.caps, Caps::read(child)),
            (ns::VCARD_UPDATE, "x") => {
                let photo = child.child("photo", ns::VCARD_UPDATE);
                keep(&mut self.photo_hash, photo.map(|photo| photo.text().trim().to_owned()));
            }
            _ => self.payloads.push(child.to_payload()),
        }
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        let leaf = |name: &str, text: &str| Payload::new(name, ns::CLIENT).with_text(text);
        let priority = (self.priority != 0).then(|| leaf("priority", &self.priority.to_string()));
        let idle = self
            .idle_since
            .map(|since| Payload::new("idle", ns::IDLE).with_attr("since", &write_date(since)));
        let photo = self
            .photo_hash
            .as_ref()
            .map(|hash| Payload::new("x", ns::VCARD_UPDATE).with_leaf("photo", hash));
        let nick = self.nick.as_ref().map(|nick| Payload::new("nick", ns::NICK).with_text(nick));
        Payload::new("presence", ns::CLIENT)
            .with_attr("from", self.from.as_str())
            .with_attr("to", self.to.as_str())
            .with_attr_if("id", self.id.as_deref())
            .with_attr_if("type", self.kind.as_str())
            .with_lang(self.lang.as_deref())
            .with_all(self.show.map(|show| leaf("show", show.as_str())))
            .with_all(self.statuses.iter().map(|status| status.to_payload("status")))
            .with_all(priority)
            .with_all(nick)
            .with_all(self.delay.as_ref().map(Delay::to_payload))
            .with_all(idle)
            .with_all(self.caps.as_ref().map(Caps::to_payload))
            .with_all(photo)
            .with_all(self.error.as_ref().map(StanzaError::to_payload))
            .with_all(self.payloads.iter().cloned())
    }
}

/// Reads a priority: out of bounds is the nearest bound, no number is zero.
// spec: RFC6121 §4.7.2.3
fn read_priority(text: &str) -> i8 {
    let number = text.trim().parse::<i64>().unwrap_or(0);
    i8::try_from(number.clamp(-128, 127)).unwrap_or(0)
}
