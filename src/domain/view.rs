//! What somebody may see of an account's presence, attribute by attribute.

use std::borrow::Cow;

use compact_str::CompactString;

use crate::domain::{
    personal::Personal,
    place::Place,
    presence::{Availability, Presence},
};

/// A presence attribute that can be shown or withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Whether somebody is there at all.
    OnlineStatus,
    /// Whether the device is in its network.
    Registration,
    /// What the device is.
    ClientInfo,
    /// Hours from UTC.
    TimeZone,
    /// A place on the globe.
    GeoLocation,
    /// A place in a town.
    Address,
    /// A place in the user's words.
    FreeTextLocation,
    /// The mobile network.
    Plmn,
    /// The ways to reach the user.
    CommCap,
    /// How willing the user is to talk.
    UserAvailability,
    /// How the user wishes to be reached.
    PreferredContacts,
    /// The user's language.
    PreferredLanguage,
    /// The user's own words.
    StatusText,
    /// The user's mood.
    StatusMood,
    /// What the user wants to be called.
    Alias,
    /// The user's picture.
    StatusContent,
    /// The user's card.
    ContactInfo,
    /// Pages that the user points to.
    InfoLink,
}

impl Attribute {
    /// Returns the name by which grants keep it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnlineStatus => "OnlineStatus",
            Self::Registration => "Registration",
            Self::ClientInfo => "ClientInfo",
            Self::TimeZone => "TimeZone",
            Self::GeoLocation => "GeoLocation",
            Self::Address => "Address",
            Self::FreeTextLocation => "FreeTextLocation",
            Self::Plmn => "PLMN",
            Self::CommCap => "CommCap",
            Self::UserAvailability => "UserAvailability",
            Self::PreferredContacts => "PreferredContacts",
            Self::PreferredLanguage => "PreferredLanguage",
            Self::StatusText => "StatusText",
            Self::StatusMood => "StatusMood",
            Self::Alias => "Alias",
            Self::StatusContent => "StatusContent",
            Self::ContactInfo => "ContactInfo",
            Self::InfoLink => "InfoLink",
        }
    }
}

/// What one contact may see of an account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// All that there is.
    Everything,
    /// The attributes of these names; none at all is nothing.
    Only(Vec<CompactString>),
}

impl View {
    /// Returns the view of who may see nothing.
    pub fn nothing() -> Self {
        Self::Only(Vec::new())
    }

    /// Returns whether nothing may be seen.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }

