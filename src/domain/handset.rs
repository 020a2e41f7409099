//! What is known of handsets, from `schema/handsets.toml`.

use std::{num::NonZeroUsize, sync::LazyLock, time::Duration};

use serde::Deserialize;

use crate::{base::picture::Frame, domain::presence::Availability};

/// One kind of phone and its habits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handset {
    /// What sessions remember it by.
    pub name: String,
    #[serde(default, rename = "match")]
    marks: Marks,
    /// The phone polls at once when told that more waits.
    pub poll_flag: bool,
    /// Transactions that one message to the phone may carry.
    pub transactions: u32,
    /// Contacts whose presence one notification may tell.
    pub presences_per_notification: usize,
    /// Size that answers are kept to where they can be split, in octets.
    pub body_bytes: usize,
    /// The size of the pieces in which the phone reads, if texts are lost where they end.
    pub read_piece_bytes: Option<NonZeroUsize>,
    /// Text in messages may be escaped as in XML once too often.
    pub escapes_text: bool,
    /// Addresses in lists and presence come escaped, and are to be given back unescaped.
    pub escapes_addresses: bool,
    /// The phone makes lists of its own, and wants to find them again.
    pub makes_lists: bool,
    /// Two lists of one name are one to the phone.
    pub unique_titles: bool,
    /// Characters of the longest address that the phone holds, `wv:` and escapes included.
    address_chars: Option<usize>,
    /// Characters that its user cannot type in the name of an address.
    #[serde(default)]
    untypable: String,
    /// `DefaultList` beside names means everybody else, too.
    pub default_beside_names: bool,
    /// Characters of a status text that the phone shows.
    pub status_chars: usize,
    /// Characters of another text in presence that the phone shows.
    pub attribute_chars: usize,
    /// How large a picture of a contact may be; none for a phone that draws no pictures.
    pub picture: Option<Frame>,
    /// Seconds within which the same message under another id is a repetition, for a phone that
    /// repeats so; none for one that does not.
    repeat_secs: Option<u64>,
    draws: Draws,
    means: Means,
}

/// The three words that phones have for availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// There.
    Available,
    /// There, rather not disturbed.
    Discreet,
    /// Not to be had.
    NotAvailable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Marks {
    client_id: Vec<String>,
    user_agent: Vec<String>,
    cookie: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draws {
    away: Word,
    long_away: Word,
    busy: Word,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    available: Meaning,
    discreet: Meaning,
    not_available: Meaning,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Meaning {
    Available,
    Away,
    Busy,
    Hidden,
}

#[derive(Deserialize)]
struct Table {
    handset: Vec<Handset>,
}

static TABLE: LazyLock<Vec<Handset>> = LazyLock::new(|| {
    let text = include_str!("../../schema/handsets.toml");
    toml::from_str::<Table>(text).expect("the table of handsets is tested").handset
});

impl Handset {
    /// Returns the first row that one of these marks fits; the last row fits all.
    pub fn recognised(client_id: &str, user_agent: &str, cookie: &str) -> &'static Self {
        let fitting = TABLE.iter().find(|row| {
            occurs(&row.marks.client_id, client_id)
                || occurs(&row.marks.user_agent, user_agent)
                || occurs(&row.marks.cookie, cookie)
        });
        fitting.unwrap_or_else(|| Self::unknown())
    }

    /// Returns the row of this name; where it has gone since, the cautious one.
    pub fn named(name: &str) -> &'static Self {
        TABLE.iter().find(|row| row.name == name).unwrap_or_else(|| Self::unknown())
    }

    /// Returns all rows.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// Returns the word by which this phone draws an availability nearest.
    pub fn draws(&self, availability: Availability) -> Word {
        match availability {
            Availability::Available | Availability::Chatty => Word::Available,
            Availability::Away => self.draws.away,
            Availability::LongAway => self.draws.long_away,
            Availability::Busy => self.draws.busy,
            Availability::Hidden => Word::NotAvailable,
        }
    }

    /// Returns what this phone's user means by a word.
    pub fn means(&self, word: Word) -> Availability {
        let meaning = match word {
            Word::Available => self.means.available,
            Word::Discreet => self.means.discreet,
            Word::NotAvailable => self.means.not_available,
        };
        match meaning {
            Meaning::Available => Availability::Available,
            Meaning::Away => Availability::Away,
            Meaning::Busy => Availability::Busy,
            Meaning::Hidden => Availability::Hidden,
        }
    }

    /// Returns the time within which the same message under another id is a repetition.
    pub fn repeat_window(&self) -> Option<Duration> {
        self.repeat_secs.map(Duration::from_secs)
    }

    /// Returns whether the phone can hold an address that is written so.
    pub fn holds(&self, written: &str) -> bool {
        self.address_chars.is_none_or(|most| {
            let is_kept = !(self.escapes_addresses && written.contains('%'));
            is_kept && escaped_chars(written) <= most
        })
    }

    /// Returns whether the phone's user can also type the address; `name` is what it has before
    /// the domain.
    pub fn types(&self, name: &str, written: &str) -> bool {
        let is_typable = |letter: char| {
            letter <= '\u{FF}' && !letter.is_control() && !self.untypable.contains(letter)
        };
        let is_any = self.address_chars.is_none();
        is_any || (!name.is_empty() && name.chars().all(is_typable) && self.holds(written))
    }

    /// Returns how many characters an address of ours may have before the domain.
    pub fn room_for_name(&self, domain: &str) -> usize {
        self.address_chars.unwrap_or(usize::MAX).saturating_sub("wv:@".len() + domain.len())
    }

    /// Returns what no picture that any phone draws is larger than; none if no phone draws any.
    pub fn largest_picture() -> Option<Frame> {
        TABLE.iter().filter_map(|row| row.picture).reduce(|one, other| Frame {
            width: one.width.max(other.width),
            height: one.height.max(other.height),
            bytes: one.bytes.max(other.bytes),
        })
    }

    fn unknown() -> &'static Self {
        TABLE.last().expect("the table of handsets is tested")
    }
}

