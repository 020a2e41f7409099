//! Presence attributes with their values, and the list that carries them.

use compact_str::CompactString;

use crate::csp::{
    element::Element,
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
    presence_channel::{CommCap, PreferredContacts},
    presence_detail::{
        CivicAddress, ClientInfo, ContactInfo, GeoLocation, InfoLink, StatusContent, TimeZone,
    },
    presence_name::{AttributeKind, AttributeSet, MAX_ATTRIBUTES},
};

/// A value, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified<T> {
    /// True if the value is valid, false if it is unknown or withdrawn; absent is true.
    pub qualifier: Option<bool>,
    /// The value.
    pub value: Option<T>,
}

impl<T> Qualified<T> {
    /// Returns a valid value.
    pub fn known(value: T) -> Self {
        Self { qualifier: Some(true), value: Some(value) }
    }

    /// Returns the statement that the value is unknown.
    pub fn unknown() -> Self {
        Self { qualifier: Some(false), value: None }
    }

    /// Returns the value if it is valid.
    pub fn valid(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.qualifier != Some(false))
    }
}

impl<T: Shape> Qualified<T> {
    /// Reads an attribute whose value stands in `PresenceValue`.
    fn from_value(from: Fields<'_>) -> Result<Self, FieldError> {
        let qualifier = from.hint("Qualifier");
        let value = match qualifier {
            // What is taken back need not be right.
            Some(false) => from.hint("PresenceValue"),
            _ => from.optional("PresenceValue")?,
        };
        Ok(Self { qualifier, value })
    }

    /// Reads an attribute whose value is all that stands beside `Qualifier`.
    fn from_parts(from: Fields<'_>) -> Result<Self, FieldError> {
        let has_parts = from.children().any(|child| child.element().name() != "Qualifier");
        let value = has_parts.then(|| T::read(from)).transpose()?;
        Ok(Self { qualifier: from.hint("Qualifier"), value })
    }

    fn write_value(&self, to: Build) -> Build {
        self.write_qualifier(to).maybe("PresenceValue", self.valid())
    }

    fn write_parts(&self, to: Build) -> Build {
        let to = self.write_qualifier(to);
        self.valid().into_iter().fold(to, |to, value| value.write(to))
    }

    /// Android counts only what is qualified, so the qualifier always is there.
    fn write_qualifier(&self, to: Build) -> Build {
        to.put("Qualifier", &self.qualifier.unwrap_or(self.value.is_some()))
    }
}

/// `UserAvailability`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Free to talk.
    Available,
    /// Away to S60, busy to Android.
    Discreet,
    /// Offline to S60, away to Android.
    NotAvailable,
    /// Another word.
    Other(CompactString),
}

impl Word for Availability {
    /// The last spelling is of the later S60 adapter (handset: S60 §7.9).
    const WORDS: &'static [(&'static str, Self)] = &[
        ("AVAILABLE", Self::Available),
        ("DISCREET", Self::Discreet),
        ("NOT_AVAILABLE", Self::NotAvailable),
        ("NOTAVAILABLE", Self::NotAvailable),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// One attribute of a user, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Whether a client is logged in; the server alone knows.
    OnlineStatus(Qualified<bool>),
    /// Whether the device is in its network.
    Registration(Qualified<bool>),
    /// Device and software.
    ClientInfo(Qualified<ClientInfo>),
    /// Hours from UTC.
    TimeZone(Qualified<TimeZone>),
    /// A place on the globe.
    GeoLocation(Qualified<GeoLocation>),
    /// A place in a town.
    Address(Qualified<CivicAddress>),
    /// A place in the user's words.
    FreeTextLocation(Qualified<CompactString>),
    /// The mobile network.
    Plmn(Qualified<CompactString>),
    /// The ways to reach the user.
    CommCap(Qualified<CommCap>),
    /// How willing the user is to talk.
    UserAvailability(Qualified<Availability>),
    /// How the user wishes to be reached.
    PreferredContacts(Qualified<PreferredContacts>),
    /// The user's language.
    PreferredLanguage(Qualified<CompactString>),
    /// A line in the user's words.
    StatusText(Qualified<CompactString>),
    /// A mood, one word in capitals.
    StatusMood(Qualified<CompactString>),
    /// What the user wants to be called.
    Alias(Qualified<CompactString>),
    /// The user's picture.
    StatusContent(Qualified<StatusContent>),
    /// The user's card.
    ContactInfo(Qualified<ContactInfo>),
    /// Pages that the user points to.
    InfoLink(Qualified<InfoLink>),
    /// What we do not know, as it came.
    Other(Element),
}

