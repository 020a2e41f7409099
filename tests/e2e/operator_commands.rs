//! Operators on either server look after accounts from their own clients (XEP-0050, XEP-0133).

use std::sync::OnceLock;

use minidom::Element;
use onesoup::base::secret::Secret;
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;
use tokio_xmpp::parsers::presence::Type;

use crate::support::asking::{Answer, ask, features, filled, said};
use crate::support::lab::Lab;
use crate::support::phones::{android, expect_message, s60, settings, started};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::XmppClient;

const DOMAIN: &str = "onesoup.test";
const COMMANDS: &str = "http://jabber.org/protocol/commands";
const ADMIN: &str = "http://jabber.org/protocol/admin";
const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// The lab whose component takes commands of alice and ann.
fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::start(true))
}

/// That component.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::kept(|| {
            let settings = "operators = [\"Alice@xmpp.test\", \"ann@far.test\"]";
            let wishes = Wishes { settings, offers_tcp: true, ..Wishes::default() };
            Server::start_with(lab(), &wishes)
        })
    })
}

async fn reached(account: &str, password: &str) -> XmppClient {
    server();
    let mut person = XmppClient::login(lab(), account, password).await;
    person.reach(DOMAIN).await;
    person
}

/// An operator at either server.
async fn operators(resource: &str) -> [XmppClient; 2] {
    [
        reached(&format!("alice@xmpp.test/{resource}"), "pw-alice").await,
        reached(&format!("ann@far.test/{resource}"), "pw-ann").await,
    ]
}

/// A person who is no operator.
async fn outsider(name: &str) -> XmppClient {
    lab().register(name, "pw").await;
    reached(&format!("{name}@xmpp.test"), "pw").await
}

/// Sends one step of a command.
async fn step(person: &mut XmppClient, node: &str, more: &str, inside: &str) -> Answer {
    let command = format!("<command xmlns='{COMMANDS}' node='{node}' {more}>{inside}</command>");
    ask(person, DOMAIN, "set", &command).await
}

fn node(name: &str) -> String {
    format!("{ADMIN}#{name}")
}

/// Begins a command that has a form; returns the session.
async fn begun(operator: &mut XmppClient, name: &str) -> String {
    let first = said(step(operator, &node(name), "action='execute'", "").await);
    assert_eq!(first.attr("status"), Some("executing"), "{first:?}");
    let actions = child(&first, "actions");
    assert_eq!(actions.attr("execute"), Some("complete"));
    let form = child(&first, "x");
    assert_eq!(form.attr("type"), Some("form"));
    first.attr("sessionid").expect("a session").to_owned()
}

/// Carries a command through.
async fn done(operator: &mut XmppClient, name: &str, fields: &[(&str, &[&str])]) -> Element {
    let session = begun(operator, name).await;
    let more = format!("sessionid='{session}' action='complete'");
    let last = said(step(operator, &node(name), &more, &filled(ADMIN, fields)).await);
    assert_eq!(last.attr("status"), Some("completed"), "{last:?}");
    assert_eq!(last.attr("sessionid"), Some(session.as_str()));
    last
}

/// Carries through a command that asks nothing.
async fn told(operator: &mut XmppClient, name: &str, var: &str) -> Vec<String> {
    values(&said(step(operator, &node(name), "", "").await), var)
}

fn child<'a>(of: &'a Element, name: &str) -> &'a Element {
    let found = of.children().find(|child| child.name() == name);
    found.unwrap_or_else(|| panic!("{name} in {of:?}"))
}

fn values(answer: &Element, var: &str) -> Vec<String> {
    let mut fields = child(answer, "x").children();
    let field = fields.find(|field| field.attr("var") == Some(var));
    let values = field.unwrap_or_else(|| panic!("{var} in {answer:?}")).children();
    values.filter(|value| value.name() == "value").map(Element::text).collect()
}

/// The notes of an answer, the tone before the words.
fn notes(answer: &Element) -> Vec<String> {
    let notes = answer.children().filter(|child| child.name() == "note");
    notes.map(|note| format!("{} {}", note.attr("type").unwrap(), note.text())).collect()
}

fn refused(conditions: &str) -> Answer {
    Err(conditions.to_owned())
}

fn nokia(user: &str, password: &str) -> PhoneSettings {
    PhoneSettings { password: Secret::new(password), ..settings(server(), Habits::S60, user) }
}

