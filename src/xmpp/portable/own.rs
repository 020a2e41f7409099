//! What the format for accounts has no words for, in a namespace of our own, so that nothing
//! that a user made is lost between two of us.

use crate::xmpp::{
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// Facts of an account; texts that are ours alone are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Its facts by name.
    pub facts: Vec<(String, String)>,
    /// Its lists with their members.
    pub lists: Vec<OwnList>,
    /// Rows of other kinds, in the order in which they came.
    pub rows: Vec<OwnRow>,
}

/// A list as its phone made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnList {
    /// What identifies it.
    pub key: String,
    /// The same, as the phone wrote it.
    pub spelling: String,
    /// What the phone shows.
    pub name: String,
    /// Whether new contacts go there.
    pub is_default: bool,
    /// Address, spelling and nickname of each member.
    pub members: Vec<[String; 3]>,
}

/// A fact about somebody: what kind, about whom, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnRow {
    /// Which kind: the name of the element.
    pub kind: String,
    /// About whom.
    pub of: String,
    /// What.
    pub is: String,
}

impl Own {
    /// Returns the value of a fact.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn read(account: Node<'_>) -> Self {
        let mut own = Self::default();
        for child in account.children().filter(|child| child.has_ns(ns::OWN)) {
            let text = |name: &str| attr(child, name).unwrap_or_default();
            match child.name() {
                "fact" => own.facts.push((text("of"), text("is"))),
                "list" => own.lists.push(OwnList {
                    key: text("key"),
                    spelling: text("as"),
                    name: text("name"),
                    is_default: text("default") == "true",
                    members: child.children().map(member).collect(),
                }),
                kind => {
                    own.rows.push(OwnRow { kind: kind.to_owned(), of: text("of"), is: text("is") })
                }
            }
        }
        own
    }

    pub(super) fn to_payload(&self) -> Payload {
        let row = |kind: &str, of: &str, is: &str| {
            Payload::new(kind, ns::OWN).with_attr("of", of).with_attr("is", is)
        };
        let list = |list: &OwnList| {
            let member = |[address, spelling, name]: &[String; 3]| {
                Payload::new("member", ns::OWN)
                    .with_attr("jid", address)
                    .with_attr("as", spelling)
                    .with_attr("name", name)
            };
            Payload::new("list", ns::OWN)
                .with_attr("key", &list.key)
                .with_attr("as", &list.spelling)
                .with_attr("name", &list.name)
                .with_attr_if("default", list.is_default.then_some("true"))
                .with_all(list.members.iter().map(member))
        };
        Payload::new("account", ns::OWN)
            .with_all(self.facts.iter().map(|(of, is)| row("fact", of, is)))
            .with_all(self.lists.iter().map(list))
            .with_all(self.rows.iter().map(|one| row(&one.kind, &one.of, &one.is)))
    }
}

fn member(node: Node<'_>) -> [String; 3] {
    ["jid", "as", "name"].map(|name| attr(node, name).unwrap_or_default())
}
