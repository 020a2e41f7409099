//! Rows of lists and their members.

use compact_str::CompactString;

use crate::{
    domain::{
        address::Address,
        contact::{ContactList, Member, Scope},
    },
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

impl Store {
    /// Returns the lists of an account with their members, in the order in which they came.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn lists(&self, account: &Address) -> Result<Vec<ContactList>, StoreError> {
        let query = sqlx::query(SELECT).bind(account.as_str().to_owned());
        Ok(gathered(self.readers().rows(query).await?))
    }

    /// Returns one list of an account with its members.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn list(
        &self,
        account: &Address,
        key: &str,
    ) -> Result<Option<ContactList>, StoreError> {
        let query = sqlx::query(SELECT_ONE).bind(account.as_str().to_owned()).bind(key.to_owned());
        Ok(gathered(self.readers().rows(query).await?).pop())
    }
}

pub(super) fn put<'q>(account: &Address, list: &ContactList) -> Query<'q> {
    sqlx::query(UPSERT)
        .bind(account.as_str().to_owned())
        .bind(list.key.to_string())
        .bind(list.spelling.to_string())
        .bind(list.display_name.clone())
        .bind(i64::from(list.is_default))
}

pub(super) fn drop<'q>(account: &Address, key: &CompactString) -> Query<'q> {
    let scope = rows::spell_scope(&Scope::List(key.clone()));
    sqlx::query(DELETE)
        .bind(account.as_str().to_owned())
        .bind(key.to_string())
        .bind(scope.to_string())
}

pub(super) fn put_member<'q>(account: &Address, key: &str, member: &Member) -> Query<'q> {
    sqlx::query(UPSERT_MEMBER)
        .bind(account.as_str().to_owned())
        .bind(key.to_owned())
        .bind(member.address.as_str().to_owned())
        .bind(member.spelling.to_string())
        .bind(member.nickname.clone())
}

pub(super) fn drop_member<'q>(account: &Address, key: &str, address: &Address) -> Query<'q> {
    sqlx::query(DELETE_MEMBER)
        .bind(account.as_str().to_owned())
        .bind(key.to_owned())
        .bind(address.as_str().to_owned())
}

/// Makes lists of rows, each a list and one of its members, or none.
fn gathered(found: Vec<Row>) -> Vec<ContactList> {
    let mut lists: Vec<ContactList> = Vec::new();
    for row in found {
        let Some(mut list) = rows::logged("lists", read(&row)) else { continue };
        let member = rows::logged("members", read_member(&row)).flatten();
        match lists.last_mut() {
            Some(last) if last.key == list.key => last.members.extend(member),
            _ => {
                list.members.extend(member);
                lists.push(list);
            }
        }
    }
    lists
}

fn read(row: &Row) -> Result<ContactList, RowError> {
    Ok(ContactList {
        key: rows::text(row, 0)?,
        spelling: rows::text(row, 1)?,
        display_name: rows::string(row, 2)?,
        is_default: rows::flag(row, 3)?,
        members: Vec::new(),
    })
}

fn read_member(row: &Row) -> Result<Option<Member>, RowError> {
    let Some(address) = rows::optional_text(row, 4)? else { return Ok(None) };
    Ok(Some(Member {
        address: Address::canonical(address),
        spelling: rows::text(row, 5)?,
        nickname: rows::string(row, 6)?,
    }))
}

const SELECT: &str = "SELECT l.list_key, l.spelling, l.display_name, l.is_default, m.address,
        m.spelling, m.nickname
    FROM lists l LEFT JOIN members m ON m.account = l.account AND m.list_key = l.list_key
    WHERE l.account = $1 ORDER BY l.position, l.list_key, m.position, m.address";
const SELECT_ONE: &str = "SELECT l.list_key, l.spelling, l.display_name, l.is_default,
        m.address, m.spelling, m.nickname
    FROM lists l LEFT JOIN members m ON m.account = l.account AND m.list_key = l.list_key
    WHERE l.account = $1 AND l.list_key = $2 ORDER BY m.position, m.address";
const UPSERT: &str = "INSERT INTO lists (account, list_key, spelling, display_name, is_default,
        position)
    VALUES ($1, $2, $3, $4, $5,
        (SELECT coalesce(max(position), 0) + 1 FROM lists WHERE account = $1))
    ON CONFLICT (account, list_key) DO UPDATE SET spelling = excluded.spelling,
        display_name = excluded.display_name, is_default = excluded.is_default";
const UPSERT_MEMBER: &str = "INSERT INTO members (account, list_key, address, spelling,
        nickname, position)
    VALUES ($1, $2, $3, $4, $5,
        (SELECT coalesce(max(position), 0) + 1 FROM members WHERE account = $1 AND list_key = $2))
    ON CONFLICT (account, list_key, address) DO UPDATE SET spelling = excluded.spelling,
        nickname = excluded.nickname";
// The members refer to the list and go with it.
const DELETE: &str = "DELETE FROM watches WHERE scope = $3
        AND session IN (SELECT id FROM sessions WHERE account = $1);
    DELETE FROM grants WHERE account = $1 AND scope = $3;
    DELETE FROM lists WHERE account = $1 AND list_key = $2;";
const DELETE_MEMBER: &str = "DELETE FROM members
    WHERE account = $1 AND list_key = $2 AND address = $3";
