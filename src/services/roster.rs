//! The operator changes somebody's contacts, as that user's phone would.

use crate::{
    bridge,
    domain::{
        address::Address,
        contact::{Contact, ContactList, Member},
        refusal::Refusal,
        subscription::Event,
        view::View,
    },
    services::{
        accounts::AccountError,
        context::Services,
        list_members::{MAX_MEMBERS, cut},
        refused,
        unit::Unit,
    },
    store::write::Write,
    xmpp::jid::Jid,
};

/// Why contacts were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// The account itself is not to be had.
    #[error("{0}")]
    Account(#[from] AccountError),
    /// Nobody can have that address.
    #[error("{0:?} is not an address as in ann@example.org")]
    Address(String),
    /// An account of ours that is not there.
    #[error("{0} is of this domain and has no account")]
    NoContact(Address),
    /// The account is itself.
    #[error("nobody is a contact of their own")]
    Themselves,
    /// There is no such list.
    #[error("there is no list {name:?}; there is: {}", .there.join(", "))]
    NoList {
        /// What was looked for.
        name: String,
        /// The lists that there are.
        there: Vec<String>,
    },
    /// The account has no list at all.
    #[error("the account has no list yet; its phone makes one")]
    NoLists,
    /// No room.
    #[error("the list has {MAX_MEMBERS} members, which is all that it can have")]
    Full,
    /// There is nothing to remove.
    #[error("{0} is on no list and has no subscription")]
    Stranger(Address),
    /// There is nothing to refuse.
    #[error("{0} has not asked and sees nothing")]
    NotSeeing(Address),
    /// What the services say.
    #[error("{0}")]
    Refused(&'static str),
}

impl From<Refusal> for RosterError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(bridge::refusal::words(refusal))
    }
}

/// What became of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The list's name.
    pub list: String,
    /// Whether the contact was not on it before.
    pub is_new: bool,
    /// Whether the contact was asked to show its presence.
    pub is_asked: bool,
}

impl Services {
    /// Reads the address of anybody, as an operator writes it: without a domain one of ours.
    ///
    /// # Errors
    ///
    /// Nobody can have it.
    pub fn any_address(&self, text: &str) -> Result<Address, RosterError> {
        let plain = text.strip_prefix("wv:").unwrap_or(text);
        if !plain.contains('@') {
            return Ok(self.own_address(plain)?);
        }
        let jid = Jid::new(plain).ok().filter(|jid| jid.local().is_some());
        let address = jid.and_then(|jid| bridge::address::of_jid(&jid));
        address.ok_or_else(|| RosterError::Address(text.to_owned()))
    }

    /// Puts a contact on a list, the default one where none is named, and asks it to show its
    /// presence; who is on it already gets the new name.
    ///
    /// # Errors
    ///
    /// One of the two is not there, or there is no room.
    pub async fn add_contact(
        &self,
        owner: &Address,
        contact: &Address,
        list: Option<&str>,
        name: Option<&str>,
    ) -> Result<Added, RosterError> {
        let lists = self.lists_of(owner).await?;
        if owner == contact {
            return Err(RosterError::Themselves);
        }
        if self.is_ours(contact) && self.store.account(contact).await.map_err(refused)?.is_none() {
            return Err(RosterError::NoContact(contact.clone()));
        }
        let list = chosen(&lists, list)?;
        let known = list.members.iter().find(|member| member.address == *contact);
        if known.is_none() && list.members.len() >= MAX_MEMBERS {
            return Err(RosterError::Full);
        }
        let mut member = known.cloned().unwrap_or_else(|| Member {
            address: contact.clone(),
            spelling: bridge::address::to_user(contact).as_written().into(),
            nickname: contact.name().unwrap_or_default().to_owned(),
        });
        if let Some(name) = name {
            member.nickname = cut(name);
        }
        let mut unit = Unit::default();
        unit.write(Write::PutMember { account: owner.clone(), key: list.key.clone(), member });
        if known.is_none() {
            unit.write(self.tell_of(owner, contact));
        }
        self.carry_out(unit).await?;
        let relation = self.contact(owner, contact).await?.relation;
        let is_asked = !relation.to && !relation.pending_out;
        if is_asked {
            self.happen(owner, contact, Event::AskOut).await?;
        }
        let list = list.display_name.clone();
        Ok(Added { list, is_new: known.is_none(), is_asked })
    }

