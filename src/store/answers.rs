//! Rows of answers that were given, for phones that ask again.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

/// An answer to a transaction of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The session, or another text where there is none yet.
    pub session: CompactString,
    /// The phone's id of the transaction.
    pub transaction: CompactString,
    /// Hash of what was asked, where the same under a new transaction is a repetition.
    pub content: Option<Vec<u8>>,
    /// The answer as it went out.
    pub body: Vec<u8>,
    /// When.
    pub at: Millis,
}

impl Store {
    /// Returns the last answer given to a transaction.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn answer(
        &self,
        session: &str,
        transaction: &str,
    ) -> Result<Option<Answer>, StoreError> {
        let query = sqlx::query(SELECT).bind(session.to_owned()).bind(transaction.to_owned());
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("answers", read(&row))))
    }

    /// Returns the last answer given to the same content, if that was at `since` or later.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn answer_by_content(
        &self,
        session: &str,
        content: &[u8],
        since: Millis,
    ) -> Result<Option<Answer>, StoreError> {
        let query = sqlx::query(SELECT_BY_CONTENT)
            .bind(session.to_owned())
            .bind(content.to_vec())
            .bind(since.0);
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("answers", read(&row))))
    }
}

pub(super) fn has_older<'q>(before: Millis) -> Query<'q> {
    sqlx::query(HAS_OLDER).bind(before.0)
}

pub(super) fn prune<'q>(before: Millis) -> Query<'q> {
    sqlx::query(PRUNE).bind(before.0).bind(PRUNE_LIMIT)
}

fn read(row: &Row) -> Result<Answer, RowError> {
    Ok(Answer {
        session: rows::text(row, 0)?,
        transaction: rows::text(row, 1)?,
        content: sqlx::Row::try_get(row, 2)?,
        body: rows::bytes(row, 3)?,
        at: rows::moment(row, 4)?,
    })
}

/// How many answers one `PruneAnswers` drops: others wait about 10 ms for it.
pub const PRUNE_LIMIT: i64 = 2000;

const SELECT: &str = "SELECT session, transaction_id, content, body, at FROM answers
    WHERE session = $1 AND transaction_id = $2 ORDER BY id DESC LIMIT 1";
const SELECT_BY_CONTENT: &str = "SELECT session, transaction_id, content, body, at FROM answers
    WHERE session = $1 AND content = $2 AND at >= $3 ORDER BY id DESC LIMIT 1";
// Rows are in the order of time, so the old ones come first: only those are looked at.
const HAS_OLDER: &str = "SELECT 1 FROM (SELECT at FROM answers ORDER BY id LIMIT 1) AS oldest
    WHERE at < $1";
const PRUNE: &str = "DELETE FROM answers WHERE at < $1
    AND id IN (SELECT id FROM answers ORDER BY id LIMIT $2)";
