//! Strangers who ask, by the thousand, and presence that makes no sense.

use onesoup::{
    base::counters::Counter,
    csp::primitive::Primitive,
    services::outbox::LinkEvent,
    xmpp::{
        message::Message,
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::world::{Phone, World, jid};

fn presence(from: &str, to: &str, kind: PresenceKind) -> Presence {
    Presence::new(jid(from), jid(to), kind)
}

/// Waits until all that has arrived for a phone is carried out.
async fn settled(world: &World, phone: &Phone) -> Vec<Primitive> {
    let to = jid("kim@onesoup.test");
    world.arrives(Message::chat(jid("mark@far.test/x"), to, "mark", "mark")).await;
    let mut all = Vec::new();
    loop {
        let came = phone.fetch().await;
        let is_last = !crate::world::texts(&came).is_empty();
        all.extend(came);
        if is_last {
            return all;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until all that has arrived for kim is carried out, without a word to kim's phone.
async fn carried_out(world: &mut World) {
    let probe = presence("mark@far.test", "kim@onesoup.test", PresenceKind::Probe);
    assert_eq!(answered(world, probe).await.0, PresenceKind::Unsubscribed);
}

fn asked(came: &[Primitive]) -> usize {
    came.iter().filter(|one| matches!(one, Primitive::PresenceAuthRequest(_))).count()
}

#[tokio::test]
async fn a_flood_of_strangers_is_put_to_the_user_twenty_times_and_no_more() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    let refused = Counter::StrangersRefused.value();
    for number in 0..500 {
        let from = format!("stranger{number}@d{number}.test");
        world.arrives(presence(&from, "kim@onesoup.test", PresenceKind::Subscribe)).await;
    }
    assert_eq!(asked(&settled(&world, &kim).await), 20);
    assert!(Counter::StrangersRefused.value() - refused >= 480);
    let own = world.services.own_address("kim").unwrap();
    assert_eq!(world.services.store.pending_in(&own).await.unwrap().len(), 20);
    // Over the limit, nothing is kept, nothing is sent, and nobody is woken.
    world.was_called("");
    world.arrives(presence("late@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    carried_out(&mut world).await;
    assert!(!world.was_called(&kim.session));
    let statistics = world.services.store.statistics().await.unwrap();
    assert_eq!((statistics.outbox, statistics.contacts), (0, 20));
    // Whom the user has asked himself is no stranger.
    kim.subscribe(&["wv:ann@far.test"]).await;
    world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    assert_eq!(asked(&settled(&world, &kim).await), 1);
}

#[tokio::test]
async fn presence_that_was_not_asked_for_is_not_kept_and_wakes_nobody() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    settled(&world, &kim).await;
    world.was_called("");
    let kinds = [PresenceKind::Available, PresenceKind::Unavailable, PresenceKind::Subscribed];
    for kind in kinds.into_iter().chain([PresenceKind::Unsubscribed, PresenceKind::Unsubscribe]) {
        world.arrives(presence("pest@far.test/x", "kim@onesoup.test", kind)).await;
    }
    world.arrives(presence("pest@far.test/x", "kim@onesoup.test/s60", PresenceKind::Error)).await;
    carried_out(&mut world).await;
    assert!(!world.was_called(&kim.session));
    let before = world.services.store.statistics().await.unwrap().contacts;
    let came = settled(&world, &kim).await;
    assert_eq!(crate::world::presences(&came), []);
    let own = world.services.own_address("kim").unwrap();
    assert_eq!(world.services.store.all_contact_presences(&own).await.unwrap(), []);
    assert_eq!(before, 0);
}

#[tokio::test]
async fn presence_of_any_size_and_shape_costs_at_most_itself() {
    let world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    kim.subscribe(&["wv:ann@far.test"]).await;
    let to = "kim@onesoup.test";
    world.arrives(presence("ann@far.test", to, PresenceKind::Subscribed)).await;
    let long = "x".repeat(200_000);
    let mut huge = presence("ann@far.test/x", to, PresenceKind::Available);
    huge.statuses = vec![long.as_str().into(); 20];
    huge.nick = Some(long.clone());
    huge.photo_hash = Some(long.clone());
    world.arrives(huge).await;
    // A device and an account whose names nobody can have.
    let device = format!("ann@far.test/{}", "r".repeat(1000));
    world.arrives(presence(&device, to, PresenceKind::Available)).await;
    let nobody = format!("{}@far.test", "n".repeat(2000));
    for kind in [PresenceKind::Subscribe, PresenceKind::Available, PresenceKind::Probe] {
        world.arrives(presence(&nobody, to, kind)).await;
        world.arrives(presence("far.test", to, kind)).await;
        world.arrives(presence("ann@far.test/x", &format!("{nobody}/x"), kind)).await;
        world.arrives(presence(to, to, kind)).await;
    }
    settled(&world, &kim).await;
    let own = world.services.own_address("kim").unwrap();
    let rows = world.services.store.all_contact_presences(&own).await.unwrap();
    let kept: usize = rows.iter().map(|row| format!("{row:?}").len()).sum();
    assert!(kept < 20_000, "{kept} octets are kept of it");
    assert!(rows.iter().all(|row| row.contact.as_str() == "ann@far.test"), "{rows:?}");
}

/// Waits for the answer to a probe.
async fn answered(world: &mut World, probe: Presence) -> (PresenceKind, String, bool) {
    let to = probe.from.clone();
    world.arrives(probe).await;
    loop {
        let Stanza::Presence(answer) = world.sent().await else { continue };
        if answer.to == to && answer.kind != PresenceKind::Probe {
            return (answer.kind, answer.from.as_str().to_owned(), answer.delay.is_some());
        }
    }
}

#[tokio::test]
async fn a_probe_is_answered_with_what_there_is_whether_the_phone_is_there_or_not() {
    use onesoup::{
        domain::contact::{Contact, Relation},
        domain::{address::Address, view::View},
        store::write::Write,
    };
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    let own = world.services.own_address("kim").unwrap();
    let relation = Relation { from: true, ..Relation::default() };
    let ann = Contact::stranger(Address::of("ann", "far.test"));
    let contact = Contact { relation, accepted: Some(View::Everything), ..ann };
    let put = Write::PutContact { account: own.clone(), contact };
    world.services.store.commit(vec![put]).await.unwrap();
    let device = world.services.store.sessions_of(&own).await.unwrap()[0].resource.clone();
    let probe = |to: &str| presence("ann@far.test", to, PresenceKind::Probe);
    let full = format!("kim@onesoup.test/{device}");
    let there = (PresenceKind::Available, full.clone(), false);
    assert_eq!(answered(&mut world, probe("kim@onesoup.test")).await, there);
    assert_eq!(answered(&mut world, probe(&full)).await, there);
    let other = "kim@onesoup.test/other";
    let gone = (PresenceKind::Unavailable, other.to_owned(), false);
    assert_eq!(answered(&mut world, probe(other)).await, gone);
    kim.logout().await;
    while world.link.try_recv().is_ok() {}
    let away = (PresenceKind::Unavailable, "kim@onesoup.test".to_owned(), true);
    assert_eq!(answered(&mut world, probe("kim@onesoup.test")).await, away);
    // Who may not see, and of whom there is nothing to see, is told the same.
    let bob = |to: &str| presence("bob@far.test", to, PresenceKind::Probe);
    for whom in ["kim@onesoup.test", "nobody@onesoup.test"] {
        let no = (PresenceKind::Unsubscribed, whom.to_owned(), false);
        assert_eq!(answered(&mut world, bob(whom)).await, no);
    }
}
