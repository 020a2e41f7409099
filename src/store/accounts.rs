//! Rows of accounts.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::Deserialize;

use crate::{
    domain::{
        account::{Account, AccountState, StoredPassword},
        address::Address,
        aliases::Aliases,
        personal::Personal,
        public_profile::PublicProfile,
        session::{LastThere, Session},
    },
    store::{
        Store, aliases,
        entities::{self, Entity},
        error::StoreError,
        mailbox::MailboxSize,
        rows::{self, RowError},
        sessions,
        sqlite::{Query, Row, aliases_as_json, entities_as_json, listed},
    },
};

/// What is loaded when an account becomes active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRows {
    /// The account itself.
    pub account: Account,
    /// Its sessions, the oldest first.
    pub sessions: Vec<Session>,
    /// How much waits for it.
    pub mailbox: MailboxSize,
    /// Who is on its block list and its grant list.
    pub entities: Vec<Entity>,
    /// Its short names for others.
    pub aliases: Aliases,
    /// What its user showed last, if anything.
    pub personal: Option<Personal>,
    /// What its user makes public, if anything.
    pub public_profile: Option<PublicProfile>,
}

impl Store {
    /// Returns an account.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn account(&self, address: &Address) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(SELECT).bind(address.as_str().to_owned());
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("accounts", read(&row))))
    }

    /// Returns who registered an account from elsewhere, if somebody did.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn owner(&self, address: &Address) -> Result<Option<Address>, StoreError> {
        let query = sqlx::query(SELECT_OWNER).bind(address.as_str().to_owned());
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("accounts", rows::address(&row, 0))))
    }

    /// Returns the accounts that somebody elsewhere registered, in the order of their addresses.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn accounts_of(&self, owner: &Address) -> Result<Vec<Account>, StoreError> {
        let query = sqlx::query(SELECT_OWNED).bind(owner.as_str().to_owned());
        Ok(rows::readable("accounts", self.readers().rows(query).await?, read))
    }

    /// Returns which of these addresses are accounts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn accounts_among(
        &self,
        addresses: &[Address],
    ) -> Result<BTreeSet<Address>, StoreError> {
        if addresses.is_empty() {
            return Ok(BTreeSet::new());
        }
        let query = sqlx::query(SELECT_AMONG).bind(rows::as_json(&addresses));
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("accounts", found, |row| rows::address(row, 0)).into_iter().collect())
    }

    /// Returns when and how an account was last there; none if it never went, or there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn last_there(&self, address: &Address) -> Result<Option<LastThere>, StoreError> {
        let query = sqlx::query(SELECT_LAST_THERE).bind(address.as_str().to_owned());
        let row = self.readers().row(query).await?;
        let read = |row: &Row| {
            let (at, resource) = (rows::moment(row, 0)?, rows::text(row, 1)?);
            Ok(LastThere { at, resource, presence: rows::json(row, 2)? })
        };
        Ok(row.and_then(|row| rows::logged("accounts", read(&row))))
    }

    /// Returns accounts in the order of their addresses, from the first behind `after`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn accounts(
        &self,
        after: Option<&Address>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or("", Address::as_str).to_owned();
        let query = sqlx::query(SELECT_PAGE).bind(after).bind(i64::from(limit));
        Ok(rows::readable("accounts", self.readers().rows(query).await?, read))
    }

    /// Returns suspended accounts in the order of their addresses.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn suspended_accounts(&self, limit: u32) -> Result<Vec<Address>, StoreError> {
        let found =
            self.readers().rows(sqlx::query(SELECT_SUSPENDED).bind(i64::from(limit))).await?;
        Ok(rows::readable("accounts", found, |row| rows::address(row, 0)))
    }

    /// Returns an account with what services keep in memory while it is active, in one read.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn person(&self, address: &Address) -> Result<Option<PersonRows>, StoreError> {
        let query = sqlx::query(SELECT_PERSON).bind(address.as_str().to_owned());
        let found = self.readers().rows(query).await?;
        let Some(first) = found.first() else { return Ok(None) };
        let Some(mut person) = rows::logged("accounts", read_person(first)) else {
            return Ok(None);
        };
        // One row for each session; a single row without one if there is none.
        let has_session =
            |row: &Row| rows::optional_text(row, PERSON_COLUMNS).is_ok_and(|id| id.is_some());
        let with_session = found.into_iter().filter(has_session);
        let read_session = |row: &Row| sessions::read(row, PERSON_COLUMNS);
        person.sessions = rows::readable("sessions", with_session, read_session);
        Ok(Some(person))
    }
}

