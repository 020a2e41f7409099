//! How a message wants to be kept (XEP-0334).

use crate::xmpp::{ns, payload::Payload};

/// The sender's wishes; all false is "as usual".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Keep it nowhere.
    pub no_store: bool,
    /// Keep it only until it is delivered.
    pub no_permanent_store: bool,
    /// Give it to one device only.
    pub no_copy: bool,
    /// Keep it although it would not be.
    pub store: bool,
}

impl Hints {
    /// Takes note of one hint; an unknown one changes nothing.
    pub(in crate::xmpp) fn note(&mut self, name: &str) {
        // spec: XEP-0334 §4
        match name {
            "no-store" => self.no_store = true,
            "no-permanent-store" => self.no_permanent_store = true,
            "no-copy" => self.no_copy = true,
            "store" => self.store = true,
            _ => {}
        }
    }

    pub(in crate::xmpp) fn to_payloads(self) -> impl Iterator<Item = Payload> {
        let hints = [
            (self.no_store, "no-store"),
            (self.no_permanent_store, "no-permanent-store"),
            (self.no_copy, "no-copy"),
            (self.store, "store"),
        ];
        let wished = hints.into_iter().filter(|(is_wished, _)| *is_wished);
        wished.map(|(_, name)| Payload::new(name, ns::HINTS))
    }
}
