//! What holds for any message and for any octets.

use onesoup::csp::{
    document::{Document, Spelling},
    element::{
        Element, MAX_CHILDREN, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_BYTES, MAX_TEXT_BYTES_IN_ALL,
    },
    version::Version,
    wbxml::{tables::Token, tokens::Name, write::WriteOptions},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::messages;

/// All names that a version has.
fn names(version: Version) -> Vec<&'static str> {
    let tokens = (0..12).flat_map(|page| (5..64).map(move |tag| Token { page, tag }));
    let names = tokens.filter_map(|token| Name::from_token(version, token));
    let known = names.filter(|name| name.token(version).is_some());
    known.map(|name| &*name.as_str().to_owned().leak()).collect()
}

fn name(version: Version) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(names(version))
}

/// Text as people, phones and those who test limits write it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[0-9]{1,11}",
        "[TF]|IM|SMS|http://|https://a|Inband|GROUP_ID|20010925T165859Z",
        "[a-zA-Z0-9 @:/._-]{1,40}",
        "[ \t\n\r&<>\"'\\]a-z]{1,12}",
        "\\PC{1,20}",
    ]
}

fn element(version: Version) -> impl Strategy<Value = Element> {
    let leaf = (name(version), text()).prop_map(|(name, text)| Element::with_text(name, text));
    leaf.prop_recursive(6, 60, 6, move |inner| {
        (name(version), vec(inner, 0..6)).prop_map(|(name, children)| {
            children.into_iter().fold(Element::new(name), Element::child_element)
        })
    })
}

fn document() -> impl Strategy<Value = Document> {
    proptest::sample::select(Version::ALL.to_vec()).prop_flat_map(|version| {
        let contents = vec(element(version), 0..4);
        contents.prop_map(move |contents| {
            let root =
                contents.into_iter().fold(Element::new("WV-CSP-Message"), Element::child_element);
            Document { version, root }
        })
    })
}

/// Returns depth, elements and text of a tree, and asserts the bounds of each element.
fn measure(element: &Element) -> (usize, usize, usize) {
    assert!(element.children().len() <= MAX_CHILDREN);
    assert!(element.text().len() <= MAX_TEXT_BYTES);
    let within = element.children().iter().map(measure);
    within.fold((0, 1, element.text().len()), |all, one| {
        (all.0.max(one.0 + 1), all.1 + one.1, all.2 + one.2)
    })
}

/// Reads octets in both spellings; whatever comes of it keeps the bounds and can be passed on.
fn read_anything(octets: &[u8]) {
    for spelling in [Spelling::Xml, Spelling::Wbxml] {
        let Ok(document) = Document::read(spelling, octets) else { continue };
        let (depth, elements, text_bytes) = measure(&document.root);
        assert!(depth <= MAX_DEPTH && elements <= MAX_ELEMENTS);
        assert!(text_bytes <= MAX_TEXT_BYTES_IN_ALL);
        let body = document.write(Spelling::Xml, WriteOptions::default());
        let again = Document::read(Spelling::Xml, &body).unwrap();
        if !has_mixed_or_binary(&document.root) {
            assert_eq!(again.root, document.root);
        }
        // The first writing may leave out what the version lacks; what it wrote stays.
        let body = document.write(Spelling::Wbxml, WriteOptions::default());
        let Ok(once) = Document::read(Spelling::Wbxml, &body) else { continue };
        let body = once.write(Spelling::Wbxml, WriteOptions::default());
        assert_eq!(Document::read(Spelling::Wbxml, &body).unwrap(), once);
    }
}

/// Whether the tree has what XML cannot give back: text next to elements, raw octets.
fn has_mixed_or_binary(element: &Element) -> bool {
    let is_mixed = !element.text().is_empty() && !element.children().is_empty();
    is_mixed || element.is_binary() || element.children().iter().any(has_mixed_or_binary)
}

fn valid_bodies() -> Vec<Vec<u8>> {
    let of = |file: &std::path::Path| {
        let document = messages::read(file);
        [Spelling::Xml, Spelling::Wbxml].map(|it| document.write(it, WriteOptions::default()))
    };
    messages::own().iter().flat_map(|(_, file)| of(file)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_back(document in document()) {
        for spelling in [Spelling::Xml, Spelling::Wbxml] {
            let body = document.write(spelling, WriteOptions::default());
            prop_assert_eq!(&Document::read(spelling, &body).unwrap(), &document);
        }
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in vec(any::<u8>(), 0..400)) {
        read_anything(&octets);
        read_anything(&[&[0x03, 0x12, 0x6A, 0x00, 0xC9, 0x0B, 0x01], &octets[..]].concat());
        read_anything(&[b"<Poll>", &octets[..]].concat());
    }

    #[test]
    fn any_damage_is_read_or_refused(
        which in any::<Index>(),
        damage in vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let bodies = valid_bodies();
        let mut body = which.get(&bodies).clone();
        for (at, octet, kind) in damage {
            let at = at.index(body.len());
            match kind {
                0 => body[at] = octet,
                1 => body.insert(at, octet),
                2 => drop(body.splice(at..body.len().min(at + usize::from(octet % 8)), [])),
                _ => body.extend_from_within(at..),
            }
            body.push(octet);
        }
        read_anything(&body);
    }
}
