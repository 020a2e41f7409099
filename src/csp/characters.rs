//! Characters: what text may hold, and text from the octets that phones send.
//!
//! Text in a tree that was read holds only characters that XML 1.0 allows: all spellings and
//! XMPP can carry it as it is. Others are dropped, so that a stray octet costs itself and not
//! the message.

use std::{borrow::Cow, str};

use crate::csp::element::MAX_NAME_BYTES;

/// Returns whether XML 1.0 allows a character.
pub(crate) fn is_legal(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => character >= ' ',
    }
}

/// Returns text without the characters that XML 1.0 forbids.
#[inline]
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    if !may_hold_illegal(text.as_bytes()) || text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|character| is_legal(*character)).collect())
}

/// Decodes UTF-8 as phones write it, and drops illegal characters.
///
/// COMPAT(Android): handset: Android §2: Java's modified UTF-8, where a character beyond the
/// basic plane is two surrogates of three octets and U+0000 is `C0 80`.
#[inline]
pub(crate) fn from_utf8(octets: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(octets) {
        Ok(text) => legal(text),
        Err(_) => Cow::Owned(legal(&from_modified_utf8(octets)).into_owned()),
    }
}

/// Decodes ISO 8859-1, and drops illegal characters.
pub(crate) fn from_latin1(octets: &[u8]) -> String {
    octets.iter().map(|&octet| char::from(octet)).filter(|c| is_legal(*c)).collect()
}

/// Returns whether octets are text rather than an image or the like.
pub(crate) fn as_text(octets: &[u8]) -> Option<&str> {
    str::from_utf8(octets).ok().filter(|text| matches!(legal(text), Cow::Borrowed(_)))
}

/// Returns whether text can be the name of an element in XML, without a prefix.
pub(crate) fn is_name(text: &str) -> bool {
    let is_start = |c: char| c == '_' || c.is_ascii_alphabetic() || c >= 'À' && c.is_alphabetic();
    let is_rest = |c: char| matches!(c, '-' | '.' | '0'..='9') || is_start(c);
    text.len() <= MAX_NAME_BYTES && text.starts_with(is_start) && text.chars().all(is_rest)
}

/// Returns whether text is surely legal and has no mark of XML in it.
#[inline]
pub(crate) fn is_plain(text: &str) -> bool {
    !has_any(text.as_bytes(), MAY_NEED_ESCAPE)
}

/// Whether a closer look is needed: a control character, or the first octet of U+FFFE's three.
#[inline]
fn may_hold_illegal(octets: &[u8]) -> bool {
    // For a whole body: a sum without a table is what compilers turn into vector code.
    let is_suspect = |octet: u8| {
        let is_control = (octet < b' ') & (octet != b'\n') & (octet != b'\t') & (octet != b'\r');
        is_control | (octet == 0xEF)
    };
    let (blocks, rest) = octets.as_chunks::<64>();
    blocks.iter().any(|block| block.iter().fold(false, |any, octet| any | is_suspect(*octet)))
        || has_any(rest, MAY_BE_ILLEGAL)
}

/// Returns whether any octet is of a class.
#[inline]
fn has_any(octets: &[u8], class: u8) -> bool {
    octets.iter().fold(0, |all, octet| all | CLASSES[usize::from(*octet)]) & class != 0
}

/// What there is to say about octets, a bit for each class.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut octet = 0;
    while octet < b' ' as usize {
        classes[octet] = MAY_NEED_ESCAPE | MAY_BE_ILLEGAL;
        octet += 1;
    }
    classes[b'\t' as usize] = MAY_NEED_ESCAPE;
    classes[b'\n' as usize] = MAY_NEED_ESCAPE;
    classes[b'\r' as usize] = MAY_NEED_ESCAPE;
    classes[b'&' as usize] = MAY_NEED_ESCAPE;
    classes[b'<' as usize] = MAY_NEED_ESCAPE;
    classes[b'>' as usize] = MAY_NEED_ESCAPE;
    classes[b'"' as usize] = MAY_NEED_ESCAPE;
    classes[b'\'' as usize] = MAY_NEED_ESCAPE;
    classes[0xEF] = MAY_NEED_ESCAPE | MAY_BE_ILLEGAL;
    classes
};

const MAY_BE_ILLEGAL: u8 = 1;
const MAY_NEED_ESCAPE: u8 = 2;

fn from_modified_utf8(mut octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    loop {
        let error = match str::from_utf8(octets) {
            Ok(valid) => {
                text.push_str(valid);
                return text;
            }
            Err(error) => error,
        };
        let (valid, rest) = octets.split_at(error.valid_up_to());
        text.push_str(str::from_utf8(valid).unwrap_or_default());
        let (character, used) = odd_sequence(rest, error.error_len());
        text.push(character);
        octets = rest.get(used..).unwrap_or_default();
    }
}

/// Returns what a sequence that is not UTF-8 means, and its length.
fn odd_sequence(octets: &[u8], bad: Option<usize>) -> (char, usize) {
    match *octets {
        [0xC0, 0x80, ..] => ('\0', 2),
        [0xED, a @ 0xA0..=0xAF, b @ 0x80..=0xBF, 0xED, c @ 0xB0..=0xBF, d @ 0x80..=0xBF, ..] => {
            let ten_bits = |high: u8, low: u8| u32::from(high & 0x0F) << 6 | u32::from(low & 0x3F);
            let number = 0x1_0000 + (ten_bits(a, b) << 10 | ten_bits(c & 0x0F, d));
            (char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
        }
        [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => (char::REPLACEMENT_CHARACTER, 3),
        _ => (char::REPLACEMENT_CHARACTER, bad.unwrap_or(octets.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_characters_are_kept_wherever_they_stand() {
        for length in [0, 1, 63, 64, 65, 200] {
            let plain = "x".repeat(length);
            assert!(matches!(legal(&plain), Cow::Borrowed(text) if text == plain));
            for illegal in ['\0', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
                assert_eq!(legal(&format!("{plain}{illegal}y")), format!("{plain}y"));
            }
        }
        let kept = "\t\n\r\u{7F}\u{85}Ａ\u{FFFD}\u{10FFFF}";
        assert_eq!(legal(kept), kept);
    }

    #[test]
    fn plain_text_needs_no_escape() {
        assert!(is_plain("wv:ada@im.example/chess ä"));
        for mark in "&<>\"'\r\n\t\u{1}\u{FFFE}".chars() {
            assert!(!is_plain(&mark.to_string()), "{mark:?}");
        }
    }

    #[test]
    fn names_are_those_of_xml() {
        assert!(is_name("WV-CSP-Message") && is_name("_a.1") && is_name("Größe"));
        for text in ["", "1a", "-a", "a b", "a:b", "a>", "×"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
