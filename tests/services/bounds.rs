//! What strangers and phones may make us keep is bounded.

use onesoup::xmpp::{
    message::Message,
    presence::{Presence, PresenceKind},
};

use crate::world::{World, jid};

#[tokio::test]
async fn strangers_who_want_to_see_an_account_take_bounded_room() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    for number in 0..150 {
        let from = jid(&format!("pest{number}@far.test"));
        let to = jid("kim@onesoup.test");
        world.arrives(Presence::new(from, to, PresenceKind::Subscribe)).await;
    }
    world.arrives(Message::chat(jid("a@far.test"), jid("kim@onesoup.test"), "m", "m")).await;
    let own = world.services.own_address("kim").unwrap();
    loop {
        if !kim.texts().await.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(world.services.store.contacts(&own).await.unwrap().len(), 100);
    // The user's own wishes still have room.
    kim.subscribe(&["wv:friend@far.test"]).await;
    assert_eq!(world.services.store.contacts(&own).await.unwrap().len(), 101);
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
