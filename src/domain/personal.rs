//! What users show of themselves, whichever device they hold.

use crate::domain::place::Place;

/// The facts of a user; each is there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Personal {
    /// The name that the user chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// How the user feels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mood: Option<Mood>,
    /// A small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// Where the user is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Minutes that the user's clock is ahead of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone_minutes: Option<i16>,
    /// The language that the user likes best, as the user's device spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The mobile network that the user is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Whether the user's device is in its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_registered: Option<bool>,
    /// Pages that the user points to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// How the user wishes to be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preferred_contacts: Vec<Channel>,
    /// How the user can be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// The user's card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// A mood.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mood {
    /// Its name in small letters, as in `in_love`.
    // spec: XEP-0107 §3
    pub word: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A picture of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Picture {
    /// SHA-1 of its octets, in hexadecimal.
    pub hash: String,
    /// Its media type.
    pub media_type: String,
    /// How many octets it has.
    pub bytes: u32,
    /// Pixels across, zero if not known.
    pub width: u16,
    /// Pixels down, zero if not known.
    pub height: u16,
    /// The octets as base64; empty where only the hash is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base64: String,
}

/// A page that a user points to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Link {
    /// Where it is.
    pub url: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// A way to reach a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Channel {
    /// The kind, as in `IM`, `CALL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it works at present, as in `OPEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The address on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the user says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its rank among several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
}

/// A card, here or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Card {
    /// Its text.
    Contained(String),
    /// Where it is.
    Referred(String),
}

impl Picture {
    /// Returns a picture of which the hash is known and no more.
    pub fn known_by(hash: String) -> Self {
        Self { hash, ..Self::default() }
    }
}

impl Personal {
    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the facts as they are kept: none at all where none is known.
    pub fn boxed(self) -> Option<Box<Self>> {
        (!self.is_empty()).then(|| Box::new(self))
    }

    /// Sets each fact that another knows.
    pub fn overlay(&mut self, other: &Self) {
        fn known<T: Clone>(fact: &mut Option<T>, other: &Option<T>) {
            if other.is_some() {
                fact.clone_from(other);
            }
        }
        fn listed<T: Clone>(facts: &mut Vec<T>, others: &[T]) {
            if !others.is_empty() {
                *facts = others.to_vec();
            }
        }
        known(&mut self.alias, &other.alias);
        known(&mut self.mood, &other.mood);
        known(&mut self.picture, &other.picture);
        known(&mut self.place, &other.place);
        known(&mut self.time_zone_minutes, &other.time_zone_minutes);
        known(&mut self.language, &other.language);
        known(&mut self.network, &other.network);
        known(&mut self.is_registered, &other.is_registered);
        listed(&mut self.links, &other.links);
        listed(&mut self.preferred_contacts, &other.preferred_contacts);
        listed(&mut self.channels, &other.channels);
        known(&mut self.card, &other.card);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_laid_over_each_other_one_by_one() {
        let alias = |name: &str| Personal { alias: Some(name.into()), ..Personal::default() };
        let mut facts = Personal { language: Some("fin".into()), ..alias("old") };
        facts.overlay(&alias("new"));
        assert_eq!(facts, Personal { language: Some("fin".into()), ..alias("new") });
        facts.overlay(&Personal::default());
        assert_eq!(facts.alias.as_deref(), Some("new"));
    }

    #[test]
    fn what_is_not_known_takes_no_room() {
        assert_eq!(serde_json::to_string(&Personal::default()).unwrap(), "{}");
    }
}
