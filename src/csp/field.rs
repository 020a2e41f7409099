//! How a typed shape is taken from an element and put into one.
//!
//! A [`Shape`] is read from [`Fields`], which finds children by name wherever they stand, and
//! written into a [`Build`], which keeps the order of its calls. Phones misplace and omit
//! children (handset: Android G30), so reading never asks for an order.

use crate::csp::{element::Element, status::Code, version::Version};

/// A value with a form in the element tree: a text, or an element with children.
pub trait Shape: Sized {
    /// Reads the value from an element's content.
    fn read(from: Fields<'_>) -> Result<Self, FieldError>;

    /// Writes the value as an element's content.
    fn write(&self, to: Build) -> Build;

    /// Returns whether the element says anything; one that does not counts as absent.
    fn is_given(_from: Fields<'_>) -> bool {
        true
    }
}

/// Why an element is not the shape that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct FieldError {
    /// The names from the outermost element to the faulty one, with `/` between.
    pub path: String,
    /// The status code that answers it.
    pub code: Code,
    /// What is wrong, in lower case.
    pub what: &'static str,
}

impl FieldError {
    /// Returns an error about a value that cannot be what it should be.
    pub fn bad_value(what: &'static str) -> Self {
        Self { path: String::new(), code: Code::BAD_PARAMETER, what }
    }

    /// Returns an error about a tree that lacks what holds it together.
    pub fn malformed(what: &'static str) -> Self {
        Self { path: String::new(), code: Code::BAD_REQUEST, what }
    }

    /// Adds the name of an element around the fault.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "/" };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }
}

/// The children and the text of one element, in the light of a version.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    element: &'a Element,
    version: Version,
}

impl<'a> Fields<'a> {
    /// Looks at an element.
    pub fn of(element: &'a Element, version: Version) -> Self {
        Self { element, version }
    }

