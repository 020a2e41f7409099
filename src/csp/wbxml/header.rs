//! What comes before the root: version of WBXML, document identifier, character set, strings.

use std::borrow::Cow;

use crate::csp::{characters, error::ReadError, version::Version, wbxml::cursor::Cursor};

/// What a header says.
pub(super) struct Header<'a> {
    /// The version of CSP that the document identifier names; 1.1 if it names none.
    pub(super) version: Version,
    /// How texts are encoded.
    pub(super) charset: Charset,
    /// Strings that are referred to by their place, each ended by a zero.
    pub(super) strings: &'a [u8],
}

/// A character set that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Latin1,
}

impl<'a> Header<'a> {
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ReadError> {
        let wbxml = cursor.octet()?;
        if wbxml > WBXML_1_3 {
            return Err(cursor.malformed("not a version of WBXML"));
        }
        let public_id = cursor.number()?;
        if public_id == CSP_1_0 {
            return Err(ReadError::OldVersion);
        }
        // The identifier is text at this place among the strings.
        let formal_at = if public_id == 0 { Some(cursor.number()?) } else { None };
        // WBXML 1.0 has no character set here, but an encoder in use writes it all the same.
        let has_charset = wbxml != WBXML_1_0 || cursor.peek() == Some(UTF_8);
        let charset = if has_charset { Charset::read(cursor)? } else { Charset::Utf8 };
        let length = cursor.number()?;
        let mut header = Self { version: Version::V1_1, charset, strings: cursor.octets(length)? };
        let formal = formal_at.and_then(|at| header.string(at, MAX_FORMAL_ID_BYTES));
        header.version = match public_id {
            0x11 => Version::V1_2,
            0x12 => Version::V1_3,
            _ => formal
                .and_then(|id| Version::from_public_id(&characters::from_utf8(id)))
                .unwrap_or(Version::V1_1),
        };
        Ok(header)
    }

    /// Returns the string at a place, cut off at so many octets.
    ///
    /// The end of the table ends a string as well, and is itself an empty one.
    pub(super) fn string(&self, at: u32, max_bytes: usize) -> Option<&'a [u8]> {
        let rest = self.strings.get(usize::try_from(at).ok()?..)?;
        let rest = rest.get(..max_bytes).unwrap_or(rest);
        rest.split(|octet| *octet == 0).next()
    }
}

impl Charset {
    /// Reads a number of the IANA registry (MIBenum).
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        match cursor.number()? {
            // ASCII is UTF-8 as far as it goes; unknown is UTF-8 for phones.
            0 | 3 | 106 => Ok(Self::Utf8),
            4 => Ok(Self::Latin1),
            other => Err(ReadError::Charset(format!("MIBenum {other}"))),
        }
    }

    pub(super) fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => characters::from_utf8(octets),
            Self::Latin1 if octets.is_ascii() => characters::from_utf8(octets),
            Self::Latin1 => Cow::Owned(characters::from_latin1(octets)),
        }
    }
}

/// The number of UTF-8.
const UTF_8: u8 = 106;

/// The first version of WBXML.
const WBXML_1_0: u8 = 0x00;

/// The last version of WBXML, and the only one that known phones write.
const WBXML_1_3: u8 = 0x03;

/// The document identifier of CSP 1.0.
const CSP_1_0: u32 = 0x0F;

/// Formal identifiers have about 35 octets.
const MAX_FORMAL_ID_BYTES: usize = 128;
