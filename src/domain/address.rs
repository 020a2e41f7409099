//! The one address type of the domain.

use std::fmt;

use compact_str::{CompactString, format_compact};

/// An account anywhere, in canonical form: `name@domain`, or a whole domain.
///
/// Who makes one has applied the rules of the network to it (case folded, escapes resolved);
/// here two addresses are equal when their texts are.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Address(CompactString);

impl Address {
    /// Joins canonical parts.
    pub fn of(name: &str, domain: &str) -> Self {
        Self(format_compact!("{name}@{domain}"))
    }

    /// Takes a canonical text, as it was stored or prepared.
    pub fn canonical(text: impl Into<CompactString>) -> Self {
        Self(text.into())
    }

    /// Returns the part before the `@`; none for a whole domain.
    pub fn name(&self) -> Option<&str> {
        self.0.rsplit_once('@').map(|(name, _)| name)
    }

    /// Returns the domain.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(_, domain)| domain)
    }

    /// Returns the whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One device of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Device {
    /// Whose it is.
    pub account: Address,
    /// The device's own name; none where only the account is meant.
    pub resource: Option<CompactString>,
}

impl Device {
    /// Returns the account without a device.
    pub fn any(account: Address) -> Self {
        Self { account, resource: None }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource {
            Some(resource) => write!(formatter, "{}/{resource}", self.account),
            None => write!(formatter, "{}", self.account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        let kim = Address::of("kim", "onesoup.test");
        assert_eq!((kim.name(), kim.domain()), (Some("kim"), "onesoup.test"));
        let whole = Address::canonical("onesoup.test");
        assert_eq!((whole.name(), whole.domain()), (None, "onesoup.test"));
    }
}
