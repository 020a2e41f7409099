//! The one generator that mints identifiers.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};

use crate::base::clock::Clock;

/// Lower case without vowels and look-alikes: typable on twelve keys, never a word.
const ALPHABET: &[u8; 20] = b"bcdfghjkmnpqrstvwxz2";

/// Mints ids: random texts, and numbers that only grow.
#[derive(Clone, Debug)]
pub struct Ids(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    random: Mutex<StdRng>,
    /// Where the count begins: two processes that count in the same millisecond should not meet.
    start: i64,
    last: AtomicI64,
}

impl Ids {
    /// Returns a generator seeded by the operating system.
    pub fn new(clock: Clock) -> Self {
        Self::seeded(clock, rand::random())
    }

    /// Returns a generator that repeats itself, for tests.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let start = random.random_range(0..1 << 18);
        Self(Arc::new(Inner { clock, random: Mutex::new(random), start, last: AtomicI64::new(0) }))
    }

    /// Returns a number greater than any before it, of this run or an earlier one.
    ///
    /// Milliseconds in the upper 44 bits, a count in the lower 19: a quarter of a million a millisecond,
    /// and the order of numbers is the order of time, also over a restart.
    pub fn next_number(&self) -> i64 {
        let floor = (self.0.clock.now().0 << 19) + self.0.start;
        let next = |last: i64| Some(floor.max(last + 1));
        match self.0.last.fetch_update(Relaxed, Relaxed, next) {
            Ok(last) | Err(last) => floor.max(last + 1),
        }
    }

    /// Has all numbers from now on be greater than one that was given before, though the clock
    /// may have been set back since.
    pub fn continue_after(&self, number: i64) {
        self.0.last.fetch_max(number, Relaxed);
    }

    /// Returns `len` random characters that start with a letter.
    pub fn text(&self, len: usize) -> String {
        let mut random = self.0.random.lock().expect("no holder of this lock panics");
        (0..len)
            .map(|at| {
                let letters = if at == 0 { ALPHABET.len() - 1 } else { ALPHABET.len() };
                ALPHABET[random.random_range(0..letters)] as char
            })
            .collect()
    }

    /// Fills `bytes` at random.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.random.lock().expect("no holder of this lock panics").fill(bytes);
    }
}

/// Returns letters that a text always has, and another text hardly ever.
pub fn letters_of(text: &str, len: usize) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(len).map(|&octet| ALPHABET[usize::from(octet) % 20] as char).collect()
}

/// Spells a number with few characters, a letter first: how row numbers travel as ids.
pub fn spell(prefix: char, number: i64) -> String {
    let mut digits = [0u8; 13];
    let (mut rest, mut at) = (number.unsigned_abs(), digits.len());
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdefghijklmnopqrstuv"[(rest & 31) as usize];
        rest >>= 5;
        if rest == 0 {
            break;
        }
    }
    let mut text = String::with_capacity(14);
    text.push(prefix);
    text.extend(digits[at..].iter().map(|&digit| digit as char));
    text
}

/// Reads what [`spell`] wrote with the same prefix.
pub fn read(prefix: char, text: &str) -> Option<i64> {
    let digits = text.strip_prefix(prefix)?;
    let plain = |digit: char| matches!(digit, '0'..='9' | 'a'..='v');
    if digits.is_empty() || digits.len() > 13 || !digits.chars().all(plain) {
        return None;
    }
    i64::from_str_radix(digits, 32).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::clock::Millis;

    #[test]
    fn numbers_only_grow() {
        let clock = Clock::by_hand(Millis(1_700_000_000_000));
        let ids = Ids::seeded(clock.clone(), 1);
        let (first, second) = (ids.next_number(), ids.next_number());
        clock.turn(Duration::from_millis(1));
        let third = ids.next_number();
        assert!(0 < first && first < second && second < third);
        assert_eq!(read('m', &spell('m', third)), Some(third));
    }

    #[test]
    fn numbers_grow_though_the_clock_was_set_back() {
        let before = Ids::seeded(Clock::by_hand(Millis(1_700_000_000_000)), 1).next_number();
        let ids = Ids::seeded(Clock::by_hand(Millis(1_000)), 1);
        ids.continue_after(before);
        assert!(ids.next_number() > before);
    }

    #[test]
    fn what_was_not_spelt_here_is_not_read() {
        for odd in ["", "m", "x1", "m-1", "mM1", "m99999999999999", "m+1", "mvvvvvvvvvvvvv"] {
            assert_eq!(read('m', odd), None, "{odd}");
        }
        assert_eq!(read('m', &spell('m', 0)), Some(0));
    }

    #[test]
    fn texts_start_with_a_letter() {
        let ids = Ids::seeded(Clock::system(), 7);
        let text = ids.text(200);
        assert_eq!(text.len(), 200);
        assert!(ids.text(1).chars().all(|first| first.is_ascii_lowercase()));
    }
}
