//! Who sees whom: nothing is missed, nobody stays online who is not there.

use std::time::Duration;

use onesoup::{
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{CreateListRequest, NickList, NickName},
        presence::{SubscribePresenceRequest, UpdatePresenceRequest},
        presence_access::PresenceAuthUser,
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    services::outbox::LinkEvent,
    xmpp::presence::{Presence, PresenceKind},
};

use crate::world::{Phone, World, jid, presences};

fn presence(from: &str, to: &str, kind: PresenceKind) -> Presence {
    Presence::new(jid(from), jid(to), kind)
}

async fn settled(world: &World, phone: &Phone, wanted: &str, is_online: bool) {
    let deadline = tokio::time::Instant::now() + crate::world::PATIENCE;
    loop {
        if phone.presences().await.contains(&(wanted.to_owned(), is_online)) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{wanted} is not told as {is_online}");
        world.services.end_what_has_ended().await;
        tokio::task::yield_now().await;
    }
}

/// A phone that sees ann of elsewhere, who is there.
async fn with_ann(world: &mut World) -> Phone {
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    kim.subscribe(&["wv:ann@far.test"]).await;
    let to = "kim@onesoup.test";
    world.arrives(presence("ann@far.test", to, PresenceKind::Subscribed)).await;
    world.arrives(presence("ann@far.test/x", to, PresenceKind::Available)).await;
    settled(world, &kim, "wv:ann@far.test", true).await;
    kim
}

fn list_of(name: &str, users: &[&str]) -> CreateListRequest {
    let member = |user: &&str| NickName { name: None, user: UserAddress::parse(user) };
    CreateListRequest {
        list: ListAddress::parse(&format!("wv:kim/{name}")),
        members: NickList { members: users.iter().map(member).collect() },
        properties: Default::default(),
    }
}

#[tokio::test]
async fn what_is_watched_while_something_is_under_way_is_told_too() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    for (name, user) in [("one", "wv:ann@far.test"), ("two", "wv:bob@far.test")] {
        kim.request(Primitive::CreateListRequest(list_of(name, &[user]))).await;
    }
    let watch = async |name: &str| {
        let lists = vec![ListAddress::parse(&format!("wv:kim/{name}"))];
        let request = SubscribePresenceRequest {
            lists,
            users: Vec::new(),
            attributes: None,
            auto_subscribe: None,
        };
        kim.request(Primitive::SubscribePresenceRequest(request)).await;
    };
    watch("two").await;
    let under_way = kim.poll().await;
    assert_eq!(under_way.len(), 1);
    watch("one").await;
    let mut told: Vec<Primitive> = Vec::new();
    for given in kim.confirm(&under_way[0]).await {
        kim.confirm(&given).await;
        told.push(given.content.unwrap());
    }
    told.extend(kim.fetch().await);
    let told = presences(&told);
    assert!(told.iter().any(|(who, _)| who == "wv:ann@far.test"), "{told:?}");
}

#[tokio::test]
async fn only_who_watches_is_woken() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    let other = world.login("kim", "phone-2").await;
    other.fetch().await;
    world.was_called("");
    world.arrives(presence("ann@far.test/x", "kim@onesoup.test", PresenceKind::Unavailable)).await;
    settled(&world, &kim, "wv:ann@far.test", false).await;
    assert!(!world.was_called(&other.session));
}

async fn question(phone: &Phone) -> bool {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    loop {
        let came = phone.fetch().await;
        if came.iter().any(|one| matches!(one, Primitive::PresenceAuthRequest(_))) {
            return true;
        }
        if tokio::time::Instant::now() >= deadline {
            return false;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_was_denied_may_ask_again_in_the_same_session() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    let ask = || presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe);
    world.arrives(ask()).await;
    assert!(question(&kim).await);
    let user = UserAddress::parse("wv:ann@far.test");
    let attributes = Default::default();
    let no = PresenceAuthUser { user, is_accepted: false, attributes };
    kim.request(Primitive::PresenceAuthUser(no)).await;
    world.arrives(ask()).await;
    assert!(question(&kim).await);
}

#[tokio::test]
async fn a_question_that_was_lost_on_the_way_is_put_again() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    while kim.poll().await.is_empty() {
        tokio::task::yield_now().await;
    }
    world.clock.turn(Duration::from_secs(31));
    assert!(question(&kim).await);
    assert!(presences(&kim.fetch().await).is_empty());
}

