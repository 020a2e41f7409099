//! Brings a database to the present schema.

use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::store::{
    error::StoreError,
    sqlite::{self, Connection},
};

/// The migrations of SQLite in their order. A released one is never edited.
const MIGRATIONS: [(i64, &str, &str); 8] = [
    (1, "store", include_str!("../../schema/sqlite/0001_store.sql")),
    (3, "departures", include_str!("../../schema/sqlite/0003_departures.sql")),
    (4, "accepted", include_str!("../../schema/sqlite/0004_accepted.sql")),
    (5, "lists", include_str!("../../schema/sqlite/0005_lists.sql")),
    (6, "pictures", include_str!("../../schema/sqlite/0006_pictures.sql")),
    (7, "owners", include_str!("../../schema/sqlite/0007_owners.sql")),
    (8, "public_profiles", include_str!("../../schema/sqlite/0008_public_profiles.sql")),
    (9, "mutual_add", include_str!("../../schema/sqlite/0009_mutual_add.sql")),
];

/// Applies what is missing; does not touch a database that is newer.
///
/// # Errors
/// The database is newer, was changed by other hands, or cannot be used.
pub(super) async fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    if applied(connection).await? == Some(newest_known()) {
        return Ok(());
    }
    // Two processes may start at once: the second waits here and finds nothing to do.
    let mut transaction =
        connection.begin_with(sqlite::BEGIN).await.map_err(sqlite::store_error)?;
    let found = applied(&mut transaction).await?.unwrap_or(0);
    if found > newest_known() {
        return Err(StoreError::NewerSchema { found, known: newest_known() });
    }
    migrator().run_direct(None, &mut *transaction, false).await.map_err(migrate_error)?;
    transaction.commit().await.map_err(sqlite::store_error)
}

async fn applied(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    let table = sqlx::query(sqlite::HAS_MIGRATIONS).fetch_optional(&mut *connection).await;
    if table.map_err(sqlite::store_error)?.is_none() {
        return Ok(None);
    }
    let newest = sqlx::query("SELECT max(version) FROM _sqlx_migrations WHERE success");
    let row = newest.fetch_one(connection).await.map_err(sqlite::store_error)?;
    row.try_get(0).map_err(sqlite::store_error)
}

fn migrator() -> Migrator {
    let migration = |&(version, what, sql): &(i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, what.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

fn newest_known() -> i64 {
    MIGRATIONS.last().map_or(0, |&(version, ..)| version)
}

fn migrate_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => sqlite::store_error(error),
        other => StoreError::Broken(other.to_string()),
    }
}
