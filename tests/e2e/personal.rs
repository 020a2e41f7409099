//! What people show of themselves crosses the network: pictures, moods, places, names, profiles.

use std::io::Cursor;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use minidom::Element;
use onesoup::csp::address::UserAddress;
use onesoup::csp::blocking::{BlockEntityRequest, EntityList, ListChange};
use onesoup::csp::capability::{CapabilityList, ClientCapabilityRequest};
use onesoup::csp::presence::{SubscribePresenceRequest, UpdatePresenceRequest};
use onesoup::csp::presence_detail::{ClientType, GeoLocation, Source, StatusContent};
use onesoup::csp::presence_name::{AttributeKind, AttributeSet};
use onesoup::csp::presence_value::{Attribute, PresenceSubList, Qualified};
use onesoup::csp::primitive::Primitive;
use onesoup::phone::event::{Event, Mood, Seen};
use onesoup::phone::session::Phone;
use sha1::{Digest, Sha1};
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{expect, expect_message, expect_presence, s60};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

pub(crate) const AVATAR: &str = "urn:xmpp:avatar:metadata";
pub(crate) const AVATAR_DATA: &str = "urn:xmpp:avatar:data";
const GEOLOC: &str = "http://jabber.org/protocol/geoloc";
const MOOD: &str = "http://jabber.org/protocol/mood";
const NICK: &str = "http://jabber.org/protocol/nick";
const EVENT: &str = "http://jabber.org/protocol/pubsub#event";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const VCARD: &str = "vcard-temp";

/// Writes from a phone to a contact, and back, until both have arrived: the first streams between
/// two servers that have just started may fail, and are refused for two seconds then.
async fn reach(phone: &mut Phone, user: &str, contact: &mut XmppClient) {
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    let knock = |stanza: &Stanza| match stanza {
        Stanza::Message(message) => {
            let from = message.from.as_ref().map(|from| from.to_bare().to_string());
            (from.as_deref() == Some(own.as_str()) && !message.bodies.is_empty()).then_some(())
        }
        _ => None,
    };
    for _ in 0..10 {
        phone.send(&wv, "knock").await.unwrap();
        let next = tokio::time::Instant::now() + Duration::from_secs(3);
        while tokio::time::Instant::now() < next {
            contact.sync().await;
            if contact.seen(knock).is_some() {
                contact.send_chat(&own, "come in", "knock", false).await;
                expect_message(phone).await;
                return;
            }
        }
    }
    panic!("{wv} cannot be reached");
}

/// A phone and a contact who see each other; the phone asks for pictures and names of programs.
async fn friends(phone: &mut Phone, user: &str, contact: &mut XmppClient) {
    reach(phone, user, contact).await;
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    expect_presence(phone, "contact online", |seen| seen.mood == Mood::Available).await;
    contact.subscribe(&own).await;
    let asked = expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await;
    phone.answer(&asked, true).await.unwrap();
    contact.expect_presence(Type::Subscribed, &own).await;
    contact.expect_presence(Type::None, &own).await;
    let kinds = vec![
        AttributeKind::OnlineStatus,
        AttributeKind::UserAvailability,
        AttributeKind::ClientInfo,
        AttributeKind::StatusText,
        AttributeKind::StatusContent,
    ];
    let request = SubscribePresenceRequest {
        users: vec![UserAddress::parse(&wv)],
        attributes: Some(AttributeSet { kinds }),
        ..SubscribePresenceRequest::default()
    };
    phone.request(Primitive::SubscribePresenceRequest(request)).await.unwrap();
}

/// A picture that is larger than any phone draws.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(300, 200, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let mut octets = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut octets, format).unwrap();
    octets.into_inner()
}