/// Returns how long an address is once what cannot stand in a URL is escaped.
fn escaped_chars(written: &str) -> usize {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.!~*'()@:".contains(&octet);
    written.bytes().map(|octet| if plain(octet) { 1 } else { 3 }).sum()
}

fn occurs(marks: &[String], text: &str) -> bool {
    let text = text.to_lowercase();
    marks.iter().any(|mark| text.contains(mark.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_phones_are_recognised() {
        assert_eq!(Handset::recognised("JiMMY", "", "127-9").name, "android");
        assert_eq!(Handset::recognised("", "Android-Imps/0.1", "").name, "android");
        assert_eq!(Handset::recognised("x", "", "wv:nokia.4711").name, "s60");
        assert_eq!(Handset::recognised("x", "curl", "1").name, "unknown");
        assert_eq!(Handset::named("gone since").name, "unknown");
    }

    #[test]
    fn s60_draws_discreet_as_away_and_android_as_busy() {
        let (s60, android) = (Handset::named("s60"), Handset::named("android"));
        assert_eq!(s60.draws(Availability::Busy), Word::Discreet);
        assert_eq!(android.draws(Availability::Away), Word::NotAvailable);
        assert_eq!(android.draws(Availability::Busy), Word::Discreet);
        assert_eq!(s60.means(Word::NotAvailable), Availability::Hidden);
        assert_eq!(android.means(Word::NotAvailable), Availability::Away);
    }

    #[test]
    fn an_s60_holds_and_types_what_its_contact_editor_takes() {
        let s60 = Handset::named("s60");
        let table = [
            ("lee", "lee@far.example", true, true),
            ("j\u{f6}rg", "j\u{f6}rg@far.example", true, true),
            ("joe+work", "joe+work@far.example", true, false),
            ("a/b", "a%2Fb@far.example", false, false),
            ("a@b", "a@b@far.example", true, false),
            (
                "\u{438}\u{432}\u{430}\u{43d}",
                "\u{438}\u{432}\u{430}\u{43d}@far.example",
                true,
                false,
            ),
            ("", "gateway.far.example", true, false),
            ("of-forty-seven-characters", "of-forty-seven-characters@a.longer.example", true, true),
            (
                "of-fifty-one-characters-and-so-on",
                "of-fifty-one-characters-and-so-on@far.example.tes",
                false,
                false,
            ),
        ];
        for (name, address, is_held, is_typed) in table {
            let written = format!("wv:{address}");
            assert_eq!(s60.holds(&written), is_held, "{written}");
            assert_eq!(s60.types(name, &written), is_typed, "{written}");
            assert!(Handset::named("android").types(name, &written), "{written}");
        }
        assert_eq!(s60.room_for_name("onesoup.test"), 34);
    }

    #[test]
    fn the_last_row_has_no_marks() {
        assert_eq!(Handset::unknown().name, "unknown");
        assert_eq!(TABLE.len(), Handset::all().len());
    }
}
