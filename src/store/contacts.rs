//! Rows of contacts and subscriptions.

use crate::{
    domain::{
        address::Address,
        contact::{Contact, Relation},
    },
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

impl Store {
    /// Returns the contacts of an account, in the order of their addresses.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn contacts(&self, account: &Address) -> Result<Vec<Contact>, StoreError> {
        let query = sqlx::query(SELECT).bind(account.as_str().to_owned());
        Ok(rows::readable("contacts", self.readers().rows(query).await?, read))
    }

    /// Returns a contact of an account.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn contact(
        &self,
        account: &Address,
        address: &Address,
    ) -> Result<Option<Contact>, StoreError> {
        let query = sqlx::query(SELECT_ONE)
            .bind(account.as_str().to_owned())
            .bind(address.as_str().to_owned());
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("contacts", read(&row))))
    }

    /// Returns how many contacts an account has, and how many of them have asked to see it and
    /// wait for an answer.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn contact_count(&self, account: &Address) -> Result<(u64, u64), StoreError> {
        let query = sqlx::query(COUNT).bind(account.as_str().to_owned());
        let row = self.readers().row(query).await?;
        let read = |row: &Row| Ok((rows::count(row, 0)?, rows::count(row, 1)?));
        Ok(row.and_then(|row| rows::logged("contacts", read(&row))).unwrap_or_default())
    }

    /// Returns those who have asked to see an account and wait for an answer.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn pending_in(&self, account: &Address) -> Result<Vec<Address>, StoreError> {
        let query = sqlx::query(SELECT_PENDING).bind(account.as_str().to_owned());
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("contacts", found, |row| rows::address(row, 0)))
    }
}

pub(super) fn put<'q>(account: &Address, contacts: &[Contact]) -> Query<'q> {
    let columns = |contact: &Contact| {
        let Contact { address, relation, accepted, watched_until, nick } = contact.clone();
        let Relation { to, from, pending_out, pending_in, is_approved } = relation;
        let accepted = accepted.as_ref().map(rows::as_json);
        (address, to, from, pending_out, pending_in, is_approved, accepted, watched_until, nick)
    };
    let rows: Vec<_> = contacts.iter().map(columns).collect();
    sqlx::query(UPSERT).bind(account.as_str().to_owned()).bind(rows::as_json(&rows))
}

pub(super) fn drop<'q>(account: &Address, address: &Address) -> Query<'q> {
    sqlx::query(DELETE).bind(account.as_str().to_owned()).bind(address.as_str().to_owned())
}

fn read(row: &Row) -> Result<Contact, RowError> {
    let relation = Relation {
        to: rows::flag(row, 1)?,
        from: rows::flag(row, 2)?,
        pending_out: rows::flag(row, 3)?,
        pending_in: rows::flag(row, 4)?,
        is_approved: rows::flag(row, 5)?,
    };
    Ok(Contact {
        address: rows::address(row, 0)?,
        relation,
        accepted: rows::optional_json(row, 6)?,
        watched_until: rows::optional_moment(row, 7)?,
        nick: rows::optional_text(row, 8)?.map(Into::into),
    })
}

const SELECT: &str = "SELECT address, sees, is_seen, pending_out, pending_in, is_approved,
        accepted, watched_until, nick
    FROM contacts WHERE account = $1 ORDER BY address";
const SELECT_ONE: &str = "SELECT address, sees, is_seen, pending_out, pending_in, is_approved,
        accepted, watched_until, nick
    FROM contacts WHERE account = $1 AND address = $2";
const COUNT: &str = "SELECT count(*), coalesce(sum(pending_in), 0) FROM contacts
    WHERE account = $1";
const SELECT_PENDING: &str = "SELECT address FROM contacts
    WHERE account = $1 AND pending_in = 1 ORDER BY address";
const UPSERT: &str = "INSERT INTO contacts (account, address, sees, is_seen, pending_out,
        pending_in, is_approved, accepted, watched_until, nick)
    SELECT $1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
        value->>7, value->>8
    FROM json_each($2) WHERE true
    ON CONFLICT (account, address) DO UPDATE SET sees = excluded.sees,
        is_seen = excluded.is_seen, pending_out = excluded.pending_out,
        pending_in = excluded.pending_in, is_approved = excluded.is_approved,
        accepted = excluded.accepted, watched_until = excluded.watched_until,
        nick = excluded.nick";
const DELETE: &str = "DELETE FROM contact_presences WHERE owner = $1 AND contact = $2;
    DELETE FROM contacts WHERE account = $1 AND address = $2;";
