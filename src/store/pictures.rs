//! Rows of pictures.

use crate::{
    base::clock::Millis,
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPicture {
    /// SHA-1 of what was published, in hexadecimal.
    pub hash: String,
    /// What kind the octets are.
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The octets; of a contact's picture not those that were published, but drawn from them.
    pub octets: Vec<u8>,
    /// When it was last needed.
    pub used: Millis,
}

impl Store {
    /// Returns a picture.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn picture(&self, hash: &str) -> Result<Option<StoredPicture>, StoreError> {
        let row = self.readers().row(sqlx::query(SELECT).bind(hash.to_owned())).await?;
        Ok(row.and_then(|row| rows::logged("pictures", read(&row))))
    }

    /// Returns whether a picture is kept.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn has_picture(&self, hash: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT 1 FROM pictures WHERE hash = $1").bind(hash.to_owned());
        Ok(self.readers().row(query).await?.is_some())
    }
}

pub(super) fn put<'q>(picture: &StoredPicture) -> Query<'q> {
    sqlx::query(UPSERT)
        .bind(picture.hash.clone())
        .bind(picture.media_type.clone())
        .bind(i64::from(picture.width))
        .bind(i64::from(picture.height))
        .bind(picture.octets.clone())
        .bind(picture.used.0)
}

pub(super) fn touch<'q>(hash: &str, used: Millis) -> Query<'q> {
    sqlx::query("UPDATE pictures SET used = $2 WHERE hash = $1").bind(hash.to_owned()).bind(used.0)
}

/// Drops pictures that nobody needed since a moment and no account of ours shows.
pub(super) fn prune<'q>(before: Millis) -> Query<'q> {
    sqlx::query(PRUNE).bind(before.0)
}

fn read(row: &Row) -> Result<StoredPicture, RowError> {
    let pixels = |column| rows::number(row, column).map(|side| u32::try_from(side).unwrap_or(0));
    Ok(StoredPicture {
        hash: rows::string(row, 0)?,
        media_type: rows::string(row, 1)?,
        width: pixels(2)?,
        height: pixels(3)?,
        octets: rows::bytes(row, 4)?,
        used: rows::moment(row, 5)?,
    })
}

const SELECT: &str =
    "SELECT hash, media_type, width, height, octets, used FROM pictures WHERE hash = $1";
// Whoever publishes the octets themselves counts more than who only saw them drawn.
const UPSERT: &str = "INSERT INTO pictures (hash, media_type, width, height, octets, used)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (hash) DO UPDATE SET media_type = excluded.media_type, width = excluded.width,
        height = excluded.height, octets = excluded.octets, used = excluded.used";
const PRUNE: &str = "DELETE FROM pictures WHERE used < $1 AND hash NOT IN (
    SELECT json_extract(personal, '$.picture.hash') FROM accounts
    WHERE json_extract(personal, '$.picture.hash') IS NOT NULL)";