async fn may_log_in(user: &str, password: &str) -> bool {
    Phone::new(nokia(user, password)).unwrap().login().await.is_ok()
}

/// Whether the session of a phone has ended, as it learns from its next poll.
async fn is_out(phone: &mut Phone) -> bool {
    phone.poll().await.is_err() || phone.session_id().is_none()
}

#[tokio::test]
async fn xep_0050_2_an_operator_finds_the_commands_and_nobody_else_does() {
    let list = format!("<query xmlns='{ITEMS}' node='{COMMANDS}'/>");
    let add_user = format!("<query xmlns='{INFO}' node='{}'/>", node("add-user"));
    for mut operator in operators("finds").await {
        assert!(features(&mut operator, DOMAIN).await.iter().any(|it| it == COMMANDS));
        let items = said(ask(&mut operator, DOMAIN, "get", &list).await);
        let nodes: Vec<_> = items.children().filter_map(|item| item.attr("node")).collect();
        assert_eq!(nodes.len(), 16);
        for node in nodes {
            let info = format!("<query xmlns='{INFO}' node='{node}'/>");
            let info = said(ask(&mut operator, DOMAIN, "get", &info).await);
            let identity = child(&info, "identity");
            assert_eq!(identity.attr("category"), Some("automation"));
            assert_eq!(identity.attr("type"), Some("command-node"));
        }
    }
    let mut outsider = outsider("outsider-a").await;
    let items = said(ask(&mut outsider, DOMAIN, "get", &list).await);
    assert_eq!(items.children().count(), 0);
    let info = ask(&mut outsider, DOMAIN, "get", &add_user).await;
    assert_eq!(info, refused("item-not-found"));
    for name in ["add-user", "get-online-users-num", "nothing"] {
        assert_eq!(step(&mut outsider, &node(name), "", "").await, refused("forbidden"));
    }
}

