//! The neutral tree between bytes and primitives.

use std::mem;

use compact_str::CompactString;

use crate::csp::wbxml::tokens::Name;

/// Elements below the root that a reader follows; real messages need 14.
pub const MAX_DEPTH: usize = 32;

/// Children of one element that a reader takes: a contact list of ten thousand.
pub const MAX_CHILDREN: usize = 10_000;

/// Octets of text in one element that a reader takes.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Elements of one message that a reader takes: two thousand contacts with all they publish, or
/// ten thousand with their names. Each takes 72 octets of memory but as little as one of a body.
pub const MAX_ELEMENTS: usize = 65_536;

/// Octets of text in one message that a reader takes: twice the largest body, since a few octets
/// of WBXML can refer to a long string.
pub const MAX_TEXT_BYTES_IN_ALL: usize = 1024 * 1024;

/// Octets of an element's name that a reader takes; names of the protocol have up to 32.
pub const MAX_NAME_BYTES: usize = 64;

/// An element: its name, and either text or children.
///
/// CSP has no mixed content: where both occur, as in an extension, the order between text and
/// children is lost and the text runs are one. Name spaces are not kept: the version tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    name: Name,
    text: CompactString,
    children: Vec<Element>,
    origin: Origin,
}

/// What the text was in the body.
///
/// As wide as a word: readers move elements right after writing them, and a processor waits when
/// it must load more at once than it stored at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u64)]
enum Origin {
    /// Text.
    #[default]
    Text,
    /// Raw octets; the text is base64 of them.
    Octets,
}

impl Element {
    /// Returns an empty element.
    pub fn new(name: impl Into<Name>) -> Self {
        let name = name.into();
        Self { name, text: CompactString::default(), children: Vec::new(), origin: Origin::Text }
    }

    /// Returns an element that holds text.
    pub fn with_text(name: impl Into<Name>, text: impl Into<CompactString>) -> Self {
        Self { text: text.into(), ..Self::new(name) }
    }

    /// Adds a child, for building in one expression.
    #[must_use]
    pub fn child_element(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    /// Adds a child that holds text, for building in one expression.
    #[must_use]
    pub fn child_text(self, name: impl Into<Name>, text: impl Into<CompactString>) -> Self {
        self.child_element(Self::with_text(name, text))
    }

    /// Adds a child.
    pub fn push(&mut self, child: Element) {
        self.children.push(child);
    }

    /// Adds to the text.
    #[inline]
    pub fn push_text(&mut self, text: &str) {
        if self.text.is_empty() {
            self.text = text.into();
        } else {
            self.text.push_str(text);
        }
    }

    /// Gives the element another name.
    pub(crate) fn rename(&mut self, name: Name) {
        self.name = name;
    }

    /// Takes all that the element holds, and leaves it empty for another one.
    #[inline]
    pub(crate) fn take(&mut self) -> Self {
        Self {
            name: mem::replace(&mut self.name, Name::PLACE),
            text: mem::take(&mut self.text),
            children: mem::take(&mut self.children),
            origin: mem::take(&mut self.origin),
        }
    }

    /// Moves all that the element holds into a new child of `parent`.
    #[inline]
    pub(crate) fn move_into(&mut self, parent: &mut Self) {
        let children = &mut parent.children;
        if children.len() == children.capacity() {
            children.reserve(1);
        }
        // Now surely true; a compiler that sees it builds the child in its place.
        if children.len() < children.capacity() {
            children.push(self.take());
        }
    }

    /// Takes white space off both ends of the text.
    pub(crate) fn trim_text(&mut self) {
        if self.text.is_empty() {
            return;
        }
        self.text.truncate(self.text.trim_ascii_end().len());
        let trimmed = self.text.trim_ascii_start();
        if trimmed.len() != self.text.len() {
            self.text = trimmed.into();
        }
    }

    /// Sets the text to base64 of raw octets, and remembers that it was octets.
    pub fn set_binary(&mut self, base64: impl Into<CompactString>) {
        self.text = base64.into();
        self.origin = Origin::Octets;
    }

    /// Returns the children, for a reader that is still building.
    pub fn children_mut(&mut self) -> &mut Vec<Element> {
        &mut self.children
    }

    /// Returns the name, as the tables spell it.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Returns the name in the form that knows its token.
    pub fn interned_name(&self) -> &Name {
        &self.name
    }

    /// Returns the text; empty where there is none.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the text is base64 of what travelled as raw octets.
    pub fn is_binary(&self) -> bool {
        self.origin == Origin::Octets
    }

    /// Returns the children in order.
    pub fn children(&self) -> &[Element] {
        &self.children
    }

    /// Returns the first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name() == name)
    }

    /// Returns all children of this name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name() == name)
    }

    /// Returns the text of the first child of this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Element::text)
    }
}
