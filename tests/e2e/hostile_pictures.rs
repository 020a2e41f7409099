//! Pictures and profiles that are none, or far too much: of contacts, and of phones.

use std::fmt::Write;
use std::io::Cursor;
use std::time::Instant;

use base64::{Engine, prelude::BASE64_STANDARD};
use image::{DynamicImage, ImageFormat, RgbImage};
use onesoup::csp::presence::UpdatePresenceRequest;
use onesoup::csp::presence_detail::{Source, StatusContent};
use onesoup::csp::presence_name::AttributeKind;
use onesoup::csp::presence_value::{Attribute, PresenceSubList, Qualified};
use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::phone::event::Seen;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sha1::{Digest, Sha1};

use crate::support::attacked::{Attacked, Side, items};
use crate::support::phones::{PATIENCE, expect_presence};

const AVATAR: &str = "urn:xmpp:avatar:metadata";
const AVATAR_DATA: &str = "urn:xmpp:avatar:data";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";

fn metadata(hash: &str) -> String {
    let info = format!("<info id='{hash}' bytes='9' type='image/png' width='64' height='64'/>");
    items(AVATAR, &format!("<metadata xmlns='{AVATAR}'>{info}</metadata>"))
}

fn sha1(octets: &[u8]) -> String {
    Sha1::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn spelt(pixels: RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut octets = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut octets, format).unwrap();
    octets.into_inner()
}

/// Few octets, many pixels: 400 million.
fn png_bomb() -> Vec<u8> {
    let mut octets = spelt(RgbImage::new(20_000, 1), ImageFormat::Png);
    octets[20..24].copy_from_slice(&20_000_u32.to_be_bytes());
    let sum = crc32(&octets[12..29]);
    octets[29..33].copy_from_slice(&sum.to_be_bytes());
    octets
}

/// One octet of data, 65,535 by 65,535 pixels.
fn gif_bomb() -> Vec<u8> {
    let mut gif = b"GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff".to_vec();
    gif.extend(b"\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b");
    gif
}

/// As PNG sums up its chunks.
fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0_u32, |sum, octet| {
        (0..8).fold(sum ^ u32::from(*octet), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    })
}

/// What hardly any compression makes smaller.
fn noise(octets: usize) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(7);
    (0..octets).map(|_| random.random()).collect()
}

/// What a contact's server has for a picture: its hash, the items, and the profile.
fn hostile_pictures() -> Vec<(&'static str, String, String, String)> {
    let good = spelt(RgbImage::new(64, 64), ImageFormat::Png);
    let data = |text: &str| {
        format!(
            "<pubsub xmlns='{PUBSUB}'><items node='{AVATAR_DATA}'><item id='x'>\
             <data xmlns='{AVATAR_DATA}'>{text}</data></item></items></pubsub>"
        )
    };
    let card = |photo: &str| format!("<vCard xmlns='vcard-temp'>{photo}</vCard>");
    let photo =
        |text: &str| card(&format!("<PHOTO><TYPE>image/png</TYPE><BINVAL>{text}</BINVAL></PHOTO>"));
    let both = |what: &'static str, octets: &[u8]| {
        let text = BASE64_STANDARD.encode(octets);
        (what, sha1(octets), data(&text), photo(&text))
    };
    let mut crowd = String::new();
    (0..8000).for_each(|number| write!(crowd, "<FN>{number}</FN><X{number}/>").unwrap());
    let mut items = String::new();
    (0..3000).for_each(|number| write!(items, "<item id='{number}'/>").unwrap());
    let deep = format!("{}{}", "<PHOTO>".repeat(300), "</PHOTO>".repeat(300));
    let hash = |number: u8| sha1(&[number]);
    let mut half = good.clone();
    half.truncate(good.len() / 2);
    // As much as goes through two servers: half a megabyte.
    let huge = noise(370 * 1024);
    let big_text = "A".repeat(500 * 1024);
    vec![
        both("a PNG bomb", &png_bomb()),
        both("a GIF bomb", &gif_bomb()),
        both("what is no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        both("half of a picture", &half),
        both("much noise", &huge),
        both("noise called a PNG", &[&b"\x89PNG\r\n\x1a\n"[..], &noise(100_000)].concat()),
        both("nothing", b""),
        ("another picture", hash(1), both("", &good).2, both("", &good).3),
        ("wrong base64", hash(2), data("&lt;?!"), photo("%%%")),
        ("much that is nothing", hash(3), data(&big_text), photo(&big_text)),
        (
            "a crowd",
            hash(4),
            format!(
                "<pubsub xmlns='{PUBSUB}'><items node='{AVATAR_DATA}'>{items}</items></pubsub>"
            ),
            card(&crowd),
        ),
        ("a deep card", hash(5), "<x xmlns='urn:x'/>".into(), card(&deep)),
        ("an empty answer", hash(6), String::new(), String::new()),
        ("two answers in one", hash(7), "<x xmlns='urn:x'/><y xmlns='urn:y'/>".into(), card("")),
    ]
}

