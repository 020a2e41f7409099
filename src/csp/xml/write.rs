//! Element tree to XML text.

use crate::csp::{
    characters,
    document::Document,
    element::Element,
    version::{Space, Version},
};

/// Writes a body, as compact as it gets: in UTF-8, without a document type.
///
/// Characters that XML 1.0 forbids are left out, as are elements whose names it forbids.
pub fn write(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(TYPICAL_BYTES);
    out.extend_from_slice(DECLARATION);
    element(&mut out, &document.root, document.version);
    out
}

/// Writes a message for people: indented, a leaf to a line, no declaration.
pub fn pretty(document: &Document) -> String {
    let mut out = Vec::with_capacity(TYPICAL_BYTES * 2);
    pretty_element(&mut out, &document.root, document.version, 0);
    String::from_utf8_lossy(&out).into_owned()
}

fn element(out: &mut Vec<u8>, element: &Element, version: Version) {
    let Some(tags) = Tags::of(element) else { return };
    tags.start(out, element, version);
    if is_empty(element) {
        return;
    }
    text(out, element.text());
    for child in element.children() {
        self::element(out, child, version);
    }
    tags.end(out);
}

fn pretty_element(out: &mut Vec<u8>, element: &Element, version: Version, depth: usize) {
    let Some(tags) = Tags::of(element) else { return };
    indent(out, depth);
    tags.start(out, element, version);
    if !is_empty(element) {
        text(out, element.text());
        if !element.children().is_empty() {
            out.push(b'\n');
            for child in element.children() {
                pretty_element(out, child, version, depth + 1);
            }
            indent(out, depth);
        }
        tags.end(out);
    }
    out.push(b'\n');
}

fn is_empty(element: &Element) -> bool {
    element.text().is_empty() && element.children().is_empty()
}

fn indent(out: &mut Vec<u8>, depth: usize) {
    out.extend((0..depth * INDENT).map(|_| b' '));
}

/// The tags of an element.
enum Tags<'a> {
    /// Both as they are in the tables.
    Known(&'static str, &'static str),
    /// The name of both.
    Literal(&'a str),
}

impl<'a> Tags<'a> {
    /// Returns none if the name is not one that XML allows.
    fn of(element: &'a Element) -> Option<Self> {
        let name = element.interned_name();
        match name.markup() {
            Some((start, end)) => Some(Self::Known(start, end)),
            None => characters::is_name(name.as_str()).then_some(Self::Literal(name.as_str())),
        }
    }

    /// Writes the start tag, or all there is of an empty element.
    fn start(&self, out: &mut Vec<u8>, element: &Element, version: Version) {
        match self {
            Self::Known(start, _) => out.extend_from_slice(start.as_bytes()),
            Self::Literal(name) => out.extend([b"<", name.as_bytes(), b">"].into_iter().flatten()),
        }
        if let Some(space) = Space::declared_on(element.name()) {
            out.pop();
            out.extend_from_slice(b" xmlns=\"");
            out.extend_from_slice(version.namespace_prefix(space).as_bytes());
            out.extend_from_slice(version.digits().as_bytes());
            out.extend_from_slice(b"\">");
        }
        if is_empty(element) {
            out.pop();
            out.extend_from_slice(b"/>");
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        match self {
            Self::Known(_, end) => out.extend_from_slice(end.as_bytes()),
            Self::Literal(name) => out.extend([b"</", name.as_bytes(), b">"].into_iter().flatten()),
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    if characters::is_plain(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let text = characters::legal(text);
    // White space alone would be taken for layout; as references it is text.
    let is_blank = text.trim_ascii().is_empty();
    let mut plain = 0;
    for (at, octet) in text.bytes().enumerate() {
        let reference: &[u8] = match octet {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\'' => b"&apos;",
            // Plain, it would be read as a line feed.
            b'\r' => b"&#13;",
            b'\n' if is_blank => b"&#10;",
            _ => continue,
        };
        out.extend_from_slice(text.as_bytes().get(plain..at).unwrap_or_default());
        out.extend_from_slice(reference);
        plain = at + 1;
    }
    out.extend_from_slice(text.as_bytes().get(plain..).unwrap_or_default());
}

const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Most messages fit without growing.
const TYPICAL_BYTES: usize = 2048;

/// Spaces of one level.
const INDENT: usize = 2;
