//! Places (XEP-0080).

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// A place as it is published; what is not known to phones is passed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geoloc {
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// Metres above the sea.
    pub alt: Option<f64>,
    /// Metres that the point may be off.
    pub accuracy: Option<f64>,
    /// Minutes of arc that the point may be off, as older programs tell it.
    pub error: Option<f64>,
    /// The country.
    pub country: Option<String>,
    /// The country's code of two letters.
    pub country_code: Option<String>,
    /// A state or province.
    pub region: Option<String>,
    /// The town.
    pub locality: Option<String>,
    /// A part of the town.
    pub area: Option<String>,
    /// The street.
    pub street: Option<String>,
    /// The building.
    pub building: Option<String>,
    /// The place in the words of people.
    pub description: Option<String>,
    /// All else, for people.
    pub text: Option<String>,
    /// How far the clock there is ahead of UTC, as in `-07:00`.
    pub tzo: Option<String>,
}

impl Geoloc {
    /// Reads a place; what is no number counts as absent.
    pub fn read(geoloc: Node<'_>) -> Self {
        let text = |name| geoloc.child_text(name, ns::GEOLOC);
        let number = |name| {
            let number: f64 = text(name)?.parse().ok()?;
            number.is_finite().then_some(number)
        };
        Self {
            lat: number("lat"),
            lon: number("lon"),
            alt: number("alt"),
            accuracy: number("accuracy"),
            error: number("error"),
            country: text("country"),
            country_code: text("countrycode"),
            region: text("region"),
            locality: text("locality"),
            area: text("area"),
            street: text("street"),
            building: text("building"),
            description: text("description"),
            text: text("text"),
            tzo: text("tzo"),
        }
    }

    /// Returns the payload; one that says nothing says that the place is not known any more.
    // spec: XEP-0080 §4.2
    pub fn to_payload(&self) -> Payload {
        let numbers = [
            ("accuracy", self.accuracy),
            ("alt", self.alt),
            ("error", self.error),
            ("lat", self.lat),
            ("lon", self.lon),
        ];
        let texts = [
            ("area", &self.area),
            ("building", &self.building),
            ("country", &self.country),
            ("countrycode", &self.country_code),
            ("description", &self.description),
            ("locality", &self.locality),
            ("region", &self.region),
            ("street", &self.street),
            ("text", &self.text),
            ("tzo", &self.tzo),
        ];
        let leaf = |name: &str, text: &str| Payload::new(name, ns::GEOLOC).with_text(text);
        Payload::new("geoloc", ns::GEOLOC)
            .with_all(
                numbers.iter().filter_map(|(name, number)| {
                    number.map(|number| leaf(name, &number.to_string()))
                }),
            )
            .with_all(
                texts.iter().filter_map(|(name, text)| text.as_ref().map(|text| leaf(name, text))),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives() {
        let place = Geoloc {
            lat: Some(45.44),
            lon: Some(-12.33),
            alt: Some(1609.0),
            accuracy: Some(20.0),
            country: Some("Italy".into()),
            locality: Some("Venice".into()),
            description: Some("at the café".into()),
            tzo: Some("+01:00".into()),
            ..Geoloc::default()
        };
        assert_eq!(Geoloc::read(place.to_payload().node()), place);
    }

    #[test]
    fn what_is_no_number_is_not_known() {
        for text in ["NaN", "inf", "-infinity", "north", "", "1e999"] {
            let payload = Payload::new("geoloc", ns::GEOLOC).with_leaf("lat", text);
            assert_eq!(Geoloc::read(payload.node()).lat, None, "{text}");
        }
    }
}
