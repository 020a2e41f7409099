//! Names of elements, and the octets that WBXML itself gives a meaning.

use std::fmt;

use crate::csp::{
    version::Version,
    wbxml::tables::{self, Content, Token},
};

/// An element's name: one of the tables, or a literal one.
///
/// Two plain words, because readers move names around all the time and a processor moves such a
/// pair in registers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// In the tables; [`NO_INDEX`] if the name is literal.
    index: u64,
    /// Never one of the tables, so that equal names are equal values.
    literal: Option<Box<Literal>>,
}

/// A name that the tables lack.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Literal(Box<str>);

impl Name {
    /// Any name, where there is an element only to be built upon.
    pub(crate) const PLACE: Self = Self::known(0);

    const fn known(index: u16) -> Self {
        Self { index: index as u64, literal: None }
    }

    /// Returns the name that a token stands for, in this version or, failing that, in another.
    pub fn from_token(version: Version, token: Token) -> Option<Self> {
        tables::tag(version, token).map(Self::known)
    }

    /// Returns the name as the tables spell it.
    pub fn as_str(&self) -> &str {
        match &self.literal {
            None => self.index().map_or("", tables::name),
            Some(literal) => &literal.0,
        }
    }

    /// Returns the token, if the version has this element.
    pub fn token(&self, version: Version) -> Option<Token> {
        tables::token(version, self.index()?)
    }

    /// Returns the oldest version that has this element.
    pub fn first_version(&self) -> Option<Version> {
        Version::ALL.into_iter().find(|version| self.token(*version).is_some())
    }

    /// Returns whether the name is one of the tables.
    pub fn is_known(&self) -> bool {
        self.literal.is_none()
    }

    /// Returns the start tag and the end tag in XML, if the name is one of the tables.
    pub(crate) fn markup(&self) -> Option<(&'static str, &'static str)> {
        self.index().map(tables::markup)
    }

    /// Returns what the text of the element is.
    pub(super) fn content(&self) -> Content {
        self.index().map_or(Content::Text, tables::content)
    }

    fn index(&self) -> Option<u16> {
        u16::try_from(self.index).ok()
    }
}

impl From<&str> for Name {
    /// Takes a name in any of its spellings.
    fn from(name: &str) -> Self {
        match tables::index_of(name) {
            Some(index) => Self::known(index),
            None => Self { index: NO_INDEX, literal: Some(Box::new(Literal(name.into()))) },
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Beyond all indices.
const NO_INDEX: u64 = u64::MAX;

/// Tokens that mean the same on every page.
pub(super) mod global {
    /// The next octet is the page of the tags that follow.
    pub(crate) const SWITCH_PAGE: u8 = 0x00;
    /// Ends an element or a list of attributes.
    pub(crate) const END: u8 = 0x01;
    /// A character by its number.
    pub(crate) const ENTITY: u8 = 0x02;
    /// Text up to the next zero.
    pub(crate) const STR_I: u8 = 0x03;
    /// An element or attribute whose name is in the string table.
    pub(crate) const LITERAL: u8 = 0x04;
    /// A processing instruction.
    pub(crate) const PI: u8 = 0x43;
    /// Three extensions with inline text; CSP has no use for them.
    pub(crate) const EXT_I: [u8; 3] = [0x40, 0x41, 0x42];
    /// A value token.
    pub(crate) const EXT_T_0: u8 = 0x80;
    /// Two extensions with a number; CSP has no use for them.
    pub(crate) const EXT_T_1: u8 = 0x81;
    /// See [`EXT_T_1`].
    pub(crate) const EXT_T_2: u8 = 0x82;
    /// Text in the string table.
    pub(crate) const STR_T: u8 = 0x83;
    /// Three extensions of a single octet; CSP has no use for them.
    pub(crate) const EXT: [u8; 3] = [0xC0, 0xC1, 0xC2];
    /// Raw octets.
    pub(crate) const OPAQUE: u8 = 0xC3;
    /// In a tag: a list of attributes follows.
    pub(crate) const HAS_ATTRIBUTES: u8 = 0x80;
    /// In a tag: content follows, up to an end.
    pub(crate) const HAS_CONTENT: u8 = 0x40;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::element::Element;

    const TAGS: &str = include_str!("../../../schema/csp/tags.tsv");

    #[test]
    fn every_row_of_the_table_is_found_by_name_and_by_token() {
        for row in TAGS.lines().skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            let [since, page, tag, name] = cells[..] else { panic!("{row}") };
            let octet = |text: &str| u8::from_str_radix(&text[2..], 16).unwrap();
            let token = Token { page: octet(page), tag: octet(tag) };
            let known = Name::from(name);
            let since = Version::from_digits(since).unwrap();
            assert_eq!(known.as_str(), name);
            assert_eq!(known.token(since), Some(token), "{name}");
            assert_eq!(known.first_version(), Some(since), "{name}");
            assert_eq!(Name::from_token(since, token), Some(known.clone()), "{name}");
            assert_eq!(known.markup(), Some((&*format!("<{name}>"), &*format!("</{name}>"))));
        }
    }

    #[test]
    fn literal_names_are_equal_by_their_text() {
        assert_eq!(Name::from("APIClient"), Name::from("APIClient"));
        assert_ne!(Name::from("APIClient"), Name::from("APIclient"));
        assert_eq!(Name::from("APIClient").token(Version::V1_3), None);
        assert_eq!(Name::from(""), Name::from(""));
        assert!(!Name::from("").is_known() && Name::from("Poll").is_known());
    }

    #[test]
    fn elements_stay_small() {
        assert_eq!(size_of::<Name>(), 16);
        assert_eq!(size_of::<Element>(), 72);
    }
}
