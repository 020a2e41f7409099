//! Two domains in one process: one door for all phones, and all else apart.

use std::fs;

use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::phone::event::{Event, Mood};
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::{PhoneSettings, WakeBy};
use tokio_xmpp::parsers::presence::Type;

use crate::support::handmade::{HandPhone, Manner};
use crate::support::lab::Lab;
use crate::support::phones::{
    PASSWORD, expect, expect_message, expect_presence, settings, started,
};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::{XmppClient, body};

const FIRST: &str = "first.test";
const SECOND: &str = "second.test";

/// An S60 of a new account, which comes only when it is woken.
async fn woken(server: &Server, user: &str, cir: WakeBy) -> Phone {
    server.add_account(user, PASSWORD);
    started(PhoneSettings { cir: Some(cir), ..settings(server, Habits::S60, user) }).await
}

async fn asked(phone: &mut Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

/// Has one phone see the other.
async fn sees(one: &mut Phone, other: &mut Phone, wv: [&str; 2]) {
    one.add_contact(wv[1], "Kim").await.unwrap();
    assert_eq!(asked(other).await, wv[0]);
    other.answer(wv[0], true).await.unwrap();
    let is_it =
        |seen: &onesoup::phone::event::Seen| seen.user == wv[1] && seen.mood == Mood::Available;
    expect_presence(one, "the other", is_it).await;
}

/// Sends with a report wanted, and waits for both.
async fn says(one: &mut Phone, other: &mut Phone, wv: [&str; 2], text: &str) {
    let mut request = one.message_to(wv[1], text);
    request.wants_report = true;
    let answer = one.request(Primitive::SendMessageRequest(request)).await.unwrap();
    assert_eq!(answer.name(), "SendMessage-Response");
    assert_eq!(expect_message(other).await, (wv[0].to_owned(), text.to_owned()));
    let code = expect(one, "report", |event| match event {
        Event::Report { code, .. } => Some(code),
        _ => None,
    });
    assert_eq!(code.await, Code::OK);
}

/// Has a phone and a contact on Prosody see each other, and talk.
async fn talk(phone: &mut Phone, own: &str, contact: &mut XmppClient) {
    let wv = format!("wv:{}", contact.jid.to_bare());
    contact.reach(own.split('@').nth(1).unwrap()).await;
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, own).await;
    contact.approve(own).await;
    let is_it =
        |seen: &onesoup::phone::event::Seen| seen.user == wv && seen.mood == Mood::Available;
    expect_presence(phone, "the contact", is_it).await;
    contact.subscribe(own).await;
    assert_eq!(asked(phone).await, wv);
    phone.answer(&wv, true).await.unwrap();
    contact.expect_presence(Type::Subscribed, own).await;
    contact.expect_presence(Type::None, own).await;
    phone.send(&wv, "from a phone").await.unwrap();
    assert_eq!(body(&contact.expect_chat(own).await), "from a phone");
    contact.send_chat(own, "to a phone", "t1", true).await;
    assert_eq!(expect_message(phone).await, (wv, "to a phone".to_owned()));
    contact.expect_receipt("t1").await;
}

#[tokio::test]
async fn users_of_one_name_in_two_domains_see_each_other_and_talk_and_are_woken() {
    let server = Server::shared_pair();
    let (own, wv) =
        (["kim@first.test", "kim@second.test"], ["wv:kim@first.test", "wv:kim@second.test"]);
    // One is woken by a datagram, the other over its socket, by way of the same process.
    let mut first = woken(server, own[0], WakeBy::Udp).await;
    let mut second = woken(server, own[1], WakeBy::Tcp).await;
    sees(&mut first, &mut second, wv).await;
    sees(&mut second, &mut first, [wv[1], wv[0]]).await;
    says(&mut first, &mut second, wv, "hello there").await;
    says(&mut second, &mut first, [wv[1], wv[0]], "hello here").await;
    second.set_status(Mood::Busy, Some("in a tram")).await.unwrap();
    expect_presence(&mut first, "the tram", |seen| seen.status == "in a tram").await;
    second.logout().await.unwrap();
    expect_presence(&mut first, "kim gone", |seen| seen.mood == Mood::Offline).await;
}

#[tokio::test]
async fn both_domains_have_contacts_on_other_servers() {
    let (lab, server) = (Lab::shared(), Server::shared_pair());
    lab.register_far("dual", "pw");
    let mut contact = XmppClient::login(lab, "dual@far.test", "pw").await;
    for (own, cir) in [("lou@first.test", WakeBy::Tcp), ("lou@second.test", WakeBy::Udp)] {
        let mut phone = woken(server, own, cir).await;
        talk(&mut phone, own, &mut contact).await;
        phone.logout().await.unwrap();
        contact.expect_presence(Type::Unavailable, own).await;
    }
}

