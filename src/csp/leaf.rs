//! Leaf values: what an element's text can mean.

use compact_str::{CompactString, ToCompactString};
use jiff::{Timestamp, civil, tz::Offset};

use crate::{
    base::clock::Millis,
    csp::{
        field::{Build, FieldError, Fields, Shape},
        status::Code,
    },
};

/// A word out of a list that the specification closes or leaves open.
pub trait Word: Clone + PartialEq + 'static {
    /// The words; where one value has several, the first is written.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the value of a word that is not listed; none if the list is closed.
    fn other(_word: &str) -> Option<Self> {
        None
    }

    /// Returns the word of an unlisted value.
    fn as_other(&self) -> &str {
        ""
    }

    /// Reads a word in any case: phones write `Open` and `OPEN`.
    fn from_word(word: &str) -> Option<Self> {
        let word = word.trim();
        let listed = Self::WORDS.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(word));
        listed.map(|(_, value)| value.clone()).or_else(|| Self::other(word))
    }

    /// Returns the word to write.
    fn word(&self) -> &str {
        let listed = Self::WORDS.iter().find(|(_, value)| value == self);
        listed.map_or_else(|| self.as_other(), |(word, _)| word)
    }
}

impl<T: Word> Shape for T {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Self::from_word(from.text()).ok_or(FieldError::bad_value("not one of the known words"))
    }

    fn write(&self, to: Build) -> Build {
        to.text(self.word())
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for CompactString {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(from.text().into())
    }

    fn write(&self, to: Build) -> Build {
        to.text(self)
    }
}

