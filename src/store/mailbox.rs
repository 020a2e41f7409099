//! Rows of letters that wait for phones.

use crate::{
    base::clock::Millis,
    domain::{address::Address, mailbox::Letter},
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::Row,
    },
};

/// How much waits in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxSize {
    /// How many letters.
    pub letters: u64,
    /// The room they take, as [`Letter::size_bytes`] counts it.
    pub bytes: u64,
}

/// A letter that is no longer worth delivering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredLetter {
    /// Its id, to drop it by.
    pub id: i64,
    /// The letter, unless its row cannot be read.
    pub letter: Option<Letter>,
}

impl Store {
    /// Returns the first letters of an account, the oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn letters(&self, account: &Address, limit: u32) -> Result<Vec<Letter>, StoreError> {
        let query = sqlx::query(SELECT).bind(account.as_str().to_owned()).bind(i64::from(limit));
        Ok(rows::readable("letters", self.readers().rows(query).await?, read))
    }

    /// Returns a letter of an account.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn letter(&self, account: &Address, id: i64) -> Result<Option<Letter>, StoreError> {
        let query = sqlx::query(SELECT_ONE).bind(account.as_str().to_owned()).bind(id);
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("letters", read(&row))))
    }

    /// Returns how much waits for an account.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn mailbox_size(&self, account: &Address) -> Result<MailboxSize, StoreError> {
        let query = sqlx::query(SELECT_SIZE).bind(account.as_str().to_owned());
        let row = self.readers().row(query).await?;
        let read = |row: &Row| {
            Ok(MailboxSize { letters: rows::count(row, 0)?, bytes: rows::count(row, 1)? })
        };
        Ok(row.and_then(|row| rows::logged("letters", read(&row))).unwrap_or_default())
    }

    /// Returns letters of anybody that have expired by `now`, the longest expired first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn expired_letters(
        &self,
        now: Millis,
        limit: u32,
    ) -> Result<Vec<ExpiredLetter>, StoreError> {
        let query = sqlx::query(SELECT_EXPIRED).bind(now.0).bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("letters", found, |row| {
            Ok(ExpiredLetter {
                id: rows::number(row, 0)?,
                letter: rows::logged("letters", read(row)),
            })
        }))
    }
}

fn read(row: &Row) -> Result<Letter, RowError> {
    let expires: Option<i64> = sqlx::Row::try_get(row, 4)?;
    Ok(Letter {
        id: rows::number(row, 0)?,
        account: rows::address(row, 1)?,
        resource: rows::optional_text(row, 2)?,
        received: rows::moment(row, 3)?,
        expires: expires.map(Millis),
        content: rows::json(row, 5)?,
    })
}

const SELECT: &str = "SELECT id, account, resource, received, expires, content FROM letters
    WHERE account = $1 ORDER BY id LIMIT $2";
const SELECT_ONE: &str = "SELECT id, account, resource, received, expires, content FROM letters
    WHERE account = $1 AND id = $2";
const SELECT_SIZE: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM letters
    WHERE account = $1";
const SELECT_EXPIRED: &str = "SELECT id, account, resource, received, expires, content
    FROM letters WHERE expires <= $1 ORDER BY expires LIMIT $2";
