//! What contacts tell only who asks: asked for phones that want it, once, and told as it is.

use std::time::Duration;

use onesoup::{
    csp::{
        address::UserAddress,
        presence::{GetPresenceRequest, SubscribePresenceRequest},
        presence_detail::Source,
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    services::outbox::LinkEvent,
    xmpp::{
        condition::Condition,
        entity_time::EntityTime,
        iq::{Iq, IqKind, Query},
        payload::Payload,
        presence::{Presence, PresenceKind},
        stanza::Stanza,
        vcard::VCard,
        version::Version,
    },
};

use crate::world::{PATIENCE, Phone, World, jid};

const KIM: &str = "kim@onesoup.test";

/// Turns the clock for a phone that goes on polling.
async fn a_day_passes(world: &World, phone: &Phone) {
    for _ in 0..48 {
        world.clock.turn(Duration::from_secs(30 * 60));
        phone.poll().await;
    }
}

async fn shows(world: &World, from: &str, kind: PresenceKind) {
    world.arrives(Presence::new(jid(from), jid(KIM), kind)).await;
}

/// A phone that sees ann and bob of elsewhere; both are there.
async fn phone(world: &mut World) -> Phone {
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    kim.subscribe(&["wv:ann@far.test", "wv:bob@far.test"]).await;
    for contact in ["ann@far.test", "bob@far.test"] {
        shows(world, contact, PresenceKind::Subscribed).await;
        shows(world, &format!("{contact}/x"), PresenceKind::Available).await;
        let online = Attribute::OnlineStatus(Qualified::known(true));
        let online = Some(&online);
        told(world, &kim, contact, |list| list.find(&AttributeKind::OnlineStatus) == online).await;
    }
    kim
}

fn set(kinds: &[AttributeKind]) -> Option<AttributeSet> {
    Some(AttributeSet { kinds: kinds.to_vec() })
}

async fn watch(phone: &Phone, user: &str, kinds: &[AttributeKind]) {
    let users = vec![UserAddress::parse(user)];
    let attributes = set(kinds);
    let request = SubscribePresenceRequest { users, attributes, ..Default::default() };
    phone.request(Primitive::SubscribePresenceRequest(request)).await;
}

/// Fetches until a phone is told this of a contact.
async fn told(
    world: &World,
    phone: &Phone,
    of: &str,
    is_it: impl Fn(&PresenceSubList) -> bool,
) -> PresenceSubList {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        for came in phone.fetch().await {
            let Primitive::PresenceNotificationRequest(told) = came else { continue };
            for presence in told.presences {
                if presence.user.as_written() == format!("wv:{of}") && is_it(&presence.attributes) {
                    return presence.attributes;
                }
            }
        }
        assert!(tokio::time::Instant::now() < deadline, "it is not told of {of}");
        world.services.end_what_has_ended().await;
        tokio::task::yield_now().await;
    }
}

/// Returns the next question that is put to contacts.
async fn question(world: &mut World) -> Iq {
    loop {
        if let Stanza::Iq(iq) = world.sent().await
            && matches!(iq.kind, IqKind::Get(_))
        {
            return iq;
        }
    }
}

async fn answer(world: &World, question: Iq, answer: Option<Payload>) {
    let iq = match answer {
        Some(payload) => question.result(Some(payload)),
        None => question.refuse(Condition::ServiceUnavailable),
    };
    world.arrives(iq).await;
}

/// Waits until all that has arrived before is carried out, and returns the questions put meanwhile.
async fn questions(world: &mut World) -> Vec<Iq> {
    let mark = Presence::new(jid("mark@far.test"), jid(KIM), PresenceKind::Probe);
    world.arrives(mark).await;
    let mut asked = Vec::new();
    loop {
        match world.sent().await {
            Stanza::Iq(iq) if matches!(iq.kind, IqKind::Get(_)) => asked.push(iq),
            Stanza::Presence(it) if it.to == jid("mark@far.test") => return asked,
            _ => {}
        }
    }
}

fn card(list: &PresenceSubList) -> Option<String> {
    match list.find(&AttributeKind::ContactInfo)? {
        Attribute::ContactInfo(info) => match info.valid()?.source.as_ref()? {
            Source::Direct(text) => Some(text.to_string()),
            Source::Referred(_) => None,
        },
        _ => None,
    }
}

fn vcard(name: &str) -> Option<Payload> {
    Some(VCard { full_name: Some(name.to_owned()), ..VCard::default() }.to_payload())
}

#[tokio::test]
async fn a_card_is_asked_for_when_a_phone_wants_it_once_a_day() {
    let mut world = World::new().await;
    let kim = phone(&mut world).await;
    let card_and_status = [AttributeKind::ContactInfo, AttributeKind::StatusText];
    watch(&kim, "wv:bob@far.test", &[AttributeKind::StatusText]).await;
    kim.fetch().await;
    watch(&kim, "wv:ann@far.test", &card_and_status).await;
    kim.fetch().await;
    let asked = question(&mut world).await;
    assert_eq!((asked.to.as_str(), asked.from.as_str()), ("ann@far.test", KIM));
    assert!(matches!(asked.kind, IqKind::Get(Query::VCard(_))));
    world.was_called("");
    answer(&world, asked, vcard("Ann Example")).await;
    let list = told(&world, &kim, "ann@far.test", |list| card(list).is_some()).await;
    assert!(card(&list).unwrap().contains("FN:Ann Example"));
    // Told again, it is known already: nobody is asked, for bob never anybody.
    watch(&kim, "wv:ann@far.test", &card_and_status).await;
    kim.fetch().await;
    assert_eq!(questions(&mut world).await, []);
    // The next day it is looked at again; the same is no news.
    a_day_passes(&world, &kim).await;
    watch(&kim, "wv:ann@far.test", &card_and_status).await;
    kim.fetch().await;
    let asked = question(&mut world).await;
    world.wake_ups();
    answer(&world, asked, vcard("Ann Example")).await;
    assert_eq!(questions(&mut world).await, []);
    assert_eq!((kim.fetch().await.len(), world.wake_ups()), (0, 0));
}