pub(super) fn create<'q>(account: &Account) -> Query<'q> {
    let (sealed, hashed) = password_columns(&account.password);
    sqlx::query(INSERT)
        .bind(account.address.as_str().to_owned())
        .bind(spell_state(account.state))
        .bind(sealed)
        .bind(hashed)
        .bind(i64::from(account.block_list_in_use))
        .bind(i64::from(account.grant_list_in_use))
        .bind(account.created.0)
        .bind(i64::from(account.adds_mutually))
}

pub(super) fn set_state<'q>(account: &Address, state: AccountState) -> Query<'q> {
    sqlx::query("UPDATE accounts SET state = $2 WHERE address = $1")
        .bind(account.as_str().to_owned())
        .bind(spell_state(state))
}

pub(super) fn set_owner<'q>(account: &Address, owner: &Address) -> Query<'q> {
    sqlx::query("UPDATE accounts SET owner = $2 WHERE address = $1")
        .bind(account.as_str().to_owned())
        .bind(owner.as_str().to_owned())
}

pub(super) fn set_last_there<'q>(account: &Address, last: &LastThere) -> Query<'q> {
    sqlx::query(SET_LAST_THERE)
        .bind(account.as_str().to_owned())
        .bind(last.at.0)
        .bind(last.resource.to_string())
        .bind(rows::as_json(&last.presence))
}

pub(super) fn set_password<'q>(account: &Address, password: &StoredPassword) -> Query<'q> {
    let (sealed, hashed) = password_columns(password);
    sqlx::query("UPDATE accounts SET sealed = $2, hashed = $3 WHERE address = $1")
        .bind(account.as_str().to_owned())
        .bind(sealed)
        .bind(hashed)
}

pub(super) fn set_blocking<'q>(account: &Address, block: bool, grant: bool) -> Query<'q> {
    sqlx::query(SET_BLOCKING)
        .bind(account.as_str().to_owned())
        .bind(i64::from(block))
        .bind(i64::from(grant))
}

pub(super) fn set_mutual_add<'q>(account: &Address, is_on: bool) -> Query<'q> {
    sqlx::query("UPDATE accounts SET adds_mutually = $2 WHERE address = $1")
        .bind(account.as_str().to_owned())
        .bind(i64::from(is_on))
}

pub(super) fn set_personal<'q>(account: &Address, personal: Option<&Personal>) -> Query<'q> {
    let spelt = personal.map(rows::as_json);
    sqlx::query("UPDATE accounts SET personal = $2 WHERE address = $1")
        .bind(account.as_str().to_owned())
        .bind(spelt)
}

pub(super) fn drop<'q>(account: &Address) -> Query<'q> {
    sqlx::query(DELETE).bind(account.as_str().to_owned())
}

fn read(row: &Row) -> Result<Account, RowError> {
    let sealed: Option<Vec<u8>> = sqlx::Row::try_get(row, 2)?;
    let password = match sealed {
        Some(sealed) => StoredPassword::Sealed(sealed),
        None => StoredPassword::Hashed(rows::string(row, 3)?),
    };
    Ok(Account {
        address: rows::address(row, 0)?,
        state: read_state(&rows::text(row, 1)?)?,
        password,
        block_list_in_use: rows::flag(row, 4)?,
        grant_list_in_use: rows::flag(row, 5)?,
        created: rows::moment(row, 6)?,
        adds_mutually: rows::flag(row, 7)?,
    })
}

fn read_person(row: &Row) -> Result<PersonRows, RowError> {
    let mailbox = MailboxSize { letters: rows::count(row, 8)?, bytes: rows::count(row, 9)? };
    let entities: Vec<Entity> = rows::json::<Vec<EntityColumns>>(row, 10)?
        .into_iter()
        .filter_map(|columns| rows::logged("entities", columns.read()))
        .collect();
    let aliases = aliases::read(row, 11)?;
    // Unreadable, each costs itself only.
    let personal = rows::logged("accounts", rows::optional_json(row, 12)).flatten();
    let public_profile = rows::logged("public_profiles", rows::optional_json(row, 13)).flatten();
    let (account, sessions) = (read(row)?, Vec::new());
    Ok(PersonRows { account, sessions, mailbox, entities, aliases, personal, public_profile })
}