#[tokio::test]
async fn sessions_of_domains_at_two_servers_go_on_over_a_crash_and_contacts_see_both_leave() {
    let lab = Lab::start(true);
    let far = lab.far.as_ref().unwrap();
    let link =
        format!("link.host = \"{}\"\nlink.port = {}\n", far.component.ip(), far.component.port());
    let wishes = Wishes { offers_tcp: true, ..Wishes::default() };
    let server = Server::prepared(&lab.domain, lab.component, &lab.secret, &wishes);
    let mut server = server.and_domain(&far.domain, &link);
    server.run();
    server.wait_until_ready();
    let mut contact = XmppClient::login(&lab, "ann@far.test", "pw-ann").await;
    let own = [format!("kim@{}", lab.domain), format!("kim@{}", far.domain)];
    let wv = own.each_ref().map(|own| format!("wv:{own}"));
    let mut phones = Vec::new();
    for (own, cir) in own.iter().zip([WakeBy::Udp, WakeBy::Tcp]) {
        let mut phone = woken(&server, own, cir).await;
        talk(&mut phone, own, &mut contact).await;
        phones.push(phone);
    }
    let ids = |phones: &[Phone]| -> Vec<String> {
        phones.iter().map(|phone| phone.session_id().unwrap().to_owned()).collect()
    };
    let sessions = ids(&phones);
    server.kill();
    server.run();
    server.wait_until_ready();
    for (phone, own) in phones.iter_mut().zip(&own) {
        phone.keep_alive().await.unwrap();
        phone.send("wv:ann@far.test", "still here").await.unwrap();
        assert_eq!(body(&contact.expect_chat(own).await), "still here");
    }
    let [near, away] = phones.as_mut_slice() else { unreachable!() };
    says(near, away, [&wv[0], &wv[1]], "from server to server").await;
    says(away, near, [&wv[1], &wv[0]], "and back").await;
    assert_eq!(ids(&phones), sessions);
    server.stop();
    for own in &own {
        contact.expect_presence(Type::Unavailable, own).await;
    }
    for domain in [&lab.domain, &far.domain] {
        assert!(server.log().contains(&format!("link stopped domain=\"{domain}\"")));
    }
}