    /// Returns whether an attribute may be seen.
    pub fn may_see(&self, attribute: Attribute) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(names) => names.iter().any(|name| name == attribute.name()),
        }
    }

    /// Returns what may be seen by this view or by another.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(mut names), Self::Only(more)) => {
                names.extend(
                    more.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>(),
                );
                Self::Only(names)
            }
            _ => Self::Everything,
        }
    }

    /// Returns what is left of a presence for who has this view.
    ///
    /// Who appears offline does so to everybody, whatever may be seen.
    pub fn of<'a>(&self, presence: &'a Presence) -> Cow<'a, Presence> {
        if *self == Self::Everything {
            return Cow::Borrowed(presence);
        }
        if !self.may_see(Attribute::OnlineStatus) {
            return Cow::Owned(Presence::offline());
        }
        let Presence { is_online, availability, status, priority, client, personal } = presence;
        let is_told =
            self.may_see(Attribute::UserAvailability) || *availability == Availability::Hidden;
        let personal = personal.as_ref().map(|personal| self.of_personal(personal));
        Cow::Owned(Presence {
            is_online: *is_online,
            availability: if is_told { *availability } else { Availability::Available },
            status: self.seen(Attribute::StatusText, status),
            priority: *priority,
            client: self.seen(Attribute::ClientInfo, client),
            personal: personal.filter(|personal| !personal.is_empty()).map(Box::new),
        })
    }

    /// Returns what is left of the facts of a user for who has this view.
    pub fn of_personal(&self, facts: &Personal) -> Personal {
        let place = facts.place.as_ref().map(|place| self.of_place(place));
        Personal {
            alias: self.seen(Attribute::Alias, &facts.alias),
            mood: self.seen(Attribute::StatusMood, &facts.mood),
            picture: self.seen(Attribute::StatusContent, &facts.picture),
            place: place.filter(|place| !place.is_empty()),
            time_zone_minutes: self.seen(Attribute::TimeZone, &facts.time_zone_minutes),
            language: self.seen(Attribute::PreferredLanguage, &facts.language),
            network: self.seen(Attribute::Plmn, &facts.network),
            is_registered: self.seen(Attribute::Registration, &facts.is_registered),
            links: self.seen_of(Attribute::InfoLink, &facts.links),
            preferred_contacts: self
                .seen_of(Attribute::PreferredContacts, &facts.preferred_contacts),
            channels: self.seen_of(Attribute::CommCap, &facts.channels),
            card: self.seen(Attribute::ContactInfo, &facts.card),
        }
    }

    fn of_place(&self, place: &Place) -> Place {
        let mut left = place.clone();
        if !self.may_see(Attribute::GeoLocation) {
            left = Place { point: None, altitude_metres: None, accuracy_metres: None, ..left };
        }
        if !self.may_see(Attribute::FreeTextLocation) {
            left.words = None;
        }
        if !self.may_see(Attribute::Address) {
            let Place { point, altitude_metres, accuracy_metres, words, .. } = left;
            left = Place { point, altitude_metres, accuracy_metres, words, ..Place::default() };
        }
        left
    }

    fn seen<T: Clone>(&self, attribute: Attribute, value: &Option<T>) -> Option<T> {
        if self.may_see(attribute) { value.clone() } else { None }
    }

    fn seen_of<T: Clone>(&self, attribute: Attribute, values: &[T]) -> Vec<T> {
        if self.may_see(attribute) { values.to_vec() } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        personal::{Card, Channel, Link, Mood, Picture},
        place::Point,
        presence::Client,
    };

    fn only(names: &[&str]) -> View {
        View::Only(names.iter().map(|name| (*name).into()).collect())
    }

    fn full() -> Presence {
        Presence {
            is_online: true,
            availability: Availability::Away,
            status: Some("soup".into()),
            priority: 3,
            client: Some(Box::new(Client { model: Some("N95".into()), ..Client::default() })),
            personal: Some(Box::new(Personal {
                alias: Some("Kim".into()),
                mood: Some(Mood { word: "happy".into(), text: None }),
                picture: Some(Picture::default()),
                place: Some(Place {
                    point: Point::new(1, 2),
                    altitude_metres: Some(3),
                    accuracy_metres: Some(4),
                    country: Some("FI".into()),
                    city: Some("Tampere".into()),
                    words: Some("at home".into()),
                    ..Place::default()
                }),
                time_zone_minutes: Some(120),
                language: Some("fin".into()),
                network: Some("24491".into()),
                is_registered: Some(true),
                links: vec![Link::default()],
                preferred_contacts: vec![Channel::default()],
                channels: vec![Channel::default()],
                card: Some(Card::Referred("http://x".into())),
            })),
        }
    }

    /// What is in a presence, by the names of its fields.
    fn fields(presence: &Presence) -> Vec<String> {
        let mut json = serde_json::to_value(presence).unwrap();
        let fields = json.as_object_mut().unwrap();
        for outer in ["personal", "place"] {
            if let Some(serde_json::Value::Object(inner)) = fields.remove(outer) {
                fields.extend(inner);
            }
        }
        fields.keys().cloned().collect()
    }

    #[test]
    fn what_is_withheld_is_absent() {
        let nothing: &[&str] = &[];
        let table = [
            ("Alias", &["alias"][..]),
            ("UserAvailability", &["availability"]),
            ("StatusText", &["status"]),
            ("ClientInfo", &["client"]),
            ("StatusMood", &["mood"]),
            ("StatusContent", &["picture"]),
            ("GeoLocation", &["accuracy_metres", "altitude_metres", "point"]),
            ("Address", &["city", "country"]),
            ("FreeTextLocation", &["words"]),
            ("TimeZone", &["time_zone_minutes"]),
            ("PreferredLanguage", &["language"]),
            ("PLMN", &["network"]),
            ("Registration", &["is_registered"]),
            ("InfoLink", &["links"]),
            ("PreferredContacts", &["preferred_contacts"]),
            ("CommCap", &["channels"]),
            ("ContactInfo", &["card"]),
            ("ClientContentLimit", nothing),
        ];
        for (granted, shown) in table {
            assert_eq!(*only(&[granted]).of(&full()), Presence::offline(), "{granted} alone");
            let seen = only(&[granted, "OnlineStatus"]).of(&full()).into_owned();
            let mut expected = shown.to_vec();
            expected.extend(["is_online", "priority"]);
            expected.sort_unstable();
            assert_eq!(fields(&seen), expected, "{granted}");
        }
        let all: Vec<&str> = table.iter().map(|(granted, _)| *granted).collect();
        assert_eq!(*only(&[&all[..], &["OnlineStatus"]].concat()).of(&full()), full());
        assert_eq!(*View::Everything.of(&full()), full());
    }

    #[test]
    fn who_appears_offline_does_so_to_who_may_not_see_availability() {
        let hidden = Presence { availability: Availability::Hidden, ..full() };
        assert!(!only(&["OnlineStatus"]).of(&hidden).is_visible());
    }

    #[test]
    fn two_views_add_up() {
        let (one, other) = (only(&["Alias", "PLMN"]), only(&["PLMN", "OnlineStatus"]));
        assert_eq!(one.clone().or(&other), only(&["Alias", "PLMN", "OnlineStatus"]));
        assert_eq!(one.clone().or(&View::Everything), View::Everything);
        assert_eq!(View::nothing().or(&one), one);
        assert!(View::nothing().or(&View::nothing()).is_nothing());
        assert!(one.may_see(Attribute::Plmn) && !one.may_see(Attribute::OnlineStatus));
    }

    #[test]
    fn a_view_is_kept_as_text() {
        let spelt = |view: &View| serde_json::to_string(view).unwrap();
        assert_eq!(spelt(&View::Everything), r#""everything""#);
        assert_eq!(spelt(&only(&["Alias"])), r#"{"only":["Alias"]}"#);
    }
}
