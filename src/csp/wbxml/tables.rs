//! The tables of `schema/csp`, as the build script lays them out.

use crate::csp::{version::Version, wbxml::hash};

/// What the text of an element is, as far as its octets depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text of any kind.
    Text,
    /// An unsigned number that every phone reads in its opaque form.
    Integer,
    /// An unsigned number that some phones read only as digits.
    DisputedInteger,
    /// A date with a time.
    Moment,
    /// `T` or `F`.
    Boolean,
    /// One of these words, each with the value token that stands for it.
    Enumeration(&'static [(&'static str, u8)]),
}

/// A tag token and the code page it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The code page.
    pub page: u8,
    /// The token without its content and attribute bits.
    pub tag: u8,
}

/// Returns the index of a name, whichever of its spellings this is.
pub(super) fn index_of(spelling: &str) -> Option<u16> {
    let mut slot = hash::first_slot(spelling);
    loop {
        let entry = usize::from(SLOTS[slot % hash::SLOTS]).checked_sub(1)?;
        let (known, index) = SPELLINGS[entry];
        if known == spelling {
            return Some(index);
        }
        slot += 1;
    }
}

/// Returns a name.
pub(super) fn name(index: u16) -> &'static str {
    NAMES[usize::from(index)]
}

/// Returns the start tag and the end tag of a name in XML.
pub(super) fn markup(index: u16) -> (&'static str, &'static str) {
    MARKUP[usize::from(index)]
}

/// Returns the token of a name, if the version has the element.
pub(super) fn token(version: Version, index: u16) -> Option<Token> {
    match TOKENS[version as usize][usize::from(index)].to_be_bytes() {
        [0, 0] => None,
        [page, tag] => Some(Token { page, tag }),
    }
}

/// Returns the index of the name that a token stands for.
///
/// An element of another version is known as well: phones are not strict about versions.
pub(super) fn tag(version: Version, token: Token) -> Option<u16> {
    let key = usize::from(token.page) * TAGS_PER_PAGE + usize::from(token.tag);
    TAGS[version as usize].get(key)?.checked_sub(1)
}

/// Returns the text that a value token stands for, in the name of a property or elsewhere.
pub(super) fn value(version: Version, number: u32, is_property: bool) -> Option<&'static str> {
    // From 1.3 on one number is a criterion of searches and a property of groups.
    if is_property && version == Version::V1_3 && number == GROUP_ID_OR_HISTORY {
        return Some("History");
    }
    let text = *VALUES[version as usize].get(usize::try_from(number).ok()?)?;
    (!text.is_empty()).then_some(text)
}

/// Returns what the text of an element is.
pub(super) fn content(index: u16) -> Content {
    CONTENT[usize::from(index)]
}

const GROUP_ID_OR_HISTORY: u32 = 0x3D;

/// Tag tokens are six bits wide.
const TAGS_PER_PAGE: usize = 64;

include!(concat!(env!("OUT_DIR"), "/csp_tables.rs"));
