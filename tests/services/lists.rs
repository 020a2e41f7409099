//! What being put on a list and taken off means for the others.

use std::collections::BTreeSet;

use onesoup::{
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{
            CreateListRequest, DeleteListRequest, ListManageRequest, NickList, NickName,
        },
        presence::SubscribePresenceRequest,
        presence_access::PresenceAuthUser,
        primitive::Primitive,
    },
    services::outbox::LinkEvent,
    xmpp::{
        message::Message,
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::world::{Phone, World, jid, presences};

fn list(name: &str) -> ListAddress {
    ListAddress::parse(&format!("wv:kim/{name}"))
}

async fn create(kim: &Phone, name: &str, people: &[&str]) {
    let member = |user: &&str| NickName { name: None, user: UserAddress::parse(user) };
    let members = NickList { members: people.iter().map(member).collect() };
    let request = CreateListRequest { list: list(name), members, properties: Default::default() };
    assert!(is_ok(&kim.request(Primitive::CreateListRequest(request)).await));
}

async fn remove(kim: &Phone, name: &str, user: &str) {
    let remove = vec![UserAddress::parse(user)];
    let request = ListManageRequest { remove, ..ListManageRequest::read_list(list(name)) };
    assert!(is_ok(&kim.request(Primitive::ListManageRequest(request)).await));
}

async fn subscribe(kim: &Phone, name: &str) {
    let request = SubscribePresenceRequest {
        lists: vec![list(name)],
        users: Vec::new(),
        attributes: None,
        auto_subscribe: None,
    };
    assert!(is_ok(&kim.request(Primitive::SubscribePresenceRequest(request)).await));
}

fn is_ok(answer: &Primitive) -> bool {
    match answer {
        Primitive::Status(status) => status.result.code.is_success(),
        Primitive::ListManageResponse(response) => response.result.code.is_success(),
        _ => false,
    }
}

/// What was said of subscriptions since this was last asked, but for the mark behind it.
async fn said(world: &mut World, kim: &Phone) -> Vec<(PresenceKind, String)> {
    kim.send("wv:mark@far.test", "mark").await;
    let mut said = Vec::new();
    loop {
        match world.sent().await {
            Stanza::Presence(Presence { kind, to, .. })
                if matches!(
                    kind,
                    PresenceKind::Subscribe
                        | PresenceKind::Subscribed
                        | PresenceKind::Unsubscribe
                        | PresenceKind::Unsubscribed
                ) =>
            {
                said.push((kind, to.as_str().to_owned()));
            }
            Stanza::Message(_) => return said,
            _ => {}
        }
    }
}

async fn linked() -> (World, Phone) {
    let world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    (world, kim)
}

#[tokio::test]
async fn who_enters_a_list_is_asked_unless_the_list_is_for_something_else() {
    let (mut world, kim) = linked().await;
    let table = [
        ("work", true),
        ("~PEP1.0_subscriptions", true),
        ("IM_subscriptions", true),
        ("~PEP1.0_privatelist", false),
        ("~pep1.0_friendlist", false),
        ("~PEP1.0_blocklist", false),
    ];
    for (number, (name, is_asked)) in table.into_iter().enumerate() {
        create(&kim, name, &[&format!("wv:ann{number}@far.test")]).await;
        let asked = (PresenceKind::Subscribe, format!("ann{number}@far.test"));
        let expected = if is_asked { vec![asked] } else { Vec::new() };
        assert_eq!(said(&mut world, &kim).await, expected, "{name}");
        // The chat application of an S60 subscribes to every list that it is told of.
        subscribe(&kim, name).await;
        assert_eq!(said(&mut world, &kim).await, [], "{name}");
    }
    let told: BTreeSet<(String, bool)> = presences(&kim.fetch().await).into_iter().collect();
    assert_eq!(told.len(), table.len(), "it is told of all, and that they are not there");
}

#[tokio::test]
async fn who_leaves_the_last_list_is_no_contact_any_more() {
    use PresenceKind::{Subscribe, Subscribed, Unsubscribe, Unsubscribed};
    let (mut world, kim) = linked().await;
    for name in ["one", "two", "~PEP1.0_subscriptions", "~PEP1.0_privatelist"] {
        create(&kim, name, &["wv:ann@far.test"]).await;
    }
    create(&kim, "~PEP1.0_blocklist", &["wv:ann@far.test", "wv:bob@far.test"]).await;
    let ann = "ann@far.test".to_owned();
    assert_eq!(said(&mut world, &kim).await, [(Subscribe, ann.clone())]);
    world.arrives(presence("ann@far.test", Subscribe)).await;
    let user = UserAddress::parse("wv:ann@far.test");
    let yes = PresenceAuthUser { user, is_accepted: true, attributes: Default::default() };
    let is_asked = |one: &Primitive| matches!(one, Primitive::PresenceAuthRequest(_));
    while !kim.fetch().await.iter().any(is_asked) {
        tokio::task::yield_now().await;
    }
    assert!(is_ok(&kim.request(Primitive::PresenceAuthUser(yes)).await));
    assert_eq!(said(&mut world, &kim).await, [(Subscribed, ann.clone())]);
    remove(&kim, "one", "wv:ann@far.test").await;
    remove(&kim, "~PEP1.0_blocklist", "wv:ann@far.test").await;
    remove(&kim, "~PEP1.0_blocklist", "wv:bob@far.test").await;
    remove(&kim, "two", "wv:ann@far.test").await;
    assert_eq!(said(&mut world, &kim).await, [], "she is watched by the phone's own list");
    remove(&kim, "~PEP1.0_subscriptions", "wv:ann@far.test").await;
    assert_eq!(said(&mut world, &kim).await, [(Unsubscribe, ann.clone())]);
    let delete = DeleteListRequest { list: list("~PEP1.0_privatelist") };
    assert!(is_ok(&kim.request(Primitive::DeleteListRequest(delete)).await));
    let gone = said(&mut world, &kim).await;
    assert!(gone.contains(&(Unsubscribed, ann)), "{gone:?}");
    let own = world.services.own_address("kim").unwrap();
    assert_eq!(world.services.store.contacts(&own).await.unwrap(), []);
}

#[tokio::test]
async fn several_changes_that_wait_are_told_as_one() {
    let (world, kim) = linked().await;
    kim.subscribe(&["wv:ann@far.test", "wv:bob@far.test"]).await;
    for name in ["ann", "bob"] {
        let from = format!("{name}@far.test");
        world.arrives(presence(&from, PresenceKind::Subscribed)).await;
    }
    // The phone has begun to fetch what waits, and confirms nothing yet.
    assert_eq!(kim.poll().await.len(), 2);
    for resource in ["x", "y"] {
        for name in ["ann", "bob"] {
            let from = format!("{name}@far.test/{resource}");
            for kind in [PresenceKind::Available, PresenceKind::Unavailable] {
                world.arrives(presence(&from, kind)).await;
            }
            world.arrives(presence(&from, PresenceKind::Available)).await;
        }
    }
    let behind_all = Message::chat(jid("ann@far.test/x"), jid("kim@onesoup.test"), "m", "m");
    world.arrives(behind_all).await;
    let own = world.services.own_address("kim").unwrap();
    while world.services.store.mailbox_size(&own).await.unwrap().letters == 0 {
        tokio::task::yield_now().await;
    }
    let mut told = presences(&kim.fetch().await);
    told.sort();
    let online = |user: &str| (user.to_owned(), true);
    assert_eq!(told, [online("wv:ann@far.test"), online("wv:bob@far.test")]);
}

fn presence(from: &str, kind: PresenceKind) -> Presence {
    Presence::new(jid(from), jid("kim@onesoup.test"), kind)
}

/// Waits until all that arrived before is carried out: the answer to a probe comes behind it.
async fn carried_out(world: &mut World) {
    world.arrives(presence("ann@far.test", PresenceKind::Probe)).await;
    loop {
        if let Stanza::Presence(answer) = world.sent().await
            && answer.kind == PresenceKind::Unsubscribed
        {
            return;
        }
    }
}

#[tokio::test]
async fn a_device_in_the_shadow_of_another_wakes_nobody() {
    let (mut world, kim) = linked().await;
    kim.subscribe(&["wv:ann@far.test"]).await;
    world.arrives(presence("ann@far.test", PresenceKind::Subscribed)).await;
    let shows = |resource: &str, priority: i8, status: &str| Presence {
        priority,
        statuses: vec![status.into()],
        ..presence(&format!("ann@far.test/{resource}"), PresenceKind::Available)
    };
    world.arrives(shows("desk", 5, "here")).await;
    carried_out(&mut world).await;
    kim.fetch().await;
    world.was_called(&kim.session);
    world.arrives(shows("sofa", 0, "and here")).await;
    world.arrives(presence("ann@far.test/sofa", PresenceKind::Unavailable)).await;
    carried_out(&mut world).await;
    assert!(!world.was_called(&kim.session), "the desk speaks");
    world.arrives(shows("sofa", 9, "now here")).await;
    carried_out(&mut world).await;
    assert!(world.was_called(&kim.session), "the sofa speaks");
    assert_eq!(presences(&kim.fetch().await), [("wv:ann@far.test".to_owned(), true)]);
}

#[tokio::test]
async fn a_contact_on_a_second_list_is_told_again_with_all_that_is_known_of_it() {
    let (mut world, kim) = linked().await;
    create(&kim, "one", &["wv:ann@far.test"]).await;
    world.arrives(presence("ann@far.test", PresenceKind::Subscribed)).await;
    world.arrives(presence("ann@far.test/x", PresenceKind::Available)).await;
    carried_out(&mut world).await;
    create(&kim, "two", &[]).await;
    subscribe(&kim, "two").await;
    assert_eq!(kim.fetch().await.len(), 0, "nobody is on it");
    let members = NickList {
        members: vec![NickName { name: None, user: UserAddress::parse("wv:ann@far.test") }],
    };
    let add = ListManageRequest { add: members, ..ListManageRequest::read_list(list("two")) };
    assert!(is_ok(&kim.request(Primitive::ListManageRequest(add)).await));
    assert_eq!(presences(&kim.fetch().await), [("wv:ann@far.test".to_owned(), true)]);
}

#[tokio::test]
async fn what_is_confirmed_before_its_turn_is_not_told_again() {
    let (_world, kim) = linked().await;
    let users: Vec<String> = (0..9).map(|number| format!("wv:c{number}@far.test")).collect();
    kim.subscribe(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut told = Vec::new();
    let mut given = kim.poll().await;
    assert_eq!(given.len(), 3, "several at once");
    while !given.is_empty() {
        let mut next = Vec::new();
        for transaction in given.iter().rev() {
            next.extend(kim.confirm(transaction).await);
        }
        told.extend(presences(
            &given.into_iter().map(|it| it.content.unwrap()).collect::<Vec<_>>(),
        ));
        given = if next.is_empty() { kim.poll().await } else { next };
    }
    told.sort();
    assert_eq!(told, users.into_iter().map(|user| (user, false)).collect::<Vec<_>>());
}
