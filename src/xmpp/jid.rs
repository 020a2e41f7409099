//! Addresses: read as they come, made by the rules.
//!
//! Other servers let through what the rules of 2004 forbid (any emoji in a room nick), so what
//! comes in is only split; what we create or store is prepared.

use std::fmt;

use compact_str::CompactString;

/// The most octets that an address may have.
// spec: RFC6122 §2.1
const MAX_OCTETS: usize = 3071;

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JidError {
    /// Nothing there, or nothing where the domain should be.
    #[error("address without a domain")]
    NoDomain,
    /// Longer than any address may be.
    #[error("address longer than 3071 bytes")]
    TooLong,
    /// A part that breaks the rules for its characters or its length.
    #[error("address with a part that may not be written so")]
    Forbidden,
}

/// An address as its sender spelt it; two spellings of one address are two values.
///
/// Compare people by [`prepare_bare`] of it, never by this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jid(CompactString);

impl Jid {
    /// Reads an address without judging its parts.
    pub fn new(text: &str) -> Result<Self, JidError> {
        if text.len() > MAX_OCTETS {
            return Err(JidError::TooLong);
        }
        let jid = Self(CompactString::from(text));
        if jid.domain().is_empty() { Err(JidError::NoDomain) } else { Ok(jid) }
    }

    /// Returns the whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the `@`.
    pub fn local(&self) -> Option<&str> {
        self.bare().split_once('@').map(|(local, _)| local)
    }

    /// Returns the domain.
    pub fn domain(&self) -> &str {
        let bare = self.bare();
        bare.split_once('@').map_or(bare, |(_, domain)| domain)
    }

    /// Returns the part after the first `/`.
    pub fn resource(&self) -> Option<&str> {
        self.0.split_once('/').map(|(_, resource)| resource)
    }

    /// Returns the address without its resource.
    pub fn bare(&self) -> &str {
        // spec: RFC6122 §2.1
        self.0.split_once('/').map_or(&*self.0, |(bare, _)| bare)
    }

    /// Returns the address without its resource, as an address.
    pub fn to_bare(&self) -> Self {
        Self(CompactString::from(self.bare()))
    }