    /// Returns the element itself.
    pub fn element(self) -> &'a Element {
        self.element
    }

    /// Returns the version of the message.
    pub fn version(self) -> Version {
        self.version
    }

    /// Returns the element's text.
    pub fn text(self) -> &'a str {
        self.element.text()
    }

    /// Returns all children.
    pub fn children(self) -> impl Iterator<Item = Fields<'a>> {
        self.element.children().iter().map(move |child| Self::of(child, self.version))
    }

    /// Returns the children of this name or of its other spelling.
    pub fn each(self, name: &'static str) -> impl Iterator<Item = Fields<'a>> {
        let other = other_spelling(name);
        self.children().filter(move |child| {
            let found = child.element.name();
            found == name || Some(found) == other
        })
    }

    /// Returns the first child of this name.
    pub fn inside(self, name: &'static str) -> Option<Fields<'a>> {
        self.each(name).next()
    }

    /// Returns whether there is a child of this name.
    pub fn has(self, name: &'static str) -> bool {
        self.inside(name).is_some()
    }

    /// Reads a child that must be there.
    pub fn required<T: Shape>(self, name: &'static str) -> Result<T, FieldError> {
        self.optional(name)?.ok_or_else(|| FieldError::bad_value("missing").within(name))
    }

    /// Reads a child that may be absent but not wrong.
    pub fn optional<T: Shape>(self, name: &'static str) -> Result<Option<T>, FieldError> {
        self.inside(name)
            .filter(|child| T::is_given(*child))
            .map(|child| T::read(child).map_err(|error| error.within(name)))
            .transpose()
    }

    /// Reads a child on which nothing depends: a wrong one counts as absent.
    pub fn hint<T: Shape>(self, name: &'static str) -> Option<T> {
        self.optional(name).unwrap_or(None)
    }

    /// Reads all children of a name.
    pub fn repeated<T: Shape>(self, name: &'static str) -> Result<Vec<T>, FieldError> {
        self.each(name)
            .filter(|child| T::is_given(*child))
            .map(|child| T::read(child).map_err(|error| error.within(name)))
            .collect()
    }

    /// Reads a boolean child; absent or wrong is false.
    pub fn flag(self, name: &'static str) -> bool {
        self.hint(name).unwrap_or(false)
    }
}

/// An element under construction, for one version.
#[derive(Clone, Debug)]
pub struct Build {
    element: Element,
    version: Version,
}

impl Build {
    /// Starts an element.
    pub fn new(name: &str, version: Version) -> Self {
        Self { element: Element::new(name), version }
    }

    /// Returns the version that is written.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Adds text.
    pub fn text(mut self, text: &str) -> Self {
        self.element.push_text(text);
        self
    }

    /// Adds a finished child.
    pub fn element(mut self, child: Element) -> Self {
        self.element.push(child);
        self
    }

    /// Adds a child that holds a value.
    pub fn put<T: Shape>(self, name: &str, value: &T) -> Self {
        self.inside(name, |child| value.write(child))
    }

    /// Adds a child if there is a value.
    pub fn maybe<T: Shape>(self, name: &str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    /// Adds a child for each value.
    pub fn each<T: Shape>(self, name: &str, values: &[T]) -> Self {
        values.iter().fold(self, |to, value| to.put(name, value))
    }

    /// Adds a child whose content is written by a function.
    pub fn inside(self, name: &str, content: impl FnOnce(Build) -> Build) -> Self {
        let child = content(Self::new(name, self.version)).finish();
        self.element(child)
    }

    /// Adds a child whose content is written by a function, if a condition holds.
    pub fn inside_if(self, wanted: bool, name: &str, content: impl FnOnce(Build) -> Build) -> Self {
        if wanted { self.inside(name, content) } else { self }
    }

    /// Continues with a function, for what several shapes have in common.
    pub fn also(self, content: impl FnOnce(Build) -> Build) -> Self {
        content(self)
    }

    /// Returns the element.
    pub fn finish(self) -> Element {
        self.element
    }
}

/// Returns our name of an element, which some implementations spell otherwise.
pub fn our_spelling(name: &str) -> &str {
    let known = OTHER_SPELLINGS.iter().find(|(_, theirs)| *theirs == name);
    known.map_or(name, |(ours, _)| ours)
}

fn other_spelling(name: &str) -> Option<&'static str> {
    OTHER_SPELLINGS.iter().find(|(ours, _)| *ours == name).map(|(_, theirs)| *theirs)
}

/// Names with a second spelling in real messages: ours, theirs. `schema/csp/conflicts.tsv`.
const OTHER_SPELLINGS: [(&str, &str); 11] = [
    ("AcceptedCharset", "AcceptedCharSet"),
    ("AutoSubscribe", "Auto-Subscribe"),
    ("BlockEntity-Request", "BlockUser-Request"),
    ("Cname", "CName"),
    ("ExtendedData", "Extended-Data"),
    ("KeepAlive-Response", "KeepAliveResponse"),
    ("PlainTextCharset", "PlainTextCharSet"),
    ("ReferredContent", "PreferredContent"),
    ("ReferredvCard", "PreferredvCard"),
    ("WV-CSP-VersionDiscovery-Request", "WV-CSP-NSDiscovery-Request"),
    ("WV-CSP-VersionDiscovery-Response", "WV-CSP-NSDiscovery-Response"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::literal::tree;

    #[test]
    fn an_error_names_the_path_and_the_code() {
        let element = tree("<A><B><Code>many</Code></B></A>");
        let inner = Fields::of(&element, Version::V1_2).inside("B").unwrap();
        let error = inner.required::<Code>("Code").unwrap_err().within("B").within("A");
        assert_eq!(error.path, "A/B/Code");
        assert_eq!(error.code, Code::BAD_PARAMETER);
        assert_eq!(error.to_string(), "A/B/Code: not a number");
    }

    #[test]
    fn an_empty_boolean_counts_as_absent() {
        let element = tree("<GrantList><InUse/></GrantList>");
        let fields = Fields::of(&element, Version::V1_1);
        assert_eq!(fields.optional::<bool>("InUse"), Ok(None));
        assert!(fields.required::<bool>("InUse").is_err());
    }

    #[test]
    fn children_are_found_by_name_in_either_spelling_and_any_place() {
        let element = tree("<S><Auto-Subscribe>T</Auto-Subscribe><ContactList>x</ContactList></S>");
        assert!(Fields::of(&element, Version::V1_2).flag("AutoSubscribe"));
    }

    #[test]
    fn a_wrong_hint_is_no_hint() {
        let element = tree("<M><ContentSize>a few</ContentSize></M>");
        let fields = Fields::of(&element, Version::V1_1);
        assert_eq!(fields.hint::<u32>("ContentSize"), None);
        assert!(fields.optional::<u32>("ContentSize").is_err());
    }
}
