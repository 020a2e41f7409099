//! A whole message as it travels in one body, free of its spelling.

use crate::csp::{element::Element, version::Version};

/// A root element and the version of CSP it is written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The version, by the best evidence that the bytes gave.
    pub version: Version,
    /// `WV-CSP-Message`, or a version discovery primitive that is its own root.
    pub root: Element,
}

impl Document {
    /// Puts a root and a version together. A root that the version lacks tells that it is a
    /// later one: so it is with version discovery, which comes without a name space.
    pub(crate) fn new(version: Version, root: Element) -> Self {
        let name = root.interned_name();
        let has_root = name.token(version).is_some();
        let first = if has_root { None } else { name.first_version() };
        Self { version: first.unwrap_or(version), root }
    }
}

/// How a document is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// Text.
    Xml,
    /// Octets of WAP Binary XML.
    Wbxml,
}

/// Which of its several names a spelling goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `application/vnd.wv.csp.xml`, of 1.1 and 1.2.
    Dotted,
    /// `application/vnd.wv.csp+xml`, of 1.3.
    Plus,
    /// `text/xml`.
    Text,
    /// `application/xml`.
    Application,
}

/// A spelling by the name that a phone has for it; the answer goes by the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    /// How the document is written down.
    pub spelling: Spelling,
    /// Which name that has.
    pub family: Family,
}

impl Spelling {
    /// Returns the name of the media type in a version.
    pub fn media_type(self, version: Version) -> &'static str {
        MediaType::of(self, version).as_str()
    }

    /// Reads a `Content-Type`.
    pub fn from_media_type(value: &str) -> Option<Self> {
        MediaType::parse(value).map(|media_type| media_type.spelling)
    }

    /// Tells the spelling of a body by its first octet.
    pub fn sniff(body: &[u8]) -> Option<Self> {
        match body {
            [0x01..=0x03, ..] => Some(Self::Wbxml),
            [b'<' | b' ' | b'\t' | b'\r' | b'\n', ..] => Some(Self::Xml),
            [0xEF, 0xBB, 0xBF, ..] | [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some(Self::Xml),
            [0, b'<', ..] => Some(Self::Xml),
            _ => None,
        }
    }
}

impl MediaType {
    /// Returns the media type that a version has for a spelling.
    pub fn of(spelling: Spelling, version: Version) -> Self {
        let family = match version {
            Version::V1_1 | Version::V1_2 => Family::Dotted,
            Version::V1_3 => Family::Plus,
        };
        Self { spelling, family }
    }

    /// Reads a `Content-Type`; parameters and case do not matter.
    pub fn parse(value: &str) -> Option<Self> {
        let name = value.split(';').next()?.trim();
        ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// Returns the name. WBXML has no general one: it goes by that of 1.1 and 1.2.
    pub fn as_str(self) -> &'static str {
        match (self.spelling, self.family) {
            (Spelling::Xml, Family::Dotted) => "application/vnd.wv.csp.xml",
            (Spelling::Xml, Family::Plus) => "application/vnd.wv.csp+xml",
            (Spelling::Xml, Family::Text) => "text/xml",
            (Spelling::Xml, Family::Application) => "application/xml",
            (Spelling::Wbxml, Family::Plus) => "application/vnd.wv.csp+wbxml",
            (Spelling::Wbxml, _) => "application/vnd.wv.csp.wbxml",
        }
    }
}

/// All media types that have a name of their own.
const ALL: [MediaType; 6] = [
    MediaType { spelling: Spelling::Xml, family: Family::Dotted },
    MediaType { spelling: Spelling::Xml, family: Family::Plus },
    MediaType { spelling: Spelling::Xml, family: Family::Text },
    MediaType { spelling: Spelling::Xml, family: Family::Application },
    MediaType { spelling: Spelling::Wbxml, family: Family::Dotted },
    MediaType { spelling: Spelling::Wbxml, family: Family::Plus },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_media_types() {
        let of = |version| [Spelling::Xml, Spelling::Wbxml].map(|it| it.media_type(version));
        let dotted = ["application/vnd.wv.csp.xml", "application/vnd.wv.csp.wbxml"];
        assert_eq!(of(Version::V1_1), dotted);
        assert_eq!(of(Version::V1_2), dotted);
        let plus = ["application/vnd.wv.csp+xml", "application/vnd.wv.csp+wbxml"];
        assert_eq!(of(Version::V1_3), plus);
    }

    #[test]
    fn a_media_type_is_answered_by_its_own_name() {
        for known in ALL {
            assert_eq!(MediaType::parse(known.as_str()), Some(known));
        }
        let odd = " Application/Vnd.WV.CSP+WBXML ; charset=utf-8";
        let expected = MediaType { spelling: Spelling::Wbxml, family: Family::Plus };
        assert_eq!(MediaType::parse(odd), Some(expected));
        assert_eq!(Spelling::from_media_type("text/xml;charset=\"utf-8\""), Some(Spelling::Xml));
        assert_eq!(Spelling::from_media_type("text/html"), None);
        assert_eq!(Spelling::from_media_type(""), None);
    }

    #[test]
    fn the_first_octet_tells_the_spelling() {
        assert_eq!(Spelling::sniff(&[0x03, 0x10]), Some(Spelling::Wbxml));
        assert_eq!(Spelling::sniff(&[0x01]), Some(Spelling::Wbxml));
        for xml in ["<a/>", " <a/>", "\r\n<a/>", "\u{FEFF}<a/>"] {
            assert_eq!(Spelling::sniff(xml.as_bytes()), Some(Spelling::Xml));
        }
        assert_eq!(Spelling::sniff(&[0xFF, 0xFE, b'<', 0]), Some(Spelling::Xml));
        assert_eq!(Spelling::sniff(&[0, b'<', 0, b'a']), Some(Spelling::Xml));
        assert_eq!(Spelling::sniff(b"{}"), None);
        assert_eq!(Spelling::sniff(b"WV12PO"), None);
        assert_eq!(Spelling::sniff(b""), None);
    }
}
