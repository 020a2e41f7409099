//! Personal facts as a profile of the network (XEP-0054).

use crate::{
    bridge::{
        self,
        bounded::{NAME, some},
        time_zone,
    },
    domain::{
        personal::Personal,
        place::{DEGREE, Place},
    },
    xmpp::vcard::{Address, Photo, VCard},
};

/// Returns as much of a profile as a user has told, with the octets of its picture.
pub fn to_vcard(personal: &Personal, photo: Option<Photo>) -> VCard {
    let place = personal.place.as_ref();
    let mut card = VCard {
        full_name: personal.alias.clone(),
        nickname: personal.alias.clone(),
        photo,
        address: place.map(address).filter(|address| *address != Address::default()),
        time_zone: personal.time_zone_minutes.map(time_zone::to_network),
        point: place.and_then(|place| place.point).map(|point| {
            let decimal = |parts: i32| (f64::from(parts) / f64::from(DEGREE)).to_string();
            (decimal(point.latitude), decimal(point.longitude))
        }),
        url: personal.links.first().map(|link| link.url.clone()),
        ..VCard::default()
    };
    if let Some(of_user) = &personal.card {
        bridge::card::add_to_vcard(of_user, &mut card);
    }
    card
}

/// Takes the facts of a profile of the network that its user has not published otherwise: its card,
/// and of that a name and a time zone.
pub fn of_vcard(card: &VCard, personal: &mut Personal) {
    let nickname = || some(card.nickname.as_deref(), NAME);
    personal.alias = personal.alias.take().or_else(nickname);
    let zone = || card.time_zone.as_deref().and_then(time_zone::read);
    personal.time_zone_minutes = personal.time_zone_minutes.or_else(zone);
    personal.card = bridge::card::of_vcard(card);
}

fn address(place: &Place) -> Address {
    let parts = [&place.building, &place.area];
    let extended: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    Address {
        extended: (!extended.is_empty()).then(|| extended.join(", ")),
        street: place.street.clone(),
        locality: place.city.clone(),
        country: place.country.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        personal::{Card, Link},
        place::Point,
    };

    #[test]
    fn what_a_user_told_is_in_the_profile() {
        let some = |text: &str| Some(text.to_owned());
        let place = Place {
            point: Point::new(601_234_567, -5_000_000),
            building: some("Kiasma"),
            area: some("Kluuvi"),
            city: some("Helsinki"),
            ..Place::default()
        };
        let personal = Personal {
            alias: some("Kim"),
            place: Some(place),
            time_zone_minutes: Some(-90),
            links: vec![Link { url: "http://kim.example/".into(), ..Link::default() }],
            ..Personal::default()
        };
        let card = to_vcard(&personal, None);
        assert_eq!((card.full_name, card.nickname), (some("Kim"), some("Kim")));
        assert_eq!(card.point, Some(("60.1234567".into(), "-0.5".into())));
        assert_eq!(card.time_zone.as_deref(), Some("-01:30"));
        assert_eq!(card.url.as_deref(), Some("http://kim.example/"));
        let address = card.address.unwrap();
        assert_eq!(address.extended.as_deref(), Some("Kiasma, Kluuvi"));
        assert_eq!((address.locality.as_deref(), address.street), (Some("Helsinki"), None));
    }

    #[test]
    fn the_card_of_a_user_is_in_the_profile() {
        let card = Card::Contained("BEGIN:VCARD\nN:Hopper;Grace\nTEL;CELL:+1\nEND:VCARD".into());
        let alias = Some("Gracie".to_owned());
        let told = Personal { alias, card: Some(card), ..Personal::default() };
        let card = to_vcard(&told, None);
        assert_eq!(card.full_name.as_deref(), Some("Gracie"));
        assert_eq!(card.family.as_deref(), Some("Hopper"));
        assert_eq!(card.numbers[0].number, "+1");
    }

    #[test]
    fn a_profile_of_the_network_becomes_what_its_user_shows() {
        let some = |text: &str| Some(text.to_owned());
        let card = VCard {
            full_name: some("Kim Novak"),
            nickname: some("Kim"),
            time_zone: some("-01:30"),
            ..VCard::default()
        };
        let mut personal = Personal::default();
        of_vcard(&card, &mut personal);
        assert_eq!((personal.alias, personal.time_zone_minutes), (some("Kim"), Some(-90)));
        let Some(Card::Contained(text)) = personal.card else { panic!() };
        assert!(text.contains("FN:Kim Novak"));
        let mut personal = Personal { alias: some("K"), ..Personal::default() };
        of_vcard(&VCard { time_zone: some("later"), ..card }, &mut personal);
        assert_eq!((personal.alias, personal.time_zone_minutes), (some("K"), None));
    }

    #[test]
    fn who_told_nothing_has_no_profile() {
        assert_eq!(to_vcard(&Personal::default(), None), VCard::default());
        let words = Place { words: Some("at home".into()), ..Place::default() };
        let told = Personal { place: Some(words), ..Personal::default() };
        assert_eq!(to_vcard(&told, None), VCard::default());
    }
}
