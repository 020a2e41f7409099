//! What a contact's server may say, by ejabberd, over S2S by Prosody, and where nobody stands
//! between: nothing breaks, and no phone is woken for nothing.

use std::fmt::Write;
use std::time::Instant;

use onesoup::csp::presence_name::AttributeKind;
use onesoup::csp::presence_value::Attribute;
use onesoup::phone::event::{Event, Seen};

use crate::support::attacked::{Attacked, Side, items};
use crate::support::phones::{expect_message, expect_presence};
use crate::support::server::Server;

const AVATAR: &str = "urn:xmpp:avatar:metadata";
const EVENT: &str = "http://jabber.org/protocol/pubsub#event";
const GEOLOC: &str = "http://jabber.org/protocol/geoloc";
const MOOD: &str = "http://jabber.org/protocol/mood";
const NICK: &str = "http://jabber.org/protocol/nick";

/// Presence of somebody that makes no sense: what it is to be of it, and its attributes and inside.
fn senseless_presence() -> Vec<(&'static str, String, String)> {
    let (none, long) = (String::new, "x".repeat(200_000));
    let caps =
        |attributes: &str| format!("<c xmlns='http://jabber.org/protocol/caps' {attributes}/>");
    let photo = |hash: &str| format!("<x xmlns='vcard-temp:x:update'><photo>{hash}</photo></x>");
    let mut many = String::new();
    (0..5000).for_each(|number| write!(many, "<a{number} xmlns='urn:x:{number}'/>").unwrap());
    let deep = format!("{}{}", "<d xmlns='urn:d'>".repeat(200), "</d>".repeat(200));
    let as_before = "<show>away</show><status>as before</status>";
    let with = |inside: &str| format!("{as_before}{inside}");
    vec![
        ("an unknown type", "type='invisible'".into(), none()),
        ("an empty type", "type=''".into(), none()),
        ("a type in capitals", "type='UNAVAILABLE'".into(), none()),
        ("a huge type", format!("type='{long}'"), none()),
        ("an error without an error", "type='error'".into(), none()),
        ("approval once more", "type='subscribed'".into(), none()),
        ("a bad priority", none(), with("<priority>high</priority>")),
        ("a vast priority", none(), with("<priority>99999999999999999999</priority>")),
        ("empty caps", none(), with(&caps(""))),
        ("caps of no hash", none(), with(&caps("node='x' ver='y' hash='no-such'"))),
        ("caps that prove nothing", none(), with(&caps("node='x' ver='?' hash='sha-1'"))),
        ("huge caps", none(), with(&caps(&format!("node='{long}' ver='y' hash='sha-1'")))),
        ("a bad hash of a picture", none(), with(&photo("../../etc/passwd"))),
        ("a huge hash of a picture", none(), with(&photo(&long))),
        ("a bad delay", none(), with("<delay xmlns='urn:xmpp:delay' stamp='never'/>")),
        ("five thousand children", none(), with(&many)),
        ("children two hundred deep", none(), with(&deep)),
        ("a huge child", none(), with(&format!("<x xmlns='urn:x'>{long}{long}</x>"))),
    ]
}

