//! Places: of phones in three attributes, of the network in one payload (XEP-0080).

use compact_str::{CompactString, ToCompactString};

use crate::{
    bridge::{
        bounded,
        degrees::{self, LATITUDE, LONGITUDE},
        time_zone,
    },
    csp::presence_detail::{CivicAddress, GeoLocation},
    domain::{
        personal::Personal,
        place::{Place, Point},
    },
    xmpp::geoloc::Geoloc,
};

/// Nobody is so high or so deep, in metres.
const MAX_ALTITUDE: f64 = 1_000_000.0;

/// Half the way around the globe, in metres: to be off by more says nothing.
const MAX_ACCURACY: f64 = 20_000_000.0;

/// Metres in a minute of arc.
const ARC_MINUTE: f64 = 1852.0;

/// Returns the place on the globe that a phone is shown.
pub fn to_geo_location(place: &Place) -> Option<GeoLocation> {
    let location = GeoLocation {
        longitude: place.point.map(|point| LONGITUDE.write(point.longitude).into()),
        latitude: place.point.map(|point| LATITUDE.write(point.latitude).into()),
        altitude: place.altitude_metres.map(|metres| metres.to_compact_string()),
        accuracy: place.accuracy_metres.map(|metres| metres.to_compact_string()),
    };
    (location != GeoLocation::default()).then_some(location)
}

/// Takes the place on the globe that a phone publishes, or takes it back.
pub fn set_geo_location(place: &mut Place, location: Option<&GeoLocation>) {
    let metres = |text: &Option<CompactString>| -> Option<f64> {
        text.as_deref()?.trim().trim_end_matches(['m', 'M']).trim_end().parse().ok()
    };
    place.point = location.and_then(|location| {
        let latitude = LATITUDE.read(location.latitude.as_deref()?)?;
        let longitude = LONGITUDE.read(location.longitude.as_deref()?)?;
        Point::new(latitude, longitude)
    });
    place.altitude_metres = location.and_then(|location| altitude(metres(&location.altitude)?));
    place.accuracy_metres = location.and_then(|location| accuracy(metres(&location.accuracy)?));
}

/// Returns the place in a town that a phone is shown.
pub fn to_civic_address(place: &Place) -> Option<CivicAddress> {
    let text = |text: &Option<String>| text.as_deref().map(CompactString::from);
    let address = CivicAddress {
        country: text(&place.country),
        city: text(&place.city),
        street: text(&place.street),
        crossing1: text(&place.crossing1),
        crossing2: text(&place.crossing2),
        building: text(&place.building),
        named_area: text(&place.area),
    };
    (address != CivicAddress::default()).then_some(address)
}

/// Takes the place in a town that a phone publishes, or takes it back.
pub fn set_civic_address(place: &mut Place, address: Option<&CivicAddress>) {
    let nowhere = CivicAddress::default();
    let address = address.unwrap_or(&nowhere);
    let text = |text: &Option<CompactString>| bounded::some(text.as_deref(), bounded::NAME);
    place.country = text(&address.country);
    place.city = text(&address.city);
    place.street = text(&address.street);
    place.crossing1 = text(&address.crossing1);
    place.crossing2 = text(&address.crossing2);
    place.building = text(&address.building);
    place.area = text(&address.named_area);
}

/// Returns where a user is, for the network.
pub fn to_geoloc(personal: &Personal) -> Geoloc {
    let Some(place) = &personal.place else { return Geoloc::default() };
    let crossings: Vec<&str> =
        [&place.crossing1, &place.crossing2].into_iter().flatten().map(String::as_str).collect();
    Geoloc {
        lat: place.point.map(|point| degrees::decimal(point.latitude)),
        lon: place.point.map(|point| degrees::decimal(point.longitude)),
        alt: place.altitude_metres.map(f64::from),
        accuracy: place.accuracy_metres.map(f64::from),
        country: place.country.clone(),
        locality: place.city.clone(),
        area: place.area.clone(),
        street: place.street.clone(),
        building: place.building.clone(),
        description: place.words.clone(),
        // The network has no other word for them.
        text: (!crossings.is_empty()).then(|| crossings.join(" / ")),
        tzo: personal.time_zone_minutes.map(time_zone::to_network),
        ..Geoloc::default()
    }
}