pub(crate) fn sha1(octets: &[u8]) -> String {
    Sha1::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(crate) fn content(seen: &Seen) -> Option<&Qualified<StatusContent>> {
    match seen.attributes.find(&AttributeKind::StatusContent)? {
        Attribute::StatusContent(content) => Some(content),
        _ => None,
    }
}

/// Waits for a contact's picture on a phone; it is one that an S60 draws (handset: S60 §7.1).
pub(crate) async fn expect_picture(phone: &mut Phone) {
    let has_picture = |seen: &Seen| content(seen).is_some_and(|it| it.valid().is_some());
    let seen = expect_presence(phone, "picture", has_picture).await;
    let shown = content(&seen).unwrap().valid().unwrap();
    assert_eq!(shown.content_type.as_deref(), Some("image/jpeg"));
    let Some(Source::Direct(base64)) = &shown.source else { panic!("{shown:?}") };
    assert!(base64.len() <= 5120, "{}", base64.len());
    let octets = BASE64_STANDARD.decode(base64.as_str()).unwrap();
    assert!(octets.len() <= 3800, "{}", octets.len());
    let drawn = image::load_from_memory_with_format(&octets, ImageFormat::Jpeg).unwrap();
    assert!((drawn.width(), drawn.height()) <= (100, 60), "{drawn:?}");
}

pub(crate) async fn expect_no_picture(phone: &mut Phone) {
    let has_none = |seen: &Seen| content(seen).is_some_and(|it| it.valid().is_none());
    expect_presence(phone, "no picture", has_none).await;
}

pub(crate) async fn publish(contact: &mut XmppClient, node: &str, id: &str, item: &str) {
    let what = format!(
        "<pubsub xmlns='{PUBSUB}'><publish node='{node}'><item id='{id}'>{item}</item></publish>\
         </pubsub>"
    );
    assert!(contact.ask("set", None, &what).await.is_some(), "{node} is published");
}

pub(crate) async fn update(phone: &mut Phone, attributes: Vec<Attribute>) {
    let attributes = PresenceSubList::from_iter(attributes);
    let request = UpdatePresenceRequest { attributes };
    phone.request(Primitive::UpdatePresenceRequest(request)).await.unwrap();
}

/// Waits for the event of a node of an account; returns its item.
pub(crate) async fn expect_event(contact: &mut XmppClient, of: &str, node: &str) -> Element {
    contact
        .expect(&format!("event of {node}"), |stanza| match stanza {
            Stanza::Message(message) => message.payloads.iter().find_map(|payload| {
                message.from.as_ref().filter(|from| from.as_str() == of)?;
                let items = payload.get_child("items", EVENT)?;
                let item = items.get_child("item", EVENT)?;
                (items.attr("node") == Some(node)).then(|| item.clone())
            }),
            _ => None,
        })
        .await
}

pub(crate) fn inside(item: &Element) -> &Element {
    item.children().next().expect("an item holds something")
}

pub(crate) async fn items(contact: &mut XmppClient, of: &str, node: &str) -> Option<Element> {
    let what = format!("<pubsub xmlns='{PUBSUB}'><items node='{node}'/></pubsub>");
    let answer = contact.ask("get", Some(of), &what).await?;
    answer.get_child("items", PUBSUB)?.get_child("item", PUBSUB).cloned()
}

#[tokio::test]
async fn a_phone_shows_the_picture_that_a_contact_publishes_elsewhere() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut contact = XmppClient::login(lab, "ann@far.test/avatar", "pw-ann").await;
    let mut phone = s60(server, "showava").await;
    friends(&mut phone, "showava", &mut contact).await;

    let octets = picture(ImageFormat::Png);
    let (hash, bytes) = (sha1(&octets), octets.len());
    let data = format!("<data xmlns='{AVATAR_DATA}'>{}</data>", BASE64_STANDARD.encode(&octets));
    publish(&mut contact, AVATAR_DATA, &hash, &data).await;
    let metadata = format!(
        "<metadata xmlns='{AVATAR}'><info id='{hash}' bytes='{bytes}' type='image/png' \
         width='300' height='200'/></metadata>"
    );
    publish(&mut contact, AVATAR, &hash, &metadata).await;
    expect_picture(&mut phone).await;

    publish(&mut contact, AVATAR, &hash, &format!("<metadata xmlns='{AVATAR}'/>")).await;
    expect_no_picture(&mut phone).await;
    contact.logout().await;
}

#[tokio::test]
async fn a_phone_shows_the_picture_in_the_profile_of_a_contact() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showvera", "pw").await;
    let mut contact = XmppClient::login(lab, "showvera@xmpp.test", "pw").await;
    let mut phone = s60(server, "showvic").await;
    friends(&mut phone, "showvic", &mut contact).await;

    let octets = picture(ImageFormat::Jpeg);
    let card = format!(
        "<vCard xmlns='{VCARD}'><PHOTO><TYPE>image/jpeg</TYPE><BINVAL>{}</BINVAL></PHOTO></vCard>",
        BASE64_STANDARD.encode(&octets)
    );
    assert!(contact.ask("set", None, &card).await.is_some());
    let photo = |hash: &str| {
        let presence = format!(
            "<presence xmlns='jabber:client'><x xmlns='vcard-temp:x:update'><photo>{hash}</photo>\
             </x></presence>"
        );
        presence.parse::<Element>().unwrap()
    };
    contact.send(photo(&sha1(&octets))).await;
    expect_picture(&mut phone).await;
    contact.send(photo("")).await;
    expect_no_picture(&mut phone).await;
    contact.logout().await;
}

