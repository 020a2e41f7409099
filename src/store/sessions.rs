//! Rows of sessions.

use std::time::Duration;

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::{address::Address, session::Session},
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

impl Store {
    /// Returns a session.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(SELECT).bind(id.to_owned());
        let row = self.readers().row(query).await?;
        Ok(row.and_then(|row| rows::logged("sessions", read(&row, 0))))
    }

    /// Returns the sessions of an account, the oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn sessions_of(&self, account: &Address) -> Result<Vec<Session>, StoreError> {
        let query = sqlx::query(SELECT_OF).bind(account.as_str().to_owned());
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("sessions", found, |row| read(row, 0)))
    }

    /// Returns ids and accounts of sessions that have ended by `now`, the longest ended first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn session_ids_expired(
        &self,
        now: Millis,
        limit: u32,
    ) -> Result<Vec<(CompactString, Address)>, StoreError> {
        let query = sqlx::query(SELECT_EXPIRED).bind(now.0).bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        let read = |row: &Row| Ok((rows::text(row, 0)?, rows::address(row, 1)?));
        Ok(rows::readable("sessions", found, read))
    }

    /// Returns accounts that have sessions, in the order of their addresses, from the first
    /// behind `after`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn live_accounts(
        &self,
        after: Option<&Address>,
        limit: u32,
    ) -> Result<Vec<Address>, StoreError> {
        let after = after.map_or("", Address::as_str).to_owned();
        let query = sqlx::query(SELECT_LIVE).bind(after).bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("sessions", found, |row| rows::address(row, 0)))
    }
}

pub(super) fn put<'q>(session: &Session) -> Query<'q> {
    let keep_alive = i64::try_from(session.keep_alive.as_millis()).unwrap_or(i64::MAX);
    sqlx::query(UPSERT)
        .bind(session.id.to_string())
        .bind(session.account.as_str().to_owned())
        .bind(session.client_id.to_string())
        .bind(session.resource.to_string())
        .bind(session.cookie.to_string())
        .bind(keep_alive)
        .bind(session.opened.0)
        .bind(session.expires.0)
        .bind(rows::as_json(&session.terms))
        .bind(rows::as_json(&session.presence))
}

pub(super) fn drop<'q>(id: &CompactString) -> Query<'q> {
    sqlx::query(DELETE).bind(id.to_string())
}

/// Reads a session from the columns that begin at `from`.
pub(super) fn read(row: &Row, from: usize) -> Result<Session, RowError> {
    let keep_alive = u64::try_from(rows::number(row, from + 5)?).unwrap_or(0);
    Ok(Session {
        id: rows::text(row, from)?,
        account: rows::address(row, from + 1)?,
        client_id: rows::text(row, from + 2)?,
        resource: rows::text(row, from + 3)?,
        cookie: rows::text(row, from + 4)?,
        keep_alive: Duration::from_millis(keep_alive),
        opened: rows::moment(row, from + 6)?,
        expires: rows::moment(row, from + 7)?,
        terms: rows::json(row, from + 8)?,
        presence: rows::json(row, from + 9)?,
    })
}

const SELECT: &str = "SELECT id, account, client_id, resource, cookie, keep_alive, opened,
        expires, terms, presence
    FROM sessions WHERE id = $1";
const SELECT_OF: &str = "SELECT id, account, client_id, resource, cookie, keep_alive, opened,
        expires, terms, presence
    FROM sessions WHERE account = $1 ORDER BY opened, id";
const SELECT_EXPIRED: &str = "SELECT id, account FROM sessions
    WHERE expires <= $1 ORDER BY expires, id LIMIT $2";
const SELECT_LIVE: &str = "SELECT DISTINCT account FROM sessions
    WHERE account > $1 ORDER BY account LIMIT $2";
const UPSERT: &str = "INSERT INTO sessions (id, account, client_id, resource, cookie,
        keep_alive, opened, expires, terms, presence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE SET account = excluded.account, client_id = excluded.client_id,
        resource = excluded.resource, cookie = excluded.cookie,
        keep_alive = excluded.keep_alive, opened = excluded.opened, expires = excluded.expires,
        terms = excluded.terms, presence = excluded.presence";
// The watches refer to the session and go with it.
const DELETE: &str = "DELETE FROM answers WHERE session = $1;
    DELETE FROM sessions WHERE id = $1;";
