//! The hash of an element's name; the build script places names by it, so both share this file.

/// Slots of the table that names are placed in: few collisions at a quarter full.
pub(crate) const SLOTS: usize = 2048;

/// Returns the slot where the search for a name starts.
///
/// Reads only the length and both ends: names of the tables differ there, nearly always, and
/// the caller compares the whole name anyway.
pub(crate) fn first_slot(name: &str) -> usize {
    let bytes = name.as_bytes();
    let (head, tail) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (bytes.iter().fold(0, |sum, &octet| (sum << 8) | u64::from(octet)), 0),
    };
    let mixed = (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(MULTIPLIER);
    (mixed >> (64 - SLOTS.ilog2())) as usize
}

/// An odd number with its bits well spread (2^64 divided by the golden ratio).
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
