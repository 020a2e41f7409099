//! All that is kept of one account, for the operator.

use std::collections::BTreeMap;

use crate::{
    base::clock::Millis,
    domain::{
        account::Account,
        address::Address,
        contact::{Contact, ContactList, Grant, Relation},
        public_profile::PublicProfile,
        session::Session,
    },
    services::{accounts::AccountError, context::Services, refused},
    store::{entities::Entity, error::StoreError, mailbox::MailboxSize},
};

/// An account with all that is its own, as the store has it.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The account.
    pub account: Account,
    /// Who registered it from elsewhere on the network, if somebody did.
    pub owner: Option<Address>,
    /// Its phones.
    pub sessions: Vec<Session>,
    /// Its lists with their members.
    pub lists: Vec<ContactList>,
    /// What it and others are to each other, also those on no list.
    pub contacts: Vec<Contact>,
    /// What it grants beforehand.
    pub grants: Vec<Grant>,
    /// Whom it blocks or lets through.
    pub entities: Vec<Entity>,
    /// How much waits for it.
    pub mailbox: MailboxSize,
    /// When the oldest of that came.
    pub oldest: Option<Millis>,
    /// What it makes public, if anything.
    pub public_profile: Option<PublicProfile>,
    /// When its last phone went, if none is there.
    pub last_there: Option<Millis>,
}

impl Services {
    /// Returns all that is kept of an account.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn overview(&self, address: &Address) -> Result<Overview, AccountError> {
        let overview = self.read_overview(address).await;
        overview.map_err(refused).map_err(|_| AccountError::Store)?.ok_or(AccountError::Missing)
    }

    async fn read_overview(&self, address: &Address) -> Result<Option<Overview>, StoreError> {
        let store = &self.store;
        let Some(person) = store.person(address).await? else { return Ok(None) };
        Ok(Some(Overview {
            owner: store.owner(address).await?,
            account: person.account,
            sessions: person.sessions,
            lists: store.lists(address).await?,
            contacts: store.contacts(address).await?,
            grants: store.grants(address).await?,
            entities: person.entities,
            mailbox: person.mailbox,
            public_profile: person.public_profile,
            last_there: store.last_there(address).await?.map(|last| last.at),
            oldest: store.letters(address, 1).await?.first().map(|letter| letter.received),
        }))
    }
}

impl Overview {
    /// Returns everybody on a list or with a subscription, in the order of their addresses.
    pub fn acquaintances(&self) -> Vec<Acquaintance<'_>> {
        let mut all: BTreeMap<&Address, Acquaintance<'_>> = BTreeMap::new();
        let new = |address| Acquaintance { address, relation: Relation::default(), places: vec![] };
        for contact in &self.contacts {
            let known = all.entry(&contact.address).or_insert_with_key(|address| new(address));
            known.relation = contact.relation;
        }
        for list in &self.lists {
            for member in &list.members {
                let known = all.entry(&member.address).or_insert_with_key(|address| new(address));
                known.places.push((&list.display_name, &member.nickname));
            }
        }
        all.into_values().collect()
    }
}

/// Somebody whom an account knows.
#[derive(Clone, Debug)]
pub struct Acquaintance<'a> {
    /// Who.
    pub address: &'a Address,
    /// What the two are to each other.
    pub relation: Relation,
    /// The lists on which the account keeps them, and under which name.
    pub places: Vec<(&'a str, &'a str)>,
}
