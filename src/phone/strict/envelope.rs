//! What the rules of both handsets ask about the envelope.

use crate::phone::strict::node::Node;

/// One transaction of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The mode as it stands there; empty if it does not.
    pub(super) mode: &'a str,
    /// The transaction id; empty if there is none.
    pub(super) id: &'a str,
    /// The content, if there is any.
    pub(super) content: Option<&'a Node>,
}

impl<'a> Part<'a> {
    /// Returns all transactions of a message.
    pub(super) fn all(root: &'a Node) -> Vec<Self> {
        let transactions = root.child("Session").into_iter().flat_map(|it| it.each("Transaction"));
        let part = |transaction: &'a Node| Self {
            mode: transaction.text_at("TransactionDescriptor/TransactionMode"),
            id: transaction.text_at("TransactionDescriptor/TransactionID"),
            content: transaction.child("TransactionContent"),
        };
        transactions.map(part).collect()
    }

    /// Returns the primitive.
    pub(super) fn primitive(&self) -> Option<&'a Node> {
        self.content.and_then(|content| content.children.first())
    }

    /// Returns whether this is the server's own transaction.
    pub(super) fn is_push(&self) -> bool {
        self.mode != "Response"
    }
}
