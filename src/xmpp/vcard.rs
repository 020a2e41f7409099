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

/// Phone numbers, and mail addresses, that are read.
const MAX_LISTED: usize = 8;

/// What a phone number can be.
// spec: XEP-0054 §A
const KINDS: [&str; 13] = [
    "HOME", "WORK", "VOICE", "FAX", "PAGER", "MSG", "CELL", "VIDEO", "BBS", "MODEM", "ISDN", "PCS",
    "PREF",
];

/// As much of a profile as we know or show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// The whole name.
    pub full_name: Option<String>,
    /// The family name.
    pub family: Option<String>,
    /// The given name.
    pub given: Option<String>,
    /// The name among friends.
    pub nickname: Option<String>,
    /// A picture.
    pub photo: Option<Photo>,
    /// When the user was born, as in `1906-12-09`.
    pub birthday: Option<String>,
    /// Where the user is.
    pub address: Option<Address>,
    /// Phone numbers.
    pub numbers: Vec<Number>,
    /// Addresses for mail.
    pub emails: Vec<String>,
    /// The clock's distance from UTC, as in `+02:00`.
    pub time_zone: Option<String>,
    /// Latitude and longitude in degrees, as decimals.
    pub point: Option<(String, String)>,
    /// What the user does.
    pub title: Option<String>,
    /// For whom.
    pub organization: Option<String>,
    /// A page of the user.
    pub url: Option<String>,
    /// Whatever else.
    pub description: Option<String>,
}

/// A phone number in a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// What it is, as in `CELL`.
    pub kinds: Vec<&'static str>,
    /// The number.
    pub number: String,
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
        let name = |part_of| part("N").and_then(|name| text(name, part_of));
        let each = |name| vcard.children().filter(move |child| child.is(name, ns::VCARD));
        Self {
            full_name: text(vcard, "FN"),
            family: name("FAMILY"),
            given: name("GIVEN"),
            nickname: text(vcard, "NICKNAME"),
            photo: part("PHOTO").and_then(Photo::read),
            birthday: text(vcard, "BDAY"),
            address: part("ADR").map(Address::read),
            numbers: each("TEL").filter_map(Number::read).take(MAX_LISTED).collect(),
            emails: each("EMAIL").filter_map(email).take(MAX_LISTED).collect(),
            time_zone: text(vcard, "TZ"),
            point,
            title: text(vcard, "TITLE"),
            organization: part("ORG").and_then(|org| text(org, "ORGNAME")),
            url: text(vcard, "URL"),
            description: text(vcard, "DESC").or_else(|| text(vcard, "NOTE")),
        }
    }

    /// Returns the profile.
    // spec: XEP-0054 §A: the order of the document's type.
    pub fn to_payload(&self) -> Payload {
        let point = self.point.as_ref().map(|(latitude, longitude)| {
            element("GEO").with_leaf("LAT", latitude).with_leaf("LON", longitude)
        });
        let name = (self.family.is_some() || self.given.is_some()).then(|| {
            element("N").with_all(leaf("FAMILY", &self.family)).with_all(leaf("GIVEN", &self.given))
        });
        let email =
            |email: &String| element("EMAIL").with(element("INTERNET")).with_leaf("USERID", email);
        let organization =
            self.organization.as_ref().map(|name| element("ORG").with_leaf("ORGNAME", name));
        element("vCard")
            .with_all(leaf("FN", &self.full_name))
            .with_all(name)
            .with_all(leaf("NICKNAME", &self.nickname))
            .with_all(self.photo.as_ref().map(Photo::to_payload))
            .with_all(leaf("BDAY", &self.birthday))
            .with_all(self.address.as_ref().map(Address::to_payload))
            .with_all(self.numbers.iter().map(Number::to_payload))
            .with_all(self.emails.iter().map(email))
            .with_all(leaf("TZ", &self.time_zone))
            .with_all(point)
            .with_all(leaf("TITLE", &self.title))
            .with_all(organization)
            .with_all(leaf("URL", &self.url))
            .with_all(leaf("DESC", &self.description))
    }
}

impl Number {
    /// Returns the word for what a number can be, however it is spelt.
    pub fn kind(word: &str) -> Option<&'static str> {
        KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(word))
    }

    fn read(tel: Node<'_>) -> Option<Self> {
        let kinds = tel.children().filter_map(|child| Self::kind(child.name())).take(MAX_LISTED);
        Some(Self {
            kinds: kinds.collect(),
            number: text(tel, "NUMBER").or_else(|| own_text(tel))?,
        })
    }

    fn to_payload(&self) -> Payload {
        element("TEL")
            .with_all(self.kinds.iter().map(|kind| element(kind)))
            .with_leaf("NUMBER", &self.number)
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

fn email(email: Node<'_>) -> Option<String> {
    text(email, "USERID").or_else(|| own_text(email))
}

/// Older programs write the text where its parts should be.
fn own_text(of: Node<'_>) -> Option<String> {
    let text: String = of.text().trim().chars().take(MAX_CHARS).collect();
    (!text.is_empty()).then_some(text)
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
            family: some("Saint-Andre"),
            given: some("Peter"),
            nickname: some("stpeter"),
            birthday: some("1966-08-06"),
            numbers: vec![Number { kinds: vec!["WORK", "VOICE"], number: "303-308-3282".into() }],
            emails: vec!["stpeter@jabber.org".into()],
            title: some("Executive Director"),
            organization: some("XMPP Standards Foundation"),
            description: some("More on my weblog"),
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
    fn numbers_and_mail_addresses_are_read_as_programs_write_them() {
        let card = |inside: &str| {
            let text = format!("<vCard xmlns='vcard-temp'>{inside}</vCard>");
            VCard::read(Payload::parse(&text).unwrap().node())
        };
        for email in ["<INTERNET/><PREF/><USERID>a@b</USERID>", "<USERID>a@b</USERID>", "a@b"] {
            assert_eq!(card(&format!("<EMAIL>{email}</EMAIL>")).emails, ["a@b"], "{email}");
        }
        let read = card("<TEL><HOME/><X/></TEL><TEL><CELL/><NUMBER>1</NUMBER></TEL><TEL>2</TEL>");
        assert_eq!(read.numbers.len(), 2);
        assert_eq!(read.numbers[0].kinds, ["CELL"]);
        assert_eq!(card(&"<TEL>1</TEL>".repeat(100)).numbers.len(), MAX_LISTED);
        assert_eq!(card("<NOTE>x</NOTE>").description.as_deref(), Some("x"));
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
            names in proptest::collection::vec("FN|N|FAMILY|PHOTO|BINVAL|GEO|LAT|LON|ADR|TZ|TEL|NUMBER|EMAIL", 0..8),
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
