//! A message as the rules look at it: elements, their text, and how that text was written.

use compact_str::CompactString;

use crate::csp::element::Element;

/// An element.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) name: CompactString,
    pub(super) text: CompactString,
    pub(super) children: Vec<Node>,
    /// How WBXML has it; nothing in XML.
    pub(super) written: Written,
}

/// How an element stands in WBXML.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// The code page and the token of its name; none where the name is spelled out.
    pub(super) token: Option<(u8, u8)>,
    /// Where it starts.
    pub(super) at: usize,
    /// The tokens that start its attributes.
    pub(super) attributes: Vec<u8>,
    /// The pieces of its text.
    pub(super) runs: Vec<Run>,
}

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) kind: Kind,
    /// The place of the octet after its last.
    pub(super) end: usize,
}

/// How a piece of text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is, or in the string table.
    String,
    /// As the number of a character.
    Entity,
    /// As a value token.
    Token(u32),
    /// As so many raw octets.
    Opaque(usize),
}

impl Node {
    /// Takes an element of XML.
    pub(super) fn of(element: &Element) -> Self {
        Self {
            name: element.name().into(),
            text: element.text().into(),
            children: element.children().iter().map(Self::of).collect(),
            written: Written::default(),
        }
    }

    /// Returns the first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns all children of this name.
    pub(super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the descendant that a path of names leads to, as in `Result/Code`.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, name| node.child(name))
    }

    /// Returns the text at a path of names, without blanks around it; empty where there is none.
    pub(super) fn text_at(&self, path: &str) -> &str {
        self.at(path).map_or("", |node| node.text.trim())
    }

    /// Returns whether there is text at a path of names.
    pub(super) fn has(&self, path: &str) -> bool {
        !self.text_at(path).is_empty()
    }

    /// Returns the code of its result.
    pub(super) fn code(&self) -> Option<u32> {
        self.text_at("Result/Code").parse().ok()
    }

    /// Hands this element and all below it to a function, each with the one around it.
    pub(super) fn visit<E>(
        &self,
        parent: Option<&Self>,
        look: &mut impl FnMut(&Self, Option<&Self>) -> Result<(), E>,
    ) -> Result<(), E> {
        look(self, parent)?;
        self.children.iter().try_for_each(|child| child.visit(Some(self), look))
    }
}
