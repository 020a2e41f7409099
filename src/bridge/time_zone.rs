//! Time zones: hours from UTC with a sign for phones, hours and minutes for the network.

/// Minutes from UTC to the zones that are farthest ahead and behind.
const MAX_MINUTES: i16 = 14 * 60;

/// Reads `+02`, `-5`, `+0530`, `+05:30`, `UTC+2` or `Z`.
pub fn read(text: &str) -> Option<i16> {
    let text = text.trim().trim_start_matches("UTC").trim_start_matches("GMT").trim();
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let is_short = |text: &str| matches!(text.len(), 1..=2);
    let is_number = |text: &str| is_short(text) && text.bytes().all(|c| c.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MAX_MINUTES).then_some(sign * all)
}

/// Takes minutes from UTC, if there is such a zone.
pub fn of_network(minutes: i32) -> Option<i16> {
    i16::try_from(minutes).ok().filter(|minutes| minutes.abs() <= MAX_MINUTES)
}

/// Writes a zone for a phone.
pub fn to_phone(minutes: i16) -> String {
    let all = minutes.unsigned_abs();
    match all % 60 {
        0 => format!("{}{:02}", sign(minutes), all / 60),
        rest => format!("{}{:02}{rest:02}", sign(minutes), all / 60),
    }
}

/// Writes a zone for the network.
// spec: XEP-0082 §4
pub fn to_network(minutes: i16) -> String {
    let all = minutes.unsigned_abs();
    format!("{}{:02}:{:02}", sign(minutes), all / 60, all % 60)
}

fn sign(minutes: i16) -> char {
    if minutes < 0 { '-' } else { '+' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_spellings_of_phones_and_of_the_network_are_read() {
        let table = [
            ("+02", Some(120)),
            ("-5", Some(-300)),
            ("+0530", Some(330)),
            (" +05:30 ", Some(330)),
            ("-03:30", Some(-210)),
            ("UTC+2", Some(120)),
            ("GMT", None),
            ("Z", Some(0)),
            ("0", Some(0)),
            ("+14:00", Some(840)),
            ("+14:01", None),
            ("+1:60", None),
            ("++1", None),
            ("+99999", None),
            ("é:é", None),
            ("Europe/Paris", None),
            ("", None),
        ];
        for (text, minutes) in table {
            assert_eq!(read(text), minutes, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_zone_survives(minutes in -MAX_MINUTES..=MAX_MINUTES) {
            prop_assert_eq!(read(&to_phone(minutes)), Some(minutes));
            prop_assert_eq!(read(&to_network(minutes)), Some(minutes));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,8}") {
            let _ = read(&text);
        }
    }
}
