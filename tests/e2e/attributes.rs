//! Every attribute of presence: from contacts on real servers, and to them.

use std::time::Duration;

use minidom::Element;
use onesoup::csp::address::UserAddress;
use onesoup::csp::document::Spelling;
use onesoup::csp::leaf::Word as _;
use onesoup::csp::presence::{SubscribePresenceRequest, UpdatePresenceRequest};
use onesoup::csp::presence_access::{CreateAttributeListRequest, Watchers};
use onesoup::csp::presence_detail::{ClientInfo, TimeZone};
use onesoup::csp::presence_name::{AttributeKind, AttributeSet};
use onesoup::csp::presence_value::{Attribute, Qualified};
use onesoup::csp::primitive::Primitive;
use onesoup::csp::version::Version;
use onesoup::phone::event::{Event, Seen};
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;
use tokio::time::timeout;
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{
    PASSWORD, expect, expect_message, expect_presence, s60, settings, started,
};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

const MOOD: &str = "http://jabber.org/protocol/mood";
const GEOLOC: &str = "http://jabber.org/protocol/geoloc";
const NICK: &str = "http://jabber.org/protocol/nick";

/// A phone that speaks 1.3 in XML, logged in.
pub(crate) async fn modern(server: &Server, user: &str) -> Phone {
    server.add_account(user, PASSWORD);
    let habits = settings(server, Habits::PLAIN, user);
    started(PhoneSettings { version: Version::V1_3, spelling: Spelling::Xml, ..habits }).await
}

pub(crate) fn everything() -> AttributeSet {
    AttributeSet { kinds: AttributeKind::WORDS.iter().map(|(_, kind)| kind.clone()).collect() }
}

pub(crate) fn some(kinds: &[AttributeKind]) -> AttributeSet {
    AttributeSet { kinds: kinds.to_vec() }
}

/// Has a phone ask for attributes of somebody.
pub(crate) async fn watch(phone: &mut Phone, user: &str, attributes: AttributeSet) {
    let request = SubscribePresenceRequest {
        users: vec![UserAddress::parse(user)],
        attributes: Some(attributes),
        ..SubscribePresenceRequest::default()
    };
    phone.request(Primitive::SubscribePresenceRequest(request)).await.unwrap();
}

pub(crate) async fn publish(phone: &mut Phone, attributes: impl IntoIterator<Item = Attribute>) {
    let attributes = attributes.into_iter().collect();
    let request = UpdatePresenceRequest { attributes };
    phone.request(Primitive::UpdatePresenceRequest(request)).await.unwrap();
}

/// Writes both ways until something arrives: the first stream between two servers that have just
/// started may fail.
pub(crate) async fn knock(phone: &mut Phone, user: &str, contact: &mut XmppClient) {
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    for attempt in 0.. {
        assert!(attempt < 10, "{wv} cannot be reached");
        phone.send(&wv, "knock").await.unwrap();
        let arrived = timeout(Duration::from_secs(3), contact.expect_chat(&own)).await;
        if arrived.is_ok() {
            break;
        }
    }
    for attempt in 0.. {
        assert!(attempt < 10, "{own} cannot be reached");
        contact.send_chat(&own, "knock", "knock", false).await;
        if timeout(Duration::from_secs(3), expect_message(phone)).await.is_ok() {
            break;
        }
    }
}

/// A phone and a contact see each other from now on.
pub(crate) async fn befriend(phone: &mut Phone, user: &str, contact: &mut XmppClient) {
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    contact.subscribe(&own).await;
    expect(phone, "request", |event| matches!(event, Event::AuthRequest { .. }).then_some(()))
        .await;
    phone.answer(&wv, true).await.unwrap();
    contact.expect_presence(Type::None, &own).await;
}

/// A contact publishes something of itself, as XEP-0163 §4.1 has it.
pub(crate) async fn tell(contact: &mut XmppClient, node: &str, item: &str) {
    pubsub(contact, &format!("<publish node='{node}'><item id='current'>{item}</item></publish>"))
        .await;
}

async fn pubsub(contact: &mut XmppClient, inside: &str) {
    let id = format!("pep-{:016x}", rand::random::<u64>());
    let iq = format!(
        "<iq xmlns='jabber:client' type='set' id='{id}'>\
         <pubsub xmlns='http://jabber.org/protocol/pubsub'>{inside}</pubsub></iq>"
    );
    contact.send(iq.parse::<Element>().unwrap()).await;
    contact
        .expect("the answer of the contact's server", |stanza| match stanza {
            tokio_xmpp::Stanza::Iq(iq) if iq.id() == id => {
                assert!(!matches!(iq, Iq::Error { .. }), "{iq:?}");
                Some(())
            }
            _ => None,
        })
        .await;
}

/// The attribute as it would be written, with what is in it; empty if it was not told.
pub(crate) fn drawn(seen: &Seen, kind: &AttributeKind) -> String {
    seen.attributes.find(kind).map(|attribute| format!("{attribute:?}")).unwrap_or_default()
}

