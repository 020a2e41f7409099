//! Presence: what an account or one of its devices shows of itself.

use std::cmp::Reverse;

use crate::domain::personal::Personal;

/// What one device shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Presence {
    /// Whether the device is reachable.
    #[serde(skip_serializing_if = "is_default")]
    pub is_online: bool,
    /// How willing its user is.
    #[serde(skip_serializing_if = "is_default")]
    pub availability: Availability,
    /// The user's own words.
    #[serde(skip_serializing_if = "is_default")]
    pub status: Option<String>,
    /// Among several devices of an account the greatest speaks for it.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: i8,
    /// What the device is.
    #[serde(skip_serializing_if = "is_default")]
    pub client: Option<Box<Client>>,
    /// What its user shows, whichever device it is.
    #[serde(skip_serializing_if = "is_default")]
    pub personal: Option<Box<Personal>>,
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

impl Client {
    /// Takes what another says where this says nothing.
    pub fn fill(&mut self, other: &Self) {
        fn fill(fact: &mut Option<String>, other: &Option<String>) {
            if fact.is_none() {
                fact.clone_from(other);
            }
        }
        fill(&mut self.kind, &other.kind);
        fill(&mut self.manufacturer, &other.manufacturer);
        fill(&mut self.producer, &other.producer);
        fill(&mut self.model, &other.model);
        fill(&mut self.version, &other.version);
        fill(&mut self.language, &other.language);
    }
}

impl Presence {
    /// Returns the presence of somebody who is not there.
    pub fn offline() -> Self {
        Self::default()
    }

    /// Returns the name that its user chose.
    pub fn alias(&self) -> Option<&str> {
        self.personal.as_ref()?.alias.as_deref()
    }

    /// Returns the language that its user likes best, or that the device speaks.
    pub fn language(&self) -> Option<&str> {
        let of_user = self.personal.as_ref().and_then(|user| user.language.as_deref());
        of_user.or_else(|| self.client.as_ref()?.language.as_deref())
    }

    /// Returns whether others see the device as reachable.
    pub fn is_visible(&self) -> bool {
        self.is_online && self.availability != Availability::Hidden
    }
}

/// Returns what an account shows by all its devices: of the visible ones that of the highest
/// priority, then the most available, speaks; what is known of the account itself is laid over it.
pub fn merged<'a>(
    devices: impl IntoIterator<Item = &'a Presence>,
    account: Option<&Personal>,
) -> Presence {
    let mut shown = speaking(devices, |device| device).cloned().unwrap_or_default();
    if let Some(account) = account {
        shown.personal.get_or_insert_default().overlay(account);
    }
    shown
}

/// Returns which device speaks for its account, if one is visible.
pub fn speaking<'a, T>(
    devices: impl IntoIterator<Item = &'a T>,
    shown: impl Fn(&'a T) -> &'a Presence,
) -> Option<&'a T> {
    let rank = |device: &&'a T| {
        let shown = shown(device);
        Reverse((shown.is_visible(), shown.priority, shown.availability))
    };
    devices.into_iter().min_by_key(rank).filter(|device| shown(device).is_visible())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(priority: i8, availability: Availability) -> Presence {
        Presence { is_online: true, priority, availability, ..Presence::default() }
    }

    #[test]
    fn priority_speaks_then_availability() {
        let (low, high) = (device(0, Availability::Available), device(5, Availability::Away));
        assert_eq!(merged([&low, &high], None), high);
        let busy = device(0, Availability::Busy);
        assert_eq!(merged([&busy, &low], None), low);
    }

    #[test]
    fn a_visible_device_speaks_before_a_hidden_or_absent_one() {
        let (hidden, absent) = (device(9, Availability::Hidden), Presence::offline());
        let there = device(-1, Availability::LongAway);
        assert_eq!(merged([&hidden, &absent, &there], None), there);
        assert_eq!(merged([&hidden, &absent], None), Presence::offline());
        assert_eq!(merged([], None), Presence::offline());
    }

    #[test]
    fn what_the_account_shows_is_laid_over_its_devices_and_stays_without_them() {
        let alias = |name: &str| Personal { alias: Some(name.into()), ..Personal::default() };
        let mut there = device(0, Availability::Away);
        there.personal =
            Some(Box::new(Personal { language: Some("fin".into()), ..alias("device") }));
        let account = alias("account");
        let shown = merged([&there], Some(&account));
        let facts = shown.personal.unwrap();
        assert_eq!(facts.alias.as_deref(), Some("account"));
        assert_eq!(facts.language.as_deref(), Some("fin"));
        there.availability = Availability::Hidden;
        let shown = merged([&there], Some(&account));
        assert_eq!(*shown.personal.unwrap(), account);
        assert!(!shown.is_online);
    }

    #[test]
    fn the_user_s_language_goes_before_that_of_the_device() {
        let language = Some("fin".to_owned());
        let user = Some(Box::new(Personal { language, ..Personal::default() }));
        let client = Client { language: Some("swe".into()), ..Client::default() };
        let mut shown = Presence { personal: user, ..Presence::default() };
        assert_eq!(shown.language(), Some("fin"));
        shown.client = Some(Box::new(client));
        assert_eq!(shown.language(), Some("fin"));
        shown.personal = None;
        assert_eq!(shown.language(), Some("swe"));
        assert_eq!(Presence::default().language(), None);
    }

    #[test]
    fn what_is_not_set_takes_no_room() {
        assert_eq!(serde_json::to_string(&Presence::offline()).unwrap(), "{}");
    }
}