impl Shape for bool {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        read_bool(from.text()).ok_or(FieldError::bad_value("neither T nor F"))
    }

    fn write(&self, to: Build) -> Build {
        to.text(if *self { "T" } else { "F" })
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for u32 {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        read_integer(from.text()).ok_or(FieldError::bad_value("not a number"))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&self.to_compact_string())
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for Code {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let number = read_integer(from.text()).ok_or(FieldError::bad_value("not a number"))?;
        let code = u16::try_from(number).map_err(|_| FieldError::bad_value("not a status code"))?;
        Ok(Self(code))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&self.0.to_compact_string())
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for Millis {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        read_date_time(from.text()).ok_or(FieldError::bad_value("not a date and time"))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&date_time(*self))
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

/// Returns whether an element has text that is more than white space.
pub fn has_text(from: Fields<'_>) -> bool {
    !from.text().trim().is_empty()
}

/// Reads `T` or `F`, or what careless clients write instead.
pub fn read_bool(text: &str) -> Option<bool> {
    let text = text.trim();
    let is_one_of = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(["T", "true", "1"]) {
        Some(true)
    } else if is_one_of(["F", "false", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Reads decimal digits; what is too large becomes the largest number.
pub fn read_integer(text: &str) -> Option<u32> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// Writes a moment as `YYYYMMDDThhmmssZ`, the only form that both known phones read.
///
/// handset: Android G22
pub fn date_time(moment: Millis) -> CompactString {
    let at = Timestamp::from_millisecond(moment.0)
        .ok()
        .filter(|at| *at >= Timestamp::UNIX_EPOCH)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let at = Offset::UTC.to_datetime(at);
    let (date, time) = (at.date(), at.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    compact_str::format_compact!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Reads a date and time in the basic or the extended form of ISO 8601.
///
/// Seconds may be absent, and so may the zone, which is then UTC. A zone is `Z`, an offset, or
/// a military letter, which is what the WBXML form of a date carries.
pub fn read_date_time(text: &str) -> Option<Millis> {
    let (date, rest) = text.trim().split_once(['T', 't', ' '])?;
    let zone_at = rest.find(|c: char| !matches!(c, '0'..='9' | ':' | '.')).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_at);
    let date = digit_pairs(date, '-')?;
    let time = digit_pairs(time.split('.').next()?, ':')?;
    let ([century, year, month, day], [hour, minute, rest @ ..]) = (&date[..], &time[..]) else {
        return None;
    };
    let second = match rest {
        [] => 0,
        [second] => (*second).min(59), // a leap second is the one before it
        _ => return None,
    };
    let year = i16::from(*century) * 100 + i16::from(*year);
    let local = civil::DateTime::new(year, *month, *day, *hour, *minute, second, 0).ok()?;
    let at = Offset::from_seconds(zone_seconds(zone)?).ok()?.to_timestamp(local).ok()?;
    Some(Millis(at.as_millisecond()))
}

/// Returns pairs of digits as numbers, past any separators; at most seven pairs.
fn digit_pairs(text: &str, separator: char) -> Option<Vec<i8>> {
    let digits = text
        .chars()
        .filter(|c| *c != separator)
        .map(|c| c.to_digit(10).and_then(|digit| i8::try_from(digit).ok()))
        .collect::<Option<Vec<i8>>>()?;
    let is_even = digits.len() % 2 == 0 && digits.len() <= 8;
    is_even.then(|| digits.chunks(2).map(|pair| pair[0] * 10 + pair[1]).collect())
}

/// Returns the seconds that a zone lies ahead of UTC.
fn zone_seconds(zone: &str) -> Option<i32> {
    const HOUR: i32 = 3600;
    let mut letters = zone.chars();
    let first = letters.next().unwrap_or('Z').to_ascii_uppercase();
    let after = |start: char| first as i32 - start as i32 + 1;
    match first {
        '+' | '-' => {
            let digits: String = letters.filter(|c| *c != ':').collect();
            let (hours, minutes) = match digits.len() {
                1 | 2 => (digits.as_str(), "0"),
                4 => digits.split_at_checked(2)?,
                _ => return None,
            };
            let seconds = hours.parse::<u8>().ok().map(i32::from)? * HOUR
                + minutes.parse::<u8>().ok().map(i32::from)? * 60;
            Some(if first == '-' { -seconds } else { seconds })
        }
        _ if letters.next().is_some() => None,
        'Z' => Some(0),
        'A'..='I' => Some(after('A') * HOUR),
        'K'..='M' => Some((after('K') + 9) * HOUR),
        'N'..='Y' => Some(-after('N') * HOUR),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_001_425_213_000); // 2001-09-25 13:40:13 UTC

    #[test]
    fn android_g22_a_date_is_written_in_the_basic_form_with_z() {
        assert_eq!(date_time(NOON), "20010925T134013Z");
        assert_eq!(date_time(Millis(-5)), "19700101T000000Z");
        assert_eq!(date_time(Millis(i64::MAX)), "19700101T000000Z");
    }

    #[test]
    fn dates_of_the_official_examples_are_read() {
        let minute = Millis(NOON.0 - 13_000);
        assert_eq!(read_date_time("20010925T1340"), Some(minute));
        assert_eq!(read_date_time("20010925T134013"), Some(NOON));
        assert_eq!(read_date_time("20010925T1340Z"), Some(minute));
        assert_eq!(read_date_time("20010925T134013Z"), Some(NOON));
        assert_eq!(read_date_time("2001-09-25T13:40:13Z"), Some(NOON));
        let hour_ago = Millis(NOON.0 - 3_600_000);
        for zone in ["A", "+01:00", "+0100", "+01", "+1"] {
            let text = format!("2001-09-25T13:40:13{zone}");
            assert_eq!(read_date_time(&text), Some(hour_ago), "{text}");
        }
        let later = Millis(NOON.0 + 5 * 3_600_000);
        assert_eq!(read_date_time("2001-09-25T13:40:13-05:00"), Some(later));
        assert_eq!(read_date_time("20010925T134013R"), Some(later));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "T", "20010925", "20011325T1340Z", "2001092T1340", "20010925T1340J"] {
            assert_eq!(read_date_time(text), None, "{text}");
        }
        assert_eq!(read_date_time("20010925T1340+é1"), None);
    }

    #[test]
    fn booleans_and_numbers_are_read_liberally() {
        assert_eq!(read_bool(" t "), Some(true));
        assert_eq!(read_bool("FALSE"), Some(false));
        assert_eq!(read_bool("yes"), None);
        assert_eq!(read_integer(" 0120"), Some(120));
        assert_eq!(read_integer("99999999999"), Some(u32::MAX));
        assert_eq!(read_integer("-1"), None);
        assert_eq!(read_integer(""), None);
    }

    proptest::proptest! {
        #[test]
        fn reading_leaves_never_panics(text in "\\PC{0,24}") {
            let _ = (read_date_time(&text), read_integer(&text), read_bool(&text));
        }

        #[test]
        fn a_written_date_is_read_back(seconds in 0i64..200_000_000_000) {
            let moment = Millis(seconds * 1000);
            proptest::prop_assert_eq!(read_date_time(&date_time(moment)), Some(moment));
        }
    }
}
