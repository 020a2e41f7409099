//! Profiles in their oldest spelling (XEP-0054).

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// The little of a profile that we know or show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// The whole name.
    pub full_name: Option<String>,
    /// The name among friends.
    pub nickname: Option<String>,
}

impl VCard {
    /// Reads a profile.
    pub fn read(vcard: Node<'_>) -> Self {
        Self {
            full_name: vcard.child_text("FN", ns::VCARD),
            nickname: vcard.child_text("NICKNAME", ns::VCARD),
        }
    }

    /// Returns the profile.
    pub fn to_payload(&self) -> Payload {
        let leaf = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| Payload::new(name, ns::VCARD).with_text(text))
        };
        Payload::new("vCard", ns::VCARD)
            .with_all(leaf("FN", &self.full_name))
            .with_all(leaf("NICKNAME", &self.nickname))
    }
}
