//! WBXML bytes to element tree, bounded.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use compact_str::format_compact;

use crate::csp::{
    characters,
    document::Document,
    element::{Element, MAX_NAME_BYTES},
    error::ReadError,
    tree::Tree,
    version::Version,
    wbxml::{
        cursor::Cursor,
        header::Header,
        tables::{self, Token},
        tokens::{
            Name,
            global::{
                END, ENTITY, EXT, EXT_I, EXT_T_0, EXT_T_1, EXT_T_2, HAS_ATTRIBUTES, HAS_CONTENT,
                LITERAL, OPAQUE, PI, STR_I, STR_T, SWITCH_PAGE,
            },
        },
        values::{self, Opaque},
    },
};

/// Reads a body.
///
/// Takes everything that phones are known to send, and what other encoders write: see the
/// tests. Octets after the root's end are not looked at.
pub fn read(body: &[u8]) -> Result<Document, ReadError> {
    let mut cursor = Cursor::new(body);
    let header = Header::read(&mut cursor)?;
    let version = header.version;
    Reader { cursor, header, version, page: 0, tree: Tree::new() }.document()
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    header: Header<'a>,
    version: Version,
    /// Of tags; it runs on over ends of elements. Attributes need only their first page.
    page: u8,
    tree: Tree,
}

impl<'a> Reader<'a> {
    fn document(mut self) -> Result<Document, ReadError> {
        loop {
            let root = match self.cursor.octet()? {
                END => self.end()?,
                SWITCH_PAGE => {
                    self.page = self.cursor.octet()?;
                    None
                }
                PI => {
                    self.attributes(false)?;
                    None
                }
                // What is left of the tokens that mean the same on every page.
                token if token & LOW_BITS < LITERAL => {
                    self.text(token)?;
                    None
                }
                tag => self.start(tag)?,
            };
            if let Some(root) = root {
                return Ok(Document::new(self.version, root));
            }
        }
    }

    /// Reads the rest of a tag; returns the root if it ended with it.
    fn start(&mut self, octet: u8) -> Result<Option<Element>, ReadError> {
        let name = self.name(octet & !(HAS_ATTRIBUTES | HAS_CONTENT))?;
        if octet & HAS_ATTRIBUTES != 0 {
            self.attributes(name.as_str() == ROOT)?;
        }
        self.tree.open(name)?;
        Ok(if octet & HAS_CONTENT == 0 { self.tree.close() } else { None })
    }

    fn end(&mut self) -> Result<Option<Element>, ReadError> {
        if self.tree.innermost().is_none() {
            return Err(self.cursor.malformed("an end before the root"));
        }
        Ok(self.tree.close())
    }

    /// Returns the name that a tag means; one that the tables lack gets a literal one, so that
    /// the rest of the message is still read.
    fn name(&mut self, tag: u8) -> Result<Name, ReadError> {
        if tag == LITERAL {
            let at = self.cursor.number()?;
            let literal = self.header.string(at, MAX_NAME_BYTES + 1);
            let literal =
                literal.ok_or_else(|| self.cursor.malformed("a name outside the strings"))?;
            let name = characters::from_utf8(literal);
            return Ok(if characters::is_name(&name) {
                Name::from(&*name)
            } else {
                "unknown".into()
            });
        }
        let token = Token { page: self.page, tag };
        Ok(Name::from_token(self.version, token).unwrap_or_else(|| {
            Name::from(format_compact!("unknown-{:02X}-{tag:02X}", self.page).as_str())
        }))
    }

    /// Reads attributes up to their end. All that is taken from them is the version, from the
    /// digits that end the name space of the root.
    fn attributes(&mut self, is_root: bool) -> Result<(), ReadError> {
        loop {
            let octet = self.cursor.octet()?;
            let value = match octet {
                END => return Ok(()),
                SWITCH_PAGE => {
                    self.cursor.octet()?;
                    continue;
                }
                STR_I => self.cursor.string()?,
                STR_T => self.table_string()?,
                // handset: S60 §2.1: a literal attribute may point to nowhere.
                LITERAL | ENTITY | EXT_T_0 | EXT_T_1 | EXT_T_2 => {
                    self.cursor.number()?;
                    continue;
                }
                OPAQUE => self.opaque()?,
                _ if EXT_I.contains(&octet) => {
                    self.cursor.string()?;
                    continue;
                }
                // An attribute of the tables, or a value; extensions without an operand.
                _ if octet & LOW_BITS > LITERAL || EXT.contains(&octet) => continue,
                _ => return Err(self.cursor.malformed("not an attribute")),
            };
            if is_root {
                self.see_namespace(value)?;
            }
        }
    }

