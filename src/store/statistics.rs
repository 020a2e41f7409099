//! Counts for the operator.

use crate::store::{
    Store,
    error::StoreError,
    rows::{self, RowError},
    sqlite::{self, Row},
};

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Accounts.
    pub accounts: u64,
    /// Those of them that are suspended.
    pub suspended: u64,
    /// Sessions.
    pub sessions: u64,
    /// Contacts of all accounts.
    pub contacts: u64,
    /// Letters that wait.
    pub letters: u64,
    /// The room they take.
    pub letters_bytes: u64,
    /// Stanzas not yet known to be read by the server.
    pub outbox: u64,
    /// Answers kept for repetitions.
    pub answers: u64,
    /// The size of the database.
    pub database_bytes: u64,
}

impl Store {
    /// Counts everything; reads whole indexes, so not for every second.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn statistics(&self) -> Result<Statistics, StoreError> {
        let row = self.readers().row(sqlx::query(COUNT)).await?;
        let counts = row.and_then(|row| rows::logged("accounts", read(&row))).unwrap_or_default();
        let size = self.readers().row(sqlx::query(sqlite::DATABASE_BYTES)).await?;
        let database_bytes = size.and_then(|row| rows::count(&row, 0).ok()).unwrap_or(0);
        Ok(Statistics { database_bytes, ..counts })
    }
}

/// How many accounts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCounts {
    /// All of them.
    pub all: u64,
    /// Those that are suspended.
    pub suspended: u64,
    /// Those that have sessions.
    pub online: u64,
}

impl Store {
    /// Counts the accounts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn account_counts(&self) -> Result<AccountCounts, StoreError> {
        let row = self.readers().row(sqlx::query(COUNT_ACCOUNTS)).await?;
        let read = |row: &Row| {
            let count = |at| rows::count(row, at);
            Ok(AccountCounts { all: count(0)?, suspended: count(1)?, online: count(2)? })
        };
        Ok(row.and_then(|row| rows::logged("accounts", read(&row))).unwrap_or_default())
    }

    /// Returns how many statements have run since the store was opened, reads and writes.
    pub fn statements(&self) -> u64 {
        self.0.tally.statements()
    }

    /// Returns the greatest number that any row has been given; zero where there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn greatest_number(&self) -> Result<i64, StoreError> {
        let row = self.readers().row(sqlx::query(GREATEST)).await?;
        Ok(row.and_then(|row| rows::number(&row, 0).ok()).unwrap_or(0))
    }
}

fn read(row: &Row) -> Result<Statistics, RowError> {
    Ok(Statistics {
        accounts: rows::count(row, 0)?,
        suspended: rows::count(row, 1)?,
        sessions: rows::count(row, 2)?,
        contacts: rows::count(row, 3)?,
        letters: rows::count(row, 4)?,
        letters_bytes: rows::count(row, 5)?,
        outbox: rows::count(row, 6)?,
        answers: rows::count(row, 7)?,
        database_bytes: 0,
    })
}

const COUNT: &str = "SELECT (SELECT count(*) FROM accounts),
    (SELECT count(*) FROM accounts WHERE state = 'suspended'),
    (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM contacts),
    (SELECT count(*) FROM letters),
    (SELECT coalesce(sum(bytes), 0) FROM letters),
    (SELECT count(*) FROM outbox),
    (SELECT count(*) FROM answers)";
const COUNT_ACCOUNTS: &str = "SELECT (SELECT count(*) FROM accounts),
    (SELECT count(*) FROM accounts WHERE state = 'suspended'),
    (SELECT count(DISTINCT account) FROM sessions)";
// What a watch was told outlives the change of which it was told.
const GREATEST: &str = "SELECT max(
    (SELECT coalesce(max(id), 0) FROM letters),
    (SELECT coalesce(max(id), 0) FROM outbox),
    (SELECT coalesce(max(change), 0) FROM contact_presences),
    (SELECT coalesce(max(told), 0) FROM watches))";
