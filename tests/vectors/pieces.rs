//! A phone that reads a body in pieces and loses a text that ends where a piece ends.
//!
//! handset: Android G2

use std::num::NonZeroUsize;

use onesoup::csp::{
    document::Document,
    element::Element,
    version::Version,
    wbxml::{
        read::read,
        write::{WriteOptions, write},
    },
};

/// Returns where the texts of elements end, by a reader of its own that knows only our subset.
fn text_ends(body: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 4;
    let string_end = |from: usize| from + body[from..].iter().position(|o| *o == 0).unwrap() + 1;
    while at < body.len() {
        match body[at] {
            0x00 => at += 2,
            0x01 => at += 1,
            0x03 => {
                at = string_end(at + 1);
                ends.push(at);
            }
            0x80 => {
                at += 2;
                ends.push(at);
            }
            0xC3 => {
                at += 2 + usize::from(body[at + 1]);
                ends.push(at);
            }
            // A name space: its start, its digits inline, its end.
            tag if tag & 0x80 != 0 => at = string_end(at + 3) + 1,
            _ => at += 1,
        }
    }
    assert_eq!(at, body.len());
    ends
}

/// Returns the tree as the phone sees it.
fn read_in_pieces(body: &[u8], piece: usize) -> Element {
    let lost: Vec<usize> =
        text_ends(body).into_iter().filter(|end| end.is_multiple_of(piece)).collect();
    let mut root = read(body).unwrap().root;
    let mut seen = 0;
    forget(&mut root, &text_ends(body), &lost, &mut seen);
    root
}

/// Takes the lost texts away; texts are met in the order in which they end.
fn forget(element: &mut Element, ends: &[usize], lost: &[usize], seen: &mut usize) {
    if !element.text().is_empty() {
        if lost.contains(&ends[*seen]) {
            *element = Element::new(element.name());
        }
        *seen += 1;
    }
    for child in element.children_mut() {
        forget(child, ends, lost, seen);
    }
}

/// A message with texts of all forms, moved by the length of its first one.
fn message(shift: usize, contacts: usize) -> Document {
    let mut list = Element::new("NickList");
    for contact in 0..contacts {
        list.push(
            Element::new("NickName")
                .child_text("Name", format!("Contact {contact}"))
                .child_text("UserID", format!("wv:contact-{contact}@example.org"))
                .child_text("Code", (contact * 100).to_string())
                .child_text("Acceptance", "T"),
        );
    }
    let root = Element::new("WV-CSP-Message")
        .child_text("Description", "x".repeat(shift + 1))
        .child_element(Element::new("TransactionContent").child_element(list));
    Document { version: Version::V1_2, root }
}

#[test]
fn no_text_ends_where_a_piece_ends() {
    for piece in [16, 64, 128, 1024] {
        let options = WriteOptions { read_piece_bytes: NonZeroUsize::new(piece) };
        let mut losses_without = 0;
        for shift in 0..piece.min(300) {
            let document = message(shift, 40);
            let body = write(&document, options);
            assert_eq!(read_in_pieces(&body, piece), document.root, "{piece} {shift}");
            assert_eq!(read(&body).unwrap(), document);
            let plain = write(&document, WriteOptions::default());
            losses_without += usize::from(read_in_pieces(&plain, piece) != document.root);
        }
        assert!(losses_without > 0, "the reader loses nothing anyway");
    }
}

#[test]
fn a_body_without_such_a_text_stays_as_it_is() {
    let document = message(0, 2);
    let options = WriteOptions { read_piece_bytes: NonZeroUsize::new(1024) };
    assert_eq!(write(&document, options), write(&document, WriteOptions::default()));
}
