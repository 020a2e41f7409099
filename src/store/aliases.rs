//! Rows of aliases; they are read with the account.

use compact_str::CompactString;
use serde::Deserialize;

use crate::{
    domain::{address::Address, aliases::Aliases},
    store::{
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

pub(super) fn put<'q>(account: &Address, alias: &str, address: &Address) -> Query<'q> {
    sqlx::query(INSERT)
        .bind(account.as_str().to_owned())
        .bind(alias.to_owned())
        .bind(address.as_str().to_owned())
}

/// Reads a column that [`crate::store::sqlite::aliases_as_json`] has made.
pub(super) fn read(row: &Row, column: usize) -> Result<Aliases, RowError> {
    let mut aliases = Aliases::default();
    for Columns(alias, address) in rows::json::<Vec<Columns>>(row, column)? {
        aliases.add(alias, address);
    }
    Ok(aliases)
}

#[derive(Deserialize)]
struct Columns(CompactString, Address);

// An alias that was told to a phone means the same for ever.
const INSERT: &str = "INSERT INTO aliases (account, alias, address) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
