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

pub(super) fn put<'q>(account: &Address, contact: &Contact) -> Query<'q> {
    let relation = contact.relation;
    sqlx::query(UPSERT)
        .bind(account.as_str().to_owned())
        .bind(contact.address.as_str().to_owned())
        .bind(i64::from(relation.to))
        .bind(i64::from(relation.from))
        .bind(i64::from(relation.pending_out))
        .bind(i64::from(relation.pending_in))
        .bind(i64::from(relation.is_approved))
        .bind(contact.accepted.as_ref().map(rows::as_json))
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
    })
}

const SELECT: &str = "SELECT address, sees, is_seen, pending_out, pending_in, is_approved,
        accepted
    FROM contacts WHERE account = $1 ORDER BY address";
const SELECT_ONE: &str = "SELECT address, sees, is_seen, pending_out, pending_in, is_approved,
        accepted
    FROM contacts WHERE account = $1 AND address = $2";
const COUNT: &str = "SELECT count(*), coalesce(sum(pending_in), 0) FROM contacts
    WHERE account = $1";
const SELECT_PENDING: &str = "SELECT address FROM contacts
    WHERE account = $1 AND pending_in = 1 ORDER BY address";
const UPSERT: &str = "INSERT INTO contacts (account, address, sees, is_seen, pending_out,
        pending_in, is_approved, accepted)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (account, address) DO UPDATE SET sees = excluded.sees,
        is_seen = excluded.is_seen, pending_out = excluded.pending_out,
        pending_in = excluded.pending_in, is_approved = excluded.is_approved,
        accepted = excluded.accepted";
const DELETE: &str = "DELETE FROM contact_presences WHERE owner = $1 AND contact = $2;
    DELETE FROM contacts WHERE account = $1 AND address = $2;";
