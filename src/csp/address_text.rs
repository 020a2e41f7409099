//! The text of an address: `[wv:][user][/resource][@domain]`, with escapes.

use compact_str::CompactString;

/// Octets of the longest address that is taken apart: a JID's two halves and the punctuation.
pub const MAX_ADDRESS_BYTES: usize = 2064;

/// What stands between `wv:`, `/` and `@`, unescaped; never an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// What stands first.
    pub user: Option<CompactString>,
    /// What follows `/`.
    pub resource: Option<CompactString>,
    /// What follows `@`.
    pub domain: Option<CompactString>,
}

impl Parts {
    /// Takes `[wv:][user][/resource][@domain]` apart; nothing is left of what is too long.
    ///
    /// The escapes come last: an escaped `/` or `@` separates nothing.
    pub fn parse(written: &str) -> Self {
        let text = written.trim();
        if text.len() > MAX_ADDRESS_BYTES {
            return Self::default();
        }
        let (local, domain) = match without_scheme(text).rsplit_once('@') {
            Some((local, domain)) => (local, Some(domain)),
            None => (without_scheme(text), None),
        };
        let (user, resource) = split_slash(local);
        // `user@domain/resource`, as people copy it from elsewhere.
        let (domain, after) = domain.map_or((None, None), |domain| {
            let (domain, after) = split_slash(domain);
            (Some(domain), after)
        });
        Self {
            user: Some(user).and_then(unescaped),
            resource: resource.or(after).and_then(unescaped),
            domain: domain.and_then(unescaped),
        }
    }

    /// Puts the parts of a list or a group together.
    pub fn of_resource(user: Option<&str>, resource: &str, domain: Option<&str>) -> Self {
        Self {
            user: user.map(CompactString::from),
            resource: Some(resource.into()),
            domain: domain.map(CompactString::from),
        }
    }

    /// Takes a name without `/` for the resource: `wv:friends` is a list, not a user.
    pub fn named_by_resource(mut self) -> Self {
        if self.resource.is_none() {
            self.resource = self.user.take();
        }
        self
    }

    /// Returns whether the parts are free of control characters.
    pub fn is_clean(&self) -> bool {
        let mut given = [&self.user, &self.resource, &self.domain].into_iter().flatten();
        !given.any(|part| part.chars().any(char::is_control))
    }

    /// Returns the address with `wv:` and only the escapes that it needs.
    pub fn canonical(&self) -> CompactString {
        let mut out = CompactString::const_new("wv:");
        let is_last = self.domain.is_none();
        push_escaped(&mut out, self.user.as_deref().unwrap_or_default(), is_last);
        if let Some(resource) = &self.resource {
            out.push('/');
            push_escaped(&mut out, resource, is_last);
        }
        if let Some(domain) = &self.domain {
            out.push('@');
            push_escaped(&mut out, domain, true);
        }
        out
    }
}

/// Removes `wv:` in any case.
fn without_scheme(text: &str) -> &str {
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    }
}

fn split_slash(text: &str) -> (&str, Option<&str>) {
    text.split_once('/').map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Decodes `%XX`; what is no escape, or gives no UTF-8, stays. Nothing becomes none.
///
/// handset: S60 §10: presence and list requests escape, all others do not.
fn unescaped(text: &str) -> Option<CompactString> {
    if !text.contains('%') {
        return (!text.is_empty()).then(|| text.into());
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match escape_at(rest) {
            Some(octet) => {
                octets.push(octet);
                rest = &rest[3..];
            }
            None => {
                octets.push(*first);
                rest = tail;
            }
        }
    }
    CompactString::from_utf8(octets).ok().or_else(|| Some(text.into()))
}

/// Returns the octet that an escape at the start of `text` stands for.
fn escape_at(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? * 16 + digit(*low)?)
}

/// Escapes what would be read as something else; `is_last` if no domain follows.
fn push_escaped(out: &mut CompactString, part: &str, is_last: bool) {
    for (at, c) in part.char_indices() {
        let rest = &part[at..];
        let is_read_otherwise = match c {
            '/' => true,
            '@' => is_last,
            '%' => escape_at(rest.as_bytes()).is_some(),
            _ => is_last && c.is_whitespace() && rest.chars().all(char::is_whitespace),
        };
        if is_read_otherwise {
            let mut octets = [0; 4];
            for octet in c.encode_utf8(&mut octets).bytes() {
                out.push_str(&compact_str::format_compact!("%{octet:02X}"));
            }
        } else {
            out.push(c);
        }
    }
}

const SCHEME: &str = "wv:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_separator_separates_nothing() {
        let parts = Parts::parse("wv:a%2Fb%40c/d");
        assert_eq!(parts.user.as_deref(), Some("a/b@c"));
        assert_eq!(parts.resource.as_deref(), Some("d"));
        assert_eq!(parts.canonical(), "wv:a%2Fb%40c/d");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(Parts::parse("wv:100%").canonical(), "wv:100%");
        assert_eq!(Parts::parse("wv:%ff").user.as_deref(), Some("%ff"));
        assert_eq!(Parts::parse("wv:%2541").canonical(), "wv:%2541");
    }

    #[test]
    fn what_is_too_long_has_no_parts() {
        assert_eq!(Parts::parse(&"x".repeat(MAX_ADDRESS_BYTES + 1)), Parts::default());
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_has_the_same_parts(text in "(wv:)?[a%/@ +é:0-9A-F]{0,24}") {
            let parts = Parts::parse(&text);
            proptest::prop_assert_eq!(&Parts::parse(&parts.canonical()), &parts);
            let parts = parts.named_by_resource();
            let again = Parts::parse(&parts.canonical()).named_by_resource();
            proptest::prop_assert_eq!(again, parts);
        }
    }
}
