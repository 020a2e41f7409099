//! Aliases: made once, kept for ever, each account's own.

use std::slice::from_ref;

use onesoup::{
    csp::{
        presence_access::{GetAttributeListRequest, Watcher},
        primitive::Primitive,
        search::{SearchElement, SearchPair, SearchRequest},
        status::Code,
    },
    domain::{
        address::Address,
        contact::{Grant, Scope},
    },
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{message::Message, stanza::Stanza},
};

use crate::world::{Phone, World, android, jid};

const ODD: &str = "joe+work@far.test";

async fn writes(world: &World, from: &str, to: &str) {
    world.arrives(Message::chat(jid(from), jid(to), "m", "hello")).await;
}

/// The sender of the next message.
async fn sender(phone: &Phone) -> String {
    loop {
        for one in phone.fetch().await {
            let Primitive::NewMessage(message) = one else { continue };
            let Some(onesoup::csp::message::Sender::User(user)) = message.letter.info.sender else {
                panic!("a user")
            };
            return user.as_written().to_owned();
        }
        tokio::task::yield_now().await;
    }
}

/// Who gets what a phone sends to an address.
async fn reached(world: &mut World, phone: &Phone, to: &str) -> String {
    phone.send(to, "answer").await;
    loop {
        if let Stanza::Message(message) = world.sent().await {
            return message.to.as_str().to_owned();
        }
    }
}

#[tokio::test]
async fn an_alias_is_kept_over_a_crash_and_means_the_same_in_another_session() {
    let world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    for from in [ODD, "joe/work@far.test", "joe.work@far.test", "joe+work@far.test/phone"] {
        // A name with a slash cannot be written to anybody: it is a resource.
        writes(&world, from, "kim@onesoup.test").await;
    }
    let first = sender(&kim).await;
    assert_eq!(first, "wv:joe-work~@onesoup.test");
    let mut world = world.crashed().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.login("kim", "another-phone").await;
    writes(&world, ODD, "kim@onesoup.test").await;
    assert_eq!(sender(&kim).await, first);
    for form in ["joe-work~", "wv:JOE-work~", "wv:joe-work%7E@OneSoup.test"] {
        assert_eq!(reached(&mut world, &kim, form).await, ODD, "{form}");
    }
}

#[tokio::test]
async fn two_that_read_alike_have_two_aliases() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    let mut aliases = Vec::new();
    for from in [ODD, "joe+work@near.test", "joe\\3awork@far.test"] {
        writes(&world, from, "kim@onesoup.test").await;
        let alias = sender(&kim).await;
        assert_eq!(reached(&mut world, &kim, &alias).await, from);
        aliases.push(alias);
    }
    let expected = ["joe-work~", "joe-work~2", "joe-work~3"];
    assert_eq!(aliases, expected.map(|name| format!("wv:{name}@onesoup.test")));
}

#[tokio::test]
async fn an_alias_is_nobodys_account_and_means_nothing_to_another() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    writes(&world, ODD, "kim@onesoup.test").await;
    let alias = sender(&kim).await;
    assert!(world.services.own_address(&alias).is_err(), "nobody can have that name");
    let Primitive::SendMessageResponse(answer) = lee.send(&alias, "hi").await else { panic!() };
    assert_eq!(answer.result.code, Code::UNKNOWN_USER);
    // Nor does the network know it.
    writes(&world, "ann@far.test", "joe-work~@onesoup.test").await;
    loop {
        if let Stanza::Message(refused) = world.sent().await
            && refused.to.as_str() == "ann@far.test"
        {
            assert!(refused.error.is_some());
            break;
        }
    }
}

#[tokio::test]
async fn a_phone_that_holds_any_address_is_told_it_in_full() {
    let world = World::new().await;
    let account = world.account("kim").await;
    let kim = android(&world, &account).await;
    writes(&world, ODD, "kim@onesoup.test").await;
    assert_eq!(sender(&kim).await, format!("wv:{ODD}"));
}

#[tokio::test]
async fn who_comes_when_there_are_too_many_aliases_is_written_in_full() {
    let world = World::new().await;
    let account = world.account("kim").await;
    let alias = |number: usize| Write::PutAlias {
        account: account.clone(),
        alias: format!("flood~{number}").into(),
        address: Address::canonical(format!("flood+{number}@far.test")),
    };
    world.services.store.commit((0..1000).map(alias).collect()).await.unwrap();
    let kim = world.login("kim", "phone-1").await;
    writes(&world, "flood+7@far.test", "kim@onesoup.test").await;
    assert_eq!(sender(&kim).await, "wv:flood~7@onesoup.test");
    writes(&world, ODD, "kim@onesoup.test").await;
    assert_eq!(sender(&kim).await, format!("wv:{ODD}"));
}

#[tokio::test]
async fn who_has_an_alias_is_found_by_it() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    writes(&world, ODD, "kim@onesoup.test").await;
    let alias = sender(&kim).await;
    let found = async |phone: &Phone, text: &str| {
        let pair = SearchPair { element: SearchElement::UserId, text: text.into() };
        let search = SearchRequest::First { pairs: vec![pair], limit: None };
        let answer = phone.request(Primitive::SearchRequest(search)).await;
        let Primitive::SearchResponse(response) = answer else { panic!("{answer:?}") };
        response.users.iter().map(|user| user.as_written().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&kim, &alias).await, from_ref(&alias));
    assert_eq!(found(&kim, "joe-work~").await, from_ref(&alias));
    assert!(found(&kim, "joe-work~9").await.is_empty());
    assert_eq!(found(&kim, "lee").await, ["wv:lee@onesoup.test"]);
    assert!(found(&lee, &alias).await.is_empty(), "another's alias is nobody");
}

#[tokio::test]
async fn those_who_are_granted_something_are_named_by_aliases_made_at_once() {
    let world = World::new().await;
    let account = world.account("kim").await;
    let grant = |number: usize| {
        let contact = Address::canonical(format!("odd+{number}@far.test"));
        let grant = Grant { scope: Scope::Contact(contact), attributes: vec!["Alias".into()] };
        Write::PutGrant { account: account.clone(), grant }
    };
    world.services.store.commit((0..30).map(grant).collect()).await.unwrap();
    let kim = world.login("kim", "phone-1").await;
    let named = async || {
        let request = GetAttributeListRequest::default();
        let answer = kim.request(Primitive::GetAttributeListRequest(request)).await;
        let Primitive::GetAttributeListResponse(response) = answer else { panic!("{answer:?}") };
        let user = |watcher: &Watcher| match watcher {
            Watcher::User(user) => user.as_written().to_owned(),
            Watcher::List(list) => panic!("{list:?}"),
        };
        response.lists.iter().map(|list| user(&list.watcher)).collect::<Vec<_>>()
    };
    let first = named().await;
    assert_eq!(first.len(), 30);
    assert!(first.iter().all(|user| user.contains('~') && user.ends_with("@onesoup.test")));
    let before = world.services.store.statements();
    assert_eq!(named().await, first);
    let again = world.services.store.statements() - before;
    assert!(again < 12, "{again} statements for thirty");
}