/// Takes where a user of the network is, or that it is not known.
pub fn set_geoloc(personal: &mut Personal, geoloc: &Geoloc) {
    let name = |text: &Option<String>| bounded::some(text.as_deref(), bounded::NAME);
    let point = geoloc.lat.zip(geoloc.lon).and_then(|(latitude, longitude)| {
        Point::new(LATITUDE.kept(latitude)?, LONGITUDE.kept(longitude)?)
    });
    let off = geoloc.accuracy.or_else(|| geoloc.error.map(|minutes| minutes * ARC_MINUTE));
    let words = match (&geoloc.description, &geoloc.text) {
        (Some(description), Some(text)) if description != text => {
            Some(format!("{description}, {text}"))
        }
        (description, text) => description.clone().or_else(|| text.clone()),
    };
    let place = Place {
        point,
        altitude_metres: geoloc.alt.and_then(altitude),
        accuracy_metres: off.and_then(accuracy),
        country: name(&geoloc.country).or_else(|| name(&geoloc.country_code)),
        city: name(&geoloc.locality).or_else(|| name(&geoloc.region)),
        street: name(&geoloc.street),
        building: name(&geoloc.building),
        area: name(&geoloc.area),
        words: bounded::some(words.as_deref(), bounded::SENTENCE),
        ..Place::default()
    };
    personal.place = (!place.is_empty()).then_some(place);
    personal.time_zone_minutes = geoloc.tzo.as_deref().and_then(time_zone::read);
}

fn altitude(metres: f64) -> Option<i32> {
    // Bounded: the cast is exact.
    (metres.abs() <= MAX_ALTITUDE).then(|| metres.round() as i32)
}

fn accuracy(metres: f64) -> Option<u32> {
    // Bounded: the cast is exact.
    (0.0..=MAX_ACCURACY).contains(&metres).then(|| metres.round() as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::place::DEGREE;

    fn seen(geoloc: Geoloc) -> Place {
        let mut personal = Personal::default();
        set_geoloc(&mut personal, &geoloc);
        personal.place.unwrap_or_default()
    }

    #[test]
    fn a_point_off_the_globe_is_ignored_and_the_rest_kept() {
        let place = seen(Geoloc {
            lat: Some(90.1),
            lon: Some(12.0),
            alt: Some(1e12),
            accuracy: Some(-1.0),
            country: Some("Italy".into()),
            ..Geoloc::default()
        });
        assert_eq!(place, Place { country: Some("Italy".into()), ..Place::default() });
        assert_eq!(
            seen(Geoloc { lat: Some(f64::NAN), lon: Some(0.0), ..Geoloc::default() }).point,
            None
        );
        assert_eq!(seen(Geoloc { lat: Some(1.0), ..Geoloc::default() }).point, None);
    }

    #[test]
    fn what_older_and_coarser_programs_tell_is_used() {
        let text = |text: &str| Some(text.to_owned());
        let place = seen(Geoloc {
            error: Some(0.5),
            country_code: text("IT"),
            region: text("Veneto"),
            text: text("by the sea"),
            ..Geoloc::default()
        });
        assert_eq!(place.accuracy_metres, Some(926));
        assert_eq!(place.country, text("IT"));
        assert_eq!(place.city, text("Veneto"));
        assert_eq!(place.words, text("by the sea"));
    }

    #[test]
    fn crossings_become_words_for_the_network() {
        let text = |text: &str| Some(text.to_owned());
        let place = Place {
            crossing1: text("Strand"),
            crossing2: text("Aldwych"),
            words: text("pub"),
            ..Place::default()
        };
        let geoloc = to_geoloc(&Personal { place: Some(place), ..Personal::default() });
        assert_eq!(geoloc.text, text("Strand / Aldwych"));
        assert_eq!(seen(geoloc).words, text("pub, Strand / Aldwych"));
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = Some("x".repeat(100_000));
        let place = seen(Geoloc { street: long.clone(), text: long, ..Geoloc::default() });
        assert_eq!(place.street.unwrap().len(), bounded::NAME);
        assert_eq!(place.words.unwrap().len(), bounded::SENTENCE);
    }

    proptest! {
        #[test]
        fn a_point_survives_the_network_exactly_and_phones_to_a_thousandth_of_a_second(
            latitude in -90 * DEGREE..=90 * DEGREE,
            longitude in -180 * DEGREE..=180 * DEGREE,
            altitude in proptest::option::of(-10_000..10_000),
            accuracy in proptest::option::of(0_u32..100_000),
        ) {
            let place = Place {
                point: Point::new(latitude, longitude),
                altitude_metres: altitude,
                accuracy_metres: accuracy,
                ..Place::default()
            };
            let personal = Personal { place: Some(place.clone()), ..Personal::default() };
            prop_assert_eq!(&seen(to_geoloc(&personal)), &place);
            let mut again = Place::default();
            set_geo_location(&mut again, to_geo_location(&place).as_ref());
            let point = again.point.unwrap();
            prop_assert!((point.latitude - latitude).abs() <= 2);
            prop_assert!((point.longitude - longitude).abs() <= 2);
            prop_assert_eq!(again.altitude_metres, altitude);
            prop_assert_eq!(again.accuracy_metres, accuracy);
        }
    }
}
