//! XML text from octets: byte order marks and declared encodings.

use std::borrow::Cow;

use crate::csp::{characters, error::ReadError};

/// Decodes a body.
pub(super) fn decode(body: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    // Some phones end a body with the zero of their language's strings.
    let end = body.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    match body {
        [0xEF, 0xBB, 0xBF, ..] => Ok(characters::from_utf8(body.get(3..end).unwrap_or_default())),
        [0xFF, 0xFE, rest @ ..] => Ok(Cow::Owned(from_utf16(rest, u16::from_le_bytes))),
        [0xFE, 0xFF, rest @ ..] => Ok(Cow::Owned(from_utf16(rest, u16::from_be_bytes))),
        [b'<', 0, ..] => Ok(Cow::Owned(from_utf16(body, u16::from_le_bytes))),
        [0, b'<', ..] => Ok(Cow::Owned(from_utf16(body, u16::from_be_bytes))),
        _ => from_declared(body.get(..end).unwrap_or_default()),
    }
}

fn from_declared(body: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let Some(label) = declared_encoding(body) else { return Ok(characters::from_utf8(body)) };
    let is = |names: &[&str]| names.iter().any(|name| label.eq_ignore_ascii_case(name));
    // One that says UTF-16 in octets is not.
    if body.is_ascii() || is(&["utf-8", "utf8", "us-ascii", "ascii", "utf-16"]) {
        Ok(characters::from_utf8(body))
    } else if is(&["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1"]) {
        Ok(Cow::Owned(characters::from_latin1(body)))
    } else {
        Err(ReadError::Charset(label.to_owned()))
    }
}

/// Returns the label after `encoding=` in the declaration.
fn declared_encoding(body: &[u8]) -> Option<&str> {
    let declaration = body.trim_ascii_start().strip_prefix(b"<?xml")?;
    let length = declaration.iter().take(MAX_DECLARATION_BYTES).position(|octet| *octet == b'>')?;
    let declaration = str::from_utf8(declaration.get(..length)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

/// Decodes pairs of octets; an odd one at the end is cut off, as are zeros.
fn from_utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = octets.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let characters = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    characters.filter(|c| characters::is_legal(*c)).collect()
}

/// A declaration has about 40 octets.
const MAX_DECLARATION_BYTES: usize = 200;
