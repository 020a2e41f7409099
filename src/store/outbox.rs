//! Rows of stanzas that the XMPP server is not yet known to have read.

use crate::{
    base::clock::Millis,
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::Row,
    },
};

/// A stanza that is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Grows with time.
    pub id: i64,
    /// The stanza as it goes out.
    pub wire: String,
    /// When it was put here.
    pub at: Millis,
}

impl Store {
    /// Returns stanzas in the order of their ids, from the first behind `after`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn outbox(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let query = sqlx::query(SELECT).bind(after).bind(i64::from(limit));
        Ok(rows::readable("outbox", self.readers().rows(query).await?, read))
    }
}

fn read(row: &Row) -> Result<OutboxRow, RowError> {
    Ok(OutboxRow {
        id: rows::number(row, 0)?,
        wire: rows::string(row, 1)?,
        at: rows::moment(row, 2)?,
    })
}

const SELECT: &str = "SELECT id, wire, at FROM outbox WHERE id > $1 ORDER BY id LIMIT $2";