    /// Takes a contact off a list, or off all; who is on none any more is parted with.
    ///
    /// # Errors
    ///
    /// The account or the list is not there, or the contact is not on it.
    pub async fn remove_contact(
        &self,
        owner: &Address,
        contact: &Address,
        list: Option<&str>,
    ) -> Result<Vec<String>, RosterError> {
        let lists = self.lists_of(owner).await?;
        let holds = |list: &&ContactList| list.members.iter().any(|on| on.address == *contact);
        let holding: Vec<&ContactList> = lists.iter().filter(holds).collect();
        let left: Vec<&ContactList> = match list {
            None => holding.clone(),
            Some(name) => [chosen(&lists, Some(name))?].into_iter().filter(holds).collect(),
        };
        let stranger = Contact::stranger(contact.clone());
        let is_known = self.contact(owner, contact).await? != stranger;
        if left.is_empty() && (list.is_some() || !is_known) {
            return Err(RosterError::Stranger(contact.clone()));
        }
        let mut unit = Unit::default();
        for list in &left {
            let (account, key) = (owner.clone(), list.key.clone());
            unit.write(Write::DropMember { account, key, address: contact.clone() });
        }
        self.carry_out(unit).await?;
        if left.len() == holding.len() {
            self.part(owner, contact).await?;
        }
        Ok(left.into_iter().map(|list| list.display_name.clone()).collect())
    }

    /// Lets a contact see an account; true if it had asked, else it may as soon as it asks.
    ///
    /// # Errors
    ///
    /// The account is not there, or has no room for another contact.
    pub async fn approve(&self, owner: &Address, contact: &Address) -> Result<bool, RosterError> {
        self.lists_of(owner).await?;
        let known = self.contact(owner, contact).await?;
        let had_asked = known.relation.pending_in;
        let accepted = Some(View::Everything);
        let mut unit = Unit::default();
        let known = Contact { accepted, ..known };
        unit.write(Write::PutContact { account: owner.clone(), contact: known });
        self.carry_out(unit).await?;
        self.happen(owner, contact, Event::AllowOut).await?;
        Ok(had_asked)
    }

    /// Refuses a contact that has asked, or lets it see the account no more.
    ///
    /// # Errors
    ///
    /// The account is not there, or the contact neither sees it nor has asked.
    pub async fn deny(&self, owner: &Address, contact: &Address) -> Result<(), RosterError> {
        self.lists_of(owner).await?;
        let relation = self.contact(owner, contact).await?.relation;
        if !(relation.from || relation.pending_in || relation.is_approved) {
            return Err(RosterError::NotSeeing(contact.clone()));
        }
        Ok(self.happen(owner, contact, Event::DenyOut).await?)
    }

    async fn lists_of(&self, owner: &Address) -> Result<Vec<ContactList>, RosterError> {
        if self.store.account(owner).await.map_err(refused)?.is_none() {
            return Err(AccountError::Missing.into());
        }
        Ok(self.store.lists(owner).await.map_err(refused)?)
    }

    /// A phone is told of a new contact first what is known, and be it nothing.
    pub(super) fn tell_of(&self, owner: &Address, contact: &Address) -> Write {
        let (owner, contact) = (owner.clone(), contact.clone());
        Write::TouchContactPresence { owner, contact, change: self.ids.next_number() }
    }
}

/// Returns the list of this name or key, or the one for new contacts.
fn chosen<'a>(
    lists: &'a [ContactList],
    name: Option<&str>,
) -> Result<&'a ContactList, RosterError> {
    let found = match name {
        None => lists.iter().find(|list| list.is_default).or(lists.first()),
        Some(name) => lists.iter().find(|list| {
            list.display_name == name || list.key == name.to_lowercase() || list.spelling == name
        }),
    };
    found.ok_or_else(|| match name {
        None => RosterError::NoLists,
        Some(name) => RosterError::NoList {
            name: name.to_owned(),
            there: lists.iter().map(|list| list.display_name.clone()).collect(),
        },
    })
}
