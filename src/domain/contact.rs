//! Contacts of an account, and the lists it sorts them into.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::{address::Address, view::View},
};

/// What an account and one other are to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The other.
    pub address: Address,
    /// Who sees whose presence, and who has asked.
    pub relation: Relation,
    /// What the user himself has answered that the contact may see; none where he has not, and
    /// the contact sees the account by grants alone.
    pub accepted: Option<View>,
    /// When the contact last ceased to see the account.
    pub watched_until: Option<Millis>,
    /// The name that the contact went by when it asked to see the account.
    pub nick: Option<String>,
}

impl Contact {
    /// Returns somebody with whom an account has nothing to do.
    pub fn stranger(address: Address) -> Self {
        let relation = Relation::default();
        Self { address, relation, accepted: None, watched_until: None, nick: None }
    }
}

/// The state of the subscription between an account and a contact.
///
/// spec: RFC6121 appendix A.1, as four facts instead of nine names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The account sees the contact's presence.
    pub to: bool,
    /// The contact sees the account's presence.
    pub from: bool,
    /// The account has asked and waits for an answer.
    pub pending_out: bool,
    /// The contact has asked and waits for an answer.
    pub pending_in: bool,
    /// The account has approved the contact before being asked.
    pub is_approved: bool,
}

/// A named list of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactList {
    /// What identifies it within the account, in canonical form.
    pub key: CompactString,
    /// The identifier as the phone wrote it when it made the list.
    pub spelling: CompactString,
    /// What the phone shows.
    pub display_name: String,
    /// Whether new contacts go here.
    pub is_default: bool,
    /// Its members, in the order in which they came.
    pub members: Vec<Member>,
}

/// A contact's place on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub address: Address,
    /// The address as the phone wrote it, which it wants to read again.
    pub spelling: CompactString,
    /// What the account calls the contact.
    pub nickname: String,
}

/// To whom a grant or a subscription of presence applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everybody for whom nothing closer applies.
    Default,
    /// The members of a list, by its key.
    List(CompactString),
    /// One contact.
    Contact(Address),
}

/// What those in a scope may see of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub scope: Scope,
    /// The attributes by name; none at all grants nothing.
    pub attributes: Vec<CompactString>,
}

/// What a session wants to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Whose presence; never [`Scope::Default`].
    pub scope: Scope,
    /// The attributes by name; empty for all.
    pub attributes: Vec<CompactString>,
    /// All changes up to this number have been told.
    pub told: i64,
}
