//! Presence: what an account or one of its devices shows of itself.

use std::cmp::Reverse;

/// What one device shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Presence {
    /// Whether the device is reachable.
    #[serde(skip_serializing_if = "is_default")]
    pub is_online: bool,
    /// How willing its user is.
    #[serde(skip_serializing_if = "is_default")]
    pub mood: Availability,
    /// The user's own words.
    #[serde(skip_serializing_if = "is_default")]
    pub status: Option<String>,
    /// Among several devices of an account the greatest speaks for it.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: i8,
    /// The name that the user chose.
    #[serde(skip_serializing_if = "is_default")]
    pub alias: Option<String>,
    /// What the device is.
    #[serde(skip_serializing_if = "is_default")]
    pub client: Option<Box<Client>>,
    /// A small picture.
    #[serde(skip_serializing_if = "is_default")]
    pub picture: Option<Box<Picture>>,
}

/// How willing somebody is to talk.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Availability {
    /// Shows as offline although reachable.
    Hidden,
    /// Wants to be left alone.
    Busy,
    /// Away for long.
    LongAway,
    /// Away.
    Away,
    /// There.
    #[default]
    Available,
    /// Looks for a chat.
    Chatty,
}

/// What a device says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Client {
    /// The kind, as in `MOBILE_PHONE`, `COMPUTER`.
    pub kind: Option<String>,
    /// Who made the device.
    pub manufacturer: Option<String>,
    /// Who made the program.
    pub producer: Option<String>,
    /// The model of the device.
    pub model: Option<String>,
    /// The version of the program.
    pub version: Option<String>,
    /// The language of its user.
    pub language: Option<String>,
}

/// A picture as a phone publishes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Picture {
    /// Its media type.
    pub media_type: String,
    /// Its octets, as base64.
    pub base64: String,
}

impl Presence {
    /// Returns the presence of somebody who is not there.
    pub fn offline() -> Self {
        Self::default()
    }

    /// Returns whether others see the device as reachable.
    pub fn is_visible(&self) -> bool {
        self.is_online && self.mood != Availability::Hidden
    }
}

/// Returns the one presence that speaks for an account: of the visible devices the one of the
/// highest priority, then the most available.
pub fn merged<'a>(devices: impl IntoIterator<Item = &'a Presence>) -> Option<&'a Presence> {
    devices
        .into_iter()
        .min_by_key(|device| Reverse((device.is_visible(), device.priority, device.mood)))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(priority: i8, mood: Availability) -> Presence {
        Presence { is_online: true, priority, mood, ..Presence::default() }
    }

    #[test]
    fn priority_speaks_then_availability() {
        let (low, high) = (device(0, Availability::Available), device(5, Availability::Away));
        assert_eq!(merged([&low, &high]), Some(&high));
        let busy = device(0, Availability::Busy);
        assert_eq!(merged([&busy, &low]), Some(&low));
    }

    #[test]
    fn a_visible_device_speaks_before_a_hidden_or_absent_one() {
        let (hidden, absent) = (device(9, Availability::Hidden), Presence::offline());
        let there = device(-1, Availability::LongAway);
        assert_eq!(merged([&hidden, &absent, &there]), Some(&there));
        assert_eq!(merged([]), None);
    }

    #[test]
    fn what_is_not_set_takes_no_room() {
        assert_eq!(serde_json::to_string(&Presence::offline()).unwrap(), "{}");
    }
}
