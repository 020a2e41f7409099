//! What the services and the link say to each other.

use crate::xmpp::{odd::Odd, stanza::Stanza, wire::Wire};

/// A stanza on its way to the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Row of the outbox, if it must survive; a transient stanza has none.
    pub row: Option<i64>,
    /// The stanza.
    pub wire: Wire,
}

/// What the link tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly all events are stanzas")]
pub enum LinkEvent {
    /// The server let us in: what the outbox holds may be sent, again.
    Up,
    /// The link fell.
    Down,
    /// A stanza came.
    Stanza(Stanza),
    /// What is left of a stanza that makes no sense; see [`Odd::refusal`].
    Odd(Odd),
    /// The server has read these rows (the fence).
    Read(Vec<i64>),
}
