//! An account comes from another server, or from us (XEP-0227): all of it, or nothing.

mod letters;
mod lists;
mod profile;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, secret::Secret},
    bridge,
    domain::{
        account::{Account, AccountState, StoredPassword},
        address::Address,
        contact::{Contact, ContactList, Grant},
        view::View,
    },
    services::{
        accounts::{AccountError, is_password},
        context::Services,
        export::read_scope,
        list_members::cut,
        overview::Overview,
        refused,
        subscriptions::MAX_CONTACTS,
        wishes::Wish,
    },
    store::{entities::EntityKind, write::Write},
    xmpp::{
        jid::Jid,
        portable::{PortableUser, own::OwnRow},
    },
};

/// What became of an account.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Which.
    pub address: Address,
    /// Its new password, where the file has none that can be used.
    pub password: Option<Secret>,
    /// How many contacts it has.
    pub contacts: usize,
    /// How many messages wait for it.
    pub messages: usize,
    /// What was left out, in sentences.
    pub remarks: Vec<String>,
}

/// Why an account was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It cannot be an account of ours.
    #[error("{0}")]
    Account(#[from] AccountError),
    /// More of something than an account may have.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
}

/// An account in the making.
struct Import<'a> {
    services: &'a Services,
    address: Address,
    writes: Vec<Write>,
    contacts: BTreeMap<Address, Contact>,
    messages: usize,
    remarks: BTreeSet<String>,
}

