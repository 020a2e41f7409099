//! What strangers and phones may make us keep is bounded.

use std::time::Duration;

use onesoup::{
    csp::{primitive::Primitive, status::Code},
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{
        message::{Message, Receipt},
        presence::{Presence, PresenceKind},
    },
};

use crate::world::{World, jid, text_to};

#[tokio::test]
async fn strangers_who_want_to_see_an_account_take_bounded_room() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    let own = world.services.own_address("kim").unwrap();
    // As fast as strangers may, over hours.
    for number in 0..150 {
        let from = jid(&format!("pest{number}@far.test"));
        let to = jid("kim@onesoup.test");
        world.arrives(Presence::new(from, to, PresenceKind::Subscribe)).await;
        if number % 20 == 19 || number == 149 {
            let to = jid("kim@onesoup.test");
            world.arrives(Message::chat(jid("a@far.test"), to, "m", "m")).await;
            while kim.texts().await.is_empty() {
                tokio::task::yield_now().await;
            }
            world.clock.turn(Duration::from_secs(20 * 60));
        }
    }
    assert_eq!(world.services.store.contacts(&own).await.unwrap().len(), 100);
    // The user's own wishes still have room.
    kim.subscribe(&["wv:friend@far.test"]).await;
    assert_eq!(world.services.store.contacts(&own).await.unwrap().len(), 101);
}

#[tokio::test]
async fn while_the_link_is_away_a_bounded_number_of_stanzas_waits() {
    const MAX_WAITING: i64 = 100_000;
    let mut world = World::new().await;
    let kim = world.phone("kim").await;
    kim.send("wv:ann@far.test", "taken").await;
    let waiting = world.services.store.outbox(i64::MIN, 10).await.unwrap();
    let rows = (1..MAX_WAITING).map(|number| {
        // Of many: one account alone has a share.
        let wire = waiting[0].wire.replace("kim@", &format!("user{}@", number % 100));
        let id = waiting[0].id - number;
        Write::PutOutbox { id, wire, at: waiting[0].at }
    });
    let rows: Vec<Write> = rows.collect();
    for part in rows.chunks(10_000) {
        world.services.store.commit(part.to_vec()).await.unwrap();
    }
    // Also what an earlier process left counts.
    world.services.count_outbox().await;
    let refused = kim.request(text_to(&["wv:ann@far.test"], "refused")).await;
    let Primitive::SendMessageResponse(refused) = refused else { panic!("{refused:?}") };
    assert_eq!((refused.result.code, refused.message_id), (Code::QUEUE_FULL, None));
    // What does not need the network goes on, and a receipt that is owed is taken.
    kim.send("wv:kim", "to ourselves").await;
    let owed = Message {
        receipt: Some(Receipt::Requested),
        ..Message::chat(jid("a@far.test"), jid("kim@onesoup.test"), "m", "came before")
    };
    world.arrives(owed).await;
    let mut texts = kim.texts().await;
    while texts.len() < 2 {
        texts.extend(kim.texts().await);
        tokio::task::yield_now().await;
    }
    let last = world.services.store.outbox(waiting[0].id, 10).await.unwrap();
    assert!(last.len() == 1 && last[0].wire.contains("urn:xmpp:receipts"), "{last:?}");
    // Once the server has read some, messages are taken again.
    let read = (0..MAX_WAITING / 5).map(|number| waiting[0].id - number).collect();
    world.events.send(LinkEvent::Read(read)).await.unwrap();
    world.link_stops().await;
    let taken = kim.send("wv:ann@far.test", "taken again").await;
    assert!(
        matches!(taken, Primitive::SendMessageResponse(taken) if taken.result.code == Code::OK)
    );
}

#[tokio::test]
async fn a_phone_watches_and_subscribes_to_bounded_many() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    let own = world.services.own_address("kim").unwrap();
    for part in 0..3 {
        let users: Vec<String> =
            (0..900).map(|number| format!("wv:u{part}x{number}@far.test")).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        kim.subscribe(&users).await;
    }
    assert!(world.services.store.contacts(&own).await.unwrap().len() <= 2000);
    assert_eq!(world.services.store.watches(&kim.session).await.unwrap().len(), 1800);
}

#[tokio::test]
async fn while_the_link_is_away_one_account_takes_no_room_from_others() {
    const SHARE: i64 = 5_000;
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:ann@far.test", "taken").await;
    let waiting = world.services.store.outbox(i64::MIN, 10).await.unwrap();
    let rows = (1..SHARE).map(|number| Write::PutOutbox {
        id: waiting[0].id - number,
        wire: waiting[0].wire.clone(),
        at: waiting[0].at,
    });
    world.services.store.commit(rows.collect()).await.unwrap();
    world.services.count_outbox().await;
    let refused = kim.request(text_to(&["wv:ann@far.test"], "refused")).await;
    let Primitive::SendMessageResponse(refused) = refused else { panic!("{refused:?}") };
    assert_eq!((refused.result.code, refused.message_id), (Code::QUEUE_FULL, None));
    let taken = lee.request(text_to(&["wv:ann@far.test"], "taken")).await;
    let Primitive::SendMessageResponse(taken) = taken else { panic!("{taken:?}") };
    assert_eq!(taken.result.code, Code::OK);
}
