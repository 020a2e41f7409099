//! The versions of CSP and what each calls itself.

/// A version of the protocol that phones speak.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Version {
    /// Wireless Village CSP 1.1.
    #[serde(rename = "1.1")]
    V1_1,
    /// OMA CSP 1.2.
    #[serde(rename = "1.2")]
    V1_2,
    /// OMA IMPS CSP 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

/// The three name spaces of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Of the envelope, on `WV-CSP-Message`.
    Session,
    /// Of a primitive, on `TransactionContent`.
    Transaction,
    /// Of presence attributes, on `PresenceSubList`.
    Presence,
}

impl Version {
    /// All versions, the oldest first.
    pub const ALL: [Self; 3] = [Self::V1_1, Self::V1_2, Self::V1_3];

    /// Returns the digits, as in `1.2`.
    pub fn digits(self) -> &'static str {
        match self {
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }

    /// Reads digits.
    pub fn from_digits(digits: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.digits() == digits)
    }

    /// Returns the name space's address up to the digits.
    pub fn namespace_prefix(self, space: Space) -> &'static str {
        match (self, space) {
            (Self::V1_1, Space::Session) => "http://www.wireless-village.org/CSP",
            (Self::V1_1, Space::Transaction) => "http://www.wireless-village.org/TRC",
            (Self::V1_1, Space::Presence) => "http://www.wireless-village.org/PA",
            (Self::V1_2, Space::Session) => "http://www.openmobilealliance.org/DTD/WV-CSP",
            (Self::V1_2, Space::Transaction) => "http://www.openmobilealliance.org/DTD/WV-TRC",
            (Self::V1_2, Space::Presence) => "http://www.openmobilealliance.org/DTD/WV-PA",
            (Self::V1_3, Space::Session) => "http://www.openmobilealliance.org/DTD/IMPS-CSP",
            (Self::V1_3, Space::Transaction) => "http://www.openmobilealliance.org/DTD/IMPS-TRC",
            (Self::V1_3, Space::Presence) => "http://www.openmobilealliance.org/DTD/IMPS-PA",
        }
    }

    /// Returns the version whose name space `address` is, whatever its kind.
    pub fn from_namespace(address: &str) -> Option<Self> {
        let prefix = address.get(..address.len().checked_sub(3)?)?;
        let version = Self::from_digits(address.get(prefix.len()..)?)?;
        [Space::Session, Space::Transaction, Space::Presence]
            .into_iter()
            .any(|space| version.namespace_prefix(space) == prefix)
            .then_some(version)
    }

    /// Returns the version that a document's formal public identifier names.
    ///
    /// Makers of phones have several for one version; the digits are in all of them.
    pub fn from_public_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| id.contains(version.digits()))
    }
}

impl Space {
    /// Returns the name space that is declared on an element of this name.
    pub fn declared_on(element: &str) -> Option<Self> {
        match element {
            "WV-CSP-Message" => Some(Self::Session),
            "TransactionContent" => Some(Self::Transaction),
            "PresenceSubList" => Some(Self::Presence),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_tells_the_version() {
        let known = Version::from_namespace("http://www.openmobilealliance.org/DTD/WV-PA1.2");
        assert_eq!(known, Some(Version::V1_2));
        assert_eq!(Version::from_namespace("http://www.wireless-village.org/CSP1.2"), None);
        assert_eq!(Version::from_namespace("é1.1"), None);
    }
}
