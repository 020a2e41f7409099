//! Texts of presence, cut to what is kept of them.

use compact_str::CompactString;

use crate::csp::presence_value::Qualified;

/// Characters of a text for people; no phone shows more.
pub const SENTENCE: usize = 1024;

/// Characters of a name of something.
pub const NAME: usize = 100;

/// Characters of an address.
pub const URL: usize = 1024;

/// Characters of a card.
pub const CARD: usize = 8 * 1024;

/// Things of a kind that one user lists.
pub const LISTED: usize = 16;

/// Returns the beginning of a text.
pub fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// Returns the beginning of a text that says something.
pub fn some(text: Option<&str>, chars: usize) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| cut(text, chars))
}

/// Returns what is kept of a text that a phone publishes.
pub fn valid(text: &Qualified<CompactString>, chars: usize) -> Option<String> {
    some(text.valid().map(CompactString::as_str), chars)
}
