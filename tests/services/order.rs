//! What waits for the link goes in the order in which it was said, however much it is.

use onesoup::{
    csp::{presence::UpdatePresenceRequest, presence_value::PresenceSubList, primitive::Primitive},
    domain::{
        address::Address,
        contact::{Contact, Relation},
        view::View,
    },
    services::{
        context::LINK_QUEUE,
        outbox::{LinkEvent, Outgoing},
    },
    store::write::Write,
    xmpp::{
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::{
    departures,
    world::{DOMAIN, World, jid},
};

/// A stanza that nobody looks at.
fn filler() -> Outgoing {
    let kind = PresenceKind::Probe;
    let stanza: Stanza = Presence::new(jid("kim@onesoup.test"), jid("a@far.test"), kind).into();
    Outgoing { row: None, wire: stanza.to_wire(DOMAIN).unwrap() }
}

async fn link_comes(world: &World) {
    world.events.send(LinkEvent::Up).await.unwrap();
    while !world.services.is_linked() {
        tokio::task::yield_now().await;
    }
}

/// The next message on its way.
async fn next_text(world: &mut World) -> String {
    loop {
        if let Stanza::Message(message) = world.sent().await
            && let Some(body) = message.body()
        {
            return body.to_owned();
        }
    }
}

#[tokio::test]
async fn what_the_link_has_no_room_for_goes_before_what_comes_later() {
    let mut world = World::new().await;
    let kim = world.phone("kim").await;
    link_comes(&world).await;
    for _ in 0..LINK_QUEUE {
        world.services.send(filler());
    }
    kim.send("wv:ann@far.test", "one").await;
    kim.send("wv:ann@far.test", "two").await;
    // There is room again before the others were read from the store.
    for _ in 0..10 {
        world.sent().await;
    }
    kim.send("wv:ann@far.test", "three").await;
    for expected in ["one", "two", "three"] {
        assert_eq!(next_text(&mut world).await, expected);
    }
    // In step again, a stanza goes at once.
    kim.send("wv:ann@far.test", "four").await;
    assert_eq!(next_text(&mut world).await, "four");
}

#[tokio::test]
async fn all_that_waited_goes_before_anybody_is_shown_on_a_new_link() {
    let mut world = World::new().await;
    let account = world.account("kim").await;
    let relation = Relation { from: true, ..Relation::default() };
    let ann = Contact::stranger(Address::of("ann", "far.test"));
    let contact = Contact { relation, accepted: Some(View::Everything), ..ann };
    world.services.store.commit(vec![Write::PutContact { account, contact }]).await.unwrap();
    world.login("kim", "phone-1").await;
    let at = world.clock.now();
    let wire = filler().wire.as_str().to_owned();
    let number = LINK_QUEUE + 500;
    let rows = (1..).take(number).map(|id| Write::PutOutbox { id, wire: wire.clone(), at });
    world.services.store.commit(rows.collect()).await.unwrap();
    world.events.send(LinkEvent::Up).await.unwrap();
    while world.link.len() < LINK_QUEUE {
        tokio::task::yield_now().await;
    }
    let mut before = 0;
    loop {
        match world.sent().await {
            Stanza::Presence(one) if one.to.as_str() == "ann@far.test" => break,
            _ => before += 1,
        }
    }
    assert_eq!(before, number);
}

#[tokio::test]
async fn who_comes_back_is_shown_after_what_said_that_he_went() {
    let mut world = departures::world().await;
    let kim = world.login("kim", "phone-1").await;
    link_comes(&world).await;
    while told_to_ann(&mut world).await != PresenceKind::Available {}
    for _ in 0..LINK_QUEUE {
        world.services.send(filler());
    }
    kim.logout().await;
    // There is room again before what said so was read from the store.
    for _ in 0..10 {
        world.sent().await;
    }
    let kim = world.login("kim", "phone-1").await;
    let attributes = PresenceSubList::default();
    kim.request(Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes })).await;
    assert_eq!(told_to_ann(&mut world).await, PresenceKind::Unavailable);
    assert_eq!(told_to_ann(&mut world).await, PresenceKind::Available);
}

async fn told_to_ann(world: &mut World) -> PresenceKind {
    loop {
        match world.sent().await {
            Stanza::Presence(one) if one.to.as_str() == "ann@far.test" => return one.kind,
            _ => {}
        }
    }
}
