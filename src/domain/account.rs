//! An account of our domain.

use crate::{base::clock::Millis, domain::address::Address};

/// Somebody whose server we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Under which the world knows the account.
    pub address: Address,
    /// Whether it may log in.
    pub state: AccountState,
    /// How a password is checked.
    pub password: StoredPassword,
    /// Whether the block list counts.
    pub block_list_in_use: bool,
    /// Whether only those on the grant list get through.
    pub grant_list_in_use: bool,
    /// Whether who is let see the account becomes its contact, too.
    pub adds_mutually: bool,
    /// When it was made.
    pub created: Millis,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// In use.
    Active,
    /// Kept, receives nothing, may not log in.
    Suspended,
}

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredPassword {
    /// The password itself under a key that is kept elsewhere: digest logins need it.
    Sealed(Vec<u8>),
    /// An Argon2 hash in its usual text form: serves plain logins only.
    Hashed(String),
}

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Sealed(_) => "Sealed(…)",
            Self::Hashed(_) => "Hashed(…)",
        })
    }
}

/// Who may have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Whom the operator adds.
    Closed,
    /// Besides, who registers from elsewhere on the network.
    Open,
    /// Besides those of the operator, who logs in with a free name.
    Auto,
}
