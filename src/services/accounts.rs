//! Accounts: made, listed, changed, removed; by the operator, or at a first login.

use std::sync::Arc;

use crate::{
    base::secret::Secret,
    domain::{
        account::{Account, AccountState},
        address::Address,
        contact::ContactList,
        refusal::Refusal,
    },
    services::{context::Services, passwords, people::Cell, refused, unit::Unit, wishes::Wish},
    store::write::Write,
    xmpp::jid::prepare_local,
};

/// Characters of a name, so that the whole address can be typed: phones take fifty with `wv:`.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=40;

/// Characters of a password at most (handset: S60 §3.2).
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 1..=50;

/// Characters of a password that we make: eight of twenty letters and a digit, 34 bits, behind
/// a wait that grows with each failure.
const MADE_PASSWORD_CHARS: usize = 8;

/// Why an account was not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The address is not of our domain.
    #[error("the address is not of a domain of ours")]
    Foreign,
    /// Nobody can have that name.
    #[error("a name has 1 to 40 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit")]
    Name,
    /// Nobody can have that password.
    #[error("a password has 1 to 50 characters, without control characters")]
    Password,
    /// The name is taken.
    #[error("the account is there already")]
    Taken,
    /// There is no such account.
    #[error("there is no such account")]
    Missing,
    /// The store failed.
    #[error("the store failed, see the log")]
    Store,
}

impl Services {
    /// Reads the address of an account of ours, as an operator writes it.
    ///
    /// # Errors
    ///
    /// It is of another domain, or no phone can type it.
    pub fn own_address(&self, text: &str) -> Result<Address, AccountError> {
        let text = text.strip_prefix("wv:").unwrap_or(text);
        let (name, domain) = text.split_once('@').unwrap_or((text, &self.rules.domain));
        if !domain.eq_ignore_ascii_case(&self.rules.domain) {
            return Err(AccountError::Foreign);
        }
        let name = prepare_local(name).map_err(|_| AccountError::Name)?;
        if !is_typable(&name) {
            return Err(AccountError::Name);
        }
        Ok(Address::of(&name, &self.rules.domain))
    }

    /// Returns a password that is easy to type.
    pub fn made_password(&self) -> Secret {
        Secret::new(self.ids.text(MADE_PASSWORD_CHARS))
    }

    /// Makes an account with one list, for somebody elsewhere or for nobody in particular; none if
    /// the name is taken.
    pub(super) async fn add_account(
        &self,
        address: &Address,
        password: Option<&Secret>,
        owner: Option<&Address>,
    ) -> Result<Option<Account>, Refusal> {
        let made = password.is_none().then(|| self.made_password());
        let password = password.or(made.as_ref()).ok_or(Refusal::BadParameter)?;
        let name = address.name().unwrap_or_default();
        if !is_typable(name) || !is_password(password) {
            return Err(Refusal::WrongPassword);
        }
        let account = Account {
            address: address.clone(),
            state: AccountState::Active,
            password: self.keeper.seal(&self.ids, address, password),
            block_list_in_use: false,
            grant_list_in_use: false,
            adds_mutually: false,
            created: self.clock.now(),
        };
        // handset: Android §5: without a default list "add contact" has nowhere to go.
        let list = ContactList {
            key: "friends".into(),
            spelling: "friends".into(),
            display_name: "Friends".into(),
            is_default: true,
            members: Vec::new(),
        };
        let mut writes = vec![Write::PutList { account: address.clone(), list }];
        let owner = owner.cloned();
        writes.extend(owner.map(|owner| Write::SetOwner { account: address.clone(), owner }));
        let is_new = self.store.create_account(account.clone(), writes).await.map_err(refused)?;
        Ok(is_new.then_some(account))
    }

    /// Makes an account for the operator.
    ///
    /// # Errors
    ///
    /// The name or password cannot be had, or the name is taken.
    pub async fn create(&self, address: &Address, password: &Secret) -> Result<(), AccountError> {
        self.create_for(None, address, password).await
    }

    /// The same for somebody elsewhere.
    pub(super) async fn create_for(
        &self,
        owner: Option<&Address>,
        address: &Address,
        password: &Secret,
    ) -> Result<(), AccountError> {
        if !is_password(password) {
            return Err(AccountError::Password);
        }
        let made = self.add_account(address, Some(password), owner).await;
        made.map_err(|_| AccountError::Store)?.map(drop).ok_or(AccountError::Taken)
    }