    /// Says whether there is no resource.
    pub fn is_bare(&self) -> bool {
        !self.0.contains('/')
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns the canonical form of the part before the `@`, for an account of ours.
pub fn prepare_local(local: &str) -> Result<String, JidError> {
    let part = jid::NodePart::new(local).map_err(|_| JidError::Forbidden)?;
    Ok(part.into_owned().into_inner())
}

/// Returns the canonical form of a domain.
pub fn prepare_domain(domain: &str) -> Result<String, JidError> {
    let part = jid::DomainPart::new(domain).map_err(|_| JidError::Forbidden)?;
    Ok(part.into_owned().into_inner())
}

/// Returns the canonical form of an address without its resource: what is stored and compared.
///
/// The rules know Unicode 3.2 only. An address that they refuse for a younger letter is
/// lower-cased instead, because its server accepted it and its owner can write to us.
pub fn prepare_bare(text: &str) -> Result<String, JidError> {
    let given = Jid::new(text)?;
    match jid::BareJid::new(given.bare()) {
        Ok(bare) => Ok(bare.into_inner()),
        Err(_) if has_only_young_faults(&given) => Ok(given.bare().to_lowercase()),
        Err(_) => Err(JidError::Forbidden),
    }
}

/// Says whether this server's strict neighbours would take the address as a destination.
pub(in crate::xmpp) fn is_acceptable(text: &str) -> bool {
    match Jid::new(text) {
        Ok(given) if text.is_ascii() => jid::Jid::new(given.as_str()).is_ok(),
        Ok(given) => prepare_bare(given.bare()).is_ok(),
        Err(_) => false,
    }
}

/// Says whether an address follows every rule; what we send from must.
pub(in crate::xmpp) fn is_strict(text: &str) -> bool {
    jid::Jid::new(text).is_ok()
}

fn has_only_young_faults(given: &Jid) -> bool {
    let is_fit = |letter: char| {
        !letter.is_control() && !letter.is_whitespace() && !"\"&'/:<>@".contains(letter)
    };
    let local = given.local().unwrap_or("x");
    !given.bare().is_ascii()
        && !local.is_empty()
        && local.len() <= 1023
        && given.domain().len() <= 1023
        && local.chars().chain(given.domain().chars()).all(is_fit)
}

/// The characters that a local part cannot hold, and how they are written.
// spec: XEP-0106 §3
const ESCAPES: [(char, &str); 10] = [
    (' ', "20"),
    ('"', "22"),
    ('&', "26"),
    ('\'', "27"),
    ('/', "2f"),
    (':', "3a"),
    ('<', "3c"),
    ('>', "3e"),
    ('@', "40"),
    ('\\', "5c"),
];

/// Writes any text as a local part; spaces at its ends, which cannot be written, are dropped.
pub fn escape_local(text: &str) -> String {
    // spec: XEP-0106 §4.2
    let text = text.trim_matches(' ');
    let mut local = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let code = ESCAPES.iter().find(|(forbidden, _)| *forbidden == letter);
        match code {
            Some(('\\', _)) if text.get(at..).and_then(unescaped).is_none() => local.push('\\'),
            Some((_, code)) => local.extend(['\\'].into_iter().chain(code.chars())),
            None => local.push(letter),
        }
    }
    local
}

/// Reads what [`escape_local`] wrote; an unknown sequence stays as it is.
pub fn unescape_local(local: &str) -> String {
    let mut text = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(letter) = rest.chars().next() {
        // spec: XEP-0106 §4.3
        let (letter, octets) = unescaped(rest).map_or((letter, letter.len_utf8()), |it| (it, 3));
        text.push(letter);
        rest = rest.get(octets..).unwrap_or_default();
    }
    text
}

fn unescaped(rest: &str) -> Option<char> {
    let code = rest.strip_prefix('\\')?.get(..2)?;
    ESCAPES.iter().find(|(_, known)| *known == code).map(|(letter, _)| *letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_slash_is_found_before_the_at_sign() {
        let jid = Jid::new("room@muc.example/a@b/c").unwrap();
        assert_eq!(jid.local(), Some("room"));
        assert_eq!(jid.domain(), "muc.example");
        assert_eq!(jid.resource(), Some("a@b/c"));
        assert_eq!(jid.bare(), "room@muc.example");
        assert!(!jid.is_bare() && jid.to_bare().is_bare());
    }

    #[test]
    fn only_an_address_without_domain_or_of_great_length_is_refused() {
        for bad in ["", "a@", "/r", "a@/r"] {
            assert_eq!(Jid::new(bad), Err(JidError::NoDomain), "{bad}");
        }
        assert_eq!(Jid::new(&"a".repeat(3072)), Err(JidError::TooLong));
        for odd in ["a@b@c", "@x", "a b@x", "a@x/", "a@-x-", "room@muc/\u{1F98A}", "a@xn--\u{7f}"] {
            assert!(Jid::new(odd).is_ok(), "{odd}");
        }
    }

    #[test]
    fn what_we_store_has_one_spelling() {
        assert_eq!(prepare_bare("Ann@Far.Test/Home").unwrap(), "ann@far.test");
        assert_eq!(prepare_local("Ann").unwrap(), "ann");
        assert_eq!(prepare_domain("Bücher.Example").unwrap(), "bücher.example");
        for bad in ["a b@far.test", "a@b@c", "@far.test", "a@far..test"] {
            assert!(prepare_bare(bad).is_err(), "{bad}");
        }
        assert!(prepare_local("").is_err());
        assert!(prepare_local("a/b").is_err());
    }

    #[test]
    fn a_young_letter_does_not_lock_its_owner_out() {
        assert_eq!(prepare_bare("Ann\u{1F98A}@Far.test").unwrap(), "ann\u{1F98A}@far.test");
        assert!(prepare_local("ann\u{1F98A}").is_err());
        assert!(prepare_bare("ann \u{1F98A}@far.test").is_err());
    }

    #[test]
    fn escapes_of_the_specification() {
        for (text, local) in [
            ("space cadet", r"space\20cadet"),
            ("call me \"ishmael\"", r"call\20me\20\22ishmael\22"),
            ("at&t guy", r"at\26t\20guy"),
            ("d'artagnan", r"d\27artagnan"),
            ("/.fanboy", r"\2f.fanboy"),
            ("::foo::", r"\3a\3afoo\3a\3a"),
            ("<foo>", r"\3cfoo\3e"),
            ("user@host", r"user\40host"),
            (r"c:\net", r"c\3a\net"),
            (r"c:\5commas", r"c\3a\5c5commas"),
            (r"\3and", r"\5c3and"),
        ] {
            assert_eq!(escape_local(text), local);
            assert_eq!(unescape_local(local), text);
        }
        assert_eq!(unescape_local(r"\2plus\"), r"\2plus\");
    }

    proptest! {
        #[test]
        fn every_text_survives_escaping(text in "[^ ](.{0,20}[^ ])?") {
            prop_assert_eq!(unescape_local(&escape_local(&text)), text);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = prepare_bare(&text);
            let _ = prepare_local(&text);
            let _ = prepare_domain(&text);
            let _ = unescape_local(&text);
            let _ = is_acceptable(&text);
        }
    }
}
