//! Trees from literals, for tests.

use quick_xml::{Reader, events::Event};

use crate::csp::{
    element::Element,
    field::{Build, FieldError, Fields, Shape},
    version::Version,
};

/// Builds a tree from a literal in the manner of XML; attributes and white space are dropped.
pub(crate) fn tree(literal: &str) -> Element {
    let mut reader = Reader::from_str(literal);
    reader.config_mut().trim_text(true);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::new("literal")];
    loop {
        match reader.read_event().expect("the literal is well formed") {
            Event::Start(start) => {
                let name = start.name();
                open.push(Element::new(name.as_ref()));
            }
            Event::End(_) => {
                let child = open.pop().expect("an end follows its start");
                open.last_mut().expect("the root is closed last").push(child);
            }
            Event::Text(text) => {
                open.last_mut().expect("text is inside").push_text(text.as_ref().trim());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open[0].children()[0].clone()
}

/// Reads a shape from a literal.
pub(crate) fn read<T: Shape>(literal: &str, version: Version) -> Result<T, FieldError> {
    T::read(Fields::of(&tree(literal), version))
}

/// Writes a shape under the name of a literal's root and compares it with the literal.
pub(crate) fn assert_writes<T: Shape>(value: &T, literal: &str, version: Version) {
    let wanted = tree(literal);
    assert_eq!(value.write(Build::new(wanted.name(), version)).finish(), wanted);
}

/// Reads a literal, writes what was read, and compares.
pub(crate) fn assert_round_trip<T: Shape>(literal: &str, version: Version) -> T {
    let value = read(literal, version).expect("the literal is readable");
    assert_writes(&value, literal, version);
    value
}
