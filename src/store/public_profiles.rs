//! Rows of public profiles, and looking for those who have one.

use sqlx::AssertSqlSafe;

use crate::{
    domain::{
        address::Address,
        public_profile::{Criterion, Entry, Fact, Found, PublicProfile},
    },
    store::{
        Store,
        error::StoreError,
        rows::{self, RowError},
        sqlite::{Query, Row},
    },
};

/// Criteria that one search may have; those beyond it are not looked at.
const MAX_CRITERIA: usize = 16;

impl Store {
    /// Returns accounts with a public profile to which all criteria apply, in the order of their
    /// addresses; but not those that are suspended or do not let `asker` through.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn found(
        &self,
        asker: &Address,
        criteria: &[Criterion],
        most: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let criteria = &criteria[..criteria.len().min(MAX_CRITERIA)];
        let places = (4..).step_by(2);
        let conditions = places.zip(criteria).enumerate();
        let conditions: Vec<String> = conditions
            .map(|(number, (place, criterion))| condition(criterion, place, number == 0))
            .collect();
        let text = format!("{SELECT_FOUND}{} {ORDER}", conditions.concat());
        // Of the conditions only the number of a place differs.
        let query = sqlx::query(AssertSqlSafe(text))
            .bind(i64::from(most))
            .bind(asker.as_str().to_owned())
            .bind(asker.domain().to_owned());
        let query = criteria.iter().fold(query, |query, criterion| match criterion {
            Criterion::Address(address) => query.bind(address.as_str().to_owned()).bind(""),
            Criterion::Text(fact, text) => query.bind(fact.name().to_owned()).bind(text.clone()),
            Criterion::AgeFrom(age) | Criterion::AgeTo(age) => {
                query.bind(Fact::Age.name().to_owned()).bind(age.to_string())
            }
        });
        let found = self.readers().rows(query.persistent(false)).await?;
        let read = |row: &Row| -> Result<Found, RowError> {
            Ok(Found { address: rows::address(row, 0)?, profile: rows::json(row, 1)? })
        };
        Ok(rows::readable("public_profiles", found, read))
    }
}

/// Returns the condition of a criterion, whose two values are bound from a place on.
///
/// Those who meet the first are listed by the index; of them the others are asked one by one, until
/// enough are found: a list of everybody for each letter that everybody has takes seconds.
fn condition(criterion: &Criterion, place: usize, is_first: bool) -> String {
    let (fact, text) = (place, place + 1);
    let holds = match criterion {
        Criterion::Address(_) => return format!(" AND a.address = ${fact} AND ${text} = ''"),
        Criterion::Text(..) => {
            format!("(e.text = ${text} OR e.is_whole = 0 AND instr(e.text, ${text}) > 0)")
        }
        Criterion::AgeFrom(_) => format!("CAST(e.text AS INTEGER) >= CAST(${text} AS INTEGER)"),
        Criterion::AgeTo(_) => format!("CAST(e.text AS INTEGER) <= CAST(${text} AS INTEGER)"),
    };
    match is_first {
        true => format!(
            " AND a.address IN (SELECT e.account FROM entries e WHERE e.fact = ${fact} AND {holds})"
        ),
        false => format!(
            " AND EXISTS (SELECT 1 FROM entries e
                WHERE e.account = a.address AND e.fact = ${fact} AND {holds})"
        ),
    }
}

pub(super) fn set<'q>(
    account: &Address,
    profile: Option<&PublicProfile>,
    entries: &[Entry],
) -> Query<'q> {
    let columns = |entry: &Entry| (entry.fact.name(), entry.text.clone(), entry.is_whole);
    let entries: Vec<_> = entries.iter().map(columns).collect();
    sqlx::query(SET)
        .bind(account.as_str().to_owned())
        .bind(profile.map(rows::as_json))
        .bind(rows::as_json(&entries))
}

const SELECT_FOUND: &str = "SELECT a.address, p.profile
    FROM public_profiles p JOIN accounts a ON a.address = p.account
    WHERE a.state = 'active'
        AND NOT (a.block_list_in_use AND EXISTS (SELECT 1 FROM entities b
            WHERE b.account = a.address AND b.kind = 'block' AND b.entity IN ($2, $3)))
        AND NOT (a.grant_list_in_use AND NOT EXISTS (SELECT 1 FROM entities g
            WHERE g.account = a.address AND g.kind = 'grant' AND g.entity IN ($2, $3)))";
const ORDER: &str = "ORDER BY a.address LIMIT $1";
// An account that is gone meanwhile gets none.
const SET: &str = "DELETE FROM public_profiles WHERE account = $1;
    INSERT INTO public_profiles (account, profile)
        SELECT address, $2 FROM accounts WHERE address = $1 AND $2 IS NOT NULL;
    INSERT INTO entries (account, fact, text, is_whole)
        SELECT p.account, value->>0, value->>1, value->>2
        FROM public_profiles p, json_each($3) WHERE p.account = $1
        ON CONFLICT (account, fact, text) DO UPDATE SET is_whole = min(is_whole, excluded.is_whole);";
