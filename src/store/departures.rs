//! Rows of devices that went while nobody elsewhere could be told.

use compact_str::CompactString;

use crate::{
    domain::address::Address,
    store::{
        Store,
        error::StoreError,
        rows,
        sqlite::{Query, Row},
    },
};

impl Store {
    /// Returns accounts and devices of theirs that went untold, in the order of the accounts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn departures(
        &self,
        limit: u32,
    ) -> Result<Vec<(Address, CompactString)>, StoreError> {
        let query = sqlx::query(SELECT).bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        let read = |row: &Row| Ok((rows::address(row, 0)?, rows::text(row, 1)?));
        Ok(rows::readable("departures", found, read))
    }

    /// Returns devices of an account that went untold.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn departures_of(
        &self,
        account: &Address,
        limit: u32,
    ) -> Result<Vec<CompactString>, StoreError> {
        let query = sqlx::query(SELECT_OF).bind(account.as_str().to_owned()).bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("departures", found, |row: &Row| rows::text(row, 0)))
    }
}

pub(super) fn put<'q>(account: &Address, resource: &CompactString) -> Query<'q> {
    sqlx::query(INSERT).bind(account.as_str().to_owned()).bind(resource.to_string())
}

pub(super) fn drop<'q>(account: &Address, resource: &CompactString) -> Query<'q> {
    sqlx::query(DELETE).bind(account.as_str().to_owned()).bind(resource.to_string())
}

const SELECT: &str = "SELECT account, resource FROM departures ORDER BY account, resource
    LIMIT $1";
const SELECT_OF: &str = "SELECT resource FROM departures WHERE account = $1 ORDER BY resource
    LIMIT $2";
// Of an account that goes nobody is told any more.
const INSERT: &str = "INSERT INTO departures (account, resource)
    SELECT address, $2 FROM accounts WHERE address = $1
    ON CONFLICT (account, resource) DO NOTHING";
const DELETE: &str = "DELETE FROM departures WHERE account = $1 AND resource = $2";
