//! Any octets are read as a message with its primitives, or refused; what was read can be written,
//! and is itself when read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::csp::{
    document::{Document, Spelling},
    envelope::Message,
};

fuzz_target!(|octets: &[u8]| {
    let Some(spelling) = Spelling::sniff(octets) else { return };
    let Ok(document) = Document::read(spelling, octets) else { return };
    let Ok(mut message) = Message::read(&document) else { return };
    // One that could not be read is answered, never written.
    message.transactions.retain(|transaction| transaction.content.is_ok());
    // The first writing may leave out what a version lacks; what it wrote then stays as it is.
    let Ok(once) = Message::read(&message.write()) else { return };
    assert_eq!(Message::read(&once.write()).as_ref(), Ok(&once));
});
