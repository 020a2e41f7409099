//! What only SQLite spells so; everything else in this folder is plain SQL.

use std::{path::Path, time::Duration};

use sqlx::{
    Sqlite,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode,
        SqliteSynchronous,
    },
};

use crate::store::error::StoreError;

/// A connection to the database.
pub(super) type Connection = SqliteConnection;
/// How to make one.
pub(super) type ConnectOptions = SqliteConnectOptions;
/// A statement with its values.
pub(super) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;
/// A row of an answer.
pub(super) type Row = sqlx::sqlite::SqliteRow;

/// How the one connection that writes is opened: a commit is on the disk when it returns.
pub(super) fn writer_options(path: &Path) -> ConnectOptions {
    options(path, WRITER_CACHE_KIB)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        // Statements of many rows keep a journal of their own, which else becomes a file.
        .pragma("temp_store", "MEMORY")
}

/// How the connections that read are opened.
pub(super) fn reader_options(path: &Path) -> ConnectOptions {
    options(path, READER_CACHE_KIB).pragma("query_only", "ON").pragma("mmap_size", READER_MAP_BYTES)
}

fn options(path: &Path, cache_kib: &'static str) -> ConnectOptions {
    use sqlx::ConnectOptions as _;
    ConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", cache_kib)
        .thread_name(|number| format!("sqlite-{number}"))
        .disable_statement_logging()
}

/// Begins a transaction that writes; waits until no other process does.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE;";
/// Ends it well.
pub(super) const COMMIT: &str = "COMMIT;";
/// Undoes it.
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// A number that changes when another connection has committed.
pub(super) const DATA_VERSION: &str = "PRAGMA data_version";

/// The size of the database in octets.
pub(super) const DATABASE_BYTES: &str =
    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";

/// The greatest migration that was applied; no row if there is no table of them.
pub(super) const HAS_MIGRATIONS: &str =
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";

/// A scalar: the entities of the account `$1`, as JSON.
macro_rules! entities_as_json {
    () => {
        "(SELECT json_group_array(json_array(kind, entity, spelling))
            FROM entities WHERE account = $1)"
    };
}
pub(super) use entities_as_json;

/// The aliases of the account `$1` as one JSON text.
macro_rules! aliases_as_json {
    () => {
        "(SELECT json_group_array(json_array(alias, address))
            FROM aliases WHERE account = $1)"
    };
}
pub(super) use aliases_as_json;

/// A set: the texts of the JSON array that is this value.
macro_rules! listed {
    ($value:literal) => {
        concat!("(SELECT value FROM json_each(", $value, "))")
    };
}
pub(super) use listed;

/// The hot writes of a group, each kind in one statement whatever the number of its rows: a
/// text that never changes is prepared once. The rows come as JSON; what is long or not text
/// comes in one blob, of which the JSON names the places.
pub(super) const HOT: [&str; 10] = [
    "INSERT INTO letters (id, account, resource, received, expires, bytes, content)
        SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5,
            CAST(substr($2, value->>6, value->>7) AS TEXT)
        FROM json_each($1) WHERE true
        ON CONFLICT (id) DO UPDATE SET account = excluded.account, resource = excluded.resource,
            received = excluded.received, expires = excluded.expires, bytes = excluded.bytes,
            content = excluded.content;",
    "DELETE FROM letters WHERE id IN (SELECT value FROM json_each($3));",
    "INSERT INTO answers (session, transaction_id, at, content, body)
        SELECT value->>0, value->>1, value->>2, substr($6, value->>3, value->>4),
            substr($6, value->>5, value->>6)
        FROM json_each($5);",
    "INSERT INTO outbox (id, at, wire)
        SELECT value->>0, value->>1, CAST(substr($8, value->>2, value->>3) AS TEXT)
        FROM json_each($7) WHERE true
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, wire = excluded.wire;",
    "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each($9));",
    "INSERT INTO contact_presences (owner, contact, resource, change, presence)
        SELECT value->>0, value->>1, value->>2, value->>3,
            CAST(substr($12, value->>4, value->>5) AS TEXT)
        FROM json_each($11) WHERE true
        ON CONFLICT (owner, contact, resource)
            DO UPDATE SET change = excluded.change, presence = excluded.presence;",
    "DELETE FROM contact_presences WHERE (owner, contact, resource) IN
        (SELECT value->>0, value->>1, value->>2 FROM json_each($13));",
    "DELETE FROM contact_presences WHERE (owner, contact) IN
        (SELECT value->>0, value->>1 FROM json_each($15));",
    "UPDATE sessions SET expires = new.value->>1
        FROM json_each($17) AS new WHERE sessions.id = new.value->>0;",
    "UPDATE watches SET told = new.value->>2 FROM json_each($19) AS new
        WHERE watches.session = new.value->>0 AND watches.scope = new.value->>1;",
];

/// Says what an error of the database means.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let sqlx::Error::Database(database) = &error else {
        return match error {
            sqlx::Error::Encode(fault) => StoreError::Conflict(fault.to_string()),
            other => StoreError::Broken(other.to_string()),
        };
    };
    let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
    match code & 0xff {
        5 | 6 => StoreError::Busy("another process holds the database"),
        13 => StoreError::Full,
        // Too large a row, a broken constraint, a wrong type: the fault of what was to be written.
        18..=20 => StoreError::Conflict(database.message().to_owned()),
        _ => StoreError::Broken(database.to_string()),
    }
}

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log before it is copied back: few enough for a short pause, many
/// enough that a page that is written often is copied once.
const CHECKPOINT_PAGES: &str = "2000";
/// Cache of the writer; negative is KiB.
const WRITER_CACHE_KIB: &str = "-16000";
/// Cache of each reader: small, for it is emptied by every commit.
const READER_CACHE_KIB: &str = "-2000";
/// What each reader maps of the file, shared with the system's own cache.
const READER_MAP_BYTES: &str = "67108864";
