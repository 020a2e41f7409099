//! Rows of programs that contacts use.

use crate::{
    base::clock::Millis,
    domain::program::Program,
    store::{
        Store,
        error::StoreError,
        rows::{self, as_json},
        sqlite::Query,
    },
};

/// Programs that are kept; beyond it those that were seen longest ago go.
const KEPT: u32 = 5000;

impl Store {
    /// Returns the program that a hash proves.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn program(&self, hash: &str) -> Result<Option<Program>, StoreError> {
        let query = sqlx::query("SELECT program FROM programs WHERE hash = $1");
        let row = self.readers().row(query.bind(hash.to_owned())).await?;
        Ok(row.and_then(|row| rows::logged("programs", rows::json(&row, 0))))
    }
}

pub(super) fn put<'q>(hash: &str, program: &Program, used: Millis) -> Query<'q> {
    sqlx::query(UPSERT).bind(hash.to_owned()).bind(as_json(program)).bind(used.0)
}

pub(super) fn prune<'q>() -> Query<'q> {
    sqlx::query(PRUNE).bind(i64::from(KEPT))
}

const UPSERT: &str = "INSERT INTO programs (hash, program, used) VALUES ($1, $2, $3)
    ON CONFLICT (hash) DO UPDATE SET program = excluded.program, used = excluded.used";
const PRUNE: &str = "DELETE FROM programs WHERE hash NOT IN
    (SELECT hash FROM programs ORDER BY used DESC, hash LIMIT $1)";
