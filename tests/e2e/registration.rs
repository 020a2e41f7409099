//! People on either server register accounts for phones (XEP-0077).

use std::sync::OnceLock;

use minidom::Element;
use onesoup::base::secret::Secret;
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;
use tokio_xmpp::parsers::presence::Type;

use crate::support::asking::{Answer, ask, features, filled, query, said, text};
use crate::support::lab::Lab;
use crate::support::phones::{expect_message, settings, started};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::{XmppClient, body};

const DOMAIN: &str = "onesoup.test";
const REGISTER: &str = "jabber:iq:register";

/// The lab whose component lets people register.
fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::start(true))
}

/// That component.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::kept(|| {
            let settings = "registration = \"open\"\n\
                [contact]\nsupport = [\"https://onesoup.test/help\"]";
            Server::start_with(lab(), &Wishes { settings, ..Wishes::default() })
        })
    })
}

/// A person at `xmpp.test`, of whom no other test knows, who has reached the domain.
async fn person(name: &str) -> XmppClient {
    server();
    lab().register(name, "pw").await;
    let mut person = XmppClient::login(lab(), &format!("{name}@xmpp.test"), "pw").await;
    person.reach(DOMAIN).await;
    person
}

/// The same at `far.test`.
async fn person_far(name: &str) -> XmppClient {
    server();
    lab().register_far(name, "pw");
    let mut person = XmppClient::login(lab(), &format!("{name}@far.test"), "pw").await;
    person.reach(DOMAIN).await;
    person
}

async fn set(person: &mut XmppClient, inside: &str) -> Answer {
    let query = format!("<query xmlns='{REGISTER}'>{inside}</query>");
    ask(person, DOMAIN, "set", &query).await
}

async fn put(person: &mut XmppClient, name: &str, password: &str) -> Answer {
    let fields = format!("<username>{name}</username><password>{password}</password>");
    set(person, &fields).await
}

async fn put_by_form(person: &mut XmppClient, name: &str, password: &str) -> Answer {
    set(person, &filled(REGISTER, &[("username", &[name]), ("password", &[password])])).await
}

fn refused(condition: &str) -> Answer {
    Err(condition.to_owned())
}

fn has(query: &Element, name: &str) -> bool {
    query.children().any(|child| child.name() == name)
}

fn s60(user: &str, password: &str) -> PhoneSettings {
    PhoneSettings { password: Secret::new(password), ..settings(server(), Habits::S60, user) }
}

/// Whether the session of a phone has ended, as it learns from its next poll.
async fn is_out(phone: &mut Phone) -> bool {
    phone.poll().await.is_err() || phone.session_id().is_none()
}