    fn see_namespace(&mut self, value: &[u8]) -> Result<(), ReadError> {
        match value.last_chunk::<3>() {
            Some(b"1.0") => return Err(ReadError::OldVersion),
            Some(b"1.1") => self.version = Version::V1_1,
            Some(b"1.2") => self.version = Version::V1_2,
            Some(b"1.3") => self.version = Version::V1_3,
            _ => {}
        }
        Ok(())
    }

    /// Reads a run of text; an element may have several, which are one text.
    fn text(&mut self, token: u8) -> Result<(), ReadError> {
        if self.tree.innermost().is_none() {
            return Err(self.cursor.malformed("text before the root"));
        }
        match token {
            STR_I => {
                let string = self.cursor.string()?;
                self.tree.push_text(&self.header.charset.decode(string))
            }
            STR_T => {
                let string = self.table_string()?;
                self.tree.push_text(&self.header.charset.decode(string))
            }
            EXT_T_0 => {
                let number = self.cursor.number()?;
                self.value_token(number)
            }
            ENTITY => {
                let number = self.cursor.number()?;
                let known = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.tree.push_text(&characters::legal(known.encode_utf8(&mut [0; 4])))
            }
            OPAQUE => self.raw(),
            EXT_T_1 | EXT_T_2 => self.cursor.number().map(drop),
            _ if EXT_I.contains(&token) => self.cursor.string().map(drop),
            // The extensions of a single octet have no operand.
            _ => Ok(()),
        }
    }

    /// Adds the text of a value token. One that is not known adds nothing.
    fn value_token(&mut self, number: u32) -> Result<(), ReadError> {
        let is = |element: Option<&Element>, name| element.is_some_and(|it| it.name() == name);
        let is_property = is(self.tree.innermost(), "Name") && is(self.tree.parent(), "Property");
        match tables::value(self.version, number, is_property) {
            Some(text) => self.tree.push_text(text),
            None => Ok(()),
        }
    }

    /// Reads raw octets, all pieces of them.
    fn raw(&mut self) -> Result<(), ReadError> {
        let mut octets = Cow::Borrowed(self.opaque()?);
        while self.cursor.peek() == Some(OPAQUE) {
            self.cursor.octet()?;
            octets.to_mut().extend_from_slice(self.opaque()?);
        }
        let Some(element) = self.tree.innermost() else { return Ok(()) };
        match values::read_opaque(element.interned_name().content(), &octets) {
            Opaque::Text(text) => self.tree.push_text(&text),
            // Next to text they can only be text that got damaged.
            Opaque::Binary if !element.text().is_empty() => {
                self.tree.push_text(&characters::from_utf8(&octets))
            }
            Opaque::Binary => self.tree.set_binary(&BASE64_STANDARD.encode(&octets)),
        }
    }

    fn opaque(&mut self) -> Result<&'a [u8], ReadError> {
        let length = self.cursor.number()?;
        self.cursor.octets(length)
    }

    fn table_string(&mut self) -> Result<&'a [u8], ReadError> {
        let at = self.cursor.number()?;
        let string = self.header.string(at, usize::MAX);
        let string = string.ok_or_else(|| self.cursor.malformed("text outside the strings"))?;
        // A few octets can refer to a long string: many of them must not cost more than text.
        self.tree.charge(string.len())?;
        Ok(string)
    }
}

/// The element that tells the version.
const ROOT: &str = "WV-CSP-Message";

/// The bits that tell tags and attributes from tokens that mean the same on every page.
const LOW_BITS: u8 = 0x3F;