/// All that happens to an account of an operator's making.
async fn a_whole_life(mut operator: XmppClient, name: &str) {
    let own = format!("{name}@{DOMAIN}");
    let account: (&str, &[&str]) = ("accountjids", &[&own]);
    let made: [(&str, &[&str]); 3] =
        [("accountjid", &[&own]), ("password", &["cat1"]), ("password-verify", &["cat1"])];
    let answer = done(&mut operator, "add-user", &made).await;
    assert_eq!(notes(&answer), [format!("info {own} is ready")]);
    let again = done(&mut operator, "add-user", &made).await;
    assert_eq!(notes(&again), [format!("error {own}: the account is there already")]);
    let listed = done(&mut operator, "get-registered-users-list", &[("max_items", &["none"])]);
    assert!(values(&listed.await, "registereduserjids").contains(&own));
    let last = done(&mut operator, "get-user-lastlogin", &[account]).await;
    assert_eq!(values(&last, "lastlogin"), ["never"]);

    // The phone of it.
    let mut phone = started(nokia(name, "cat1")).await;
    let contact = operator.jid.to_bare().to_string();
    phone.add_contact(&format!("wv:{contact}"), "Boss").await.unwrap();
    operator.expect_presence(Type::Subscribe, &own).await;
    operator.approve(&own).await;
    operator.subscribe(&own).await;
    phone.answer(&format!("wv:{contact}"), true).await.unwrap();
    let presence = operator.expect_presence(Type::None, &own).await;
    let resource = presence.from.unwrap().resource().unwrap().to_string();
    let listed = done(&mut operator, "get-online-users-list", &[]).await;
    assert!(values(&listed, "onlineuserjids").contains(&own));
    let online = told(&mut operator, "get-online-users-num", "onlineusersnum").await;
    assert!(online[0].parse::<u32>().unwrap() >= 1);
    let stats = done(&mut operator, "user-stats", &[account]).await;
    assert_eq!(values(&stats, "onlineresources"), [resource.as_str()]);
    assert_eq!(values(&stats, "ipaddresses"), ["127.0.0.1"]);
    assert_eq!(values(&stats, "rostersize"), ["1"]);
    let last = done(&mut operator, "get-user-lastlogin", &[account]).await;
    assert!(values(&last, "lastlogin")[0].ends_with('Z'));
    let roster = done(&mut operator, "get-user-roster", &[account]).await;
    let item = child(child(child(&roster, "x"), "query"), "item");
    assert_eq!(item.attr("jid"), Some(contact.as_str()));
    assert_eq!(item.attr("subscription"), Some("both"));

    // Sessions end, one and all; a new password ends them, too.
    let device = format!("{own}/{resource}");
    let answer = done(&mut operator, "end-user-session", &[("accountjids", &[&device])]).await;
    assert_eq!(notes(&answer), [format!("info {device} has lost its sessions: 1")]);
    operator.expect_presence(Type::Unavailable, &own).await;
    assert!(is_out(&mut phone).await);
    let mut phone = started(nokia(name, "cat1")).await;
    operator.expect_presence(Type::None, &own).await;
    let changed: [(&str, &[&str]); 2] = [("accountjid", &[&own]), ("password", &["cat2"])];
    done(&mut operator, "change-user-password", &changed).await;
    operator.expect_presence(Type::Unavailable, &own).await;
    assert!(is_out(&mut phone).await);
    assert!(!may_log_in(name, "cat1").await);

    // Suspended, and back.
    let mut phone = started(nokia(name, "cat2")).await;
    operator.expect_presence(Type::None, &own).await;
    done(&mut operator, "disable-user", &[account]).await;
    operator.expect_presence(Type::Unavailable, &own).await;
    assert!(is_out(&mut phone).await);
    assert!(!may_log_in(name, "cat2").await);
    let listed = done(&mut operator, "get-disabled-users-list", &[]).await;
    assert!(values(&listed, "disableduserjids").contains(&own));
    let disabled = told(&mut operator, "get-disabled-users-num", "disabledusersnum").await;
    assert_ne!(disabled, ["0"]);
    done(&mut operator, "reenable-user", &[account]).await;
    assert!(may_log_in(name, "cat2").await);
    operator.expect_presence(Type::None, &own).await;

    // Removed.
    let answer = done(&mut operator, "delete-user", &[("accountjids", &[&own, "nobody-x"])]).await;
    let nobody = "error nobody-x: there is no such account";
    assert_eq!(notes(&answer), [format!("info {own} is removed"), nobody.to_owned()]);
    for kind in [Type::Unavailable, Type::Unsubscribe, Type::Unsubscribed] {
        operator.expect_presence(kind, &own).await;
    }
    assert!(!may_log_in(name, "cat2").await);
    let registered = told(&mut operator, "get-registered-users-num", "registeredusersnum").await;
    assert!(registered[0].parse::<u32>().is_ok());

    // Each act is a line that tells who, what, and with whom.
    let (log, who) = (server().log(), format!("operator={contact}"));
    for command in ["add-user", "delete-user", "disable-user", "change-user-password"] {
        let is_it = |line: &str| line.contains(&who) && line.contains(&own);
        let lines = log.lines().filter(|line| line.contains(command) && is_it(line));
        assert!(lines.count() >= 1, "{command}");
    }
    assert!(!log.contains("cat1") && !log.contains("cat2"), "a password is in the log");
}

#[tokio::test]
async fn xep_0133_4_an_operator_on_the_same_server_looks_after_an_account() {
    let [operator, _] = operators("near-life").await;
    a_whole_life(operator, "tended-near").await;
}

#[tokio::test]
async fn xep_0133_4_an_operator_on_another_server_looks_after_an_account() {
    let [_, operator] = operators("far-life").await;
    a_whole_life(operator, "tended-far").await;
}

#[tokio::test]
async fn xep_0133_4_23_an_announcement_reaches_every_phone_that_is_logged_in() {
    let mut old = s60(server(), "told-old").await;
    let mut new = android(server(), "told-new").await;
    let [mut operator, _] = operators("announces").await;
    let fields: [(&str, &[&str]); 1] = [("announcement", &["Down at ten", "& up <soon>"])];
    let answer = done(&mut operator, "announce", &fields).await;
    assert!(notes(&answer)[0].starts_with("info "), "{answer:?}");
    for phone in [&mut old, &mut new] {
        let (from, text) = expect_message(phone).await;
        assert!(from.contains(DOMAIN), "{from}");
        assert!(text.contains("Down at ten") && text.contains("& up <soon>"), "{text}");
    }
    let long = "x".repeat(1001);
    let answer = done(&mut operator, "announce", &[("announcement", &[&long])]).await;
    assert!(notes(&answer)[0].starts_with("error "), "{answer:?}");
}

