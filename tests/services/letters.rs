//! Letters: each to every phone that may have it, until one has it.

use std::time::Duration;

use onesoup::{
    csp::{
        delivery::MessageDelivered,
        envelope::Transaction,
        outcome::{Status, StatusResult},
        primitive::Primitive,
        status::Code,
    },
    xmpp::message::Message,
};

use crate::world::{World, jid, next_id, text_to, texts};

fn chat(to: &str, number: usize) -> Message {
    let (from, id) = (jid("ann@far.test/x"), format!("c{number}"));
    Message::chat(from, jid(to), &id, &format!("chat {number}"))
}

fn content(given: &[Transaction]) -> Vec<Primitive> {
    given.iter().map(|transaction| transaction.content.clone().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_letter_confirmed_twice_at_once_is_counted_once() {
    let world = World::new().await;
    let (ann, lee) = (world.phone("ann").await, world.phone("lee").await);
    for round in 0..30 {
        for part in 0..2 {
            let Primitive::SendMessageRequest(mut request) =
                text_to(&["wv:lee"], &format!("{round} {part}"))
            else {
                unreachable!()
            };
            request.wants_report = true;
            ann.request(Primitive::SendMessageRequest(request)).await;
        }
        let given = lee.poll().await;
        assert_eq!(given.len(), 2);
        // Keeps the place of the sender busy, so that the two confirmations get into each other.
        let busy = tokio::spawn({
            let ann = ann.clone();
            async move {
                for _ in 0..20 {
                    ann.poll().await;
                }
            }
        });
        let confirming: Vec<_> = (0..3)
            .map(|_| {
                let (lee, given) = (lee.clone(), given[0].clone());
                tokio::spawn(async move { lee.confirm(&given).await })
            })
            .collect();
        for task in confirming {
            task.await.unwrap();
        }
        busy.await.unwrap();
        world.clock.turn(Duration::from_secs(31));
        assert_eq!(lee.texts().await, [format!("{round} 1")], "the other still waits");
        world.clock.turn(Duration::from_secs(31));
        let reports = ann.fetch().await;
        assert_eq!(reports.len(), 2, "{reports:?}");
    }
}

#[tokio::test]
async fn what_one_phone_cannot_take_goes_to_another() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:lee", "hello").await;
    let cannot = Status { result: StatusResult::new(Code::UNSUPPORTED_MEDIA) };
    for _ in 0..7 {
        for given in lee.poll().await {
            lee.say(Transaction::response(given.id, Primitive::Status(cannot.clone()))).await;
        }
        world.clock.turn(Duration::from_secs(31));
    }
    assert!(lee.poll().await.is_empty(), "it was tried often enough");
    let other = world.login("lee", "phone-2").await;
    assert_eq!(other.texts().await, ["hello"]);
}

#[tokio::test]
async fn letters_for_a_silent_device_hold_up_nobody_else() {
    let mut world = World::new().await;
    let (lee, other) = (world.phone("lee").await, world.login("lee", "phone-2").await);
    let there = other_resource(&mut world, &other).await;
    for number in 0..150 {
        world.arrives(chat(&format!("lee@onesoup.test/{there}"), number)).await;
    }
    world.arrives(chat("lee@onesoup.test", 200)).await;
    assert_eq!(wait_for_texts(&lee, 1).await, ["chat 200"]);
    assert_eq!(wait_for_texts(&other, 150).await.len(), 150);
    assert!(lee.texts().await.is_empty());
}

#[tokio::test]
async fn only_the_device_that_a_letter_names_is_woken() {
    let mut world = World::new().await;
    let (lee, other) = (world.phone("lee").await, world.login("lee", "phone-2").await);
    let there = other_resource(&mut world, &other).await;
    lee.fetch().await;
    other.fetch().await;
    world.was_called(&lee.session);
    world.arrives(chat(&format!("lee@onesoup.test/{there}"), 1)).await;
    assert_eq!(wait_for_texts(&other, 1).await, ["chat 1"]);
    assert!(!world.was_called(&lee.session));
}

/// Returns the name of a phone's device, as a message of it shows.
async fn other_resource(world: &mut World, phone: &crate::world::Phone) -> String {
    phone.send("wv:ann@far.test", "from here").await;
    world.sent().await.from().resource().unwrap().to_owned()
}

async fn wait_for_texts(phone: &crate::world::Phone, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    let deadline = tokio::time::Instant::now() + crate::world::PATIENCE;
    while all.len() < count && tokio::time::Instant::now() < deadline {
        all.extend(phone.texts().await);
        tokio::task::yield_now().await;
    }
    all
}

#[tokio::test]
async fn a_letter_nobody_fetches_ends_one_day_also_from_one_of_ours() {
    let world = World::new().await;
    let (kim, _lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:lee", "hello").await;
    world.clock.turn(Duration::from_secs(91 * 86_400));
    world.services.end_what_has_ended().await;
    assert!(world.login("lee", "phone-1").await.texts().await.is_empty());
}

#[tokio::test]
async fn a_message_that_nobody_took_may_be_tried_again_at_once() {
    let world = World::new().await;
    let kim = world.account("kim").await;
    // A phone whose repetitions are known by what they say.
    let kim = crate::world::android(&world, &kim).await;
    kim.send("wv:nobody", "hello").await;
    world.account("nobody").await;
    kim.send("wv:nobody", "hello").await;
    assert_eq!(world.login("nobody", "phone-1").await.texts().await, ["hello"]);
}

#[tokio::test]
async fn a_message_delivered_as_a_request_counts() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:lee", "hello").await;
    let given = lee.poll().await;
    assert_eq!(texts(&content(&given)), ["hello"]);
    let Ok(Primitive::NewMessage(message)) = &given[0].content else { panic!("{given:?}") };
    let message_id = message.letter.info.message_id.clone().unwrap();
    let said = Primitive::MessageDelivered(MessageDelivered { message_id });
    lee.say(Transaction::request(next_id(), said)).await;
    world.clock.turn(Duration::from_secs(31));
    assert!(lee.poll().await.is_empty());
}

#[tokio::test]
async fn what_the_link_has_read_when_it_stops_is_kept() {
    let mut world = World::new().await;
    world.account("lee").await;
    for number in 0..500 {
        world.arrives(chat("lee@onesoup.test", number)).await;
    }
    world.link_stops().await;
    let world = world.crashed().await;
    assert_eq!(world.login("lee", "phone-1").await.texts().await.len(), 500);
}
