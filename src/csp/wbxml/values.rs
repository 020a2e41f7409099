//! Text from raw octets, by what the element is.

use compact_str::{CompactString, ToCompactString, format_compact};

use crate::csp::{characters, wbxml::tables::Content};

/// What raw octets in an element mean.
pub(super) enum Opaque {
    /// This text.
    Text(CompactString),
    /// Octets that are no text.
    Binary,
}

/// Reads raw octets.
pub(super) fn read_opaque(content: Content, octets: &[u8]) -> Opaque {
    let typed = match content {
        Content::Integer | Content::DisputedInteger => integer(octets),
        Content::Moment => moment(octets),
        Content::Boolean => boolean(octets),
        Content::Text | Content::Enumeration(_) => None,
    };
    match typed.or_else(|| characters::as_text(octets).map(CompactString::from)) {
        Some(text) => Opaque::Text(text),
        None => Opaque::Binary,
    }
}

/// A number, the most significant octet first; none is zero.
fn integer(octets: &[u8]) -> Option<CompactString> {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let digits = octets.get(zeros..)?;
    (digits.len() <= 8).then(|| {
        digits
            .iter()
            .fold(0, |number: u64, &octet| number << 8 | u64::from(octet))
            .to_compact_string()
    })
}

/// One octet, which is zero or a letter.
fn boolean(octets: &[u8]) -> Option<CompactString> {
    match octets {
        [0 | b'F' | b'f'] => Some("F".into()),
        [_] => Some("T".into()),
        _ => None,
    }
}

/// A date with a time: 12 bits of year, 4 of month, 5 of day and hour, 6 of minute and second,
/// and the letter of a time zone.
fn moment(octets: &[u8]) -> Option<CompactString> {
    let [a, b, c, d, e, zone] = *<&[u8; 6]>::try_from(octets).ok()?;
    let bits = [a, b, c, d, e].iter().fold(0, |bits: u64, &octet| bits << 8 | u64::from(octet));
    let field = |shift: u32, width: u32| bits >> shift & ((1 << width) - 1);
    let (year, month, day) = (field(26, 12), field(22, 4), field(17, 5));
    let (hour, minute, second) = (field(12, 5), field(6, 6), field(0, 6));
    let zone = zone_text(zone);
    Some(format_compact!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{zone}"))
}

/// The offset that a time zone's letter stands for; empty where none is given.
fn zone_text(letter: u8) -> CompactString {
    match letter {
        b'Z' => "Z".into(),
        b'A'..=b'I' => format_compact!("+{:02}00", letter - b'A' + 1),
        b'K'..=b'M' => format_compact!("+{:02}00", letter - b'A'),
        b'N'..=b'Y' => format_compact!("-{:02}00", letter - b'N' + 1),
        _ => CompactString::default(),
    }
}
