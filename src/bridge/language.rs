//! Languages: three letters for phones (ISO 639-2), tags for the network (RFC 5646).

/// Three letters, the two that go before them in a tag, and the older three letters where there
/// are such.
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("ara", "ar", "ara"),
    ("bul", "bg", "bul"),
    ("cat", "ca", "cat"),
    ("ces", "cs", "cze"),
    ("dan", "da", "dan"),
    ("deu", "de", "ger"),
    ("ell", "el", "gre"),
    ("eng", "en", "eng"),
    ("est", "et", "est"),
    ("eus", "eu", "baq"),
    ("fas", "fa", "per"),
    ("fin", "fi", "fin"),
    ("fra", "fr", "fre"),
    ("gle", "ga", "gle"),
    ("glg", "gl", "glg"),
    ("heb", "he", "heb"),
    ("hin", "hi", "hin"),
    ("hrv", "hr", "hrv"),
    ("hun", "hu", "hun"),
    ("hye", "hy", "arm"),
    ("ind", "id", "ind"),
    ("isl", "is", "ice"),
    ("ita", "it", "ita"),
    ("jpn", "ja", "jpn"),
    ("kat", "ka", "geo"),
    ("kor", "ko", "kor"),
    ("lav", "lv", "lav"),
    ("lit", "lt", "lit"),
    ("mkd", "mk", "mac"),
    ("msa", "ms", "may"),
    ("nld", "nl", "dut"),
    ("nob", "nb", "nob"),
    ("nor", "no", "nor"),
    ("pol", "pl", "pol"),
    ("por", "pt", "por"),
    ("ron", "ro", "rum"),
    ("rus", "ru", "rus"),
    ("slk", "sk", "slo"),
    ("slv", "sl", "slv"),
    ("spa", "es", "spa"),
    ("sqi", "sq", "alb"),
    ("srp", "sr", "srp"),
    ("swe", "sv", "swe"),
    ("tha", "th", "tha"),
    ("tur", "tr", "tur"),
    ("ukr", "uk", "ukr"),
    ("vie", "vi", "vie"),
    ("zho", "zh", "chi"),
];

/// Letters and digits of a part of a tag.
const MAX_PART: usize = 8;

/// Parts of a tag that are read.
const MAX_PARTS: usize = 4;

/// Returns the tag for a language as a phone spells it, if it can be one.
pub fn to_tag(spelling: &str) -> Option<String> {
    let tag = spelling.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let is_language = parts.next().is_some_and(|first| {
        matches!(first.len(), 2..=3) && first.bytes().all(|c| c.is_ascii_alphabetic())
    });
    let is_part = |part: &str| {
        matches!(part.len(), 1..=MAX_PART) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    if !is_language || parts.clone().count() >= MAX_PARTS || !parts.all(is_part) {
        return None;
    }
    let lower = tag.to_lowercase();
    let known = LANGUAGES.iter().find(|(three, _, old)| lower == *three || lower == *old);
    Some(known.map_or(tag, |(_, two, _)| (*two).to_owned()))
}

/// Returns how phones spell the language of a tag.
pub fn of_tag(tag: &str) -> Option<String> {
    let tag = to_tag(tag)?;
    let first = tag.split('-').next().unwrap_or_default().to_lowercase();
    let known = LANGUAGES.iter().find(|(_, two, _)| first == *two);
    Some(known.map_or(tag, |(three, _, _)| (*three).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_letters_become_two_and_two_three() {
        let table =
            [("fin", "fi"), ("GER", "de"), ("deu", "de"), ("en_GB", "en-GB"), ("sme", "sme")];
        for (spelling, tag) in table {
            assert_eq!(to_tag(spelling).as_deref(), Some(tag), "{spelling}");
        }
        let table = [("fi", "fin"), ("en-GB", "eng"), ("DE", "deu"), ("sme", "sme")];
        for (tag, spelling) in table {
            assert_eq!(of_tag(tag).as_deref(), Some(spelling), "{tag}");
        }
        for (three, two, _) in LANGUAGES {
            assert_eq!(to_tag(three).as_deref(), Some(*two));
            assert_eq!(of_tag(two).as_deref(), Some(*three));
        }
    }

    #[test]
    fn what_is_no_tag_is_none() {
        for bad in ["", "suomi", "f", "fi-", "fi--x", "fi-toolongapart", "12", "a-b", "é", "fi x"]
        {
            assert_eq!(to_tag(bad), None, "{bad}");
            assert_eq!(of_tag(bad), None, "{bad}");
        }
        assert_eq!(to_tag("en-a-b-c-d-e"), None);
    }
}
