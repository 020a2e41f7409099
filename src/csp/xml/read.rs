//! XML text to element tree, bounded.

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use crate::csp::{
    characters,
    document::Document,
    element::Element,
    error::ReadError,
    tree::Tree,
    version::{Space, Version},
    wbxml::tokens::Name,
    xml::encoding,
};

/// Reads a body.
///
/// Prefixes of names are not looked at, nor is anything within a document type but its public
/// identifier. White space between elements is layout, within an element without children it is
/// text unless it is nothing but a line break with its indentation.
pub fn read(body: &[u8]) -> Result<Document, ReadError> {
    let text = encoding::decode(body)?;
    XmlReader {
        events: Reader::from_str(&text),
        has_returns: text.contains('\r'),
        tree: Tree::new(),
        root: None,
        from_namespace: None,
        from_public_id: None,
        is_literal: false,
    }
    .document()
}

struct XmlReader<'a> {
    events: Reader<&'a [u8]>,
    /// Line ends are to be made one character.
    has_returns: bool,
    tree: Tree,
    root: Option<Element>,
    from_namespace: Option<Version>,
    from_public_id: Option<Version>,
    /// The innermost element's text holds a reference or a section that is surely no layout.
    is_literal: bool,
}

impl XmlReader<'_> {
    fn document(mut self) -> Result<Document, ReadError> {
        loop {
            match self.events.read_event().map_err(|_| self.malformed("not well-formed"))? {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(text) if self.has_returns => self.text(&text.xml10_content())?,
                Event::Text(text) => self.text(&text)?,
                Event::CData(text) => self.literal(&text.xml10_content())?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::DocType(text) => self.from_public_id = public_id(&text),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match self.root {
            Some(root) if self.tree.innermost().is_none() => {
                let version = self.from_namespace.or(self.from_public_id);
                Ok(Document::new(version.unwrap_or(Version::V1_1), root))
            }
            _ => Err(ReadError::Truncated),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        if self.root.is_some() {
            return Err(self.malformed("a second root"));
        }
        let tag_name = tag.name();
        let mut name = Name::from(tag_name.into_inner());
        if !name.is_known() {
            name = Name::from(tag_name.local_name().into_inner());
            if !name.is_known() && !characters::is_name(name.as_str()) {
                return Err(self.malformed("not a name"));
            }
        }
        let is_host = |name| Space::declared_on(name).is_some();
        let may_tell = self.tree.innermost().is_none() || is_host(name.as_str());
        if self.from_namespace.is_none() && may_tell {
            self.from_namespace = namespace_version(tag);
        }
        if let Some(parent) = self.tree.innermost_mut() {
            parent.trim_text();
        }
        self.is_literal = false;
        self.tree.open(name)
    }

    fn end(&mut self) {
        if let Some(element) = self.tree.innermost_mut() {
            let has_children = !element.children().is_empty();
            if has_children || !self.is_literal && is_layout(element.text()) {
                element.trim_text();
            }
        }
        self.is_literal = false;
        self.root = self.tree.close().or(self.root.take());
    }

    fn text(&mut self, text: &str) -> Result<(), ReadError> {
        match self.tree.innermost() {
            Some(element) => {
                let is_between = !element.children().is_empty() && text.trim_ascii().is_empty();
                if is_between { Ok(()) } else { self.tree.push_text(text) }
            }
            None if text.trim_ascii().is_empty() => Ok(()),
            None => Err(self.malformed("text outside the root")),
        }
    }

    /// Adds text that is meant as it is.
    fn literal(&mut self, text: &str) -> Result<(), ReadError> {
        if self.tree.innermost().is_none() {
            return Err(self.malformed("text outside the root"));
        }
        self.is_literal = true;
        self.tree.push_text(text)
    }

    /// Resolves a character by its number or one of the five entities that XML itself has.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), ReadError> {
        let character = match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            other => other.strip_prefix('#').and_then(numbered),
        };
        let character = character.ok_or_else(|| self.malformed("an unknown entity"))?;
        self.literal(&characters::legal(character.encode_utf8(&mut [0; 4])))
    }

    fn malformed(&self, what: &'static str) -> ReadError {
        let at = usize::try_from(self.events.buffer_position()).unwrap_or(usize::MAX);
        ReadError::Malformed { spelling: "XML", at, what }
    }
}

/// Returns the version that a tag's name space tells.
fn namespace_version(tag: &BytesStart<'_>) -> Option<Version> {
    let mut attributes = tag.attributes();
    let attributes = attributes.with_checks(false).flatten();
    let mut spaces = attributes.filter(|attribute| attribute.key.into_inner().starts_with("xmlns"));
    spaces.find_map(|attribute| {
        let address = attribute.value.trim_ascii();
        // A mixture of two versions is told by its digits, as in WBXML.
        let digits = address.len().checked_sub(3).and_then(|at| address.get(at..));
        Version::from_namespace(address).or_else(|| Version::from_digits(digits?))
    })
}

/// Returns the version that a document type's public identifier names.
fn public_id(document_type: &str) -> Option<Version> {
    let (_, after) = document_type.split_once("PUBLIC")?;
    let after = after.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Version::from_public_id(after.get(1..)?.split(quote).next()?)
}

/// Returns the character with a number, decimal or after `x` hexadecimal.
fn numbered(digits: &str) -> Option<char> {
    let number = match digits.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    // Half of a surrogate pair is damage, as it is in octets; beyond all characters is nonsense.
    let number = number.ok().filter(|number| *number <= u32::from(char::MAX))?;
    Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// Returns whether text is the line break and indentation of an empty element.
fn is_layout(text: &str) -> bool {
    let begins_blank = text.as_bytes().first().is_some_and(u8::is_ascii_whitespace);
    begins_blank && text.trim_ascii().is_empty() && text.contains('\n')
}
