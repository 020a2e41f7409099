//! A second reader of WBXML, which keeps what the first one forgives: how things are written.
//!
//! It shares the table of element names with the writer that it checks, and nothing else.

use compact_str::{CompactString, ToCompactString, format_compact};

use crate::{
    csp::{
        version::Version,
        wbxml::{tables::Token, tokens::Name},
    },
    phone::{
        error::Fault,
        strict::node::{Kind, Node, Run, Written},
    },
};

/// What comes before the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) wbxml: u8,
    /// The number of the document type; 0 where it is spelled out.
    pub(super) public_id: u32,
    pub(super) charset: u32,
    pub(super) strings: usize,
}

/// Walks through a body.
///
/// # Errors
///
/// Where no reader could follow; `rule` tells where that handset's reader is described.
pub(super) fn walk(
    body: &[u8],
    version: Version,
    rule: &'static str,
) -> Result<(Header, Node), Fault> {
    let mut walker = Walker { body, at: 0, page: 0, version, rule, strings: &[] };
    let header = walker.header()?;
    let first = walker.tag()?;
    let (node, has_content) = walker.start(first)?;
    let mut open = Vec::new();
    let mut node = node;
    if !has_content {
        return Ok((header, node));
    }
    loop {
        match walker.octet()? {
            END => match open.pop() {
                None => return Ok((header, node)),
                Some(parent) => {
                    let child = std::mem::replace(&mut node, parent);
                    node.children.push(child);
                }
            },
            SWITCH_PAGE => walker.page = walker.octet()?,
            token if TEXT.contains(&token) => walker.text(token, &mut node)?,
            token if token & 0x3F < LITERAL || token & 0x3F == 0 => {
                return Err(walker.fault(format!("the token {token:02X}")));
            }
            tag => {
                let (child, has_content) = walker.start(tag)?;
                if has_content {
                    open.push(std::mem::replace(&mut node, child));
                } else {
                    node.children.push(child);
                }
            }
        }
    }
}

struct Walker<'a> {
    body: &'a [u8],
    at: usize,
    page: u8,
    version: Version,
    rule: &'static str,
    strings: &'a [u8],
}

impl<'a> Walker<'a> {
    fn header(&mut self) -> Result<Header, Fault> {
        let wbxml = self.octet()?;
        let public_id = self.number()?;
        if public_id == 0 {
            self.number()?;
        }
        let charset = self.number()?;
        let length = self.number()? as usize;
        self.strings = self.octets(length)?;
        Ok(Header { wbxml, public_id, charset, strings: length })
    }

    /// Returns the next tag, past any switches of the page.
    fn tag(&mut self) -> Result<u8, Fault> {
        loop {
            match self.octet()? {
                SWITCH_PAGE => self.page = self.octet()?,
                tag => return Ok(tag),
            }
        }
    }

    /// Reads the rest of a start tag; returns the element and whether content follows.
    fn start(&mut self, tag: u8) -> Result<(Node, bool), Fault> {
        let at = self.at - 1;
        let (page, low) = (self.page, tag & 0x3F);
        let (name, token) = if low == LITERAL {
            let place = self.number()? as usize;
            (self.table_string(place)?, None)
        } else {
            let name = Name::from_token(self.version, Token { page, tag: low });
            let unknown = || format_compact!("{page:02X}:{low:02X}");
            (name.map_or_else(unknown, |name| name.as_str().into()), Some((page, low)))
        };
        let attributes = if tag & 0x80 == 0 { Vec::new() } else { self.attributes()? };
        let written = Written { token, at, attributes, runs: Vec::new() };
        Ok((Node { name, written, ..Node::default() }, tag & 0x40 != 0))
    }

    fn attributes(&mut self) -> Result<Vec<u8>, Fault> {
        let mut starts = Vec::new();
        loop {
            match self.octet()? {
                END => return Ok(starts),
                STR_I => drop(self.string()?),
                STR_T | ENTITY => drop(self.number()?),
                LITERAL => {
                    self.number()?;
                    starts.push(LITERAL);
                }
                start if start & 0x3F > LITERAL && start < 0x80 => starts.push(start),
                other => return Err(self.fault(format!("the token {other:02X} in attributes"))),
            }
        }
    }

    fn text(&mut self, token: u8, node: &mut Node) -> Result<(), Fault> {
        let (kind, text) = match token {
            STR_I => (Kind::String, self.string()?),
            STR_T => {
                let place = self.number()? as usize;
                (Kind::String, self.table_string(place)?)
            }
            ENTITY => {
                let letter = char::from_u32(self.number()?).unwrap_or(char::REPLACEMENT_CHARACTER);
                (Kind::Entity, letter.to_compact_string())
            }
            EXT_T_0 => {
                let number = self.number()?;
                (Kind::Token(number), word(number).into())
            }
            OPAQUE => {
                let length = self.number()? as usize;
                let octets = self.octets(length)?;
                (Kind::Opaque(length), integer(octets))
            }
            other => return Err(self.fault(format!("the token {other:02X} as text"))),
        };
        node.text.push_str(&text);
        node.written.runs.push(Run { kind, end: self.at });
        Ok(())
    }