#[tokio::test]
async fn who_has_no_card_is_not_asked_again_and_one_that_goes_is_taken_back() {
    let mut world = World::new().await;
    let kim = phone(&mut world).await;
    let wanted = [AttributeKind::ContactInfo];
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    let asked = question(&mut world).await;
    world.wake_ups();
    answer(&world, asked, None).await;
    assert_eq!(questions(&mut world).await, []);
    assert_eq!(world.wake_ups(), 0);
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    assert_eq!(questions(&mut world).await, []);
    // Another picture is the one sign that the profile may be another.
    world.clock.turn(Duration::from_secs(60));
    let picture = Some("357a8123a30844a3aa99861b6349264ba67a5694".to_owned());
    let to = jid(KIM);
    let mut shown = Presence::new(jid("ann@far.test/x"), to, PresenceKind::Available);
    shown.photo_hash = picture;
    world.arrives(shown).await;
    let asked = question(&mut world).await;
    answer(&world, asked, vcard("Ann")).await;
    told(&world, &kim, "ann@far.test", |list| card(list).is_some()).await;
    // Where somebody on the way is at fault, what is known stays.
    a_day_passes(&world, &kim).await;
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    let asked = question(&mut world).await;
    world.arrives(asked.refuse(Condition::RemoteServerTimeout)).await;
    watch(&kim, "wv:ann@far.test", &wanted).await;
    told(&world, &kim, "ann@far.test", |list| card(list).is_some()).await;
    assert_eq!(questions(&mut world).await, []);
    a_day_passes(&world, &kim).await;
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    let asked = question(&mut world).await;
    answer(&world, asked, None).await;
    told(&world, &kim, "ann@far.test", |list| card(list).is_none()).await;
}

#[tokio::test]
async fn who_asks_once_for_a_card_gets_it_with_the_answer() {
    let mut world = World::new().await;
    let kim = phone(&mut world).await;
    let get = |user: &str| {
        let users = vec![UserAddress::parse(user)];
        let attributes = set(&[AttributeKind::ContactInfo]);
        Primitive::GetPresenceRequest(GetPresenceRequest { users, attributes, lists: Vec::new() })
    };
    let asking = kim.request(get("wv:ann@far.test"));
    let answering = async {
        let asked = question(&mut world).await;
        answer(&world, asked, vcard("Ann")).await;
    };
    let (answered, ()) = tokio::join!(asking, answering);
    let Primitive::GetPresenceResponse(response) = answered else { panic!("{answered:?}") };
    assert!(card(&response.presences[0].attributes).unwrap().contains("FN:Ann"));
    // A stranger is not asked: nothing of it would be told.
    let answered = kim.request(get("wv:eve@far.test")).await;
    let Primitive::GetPresenceResponse(response) = answered else { panic!("{answered:?}") };
    assert_eq!(card(&response.presences[0].attributes), None);
    assert_eq!(questions(&mut world).await, []);
}

#[tokio::test]
async fn a_device_is_asked_for_its_program_and_clock_once_while_it_is_there() {
    let mut world = World::new().await;
    let kim = phone(&mut world).await;
    let wanted = [AttributeKind::ClientInfo, AttributeKind::TimeZone];
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    for _ in 0..2 {
        let asked = question(&mut world).await;
        assert_eq!(asked.to.as_str(), "ann@far.test/x");
        let told = match &asked.kind {
            IqKind::Get(Query::Version) => {
                let os = Some("Symbian".to_owned());
                Version { name: "Psi".into(), version: "1.5".into(), os }.to_payload()
            }
            IqKind::Get(Query::Time) => {
                EntityTime { now: world.clock.now(), offset_minutes: 330 }.to_payload()
            }
            other => panic!("{other:?}"),
        };
        answer(&world, asked, Some(told)).await;
    }
    let drawn = |list: &PresenceSubList| {
        wanted.iter().map(|kind| format!("{:?}", list.find(kind))).collect::<String>()
    };
    let list = told(&world, &kim, "ann@far.test", |list| {
        drawn(list).contains("Psi") && drawn(list).contains("+0530")
    })
    .await;
    assert!(drawn(&list).contains("Symbian"));
    // It goes on without saying so, and stays what it is.
    let mut away = Presence::new(jid("ann@far.test/x"), jid(KIM), PresenceKind::Available);
    away.statuses = vec!["away".into()];
    world.arrives(away).await;
    assert_eq!(questions(&mut world).await, []);
    watch(&kim, "wv:ann@far.test", &wanted).await;
    let list = told(&world, &kim, "ann@far.test", |_| true).await;
    assert!(drawn(&list).contains("Psi") && drawn(&list).contains("+0530"), "{list:?}");
    assert_eq!(questions(&mut world).await, []);
    // It comes back, perhaps as another: asked once more, and once only though in vain.
    shows(&world, "ann@far.test/x", PresenceKind::Unavailable).await;
    shows(&world, "ann@far.test/x", PresenceKind::Available).await;
    told(&world, &kim, "ann@far.test", |list| !drawn(list).contains("Psi")).await;
    for _ in 0..2 {
        let asked = question(&mut world).await;
        answer(&world, asked, None).await;
    }
    watch(&kim, "wv:ann@far.test", &wanted).await;
    kim.fetch().await;
    assert_eq!(questions(&mut world).await, []);
}
