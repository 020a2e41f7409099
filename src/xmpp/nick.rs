//! The name that a user goes by, as it is published (XEP-0172).

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// Reads a name; an empty one says that there is none.
pub fn read(nick: Node<'_>) -> Option<String> {
    let text = nick.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns the payload of a name, or that there is none.
pub fn to_payload(nick: Option<&str>) -> Payload {
    Payload::new("nick", ns::NICK).with_text(nick.unwrap_or_default())
}