async fn senseless_presence_moves_nobody(side: Side, user: &str) {
    let mut house = Attacked::from(side, user).await;
    house.befriend("pest").await;
    let before = house.shown("pest").await;
    let device = house.device("pest");
    for (what, attributes, inside) in senseless_presence() {
        // An error says that a device is not to be reached: it takes another one.
        let from =
            if what.contains("error") { device.replace("/x", "/gone") } else { device.clone() };
        let own = &house.own;
        let text = format!("<presence from='{from}' to='{own}' {attributes}>{inside}</presence>");
        house.component.say(&text).await;
        house.assert_unmoved(what).await;
        assert_eq!(house.shown("pest").await, before, "{what}");
    }
    // What says something, though too much of it, is shown as far as a phone shows it.
    let mut many = String::new();
    for number in 0..100_u8 {
        let lang = [b'a' + number / 26, b'a' + number % 26].map(char::from);
        let lang = String::from_iter(lang);
        write!(many, "<status xml:lang='{lang}'>status {number}</status>").unwrap();
    }
    let huge = format!("<status>{}</status>", "y".repeat(400_000));
    for (what, start, inside) in [("100 statuses", "status", many), ("a huge one", "yyy", huge)] {
        let text = format!("<presence from='{device}' to='{}'>{inside}</presence>", house.own);
        house.component.say(&text).await;
        let is_it = |seen: &Seen| seen.status.starts_with(start);
        let seen = expect_presence(&mut house.phone, what, is_it).await;
        assert!(seen.status.len() <= 64, "{what}: {}", seen.status.len());
        house.settle().await;
        house.assert_within_bounds();
    }
    let bad_show = "<show>drunk</show><status>as before</status>";
    let text = format!("<presence from='{device}' to='{}'>{bad_show}</presence>", house.own);
    house.component.say(&text).await;
    let is_it = |seen: &Seen| seen.status == "as before";
    // ejabberd refuses the word.
    if side == Side::Itself {
        expect_presence(&mut house.phone, "a bad show", is_it).await;
    }
    house.end().await;
}

#[tokio::test]
async fn presence_that_makes_no_sense_moves_no_phone_by_ejabberd() {
    senseless_presence_moves_nobody(Side::Ejabberd, "hostilepe").await;
}

#[tokio::test]
async fn presence_that_makes_no_sense_moves_no_phone_by_prosody() {
    senseless_presence_moves_nobody(Side::Prosody, "hostilepp").await;
}

#[tokio::test]
async fn presence_that_makes_no_sense_moves_no_phone_by_our_own_server() {
    senseless_presence_moves_nobody(Side::Itself, "hostilepi").await;
}

/// What is told at a node and is nothing that could be told there.
fn junk() -> Vec<(&'static str, String)> {
    let mut crowd = String::new();
    (0..3000).for_each(|number| write!(crowd, "<item id='{number}'/>").unwrap());
    let place =
        |inside: &str| items(GEOLOC, &format!("<geoloc xmlns='{GEOLOC}'>{inside}</geoloc>"));
    let deep = format!("{}{}", "<d xmlns='urn:d'>".repeat(300), "</d>".repeat(300));
    vec![
        ("no node", "<items><item/></items>".into()),
        ("an unknown node", items("urn:nowhere", "<x xmlns='urn:nowhere'/>")),
        ("a huge node", items(&"n".repeat(300_000), "<x xmlns='urn:nowhere'/>")),
        ("a place for a mood", items(MOOD, &format!("<geoloc xmlns='{GEOLOC}'/>"))),
        ("a mood that nobody has", items(MOOD, &format!("<mood xmlns='{MOOD}'><hangry/></mood>"))),
        ("an empty mood", items(MOOD, &format!("<mood xmlns='{MOOD}'/>"))),
        ("a mood of many", items(MOOD, &crowd)),
        ("a place that is none", place("<lat>NaN</lat><lon>1e999</lon>")),
        ("a place off the earth", place("<lat>91</lat><lon>-500</lon>")),
        ("a name of nothing", items(NICK, &format!("<nick xmlns='{NICK}'> </nick>"))),
        ("a deep name", items(NICK, &format!("<nick xmlns='{NICK}'>{deep}</nick>"))),
        (
            "a picture of no hash",
            items(AVATAR, &format!("<metadata xmlns='{AVATAR}'><info/></metadata>")),
        ),
        (
            "a picture elsewhere",
            items(
                AVATAR,
                &format!(
                    "<metadata xmlns='{AVATAR}'><info id='{}' url='http://127.0.0.1:1/x.png'/></metadata>",
                    "a".repeat(40)
                ),
            ),
        ),
        ("what was taken back and never there", "<items node='x'><retract id='1'/></items>".into()),
        ("nothing", String::new()),
        ("two events in one", format!("<event xmlns='{EVENT}'/>")),
        ("a node that is gone", format!("<delete node='{MOOD}'/><purge node='{GEOLOC}'/>")),
    ]
}

