//! Short names of one account for addresses that a phone cannot hold.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};

use crate::domain::address::Address;

/// What ends an alias: no account can have a name with it.
const MARK: char = '~';

/// Aliases of one account at most: strangers have them made.
const MAX_ALIASES: usize = 1000;

/// Characters of an alias at least, whatever the room, before its mark and number.
const LEAST_STEM: usize = 4;

/// Characters of an alias at most before its mark and number: more is not needed to know somebody.
const MOST_STEM: usize = 16;

/// Characters that mark and number may take.
const MARK_CHARS: usize = 5;

/// The aliases of an account; once made, they stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    names: BTreeMap<Address, CompactString>,
    meanings: BTreeMap<CompactString, Address>,
}

impl Aliases {
    /// Adds an alias that was made before.
    pub fn add(&mut self, name: CompactString, meaning: Address) {
        self.names.insert(meaning.clone(), name.clone());
        self.meanings.insert(name, meaning);
    }

    /// Makes an alias of what reads like a name; none where there are too many already.
    ///
    /// `room` are the characters that a name may have.
    pub fn make(
        &mut self,
        meaning: &Address,
        readable: &str,
        room: usize,
    ) -> Option<CompactString> {
        if self.names.len() >= MAX_ALIASES {
            return None;
        }
        let most = room.saturating_sub(MARK_CHARS).clamp(LEAST_STEM, MOST_STEM);
        let stem = stem(readable, most);
        let numbered = (2..).map(|number: usize| format_compact!("{stem}{MARK}{number}"));
        let mut names = std::iter::once(format_compact!("{stem}{MARK}")).chain(numbered);
        let name = names.find(|name| !self.meanings.contains_key(name))?;
        self.add(name.clone(), meaning.clone());
        Some(name)
    }

    /// Returns all aliases and whom they mean.
    pub fn all(&self) -> impl Iterator<Item = (&Address, &CompactString)> {
        self.names.iter()
    }

    /// Returns somebody's alias.
    pub fn of(&self, address: &Address) -> Option<&CompactString> {
        self.names.get(address)
    }

    /// Returns who is meant by an alias.
    pub fn meant(&self, name: &str) -> Option<&Address> {
        self.meanings.get(name)
    }
}

/// Returns the letters and digits that every phone can type, joined by single hyphens.
fn stem(readable: &str, most: usize) -> CompactString {
    let mut stem = CompactString::default();
    for letter in readable.chars().map(|letter| letter.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_') {
            stem.push(letter);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
        if stem.len() >= most {
            break;
        }
    }
    stem.trim_end_matches(['-', '.']).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_reads_like_the_name_and_is_nobody_elses() {
        let mut aliases = Aliases::default();
        let table = [
            ("joe+work@x.test", "Joe+Work", "joe-work~"),
            ("joe.work@x.test", "joe/work", "joe-work~2"),
            ("long@x.test", "a.very.long.name.indeed", "a.very.long.name~"),
            ("odd@x.test", "++a  b--", "a-b~"),
        ];
        for (address, readable, name) in table {
            let address = Address::canonical(address);
            assert_eq!(aliases.make(&address, readable, 40).as_deref(), Some(name));
            assert_eq!(aliases.of(&address).map(|name| &**name), Some(name));
            assert_eq!(aliases.meant(name), Some(&address));
        }
        assert_eq!(aliases.meant("joe"), None);
        let short = aliases.make(&Address::canonical("s@x.test"), "somebody", 10);
        assert_eq!(short.as_deref(), Some("someb~"));
    }

    #[test]
    fn an_account_has_so_many_aliases_and_no_more() {
        let mut aliases = Aliases::default();
        for number in 0..MAX_ALIASES {
            let address = Address::canonical(format!("{number}@x.test"));
            assert!(aliases.make(&address, "joe", 40).is_some());
        }
        assert!(aliases.meant("joe~1000").is_some());
        assert_eq!(aliases.make(&Address::canonical("more@x.test"), "joe", 40), None);
    }
}
