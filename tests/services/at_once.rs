//! Many things at once, and askers that go away in the middle.

use std::{collections::BTreeMap, future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use onesoup::{
    base::secret::Secret,
    csp::{
        address::UserAddress, envelope::Transaction, primitive::Primitive,
        public_profile::GetPublicProfileRequest, status::Code,
    },
    domain::account::AccountState,
    services::outbox::LinkEvent,
    xmpp::{
        iq::{Iq, IqKind, Query},
        stanza::Stanza,
    },
};
use tokio::{task::yield_now, time::timeout};

use crate::world::{PATIENCE, Phone, World, login, next_id, origin, text_to, try_login};

/// Drops an exchange after it was looked at so many times; false if it was done before.
async fn abandoned(phone: &Phone, transaction: Transaction, looks: usize) -> bool {
    let message = phone.message(transaction);
    let mut exchange = pin!(phone.services.exchange(message, origin()));
    let mut left = looks;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(true);
        }
        left -= 1;
        match exchange.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_phone_asked_is_carried_to_its_end_though_it_went_away() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    assert!(lee.texts().await.is_empty());
    for looks in 1..8 {
        let text = format!("looked {looks} times");
        let request = Transaction::request(next_id(), text_to(&["wv:lee"], &text));
        abandoned(&kim, request.clone(), looks).await;
        // The same once more, as a phone that got no answer does: it arrives, and once.
        kim.say(request).await;
        assert_eq!(lee.texts().await, [text]);
    }
    let world = world.crashed().await;
    let nothing: [&str; 0] = [];
    assert_eq!(world.login("lee", "phone-1").await.texts().await, nothing);
}

fn sent(answer: Primitive) {
    let Primitive::SendMessageResponse(response) = &answer else { panic!("{answer:?}") };
    assert_eq!(response.result.code, Code::OK, "{answer:?}");
}

async fn chatter(phone: Phone, others: Vec<String>, rounds: usize) -> (Phone, usize) {
    let mut came = 0;
    for round in 0..rounds {
        let other = &others[round % others.len()];
        match round % 5 {
            0 | 3 => sent(phone.send(other, &format!("{} {round}", phone.session)).await),
            1 => drop(phone.subscribe(&[other]).await),
            2 => {
                let users: Vec<&str> = others.iter().take(3).map(String::as_str).collect();
                let text = format!("{} all {round}", phone.session);
                sent(phone.request(text_to(&users, &text)).await);
            }
            _ => came += phone.texts().await.len(),
        }
    }
    (phone, came)
}