    fn octet(&mut self) -> Result<u8, Fault> {
        let octet = self.body.get(self.at).copied();
        self.at += 1;
        octet.ok_or_else(|| self.fault("a message that ends too early"))
    }

    fn octets(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let octets = self.body.get(self.at..).and_then(|rest| rest.get(..count));
        self.at += count;
        octets.ok_or_else(|| self.fault("a message that ends too early"))
    }

    /// Reads a number of up to five octets with seven bits each.
    fn number(&mut self) -> Result<u32, Fault> {
        let mut number: u32 = 0;
        for _ in 0..5 {
            let octet = self.octet()?;
            number = number << 7 | u32::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.fault("a number without end"))
    }

    fn string(&mut self) -> Result<CompactString, Fault> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|octet| *octet == 0);
        let length = length.ok_or_else(|| self.fault("a text without end"))?;
        let text = self.octets(length + 1)?;
        Ok(CompactString::from_utf8_lossy(text.get(..length).unwrap_or_default()))
    }

    fn table_string(&self, place: usize) -> Result<CompactString, Fault> {
        let rest = self.strings.get(place..).ok_or_else(|| self.fault("a text in no table"))?;
        let text = rest.split(|octet| *octet == 0).next().unwrap_or_default();
        Ok(CompactString::from_utf8_lossy(text))
    }

    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::new(self.rule, format!("{} at octet {}", what.into(), self.at.saturating_sub(1)))
    }
}

fn integer(octets: &[u8]) -> CompactString {
    octets.iter().fold(0u64, |number, octet| number << 8 | u64::from(*octet)).to_compact_string()
}

/// Returns the word of a value token, as far as the rules ask for it.
fn word(number: u32) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == number).map_or("", |(_, word)| word)
}

const WORDS: [(u32, &str); 22] = [
    (0x0B, "F"),
    (0x11, "Inband"),
    (0x17, "N"),
    (0x19, "Outband"),
    (0x1F, "P"),
    (0x20, "Request"),
    (0x21, "Response"),
    (0x28, "text/plain"),
    (0x2C, "T"),
    (0x42, "HTTP"),
    (0x43, "SMS"),
    (0x44, "STCP"),
    (0x45, "SUDP"),
    (0x4D, "WAPSMS"),
    (0x4E, "WAPUDP"),
    (0x4F, "WSP"),
    (0x5F, "AVAILABLE"),
    (0x64, "DISCREET"),
    (0x6F, "MOBILE_PHONE"),
    (0x70, "NOT_AVAILABLE"),
    (0xA4, "SSMS"),
    (0xA5, "SHTTP"),
];

const SWITCH_PAGE: u8 = 0x00;
const END: u8 = 0x01;
const ENTITY: u8 = 0x02;
const STR_I: u8 = 0x03;
const LITERAL: u8 = 0x04;
const EXT_T_0: u8 = 0x80;
const STR_T: u8 = 0x83;
const OPAQUE: u8 = 0xC3;

/// Tokens that are text. The other extensions have no meaning in CSP.
const TEXT: [u8; 5] = [ENTITY, STR_I, EXT_T_0, STR_T, OPAQUE];

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "a rule";

    /// The answer to a login (handset: S60 §2.3).
    const LOGIN: &str = "03 10 6A 00 C9 05 03 31 2E 31 00 01 6D 6E 70 80 19 01 01 72 74 76 80 21 01 \
        75 03 6E 6F 6B 31 00 01 01 F3 07 03 31 2E 31 00 01 00 01 5E 00 00 6A 4B C3 01 C8 01 01 \
        6F 03 73 31 00 01 00 01 5C C3 02 0E 10 01 4B 80 2C 01 01 01 01 01 01";

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.chunks(2).map(|it| pair(it).unwrap()).collect()
    }

    #[test]
    fn s60_2_3_the_example_is_walked_through() {
        let (header, root) = walk(&octets(LOGIN), Version::V1_1, RULE).unwrap();
        assert_eq!((header.wbxml, header.public_id, header.charset), (3, 0x10, 0x6A));
        assert_eq!(root.name, "WV-CSP-Message");
        assert_eq!(root.written.attributes, [5]);
        assert_eq!(root.text_at("Session/SessionDescriptor/SessionType"), "Outband");
        let login = root.at("Session/Transaction/TransactionContent/Login-Response").unwrap();
        assert_eq!((login.code(), login.text_at("KeepAliveTime")), (Some(200), "3600"));
        assert_eq!(login.at("Result/Code").unwrap().written.runs[0].kind, Kind::Opaque(1));
        assert_eq!(login.text_at("CapabilityRequest"), "T");
    }

    #[test]
    fn what_no_reader_follows_is_a_fault() {
        for odd in ["", "03106A", "03106A00C9", "03106A00490380", "03106A004981", "03106A004943"] {
            assert_eq!(walk(&octets(odd), Version::V1_1, RULE).unwrap_err().rule, RULE, "{odd}");
        }
        let long = "03106A0049C38FFFFFFFFFFF";
        assert!(walk(&octets(long), Version::V1_1, RULE).is_err());
    }
}
