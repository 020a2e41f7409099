//! What was answered 200 arrives, once, whatever is killed meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onesoup::csp::primitive::Primitive;
use onesoup::phone::error::PhoneError;
use onesoup::phone::event::Event;
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;
use rand::RngExt;
use tokio::time::{Instant, sleep};
use tokio_xmpp::Stanza;

use crate::support::lab::Lab;
use crate::support::phones::{PASSWORD, expect_message, settings, started};
use crate::support::server::Server;
use crate::support::xmpp::{XmppClient, body};

/// Kills in one test; `ONESOUP_KILLS` for more.
fn kills() -> usize {
    std::env::var("ONESOUP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// A phone that sends one numbered message after the other, and takes what comes.
struct Chatterer {
    phone: Phone,
    partner: &'static str,
    next: usize,
    answered: BTreeSet<usize>,
    /// How often each message arrived here, by its text.
    arrived: BTreeMap<String, usize>,
}

impl Chatterer {
    async fn new(server: &Server, user: &str, partner: &'static str) -> Self {
        server.add_account(user, PASSWORD);
        // A phone that polls on its own: what is tested is not the wake-up.
        let poll = Some(Duration::from_millis(50));
        let usual = settings(server, Habits::S60, user);
        let phone = started(PhoneSettings { cir: None, poll, ..usual }).await;
        Self { phone, partner, next: 0, answered: BTreeSet::new(), arrived: BTreeMap::new() }
    }

    /// Sends the next message until it is answered, as a phone does: the same octets again.
    async fn send(&mut self) {
        let request = self.phone.message_to(self.partner, &format!("phone {}", self.next));
        let mut answer = self.phone.request(Primitive::SendMessageRequest(request)).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = answer {
            assert!(is_of_the_network(&error), "{error}");
            assert!(Instant::now() < deadline, "the server does not come back: {error}");
            // The pause of a phone between two attempts, not a wait for the server.
            sleep(Duration::from_millis(20)).await;
            answer = self.phone.resend_last().await;
        }
        let Ok(Primitive::SendMessageResponse(response)) = answer else {
            panic!("answered {answer:?}");
        };
        assert!(response.result.code.is_success(), "{response:?}");
        self.answered.insert(self.next);
        self.next += 1;
    }

    /// Takes what waits.
    async fn take(&mut self) {
        if let Err(error) = self.phone.poll().await {
            assert!(is_of_the_network(&error), "{error}");
        }
        while let Some(event) = self.phone.take_event() {
            if let Event::Message { text, .. } = event {
                *self.arrived.entry(text.to_string()).or_default() += 1;
            }
        }
    }

    fn assert_no_double(&self) {
        let double: Vec<_> = self.arrived.iter().filter(|(_, count)| **count > 1).collect();
        assert!(double.is_empty(), "arrived more than once: {double:?}");
    }
}

fn is_of_the_network(error: &PhoneError) -> bool {
    matches!(
        error,
        PhoneError::Unreachable { .. }
            | PhoneError::Broken { .. }
            | PhoneError::Timeout { .. }
            | PhoneError::NoAnswer(_)
    )
}

/// Chats until the time is up.
async fn chat(phone: &mut Chatterer, other: &mut Chatterer, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        phone.send().await;
        other.send().await;
        phone.take().await;
        other.take().await;
    }
}

fn moment() -> Duration {
    Duration::from_millis(rand::rng().random_range(20..400))
}

#[tokio::test]
async fn phones_lose_nothing_and_get_nothing_twice_when_the_service_is_killed() {
    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    let mut kim = Chatterer::new(&server, "kim", "wv:lee").await;
    let mut lee = Chatterer::new(&server, "lee", "wv:kim").await;
    for _ in 0..kills() {
        chat(&mut kim, &mut lee, moment()).await;
        server.kill();
        server.run();
    }
    server.wait_until_ready();
    settle(&mut kim, &mut lee).await;
}

#[tokio::test]
async fn the_service_is_killed_while_requests_are_under_way() {
    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    let mut kim = Chatterer::new(&server, "kim", "wv:lee").await;
    let mut lee = Chatterer::new(&server, "lee", "wv:kim").await;
    for _ in 0..kills() {
        let killing = async {
            sleep(moment()).await;
            server.kill();
            server.run();
        };
        tokio::join!(chat(&mut kim, &mut lee, Duration::from_millis(500)), killing);
    }
    server.wait_until_ready();
    settle(&mut kim, &mut lee).await;
}

/// Waits until all that was answered has arrived, and checks that it did so once.
async fn settle(kim: &mut Chatterer, lee: &mut Chatterer) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while (kim.arrived.len(), lee.arrived.len()) != (lee.answered.len(), kim.answered.len()) {
        assert!(
            Instant::now() < deadline,
            "kim sent {} and got {}, lee sent {} and got {}",
            kim.answered.len(),
            kim.arrived.len(),
            lee.answered.len(),
            lee.arrived.len()
        );
        kim.take().await;
        lee.take().await;
    }
    kim.assert_no_double();
    lee.assert_no_double();
    println!("{} and {} messages, {} kills", kim.next, lee.next, kills());
}