#[tokio::test]
async fn xep_0050_4_4_a_step_that_makes_no_sense_is_refused_in_the_words_of_commands() {
    for mut operator in operators("astray").await {
        let add = node("add-user");
        let session = begun(&mut operator, "add-user").await;
        let within = format!("sessionid='{session}'");
        let other = begun(&mut operator, "delete-user").await;
        let full: [(&str, &[&str]); 2] =
            [("accountjid", &["x@onesoup.test"]), ("password", &["x"])];
        let huge: String = (0..5000).map(|n| format!("<field var='f{n}'/>")).collect();
        let huge = format!("<x xmlns='jabber:x:data' type='submit'>{huge}</x>");
        let table = [
            (
                add.as_str(),
                "action='explode'".to_owned(),
                String::new(),
                "bad-request malformed-action",
            ),
            (&add, "action='complete'".into(), String::new(), "bad-request bad-sessionid"),
            (&add, "action='cancel'".into(), String::new(), "bad-request bad-sessionid"),
            (
                &add,
                "sessionid='never' action='complete'".into(),
                filled(ADMIN, &full),
                "bad-request bad-sessionid",
            ),
            (
                &add,
                format!("sessionid='{other}'"),
                filled(ADMIN, &full),
                "bad-request bad-sessionid",
            ),
            (
                &add,
                format!("{within} action='next'"),
                filled(ADMIN, &full),
                "bad-request bad-action",
            ),
            (&add, format!("{within} action='prev'"), String::new(), "bad-request bad-action"),
            (&add, within.clone(), String::new(), "bad-request bad-payload"),
            (&add, within.clone(), filled("jabber:iq:search", &full), "bad-request bad-payload"),
            (&add, within.clone(), filled(ADMIN, &full[..1]), "bad-request bad-payload"),
            (&add, within.clone(), huge, "bad-request bad-payload"),
            (
                &add,
                within.clone(),
                "<x xmlns='jabber:x:data' type='cancel'/>".into(),
                "bad-request bad-payload",
            ),
            ("nothing", String::new(), String::new(), "item-not-found"),
        ];
        for (node, more, inside, conditions) in table {
            let answer = step(&mut operator, node, &more, &inside).await;
            assert_eq!(answer, refused(conditions), "{node} {more} {inside:.100}");
        }
        // After all that the session goes on, until it is given up.
        let canceled =
            said(step(&mut operator, &add, &format!("{within} action='cancel'"), "").await);
        assert_eq!(canceled.attr("status"), Some("canceled"));
        let gone = step(&mut operator, &add, &within, &filled(ADMIN, &full)).await;
        assert_eq!(gone, refused("bad-request bad-sessionid"));
    }
}

#[tokio::test]
async fn what_an_operator_cannot_have_done_is_told_in_a_sentence() {
    let [mut operator, _] = operators("in-vain").await;
    let long = "n".repeat(41);
    for (name, again, why) in [
        ("x@far.test", "cat1", "not of"),
        ("-x", "cat1", "a name has"),
        ("fine-name", "cat2", "differ"),
        ("fine-name/x", "cat1", "a name has"),
    ] {
        let fields: [(&str, &[&str]); 3] =
            [("accountjid", &[name]), ("password", &["cat1"]), ("password-verify", &[again])];
        let notes = notes(&done(&mut operator, "add-user", &fields).await);
        assert!(notes[0].starts_with("error ") && notes[0].contains(why), "{notes:?}");
    }
    let many: Vec<String> = (0..101).map(|number| format!("m{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (name, accounts, why) in [
        ("delete-user", many.as_slice(), "more than 100"),
        ("delete-user", &[long.as_str()], "a name has"),
        ("get-user-roster", &["one-a", "two-b"], "one account"),
        ("user-stats", &["nobody-y"], "no such account"),
        ("get-user-lastlogin", &["nobody-y"], "no such account"),
        ("end-user-session", &["nobody-y/x"], "no such account"),
    ] {
        let answer = done(&mut operator, name, &[("accountjids", accounts)]).await;
        let notes = notes(&answer);
        assert!(notes[0].starts_with("error ") && notes[0].contains(why), "{name}: {notes:?}");
    }
}
