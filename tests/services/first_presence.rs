//! What a phone publishes right after its login is what contacts elsewhere see first of it.

use onesoup::{
    csp::{
        address::UserAddress,
        presence::UpdatePresenceRequest,
        presence_access::PresenceAuthUser,
        presence_name::AttributeSet,
        presence_value::{Attribute, Availability, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    services::outbox::LinkEvent,
    xmpp::{
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::{
    departures::world,
    world::{Phone, World, jid},
};

/// A world in which ann sees kim, with its link.
async fn linked() -> World {
    let world = world().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    while !world.services.is_linked() {
        tokio::task::yield_now().await;
    }
    world
}

/// What people of elsewhere were shown of kim up to now: who, whether he is there, how he is.
async fn shown(world: &mut World) -> Vec<(String, PresenceKind, String)> {
    let to = "kim@onesoup.test";
    world.arrives(Presence::new(jid("mark@far.test"), jid(to), PresenceKind::Probe)).await;
    let mut shown = Vec::new();
    loop {
        let Stanza::Presence(one) = world.sent().await else { continue };
        if one.to.as_str() == "mark@far.test" {
            return shown;
        }
        let status = one.statuses.first().map(|one| one.text.to_string()).unwrap_or_default();
        shown.push((one.to.as_str().to_owned(), one.kind, status));
    }
}

fn ann(kind: PresenceKind, status: &str) -> (String, PresenceKind, String) {
    ("ann@far.test".into(), kind, status.into())
}

async fn publish(phone: &Phone, attribute: Attribute) {
    let mut attributes = PresenceSubList::default();
    attributes.set(attribute);
    phone.request(Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes })).await;
}

fn words(text: &str) -> Attribute {
    Attribute::StatusText(Qualified::known(text.into()))
}

#[tokio::test]
async fn a_login_and_what_the_phone_then_publishes_are_one_presence() {
    let mut world = linked().await;
    let kim = world.login("kim", "phone-1").await;
    assert_eq!(shown(&mut world).await, []);
    publish(&kim, words("soup")).await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Available, "soup")]);
    // From then on each change is seen at once, and nothing comes late.
    publish(&kim, words("bread")).await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Available, "bread")]);
    world.turn(60).await;
    assert_eq!(shown(&mut world).await, []);
}

#[tokio::test]
async fn a_phone_that_publishes_nothing_is_shown_a_moment_after_its_login() {
    let mut world = linked().await;
    world.login("kim", "phone-1").await;
    world.turn(9).await;
    assert_eq!(shown(&mut world).await, []);
    world.turn(1).await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Available, "")]);
    world.turn(60).await;
    assert_eq!(shown(&mut world).await, []);
}

#[tokio::test]
async fn who_goes_before_he_was_shown_is_not_shown() {
    let mut world = linked().await;
    let kim = world.login("kim", "phone-1").await;
    kim.logout().await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Unavailable, "")]);
    // Nor who appears offline at once: an S60 that is told so publishes it at its login.
    let kim = world.login("kim", "phone-1").await;
    publish(&kim, Attribute::UserAvailability(Qualified::known(Availability::NotAvailable))).await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Unavailable, "")]);
    world.turn(60).await;
    assert_eq!(shown(&mut world).await, []);
}

#[tokio::test]
async fn who_is_shown_otherwise_meanwhile_is_shown_once() {
    let mut world = linked().await;
    let kim = world.login("kim", "phone-1").await;
    // Who is let see now sees it now, the others as before.
    let answer = PresenceAuthUser {
        user: UserAddress::parse("wv:bob@far.test"),
        is_accepted: true,
        attributes: AttributeSet::default(),
    };
    kim.request(Primitive::PresenceAuthUser(answer)).await;
    let ask = Presence::new(jid("bob@far.test"), jid("kim@onesoup.test"), PresenceKind::Subscribe);
    world.arrives(ask).await;
    let bob = shown(&mut world).await;
    let kinds: Vec<_> = bob.iter().map(|(to, kind, _)| (to.as_str(), *kind)).collect();
    let bob = |kind| ("bob@far.test", kind);
    assert_eq!(kinds, [bob(PresenceKind::Subscribed), bob(PresenceKind::Available)]);
    // Who asks is answered, and not told again.
    let probe = Presence::new(jid("ann@far.test"), jid("kim@onesoup.test"), PresenceKind::Probe);
    world.arrives(probe).await;
    assert_eq!(shown(&mut world).await, [ann(PresenceKind::Available, "")]);
    world.turn(60).await;
    assert_eq!(shown(&mut world).await, []);
}

#[tokio::test]
async fn who_was_not_shown_when_the_link_fell_is_shown_once_on_the_next() {
    let mut world = linked().await;
    world.login("kim", "phone-1").await;
    world.events.send(LinkEvent::Down).await.unwrap();
    while world.services.is_linked() {
        tokio::task::yield_now().await;
    }
    world.events.send(LinkEvent::Up).await.unwrap();
    let Stanza::Presence(first) = world.sent().await else { panic!("a presence") };
    assert_eq!((first.to.as_str(), first.kind), ("ann@far.test", PresenceKind::Available));
    world.turn(60).await;
    assert_eq!(shown(&mut world).await, []);
}