/// A contact who writes numbered messages and notes what arrives.
struct Contact {
    client: XmppClient,
    sent: usize,
    arrived: BTreeMap<String, usize>,
    refused: usize,
}

impl Contact {
    async fn exchange(&mut self) {
        let text = format!("contact {}", self.sent);
        self.client.send_chat("kim@onesoup.test", &text, &format!("c{}", self.sent), false).await;
        self.sent += 1;
        self.take();
    }

    fn take(&mut self) {
        use tokio_xmpp::parsers::message::MessageType;
        let mut pick = |stanza: &Stanza| match stanza {
            Stanza::Message(message) if message.type_ == MessageType::Error => Some(None),
            Stanza::Message(message) => Some(Some(body(message).to_owned())),
            _ => None,
        };
        while let Some(message) = self.client.seen(&mut pick) {
            match message {
                Some(text) => *self.arrived.entry(text).or_default() += 1,
                None => self.refused += 1,
            }
        }
    }
}

/// A phone and a contact who have begun to write to each other.
async fn writing(lab: &Lab, server: &Server) -> (Chatterer, Contact) {
    let kim = Chatterer::new(server, "kim", "wv:alice@xmpp.test").await;
    let client = XmppClient::login(lab, "alice@xmpp.test", "pw-alice").await;
    (kim, Contact { client, sent: 0, arrived: BTreeMap::new(), refused: 0 })
}

/// Both write until the time is up.
async fn write(kim: &mut Chatterer, alice: &mut Contact, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        kim.send().await;
        alice.exchange().await;
        kim.take().await;
    }
}

#[tokio::test]
async fn a_contact_gets_all_that_was_answered_when_the_service_is_killed() {
    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    let (mut kim, mut alice) = writing(&lab, &server).await;
    for _ in 0..kills() {
        write(&mut kim, &mut alice, moment()).await;
        server.kill();
        server.run();
        server.wait_until_ready();
    }
    finish(&mut kim, &mut alice).await;
}

#[tokio::test]
async fn a_contact_gets_all_that_was_answered_when_ejabberd_is_killed() {
    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    let (mut kim, mut alice) = writing(&lab, &server).await;
    for _ in 0..kills() {
        write(&mut kim, &mut alice, moment()).await;
        lab.kill_ejabberd();
        // The phone goes on meanwhile: it notices nothing.
        for _ in 0..5 {
            kim.send().await;
        }
        lab.start_ejabberd();
        alice.client.expect_reconnect().await;
        alice.client.set_presence(None, None).await;
        server.wait_until_ready();
    }
    finish(&mut kim, &mut alice).await;
}

/// Waits for all that was answered, and counts what the contact sent in vain.
async fn finish(kim: &mut Chatterer, alice: &mut Contact) {
    // All that was on the way is before this.
    let last = kim.next;
    kim.send().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while !alice.arrived.contains_key(&format!("phone {last}")) {
        assert!(Instant::now() < deadline, "the last message does not arrive");
        alice.client.sync().await;
        alice.take();
    }
    let missing: Vec<usize> = kim
        .answered
        .iter()
        .copied()
        .filter(|number| !alice.arrived.contains_key(&format!("phone {number}")))
        .collect();
    assert!(missing.is_empty(), "answered 200 and never arrived: {missing:?}");
    let text = "contact last";
    alice.client.send_chat("kim@onesoup.test", text, "last", true).await;
    while !kim.arrived.contains_key(text) {
        assert!(Instant::now() < deadline, "the contact's last message does not arrive");
        kim.take().await;
    }
    kim.assert_no_double();
    let unread = alice.sent + 1 - kim.arrived.len() - alice.refused.min(alice.sent);
    let again = alice.arrived.values().filter(|count| **count > 1).count();
    println!(
        "{} from the phone, all arrived, {again} of them again after a lost fence; {} from the \
         contact: {} arrived once, {} refused, {unread} not read from the socket; {} kills",
        kim.next,
        alice.sent,
        kim.arrived.len() - 1,
        alice.refused,
        kills()
    );
}

#[tokio::test]
async fn a_session_lives_through_a_restart_and_a_change_of_address() {
    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    let mut kim = Chatterer::new(&server, "kim", "wv:kim").await;
    let session = kim.phone.session_id().map(str::to_owned);
    server.stop();
    server.run();
    server.wait_until_ready();
    kim.send().await;
    assert_eq!(expect_message(&mut kim.phone).await.1, "phone 0");
    assert_eq!(kim.phone.session_id().map(str::to_owned), session);
}