impl Attribute {
    /// Returns which attribute it is.
    pub fn kind(&self) -> AttributeKind {
        match self {
            Self::OnlineStatus(_) => AttributeKind::OnlineStatus,
            Self::Registration(_) => AttributeKind::Registration,
            Self::ClientInfo(_) => AttributeKind::ClientInfo,
            Self::TimeZone(_) => AttributeKind::TimeZone,
            Self::GeoLocation(_) => AttributeKind::GeoLocation,
            Self::Address(_) => AttributeKind::Address,
            Self::FreeTextLocation(_) => AttributeKind::FreeTextLocation,
            Self::Plmn(_) => AttributeKind::Plmn,
            Self::CommCap(_) => AttributeKind::CommCap,
            Self::UserAvailability(_) => AttributeKind::UserAvailability,
            Self::PreferredContacts(_) => AttributeKind::PreferredContacts,
            Self::PreferredLanguage(_) => AttributeKind::PreferredLanguage,
            Self::StatusText(_) => AttributeKind::StatusText,
            Self::StatusMood(_) => AttributeKind::StatusMood,
            Self::Alias(_) => AttributeKind::Alias,
            Self::StatusContent(_) => AttributeKind::StatusContent,
            Self::ContactInfo(_) => AttributeKind::ContactInfo,
            Self::InfoLink(_) => AttributeKind::InfoLink,
            Self::Other(element) => AttributeKind::Other(element.name().into()),
        }
    }

    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let kind = AttributeKind::from_word(from.element().name());
        let Some(kind) = kind else { return Ok(Self::Other(from.element().clone())) };
        Ok(match kind {
            AttributeKind::OnlineStatus => Self::OnlineStatus(Qualified::from_value(from)?),
            AttributeKind::Registration => Self::Registration(Qualified::from_value(from)?),
            AttributeKind::ClientInfo => Self::ClientInfo(Qualified::from_parts(from)?),
            AttributeKind::TimeZone => Self::TimeZone(Qualified::from_parts(from)?),
            AttributeKind::GeoLocation => Self::GeoLocation(Qualified::from_parts(from)?),
            AttributeKind::Address => Self::Address(Qualified::from_parts(from)?),
            AttributeKind::FreeTextLocation => Self::FreeTextLocation(Qualified::from_value(from)?),
            AttributeKind::Plmn => Self::Plmn(Qualified::from_value(from)?),
            AttributeKind::CommCap => Self::CommCap(Qualified::from_parts(from)?),
            AttributeKind::UserAvailability => Self::UserAvailability(Qualified::from_value(from)?),
            AttributeKind::PreferredContacts => {
                Self::PreferredContacts(Qualified::from_parts(from)?)
            }
            AttributeKind::PreferredLanguage => {
                Self::PreferredLanguage(Qualified::from_value(from)?)
            }
            AttributeKind::StatusText => Self::StatusText(Qualified::from_value(from)?),
            AttributeKind::StatusMood => Self::StatusMood(Qualified::from_value(from)?),
            AttributeKind::Alias => Self::Alias(Qualified::from_value(from)?),
            AttributeKind::StatusContent => Self::StatusContent(Qualified::from_parts(from)?),
            AttributeKind::ContactInfo => Self::ContactInfo(Qualified::from_parts(from)?),
            AttributeKind::InfoLink => Self::InfoLink(Qualified::from_parts(from)?),
            AttributeKind::Other(_) => Self::Other(from.element().clone()),
        })
    }

    /// Writes all but the element itself; what we do not know is written whole by the list.
    fn write_content(&self, to: Build) -> Build {
        match self {
            Self::OnlineStatus(it) | Self::Registration(it) => it.write_value(to),
            Self::ClientInfo(it) => it.write_parts(to),
            Self::TimeZone(it) => it.write_parts(to),
            Self::GeoLocation(it) => it.write_parts(to),
            Self::Address(it) => it.write_parts(to),
            Self::FreeTextLocation(it)
            | Self::Plmn(it)
            | Self::PreferredLanguage(it)
            | Self::StatusText(it)
            | Self::StatusMood(it)
            | Self::Alias(it) => it.write_value(to),
            Self::CommCap(it) => it.write_parts(to),
            Self::UserAvailability(it) => it.write_value(to),
            Self::PreferredContacts(it) => it.write_parts(to),
            Self::StatusContent(it) => it.write_parts(to),
            Self::ContactInfo(it) => it.write_parts(to),
            Self::InfoLink(it) => it.write_parts(to),
            Self::Other(_) => to,
        }
    }
}