/// Everything that a person does with an account for a phone, from the first look to the last.
async fn a_whole_life(mut person: XmppClient, name: &str, by_form: bool) {
    let own = format!("{name}@{DOMAIN}");
    let wv = format!("wv:{}", person.jid.to_bare());
    assert!(features(&mut person, DOMAIN).await.iter().any(|it| it == REGISTER));
    // spec: XEP-0077 §3.1.1
    let needed = said(query(&mut person, DOMAIN, REGISTER).await);
    assert!(!has(&needed, "registered"));
    for name in ["username", "password"] {
        assert_eq!(text(&needed, name), "");
    }
    assert!(text(&needed, "instructions").contains("https://onesoup.test/help"));
    let form = needed.children().find(|child| child.is("x", "jabber:x:data")).expect("a form");
    let vars: Vec<_> = form.children().filter_map(|field| field.attr("var")).collect();
    assert_eq!(vars, ["FORM_TYPE", "username", "password"]);

    let register = if by_form {
        put_by_form(&mut person, name, "cat1").await
    } else {
        put(&mut person, name, "cat1").await
    };
    assert_eq!(register, Ok(None));
    let known = said(query(&mut person, DOMAIN, REGISTER).await);
    assert!(has(&known, "registered"));
    assert_eq!((text(&known, "username").as_str(), text(&known, "password").as_str()), (name, ""));

    // The phone logs in with it, and chats.
    let mut phone = started(s60(name, "cat1")).await;
    phone.send(&wv, "from my pocket").await.unwrap();
    assert_eq!(body(&person.expect_chat(&own).await), "from my pocket");
    person.send_chat(&own, "at my desk", "d1", false).await;
    assert_eq!(expect_message(&mut phone).await.1, "at my desk");
    phone.add_contact(&wv, "Me").await.unwrap();
    person.expect_presence(Type::Subscribe, &own).await;
    person.approve(&own).await;
    person.subscribe(&own).await;
    phone.answer(&wv, true).await.unwrap();
    person.expect_presence(Type::None, &own).await;

    // A new password: the phone is out until it has it.
    assert_eq!(put(&mut person, name, "cat2").await, Ok(None));
    person.expect_presence(Type::Unavailable, &own).await;
    assert!(is_out(&mut phone).await);
    assert!(Phone::new(s60(name, "cat1")).unwrap().login().await.is_err());
    let mut phone = started(s60(name, "cat2")).await;
    person.expect_presence(Type::None, &own).await;

    // Removed: gone for the contact, and for the phone.
    assert_eq!(set(&mut person, "<remove/>").await, Ok(None));
    for kind in [Type::Unavailable, Type::Unsubscribe, Type::Unsubscribed] {
        person.expect_presence(kind, &own).await;
    }
    assert!(is_out(&mut phone).await);
    assert!(Phone::new(s60(name, "cat2")).unwrap().login().await.is_err());
    assert!(!has(&said(query(&mut person, DOMAIN, REGISTER).await), "registered"));
    assert_eq!(set(&mut person, "<remove/>").await, refused("registration-required"));
    // The name is free again.
    assert_eq!(put(&mut person, name, "cat3").await, Ok(None));
}

#[tokio::test]
async fn xep_0077_3_a_person_on_the_same_server_registers_a_phone_and_removes_it() {
    a_whole_life(person("regina").await, "pocket-near", false).await;
}

#[tokio::test]
async fn xep_0077_3_a_person_on_another_server_registers_a_phone_and_removes_it() {
    a_whole_life(person_far("regis").await, "pocket-far", true).await;
}

#[tokio::test]
async fn xep_0077_3_1_2_what_cannot_be_registered_is_refused_and_says_why() {
    let mut person = person("refusee").await;
    server().add_account("taken-name", "cat1");
    let long = "x".repeat(41);
    let longer = "p".repeat(51);
    for (name, password, condition) in [
        ("taken-name", "cat1", "conflict"),
        ("TAKEN-Name", "cat1", "conflict"),
        ("with blank", "cat1", "not-acceptable"),
        ("-dash", "cat1", "not-acceptable"),
        ("elsewhere@far.test", "cat1", "not-acceptable"),
        (&long, "cat1", "not-acceptable"),
        ("", "cat1", "not-acceptable"),
        ("fine", "", "not-acceptable"),
        ("fine", &longer, "not-acceptable"),
    ] {
        let by_form = name.len() % 2 == 0;
        let answer = match by_form {
            true => put_by_form(&mut person, name, password).await,
            false => put(&mut person, name, password).await,
        };
        assert_eq!(answer, refused(condition), "{name:?} {password:?}");
    }
    let kind = |kind: &str| filled(kind, &[("username", &["fine"]), ("password", &["cat1"])]);
    let huge: String = (0..5000).map(|n| format!("<field var='f{n}'/>")).collect();
    let text = "t".repeat(50_000);
    for (inside, condition) in [
        (String::new(), "not-acceptable"),
        ("<username>fine</username>".into(), "not-acceptable"),
        (kind("jabber:iq:search"), "bad-request"),
        (kind(""), "bad-request"),
        ("<x xmlns='jabber:x:data' type='submit'/>".into(), "bad-request"),
        ("<x xmlns='jabber:x:data' type='cancel'/>".into(), "bad-request"),
        ("<remove/><username>taken-name</username>".into(), "bad-request"),
        (format!("<x xmlns='jabber:x:data' type='submit'>{huge}</x>"), "bad-request"),
        (format!("<username>{text}</username><password>x</password>"), "not-acceptable"),
        ("<remove/>".into(), "registration-required"),
    ] {
        assert_eq!(set(&mut person, &inside).await, refused(condition), "{inside:.100}");
    }
    assert!(!has(&said(query(&mut person, DOMAIN, REGISTER).await), "registered"));
}

