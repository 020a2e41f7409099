//! What a user tells everybody of itself, and by what it is found.

use crate::domain::address::Address;

/// Characters of one fact, and of what is looked for.
pub const MAX_CHARS: usize = 200;

/// The facts that a user makes public. Having made any public, its account can be found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PublicProfile {
    /// What the user wants to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// Years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    /// By a word or letter of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Where the user lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The country of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What the user looks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intention: Option<String>,
    /// What the user likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interests: Option<String>,
    /// By a word or letter of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marital_status: Option<String>,
    /// Whatever else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_text: Option<String>,
}

impl PublicProfile {
    /// Returns the profile as it is kept: none at all where it says nothing.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// What an account is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// A first name.
    FirstName,
    /// A last name.
    LastName,
    /// What the user wants to be called.
    FriendlyName,
    /// The name that its contacts see.
    Alias,
    /// An address for mail.
    Email,
    /// A phone number.
    Number,
    /// Years.
    Age,
    /// By a word or letter.
    Gender,
    /// Where the user lives.
    City,
    /// The country of that.
    Country,
    /// What the user looks for.
    Intention,
    /// What the user likes.
    Interests,
    /// By a word or letter.
    MaritalStatus,
}

impl Fact {
    /// Returns the name by which entries are kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FriendlyName => "friendly_name",
            Self::Alias => "alias",
            Self::Email => "email",
            Self::Number => "number",
            Self::Age => "age",
            Self::Gender => "gender",
            Self::City => "city",
            Self::Country => "country",
            Self::Intention => "intention",
            Self::Interests => "interests",
            Self::MaritalStatus => "marital_status",
        }
    }
}

/// A text by which an account is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is.
    pub fact: Fact,
    /// The text, folded.
    pub text: String,
    /// Whether only the whole text finds the account: who does not know it learns nothing.
    pub is_whole: bool,
}

/// What is looked for; of several all must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// This account.
    Address(Address),
    /// A text that contains this, folded.
    Text(Fact, String),
    /// At least this age.
    AgeFrom(u8),
    /// At most this age.
    AgeTo(u8),
}

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub address: Address,
    /// What that user makes public.
    pub profile: PublicProfile,
}

/// Returns a text as it is compared: whoever looks for `kim ` finds `KIM`.
pub fn folded(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || it.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_says_nothing_is_none() {
        assert_eq!(PublicProfile::default().boxed(), None);
        assert_eq!(serde_json::to_string(&PublicProfile::default()).unwrap(), "{}");
    }

    #[test]
    fn texts_are_compared_in_small_letters_and_single_spaces() {
        assert_eq!(folded(" Grace \t\0 HOPPER\n"), "grace hopper");
        assert_eq!(folded(&"Ä".repeat(1000)), "ä".repeat(MAX_CHARS));
        assert_eq!(folded(" "), "");
    }
}