impl Services {
    /// Takes an account in; with `replaces` in place of one that is there.
    ///
    /// # Errors
    ///
    /// Nothing was changed; but where the store failed, contacts that the file does not have may
    /// be gone.
    pub async fn import(
        &self,
        user: &PortableUser,
        replaces: bool,
    ) -> Result<Imported, ImportError> {
        let address = self.own_address(&user.name)?;
        let present = match self.overview(&address).await {
            Ok(_) if !replaces => return Err(AccountError::Taken.into()),
            Ok(present) => Some(present),
            Err(AccountError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
        let mut import = Import {
            services: self,
            address: address.clone(),
            writes: Vec::new(),
            contacts: BTreeMap::new(),
            messages: 0,
            remarks: user.strange.iter().map(|what| format!("{what} is not understood")).collect(),
        };
        let (account, password) = import.account(user, present.as_ref());
        import.roster(user);
        let lists = import.lists_of(user);
        if let Some(present) = &present {
            import.clear(present, &account, &lists).await?;
        }
        import.keep_contacts(user.own.is_some())?;
        import.lists(lists)?;
        import.entities(user);
        import.own_rows(user);
        import.profile(user).await;
        import.letters(user);
        if let Some(present) = &present {
            let parted = import.parted(present);
            self.wish(&address, Wish::Part, parted).await;
        }
        let Import { writes, contacts, messages, remarks, .. } = import;
        let imported = Imported {
            address,
            password,
            contacts: contacts.len(),
            messages,
            remarks: remarks.into_iter().collect(),
        };
        let done = match present {
            Some(_) => self.store.commit(writes).await.map(|()| true),
            None => self.store.create_account(account, writes).await,
        };
        match done.map_err(refused) {
            Ok(true) => Ok(imported),
            Ok(false) => Err(AccountError::Taken.into()),
            Err(_) => Err(AccountError::Store.into()),
        }
    }
}

impl Import<'_> {
    /// Returns the account, and its password where that is new.
    fn account(
        &mut self,
        user: &PortableUser,
        present: Option<&Overview>,
    ) -> (Account, Option<Secret>) {
        let services = self.services;
        let given = user.password.as_deref().map(Secret::new);
        let usable = given.clone().filter(is_password);
        if given.is_some() && usable.is_none() {
            self.remark("its password cannot be typed on a phone");
        }
        if usable.is_none() && user.has_scram {
            self.remark("phones cannot log in by SCRAM: its credentials are of no use");
        }
        let seal = |password: &Secret| services.keeper.seal(&services.ids, &self.address, password);
        let (password, made): (StoredPassword, _) = match (&usable, present) {
            (Some(password), _) => (seal(password), None),
            (None, Some(present)) => (present.account.password.clone(), None),
            (None, None) => {
                let made = services.made_password();
                (seal(&made), Some(made))
            }
        };
        let fact = |name: &str| user.own.as_ref().and_then(|own| own.fact(name));
        let is = |name: &str| fact(name).map(|value| value == "true");
        let created = fact("created").and_then(|at| at.parse().ok()).map(Millis);
        let state = match fact("state") {
            Some("suspended") => AccountState::Suspended,
            _ => AccountState::Active,
        };
        let account = Account {
            address: self.address.clone(),
            state,
            password,
            block_list_in_use: is("block_list_in_use").unwrap_or(user.blocks),
            grant_list_in_use: is("grant_list_in_use").unwrap_or(false),
            adds_mutually: is("mutual_add").unwrap_or(false),
            created: created.unwrap_or_else(|| services.clock.now()),
        };
        (account, made)
    }

    /// Takes away what an account has that is to be replaced. Its phones stay logged in: what they
    /// see and watch stays where the file has it, too.
    async fn clear(
        &mut self,
        present: &Overview,
        account: &Account,
        lists: &[ContactList],
    ) -> Result<(), ImportError> {
        let address = &self.address;
        let letters = self.services.store.letters(address, u32::MAX).await.map_err(refused);
        let letters = letters.map_err(|_| AccountError::Store)?;
        let whose = || address.clone();
        let mut writes = vec![
            Write::SetPassword { account: whose(), password: account.password.clone() },
            Write::SetAccountState { account: whose(), state: account.state },
            Write::SetBlocking {
                account: whose(),
                block_list_in_use: account.block_list_in_use,
                grant_list_in_use: account.grant_list_in_use,
            },
            Write::SetMutualAdd { account: whose(), is_on: account.adds_mutually },
            Write::DropLetters { ids: letters.iter().map(|letter| letter.id).collect() },
        ];
        for list in &present.lists {
            let key = || list.key.clone();
            if lists.iter().any(|kept| kept.key == list.key) {
                writes.extend(list.members.iter().map(|member| Write::DropMember {
                    account: whose(),
                    key: key(),
                    address: member.address.clone(),
                }));
            } else {
                writes.push(Write::DropList { account: whose(), key: key() });
            }
        }
        let is_seen = |it: &Address| self.contacts.get(it).is_some_and(|kept| kept.relation.to);
        let unseen = present.contacts.iter().filter(|contact| !is_seen(&contact.address));
        writes.extend(unseen.map(|contact| Write::DropContact {
            account: whose(),
            address: contact.address.clone(),
        }));
        writes.extend(present.entities.iter().map(|on| Write::DropEntity {
            account: whose(),
            kind: on.kind,
            entity: on.entity.clone(),
        }));
        writes.extend(
            present
                .grants
                .iter()
                .map(|grant| Write::DropGrant { account: whose(), scope: grant.scope.clone() }),
        );
        self.writes = writes;
        Ok(())
    }

    /// Returns the contacts that the file does not have.
    fn parted(&self, present: &Overview) -> Vec<Address> {
        let present = present.contacts.iter().map(|contact| &contact.address);
        present.filter(|address| !self.contacts.contains_key(*address)).cloned().collect()
    }

    fn roster(&mut self, user: &PortableUser) {
        for item in &user.roster {
            let Some(contact) = self.contact(&item.jid) else { continue };
            contact.relation.to = item.to;
            contact.relation.from = item.from;
            contact.relation.pending_out = item.asks && !item.to;
            contact.relation.is_approved = item.is_approved && !item.from;
        }
        for from in &user.requests {
            let Some(contact) = self.contact(from) else { continue };
            contact.relation.pending_in = !contact.relation.from;
        }
        let rows = user.own.iter().flat_map(|own| &own.rows);
        for row in
            rows.filter(|row| matches!(row.kind.as_str(), "accepted" | "nick" | "watched_until"))
        {
            let Some(contact) = self.contact(&row.of) else { continue };
            match row.kind.as_str() {
                "accepted" => contact.accepted = serde_json::from_str(&row.is).ok(),
                "nick" => contact.nick = Some(cut(&row.is)),
                _ => contact.watched_until = serde_json::from_str(&row.is).ok(),
            }
        }
    }

    fn keep_contacts(&mut self, has_own: bool) -> Result<(), ImportError> {
        let account = self.address.clone();
        for contact in self.contacts.values_mut() {
            // Elsewhere nobody writes down who let a contact see: it was the user.
            if !has_own && (contact.relation.from || contact.relation.is_approved) {
                contact.accepted = Some(View::Everything);
            }
            let (account, contact) = (account.clone(), contact.clone());
            self.writes.push(Write::PutContact { account, contact });
        }
        at_most("contacts", self.contacts.len(), MAX_CONTACTS)
    }

    fn entities(&mut self, user: &PortableUser) {
        let account = self.address.clone();
        let mut put = |kind, entity: Address, spelling: CompactString| {
            let account = account.clone();
            self.writes.push(Write::PutEntity { account, kind, entity, spelling });
        };
        if let Some(own) = &user.own {
            for row in &own.rows {
                let kind = match row.kind.as_str() {
                    "block" => EntityKind::Block,
                    "let" => EntityKind::Grant,
                    _ => continue,
                };
                if let Some(entity) = address_of(&row.of) {
                    put(kind, entity, row.is.as_str().into());
                }
            }
            return;
        }
        for entity in user.blocked.iter().filter_map(|jid| address_of(jid)) {
            let spelling = bridge::address::to_user(&entity).as_written().into();
            put(EntityKind::Block, entity, spelling);
        }
    }

    fn own_rows(&mut self, user: &PortableUser) {
        let account = self.address.clone();
        for row in user.own.iter().flat_map(|own| &own.rows) {
            let account = account.clone();
            match row.kind.as_str() {
                "grant" => match grant(row) {
                    Some(grant) => self.writes.push(Write::PutGrant { account, grant }),
                    None => self.remark("a grant is not understood"),
                },
                "alias" => self.writes.extend(address_of(&row.of).map(|address| Write::PutAlias {
                    account,
                    alias: row.is.as_str().into(),
                    address,
                })),
                "accepted" | "nick" | "watched_until" | "block" | "let" | "report" | "personal"
                | "public_profile" | "picture" | "last_there" => {}
                kind => self.remark(&format!("{kind} is not understood")),
            }
        }
        let owner = user.own.as_ref().and_then(|own| own.fact("owner")).and_then(address_of);
        let account_of = |owner| Write::SetOwner { account: account.clone(), owner };
        self.writes.extend(owner.map(account_of));
    }

    /// Returns what is between the account and somebody; none for what is no address.
    fn contact(&mut self, jid: &str) -> Option<&mut Contact> {
        let Some(address) = address_of(jid).filter(|address| *address != self.address) else {
            self.remark(&format!("{jid:?} cannot be a contact"));
            return None;
        };
        Some(self.contacts.entry(address.clone()).or_insert_with(|| Contact::stranger(address)))
    }

    fn remark(&mut self, sentence: &str) {
        self.remarks.insert(sentence.to_owned());
    }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), ImportError> {
    if count <= most { Ok(()) } else { Err(ImportError::TooMany { what, most }) }
}

fn address_of(jid: &str) -> Option<Address> {
    bridge::address::of_jid(&Jid::new(jid).ok()?)
}

fn grant(row: &OwnRow) -> Option<Grant> {
    let attributes = serde_json::from_str(&row.is).ok()?;
    Some(Grant { scope: read_scope(&row.of)?, attributes })
}