#[tokio::test]
async fn one_person_has_one_account_and_nobody_has_anothers() {
    let (mut owner, mut other) = (person("owner-a").await, person_far("owner-b").await);
    assert_eq!(put(&mut owner, "mine-a", "cat1").await, Ok(None));
    assert_eq!(put(&mut owner, "mine-too", "cat1").await, refused("not-allowed"));
    // Whoever else asks for it takes it for taken, and changes nothing.
    assert_eq!(put(&mut other, "mine-a", "dog1").await, refused("conflict"));
    assert_eq!(set(&mut other, "<remove/>").await, refused("registration-required"));
    let mut phone = Phone::new(s60("mine-a", "cat1")).unwrap();
    phone.login().await.expect("the password is the owner's");
    // Another device of the same person is the same person.
    let mut desk = XmppClient::login(lab(), "owner-a@xmpp.test/desk", "pw").await;
    assert_eq!(text(&said(query(&mut desk, DOMAIN, REGISTER).await), "username"), "mine-a");
    let (_, shown) = server().account(&["show", "mine-a"], "");
    assert!(shown.contains("owner-a@xmpp.test"), "{shown}");
}

#[tokio::test]
async fn who_is_suspended_neither_changes_nor_removes_nor_begins_anew() {
    let mut owner = person("owner-c").await;
    assert_eq!(put(&mut owner, "stopped-c", "cat1").await, Ok(None));
    assert!(server().account(&["suspend", "stopped-c"], "").0);
    assert_eq!(put(&mut owner, "stopped-c", "cat2").await, refused("forbidden"));
    assert_eq!(set(&mut owner, "<remove/>").await, refused("forbidden"));
    assert_eq!(put(&mut owner, "begun-anew", "cat1").await, refused("not-allowed"));
}

#[tokio::test]
async fn who_tries_many_names_is_told_to_wait() {
    let mut person = person("guesser").await;
    server().add_account("guessed-at", "cat1");
    for _ in 0..10 {
        assert_eq!(put(&mut person, "guessed-at", "cat1").await, refused("conflict"));
    }
    for name in ["guessed-at", "nobody-has-it"] {
        assert_eq!(put(&mut person, name, "cat1").await, refused("resource-constraint"));
    }
    assert!(server().metric("strangers_refused") >= 2);
}

#[tokio::test]
async fn what_was_registered_survives_a_crash() {
    let lab = Lab::start(false);
    let wishes = Wishes { settings: "registration = \"open\"", ..Wishes::default() };
    let mut server = Server::start_with(&lab, &wishes);
    let mut alice = XmppClient::login(&lab, "alice@xmpp.test", "pw-alice").await;
    assert_eq!(put(&mut alice, "durable", "cat1").await, Ok(None));
    server.kill();
    server.run();
    server.wait_until_ready();
    assert_eq!(text(&said(query(&mut alice, DOMAIN, REGISTER).await), "username"), "durable");
}

#[tokio::test]
async fn a_closed_domain_says_nothing_of_registration() {
    let (lab, _) = (Lab::shared(), Server::shared());
    for (account, password) in [("alice@xmpp.test", "pw-alice"), ("ann@far.test", "pw-ann")] {
        let mut person = XmppClient::login(lab, &format!("{account}/closed"), password).await;
        person.reach(DOMAIN).await;
        assert!(!features(&mut person, DOMAIN).await.iter().any(|it| it == REGISTER));
        let unavailable = refused("service-unavailable");
        assert_eq!(query(&mut person, DOMAIN, REGISTER).await, unavailable);
        assert_eq!(put(&mut person, "closed-name", "cat1").await, unavailable);
        assert_eq!(set(&mut person, "<remove/>").await, unavailable);
    }
}