pub(crate) fn mood(seen: &Seen) -> Option<Option<&str>> {
    match seen.attributes.find(&AttributeKind::StatusMood)? {
        Attribute::StatusMood(word) => Some(word.valid().map(|word| word.as_str())),
        _ => None,
    }
}

pub(crate) fn alias(seen: &Seen) -> Option<&str> {
    match seen.attributes.find(&AttributeKind::Alias)? {
        Attribute::Alias(name) => name.valid().map(|name| name.as_str()),
        _ => None,
    }
}

async fn contact_publishes(user: &str, mut contact: XmppClient, retraction: &str) {
    let server = Server::shared();
    let wv = format!("wv:{}", contact.jid.to_bare());
    // Published before the two know each other.
    let amazed = format!("<mood xmlns='{MOOD}'><amazed/><text>wow</text></mood>");
    tell(&mut contact, MOOD, &amazed).await;

    let mut phone = modern(server, user).await;
    knock(&mut phone, user, &mut contact).await;
    befriend(&mut phone, user, &mut contact).await;
    watch(&mut phone, &wv, everything()).await;
    // Told once the contact's server has asked what the phone can show.
    for attempt in 0.. {
        assert!(attempt < 10, "nothing is told of {wv}");
        let name = format!("Romeo {attempt}");
        tell(&mut contact, NICK, &format!("<nick xmlns='{NICK}'>{name}</nick>")).await;
        let told = expect_presence(&mut phone, "name", |seen| alias(seen) == Some(&name));
        if timeout(Duration::from_secs(3), told).await.is_ok() {
            break;
        }
    }
    // What was published before is told at a login.
    phone.logout().await.unwrap();
    phone.login().await.unwrap();
    phone.start_up().await.unwrap();
    while phone.take_event().is_some() {}
    watch(&mut phone, &wv, everything()).await;
    expect_presence(&mut phone, "amazed", |seen| mood(seen) == Some(Some("HAPPY"))).await;

    let place = format!(
        "<geoloc xmlns='{GEOLOC}'><lat>12.60625</lat><lon>-35.4043478</lon><alt>3</alt>\
         <accuracy>200</accuracy><country>Italy</country><locality>Venice</locality>\
         <street>Calle</street><building>7</building><area>Castello</area>\
         <description>on the bridge</description><tzo>+01:00</tzo></geoloc>"
    );
    tell(&mut contact, GEOLOC, &place).await;
    let seen = expect_presence(&mut phone, "place", |seen| {
        drawn(seen, &AttributeKind::GeoLocation).contains("35 24 15.652W")
    })
    .await;
    assert!(drawn(&seen, &AttributeKind::GeoLocation).contains("12 36 22.5N"));
    for part in ["Italy", "Venice", "Calle", "Castello"] {
        assert!(drawn(&seen, &AttributeKind::Address).contains(part), "{part}: {seen:?}");
    }
    assert!(drawn(&seen, &AttributeKind::FreeTextLocation).contains("on the bridge"));
    assert!(drawn(&seen, &AttributeKind::TimeZone).contains("+01"));
    // The whole set, always: what was told before is told again.
    assert_eq!(mood(&seen), Some(Some("HAPPY")));

    tell(&mut contact, NICK, &format!("<nick xmlns='{NICK}'>Juliet</nick>")).await;
    expect_presence(&mut phone, "name", |seen| alias(seen) == Some("Juliet")).await;

    // Taken back: by an item that says so, or by taking the item back.
    tell(&mut contact, MOOD, &format!("<mood xmlns='{MOOD}'/>")).await;
    expect_presence(&mut phone, "no mood", |seen| mood(seen) == Some(None)).await;
    pubsub(&mut contact, retraction).await;
    let seen = expect_presence(&mut phone, "no place", |seen| {
        !drawn(seen, &AttributeKind::GeoLocation).contains("35 24")
    })
    .await;
    assert!(!drawn(&seen, &AttributeKind::Address).contains("Italy"));
    assert_eq!(alias(&seen), Some("Juliet"));

    // What the account shows stays when its devices go, and is no message at any time.
    contact.logout().await;
    let seen = expect_presence(&mut phone, "gone", |seen| seen.online == Some(false)).await;
    assert_eq!(alias(&seen), Some("Juliet"));
    let message = |event| match event {
        Event::Message { text, .. } => Some(text),
        _ => None,
    };
    while let Some(event) = phone.take_event() {
        assert_eq!(message(event), None);
    }
}

#[tokio::test]
async fn what_a_contact_on_prosody_publishes_is_shown_and_taken_back() {
    let lab = Lab::shared();
    let contact = XmppClient::login(lab, "ann@far.test/published", "pw-ann").await;
    let retraction =
        format!("<retract node='{GEOLOC}' notify='true'><item id='current'/></retract>");
    contact_publishes("pepfar", contact, &retraction).await;
}

#[tokio::test]
async fn what_a_contact_on_ejabberd_publishes_is_shown_and_taken_back() {
    let lab = Lab::shared();
    lab.register("published", "pw-published").await;
    let contact = XmppClient::login(lab, "published@xmpp.test", "pw-published").await;
    // It tells nobody elsewhere of an item that is taken back.
    let nowhere = format!(
        "<publish node='{GEOLOC}'><item id='current'><geoloc xmlns='{GEOLOC}'/></item></publish>"
    );
    contact_publishes("pepnear", contact, &nowhere).await;
}

