//! The operator looks at accounts and changes contacts while the service runs.

use onesoup::phone::event::{Event, Mood};
use serde_json::Value;
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{PASSWORD, PATIENCE, android, expect, expect_presence, s60};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::XmppClient;

/// Runs a command; returns whether it went well, and all that it said.
fn run(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = server.command(arguments).output().expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Runs a command that must go well; returns what it said.
fn told(server: &Server, arguments: &[&str]) -> String {
    let (is_well, said) = run(server, arguments);
    assert!(is_well, "{arguments:?}: {said}");
    said
}

async fn asked(phone: &mut onesoup::phone::session::Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_contact_that_the_operator_adds_is_asked_and_seen_on_the_phone() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = android(server, "ottilie").await;
    let mut contact = XmppClient::login(lab, "ann@far.test/added", "pw-ann").await;
    contact.reach("onesoup.test").await;
    let said = told(server, &["roster", "add", "ottilie", "ann@far.test", "--name", "Ann"]);
    assert!(said.contains("is on the list \"Friends\"") && said.contains("is asked"), "{said}");
    contact.expect_presence(Type::Subscribe, "ottilie@onesoup.test").await;
    contact.approve("ottilie@onesoup.test").await;
    expect_presence(&mut phone, "ann", |seen| seen.mood == Mood::Available).await;
    let again = told(server, &["roster", "add", "ottilie", "ann@far.test", "--name", "Annie"]);
    assert!(again.contains("was already on") && !again.contains("is asked"), "{again}");
    let list = told(server, &["roster", "list", "ottilie@onesoup.test"]);
    let line = list.lines().find(|line| line.starts_with("ann@far.test")).unwrap();
    assert!(line.contains("Annie") && line.contains("sees them, is not seen"), "{line}");
    // The phone reads it when it starts up again, once the service has looked.
    let deadline = std::time::Instant::now() + PATIENCE;
    while !phone.contacts().iter().any(|one| one.name == "Annie") {
        assert!(std::time::Instant::now() < deadline, "{:?}", phone.contacts());
        phone.logout().await.unwrap();
        phone.login().await.unwrap();
        phone.start_up().await.unwrap();
    }

    let said = told(server, &["roster", "remove", "ottilie", "ann@far.test"]);
    assert!(said.contains("Friends"), "{said}");
    contact.expect_presence(Type::Unsubscribe, "ottilie@onesoup.test").await;
    assert_eq!(told(server, &["roster", "list", "ottilie"]), "nobody\n");
}

#[tokio::test]
async fn a_phone_of_a_contact_that_the_operator_adds_is_woken_and_asked() {
    let server = Server::shared();
    let (mut oscar, mut otto) = (s60(server, "oscar").await, s60(server, "otto").await);
    told(server, &["roster", "add", "oscar", "otto"]);
    // A phone that is woken by datagrams does not poll.
    let who = asked(&mut otto).await;
    assert_eq!(who, "wv:oscar@onesoup.test");
    otto.answer(&who, true).await.unwrap();
    expect_presence(&mut oscar, "otto", |seen| {
        seen.user.as_str().contains("otto") && seen.mood == Mood::Available
    })
    .await;
}

#[tokio::test]
async fn the_operator_answers_requests_in_place_of_the_user() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let _phone = s60(server, "owen").await;
    lab.register("seer", "pw").await;
    let mut contact = XmppClient::login(lab, "seer@xmpp.test", "pw").await;
    contact.subscribe("owen@onesoup.test").await;
    contact.sync().await;
    let mut list = String::new();
    while !list.contains("is asked by them") {
        list = told(server, &["roster", "list", "owen"]);
    }
    let said = told(server, &["roster", "approve", "owen", "seer@xmpp.test"]);
    assert_eq!(said, "seer@xmpp.test sees owen@onesoup.test\n");
    contact.expect_presence(Type::Subscribed, "owen@onesoup.test").await;
    contact.expect_presence(Type::None, "owen@onesoup.test").await;
    let said = told(server, &["roster", "deny", "owen", "seer@xmpp.test"]);
    assert_eq!(said, "seer@xmpp.test does not see owen@onesoup.test\n");
    contact.expect_presence(Type::Unsubscribed, "owen@onesoup.test").await;
    contact.expect_presence(Type::Unavailable, "owen@onesoup.test").await;

    let said = told(server, &["roster", "approve", "owen", "seer@xmpp.test"]);
    assert!(said.contains("has not asked"), "{said}");
    contact.subscribe("owen@onesoup.test").await;
    contact.expect_presence(Type::Subscribed, "owen@onesoup.test").await;
}

#[test]
fn what_cannot_be_done_to_contacts_is_said_in_a_sentence() {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", PASSWORD);
    server.add_account("lee", PASSWORD);
    for (arguments, why) in [
        (["add", "nobody", "ann@far.test"].as_slice(), "there is no such account"),
        (&["add", "kim", "kim"], "nobody is a contact of their own"),
        (&["add", "kim", "nobody"], "nobody@onesoup.test is of this domain and has no account"),
        (&["add", "kim", "a b@far.test"], "is not an address as in"),
        (&["add", "kim", "lee", "--list", "Work"], "there is no list \"Work\"; there is: Friends"),
        (&["remove", "kim", "ann@far.test"], "ann@far.test is on no list and has no subscription"),
        (&["deny", "kim", "lee"], "lee@onesoup.test has not asked and sees nothing"),
        (&["list", "nobody"], "there is no such account"),
        (&["list", "kim@far.test"], "not of a domain of ours"),
    ] {
        let (is_well, said) = run(&server, &[&["roster"], arguments].concat());
        assert!(!is_well && said.contains(why), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[tokio::test]
async fn an_account_is_shown_with_all_that_is_its_own() {
    let server = Server::shared();
    let (mut phone, mut other) = (s60(server, "odette").await, android(server, "odo").await);
    phone.add_contact("wv:odo", "Odo").await.unwrap();
    let who = asked(&mut other).await;
    other.answer(&who, true).await.unwrap();
    expect_presence(&mut phone, "odo", |seen| seen.mood == Mood::Available).await;
    phone.set_status(Mood::Away, Some("at the opera")).await.unwrap();
    other.logout().await.unwrap();
    phone.send("wv:odo", "where are you?").await.unwrap();

    let text = told(server, &["account", "show", "odette@onesoup.test"]);
    for part in ["odette@onesoup.test", "active", "any login", "last there", "s60-", "at the opera"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("sees them, is not seen") && text.contains("127.0.0.1"), "{text}");
    let json: Value = serde_json::from_str(&told(server, &["account", "show", "odette", "--json"]))
        .expect("JSON");
    assert_eq!(json["phones"][0]["status"], "at the opera");
    assert_eq!(json["phones"][0]["version"], "1.1");
    assert_eq!(json["contacts"][0]["address"], "odo@onesoup.test");
    assert_eq!(json["contacts"][0]["sees"], true);
    assert_eq!(json["lists"][0]["name"], "Friends");
    let json: Value =
        serde_json::from_str(&told(server, &["account", "show", "odo", "--json"])).expect("JSON");
    assert_eq!(json["mailbox"]["messages"], 1);
    assert!(json["mailbox"]["oldest"].as_str().unwrap().ends_with('Z'));
    assert_eq!(json["contacts"][0]["is_seen"], true);
    let (is_well, said) = run(server, &["account", "show", "nobody"]);
    assert!(!is_well && said.contains("there is no such account"), "{said}");
}
