//! An account comes from another server, or from us (XEP-0227): all of it, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, secret::Secret},
    bridge,
    domain::{
        account::{Account, AccountState, StoredPassword},
        address::Address,
        contact::{Contact, ContactList, Grant, Member},
        mailbox::{Content, Letter},
        view::View,
    },
    services::{
        accounts::{AccountError, is_password},
        contact_lists::MAX_LISTS,
        context::Services,
        export::{OwnLetter, read_scope},
        list_members::{MAX_MEMBERS, cut},
        mailbox::{KEPT, MAX_BYTES, MAX_LETTERS},
        overview::Overview,
        profile::profile_writes,
        refused,
        subscriptions::MAX_CONTACTS,
        wishes::Wish,
    },
    store::{entities::EntityKind, write::Write},
    xmpp::{
        jid::Jid,
        portable::{
            PortableUser,
            own::{OwnList, OwnRow},
        },
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

    /// Returns the lists that the file tells as ours, else one for each group.
    fn lists_of(&self, user: &PortableUser) -> Vec<ContactList> {
        match &user.own {
            Some(own) => own.lists.iter().map(own_list).collect(),
            None => self.lists_of_groups(user),
        }
    }

    /// Puts the contacts on their lists.
    fn lists(&mut self, lists: Vec<ContactList>) -> Result<(), ImportError> {
        at_most("lists", lists.len(), MAX_LISTS)?;
        for list in lists {
            at_most("contacts on a list", list.members.len(), MAX_MEMBERS)?;
            let (account, key) = (self.address.clone(), list.key.clone());
            let members = list.members.clone();
            self.writes.push(Write::PutList { account: account.clone(), list });
            for member in members {
                self.writes.push(self.services.tell_of(&account, &member.address));
                let (account, key) = (account.clone(), key.clone());
                self.writes.push(Write::PutMember { account, key, member });
            }
        }
        Ok(())
    }

    fn lists_of_groups(&self, user: &PortableUser) -> Vec<ContactList> {
        let mut lists = vec![list(DEFAULT_LIST, true)];
        for item in &user.roster {
            let Some(address) = address_of(&item.jid) else { continue };
            let to_user = bridge::address::to_user(&address);
            let member = Member {
                spelling: to_user.as_written().into(),
                nickname: cut(item.name.as_deref().unwrap_or(to_user.user())),
                address,
            };
            let none = [DEFAULT_LIST.to_owned()];
            let groups = if item.groups.is_empty() { &none } else { item.groups.as_slice() };
            for group in groups {
                let group = cut(group);
                let key = CompactString::from(group.to_lowercase());
                let at = lists.iter().position(|list| list.key == key).unwrap_or(lists.len());
                if at == lists.len() {
                    lists.push(list(&group, false));
                }
                let members = &mut lists[at].members;
                if members.iter().all(|on| on.address != member.address) {
                    members.push(member.clone());
                }
            }
        }
        lists
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
        if let Some(own) = &user.own {
            let owner = own.fact("owner").and_then(address_of);
            let account_of = |owner| Write::SetOwner { account: account.clone(), owner };
            self.writes.extend(owner.map(account_of));
            let (writes, remarks) = profile_writes(&account, own, self.services.clock.now());
            self.writes.extend(writes);
            self.remarks.extend(remarks);
        }
    }

    fn letters(&mut self, user: &PortableUser) {
        let mut all: Vec<Letter> = Vec::new();
        for waiting in &user.messages {
            let stanza = &waiting.message;
            let now = self.services.clock.now();
            let sender = bridge::address::device_of_jid(&stanza.from);
            let message = sender.and_then(|it| bridge::message::of_stanza(stanza, it, now));
            let Some(mut message) = message else {
                self.remark("a message without text is left out");
                continue;
            };
            let own = waiting.own.as_deref().and_then(|own| serde_json::from_str(own).ok());
            let own: OwnLetter = own.unwrap_or(OwnLetter {
                received: message.sent,
                expires: Some(now.after(KEPT)),
                resource: None,
                media_type: None,
                report: None,
            });
            message.media_type = own.media_type.clone();
            all.push(self.letter(own, Content::Message(message)));
        }
        let rows = user.own.iter().flat_map(|own| &own.rows).filter(|row| row.kind == "report");
        for own in rows.filter_map(|row| serde_json::from_str::<OwnLetter>(&row.is).ok()) {
            if let Some(report) = own.report.clone() {
                all.push(self.letter(own, Content::Report(report)));
            }
        }
        all.sort_by_key(|letter| letter.received);
        let mut bytes = 0;
        for letter in all {
            bytes += letter.size_bytes();
            if self.messages >= MAX_LETTERS || bytes > MAX_BYTES {
                self.remark("the mailbox is full: newer messages are left out");
                return;
            }
            self.messages += 1;
            let letter = Letter { id: self.services.ids.next_number(), ..letter };
            self.writes.push(Write::PutLetter(letter));
        }
    }

    fn letter(&self, own: OwnLetter, content: Content) -> Letter {
        let OwnLetter { received, expires, resource, .. } = own;
        Letter { id: 0, account: self.address.clone(), resource, received, expires, content }
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

fn list(name: &str, is_default: bool) -> ContactList {
    ContactList {
        key: name.to_lowercase().into(),
        spelling: name.into(),
        display_name: name.to_owned(),
        is_default,
        members: Vec::new(),
    }
}

fn own_list(list: &OwnList) -> ContactList {
    let member = |[address, spelling, nickname]: &[String; 3]| {
        let (address, spelling) = (address_of(address)?, spelling.as_str().into());
        Some(Member { address, spelling, nickname: cut(nickname) })
    };
    ContactList {
        key: list.key.as_str().into(),
        spelling: list.spelling.as_str().into(),
        display_name: list.name.clone(),
        is_default: list.is_default,
        members: list.members.iter().filter_map(member).collect(),
    }
}

fn grant(row: &OwnRow) -> Option<Grant> {
    let attributes = serde_json::from_str(&row.is).ok()?;
    Some(Grant { scope: read_scope(&row.of)?, attributes })
}

/// Where contacts of no group go.
const DEFAULT_LIST: &str = "Friends";