#[tokio::test]
async fn what_somebody_publishes_who_is_no_contact_is_ignored() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("stranger", "pw-stranger").await;
    let mut stranger = XmppClient::login(lab, "stranger@xmpp.test", "pw-stranger").await;
    let mut phone = modern(server, "famous").await;
    watch(&mut phone, "wv:stranger@xmpp.test", some(&[AttributeKind::StatusMood])).await;
    stranger.expect_presence(Type::Subscribe, "famous@onesoup.test").await;
    let event = format!(
        "<message xmlns='jabber:client' type='headline' to='famous@onesoup.test'>\
         <body>look at me</body><event xmlns='http://jabber.org/protocol/pubsub#event'>\
         <items node='{MOOD}'><item id='1'><mood xmlns='{MOOD}'><happy/></mood></item></items>\
         </event></message>"
    );
    stranger.send(event.parse().unwrap()).await;
    stranger.send_chat("famous@onesoup.test", "the next", "n1", false).await;
    // It comes from a device, and from nobody whom the phone sees: neither a mood nor a message.
    let (_, text) = expect_message(&mut phone).await;
    assert_eq!(text, "the next");
    while let Some(event) = phone.take_event() {
        if let Event::Presence(seen) = event {
            assert_ne!(mood(&seen), Some(Some("HAPPY")));
        }
    }
}

#[tokio::test]
async fn a_status_in_several_languages_is_shown_in_that_of_the_user() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("polyglot", "pw-polyglot").await;
    let mut contact = XmppClient::login(lab, "polyglot@xmpp.test", "pw-polyglot").await;
    let mut phone = s60(server, "finn").await;
    befriend(&mut phone, "finn", &mut contact).await;
    publish(&mut phone, [Attribute::PreferredLanguage(Qualified::known("fin".into()))]).await;
    let away = "<presence xmlns='jabber:client'><show>away</show><status>out</status>\
                <status xml:lang='fi'>poissa</status><status xml:lang='sv'>borta</status></presence>";
    contact.send(away.parse().unwrap()).await;
    expect_presence(&mut phone, "away", |seen| seen.status == "poissa").await;
}

/// Has a phone show these attributes to somebody, and no others.
pub(crate) async fn grant(phone: &mut Phone, user: &str, kinds: &[AttributeKind]) {
    let users = vec![UserAddress::parse(user)];
    let request = CreateAttributeListRequest {
        watchers: Watchers { users, ..Watchers::default() },
        attributes: some(kinds),
    };
    phone.request(Primitive::CreateAttributeListRequest(request)).await.unwrap();
}

/// Returns the answer to a question that a contact puts to a device.
pub(crate) async fn answer(contact: &mut XmppClient, to: &str, question: &str) -> Element {
    let id = format!("ask-{:016x}", rand::random::<u64>());
    let iq = format!("<iq xmlns='jabber:client' type='get' id='{id}' to='{to}'>{question}</iq>");
    contact.send(iq.parse::<Element>().unwrap()).await;
    contact
        .expect("an answer", |stanza| match stanza {
            tokio_xmpp::Stanza::Iq(Iq::Result { id: answered, payload, .. }) => {
                payload.clone().filter(|_| *answered == id)
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_contact_is_answered_no_more_than_it_may_see() {
    const TIME: &str = "<time xmlns='urn:xmpp:time'/>";
    const VERSION: &str = "<query xmlns='jabber:iq:version'/>";
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("curious", "pw-curious").await;
    let mut contact = XmppClient::login(lab, "curious@xmpp.test", "pw-curious").await;
    let mut phone = modern(server, "cutask").await;
    befriend(&mut phone, "cutask", &mut contact).await;
    grant(&mut phone, "wv:curious@xmpp.test", &everything().kinds).await;
    let zone = TimeZone { zone: "+0530".into() };
    let client = ClientInfo { model: Some("xyz200".into()), ..ClientInfo::default() };
    let told = [
        Attribute::TimeZone(Qualified::known(zone)),
        Attribute::ClientInfo(Qualified::known(client)),
    ];
    publish(&mut phone, told).await;
    let shown = contact.expect_presence(Type::None, "cutask@onesoup.test").await;
    let device = shown.from.unwrap().to_string();
    let text = |element: Element, name: &str| {
        let child = element.children().find(|child| child.name() == name);
        child.map(Element::text).unwrap_or_default()
    };
    assert_eq!(text(answer(&mut contact, &device, TIME).await, "tzo"), "+05:30");
    assert_eq!(text(answer(&mut contact, &device, VERSION).await, "os"), "xyz200");

    grant(&mut phone, "wv:curious@xmpp.test", &[AttributeKind::OnlineStatus]).await;
    assert_eq!(text(answer(&mut contact, &device, TIME).await, "tzo"), "+00:00");
    assert_eq!(text(answer(&mut contact, &device, VERSION).await, "os"), "");
}
