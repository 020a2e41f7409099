//! Any octets in any pieces are lines of a phone's wake-up connection, or end it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::csp::cir::{Line, LineReader};

/// Returns the lines until one is too long.
fn lines<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Line> {
    let mut reader = LineReader::default();
    let mut lines = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_line() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(_) => return lines,
            }
        }
    }
    lines
}

fuzz_target!(|octets: &[u8]| {
    let Some((&size, octets)) = octets.split_first() else { return };
    let in_pieces = lines(octets.chunks(usize::from(size) + 1));
    assert_eq!(in_pieces, lines(octets.chunks(1)));
});
