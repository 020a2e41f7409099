//! Rows of what the devices of contacts show.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::{
    domain::{
        address::Address,
        personal::Personal,
        presence::{Presence, merged},
    },
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

/// What a device of a contact shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPresence {
    /// Whose device it is.
    pub contact: Address,
    /// The device; empty where the contact has none.
    pub resource: CompactString,
    /// The number of the last change.
    pub change: i64,
    /// What it shows.
    pub presence: Presence,
}

/// Returns what a contact shows by all its devices.
pub fn shown_by(rows: &[ContactPresence]) -> Presence {
    merged(rows.iter().map(|row| &row.presence), of_account(rows))
}

/// Returns what a contact shows of itself without any device.
pub fn of_account(rows: &[ContactPresence]) -> Option<&Personal> {
    let account = rows.iter().find(|row| row.resource.is_empty())?;
    account.presence.personal.as_deref()
}

impl Store {
    /// Returns what the devices of a contact show.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn contact_presences(
        &self,
        owner: &Address,
        contact: &Address,
    ) -> Result<Vec<ContactPresence>, StoreError> {
        let query =
            sqlx::query(SELECT).bind(owner.as_str().to_owned()).bind(contact.as_str().to_owned());
        Ok(rows::readable("contact_presences", self.readers().rows(query).await?, read))
    }

    /// Returns what the devices of some contacts show.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn presences_of(
        &self,
        owner: &Address,
        contacts: &[Address],
    ) -> Result<Vec<ContactPresence>, StoreError> {
        let query =
            sqlx::query(SELECT_OF).bind(owner.as_str().to_owned()).bind(rows::as_json(&contacts));
        Ok(rows::readable("contact_presences", self.readers().rows(query).await?, read))
    }

    /// Returns who shows something else since a change, and as of which change, in the order of
    /// the changes; each contact once.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn contact_changes(
        &self,
        owner: &Address,
        since: i64,
        limit: u32,
    ) -> Result<Vec<(Address, i64)>, StoreError> {
        let query = sqlx::query(SELECT_CHANGES)
            .bind(owner.as_str().to_owned())
            .bind(since)
            .bind(i64::from(limit));
        let found = self.readers().rows(query).await?;
        let read = |row: &Row| Ok((rows::address(row, 0)?, rows::number(row, 1)?));
        Ok(rows::readable("contact_presences", found, read))
    }

    /// Returns what all contacts of an account show, in the order of their addresses.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn all_contact_presences(
        &self,
        owner: &Address,
    ) -> Result<Vec<ContactPresence>, StoreError> {
        let query = sqlx::query(SELECT_ALL).bind(owner.as_str().to_owned());
        Ok(rows::readable("contact_presences", self.readers().rows(query).await?, read))
    }
}

impl Store {
    /// Returns which accounts of ours see an account of ours, and what they know of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn seers(
        &self,
        account: &Address,
    ) -> Result<BTreeMap<Address, Vec<ContactPresence>>, StoreError> {
        let query = sqlx::query(SELECT_SEERS).bind(account.as_str().to_owned());
        let read_seer = |row: &Row| {
            // Nothing known is one row without a device.
            let known = rows::optional_text(row, 1)?.is_some();
            Ok((rows::address(row, 4)?, known.then(|| read(row)).transpose()?))
        };
        let found =
            rows::readable("contact_presences", self.readers().rows(query).await?, read_seer);
        let mut seers = BTreeMap::<Address, Vec<ContactPresence>>::new();
        for (seer, known) in found {
            seers.entry(seer).or_default().extend(known);
        }
        Ok(seers)
    }
}

pub(super) fn touch<'q>(owner: &Address, contact: &Address, change: i64) -> Query<'q> {
    sqlx::query(TOUCH)
        .bind(owner.as_str().to_owned())
        .bind(contact.as_str().to_owned())
        .bind(change)
        .bind(rows::as_json(&Presence::offline()))
}

fn read(row: &Row) -> Result<ContactPresence, RowError> {
    Ok(ContactPresence {
        contact: rows::address(row, 0)?,
        resource: rows::text(row, 1)?,
        change: rows::number(row, 2)?,
        presence: rows::json(row, 3)?,
    })
}

const SELECT: &str = "SELECT contact, resource, change, presence FROM contact_presences
    WHERE owner = $1 AND contact = $2 ORDER BY resource";
const SELECT_OF: &str = "SELECT contact, resource, change, presence FROM contact_presences
    WHERE owner = $1 AND contact IN (SELECT value FROM json_each($2))
    ORDER BY contact, resource";
const TOUCH: &str = "INSERT INTO contact_presences (owner, contact, resource, change, presence)
    VALUES ($1, $2, '', $3, $4)
    ON CONFLICT (owner, contact, resource) DO UPDATE SET change = excluded.change";
const SELECT_CHANGES: &str = "SELECT contact, max(change) FROM contact_presences
    WHERE owner = $1 AND change > $2 GROUP BY contact ORDER BY max(change) LIMIT $3";
const SELECT_ALL: &str = "SELECT contact, resource, change, presence FROM contact_presences
    WHERE owner = $1 ORDER BY contact, resource";
// Only accounts of ours have contacts here, so only they are found.
const SELECT_SEERS: &str = "SELECT c.address, p.resource, p.change, p.presence, c.account
    FROM contacts own
        JOIN contacts c ON c.account = own.address AND c.address = own.account
        LEFT JOIN contact_presences p ON p.owner = c.account AND p.contact = c.address
    WHERE own.account = $1 AND own.is_seen = 1 AND c.sees = 1";