/// Waits until somebody is probed.
async fn probed(world: &mut World) {
    while !matches!(world.sent().await, onesoup::xmpp::stanza::Stanza::Presence(one)
        if one.kind == PresenceKind::Probe)
    {}
}

#[tokio::test]
async fn who_left_while_the_link_was_away_and_whose_server_is_silent_is_offline() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    let status = vec!["from y".into()];
    let kind = PresenceKind::Available;
    let louder = Presence {
        priority: 1,
        statuses: status,
        ..presence("ann@far.test/y", "kim@onesoup.test", kind)
    };
    world.arrives(louder).await;
    settled(&world, &kim, "wv:ann@far.test", true).await;
    world.events.send(LinkEvent::Down).await.unwrap();
    world.events.send(LinkEvent::Up).await.unwrap();
    probed(&mut world).await;
    // One of the two devices answers, and the other is gone.
    world.arrives(presence("ann@far.test/y", "kim@onesoup.test", PresenceKind::Available)).await;
    world.arrives(chat_marker()).await;
    while kim.texts().await.is_empty() {
        tokio::task::yield_now().await;
    }
    world.clock.turn(Duration::from_secs(46));
    world.services.end_what_has_ended().await;
    let ann = onesoup::domain::address::Address::of("ann", "far.test");
    let own = world.services.own_address("kim").unwrap();
    let rows = world.services.store.contact_presences(&own, &ann).await.unwrap();
    let online: Vec<&str> =
        rows.iter().filter(|row| row.presence.is_online).map(|row| &*row.resource).collect();
    assert_eq!(online, ["y"]);
    // The next time neither answers.
    world.events.send(LinkEvent::Down).await.unwrap();
    world.events.send(LinkEvent::Up).await.unwrap();
    probed(&mut world).await;
    kim.fetch().await;
    world.clock.turn(Duration::from_secs(46));
    settled(&world, &kim, "wv:ann@far.test", false).await;
}

/// What comes behind a presence, to know that it was carried out.
fn chat_marker() -> onesoup::xmpp::message::Message {
    onesoup::xmpp::message::Message::chat(jid("ann@far.test/y"), jid("kim@onesoup.test"), "m", "m")
}

#[tokio::test]
async fn a_stop_is_told_to_the_world_and_not_among_ourselves() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    assert!(question(&kim).await);
    let user = UserAddress::parse("wv:ann@far.test");
    let yes = PresenceAuthUser { user, is_accepted: true, attributes: Default::default() };
    kim.request(Primitive::PresenceAuthUser(yes)).await;
    while world.link.try_recv().is_ok() {}
    world.services.hide_everybody().await;
    let onesoup::xmpp::stanza::Stanza::Presence(gone) = world.sent().await else { panic!() };
    assert_eq!((gone.kind, gone.to.as_str()), (PresenceKind::Unavailable, "ann@far.test"));
}

#[tokio::test]
async fn a_contact_shows_so_many_devices_and_no_more() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    for number in 0..100 {
        let from = format!("ann@far.test/flood{number}");
        world.arrives(presence(&from, "kim@onesoup.test", PresenceKind::Available)).await;
    }
    world.arrives(chat_marker()).await;
    while kim.texts().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let ann = onesoup::domain::address::Address::of("ann", "far.test");
    let own = world.services.own_address("kim").unwrap();
    let rows = world.services.store.contact_presences(&own, &ann).await.unwrap();
    assert!(rows.len() <= 18, "{}", rows.len());
}

