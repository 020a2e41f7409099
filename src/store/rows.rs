//! Reading columns; a row that cannot be read costs only itself.

use compact_str::CompactString;
use serde::de::DeserializeOwned;
use sqlx::Row as _;

use crate::{
    base::clock::Millis,
    domain::{address::Address, contact::Scope},
    store::sqlite::Row,
};

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Column(#[from] sqlx::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{0:?} is not one of the known words")]
    Word(String),
}

/// Reads rows with `read`; those that cannot be read are logged and left out.
pub(super) fn readable<T>(
    table: &'static str,
    rows: impl IntoIterator<Item = Row>,
    read: impl Fn(&Row) -> Result<T, RowError>,
) -> Vec<T> {
    rows.into_iter().filter_map(|row| logged(table, read(&row))).collect()
}

/// Returns what was read; logs why it could not be.
pub(super) fn logged<T>(table: &'static str, read: Result<T, RowError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(table, %error, "a row cannot be read; left out")).ok()
}

pub(super) fn text(row: &Row, column: usize) -> Result<CompactString, RowError> {
    Ok(row.try_get::<&str, _>(column)?.into())
}

pub(super) fn optional_text(row: &Row, column: usize) -> Result<Option<CompactString>, RowError> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(CompactString::from))
}

pub(super) fn string(row: &Row, column: usize) -> Result<String, RowError> {
    Ok(row.try_get(column)?)
}

pub(super) fn bytes(row: &Row, column: usize) -> Result<Vec<u8>, RowError> {
    Ok(row.try_get(column)?)
}

pub(super) fn number(row: &Row, column: usize) -> Result<i64, RowError> {
    Ok(row.try_get(column)?)
}

pub(super) fn count(row: &Row, column: usize) -> Result<u64, RowError> {
    Ok(u64::try_from(number(row, column)?).unwrap_or(0))
}

pub(super) fn flag(row: &Row, column: usize) -> Result<bool, RowError> {
    Ok(number(row, column)? != 0)
}

pub(super) fn moment(row: &Row, column: usize) -> Result<Millis, RowError> {
    Ok(Millis(number(row, column)?))
}

pub(super) fn optional_moment(row: &Row, column: usize) -> Result<Option<Millis>, RowError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Millis))
}

pub(super) fn address(row: &Row, column: usize) -> Result<Address, RowError> {
    Ok(Address::canonical(text(row, column)?))
}

pub(super) fn scope(row: &Row, column: usize) -> Result<Scope, RowError> {
    read_scope(row.try_get(column)?)
}

pub(super) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, RowError> {
    Ok(serde_json::from_str(row.try_get(column)?)?)
}

pub(super) fn optional_json<T: DeserializeOwned>(
    row: &Row,
    column: usize,
) -> Result<Option<T>, RowError> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.map(serde_json::from_str).transpose()?)
}

/// Spells plain data as JSON.
pub(super) fn as_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data without maps always has a spelling")
}

/// Spells a scope for a column.
pub(super) fn spell_scope(scope: &Scope) -> CompactString {
    match scope {
        Scope::Default => CompactString::const_new("d"),
        Scope::List(key) => compact_str::format_compact!("l:{key}"),
        Scope::Contact(address) => compact_str::format_compact!("c:{address}"),
    }
}

fn read_scope(text: &str) -> Result<Scope, RowError> {
    match text.split_once(':') {
        Some(("l", key)) => Ok(Scope::List(key.into())),
        Some(("c", address)) => Ok(Scope::Contact(Address::canonical(address))),
        None if text == "d" => Ok(Scope::Default),
        _ => Err(RowError::Word(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_was_spelt() {
        let contact = Address::canonical("c:d@x");
        for scope in [Scope::Default, Scope::List("a:b".into()), Scope::Contact(contact)] {
            assert_eq!(read_scope(&spell_scope(&scope)).unwrap(), scope);
        }
        for odd in ["", "x", "x:y", "d:"] {
            assert!(read_scope(odd).is_err(), "{odd}");
        }
    }
}