#[tokio::test]
async fn a_picture_is_no_larger_than_the_phone_said_and_none_where_it_takes_none() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showsmall", "pw").await;
    let mut contact = XmppClient::login(lab, "showsmall@xmpp.test", "pw").await;
    let mut phone = s60(server, "showtiny").await;
    friends(&mut phone, "showtiny", &mut contact).await;
    let octets = picture(ImageFormat::Png);
    let (hash, bytes) = (sha1(&octets), octets.len());
    let data = format!("<data xmlns='{AVATAR_DATA}'>{}</data>", BASE64_STANDARD.encode(&octets));
    publish(&mut contact, AVATAR_DATA, &hash, &data).await;
    let metadata = format!(
        "<metadata xmlns='{AVATAR}'><info id='{hash}' bytes='{bytes}' type='image/png'/></metadata>"
    );
    publish(&mut contact, AVATAR, &hash, &metadata).await;
    expect_picture(&mut phone).await;

    // Said again, it counts from the next picture that is told.
    let mut say = async |capabilities| {
        let request = ClientCapabilityRequest { client_id: None, capabilities };
        phone.request(Primitive::ClientCapabilityRequest(request)).await.unwrap();
        let kinds = vec![AttributeKind::OnlineStatus, AttributeKind::StatusContent];
        let request = SubscribePresenceRequest {
            users: vec![UserAddress::parse("wv:showsmall@xmpp.test")],
            attributes: Some(AttributeSet { kinds }),
            ..SubscribePresenceRequest::default()
        };
        phone.request(Primitive::SubscribePresenceRequest(request)).await.unwrap();
        while phone.poll().await.unwrap() > 0 {}
        let told = std::iter::from_fn(|| phone.take_event());
        let told = told.filter_map(|event| match event {
            Event::Presence(seen) => content(&seen).cloned(),
            _ => None,
        });
        told.last().expect("the picture or none")
    };
    let limit = |octets| CapabilityList {
        accepted_content_length: Some(octets),
        ..CapabilityList::default()
    };
    let told = say(limit(1400)).await;
    let Some(Source::Direct(base64)) = &told.valid().unwrap().source else { panic!("{told:?}") };
    assert!(base64.len() <= 1400, "{}", base64.len());
    assert_eq!(say(limit(100)).await.valid(), None);
    let kinds = |kinds: &[&str]| CapabilityList {
        accepted_content_types: kinds.iter().map(|&kind| kind.into()).collect(),
        ..CapabilityList::default()
    };
    assert_eq!(say(kinds(&["text/plain", "image/gif"])).await.valid(), None);
    assert!(say(kinds(&["text/plain", "image/jpeg"])).await.valid().is_some());
}

#[tokio::test]
async fn a_phone_is_told_what_program_a_contact_uses() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showcleo", "pw").await;
    let mut contact = XmppClient::login(lab, "showcleo@xmpp.test", "pw").await;
    let mut phone = s60(server, "showcal").await;
    friends(&mut phone, "showcal", &mut contact).await;
    let of_program = |seen: &Seen| match seen.attributes.find(&AttributeKind::ClientInfo) {
        Some(Attribute::ClientInfo(info)) => {
            let info = info.valid()?;
            Some((info.client_type.clone()?, info.producer.clone()?.to_string()))
        }
        _ => None,
    };
    // To learn of it wakes no phone: it comes with what is told next.
    for number in 0.. {
        let status = format!("number {number}");
        contact.announce(&[], Some(&status)).await;
        let seen = expect_presence(&mut phone, "status", |seen| seen.status == status).await;
        if let Some(program) = of_program(&seen) {
            assert_eq!(program, (ClientType::Computer, "test client".to_owned()));
            break;
        }
        assert!(number < 100, "the phone is told");
    }
    contact.logout().await;
}

