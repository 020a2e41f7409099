//! Who went while the link was away is not there any more once it is back, to nobody.

use std::time::Duration;

use onesoup::{
    domain::{
        address::Address,
        contact::{Contact, Relation},
        view::View,
    },
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::world::{World, jid};

/// A world in which ann of elsewhere sees kim.
pub async fn world() -> World {
    let world = World::new().await;
    let kim = world.account("kim").await;
    let relation = Relation { from: true, ..Relation::default() };
    let ann = Contact::stranger(Address::of("ann", "far.test"));
    let contact = Contact { relation, accepted: Some(View::Everything), ..ann };
    let put = Write::PutContact { account: kim, contact };
    world.services.store.commit(vec![put]).await.unwrap();
    world
}

/// What ann was told up to now.
pub async fn told(world: &mut World) -> Vec<PresenceKind> {
    let to = "kim@onesoup.test";
    let mark = Presence::new(jid("mark@far.test"), jid(to), PresenceKind::Probe);
    world.arrives(mark).await;
    let mut told = Vec::new();
    loop {
        let Stanza::Presence(one) = world.sent().await else { continue };
        match one.to.as_str() {
            "ann@far.test" => told.push(one.kind),
            _ => return told,
        }
    }
}

/// Lets the link go down.
async fn link_goes(world: &World) {
    world.events.send(LinkEvent::Down).await.unwrap();
    while world.services.is_linked() {
        tokio::task::yield_now().await;
    }
}

/// Lets the link come up, and all that follows from it.
async fn link_comes(world: &mut World) -> Vec<PresenceKind> {
    world.events.send(LinkEvent::Up).await.unwrap();
    let mut all = Vec::new();
    // What the link brings is said by a task of its own.
    for _ in 0..50 {
        all.extend(told(world).await);
        world.services.end_what_has_ended().await;
    }
    all
}

#[tokio::test]
async fn who_logs_out_or_ends_while_the_link_is_away_is_told_gone_once() {
    use PresenceKind::{Available, Unavailable};
    for by_time in [false, true] {
        let mut world = world().await;
        let kim = world.login("kim", "phone-1").await;
        assert_eq!(link_comes(&mut world).await, [Available]);
        link_goes(&world).await;
        if by_time {
            world.clock.turn(Duration::from_secs(24 * 60 * 60));
            world.services.end_what_has_ended().await;
        } else {
            kim.logout().await;
        }
        assert_eq!(link_comes(&mut world).await, [Unavailable], "by time: {by_time}");
    }
}

#[tokio::test]
async fn who_comes_back_before_the_link_does_is_shown_as_there() {
    use PresenceKind::{Available, Unavailable};
    let mut world = world().await;
    let kim = world.login("kim", "phone-1").await;
    kim.logout().await;
    let _again = world.login("kim", "phone-1").await;
    let other = world.login("kim", "phone-2").await;
    assert_eq!(link_comes(&mut world).await, [Available, Available]);
    let world = &mut world;
    other.logout().await;
    assert_eq!(told(world).await, [Unavailable]);
}

#[tokio::test]
async fn who_is_blocked_while_the_link_is_away_sees_no_device_once_it_is_back() {
    use PresenceKind::{Available, Unavailable};
    let mut world = world().await;
    let kim = world.login("kim", "phone-1").await;
    let other = world.login("kim", "phone-2").await;
    assert_eq!(link_comes(&mut world).await, [Available, Available]);
    link_goes(&world).await;
    other.logout().await;
    kim.block(&["wv:ann@far.test"], &[]).await;
    // What is durable is read from the store once more, and the link leaves out what it has.
    while world.link.try_recv().is_ok() {}
    assert_eq!(link_comes(&mut world).await, [Unavailable, Unavailable]);
}

#[tokio::test]
async fn who_ended_while_we_were_down_is_told_gone_and_never_as_there() {
    let mut world = world().await;
    world.login("kim", "phone-1").await;
    assert_eq!(link_comes(&mut world).await, [PresenceKind::Available]);
    let mut world = world.crashed().await;
    world.clock.turn(Duration::from_secs(24 * 60 * 60));
    assert_eq!(link_comes(&mut world).await, [PresenceKind::Unavailable]);
}