#[derive(Deserialize)]
struct EntityColumns(CompactString, Address, CompactString);

impl EntityColumns {
    fn read(self) -> Result<Entity, RowError> {
        Ok(Entity { kind: entities::read_kind(&self.0)?, entity: self.1, spelling: self.2 })
    }
}

fn password_columns(password: &StoredPassword) -> (Option<Vec<u8>>, Option<String>) {
    match password {
        StoredPassword::Sealed(sealed) => (Some(sealed.clone()), None),
        StoredPassword::Hashed(hash) => (None, Some(hash.clone())),
    }
}

fn spell_state(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
    }
}

fn read_state(word: &str) -> Result<AccountState, RowError> {
    match word {
        "active" => Ok(AccountState::Active),
        "suspended" => Ok(AccountState::Suspended),
        _ => Err(RowError::Word(word.to_owned())),
    }
}

const SELECT_AMONG: &str = concat!("SELECT address FROM accounts WHERE address IN ", listed!("$1"));
const SELECT: &str = "SELECT address, state, sealed, hashed, block_list_in_use,
        grant_list_in_use, created, adds_mutually
    FROM accounts WHERE address = $1";
const SELECT_OWNER: &str = "SELECT owner FROM accounts WHERE address = $1 AND owner IS NOT NULL";
const SELECT_OWNED: &str = "SELECT address, state, sealed, hashed, block_list_in_use,
        grant_list_in_use, created, adds_mutually
    FROM accounts WHERE owner = $1 ORDER BY address";
const SELECT_PAGE: &str = "SELECT address, state, sealed, hashed, block_list_in_use,
        grant_list_in_use, created, adds_mutually
    FROM accounts WHERE address > $1 ORDER BY address LIMIT $2";
const SELECT_SUSPENDED: &str =
    "SELECT address FROM accounts WHERE state = 'suspended' ORDER BY address LIMIT $1";
const SELECT_LAST_THERE: &str = "SELECT last_there, last_resource, last_presence FROM accounts
    WHERE address = $1 AND last_there IS NOT NULL";
const SET_LAST_THERE: &str = "UPDATE accounts
    SET last_there = $2, last_resource = $3, last_presence = $4
    WHERE address = $1 AND coalesce(last_there, 0) < $2";
const INSERT: &str = "INSERT INTO accounts (address, state, sealed, hashed, block_list_in_use,
        grant_list_in_use, created, adds_mutually)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (address) DO NOTHING";
const SET_BLOCKING: &str = "UPDATE accounts
    SET block_list_in_use = $2, grant_list_in_use = $3 WHERE address = $1";
// What refers to the account goes with it; the rest is named here.
const DELETE: &str = "DELETE FROM answers
        WHERE session IN (SELECT id FROM sessions WHERE account = $1);
    DELETE FROM letters WHERE account = $1;
    DELETE FROM contact_presences WHERE owner = $1;
    DELETE FROM accounts WHERE address = $1;";

/// Columns before those of a session.
const PERSON_COLUMNS: usize = 14;
const SELECT_PERSON: &str = concat!(
    "SELECT a.address, a.state, a.sealed, a.hashed, a.block_list_in_use, a.grant_list_in_use,
        a.created, a.adds_mutually,
        (SELECT count(*) FROM letters WHERE account = $1),
        (SELECT coalesce(sum(bytes), 0) FROM letters WHERE account = $1), ",
    entities_as_json!(),
    ", ",
    aliases_as_json!(),
    ", a.personal, (SELECT profile FROM public_profiles WHERE account = $1),
        s.id, s.account, s.client_id, s.resource, s.cookie, s.keep_alive, s.opened,
        s.expires,
        s.terms, s.presence
    FROM accounts a LEFT JOIN sessions s ON s.account = a.address
    WHERE a.address = $1 ORDER BY s.opened, s.id"
);
