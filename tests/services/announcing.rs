//! Who is logged in when a link comes up is shown on it, once, whatever happens meanwhile.

use onesoup::{
    services::outbox::LinkEvent,
    xmpp::{presence::PresenceKind, stanza::Stanza},
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    departures::{told, world},
    world::{World, try_login},
};

/// Gives what is under way time to ask the store what it wants to know.
async fn a_while(world: &World) {
    for _ in 0..50 {
        world.services.store.outbox(i64::MIN, 1).await.unwrap();
    }
}

async fn link_comes(world: &World) {
    world.events.send(LinkEvent::Up).await.unwrap();
    while !world.services.is_linked() {
        tokio::task::yield_now().await;
    }
    a_while(world).await;
}

/// The first that ann is told.
async fn first_told(world: &mut World) -> PresenceKind {
    loop {
        match world.sent().await {
            Stanza::Presence(one) if one.to.as_str() == "ann@far.test" => return one.kind,
            _ => {}
        }
    }
}

#[tokio::test]
async fn who_logs_in_while_the_link_comes_up_is_shown_once() {
    let mut world = world().await;
    // The session is not in the store yet when the link looks for all that there are.
    let mut other = beside(&world).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let services = world.services.clone();
    let login = tokio::spawn(async move { try_login(&services, "kim", "phone-1").await });
    a_while(&world).await;
    link_comes(&world).await;
    run(&mut other, "ROLLBACK").await;
    login.await.unwrap();
    assert_eq!(first_told(&mut world).await, PresenceKind::Available);
    a_while(&world).await;
    assert_eq!(told(&mut world).await, [], "once");
}

#[tokio::test]
async fn who_cannot_be_shown_at_once_is_shown_once_a_moment_later() {
    for table in ["sessions", "contacts", "grants", "contact_presences"] {
        let mut world = world().await;
        world.login("kim", "phone-1").await;
        let mut other = beside(&world).await;
        run(&mut other, &format!("ALTER TABLE {table} RENAME TO gone")).await;
        link_comes(&world).await;
        run(&mut other, &format!("ALTER TABLE gone RENAME TO {table}")).await;
        assert_eq!(first_told(&mut world).await, PresenceKind::Available, "{table}");
        a_while(&world).await;
        assert_eq!(told(&mut world).await, [], "{table}: once");
    }
}

/// A connection to the store of its own, to do behind its back what only a test would.
async fn beside(world: &World) -> SqliteConnection {
    let file = world.url.strip_prefix("sqlite://").unwrap();
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

async fn run(other: &mut SqliteConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(other).await.unwrap();
}
