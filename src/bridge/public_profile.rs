//! Public profiles: as properties of phones, and in profiles of the network (XEP-0054).

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    base::clock::Millis,
    bridge::bounded::{self, some},
    csp::contact_list::Property,
    domain::public_profile::{MAX_CHARS, PublicProfile},
    xmpp::vcard::{Address, VCard},
};

/// How a property finds its text.
type Text = fn(&mut PublicProfile) -> &mut Option<String>;

/// The properties that are texts.
const TEXTS: [(&str, Text); 8] = [
    ("PP_FRIENDLY_NAME", |profile| &mut profile.friendly_name),
    ("PP_GENDER", |profile| &mut profile.gender),
    ("PP_CITY", |profile| &mut profile.city),
    ("PP_COUNTRY", |profile| &mut profile.country),
    ("PP_INTENTION", |profile| &mut profile.intention),
    ("PP_INTERESTS", |profile| &mut profile.interests),
    ("PP_MARITAL_STATUS", |profile| &mut profile.marital_status),
    ("PP_FREE_TEXT", |profile| &mut profile.free_text),
];

const AGE: &str = "PP_AGE";

/// Characters of a date, with dashes and without.
const DATE: usize = 10;
const BASIC_DATE: usize = 8;

/// Returns a profile in the words of phones.
pub fn to_phone(profile: &PublicProfile) -> Vec<Property> {
    let mut profile = profile.clone();
    let age = profile.age.map(|age| Property::new(AGE, &age.to_string()));
    let texts = TEXTS.iter().filter_map(|(name, text)| {
        text(&mut profile).as_deref().map(|text| Property::new(name, text))
    });
    texts.chain(age).collect()
}

/// Takes a property that a phone tells, or takes back; false if there is none such.
pub fn set(profile: &mut PublicProfile, property: &Property) -> bool {
    let value = some(Some(&property.value), MAX_CHARS);
    if property.is_named(AGE) {
        let Ok(age) = value.map(|age| age.parse()).transpose() else { return false };
        profile.age = age;
        return true;
    }
    let Some((_, text)) = TEXTS.iter().find(|(name, _)| property.is_named(name)) else {
        return false;
    };
    *text(profile) = value;
    true
}

/// Returns what is left of a profile of the network in the words of a public one.
pub fn of_vcard(card: &VCard, now: Millis) -> PublicProfile {
    let text = |text: Option<&String>| some(text.map(String::as_str), MAX_CHARS);
    let address = card.address.as_ref();
    PublicProfile {
        friendly_name: text(card.nickname.as_ref()).or_else(|| text(card.full_name.as_ref())),
        age: card.birthday.as_deref().and_then(|birthday| age(birthday, now)),
        city: text(address.and_then(|address| address.locality.as_ref())),
        country: text(address.and_then(|address| address.country.as_ref())),
        free_text: text(card.description.as_ref()),
        ..PublicProfile::default()
    }
}

/// Adds what a user makes public to the profile that the network is shown, where that says
/// nothing of it.
pub fn add_to_vcard(profile: &PublicProfile, card: &mut VCard) {
    fn fill(place: &mut Option<String>, text: &Option<String>) {
        if place.is_none() {
            place.clone_from(text);
        }
    }
    fill(&mut card.full_name, &profile.friendly_name);
    fill(&mut card.nickname, &profile.friendly_name);
    fill(&mut card.description, &profile.free_text);
    if card.address.is_none() && (profile.city.is_some() || profile.country.is_some()) {
        let (locality, country) = (profile.city.clone(), profile.country.clone());
        card.address = Some(Address { locality, country, ..Address::default() });
    }
}

