//! Any octets are read as WBXML, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::csp::wbxml::read::read;

fuzz_target!(|octets: &[u8]| {
    let _ = read(octets);
});