async fn hostile_pictures_move_nobody(side: Side, user: &str) {
    let mut house = Attacked::from(side, user).await;
    for (number, (what, hash, items, card)) in hostile_pictures().into_iter().enumerate() {
        // A contact's next picture is not fetched for a minute: each has another contact.
        let guest = format!("artist{number}");
        house.befriend(&guest).await;
        let before = house.shown(&guest).await;
        house.publish(&guest, &metadata(&hash)).await;
        let asked = house.component.expect_question(&guest, AVATAR_DATA).await;
        house.component.answer(&guest, &asked, &items).await;
        let address = format!("{guest}@{}", house.component.domain);
        let is_over = |log: String| {
            let mut lines = log.lines();
            lines.any(|line| line.contains("was not to be had") && line.contains(&address))
        };
        let deadline = Instant::now() + PATIENCE;
        while !is_over(house.server.log()) {
            assert!(Instant::now() < deadline, "{what} is not given up");
            house.fence().await;
            // What has the right hash is not looked for elsewhere.
            if let Some(asked) = house.component.asked(&guest, "vcard-temp") {
                house.component.answer(&guest, &asked, &card).await;
            }
        }
        house.assert_unmoved(what).await;
        assert_eq!(house.shown(&guest).await, before, "{what}");
    }
    // Who has a picture is shown with it.
    house.befriend("painter").await;
    // No other test has the same.
    let octets = [&spelt(RgbImage::new(64, 64), ImageFormat::Png), user.as_bytes()].concat();
    house.publish("painter", &metadata(&sha1(&octets))).await;
    let asked = house.component.expect_question("painter", AVATAR_DATA).await;
    let text = BASE64_STANDARD.encode(&octets);
    let items = format!(
        "<pubsub xmlns='{PUBSUB}'><items node='{AVATAR_DATA}'><item id='x'>\
         <data xmlns='{AVATAR_DATA}'>{text}</data></item></items></pubsub>"
    );
    house.component.answer("painter", &asked, &items).await;
    let has_picture = |seen: &Seen| {
        matches!(seen.attributes.find(&AttributeKind::StatusContent),
            Some(Attribute::StatusContent(content)) if content.valid().is_some())
    };
    expect_presence(&mut house.phone, "a picture", has_picture).await;
    house.end().await;
}

#[tokio::test]
async fn hostile_pictures_and_profiles_move_no_phone_by_ejabberd() {
    hostile_pictures_move_nobody(Side::Ejabberd, "hostileae").await;
}

#[tokio::test]
async fn hostile_pictures_and_profiles_move_no_phone_by_prosody() {
    hostile_pictures_move_nobody(Side::Prosody, "hostileap").await;
}

#[tokio::test]
async fn hostile_pictures_and_profiles_move_no_phone_by_our_own_server() {
    hostile_pictures_move_nobody(Side::Itself, "hostileai").await;
}

#[tokio::test]
async fn a_phone_that_publishes_what_is_no_picture_is_told_so_and_contacts_see_none() {
    let mut house = Attacked::from(Side::Prosody, "hostilepub").await;
    house.befriend("looker").await;
    house.component.presence("looker", &house.own, "type='subscribe'", "").await;
    let asked = house.question().await;
    house.phone.answer(&asked, true).await.unwrap();
    house.component.expect_presence("subscribed", &house.own, "looker").await;
    house.component.expect_presence("", &house.own, "looker").await;
    house.settle().await;
    let base64 = |octets: &[u8]| BASE64_STANDARD.encode(octets);
    let huge = base64(&noise(60 * 1024));
    let pictures = [
        ("a PNG bomb", "image/png", base64(&png_bomb())),
        ("a GIF bomb", "image/gif", base64(&gif_bomb())),
        ("a page", "text/html", base64(b"<html/>")),
        (
            "half of a picture",
            "image/png",
            base64(&spelt(RgbImage::new(64, 64), ImageFormat::Png)[..40]),
        ),
        ("wrong base64", "image/png", "?!%".into()),
        ("more than the bound", "image/png", huge),
    ];
    for (what, media_type, text) in pictures {
        let content = StatusContent {
            source: Some(Source::Direct(text.into())),
            content_type: Some(media_type.into()),
        };
        let attributes = [Attribute::StatusContent(Qualified::known(content))];
        let attributes = PresenceSubList::from_iter(attributes);
        let request = Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes });
        let answer = house.phone.request(request).await.unwrap();
        let Primitive::Status(status) = &answer else { panic!("{what}: {answer:?}") };
        assert!(!status.result.code.is_success(), "{what}: {answer:?}");
        assert_ne!(status.result.code, Code::SERVER_ERROR, "{what}: {answer:?}");
        house.assert_unmoved(what).await;
    }
    let told = |stanza: &minidom::Element| (stanza.name() == "presence").then(|| stanza.clone());
    assert_eq!(house.component.seen(told), None, "the contact is told nothing");
    house.end().await;
}

/// As much as no server passes on.
#[tokio::test]
async fn ten_megabytes_cost_only_themselves() {
    let mut house = Attacked::from(Side::Itself, "hostileten").await;
    house.befriend("giant").await;
    let before = house.shown("giant").await;
    let ten = "A".repeat(10 * 1024 * 1024);
    let (device, own) = (house.device("giant"), house.own.clone());
    let status = format!("<presence from='{device}' to='{own}'><status>{ten}</status></presence>");
    house.component.say(&status).await;
    house.assert_unmoved("a status of ten megabytes").await;
    house.publish("giant", &items(AVATAR, &ten)).await;
    house.assert_unmoved("an event of ten megabytes").await;
    let hash = sha1(b"ten");
    house.publish("giant", &metadata(&hash)).await;
    let asked = house.component.expect_question("giant", AVATAR_DATA).await;
    let data = format!("<data xmlns='{AVATAR_DATA}'>{ten}</data>");
    house.component.answer("giant", &asked, &data).await;
    let asked = house.component.expect_question("giant", "vcard-temp").await;
    let card = format!("<vCard xmlns='vcard-temp'><PHOTO><BINVAL>{ten}</BINVAL></PHOTO></vCard>");
    house.component.answer("giant", &asked, &card).await;
    house.assert_unmoved("pictures of ten megabytes").await;
    assert_eq!(house.shown("giant").await, before);
    house.end().await;
}
