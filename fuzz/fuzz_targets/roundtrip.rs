//! Whatever is read can be written in both spellings, and is itself when read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::csp::{
    document::{Document, Spelling},
    wbxml::write::WriteOptions,
};

fuzz_target!(|octets: &[u8]| {
    let Some(spelling) = Spelling::sniff(octets) else { return };
    let Ok(document) = Document::read(spelling, octets) else { return };
    // The first writing may leave out what a version lacks; what it wrote then stays as it is.
    for spelling in [Spelling::Xml, Spelling::Wbxml] {
        let body = document.write(spelling, WriteOptions::default());
        let Ok(once) = Document::read(spelling, &body) else { continue };
        let body = once.write(spelling, WriteOptions::default());
        assert_eq!(Document::read(spelling, &body).as_ref(), Ok(&once));
    }
});
