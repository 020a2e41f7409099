//! People elsewhere on the network register accounts of ours, for phones (XEP-0077).
//!
//! Who registered an account is known by the address that its own server vouches for, and by that
//! alone changes its password and removes it. Such requests are carried out one after another, so
//! that nobody gets two accounts by asking twice at once.

use crate::{
    base::secret::Secret,
    bridge,
    domain::{
        account::{Account, AccountState, Registration},
        address::Address,
    },
    services::{accounts::AccountError, context::Services, refused},
    xmpp::{
        condition::{Condition, StanzaError},
        register::{Change, Needed},
    },
};

/// Accounts that one person may register.
const MAX_OWNED: usize = 1;

impl Services {
    /// Returns whether people elsewhere may register.
    pub(super) fn takes_registrations(&self) -> bool {
        self.rules.registration == Registration::Open
    }

    /// Returns what somebody needs to register, or is registered as.
    pub(super) async fn registration_needs(&self, asker: &Address) -> Result<Needed, StanzaError> {
        let owned = self.owned(asker).await?;
        let username = owned.first().and_then(|account| account.address.name()).map(str::to_owned);
        let what = match username {
            Some(_) => {
                "You have an account for a phone here. A new password ends the session of the \
                 phone until that knows it, too."
            }
            None => {
                "Choose a name and a password for the chat client that is built into your phone; \
                 use the password nowhere else, for phones send it openly."
            }
        };
        let help: Vec<&str> = self.help().collect();
        let help = if help.is_empty() {
            format!("whoever runs {}", self.rules.domain)
        } else {
            help.join(", ")
        };
        let instructions = format!(
            "{what} The phone's settings have this name, this password and a server address; if \
             you do not know that, ask {help}."
        );
        Ok(Needed { instructions, username })
    }

    /// Registers somebody, or changes or removes what is registered.
    pub(super) async fn register_from_elsewhere(
        &self,
        asker: &Address,
        change: Change,
    ) -> Result<(), StanzaError> {
        let owned = self.owned(asker).await?;
        match change {
            Change::Remove => {
                // spec: XEP-0077 §3.2
                let account = owned.first().ok_or(Condition::RegistrationRequired)?;
                self.unregister(asker, account).await
            }
            Change::Put { username, password } => {
                let (Some(username), Some(password)) = (username, password) else {
                    let text = "a name and a password are needed";
                    return Err(StanzaError::with_text(Condition::NotAcceptable, text));
                };
                let (address, password) = (self.own_address(&username), Secret::new(password));
                let address = address.map_err(stanza_error)?;
                match owned.iter().find(|account| account.address == address) {
                    Some(account) => self.change_password(asker, account, &password).await,
                    None => self.register_new(asker, &owned, &address, &password).await,
                }
            }
        }
    }

    async fn register_new(
        &self,
        asker: &Address,
        owned: &[Account],
        address: &Address,
        password: &Secret,
    ) -> Result<(), StanzaError> {
        if owned.len() >= MAX_OWNED {
            let text = "you have an account here: remove it first, or give its name";
            return Err(StanzaError::with_text(Condition::NotAllowed, text));
        }
        if !self.strangers.may_register(asker, self.clock.now()) {
            return Err(too_often());
        }
        self.create_for(Some(asker), address, password).await.map_err(stanza_error)?;
        tracing::info!(account = %address, owner = %asker, "registered from elsewhere");
        Ok(())
    }

    async fn change_password(
        &self,
        asker: &Address,
        account: &Account,
        password: &Secret,
    ) -> Result<(), StanzaError> {
        self.may_change(asker, account)?;
        self.set_password_and_end(&account.address, password).await.map_err(stanza_error)?;
        tracing::info!(account = %account.address, owner = %asker, "password changed by its owner");
        Ok(())
    }

    async fn unregister(&self, asker: &Address, account: &Account) -> Result<(), StanzaError> {
        self.may_change(asker, account)?;
        self.remove(&account.address).await.map_err(stanza_error)?;
        tracing::info!(account = %account.address, owner = %asker, "removed by its owner");
        Ok(())
    }

    fn may_change(&self, asker: &Address, account: &Account) -> Result<(), StanzaError> {
        match account.state {
            // Who was stopped by the operator does not begin anew under another name.
            AccountState::Suspended => Err(Condition::Forbidden.into()),
            AccountState::Active if self.strangers.may_change(asker, self.clock.now()) => Ok(()),
            AccountState::Active => Err(too_often()),
        }
    }

    async fn owned(&self, owner: &Address) -> Result<Vec<Account>, Condition> {
        let owned = self.store.accounts_of(owner).await;
        owned.map_err(refused).map_err(bridge::refusal::condition)
    }

    fn help(&self) -> impl Iterator<Item = &str> {
        let support = self.rules.contact.iter().filter(|(matter, _)| *matter == "support");
        support.flat_map(|(_, addresses)| addresses).map(String::as_str)
    }
}

/// Returns what the network is told of an account that was not made or changed.
fn stanza_error(error: AccountError) -> StanzaError {
    let condition = match error {
        AccountError::Foreign | AccountError::Name | AccountError::Password => {
            Condition::NotAcceptable
        }
        AccountError::Taken => Condition::Conflict,
        AccountError::Missing => Condition::ItemNotFound,
        AccountError::Store => Condition::InternalServerError,
    };
    StanzaError::with_text(condition, error.to_string())
}

fn too_often() -> StanzaError {
    StanzaError::with_text(Condition::ResourceConstraint, "too often, try later")
}
