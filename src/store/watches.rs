//! Rows of what sessions want to be told of, and of what accounts grant.

use crate::{
    domain::{
        address::Address,
        contact::{Grant, Scope, Watch},
        session::Session,
    },
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sessions,
        sqlite::{Query, Row, listed},
    },
};

impl Store {
    /// Returns what a session watches.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn watches(&self, session: &str) -> Result<Vec<Watch>, StoreError> {
        let query = sqlx::query(SELECT_WATCHES).bind(session.to_owned());
        Ok(rows::readable("watches", self.readers().rows(query).await?, read_watch))
    }

    /// Returns the sessions of some accounts that want to be told of a contact; what they show
    /// themselves is left out.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn watching(
        &self,
        owners: &[Address],
        contact: &Address,
    ) -> Result<Vec<Session>, StoreError> {
        let query = sqlx::query(SELECT_WATCHING)
            .bind(rows::as_json(&owners))
            .bind(contact.as_str().to_owned());
        let found = self.readers().rows(query).await?;
        Ok(rows::readable("sessions", found, |row| sessions::read(row, 0)))
    }

    /// Returns what an account grants.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn grants(&self, account: &Address) -> Result<Vec<Grant>, StoreError> {
        let query = sqlx::query(SELECT_GRANTS).bind(account.as_str().to_owned());
        Ok(rows::readable("grants", self.readers().rows(query).await?, read_grant))
    }
}

pub(super) fn put_watch<'q>(session: &str, watch: &Watch) -> Query<'q> {
    sqlx::query(UPSERT_WATCH)
        .bind(session.to_owned())
        .bind(rows::spell_scope(&watch.scope).to_string())
        .bind(rows::as_json(&watch.attributes))
        .bind(watch.told)
}

pub(super) fn drop_watch<'q>(session: &str, scope: &Scope) -> Query<'q> {
    sqlx::query("DELETE FROM watches WHERE session = $1 AND scope = $2")
        .bind(session.to_owned())
        .bind(rows::spell_scope(scope).to_string())
}

pub(super) fn put_grant<'q>(account: &Address, grant: &Grant) -> Query<'q> {
    sqlx::query(UPSERT_GRANT)
        .bind(account.as_str().to_owned())
        .bind(rows::spell_scope(&grant.scope).to_string())
        .bind(rows::as_json(&grant.attributes))
}

pub(super) fn drop_grant<'q>(account: &Address, scope: &Scope) -> Query<'q> {
    sqlx::query("DELETE FROM grants WHERE account = $1 AND scope = $2")
        .bind(account.as_str().to_owned())
        .bind(rows::spell_scope(scope).to_string())
}

fn read_watch(row: &Row) -> Result<Watch, RowError> {
    Ok(Watch {
        scope: rows::scope(row, 0)?,
        attributes: rows::json(row, 1)?,
        told: rows::number(row, 2)?,
    })
}

fn read_grant(row: &Row) -> Result<Grant, RowError> {
    Ok(Grant { scope: rows::scope(row, 0)?, attributes: rows::json(row, 1)? })
}

const SELECT_WATCHES: &str = "SELECT scope, attributes, told FROM watches
    WHERE session = $1 ORDER BY scope";
const SELECT_GRANTS: &str = "SELECT scope, attributes FROM grants
    WHERE account = $1 ORDER BY scope";
const SELECT_WATCHING: &str = concat!(
    "SELECT id, account, client_id, resource, cookie, keep_alive, opened, expires, terms, '{}'
    FROM sessions WHERE account IN ",
    listed!("$1"),
    " AND (EXISTS (SELECT 1 FROM watches WHERE session = id AND scope = 'c:' || $2)
        OR EXISTS (SELECT 1 FROM watches w
            JOIN members m ON m.account = sessions.account AND m.list_key = substr(w.scope, 3)
            WHERE w.session = id AND w.scope LIKE 'l:%' AND m.address = $2))"
);
const UPSERT_WATCH: &str = "INSERT INTO watches (session, scope, attributes, told)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (session, scope) DO UPDATE SET attributes = excluded.attributes,
        told = excluded.told";
const UPSERT_GRANT: &str = "INSERT INTO grants (account, scope, attributes)
    VALUES ($1, $2, $3)
    ON CONFLICT (account, scope) DO UPDATE SET attributes = excluded.attributes";
