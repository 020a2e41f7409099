//! Rows of block lists and grant lists.

use compact_str::CompactString;

use crate::{
    domain::address::Address,
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

/// Which of the two lists somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// The list of those who do not get through.
    Block,
    /// The list of those who do, where it is in use.
    Grant,
}

/// Somebody on a block list or a grant list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Which list.
    pub kind: EntityKind,
    /// Who.
    pub entity: Address,
    /// The entity as the phone wrote it.
    pub spelling: CompactString,
}

impl Store {
    /// Returns who is on the block list and the grant list of an account.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn entities(&self, account: &Address) -> Result<Vec<Entity>, StoreError> {
        let query = sqlx::query(SELECT).bind(account.as_str().to_owned());
        Ok(rows::readable("entities", self.readers().rows(query).await?, read))
    }
}

pub(super) fn put<'q>(
    account: &Address,
    kind: EntityKind,
    entity: &Address,
    spelling: &str,
) -> Query<'q> {
    sqlx::query(UPSERT)
        .bind(account.as_str().to_owned())
        .bind(spell(kind))
        .bind(entity.as_str().to_owned())
        .bind(spelling.to_owned())
}

pub(super) fn drop<'q>(account: &Address, kind: EntityKind, entity: &Address) -> Query<'q> {
    sqlx::query("DELETE FROM entities WHERE account = $1 AND kind = $2 AND entity = $3")
        .bind(account.as_str().to_owned())
        .bind(spell(kind))
        .bind(entity.as_str().to_owned())
}

fn read(row: &Row) -> Result<Entity, RowError> {
    Ok(Entity {
        kind: read_kind(&rows::text(row, 0)?)?,
        entity: rows::address(row, 1)?,
        spelling: rows::text(row, 2)?,
    })
}

fn spell(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Block => "block",
        EntityKind::Grant => "grant",
    }
}

/// Reads the word of a list.
pub(super) fn read_kind(word: &str) -> Result<EntityKind, RowError> {
    match word {
        "block" => Ok(EntityKind::Block),
        "grant" => Ok(EntityKind::Grant),
        _ => Err(RowError::Word(word.to_owned())),
    }
}

const SELECT: &str = "SELECT kind, entity, spelling FROM entities
    WHERE account = $1 ORDER BY kind, entity";
const UPSERT: &str = "INSERT INTO entities (account, kind, entity, spelling)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, kind, entity) DO UPDATE SET spelling = excluded.spelling";
