//! Who is let see an account becomes its contact, too, where that is set (mapping §3).

use onesoup::csp::presence_name::AttributeKind;
use onesoup::phone::event::{Event, Mood, Seen};
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::{Presence, Type};

use crate::support::access::{grant, user};
use crate::support::lab::Lab;
use crate::support::phones::{self, PASSWORD, expect, expect_presence, started};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;
use onesoup::phone::handset::Habits;

fn set(server: &Server, user: &str, value: &str) -> String {
    let (is_done, said) = server.account(&["set", user, "mutual-add", value], "");
    assert!(is_done, "{said}");
    said
}

/// A contact on Prosody, and a phone whose account adds those whom it lets see it.
async fn two(name: &str) -> (XmppClient, Phone, String) {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register_far(name, "pw");
    let contact = XmppClient::login(lab, &format!("{name}@far.test"), "pw").await;
    server.add_account(name, PASSWORD);
    set(server, name, "on");
    let phone = started(phones::settings(server, Habits::S60, name)).await;
    (contact, phone, format!("{name}@onesoup.test"))
}

/// Asks to see somebody, and says under which name.
async fn asks(contact: &mut XmppClient, own: &str, nick: &str) {
    let nick = format!("<nick xmlns='http://jabber.org/protocol/nick'>{nick}</nick>");
    let ask =
        format!("<presence xmlns='jabber:client' type='subscribe' to='{own}'>{nick}</presence>");
    contact.send(ask.parse().unwrap()).await;
}

async fn asked(phone: &mut Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

fn names(phone: &Phone) -> Vec<(String, String)> {
    let contacts = phone.contacts().into_iter();
    contacts.map(|it| (it.user.to_string(), it.name.to_string())).collect()
}

/// What the phone reads when it is switched on next.
async fn after_next_login(phone: &mut Phone) -> Vec<(String, String)> {
    phone.logout().await.unwrap();
    phone.login().await.unwrap();
    phone.start_up().await.unwrap();
    names(phone)
}

#[tokio::test]
async fn whom_the_user_lets_see_becomes_a_contact_under_its_own_name() {
    let (mut contact, mut phone, own) = two("mutualann").await;
    asks(&mut contact, &own, "Ann of far").await;
    let who = asked(&mut phone).await;
    phone.answer(&who, true).await.unwrap();
    contact.expect_presence(Type::Subscribed, &own).await;
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    let is_it = |seen: &Seen| seen.user == who && seen.mood == Mood::Available;
    expect_presence(&mut phone, "the new contact", is_it).await;
    let listed = [("wv:mutualann@far.test".to_owned(), "Ann of far".to_owned())];
    assert_eq!(after_next_login(&mut phone).await, listed);
    // Who is a contact is not added once more.
    phone.answer(&who, true).await.unwrap();
    contact.sync().await;
    let asks_again = |stanza: &Stanza| {
        matches!(stanza, Stanza::Presence(Presence { type_: Type::Subscribe, .. })).then_some(())
    };
    assert_eq!(contact.seen(asks_again), None);
    contact.logout().await;
}

#[tokio::test]
async fn whom_a_grant_lets_see_becomes_a_contact_and_who_is_denied_does_not() {
    let (mut contact, mut phone, own) = two("mutualbob").await;
    // Before it asks, and while it waits.
    let wv = "wv:mutualbob@far.test";
    grant(&mut phone, &[AttributeKind::OnlineStatus], user(wv)).await;
    asks(&mut contact, &own, "Bob").await;
    contact.expect_presence(Type::Subscribed, &own).await;
    contact.expect_presence(Type::Subscribe, &own).await;
    assert_eq!(after_next_login(&mut phone).await, [(wv.to_owned(), "Bob".to_owned())]);

    let lab = Lab::shared();
    lab.register_far("mutualeve", "pw");
    let mut waits = XmppClient::login(lab, "mutualeve@far.test", "pw").await;
    asks(&mut waits, &own, "  ").await;
    let who = asked(&mut phone).await;
    grant(&mut phone, &[AttributeKind::OnlineStatus], user(&who)).await;
    waits.expect_presence(Type::Subscribed, &own).await;
    waits.expect_presence(Type::Subscribe, &own).await;
    let listed = after_next_login(&mut phone).await;
    assert_eq!(listed[1], ("wv:mutualeve@far.test".to_owned(), "mutualeve".to_owned()));

    lab.register_far("mutualmal", "pw");
    let mut denied = XmppClient::login(lab, "mutualmal@far.test", "pw").await;
    asks(&mut denied, &own, "Mal").await;
    let who = asked(&mut phone).await;
    phone.answer(&who, false).await.unwrap();
    denied.expect_presence(Type::Unsubscribed, &own).await;
    assert_eq!(after_next_login(&mut phone).await, listed);
    contact.logout().await;
}

#[tokio::test]
async fn who_has_a_contact_of_ours_asked_is_asked_and_off_is_off() {
    let server = Server::shared();
    let (_, mut tom, _) = two("mutualtom").await;
    let mut tim = phones::s60(server, "mutualtim").await;
    tim.add_contact("wv:mutualtom", "Tom").await.unwrap();
    let who = asked(&mut tom).await;
    tom.answer(&who, true).await.unwrap();
    // Tim's own setting is off: he is asked, and nothing is added for him.
    let who = asked(&mut tim).await;
    assert_eq!(who, "wv:mutualtom");
    tim.answer(&who, true).await.unwrap();
    let wv = "wv:mutualtim@onesoup.test";
    let is_it = |seen: &Seen| seen.user == wv && seen.mood == Mood::Available;
    expect_presence(&mut tom, "tim", is_it).await;
    let listed = [(wv.to_owned(), "mutualtim".to_owned())];
    assert_eq!(after_next_login(&mut tom).await, listed);

    let (_, shown) = server.account(&["show", "mutualtom"], "");
    assert!(
        shown.lines().any(|line| line.split_whitespace().eq(["mutual", "add", "on"])),
        "{shown}"
    );
    assert!(set(server, "mutualtom", "off").contains("does not become"));
    let (_, shown) = server.account(&["show", "mutualtom"], "");
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["mutual", "add", "off"])));
    let (is_done, said) = server.account(&["set", "nobody-here", "mutual-add", "on"], "");
    assert!(!is_done && said.contains("no such account"), "{said}");
}
