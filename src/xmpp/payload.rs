//! One element of a stanza: read through a tolerant eye, or built for sending.

use minidom::Element;
use rxml::{Namespace, NcName};

use crate::xmpp::ns;

/// An element with all that is in it; stanzas carry what they do not know in this form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(pub(in crate::xmpp) Element);

impl Payload {
    /// Returns an empty element.
    pub fn new(name: &str, ns: &str) -> Self {
        Self(Element::bare(name, ns))
    }

    /// Adds an attribute; a name that XML forbids adds nothing.
    pub fn with_attr(mut self, name: &str, value: &str) -> Self {
        self.insert(Namespace::NONE, name, value);
        self
    }

    /// Adds an attribute if there is a value.
    pub fn with_attr_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with_attr(name, value),
            None => self,
        }
    }

    /// Adds the language of what is inside.
    pub fn with_lang(mut self, lang: Option<&str>) -> Self {
        if let Some(lang) = lang {
            self.insert(Namespace::XML, "lang", lang);
        }
        self
    }

    /// Adds text.
    pub fn with_text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.0.append_text_node(text);
        }
        self
    }

    /// Adds a child.
    pub fn with(mut self, child: Self) -> Self {
        self.0.append_child(child.0);
        self
    }

    /// Adds children.
    pub fn with_all(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::with)
    }

    /// Adds a child that holds a text in the same namespace as this element.
    pub fn with_leaf(self, name: &str, text: &str) -> Self {
        let child = Self::new(name, &self.0.ns()).with_text(text);
        self.with(child)
    }

    /// Returns the reading side.
    pub fn node(&self) -> Node<'_> {
        Node(&self.0)
    }

    fn insert(&mut self, ns: Namespace<'static>, name: &str, value: &str) {
        if let Ok(name) = NcName::try_from(name) {
            self.0.attrs_mut().insert(ns, name, value.to_owned());
        }
    }
}

/// A look at an element: everything that may be missing is an `Option`, nothing fails.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(pub(in crate::xmpp) &'a Element);

impl<'a> Node<'a> {
    /// Returns the local name.
    pub fn name(self) -> &'a str {
        self.0.name()
    }

    /// Returns the namespace.
    pub fn ns(self) -> String {
        self.0.ns()
    }

    /// Says whether the element has this namespace.
    pub fn has_ns(self, ns: &str) -> bool {
        self.0.has_ns(ns)
    }

    /// Says whether the element has this name and namespace.
    pub fn is(self, name: &str, ns: &str) -> bool {
        self.0.is(name, ns)
    }

    /// Returns an attribute without a prefix.
    pub fn attr(self, name: &str) -> Option<&'a str> {
        self.0.attr_ns("", name)
    }

    /// Returns the language of what is inside, if the element itself names it.
    pub fn lang(self) -> Option<&'a str> {
        self.0.attr_ns(ns::XML, "lang").filter(|lang| !lang.is_empty())
    }

    /// Returns the text directly inside, without that of children.
    pub fn text(self) -> String {
        self.0.text()
    }

    /// Returns the children that are elements.
    pub fn children(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.0.children().map(Node)
    }

    /// Returns the first child of this name and namespace.
    pub fn child(self, name: &str, ns: &str) -> Option<Node<'a>> {
        self.children().find(|child| child.is(name, ns))
    }

    /// Returns the text of the first child of this name and namespace, trimmed, if it has any.
    pub fn child_text(self, name: &str, ns: &str) -> Option<String> {
        let text = self.child(name, ns)?.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Returns a copy that lives on its own.
    pub fn to_payload(self) -> Payload {
        Payload(self.0.clone())
    }
}

/// A text and the language that it is in, if it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// A language tag (RFC 5646).
    pub lang: Option<String>,
    /// The text.
    pub text: String,
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { lang: None, text: text.to_owned() }
    }
}

impl Text {
    pub(in crate::xmpp) fn read(node: Node<'_>) -> Self {
        Self { lang: node.lang().map(str::to_owned), text: node.text() }
    }

    pub(in crate::xmpp) fn to_payload(&self, name: &str) -> Payload {
        Payload::new(name, ns::CLIENT).with_lang(self.lang.as_deref()).with_text(&self.text)
    }

    /// Returns the text that a person is meant to see: the first that names no language, else the
    /// first; empty ones do not count.
    pub fn best(texts: &[Self]) -> Option<&str> {
        let mut full = texts.iter().filter(|text| !text.text.trim().is_empty());
        let first = full.clone().next();
        full.find(|text| text.lang.is_none()).or(first).map(|text| text.text.as_str())
    }

    /// Keeps only what is in a language, whatever its country, if anything is.
    pub fn keep_language(texts: &mut Vec<Self>, lang: &str) {
        let language = |tag: &str| tag.split('-').next().map(str::to_lowercase);
        let is_in = |text: &Self| text.lang.as_deref().and_then(language) == language(lang);
        if texts.iter().any(|text| is_in(text) && !text.text.trim().is_empty()) {
            texts.retain(is_in);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_languages_that_of_the_reader_is_kept() {
        let text = |lang: Option<&str>, text: &str| Text {
            lang: lang.map(str::to_owned),
            text: text.to_owned(),
        };
        let all = [
            text(None, "away"),
            text(Some("fi"), "poissa"),
            text(Some("de-AT"), "unterwegs"),
            text(Some("sv"), " "),
        ];
        for (lang, best) in [
            ("de", "unterwegs"),
            ("fi-FI", "poissa"),
            ("FI", "poissa"),
            ("sv", "away"),
            ("fr", "away"),
        ] {
            let mut texts = all.to_vec();
            Text::keep_language(&mut texts, lang);
            assert_eq!(Text::best(&texts), Some(best), "{lang}");
        }
    }
}
