//! Opening, opening again, and opening beside others.

use onesoup::store::{Store, error::StoreError, write::Write};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::samples::*;

#[tokio::test]
async fn an_opened_store_is_ready_and_opens_again() {
    let store = empty_store().await;
    store.ping_write().await.unwrap();
    store.close().await;
    let again = Store::open(&store.url, clock()).await.unwrap();
    again.ping_write().await.unwrap();
    assert_eq!(again.statistics().await.unwrap().accounts, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = store_with_kim().await;
    let path = std::path::PathBuf::from(store.url.strip_prefix("sqlite://").unwrap());
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
}

#[tokio::test]
async fn two_stores_share_one_database() {
    let first = store_with_kim().await;
    let second = Store::open(&first.url, clock()).await.unwrap();
    first.changed_elsewhere().await.unwrap();
    first.commit(vec![Write::PutLetter(letter(1, "kim", "mine"))]).await.unwrap();
    assert!(!first.changed_elsewhere().await.unwrap(), "one's own commits do not count");
    assert!(second.changed_elsewhere().await.unwrap());
    assert!(!second.changed_elsewhere().await.unwrap(), "told once");

    assert!(!second.create_account(account("kim"), vec![]).await.unwrap());
    assert!(second.create_account(account("amy"), vec![]).await.unwrap());
    assert!(first.changed_elsewhere().await.unwrap());
    assert!(first.account(&address("amy")).await.unwrap().is_some());

    let mut all = Vec::new();
    for id in 0..200 {
        all.push(first.submit(vec![Write::PutLetter(letter(10 + 2 * id, "kim", "a"))]));
        all.push(second.submit(vec![Write::PutLetter(letter(11 + 2 * id, "kim", "b"))]));
    }
    for done in all {
        done.await.unwrap();
    }
    assert_eq!(second.mailbox_size(&address("kim")).await.unwrap().letters, 401);
}

#[tokio::test]
async fn many_may_open_a_new_store_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", directory.path().display());
    let all = (0..6).map(|_| Store::open(&url, clock()));
    for store in futures::future::join_all(all).await {
        store.unwrap().ping_write().await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let store = empty_store().await;
    store.close().await;
    run(
        &store.url,
        "INSERT INTO _sqlx_migrations SELECT 9000, description, installed_on, success,
        checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let refused = Store::open(&store.url, clock()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 9000, .. }));
    assert!(refused.to_string().contains("newer version of this program"), "{refused}");
}

#[tokio::test]
async fn what_is_not_a_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    std::fs::write(&path, "this is a letter to my aunt, not a database at all; ".repeat(100))
        .unwrap();
    let refused = Store::open(&format!("sqlite://{}", path.display()), clock()).await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_costs_only_itself() {
    let store = store_with_kim().await;
    let letters = (1..=3).map(|id| Write::PutLetter(letter(id, "kim", "x"))).collect();
    store.commit(letters).await.unwrap();
    run(&store.url, "UPDATE letters SET content = '{\"Message\":' WHERE id = 2").await;
    let read = store.letters(&address("kim"), 9).await.unwrap();
    assert_eq!(read.iter().map(|letter| letter.id).collect::<Vec<_>>(), [1, 3]);
    // It can still be seen to expire, and so be dropped.
    let expired = store.expired_letters(onesoup::base::clock::Millis(5000), 9).await.unwrap();
    let seen: Vec<_> = expired.iter().map(|it| (it.id, it.letter.is_some())).collect();
    assert_eq!(seen, [(1, true), (2, false), (3, true)]);
}

#[tokio::test]
async fn another_who_holds_the_database_makes_it_busy() {
    let store = store_with_kim().await;
    let mut other = options(&store.url).connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let refused = store.commit(vec![Write::PutLetter(letter(1, "kim", "x"))]).await;
    assert!(matches!(refused, Err(StoreError::Busy(_))), "{refused:?}");
    // Who reads is not disturbed.
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap().letters, 0);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    store.commit(vec![Write::PutLetter(letter(2, "kim", "x"))]).await.unwrap();
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap().letters, 1);
}

fn options(url: &str) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(url.strip_prefix("sqlite://").unwrap())
}

/// Does behind the store's back what only a test would.
async fn run(url: &str, sql: &'static str) {
    let mut connection = options(url).connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