/// Returns how old somebody is by the day of birth, as in `1906-12-09` or `19061209`.
fn age(birthday: &str, now: Millis) -> Option<u8> {
    let digits = if birthday.contains('-') { DATE } else { BASIC_DATE };
    let born: Date = bounded::cut(birthday, digits).parse().ok()?;
    let today = Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).date();
    let is_to_come = (today.month(), today.day()) < (born.month(), born.day());
    u8::try_from(today.year() - born.year() - i16::from(is_to_come)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_all(properties: &[(&str, &str)]) -> (PublicProfile, Vec<bool>) {
        let mut profile = PublicProfile::default();
        let each = properties.iter().map(|(name, value)| Property::new(name, value));
        let taken = each.map(|property| set(&mut profile, &property)).collect();
        (profile, taken)
    }

    #[test]
    fn every_property_is_told_as_it_was_taken() {
        let told: Vec<(&str, &str)> =
            TEXTS.iter().map(|(name, _)| (*name, "a text")).chain([(AGE, "85")]).collect();
        let (profile, taken) = set_all(&told);
        assert!(taken.iter().all(|taken| *taken));
        let back = to_phone(&profile);
        let back: Vec<(&str, &str)> =
            back.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
        assert_eq!(back, told);
        let taken_back: Vec<(&str, &str)> = told.iter().map(|(name, _)| (*name, " ")).collect();
        let (profile, _) = set_all(&[told, taken_back].concat());
        assert_eq!(profile, PublicProfile::default());
    }

    #[test]
    fn what_is_no_property_is_not_taken() {
        let told = [("PP_SHOE_SIZE", "42"), ("PP_AGE", "old"), ("PP_AGE", "-1"), ("PP_AGE", "256")];
        let (profile, taken) = set_all(&told);
        assert_eq!(profile, PublicProfile::default());
        assert!(taken.iter().all(|taken| !taken));
        let (profile, _) = set_all(&[("pp_city", &"x".repeat(10_000))]);
        assert_eq!(profile.city.unwrap().len(), MAX_CHARS);
    }

    #[test]
    fn a_profile_of_the_network_is_read_as_far_as_phones_have_a_word() {
        let some = |text: &str| Some(text.to_owned());
        let address = Address {
            street: some("Strand"),
            locality: some("London"),
            country: some("GB"),
            ..Address::default()
        };
        let card = VCard {
            full_name: some("Ada Lovelace"),
            nickname: some("Ada"),
            birthday: some("1970-01-10"),
            address: Some(address),
            description: some("enchantress of numbers"),
            ..VCard::default()
        };
        let now = Millis(20 * 366 * 24 * 60 * 60 * 1000);
        let profile = of_vcard(&card, now);
        let told: Vec<String> =
            to_phone(&profile).iter().map(|it| format!("{}={}", it.name, it.value)).collect();
        let expected = [
            "PP_FRIENDLY_NAME=Ada",
            "PP_CITY=London",
            "PP_COUNTRY=GB",
            "PP_FREE_TEXT=enchantress of numbers",
            "PP_AGE=20",
        ];
        assert_eq!(told, expected);
        let nameless = VCard { nickname: None, ..card };
        assert_eq!(of_vcard(&nameless, now).friendly_name, some("Ada Lovelace"));
    }

    #[test]
    fn ages_are_counted_by_birthdays() {
        // 2023-11-14
        let now = Millis(1_700_000_000_000);
        for (birthday, years) in [
            ("2000-11-14", Some(23)),
            ("2000-11-15", Some(22)),
            ("20001114", Some(23)),
            ("2000-02-29T00:00:00Z", Some(23)),
            ("2100-01-01", None),
            ("1700-01-01", None),
            ("--11-14", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(age(birthday, now), years, "{birthday}");
        }
    }

    #[test]
    fn what_is_public_fills_the_gaps_of_what_the_network_is_shown() {
        let some = |text: &str| Some(text.to_owned());
        let profile = PublicProfile {
            friendly_name: some("Grace"),
            city: some("Arlington"),
            free_text: some("COBOL"),
            gender: some("F"),
            ..PublicProfile::default()
        };
        let mut card = VCard { nickname: some("Amazing Grace"), ..VCard::default() };
        add_to_vcard(&profile, &mut card);
        let address = Address { locality: some("Arlington"), ..Address::default() };
        let expected = VCard {
            full_name: some("Grace"),
            nickname: some("Amazing Grace"),
            address: Some(address),
            description: some("COBOL"),
            ..VCard::default()
        };
        assert_eq!(card, expected);
        let elsewhere = Address { street: some("Strand"), ..Address::default() };
        card.address = Some(elsewhere.clone());
        add_to_vcard(&profile, &mut card);
        assert_eq!(card.address, Some(elsewhere), "of two places one is told");
    }
}
