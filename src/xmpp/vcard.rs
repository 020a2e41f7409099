//! Profiles in their oldest spelling (XEP-0054).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// Characters of one text that are read.
const MAX_CHARS: usize = 1024;

/// As much of a profile as we know or show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// The whole name.
    pub full_name: Option<String>,
    /// The name among friends.
    pub nickname: Option<String>,
    /// A picture.
    pub photo: Option<Photo>,
    /// Where the user is.
    pub address: Option<Address>,
    /// The clock's distance from UTC, as in `+02:00`.
    pub time_zone: Option<String>,
    /// Latitude and longitude in degrees, as decimals.
    pub point: Option<(String, String)>,
    /// A page of the user.
    pub url: Option<String>,
}

/// A picture in a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Photo {
    /// What kind it is, by its own word.
    pub media_type: String,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// A place in a town.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Building or quarter.
    pub extended: Option<String>,
    /// The street.
    pub street: Option<String>,
    /// The city.
    pub locality: Option<String>,
    /// The country.
    pub country: Option<String>,
}

impl VCard {
    /// Reads a profile; whatever it has besides is passed over.
    pub fn read(vcard: Node<'_>) -> Self {
        let part = |name| vcard.child(name, ns::VCARD);
        let point = part("GEO").and_then(|geo| text(geo, "LAT").zip(text(geo, "LON")));
        Self {
            full_name: text(vcard, "FN"),
            nickname: text(vcard, "NICKNAME"),
            photo: part("PHOTO").and_then(Photo::read),
            address: part("ADR").map(Address::read),
            time_zone: text(vcard, "TZ"),
            point,
            url: text(vcard, "URL"),
        }
    }

    /// Returns the profile.
    // spec: XEP-0054 §A: the order of the document's type.
    pub fn to_payload(&self) -> Payload {
        let point = self.point.as_ref().map(|(latitude, longitude)| {
            element("GEO").with_leaf("LAT", latitude).with_leaf("LON", longitude)
        });
        element("vCard")
            .with_all(leaf("FN", &self.full_name))
            .with_all(leaf("NICKNAME", &self.nickname))
            .with_all(self.photo.as_ref().map(Photo::to_payload))
            .with_all(self.address.as_ref().map(Address::to_payload))
            .with_all(leaf("TZ", &self.time_zone))
            .with_all(point)
            .with_all(leaf("URL", &self.url))
    }
}

impl Photo {
    fn read(photo: Node<'_>) -> Option<Self> {
        let octets = read_base64(&photo.child("BINVAL", ns::VCARD)?.text())?;
        let media_type = text(photo, "TYPE").unwrap_or_default();
        (!octets.is_empty()).then_some(Self { media_type, octets })
    }

    fn to_payload(&self) -> Payload {
        element("PHOTO")
            .with_leaf("TYPE", &self.media_type)
            .with_leaf("BINVAL", &write_base64(&self.octets))
    }
}

impl Address {
    fn read(address: Node<'_>) -> Self {
        Self {
            extended: text(address, "EXTADD"),
            street: text(address, "STREET"),
            locality: text(address, "LOCALITY"),
            country: text(address, "CTRY"),
        }
    }

    fn to_payload(&self) -> Payload {
        element("ADR")
            .with_all(leaf("EXTADD", &self.extended))
            .with_all(leaf("STREET", &self.street))
            .with_all(leaf("LOCALITY", &self.locality))
            .with_all(leaf("CTRY", &self.country))
    }
}

/// Reads base64 as people write it: in lines, with or without its end.
pub(in crate::xmpp) fn read_base64(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let letters: Vec<u8> = text.bytes().filter(|letter| !letter.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&alphabet::STANDARD, config).decode(letters).ok()
}

/// Writes base64 in one line.
pub(in crate::xmpp) fn write_base64(octets: &[u8]) -> String {
    BASE64_STANDARD.encode(octets)
}

fn element(name: &str) -> Payload {
    Payload::new(name, ns::VCARD)
}

fn leaf(name: &str, text: &Option<String>) -> Option<Payload> {
    text.as_ref().map(|text| element(name).with_text(text))
}

fn text(of: Node<'_>, name: &str) -> Option<String> {
    of.child_text(name, ns::VCARD).map(|text| text.chars().take(MAX_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_profile_is_read_as_it_was_written() {
        let card = VCard {
            full_name: some("Peter Saint-Andre"),
            nickname: some("stpeter"),
            photo: Some(Photo { media_type: "image/png".into(), octets: vec![0x89, 0x50] }),
            address: Some(Address {
                extended: some("Suite 600"),
                street: some("1899 Wynkoop Street"),
                locality: some("Denver"),
                country: some("USA"),
            }),
            time_zone: some("-07:00"),
            point: Some(("39.75".into(), "-104.99".into())),
            url: some("http://www.xmpp.org/xsf/people/stpeter.shtml"),
        };
        assert_eq!(VCard::read(card.to_payload().node()), card);
        assert_eq!(VCard::read(VCard::default().to_payload().node()), VCard::default());
    }

    #[test]
    fn the_pictures_of_other_programs_are_read() {
        let card = |photo: &str| {
            let text = format!("<vCard xmlns='vcard-temp'><PHOTO>{photo}</PHOTO></vCard>");
            VCard::read(Payload::parse(&text).unwrap().node()).photo
        };
        for octets in ["iVBORw==", "iVBO\n Rw==\n", "iVBORw"] {
            let photo = card(&format!("<TYPE>image/png</TYPE><BINVAL>{octets}</BINVAL>"));
            assert_eq!(photo.unwrap().octets, b"\x89PNG", "{octets}");
        }
        for none in ["", "<EXTVAL>http://x/y.png</EXTVAL>", "<BINVAL/>", "<BINVAL>#</BINVAL>"] {
            assert_eq!(card(none), None, "{none}");
        }
    }

    #[test]
    fn a_text_without_end_is_cut_off() {
        let long = VCard { full_name: Some("x".repeat(100_000)), ..VCard::default() };
        let read = VCard::read(long.to_payload().node());
        assert_eq!(read.full_name.unwrap().len(), MAX_CHARS);
    }

    proptest! {
        #[test]
        fn no_profile_panics(
            names in proptest::collection::vec("FN|NICKNAME|PHOTO|BINVAL|GEO|LAT|LON|ADR|TZ", 0..8),
            text in ".{0,40}",
        ) {
            let inner = names.iter().rev().fold(element("X").with_text(&text), |inside, name| {
                element(name).with(inside).with_text(&text)
            });
            let read = VCard::read(element("vCard").with(inner).node());
            VCard::read(read.to_payload().node());
        }
    }
}