#[tokio::test]
async fn what_a_phone_shows_of_its_user_is_told_to_a_contact_elsewhere() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut contact = XmppClient::login(lab, "ann@far.test/events", "pw-ann").await;
    let mut phone = s60(server, "showeve").await;
    friends(&mut phone, "showeve", &mut contact).await;
    let own = "showeve@onesoup.test";
    update(&mut phone, vec![Attribute::Alias(Qualified::known("Eve".into()))]).await;

    // Who asks for it is told what there was before it came.
    let wanted = [AVATAR, GEOLOC, MOOD, NICK].map(|node| format!("{node}+notify"));
    contact.announce(&wanted.each_ref().map(String::as_str), None).await;
    assert_eq!(inside(&expect_event(&mut contact, own, NICK).await).text(), "Eve");

    // And then each change.
    update(&mut phone, vec![Attribute::StatusMood(Qualified::known("HAPPY".into()))]).await;
    let mood = expect_event(&mut contact, own, MOOD).await;
    assert!(inside(&mood).has_child("happy", MOOD), "{mood:?}");
    let place = GeoLocation {
        latitude: Some("60 10 15N".into()),
        longitude: Some("024 56 15E".into()),
        ..GeoLocation::default()
    };
    update(&mut phone, vec![Attribute::GeoLocation(Qualified::known(place))]).await;
    let place = expect_event(&mut contact, own, GEOLOC).await;
    let latitude = inside(&place).get_child("lat", GEOLOC).expect("a latitude").text();
    assert!(latitude.starts_with("60.17"), "{latitude}");

    // A picture: told of, to be had as a PNG in two ways, and named in the presence.
    let content = StatusContent {
        source: Some(Source::Direct(BASE64_STANDARD.encode(picture(ImageFormat::Jpeg)).into())),
        content_type: Some("image/jpeg".into()),
    };
    update(&mut phone, vec![Attribute::StatusContent(Qualified::known(content))]).await;
    let metadata = expect_event(&mut contact, own, AVATAR).await;
    let info = inside(&metadata).get_child("info", AVATAR).expect("a picture").clone();
    let hash = info.attr("id").unwrap().to_owned();
    assert_eq!(info.attr("type"), Some("image/png"));
    contact
        .expect("the hash in a presence", |stanza| match stanza {
            Stanza::Presence(presence) => {
                let is_it = |payload: &Element| {
                    let photo = payload.get_child("photo", "vcard-temp:x:update");
                    photo.is_some_and(|photo| photo.text() == hash)
                };
                presence.payloads.iter().any(is_it).then_some(())
            }
            _ => None,
        })
        .await;
    let item = items(&mut contact, own, AVATAR_DATA).await.expect("the octets");
    let octets = BASE64_STANDARD.decode(inside(&item).text()).unwrap();
    assert_eq!(sha1(&octets), hash);
    let drawn = image::load_from_memory_with_format(&octets, ImageFormat::Png).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (192, 128));
    let ask = format!("<vCard xmlns='{VCARD}'/>");
    let card = contact.ask("get", Some(own), &ask).await.expect("a profile");
    assert_eq!(card.get_child("NICKNAME", VCARD).unwrap().text(), "Eve");
    let photo = card.get_child("PHOTO", VCARD).unwrap().get_child("BINVAL", VCARD).unwrap();
    assert_eq!(BASE64_STANDARD.decode(photo.text()).unwrap(), octets);
    assert!(items(&mut contact, own, MOOD).await.is_some());
    let nodes = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    let nodes = contact.ask("get", Some(own), nodes).await.unwrap();
    let named: Vec<&str> = nodes.children().filter_map(|item| item.attr("node")).collect();
    assert_eq!(named, [AVATAR, GEOLOC, MOOD, NICK]);

    // Taken back, it is told and not to be had any more.
    let nothing = vec![
        Attribute::StatusContent(Qualified::unknown()),
        Attribute::StatusMood(Qualified::unknown()),
    ];
    update(&mut phone, nothing).await;
    assert_eq!(inside(&expect_event(&mut contact, own, AVATAR).await).children().count(), 0);
    assert_eq!(inside(&expect_event(&mut contact, own, MOOD).await).children().count(), 0);
    assert!(items(&mut contact, own, AVATAR_DATA).await.is_none());
    assert!(items(&mut contact, own, MOOD).await.is_none());
    assert!(items(&mut contact, own, GEOLOC).await.is_some());

    // What an account shows outlives the session of its phone.
    phone.logout().await.unwrap();
    contact.expect_presence(Type::Unavailable, own).await;
    assert!(items(&mut contact, own, GEOLOC).await.is_some());
    assert!(contact.ask("get", Some(own), &ask).await.is_some());
    contact.logout().await;
}