/// `PresenceSubList`: the attributes of a user, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceSubList {
    attributes: Vec<Attribute>,
    unread: Vec<AttributeKind>,
}

impl PresenceSubList {
    /// Sets an attribute, in the place of one of its kind if there is one.
    pub fn set(&mut self, attribute: Attribute) {
        let kind = attribute.kind();
        match self.attributes.iter_mut().find(|it| it.kind() == kind) {
            Some(place) => *place = attribute,
            None => self.attributes.push(attribute),
        }
    }

    /// Sets all attributes of another list, and leaves the rest as they are.
    pub fn merge(&mut self, newer: Self) {
        newer.attributes.into_iter().for_each(|attribute| self.set(attribute));
    }

    /// Keeps only the attributes of a filter.
    pub fn restrict(&mut self, filter: &AttributeSet) {
        self.attributes.retain(|attribute| filter.contains(&attribute.kind()));
    }

    /// Returns the attribute of a kind.
    pub fn find(&self, kind: &AttributeKind) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.kind() == *kind)
    }

    /// Returns all attributes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// Returns the attributes that came with a value that cannot be what it should be.
    pub fn unread(&self) -> &[AttributeKind] {
        &self.unread
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }
}

impl FromIterator<Attribute> for PresenceSubList {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        let mut list = Self::default();
        attributes.into_iter().for_each(|attribute| list.set(attribute));
        list
    }
}

