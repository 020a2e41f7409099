//! Element tree to WBXML bytes.

use std::num::NonZeroUsize;

use crate::csp::{
    characters,
    document::Document,
    element::Element,
    version::{Space, Version},
    wbxml::{
        tables::{Content, Token},
        tokens::global::{END, EXT_T_0, HAS_ATTRIBUTES, HAS_CONTENT, OPAQUE, STR_I, SWITCH_PAGE},
    },
};

/// How to write for one phone.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions {
    /// The phone reads the body in pieces of this many octets and loses a text that ends where a
    /// piece ends: keep texts from ending there.
    pub read_piece_bytes: Option<NonZeroUsize>,
}

/// Writes a body.
///
/// Only what every known phone reads: value tokens for booleans and enumerations alone, integers
/// in as few octets as they need, all other text inline. An element that the version lacks is
/// left out with all it holds, because one unknown token makes a phone refuse the whole message;
/// so are characters that XML 1.0 forbids.
pub fn write(document: &Document, options: WriteOptions) -> Vec<u8> {
    let version = document.version;
    let mut out = Vec::with_capacity(TYPICAL_BYTES);
    out.extend([WBXML_1_3, public_id(version), UTF_8, NO_STRINGS]);
    let mut writer = Writer { out, version, page: 0, piece: options.read_piece_bytes };
    writer.element(&document.root);
    writer.out
}

struct Writer {
    out: Vec<u8>,
    version: Version,
    page: u8,
    piece: Option<NonZeroUsize>,
}

impl Writer {
    fn element(&mut self, element: &Element) {
        let Some(Token { page, tag }) = element.interned_name().token(self.version) else { return };
        if page != self.page {
            self.out.extend([SWITCH_PAGE, page]);
            self.page = page;
        }
        let start = self.out.len();
        let is_empty = element.text().is_empty() && element.children().is_empty();
        let content_bit = if is_empty { 0 } else { HAS_CONTENT };
        match if page == 0 { name_space(self.version, tag) } else { None } {
            Some(attribute) => self.start_with_name_space(tag | content_bit, attribute),
            None => self.out.push(tag | content_bit),
        }
        if is_empty {
            return;
        }
        if !element.text().is_empty() {
            self.text(element);
            self.move_text_off_a_piece_end(start);
        }
        for child in element.children() {
            self.element(child);
        }
        self.out.push(END);
    }

    fn start_with_name_space(&mut self, tag: u8, attribute: u8) {
        self.out.extend([tag | HAS_ATTRIBUTES, attribute]);
        self.inline(self.version.digits());
        self.out.push(END);
    }

    fn text(&mut self, element: &Element) {
        let text = element.text();
        match element.interned_name().content() {
            Content::Boolean => self.word(&BOOLEANS, text),
            Content::Enumeration(words) => self.word(words, text),
            Content::Integer => self.integer(text),
            Content::DisputedInteger | Content::Moment | Content::Text => self.inline(text),
        }
    }

    /// Writes a value token for one of these words, other text inline.
    fn word(&mut self, words: &[(&str, u8)], text: &str) {
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, token)) => self.out.extend([EXT_T_0, *token]),
            None => self.inline(text),
        }
    }

    /// Writes a number in as few octets as it needs, but at least one; other text inline.
    fn integer(&mut self, text: &str) {
        let Some(number) = plain_number(text) else { return self.inline(text) };
        let octets = number.to_be_bytes();
        let zeros = (number.leading_zeros() / 8).min(3) as usize;
        self.out.extend([OPAQUE, (octets.len() - zeros) as u8]);
        self.out.extend(octets.iter().skip(zeros));
    }

    fn inline(&mut self, text: &str) {
        self.out.push(STR_I);
        self.out.extend_from_slice(characters::legal(text).as_bytes());
        self.out.push(0);
    }

    /// Puts a switch to the page that is on anyway before an element's start, if its text ends
    /// where the phone's piece ends.
    // COMPAT(Android): handset: Android G2: such a text vanishes.
    fn move_text_off_a_piece_end(&mut self, start: usize) {
        if self.piece.is_some_and(|piece| self.out.len().is_multiple_of(piece.get())) {
            self.out.splice(start..start, [SWITCH_PAGE, self.page]);
        }
    }
}

/// Returns the start of the name space's attribute that belongs on a tag of page 0.
fn name_space(version: Version, tag: u8) -> Option<u8> {
    let space = match tag {
        0x09 => Space::Session,
        0x23 => Space::Presence,
        0x33 => Space::Transaction,
        _ => return None,
    };
    let first = match version {
        Version::V1_1 => 0x05,
        Version::V1_2 => 0x08,
        Version::V1_3 => 0x0B,
    };
    Some(
        first
            + match space {
                Space::Session => 0,
                Space::Presence => 1,
                Space::Transaction => 2,
            },
    )
}

fn public_id(version: Version) -> u8 {
    match version {
        Version::V1_1 => 0x10,
        Version::V1_2 => 0x11,
        Version::V1_3 => 0x12,
    }
}

/// Reads digits that come back the same: no sign, no leading zero, 32 bits.
fn plain_number(text: &str) -> Option<u32> {
    let is_plain = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_plain)
}

const BOOLEANS: [(&str, u8); 2] = [("T", 0x2C), ("F", 0x0B)];

const WBXML_1_3: u8 = 0x03;
const UTF_8: u8 = 0x6A;
const NO_STRINGS: u8 = 0x00;

/// Most messages fit without growing.
const TYPICAL_BYTES: usize = 512;