#[tokio::test]
async fn who_is_not_subscribed_is_told_nothing_of_a_user() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showsam", "pw").await;
    let mut contact = XmppClient::login(lab, "showsam@xmpp.test", "pw").await;
    let mut phone = s60(server, "showsue").await;
    friends(&mut phone, "showsue", &mut contact).await;
    let own = "showsue@onesoup.test";
    contact.announce(&[&format!("{MOOD}+notify")], None).await;
    let mood = |word: &str| vec![Attribute::StatusMood(Qualified::known(word.into()))];
    update(&mut phone, mood("HAPPY")).await;
    expect_event(&mut contact, own, MOOD).await;

    contact.send_presence(Type::Unsubscribe, own).await;
    contact.expect_presence(Type::Unavailable, own).await;
    update(&mut phone, mood("SAD")).await;
    contact.sync().await;
    // What the phone said last is through once a message of it is.
    phone.send("wv:showsam@xmpp.test", "still here").await.unwrap();
    contact.expect_chat(own).await;
    // A device that came while its user changed something may be told of that twice, in order.
    let is_event = |stanza: &Stanza| match stanza {
        Stanza::Message(message) => {
            let sad = |payload: &Element| String::from(payload).contains("<sad");
            message.payloads.iter().any(sad).then_some(())
        }
        _ => None,
    };
    assert_eq!(contact.seen(is_event), None);
    assert!(items(&mut contact, own, MOOD).await.is_none());
    let ask = format!("<vCard xmlns='{VCARD}'/>");
    assert!(contact.ask("get", Some(own), &ask).await.is_none());
    contact.logout().await;
}

#[tokio::test]
async fn xep_0163_4_3_who_is_denied_or_accepted_is_told_what_it_sees_of_a_user_from_now_on() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showtess", "pw").await;
    let mut contact = XmppClient::login(lab, "showtess@xmpp.test", "pw").await;
    let mut phone = s60(server, "showtim").await;
    friends(&mut phone, "showtim", &mut contact).await;
    let own = "showtim@onesoup.test";
    contact.announce(&[&format!("{MOOD}+notify")], None).await;
    let mood = vec![Attribute::StatusMood(Qualified::known("HAPPY".into()))];
    update(&mut phone, mood).await;
    let told = expect_event(&mut contact, own, MOOD).await;
    assert!(inside(&told).has_child("happy", MOOD), "{told:?}");

    phone.answer("wv:showtess@xmpp.test", false).await.unwrap();
    loop {
        // A device that came while its user changed something may be told of that twice.
        let told = expect_event(&mut contact, own, MOOD).await;
        if inside(&told).children().count() == 0 {
            break;
        }
    }
    contact.subscribe(own).await;
    let asked = expect(&mut phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await;
    phone.answer(&asked, true).await.unwrap();
    let told = expect_event(&mut contact, own, MOOD).await;
    assert!(inside(&told).has_child("happy", MOOD), "{told:?}");
    contact.logout().await;
}

#[tokio::test]
async fn xep_0191_3_3_who_is_blocked_sees_nothing_any_more_of_a_user() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("showblake", "pw").await;
    let mut contact = XmppClient::login(lab, "showblake@xmpp.test", "pw").await;
    let mut phone = s60(server, "showbo").await;
    friends(&mut phone, "showbo", &mut contact).await;
    let own = "showbo@onesoup.test";
    contact.announce(&[&format!("{MOOD}+notify")], None).await;
    let mood = vec![Attribute::StatusMood(Qualified::known("HAPPY".into()))];
    update(&mut phone, mood).await;
    expect_event(&mut contact, own, MOOD).await;

    let users = vec![UserAddress::parse("wv:showblake@xmpp.test")];
    let who = EntityList { users, ..EntityList::default() };
    let mut block = async |add: EntityList, remove: EntityList| {
        let block = ListChange { in_use: Some(true), add, remove };
        let request = BlockEntityRequest { block, grant: ListChange::default() };
        phone.request(Primitive::BlockEntityRequest(request)).await.unwrap();
    };
    block(who.clone(), EntityList::default()).await;
    loop {
        // A device that came while its user changed something may be told of that twice.
        let told = expect_event(&mut contact, own, MOOD).await;
        if inside(&told).children().count() == 0 {
            break;
        }
    }
    assert!(items(&mut contact, own, MOOD).await.is_none());
    block(EntityList::default(), who).await;
    let told = expect_event(&mut contact, own, MOOD).await;
    assert!(inside(&told).has_child("happy", MOOD), "{told:?}");
    contact.logout().await;
}