#[tokio::test]
async fn contacts_of_a_removed_account_are_told_and_its_name_starts_anew() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    let lee = world.phone("lee").await;
    lee.subscribe(&["wv:kim"]).await;
    assert!(question(&kim).await);
    let user = UserAddress::parse("wv:lee");
    let yes = PresenceAuthUser { user, is_accepted: true, attributes: Default::default() };
    kim.request(Primitive::PresenceAuthUser(yes)).await;
    settled(&world, &lee, "wv:kim@onesoup.test", true).await;
    while world.link.try_recv().is_ok() {}
    let other = world.as_another_process().await;
    world.clock.turn(Duration::from_secs(1));
    other.remove(&other.own_address("kim").unwrap()).await.unwrap();
    world.clock.turn(Duration::from_secs(1));
    other
        .create(&other.own_address("kim").unwrap(), &onesoup::base::secret::Secret::new("cat1"))
        .await
        .unwrap();
    world.services.end_what_has_ended().await;
    settled(&world, &lee, "wv:kim@onesoup.test", false).await;
    assert!(!world.services.is_session(&kim.session).await);
    loop {
        let onesoup::xmpp::stanza::Stanza::Presence(told) = world.sent().await else { continue };
        if told.kind == PresenceKind::Unsubscribe && told.to.as_str() == "ann@far.test" {
            break;
        }
    }
    assert!(world.login("kim", "phone-1").await.texts().await.is_empty());
}

#[tokio::test]
async fn who_is_blocked_neither_asks_nor_sees() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    assert!(question(&kim).await);
    let user = UserAddress::parse("wv:ann@far.test");
    let yes = PresenceAuthUser { user, is_accepted: true, attributes: Default::default() };
    kim.request(Primitive::PresenceAuthUser(yes)).await;
    while world.link.try_recv().is_ok() {}
    kim.block(&["wv:ann@far.test", "wv:pest@far.test"], &[]).await;
    let onesoup::xmpp::stanza::Stanza::Presence(gone) = world.sent().await else { panic!() };
    assert_eq!((gone.kind, gone.to.as_str()), (PresenceKind::Unavailable, "ann@far.test"));
    world.arrives(presence("pest@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    world.arrives(presence("bob@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    let mut asked = Vec::new();
    while asked.is_empty() {
        for one in kim.fetch().await {
            let Primitive::PresenceAuthRequest(one) = one else { continue };
            asked.push(one.user.as_written().to_owned());
        }
    }
    assert_eq!(asked, ["wv:bob@far.test"]);
}

#[tokio::test]
async fn who_is_blocked_is_seen_to_go_and_nothing_else_until_let_in_again() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    let to = "kim@onesoup.test";
    kim.block(&["wv:ann@far.test"], &[]).await;
    world.arrives(presence("ann@far.test/x", to, PresenceKind::Unavailable)).await;
    settled(&world, &kim, "wv:ann@far.test", false).await;
    world.arrives(presence("ann@far.test/x", to, PresenceKind::Available)).await;
    world.arrives(presence("bob@far.test", to, PresenceKind::Subscribe)).await;
    assert!(question(&kim).await);
    let ann = onesoup::domain::address::Address::of("ann", "far.test");
    let own = world.services.own_address("kim").unwrap();
    let rows = world.services.store.contact_presences(&own, &ann).await.unwrap();
    assert!(rows.iter().all(|row| !row.presence.is_online), "{rows:?}");
    while world.link.try_recv().is_ok() {}
    kim.block(&[], &["wv:ann@far.test"]).await;
    probed(&mut world).await;
    world.arrives(presence("ann@far.test/x", to, PresenceKind::Available)).await;
    settled(&world, &kim, "wv:ann@far.test", true).await;
}

async fn name(phone: &Phone, name: &str) {
    let mut attributes = PresenceSubList::default();
    attributes.set(Attribute::Alias(Qualified::known(name.into())));
    let request = UpdatePresenceRequest { attributes };
    phone.request(Primitive::UpdatePresenceRequest(request)).await;
}

#[tokio::test]
async fn what_a_user_changes_by_one_phone_the_other_shows_too() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    let other = world.login("kim", "phone-2").await;
    lee.subscribe(&["wv:kim"]).await;
    assert!(question(&kim).await);
    let user = UserAddress::parse("wv:lee");
    let yes = PresenceAuthUser { user, is_accepted: true, attributes: Default::default() };
    kim.request(Primitive::PresenceAuthUser(yes)).await;
    settled(&world, &lee, "wv:kim@onesoup.test", true).await;
    let [kim_s, lee_s] = ["kim", "lee"].map(|name| world.services.own_address(name).unwrap());
    for (phone, word) in [(&kim, "Kim"), (&other, "Kimmo")] {
        name(phone, word).await;
        let rows = world.services.store.contact_presences(&lee_s, &kim_s).await.unwrap();
        let online = rows.iter().filter(|row| row.presence.is_online);
        let names: Vec<_> = online.map(|row| row.presence.alias()).collect();
        assert_eq!(names, [Some(word), Some(word)]);
    }
}

