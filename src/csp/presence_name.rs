//! The names of presence attributes: filters and grants.

use compact_str::CompactString;

use crate::csp::{
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
    version::Version,
};

/// Attributes that are read of one list: three times what all versions define.
pub const MAX_ATTRIBUTES: usize = 64;

/// Which attribute it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AttributeKind {
    /// `OnlineStatus`.
    OnlineStatus,
    /// `Registration`: whether the device is in its network.
    Registration,
    /// `ClientInfo`.
    ClientInfo,
    /// `TimeZone`.
    TimeZone,
    /// `GeoLocation`.
    GeoLocation,
    /// `Address`.
    Address,
    /// `FreeTextLocation`.
    FreeTextLocation,
    /// `PLMN`: the mobile network.
    Plmn,
    /// `CommCap`.
    CommCap,
    /// `UserAvailability`.
    UserAvailability,
    /// `PreferredContacts`.
    PreferredContacts,
    /// `PreferredLanguage`.
    PreferredLanguage,
    /// `StatusText`.
    StatusText,
    /// `StatusMood`.
    StatusMood,
    /// `Alias`.
    Alias,
    /// `StatusContent`.
    StatusContent,
    /// `ContactInfo`.
    ContactInfo,
    /// `InfoLink`, since 1.2.
    InfoLink,
    /// Another name.
    Other(CompactString),
}

impl Word for AttributeKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("OnlineStatus", Self::OnlineStatus),
        ("Registration", Self::Registration),
        ("ClientInfo", Self::ClientInfo),
        ("TimeZone", Self::TimeZone),
        ("GeoLocation", Self::GeoLocation),
        ("Address", Self::Address),
        ("FreeTextLocation", Self::FreeTextLocation),
        ("PLMN", Self::Plmn),
        ("CommCap", Self::CommCap),
        ("UserAvailability", Self::UserAvailability),
        ("PreferredContacts", Self::PreferredContacts),
        ("PreferredLanguage", Self::PreferredLanguage),
        ("StatusText", Self::StatusText),
        ("StatusMood", Self::StatusMood),
        ("Alias", Self::Alias),
        ("StatusContent", Self::StatusContent),
        ("ContactInfo", Self::ContactInfo),
        ("InfoLink", Self::InfoLink),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

impl AttributeKind {
    /// Returns whether phones of a version can decode it; S60 drops the whole message for one
    /// name that it does not know (handset: S60 §11.8).
    pub fn is_known_to(&self, version: Version) -> bool {
        match self {
            Self::InfoLink => version >= Version::V1_2,
            Self::Other(_) => version >= Version::V1_3,
            _ => true,
        }
    }
}

/// A `PresenceSubList` that holds names only: a filter or a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeSet {
    /// In the order of the message.
    pub kinds: Vec<AttributeKind>,
}

impl AttributeSet {
    /// Returns what a phone draws a contact from.
    pub fn basic() -> Self {
        let kinds = vec![
            AttributeKind::OnlineStatus,
            AttributeKind::ClientInfo,
            AttributeKind::CommCap,
            AttributeKind::UserAvailability,
            AttributeKind::StatusText,
        ];
        Self { kinds }
    }

    /// Returns all that our versions name.
    pub fn all() -> Self {
        Self { kinds: AttributeKind::WORDS.iter().map(|(_, kind)| kind.clone()).collect() }
    }

    /// Returns whether no attribute is named.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Returns whether an attribute is named.
    pub fn contains(&self, kind: &AttributeKind) -> bool {
        self.kinds.contains(kind)
    }
}

impl Shape for AttributeSet {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let names = from.children().take(MAX_ATTRIBUTES).map(|child| child.element().name());
        Ok(Self { kinds: names.filter_map(AttributeKind::from_word).collect() })
    }

    fn write(&self, to: Build) -> Build {
        let version = to.version();
        let known = self.kinds.iter().filter(|kind| kind.is_known_to(version));
        known.fold(to, |to, kind| to.inside(kind.word(), |name| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes},
        version::Version::{V1_1, V1_2, V1_3},
    };

    #[test]
    fn names_are_listed_in_order_and_unknown_ones_kept_for_1_3() {
        let literal = "<P><PLMN/><InfoLink/><ClientIMPriority/><OnlineStatus/></P>";
        let names: AttributeSet = assert_round_trip(literal, V1_3);
        assert!(names.contains(&AttributeKind::Plmn) && !names.contains(&AttributeKind::Alias));
        assert_writes(&names, "<P><PLMN/><InfoLink/><OnlineStatus/></P>", V1_2);
        assert_writes(&names, "<P><PLMN/><OnlineStatus/></P>", V1_1);
    }

    #[test]
    fn names_without_end_are_cut_off() {
        let literal = format!("<P>{}</P>", "<x/>".repeat(MAX_ATTRIBUTES + 1));
        let names = crate::csp::literal::read::<AttributeSet>(&literal, V1_1).unwrap();
        assert_eq!(names.kinds.len(), MAX_ATTRIBUTES);
    }
}
