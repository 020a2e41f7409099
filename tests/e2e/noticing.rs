//! A phone hears of nothing that it does not watch, or would draw as before.

use std::sync::OnceLock;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use onesoup::csp::presence_name::AttributeKind;
use onesoup::phone::event::Mood;
use onesoup::phone::handset::Habits;
use onesoup::phone::settings::PhoneSettings;
use sha1::{Digest, Sha1};
use tokio::time::timeout;
use tokio_xmpp::parsers::presence::Show;

use crate::attributes::{alias, befriend, mood, some, tell, watch};
use crate::support::lab::Lab;
use crate::support::phones::{expect_presence, settings, started};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::XmppClient;

const MOOD: &str = "http://jabber.org/protocol/mood";
const AVATAR: &str = "urn:xmpp:avatar:metadata";
const NICK: &str = "http://jabber.org/protocol/nick";

/// The lab of a server whose accounts are made by their first login: after a command of another
/// process everybody is looked at again, and told once more what he would draw as before.
fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::start(false))
}

/// That server.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::kept(|| {
            let settings = "registration = \"auto\"";
            Server::start_with(lab(), &Wishes { settings, ..Wishes::default() })
        })
    })
}

#[tokio::test]
async fn a_phone_is_told_and_woken_for_what_it_watches_only() {
    let (lab, server) = (lab(), server());
    lab.register("quiet", "pw-quiet").await;
    let mut contact = XmppClient::login(lab, "quiet@xmpp.test", "pw-quiet").await;
    let wv = "wv:quiet@xmpp.test";
    let kinds =
        [AttributeKind::OnlineStatus, AttributeKind::UserAvailability, AttributeKind::Alias];
    let mut phone = started(settings(server, Habits::S60, "quietsue")).await;
    watch(&mut phone, wv, some(&kinds)).await;
    befriend(&mut phone, "quietsue", &mut contact).await;
    watch(&mut phone, wv, some(&kinds)).await;
    for attempt in 0.. {
        assert!(attempt < 10, "nothing is told of {wv}");
        let name = format!("Sue {attempt}");
        tell(&mut contact, NICK, &format!("<nick xmlns='{NICK}'>{name}</nick>")).await;
        let told = expect_presence(&mut phone, "name", |seen| alias(seen) == Some(&name));
        if timeout(Duration::from_secs(3), told).await.is_ok() {
            break;
        }
    }
    // Another phone of the same user asks for the mood: the first hears nothing of it.
    let habits = settings(server, Habits::PLAIN, "quietsue");
    let mut other = started(PhoneSettings { client_id: Some("other".into()), ..habits }).await;
    watch(&mut other, wv, some(&[AttributeKind::StatusMood])).await;
    while phone.poll().await.unwrap() > 0 {}
    for (published, word) in [("happy", "HAPPY"), ("grieving", "SAD")] {
        tell(&mut contact, MOOD, &format!("<mood xmlns='{MOOD}'><{published}/></mood>")).await;
        expect_presence(&mut other, word, |seen| mood(seen) == Some(Some(word))).await;
        assert_eq!(phone.poll().await.unwrap(), 0);
    }
    // A picture is another one by its hash, and none where it is taken back.
    watch(&mut other, wv, some(&[AttributeKind::StatusContent])).await;
    while other.poll().await.unwrap() + phone.poll().await.unwrap() > 0 {}
    while other.take_event().is_some() {}
    let mut octets = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8).write_to(&mut octets, image::ImageFormat::Png).unwrap();
    let octets = octets.into_inner();
    let hash: String = Sha1::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect();
    let photo = format!("<BINVAL>{}</BINVAL>", BASE64_STANDARD.encode(&octets));
    let card = format!("<vCard xmlns='vcard-temp'><PHOTO>{photo}</PHOTO></vCard>");
    contact.ask("set", None, &card).await.expect("the profile is kept");
    let picture = format!(
        "<metadata xmlns='{AVATAR}'><info id='{hash}' type='image/png' bytes='1'/></metadata>"
    );
    for metadata in [picture, format!("<metadata xmlns='{AVATAR}'/>")] {
        tell(&mut contact, AVATAR, &metadata).await;
        expect_presence(&mut other, "a picture or none", |_| true).await;
        assert_eq!(phone.poll().await.unwrap(), 0);
    }
    watch(&mut other, wv, some(&[AttributeKind::StatusMood])).await;
    while other.poll().await.unwrap() > 0 {}
    // What it would draw as before is no news either.
    tell(&mut contact, MOOD, &format!("<mood xmlns='{MOOD}'><lonely/></mood>")).await;
    tell(&mut contact, NICK, &format!("<nick xmlns='{NICK}'>Last</nick>")).await;
    let seen = expect_presence(&mut phone, "name", |seen| alias(seen) == Some("Last")).await;
    assert_eq!(mood(&seen), None);
    assert_eq!(other.poll().await.unwrap(), 0);
}

#[tokio::test]
async fn a_change_that_a_phone_draws_alike_is_no_news_to_it() {
    let (lab, server) = (lab(), server());
    lab.register("alike", "pw-alike").await;
    let mut contact = XmppClient::login(lab, "alike@xmpp.test", "pw-alike").await;
    let mut sue = started(settings(server, Habits::S60, "alikesue")).await;
    befriend(&mut sue, "alikesue", &mut contact).await;
    let habits = settings(server, Habits::PLAIN, "alikesue");
    let mut ann = started(PhoneSettings { client_id: Some("other".into()), ..habits }).await;
    watch(&mut ann, "wv:alike@xmpp.test", some(&[AttributeKind::StatusText])).await;
    // S60 draws both as away, and cuts what is long; another phone of the user draws the whole.
    let (long, longer) = ("x".repeat(50), "x".repeat(60));
    contact.set_presence(Some(Show::Away), Some(&long)).await;
    expect_presence(&mut sue, "away", |seen| seen.mood == Mood::Away).await;
    while sue.poll().await.unwrap() > 0 {}
    contact.set_presence(Some(Show::Dnd), Some(&longer)).await;
    expect_presence(&mut ann, "longer", |seen| seen.status == longer).await;
    assert_eq!(sue.poll().await.unwrap(), 0);
}