#[tokio::test]
async fn a_link_that_is_refused_harms_no_other_domain() {
    let lab = Lab::start(false);
    let mut server = Server::prepared_pair(&lab, "link.secret = 'wrong'\n");
    server.run();
    let is_up = |server: &Server, domain: &str| {
        server.metric(&format!("link_up{{domain=\"{domain}\"}}")) == 1
    };
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    server.wait_until("up", |server| is_up(server, FIRST));
    server.wait_until("refused", |server| server.log().contains("link refused"));
    let ready = server.admin_text("/readyz").unwrap();
    assert!(ready.contains(" 503 ") && ready.contains("second.test: link: "), "{ready}");
    assert!(ready.contains("the secret is wrong") && !ready.contains("first.test: "), "{ready}");
    assert!(!is_up(&server, SECOND));

    // The first talks to the world; the second serves its own phones.
    let mut contact = XmppClient::login(&lab, "alice@xmpp.test", "pw-alice").await;
    let own = "kim@first.test";
    talk(&mut woken(&server, own, WakeBy::Udp).await, own, &mut contact).await;
    let mut kim = woken(&server, "kim@second.test", WakeBy::Udp).await;
    let mut lee = woken(&server, "lee@second.test", WakeBy::Tcp).await;
    kim.send("wv:lee", "just us").await.unwrap();
    assert_eq!(expect_message(&mut lee).await.1, "just us");

    // What is for elsewhere waits, and goes out once the secret is right.
    kim.send("wv:alice@xmpp.test", "later").await.unwrap();
    assert_eq!(server.metric("outbox_waiting{domain=\"second.test\"}"), 1);
    assert_eq!(server.metric("outbox_waiting{domain=\"first.test\"}"), 0);
    let checked = server.command(&["check"]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(said.contains("ok     store of second.test"), "{said}");
    assert!(said.contains("wrong  link of second.test: "), "{said}");
    server.stop();
    let config = fs::read_to_string(server.config()).unwrap();
    fs::write(server.config(), config.replace("link.secret = 'wrong'\n", "")).unwrap();
    server.run();
    server.wait_until_ready();
    assert_eq!(body(&contact.expect_chat("kim@second.test").await), "later");
}

/// A server of two domains whose links find nobody.
fn alone() -> Server {
    let nobody = "127.0.0.1:9".parse().unwrap();
    Server::prepared(FIRST, nobody, "secret", &Wishes::default()).and_domain(SECOND, "")
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_harms_no_other_domain() {
    let mut server = alone();
    let store = server.dir().join("second.test.db");
    fs::create_dir(&store).unwrap();
    server.run();
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    let ready = server.admin_text("/readyz").unwrap();
    assert!(ready.contains("second.test: store: cannot be opened"), "{ready}");
    server.add_account("kim@first.test", PASSWORD);
    let mut kim = HandPhone::of(&server, Manner::S60, "kim@first.test").ready();
    kim.send("wv:kim", "to myself");
    assert_eq!(kim.take_all_named("NewMessage").len(), 1);
    let mut late = HandPhone::of(&server, Manner::Android, "kim@second.test");
    let login = late.login("<Password>cat1</Password>");
    assert_eq!(late.request(&login).code(), "503");

    fs::remove_dir(&store).unwrap();
    server.add_account("kim@second.test", PASSWORD);
    server.wait_until("open", |server| {
        !server.admin_text("/readyz").unwrap().contains("cannot be opened")
    });
    late.log_in();
}

#[test]
fn a_phone_that_names_no_domain_is_of_the_server_that_it_was_told() {
    let mut server = alone();
    server.run();
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    server.add_account("kim@first.test", PASSWORD);
    server.add_account("lee@second.test", PASSWORD);
    for (user, host, code) in [
        ("kim", "192.0.2.7:8080", "200"),
        ("lee", "192.0.2.7:8080", "409"),
        ("lee", "second.test:8080", "200"),
        ("kim", "Second.Test", "409"),
        ("kim", "first.test", "200"),
        ("wv:LEE@Second.Test", "first.test", "200"),
        ("kim@first.test", "second.test", "200"),
        ("kim@third.test", "first.test", "409"),
    ] {
        for manner in [Manner::S60, Manner::Android] {
            let mut phone = HandPhone::of(&server, manner, user);
            phone.host = host.to_owned();
            let heard = phone.request(&phone.login("<Password>cat1</Password>"));
            assert_eq!(heard.code(), code, "{user} at {host}");
        }
    }
    // The same phone, moved from one account to the other: its old session is of no account here.
    let mut phone = HandPhone::of(&server, Manner::Android, "kim@first.test");
    phone.log_in();
    phone.user = "lee@second.test".to_owned();
    phone.log_in();
    assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
}

#[test]
fn commands_choose_the_domain_by_the_address() {
    let server = alone();
    for address in ["kim@first.test", "lee@second.test", "lou"] {
        server.add_account(address, PASSWORD);
    }
    let run = |arguments: &[&str]| {
        let output = server.command(arguments).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    };
    let lines = |arguments: &[&str]| -> Vec<String> {
        let (is_well, said) = run(arguments);
        assert!(is_well, "{said}");
        said.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    let all = ["kim@first.test", "lou@first.test", "lee@second.test"];
    assert_eq!(lines(&["account", "list"]), all);
    assert_eq!(lines(&["account", "list", "--domain", "Second.Test"]), all[2..]);
    for (arguments, why) in [
        (vec!["account", "list", "--domain", "third.test"], "no domain of the configuration"),
        (vec!["account", "add", "kim@third.test"], "not of a domain of ours"),
        (vec!["account", "show", "kim@second.test"], "no such account"),
        (vec!["export", "kim@second.test"], "no such account"),
        (vec!["export", "--domain", "first.test", "kim"], "cannot be used with"),
    ] {
        let (is_well, said) = run(&arguments);
        assert!(!is_well && said.contains(why), "{arguments:?}: {said}");
    }
    assert!(run(&["roster", "add", "lee@second.test", "kim@first.test"]).0);
    assert!(run(&["roster", "list", "lee@second.test"]).1.contains("kim@first.test"));
    assert_eq!(run(&["roster", "list", "kim@first.test"]).1, "nobody\n");

    // One file for all, or one for each; and back, each account to its domain.
    let (dir, file) = (server.dir().join("out"), server.dir().join("all.xml"));
    fs::create_dir(&dir).unwrap();
    let [dir, file] = [&dir, &file].map(|path| path.to_str().unwrap());
    assert!(run(&["export", "--to", file]).1.starts_with("3 accounts are written"));
    assert!(run(&["export", "--to", dir, "--domain", SECOND]).1.starts_with("1 accounts"));
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
    assert!(run(&["export", "--to", dir, "--passwords"]).0);
    for domain in [FIRST, SECOND] {
        let one = fs::read_to_string(format!("{dir}/{domain}.xml")).unwrap();
        assert_eq!(one.matches("<host ").count(), 1);
        assert!(one.contains(&format!("jid='{domain}'")), "{one}");
    }
    assert_eq!(fs::read_to_string(file).unwrap().matches("<host ").count(), 2);
    for address in all {
        assert!(run(&["account", "remove", address]).0);
    }
    assert!(
        run(&["import", file, "--domain", SECOND]).1.contains("1 accounts are taken in\n2 are")
    );
    assert_eq!(lines(&["account", "list"]), all[2..]);
    assert!(run(&["account", "remove", all[2]]).0);
    assert!(run(&["import", file]).1.contains("3 accounts are taken in"));
    assert_eq!(lines(&["account", "list"]), all);
    // A domain of ours is taken in as the other.
    let moved = run(&["import", file, "--host", FIRST, "--domain", SECOND]);
    assert!(moved.1.contains("2 accounts are taken in"), "{}", moved.1);
    assert_eq!(lines(&["account", "list", "--domain", SECOND]).len(), 3);
}