impl Shape for PresenceSubList {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut list = Self::default();
        for child in from.children().take(MAX_ATTRIBUTES) {
            match Attribute::read(child) {
                Ok(attribute) => list.set(attribute),
                Err(_) => list.unread.extend(AttributeKind::from_word(child.element().name())),
            }
        }
        Ok(list)
    }

    fn write(&self, to: Build) -> Build {
        let version = to.version();
        let known = self.attributes.iter().filter(|it| it.kind().is_known_to(version));
        known.fold(to, |to, attribute| match attribute {
            Attribute::Other(element) => to.element(element.clone()),
            typed => to.inside(typed.kind().word(), |inside| typed.write_content(inside)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2, V1_3},
    };

    #[test]
    fn every_attribute_that_is_written_has_a_qualifier() {
        let list = PresenceSubList::from_iter([
            Attribute::OnlineStatus(Qualified { qualifier: None, value: Some(true) }),
            Attribute::StatusText(Qualified::unknown()),
            Attribute::Alias(Qualified { qualifier: None, value: None }),
        ]);
        let literal = "<P><OnlineStatus><Qualifier>T</Qualifier><PresenceValue>T</PresenceValue>\
            </OnlineStatus><StatusText><Qualifier>F</Qualifier></StatusText>\
            <Alias><Qualifier>F</Qualifier></Alias></P>";
        assert_writes(&list, literal, V1_1);
    }

    #[test]
    fn s60_7_6_what_a_nokia_publishes_is_read() {
        let list: PresenceSubList = assert_round_trip(
            "<P><UserAvailability><Qualifier>T</Qualifier><PresenceValue>DISCREET</PresenceValue>\
             </UserAvailability><CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap>\
             <Status>OPEN</Status></CommC></CommCap><OnlineStatus><Qualifier>T</Qualifier>\
             </OnlineStatus><StatusMood><Qualifier>T</Qualifier><PresenceValue>SLEEPY\
             </PresenceValue></StatusMood></P>",
            V1_1,
        );
        let Some(Attribute::UserAvailability(availability)) =
            list.find(&AttributeKind::UserAvailability)
        else {
            panic!("{list:?}")
        };
        assert_eq!(availability.valid(), Some(&Availability::Discreet));
    }

    #[test]
    fn s60_7_9_notavailable_is_not_available() {
        let literal = "<P><UserAvailability><PresenceValue>NOTAVAILABLE</PresenceValue>\
            </UserAvailability></P>";
        let list: PresenceSubList = read(literal, V1_2).unwrap();
        let not_available = Qualified { qualifier: None, value: Some(Availability::NotAvailable) };
        assert_eq!(list.iter().next(), Some(&Attribute::UserAvailability(not_available)));
        let written = list.write(Build::new("P", V1_2)).finish();
        assert_eq!(written.children()[0].text_of("PresenceValue"), Some("NOT_AVAILABLE"));
    }

    #[test]
    fn a_value_that_cannot_be_costs_only_itself() {
        let literal = "<P><Registration><PresenceValue>maybe</PresenceValue></Registration>\
            <Alias><PresenceValue>Kim</PresenceValue></Alias></P>";
        let list: PresenceSubList = read(literal, V1_1).unwrap();
        assert_eq!(list.unread(), [AttributeKind::Registration]);
        assert_eq!(list.iter().next().map(Attribute::kind), Some(AttributeKind::Alias));
        let taken_back =
            literal.replace("<Registration>", "<Registration><Qualifier>F</Qualifier>");
        let list: PresenceSubList = read(&taken_back, V1_1).unwrap();
        assert!(list.unread().is_empty());
    }

    #[test]
    fn a_withdrawn_value_is_not_valid() {
        let literal = "<P><StatusText><Qualifier>F</Qualifier><PresenceValue>old</PresenceValue>\
            </StatusText></P>";
        let list: PresenceSubList = read(literal, V1_1).unwrap();
        assert!(
            matches!(list.iter().next(), Some(Attribute::StatusText(it)) if it.valid().is_none())
        );
    }

    #[test]
    fn s60_gotcha_8_unknown_attributes_go_to_1_3_only() {
        let literal = "<P><InfoLink><Qualifier>T</Qualifier><Inf_link/></InfoLink>\
            <ClientContentLimit><Qualifier>T</Qualifier></ClientContentLimit></P>";
        let list: PresenceSubList = assert_round_trip(literal, V1_3);
        assert_writes(&list, "<P/>", V1_1);
        let kinds = list.iter().map(Attribute::kind).collect();
        assert_writes(&AttributeSet { kinds }, "<P><InfoLink/></P>", V1_2);
    }

    #[test]
    fn attributes_are_merged_and_restricted_by_kind() {
        let text = |text: &str| Attribute::StatusText(Qualified::known(text.into()));
        let mut list = PresenceSubList::from_iter([
            text("a"),
            Attribute::OnlineStatus(Qualified::known(true)),
        ]);
        list.merge(PresenceSubList::from_iter([text("b")]));
        assert_eq!(list.iter().next(), Some(&text("b")));
        list.restrict(&AttributeSet { kinds: vec![AttributeKind::OnlineStatus] });
        assert_eq!(list.iter().count(), 1);
        assert!(list.find(&AttributeKind::StatusText).is_none());
    }
}
