//! Accounts in the format in which servers hand them on (XEP-0227): one account at a time.

pub mod file;
pub mod own;

use crate::xmpp::{
    iq::Iq,
    markup,
    message::{Message, attr},
    ns,
    payload::{Node, Payload},
    portable::own::Own,
    presence::{Presence, PresenceKind},
    pubsub::Items,
    stanza::Stanza,
    vcard::VCard,
};

/// An account as a file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortableUser {
    /// The part before the `@`.
    pub name: String,
    /// The password itself.
    pub password: Option<String>,
    /// Whether there are credentials for logins by SCRAM, which phones do not know.
    pub has_scram: bool,
    /// The contacts.
    pub roster: Vec<RosterItem>,
    /// Who has asked to see the account and waits, as written.
    pub requests: Vec<String>,
    /// Whom the account blocks.
    pub blocked: Vec<String>,
    /// Whether the block list counts.
    pub blocks: bool,
    /// What waits for the account, the oldest first.
    pub messages: Vec<Waiting>,
    /// The profile, which only other servers write.
    pub vcard: Option<VCard>,
    /// What the user published, by node; the same.
    pub published: Vec<Items>,
    /// What only we know.
    pub own: Option<Own>,
    /// What of the file is not understood, once each: names of elements with their namespace.
    pub strange: Vec<String>,
}

/// One contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterItem {
    /// The address, as written.
    pub jid: String,
    /// What the account calls the contact.
    pub name: Option<String>,
    /// Whether the account sees the contact.
    pub to: bool,
    /// Whether the contact sees the account.
    pub from: bool,
    /// Whether the account has asked to see the contact.
    pub asks: bool,
    /// Whether the contact was approved before it asked.
    pub is_approved: bool,
    /// The lists that it is on.
    pub groups: Vec<String>,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The message.
    pub message: Message,
    /// What only we know of it, as it was written.
    pub own: Option<String>,
}

impl PortableUser {
    /// Reads an account; what cannot be understood is named and passed over.
    pub fn read(user: Node<'_>) -> Self {
        let mut read = Self {
            name: attr(user, "name").unwrap_or_default(),
            password: attr(user, "password"),
            ..Self::default()
        };
        for child in user.children() {
            match (child.ns().as_str(), child.name()) {
                (ns::ROSTER, "query") => read.roster = read.roster_of(child),
                (ns::CLIENT, "presence") => read.request(child),
                (ns::PRIVACY, "query") => read.privacy(child),
                (ns::BLOCKING, "blocklist") => {
                    let items = child.children().filter(|item| item.is("item", ns::BLOCKING));
                    read.blocked.extend(items.filter_map(|item| attr(item, "jid")));
                    read.blocks = true;
                }
                (_, "offline-messages") if child.ns() == user.ns() => read.offline(child),
                (ns::VCARD, "vCard") => read.vcard = Some(VCard::read(child)),
                (ns::PUBSUB, "pubsub") => read.published.extend(Items::read_all(child)),
                // How nodes are to be kept: ours are kept as they are.
                (ns::PUBSUB_OWNER, "pubsub") => {}
                (ns::PORTABLE_SCRAM, _) => read.has_scram = true,
                (ns::OWN, "account") => read.own = Some(Own::read(child)),
                _ => read.is_strange(child),
            }
        }
        read
    }

    /// Writes the account as a child of a host; `domain` is where it lives.
    pub fn to_text(&self, domain: &str) -> String {
        let mut text = String::new();
        markup::write(&self.to_payload(domain).0, ns::PORTABLE, &mut text);
        text
    }

    fn to_payload(&self, domain: &str) -> Payload {
        let roster = roster_payload(&self.roster);
        let messages = self.messages.iter().map(Waiting::to_payload);
        let messages = Payload::new("offline-messages", ns::PORTABLE).with_all(messages);
        let to = format!("{}@{domain}", self.name);
        let request = |from: &String| {
            Payload::new("presence", ns::CLIENT)
                .with_attr("type", "subscribe")
                .with_attr("from", from)
                .with_attr("to", &to)
        };
        Payload::new("user", ns::PORTABLE)
            .with_attr("name", &self.name)
            .with_attr_if("password", self.password.as_deref())
            .with(roster)
            .with(messages)
            .with_all(self.blocked_payload())
            .with_all(self.requests.iter().map(request))
            .with_all(self.own.as_ref().map(Own::to_payload))
    }

    /// Returns the block list in the form that the format has for it.
    // spec: XEP-0227 §4.7; XEP-0016 §2.1
    fn blocked_payload(&self) -> Option<Payload> {
        if self.blocked.is_empty() {
            return None;
        }
        let item = |(order, jid): (usize, &String)| {
            Payload::new("item", ns::PRIVACY)
                .with_attr("type", "jid")
                .with_attr("value", jid)
                .with_attr("action", "deny")
                .with_attr("order", &order.to_string())
        };
        let default = Payload::new("default", ns::PRIVACY).with_attr("name", BLOCKED);
        let list = Payload::new("list", ns::PRIVACY)
            .with_attr("name", BLOCKED)
            .with_all((1..).zip(&self.blocked).map(item));
        Some(Payload::new("query", ns::PRIVACY).with_all(self.blocks.then_some(default)).with(list))
    }