async fn junk_for_events_moves_nobody(side: Side, user: &str) {
    let mut house = Attacked::from(side, user).await;
    house.befriend("junk").await;
    let before = house.shown("junk").await;
    for (what, text) in junk() {
        house.publish("junk", &text).await;
        house.assert_unmoved(what).await;
        assert_eq!(house.shown("junk").await, before, "{what}");
    }
    let happy = items(MOOD, &format!("<mood xmlns='{MOOD}'><happy/></mood>"));
    // In the name of somebody else, of a device, and of who is no contact.
    house.publish("stranger", &happy).await;
    house.assert_unmoved("a stranger's mood").await;
    // What makes sense is told, as before.
    house.publish("junk", &happy).await;
    let has_mood = |seen: &Seen| {
        matches!(seen.attributes.find(&AttributeKind::StatusMood),
            Some(Attribute::StatusMood(mood)) if mood.valid().is_some())
    };
    expect_presence(&mut house.phone, "a mood", has_mood).await;
    house.end().await;
}

#[tokio::test]
async fn junk_for_personal_events_moves_no_phone_by_ejabberd() {
    junk_for_events_moves_nobody(Side::Ejabberd, "hostileee").await;
}

#[tokio::test]
async fn junk_for_personal_events_moves_no_phone_by_prosody() {
    junk_for_events_moves_nobody(Side::Prosody, "hostileep").await;
}

#[tokio::test]
async fn junk_for_personal_events_moves_no_phone_by_our_own_server() {
    junk_for_events_moves_nobody(Side::Itself, "hostileei").await;
}

/// Lines of the log that tell of strangers.
fn lines_of_strangers(server: &Server) -> usize {
    server.log().matches("requests of strangers come too fast").count()
}

async fn a_flood_of_strangers(side: Side, user: &str) {
    let mut house = Attacked::from(side, user).await;
    house.settle().await;
    let (begun, before) = (Instant::now(), lines_of_strangers(&house.server));
    // One that asks a thousand times is one question.
    for _ in 0..1000 {
        house.component.presence("again", &house.own, "type='subscribe'", "").await;
    }
    assert_eq!(house.question().await, house.wv("again"));
    house.fence().await;
    assert_eq!(house.phone.poll().await.unwrap(), 0);
    assert!(house.woken() <= 1, "woken {} times for one question", house.woken());
    house.settle().await;
    // A crowd of one domain: the phone is asked for twenty in all, and woken once.
    let refused = house.server.metric("strangers_refused");
    for number in 0..1000 {
        let from = format!("crowd{number}");
        let hello = "<status>hello</status>";
        house.component.presence(&from, &house.own, "type='subscribe'", hello).await;
    }
    house.fence().await;
    assert_eq!(house.woken(), 1, "for all of them");
    assert!(house.server.metric("strangers_refused") >= refused + 980);
    while house.phone.poll().await.unwrap() > 0 {}
    let mut questions = 0;
    while let Some(event) = house.phone.take_event() {
        questions += usize::from(matches!(event, Event::AuthRequest { .. }));
    }
    assert!((15..=20).contains(&questions), "{questions}, the first beside");
    // Those refused are refused still, and the phone hears nothing of it.
    house.settle().await;
    for number in 900..1000 {
        let from = format!("crowd{number}");
        house.component.presence(&from, &house.own, "type='subscribe'", "").await;
    }
    house.assert_unmoved("those who were refused").await;
    let minutes = usize::try_from(begun.elapsed().as_secs() / 60).unwrap();
    let lines = lines_of_strangers(&house.server);
    assert!(lines > 0 && lines - before <= 1 + minutes, "{lines} after {before}");
    // What somebody else says comes through.
    let (own, domain) = (&house.own, &house.component.domain);
    let chat = "<body>hi</body></message>";
    let chat = format!("<message type='chat' from='pal@{domain}' to='{own}'>{chat}");
    house.component.say(&chat).await;
    expect_message(&mut house.phone).await;
    house.end().await;
}

#[tokio::test]
async fn a_flood_of_strangers_is_limited_by_ejabberd() {
    a_flood_of_strangers(Side::Ejabberd, "hostilefe").await;
}

#[tokio::test]
async fn a_flood_of_strangers_is_limited_by_prosody() {
    a_flood_of_strangers(Side::Prosody, "hostilefp").await;
}
