//! Programs that contacts use.

use crate::domain::presence::Client;

/// What a program is, and what it wants to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Program {
    /// What it is, if it says so.
    pub client: Option<Client>,
    /// The nodes of whose news it wants to be told.
    // spec: XEP-0163 §4.3.2
    pub wanted: Vec<String>,
}

impl Program {
    /// Returns whether it wants to be told of news at a node.
    pub fn wants(&self, node: &str) -> bool {
        self.wanted.iter().any(|wanted| wanted == node)
    }
}