/// Everybody writes to, subscribes to and leaves everybody else, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_for_ever_and_every_message_arrives_once() {
    const PEOPLE: usize = 12;
    let world = World::new().await;
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("user{number}")).collect();
    for name in &names {
        world.account(name).await;
    }
    let mut tasks = Vec::new();
    for name in &names {
        let phone = world.login(name, "phone-1").await;
        let others: Vec<String> = names
            .iter()
            .filter(|other| *other != name)
            .map(|other| format!("wv:{other}"))
            .collect();
        let services = world.services.clone();
        let name = name.clone();
        tasks.push(tokio::spawn(async move {
            let (phone, mut came) = chatter(phone, others.clone(), 40).await;
            phone.logout().await;
            // Comes back under another name of the device, as after a reset.
            let again = login(&services, &name, "phone-2").await;
            let (phone, more) = chatter(again, others, 40).await;
            came += more;
            (name, phone, came)
        }));
    }
    let sweeper = {
        let services = world.services.clone();
        tokio::spawn(async move {
            loop {
                services.end_what_has_ended().await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let mut came = BTreeMap::new();
    let mut phones = Vec::new();
    for task in tasks {
        let (name, phone, count) =
            timeout(PATIENCE * 2, task).await.expect("nobody waits for ever").unwrap();
        came.insert(name, count);
        phones.push(phone);
    }
    sweeper.abort();
    let mut total: usize = came.values().sum();
    for phone in phones {
        total += phone.texts().await.len();
    }
    // Of five rounds two write to one, and one to three.
    assert_eq!(total, PEOPLE * 80 / 5 * (1 + 3 + 1));
}

/// Waits until so many more wait at the gate of an account.
async fn are_at<T>(cell: &Arc<T>, waiting: usize) {
    // One in the index, one of ours.
    while Arc::strong_count(cell) < 2 + waiting {
        yield_now().await;
    }
}

/// Logs kim in; returns how that ends.
async fn login_code(world: &World) -> Code {
    let Primitive::LoginResponse(answer) = try_login(&world.services, "kim", "phone-1").await
    else {
        panic!("no answer to a login")
    };
    answer.result.code
}

#[tokio::test]
async fn who_is_suspended_while_logging_in_is_not_let_in() {
    let world = World::new().await;
    let kim = world.account("kim").await;
    let cell = world.services.people.cell(&kim, world.clock.now());
    let gate = cell.gate.lock().await;
    let steps = async {
        are_at(&cell, 1).await;
        let login = login_code(&world);
        let release = async {
            are_at(&cell, 2).await;
            drop(gate);
        };
        tokio::join!(login, release).0
    };
    let suspension = world.services.set_state(&kim, AccountState::Suspended);
    let (suspended, code) = tokio::join!(suspension, steps);
    suspended.unwrap();
    assert_ne!(code, Code::OK);
    assert_eq!(world.services.store.person(&kim).await.unwrap().unwrap().sessions, []);
}

#[tokio::test]
async fn whose_password_changes_while_logging_in_is_not_let_in() {
    let world = World::new().await;
    let kim = world.account("kim").await;
    let cell = world.services.people.cell(&kim, world.clock.now());
    let gate = cell.gate.lock().await;
    let change = async {
        are_at(&cell, 1).await;
        world.services.set_password(&kim, &Secret::new("dog2"), false).await.unwrap();
        drop(gate);
    };
    let (code, ()) = tokio::join!(login_code(&world), change);
    assert_ne!(code, Code::OK);
}

/// Asks for the profile of somebody elsewhere; returns how that ends.
async fn ask_for_profile(kim: Phone, whom: &str) -> Code {
    let users = vec![UserAddress::parse(whom)];
    let request = Primitive::GetPublicProfileRequest(GetPublicProfileRequest { users });
    let Primitive::GetPublicProfileResponse(answer) = kim.request(request).await else { panic!() };
    answer.result.code
}

/// The next question for a profile, or message, on its way.
async fn next_said(world: &mut World) -> Stanza {
    loop {
        match world.sent().await {
            Stanza::Iq(iq) if matches!(iq.kind, IqKind::Get(Query::VCard(_))) => return iq.into(),
            Stanza::Message(message) => return message.into(),
            _ => {}
        }
    }
}

/// Has a question answered by nothing.
async fn answer(world: &World, question: Stanza) {
    let Stanza::Iq(Iq { from, to, id, .. }) = question else { panic!("{question:?}") };
    world.arrives(Iq { from: to, to: from, id, kind: IqKind::Result(None) }).await;
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_was_asked_for_a_profile() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    while !world.services.is_linked() {
        yield_now().await;
    }
    let kim = world.phone("kim").await;
    let ann = tokio::spawn(ask_for_profile(kim.clone(), "wv:ann@far.test"));
    let first = next_said(&mut world).await;
    let bob = tokio::spawn(ask_for_profile(kim.clone(), "wv:bob@far.test"));
    // Had it to wait, the question would be given up before.
    sent(kim.send("wv:ann@far.test", "meanwhile").await);
    let next = next_said(&mut world).await;
    assert!(matches!(next, Stanza::Message(_)), "one account asks one after the other");
    answer(&world, first).await;
    assert_eq!(ann.await.unwrap(), Code::OK);
    let second = next_said(&mut world).await;
    answer(&world, second).await;
    assert_eq!(bob.await.unwrap(), Code::OK);
}
