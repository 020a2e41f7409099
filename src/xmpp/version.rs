//! Which program somebody uses (XEP-0092).

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// A program, its version and what it runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it runs on.
    pub os: Option<String>,
}

impl Version {
    /// Reads an answer.
    pub fn read(query: Node<'_>) -> Self {
        let text = |name| query.child_text(name, ns::VERSION);
        Self {
            name: text("name").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            os: text("os"),
        }
    }

    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let query = Payload::new("query", ns::VERSION)
            .with_leaf("name", &self.name)
            .with_leaf("version", &self.version);
        match &self.os {
            Some(os) => query.with_leaf("os", os),
            None => query,
        }
    }
}
