//! Any octets are read as XML, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::csp::xml::read::read;

fuzz_target!(|octets: &[u8]| {
    let _ = read(octets);
});