#[tokio::test]
async fn a_question_to_who_cannot_be_reached_is_put_again_at_the_next_login() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    kim.subscribe(&["wv:ann@far.test"]).await;
    let mut asked = 0;
    while asked < 2 {
        let onesoup::xmpp::stanza::Stanza::Presence(one) = world.sent().await else { continue };
        if one.kind != PresenceKind::Subscribe {
            continue;
        }
        asked += 1;
        world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Error)).await;
        let marker = onesoup::xmpp::message::Message::chat(
            jid("ann@far.test/y"),
            jid("kim@onesoup.test"),
            "m",
            "m",
        );
        world.arrives(marker).await;
        while kim.texts().await.is_empty() {
            tokio::task::yield_now().await;
        }
        kim.subscribe(&["wv:ann@far.test"]).await;
    }
}

#[tokio::test]
async fn who_polls_seldom_is_asked_once() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    world.arrives(presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe)).await;
    assert!(question(&kim).await);
    world.clock.turn(Duration::from_secs(15 * 60));
    world.services.end_what_has_ended().await;
    let came = kim.fetch().await;
    assert!(!came.iter().any(|one| matches!(one, Primitive::PresenceAuthRequest(_))), "{came:?}");
}

fn publishes(attribute: Attribute) -> Primitive {
    let attributes = PresenceSubList::from_iter([attribute]);
    Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes })
}

#[tokio::test]
async fn a_phone_of_ours_is_woken_by_what_it_would_draw_otherwise_only() {
    let mut world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    let attributes = Some(AttributeSet { kinds: vec![AttributeKind::OnlineStatus] });
    let users = vec![UserAddress::parse("wv:kim")];
    let watch = SubscribePresenceRequest { users, attributes, ..Default::default() };
    lee.request(Primitive::SubscribePresenceRequest(watch)).await;
    let (user, attributes) = (UserAddress::parse("wv:lee"), AttributeSet::default());
    let answer = PresenceAuthUser { user, is_accepted: true, attributes };
    kim.request(Primitive::PresenceAuthUser(answer)).await;
    settled(&world, &lee, "wv:kim@onesoup.test", true).await;
    lee.fetch().await;
    world.was_called("");
    let text = Attribute::StatusText(Qualified::known("soup".into()));
    kim.request(publishes(text)).await;
    assert!(!world.was_called(&lee.session), "it does not show the text");
    kim.logout().await;
    assert!(world.was_called(&lee.session));
    settled(&world, &lee, "wv:kim@onesoup.test", false).await;
}

#[tokio::test]
async fn a_fact_that_no_presence_tells_is_not_told_by_one() {
    let mut world = World::new().await;
    let kim = with_ann(&mut world).await;
    let ask = presence("ann@far.test", "kim@onesoup.test", PresenceKind::Subscribe);
    world.arrives(ask).await;
    assert!(question(&kim).await);
    let (user, attributes) = (UserAddress::parse("wv:ann@far.test"), AttributeSet::default());
    let answer = PresenceAuthUser { user, is_accepted: true, attributes };
    kim.request(Primitive::PresenceAuthUser(answer)).await;
    let mut shown = async |attribute: Attribute| {
        while world.link.try_recv().is_ok() {}
        kim.request(publishes(attribute)).await;
        let mut shown = 0;
        while let Ok(sent) = world.link.try_recv() {
            shown += usize::from(sent.wire.as_str().starts_with("<presence"));
        }
        shown
    };
    assert_eq!(shown(Attribute::StatusText(Qualified::known("soup".into()))).await, 1);
    assert_eq!(shown(Attribute::StatusMood(Qualified::known("HAPPY".into()))).await, 0);
    assert_eq!(shown(Attribute::Alias(Qualified::known("Kim".into()))).await, 1);
}