    /// Changes a password. With `plain_only` a hash alone is kept, and digest logins end.
    ///
    /// # Errors
    ///
    /// There is no such account, or the password cannot be had.
    pub async fn set_password(
        &self,
        address: &Address,
        password: &Secret,
        plain_only: bool,
    ) -> Result<(), AccountError> {
        self.existing(address).await?;
        if !is_password(password) {
            return Err(AccountError::Password);
        }
        let password = if plain_only {
            passwords::hashed(password)
        } else {
            self.keeper.seal(&self.ids, address, password)
        };
        self.change_account(Write::SetPassword { account: address.clone(), password }).await
    }

    /// Changes a password and ends the sessions: who knew the old one is out.
    pub(super) async fn set_password_and_end(
        &self,
        address: &Address,
        password: &Secret,
    ) -> Result<(), AccountError> {
        self.set_password(address, password, false).await?;
        let cell = self.people.cell(address, self.clock.now());
        let _gate = cell.gate.lock().await;
        self.end_all(&cell).await
    }

    /// Ends the sessions of an account, or that of one device; returns how many there were.
    pub(super) async fn end_sessions_of(
        &self,
        address: &Address,
        resource: Option<&str>,
    ) -> Result<usize, AccountError> {
        self.existing(address).await?;
        let cell = self.people.cell(address, self.clock.now());
        let _gate = cell.gate.lock().await;
        self.end_sessions_at(&cell, resource).await.map_err(|_| AccountError::Store)
    }

    /// Suspends an account, which ends its sessions, or lets it be used again.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn set_state(
        &self,
        address: &Address,
        state: AccountState,
    ) -> Result<(), AccountError> {
        let cell = self.people.cell(address, self.clock.now());
        let _gate = cell.gate.lock().await;
        let person = self.people.hold(&self.store, &cell).await;
        let mut person = person.map_err(|_| AccountError::Store)?.ok_or(AccountError::Missing)?;
        self.change_account(Write::SetAccountState { account: address.clone(), state }).await?;
        person.account.state = state;
        drop(person);
        match state {
            AccountState::Active => Ok(()),
            AccountState::Suspended => self.end_all(&cell).await,
        }
    }

    /// Removes an account with all that is its own; its contacts are told that they see nobody
    /// there any more.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn remove(&self, address: &Address) -> Result<(), AccountError> {
        self.existing(address).await?;
        let cell = self.people.cell(address, self.clock.now());
        // Nobody logs in meanwhile.
        let gate = cell.gate.lock().await;
        self.end_all(&cell).await?;
        let contacts = self.store.contacts(address).await;
        let contacts = contacts.map_err(refused).map_err(|_| AccountError::Store)?;
        let contacts = contacts.into_iter().map(|contact| contact.address).collect();
        self.wish(address, Wish::Part, contacts).await;
        let person = self.people.hold(&self.store, &cell).await;
        let person = person.map_err(|_| AccountError::Store)?;
        self.change_account(Write::DropAccount(address.clone())).await?;
        // Whoever waits for it takes it for suspended.
        person.into_iter().for_each(|mut person| person.account.state = AccountState::Suspended);
        self.people.let_go_of(&cell).await;
        drop(gate);
        Ok(())
    }

    /// Returns accounts in the order of their addresses.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn accounts(
        &self,
        after: Option<&Address>,
        limit: u32,
    ) -> Result<Vec<Account>, AccountError> {
        let accounts = self.store.accounts(after, limit).await;
        accounts.map_err(|error| {
            refused(error);
            AccountError::Store
        })
    }

    async fn end_all(&self, cell: &Arc<Cell>) -> Result<(), AccountError> {
        self.end_sessions_at(cell, None).await.map(drop).map_err(|_| AccountError::Store)
    }

    async fn existing(&self, address: &Address) -> Result<(), AccountError> {
        match self.store.account(address).await.map_err(refused) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(AccountError::Missing),
            Err(_) => Err(AccountError::Store),
        }
    }

    async fn change_account(&self, write: Write) -> Result<(), AccountError> {
        let mut unit = Unit::default();
        unit.write(write);
        self.carry_out(unit).await.map_err(|_| AccountError::Store)
    }
}

/// Whether every phone can type a name (handset: S60 §4.1).
fn is_typable(name: &str) -> bool {
    NAME_CHARS.contains(&name.chars().count())
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name.chars().all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-_".contains(letter)
        })
}

pub(super) fn is_password(password: &Secret) -> bool {
    let text = password.expose();
    PASSWORD_CHARS.contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