    fn roster_of(&mut self, query: Node<'_>) -> Vec<RosterItem> {
        let items = query.children().filter(|item| item.is("item", ns::ROSTER));
        items.filter_map(RosterItem::read).collect()
    }

    fn request(&mut self, presence: Node<'_>) {
        match attr(presence, "from") {
            Some(from) if attr(presence, "type").as_deref() == Some("subscribe") => {
                self.requests.push(from);
            }
            _ => self.is_strange(presence),
        }
    }

    /// Reads the one list of privacy that counts; its other rules have no like here.
    fn privacy(&mut self, query: Node<'_>) {
        let lists = || query.children().filter(|list| list.is("list", ns::PRIVACY));
        let default = query.child("default", ns::PRIVACY).and_then(|it| attr(it, "name"));
        let is_it = |list: &Node<'_>| match &default {
            Some(name) => list.attr("name") == Some(name),
            None => list.attr("name") == Some(BLOCKED),
        };
        self.blocks |= default.is_some();
        for item in lists().filter(is_it).flat_map(Node::children) {
            let is_address = item.attr("type") == Some("jid");
            match attr(item, "value") {
                Some(jid) if is_address && item.attr("action") == Some("deny") => {
                    self.blocked.push(jid);
                }
                _ => self.is_strange(item),
            }
        }
        if lists().any(|list| !is_it(&list)) {
            self.is_strange(query);
        }
    }

    fn offline(&mut self, messages: Node<'_>) {
        for child in messages.children() {
            let own = child.child("letter", ns::OWN).map(|own| own.text());
            match Stanza::read(&child.to_payload()) {
                Ok(Stanza::Message(mut message)) => {
                    message.payloads.retain(|payload| !payload.node().has_ns(ns::OWN));
                    self.messages.push(Waiting { message, own });
                }
                Ok(Stanza::Presence(Presence { kind: PresenceKind::Subscribe, from, .. })) => {
                    self.requests.push(from.as_str().to_owned());
                }
                Ok(Stanza::Presence(_) | Stanza::Iq(Iq { .. })) | Err(_) => self.is_strange(child),
            }
        }
    }

    fn is_strange(&mut self, node: Node<'_>) {
        let name = format!("{} of {}", node.name(), node.ns());
        if !self.strange.contains(&name) && self.strange.len() < MAX_STRANGE {
            self.strange.push(name);
        }
    }
}

/// Returns contacts as servers tell them.
// spec: RFC6121 §2.1.2
pub fn roster_payload(items: &[RosterItem]) -> Payload {
    Payload::new("query", ns::ROSTER).with_all(items.iter().map(RosterItem::to_payload))
}

impl RosterItem {
    fn read(item: Node<'_>) -> Option<Self> {
        let subscription = item.attr("subscription").unwrap_or_default();
        let is_true = |name: &str| matches!(item.attr(name), Some("true" | "1"));
        let groups = item.children().filter(|child| child.is("group", ns::ROSTER));
        Some(Self {
            jid: attr(item, "jid")?,
            name: attr(item, "name").filter(|name| !name.is_empty()),
            to: matches!(subscription, "to" | "both"),
            from: matches!(subscription, "from" | "both"),
            asks: item.attr("ask") == Some("subscribe"),
            is_approved: is_true("approved"),
            groups: groups.map(|group| group.text()).filter(|group| !group.is_empty()).collect(),
        })
    }

    fn to_payload(&self) -> Payload {
        let subscription = match (self.to, self.from) {
            (false, false) => "none",
            (true, false) => "to",
            (false, true) => "from",
            (true, true) => "both",
        };
        let group = |group: &String| Payload::new("group", ns::ROSTER).with_text(group);
        Payload::new("item", ns::ROSTER)
            .with_attr("jid", &self.jid)
            .with_attr_if("name", self.name.as_deref())
            .with_attr("subscription", subscription)
            .with_attr_if("ask", self.asks.then_some("subscribe"))
            .with_attr_if("approved", self.is_approved.then_some("true"))
            .with_all(self.groups.iter().map(group))
    }
}

impl Waiting {
    fn to_payload(&self) -> Payload {
        let own = self.own.as_ref();
        let own = own.map(|own| Payload::new("letter", ns::OWN).with_text(own));
        self.message.to_payload().with_all(own)
    }
}

/// The name of the list of privacy that is written.
const BLOCKED: &str = "Blocked contacts";

/// Elements that are not understood and named to the operator, for each account.
const MAX_STRANGE: usize = 20;
