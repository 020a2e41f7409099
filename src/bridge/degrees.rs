//! Degrees: as phones write them (`35 24 15.652W`), as the network does (`-35.404348`), and as they
//! are kept, in ten-millionths.

use crate::domain::place::DEGREE;

/// Thousandths of a second of arc in a degree.
const MILLIS: i64 = 3_600_000;

/// The letters of the two ways from zero, and how far they go in degrees.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    positive: char,
    negative: char,
    most: i32,
}

/// North and south.
pub const LATITUDE: Axis = Axis { positive: 'N', negative: 'S', most: 90 };

/// East and west.
pub const LONGITUDE: Axis = Axis { positive: 'E', negative: 'W', most: 180 };

/// Characters of a spelling that are read.
const MAX_CHARS: usize = 40;

impl Axis {
    /// Reads degrees, minutes and seconds, or fewer of them with decimals; signs or letters tell
    /// the side.
    pub fn read(self, text: &str) -> Option<i32> {
        if text.len() > MAX_CHARS {
            return None;
        }
        let text = text.trim().to_uppercase();
        let letter = |letter: char| text.starts_with(letter) || text.ends_with(letter);
        let is_lettered_negative = letter(self.negative);
        if is_lettered_negative && letter(self.positive) {
            return None;
        }
        let numbers = text.trim_matches([self.positive, self.negative]).trim();
        let (is_negative, numbers) = match numbers.strip_prefix('-') {
            Some(numbers) => (!is_lettered_negative, numbers),
            None => (is_lettered_negative, numbers.trim_start_matches('+')),
        };
        let degrees = sum(numbers)?;
        self.kept(if is_negative { -degrees } else { degrees })
    }

    /// Returns how degrees are kept, if there are so many.
    pub fn kept(self, degrees: f64) -> Option<i32> {
        let is_real = degrees.is_finite() && degrees.abs() <= f64::from(self.most);
        // Bounded: the cast is exact.
        is_real.then(|| (degrees * f64::from(DEGREE)).round() as i32)
    }

    /// Writes degrees, minutes and seconds with at most three decimals.
    pub fn write(self, kept: i32) -> String {
        let letter = if kept < 0 { self.negative } else { self.positive };
        let scale = i64::from(DEGREE);
        let millis = (i64::from(kept).abs() * MILLIS + scale / 2) / scale;
        let (degrees, minutes) = (millis / MILLIS, millis / 60_000 % 60);
        let (seconds, rest) = (millis / 1000 % 60, millis % 1000);
        let decimals = format!(".{rest:03}");
        let decimals = decimals.trim_end_matches('0').trim_end_matches('.');
        format!("{degrees} {minutes} {seconds}{decimals}{letter}")
    }
}

/// Returns degrees as the network writes them.
pub fn decimal(kept: i32) -> f64 {
    f64::from(kept) / f64::from(DEGREE)
}

/// Adds up at most three numbers, each a sixtieth of the one before.
fn sum(text: &str) -> Option<f64> {
    let is_between = |c: char| c.is_whitespace() || "°'\"′″:".contains(c);
    let mut parts = text.split(is_between).filter(|part| !part.is_empty()).peekable();
    parts.peek()?;
    let (mut degrees, mut unit) = (0.0, 1.0);
    for part in parts {
        let is_plain = part.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
        let number: f64 = part.replace(',', ".").parse().ok()?;
        if !is_plain || unit < 1.0 / 3600.0 || (unit < 1.0 && number >= 60.0) {
            return None;
        }
        degrees += number * unit;
        unit /= 60.0;
    }
    Some(degrees)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_phones_write_is_read() {
        let table = [
            (LONGITUDE, "35 24 15.652W", Some(-354_043_478)),
            (LATITUDE, "12 36 22.5N", Some(126_062_500)),
            (LATITUDE, "n 12 36 22.5", Some(126_062_500)),
            (LATITUDE, "12°36'22,5\"S", Some(-126_062_500)),
            (LATITUDE, "12.60625", Some(126_062_500)),
            (LATITUDE, "-12.60625", Some(-126_062_500)),
            (LONGITUDE, "180 0 0E", Some(180 * DEGREE)),
            (LONGITUDE, "180 0 0.001E", None),
            (LATITUDE, "91N", None),
            (LATITUDE, "12 60 0N", None),
            (LATITUDE, "1 2 3 4N", None),
            (LATITUDE, "12N12S", None),
            (LATITUDE, "N12S", None),
            (LATITUDE, "12W", None),
            (LATITUDE, "NaN", None),
            (LATITUDE, "inf", None),
            (LATITUDE, "1e1", None),
            (LATITUDE, "", None),
        ];
        for (axis, text, kept) in table {
            assert_eq!(axis.read(text), kept, "{text}");
        }
    }

    #[test]
    fn it_is_written_as_in_the_specification() {
        assert_eq!(LONGITUDE.write(-354_043_478), "35 24 15.652W");
        assert_eq!(LATITUDE.write(126_062_500), "12 36 22.5N");
        assert_eq!(LATITUDE.write(0), "0 0 0N");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(millis in -648_000_000_i64..=648_000_000) {
            let kept = i32::try_from(millis * i64::from(DEGREE) / MILLIS).unwrap();
            let text = LONGITUDE.write(kept);
            let read = LONGITUDE.read(&text).unwrap();
            prop_assert_eq!(LONGITUDE.write(read), text);
            prop_assert!((read - kept).abs() <= 2, "{} {}", read, kept);
        }

        #[test]
        fn decimals_are_exact(kept in -180 * DEGREE..=180 * DEGREE) {
            let text = decimal(kept).to_string();
            prop_assert_eq!(LONGITUDE.kept(text.parse().unwrap()), Some(kept));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9 .,NSEW°'\"é]{0,50}") {
            let _ = LATITUDE.read(&text);
        }
    }
}
