//! What people tell only who asks: cards (ContactInfo ⇄ XEP-0054), programs (ClientInfo ⇄
//! XEP-0092), clocks (TimeZone ⇄ XEP-0202).

use minidom::Element;
use onesoup::csp::presence_detail::{ContactInfo, Source};
use onesoup::csp::presence_name::{AttributeKind, AttributeSet};
use onesoup::csp::presence_value::{Attribute, Qualified};
use onesoup::phone::event::Seen;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::iq::Iq;

use crate::attributes::{
    answer, befriend, drawn, everything, grant, knock, modern, publish, watch,
};
use crate::support::lab::Lab;
use crate::support::phones::expect_presence;
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

const ASK: &str = "<vCard xmlns='vcard-temp'/>";

async fn near(lab: &Lab, user: &str) -> XmppClient {
    lab.register(user, "pw").await;
    XmppClient::login(lab, &format!("{user}@xmpp.test"), "pw").await
}

async fn far(lab: &Lab, user: &str) -> XmppClient {
    lab.register_far(user, "pw");
    XmppClient::login(lab, &format!("{user}@far.test"), "pw").await
}

fn some(kinds: &[AttributeKind]) -> AttributeSet {
    AttributeSet { kinds: kinds.to_vec() }
}

fn card(seen: &Seen) -> Option<&str> {
    match seen.attributes.find(&AttributeKind::ContactInfo)? {
        Attribute::ContactInfo(info) => match info.valid()?.source.as_ref()? {
            Source::Direct(text) => Some(text.as_str()),
            Source::Referred(_) => None,
        },
        _ => None,
    }
}

fn text(card: &Element, path: &[&str]) -> String {
    let found = path.iter().try_fold(card, |at, name| at.get_child(name, "vcard-temp"));
    found.map(Element::text).unwrap_or_default()
}

async fn card_is_shown(user: &str, mut contact: XmppClient) {
    let server = Server::shared();
    let wv = format!("wv:{}", contact.jid.to_bare());
    let profile = "<vCard xmlns='vcard-temp'><FN>Ada King</FN><N><FAMILY>King</FAMILY>\
                   <GIVEN>Ada</GIVEN></N><TEL><CELL/><NUMBER>+44 20 1</NUMBER></TEL>\
                   <EMAIL><INTERNET/><USERID>ada@x.test</USERID></EMAIL></vCard>";
    contact.ask("set", None, profile).await.expect("the profile is set");
    let mut phone = modern(server, user).await;
    knock(&mut phone, user, &mut contact).await;
    befriend(&mut phone, user, &mut contact).await;
    watch(&mut phone, &wv, some(&[AttributeKind::OnlineStatus, AttributeKind::ContactInfo])).await;
    let seen = expect_presence(&mut phone, "card", |seen| card(seen).is_some()).await;
    // Prosody keeps profiles in another format and forgets what kind a number is.
    let told = card(&seen).unwrap().replace("TEL;CELL", "TEL");
    let lines: Vec<&str> = told.lines().map(str::trim_end).collect();
    let expected = [
        "BEGIN:VCARD",
        "VERSION:2.1",
        "N:King;Ada",
        "FN:Ada King",
        "TEL:+44 20 1",
        "EMAIL;INTERNET:ada@x.test",
        "END:VCARD",
    ];
    assert_eq!(lines, expected);
    // What is known already comes at once with the next login, also while nobody is there.
    contact.logout().await;
    phone.logout().await.unwrap();
    phone.login().await.unwrap();
    phone.start_up().await.unwrap();
    watch(&mut phone, &wv, some(&[AttributeKind::ContactInfo])).await;
    expect_presence(&mut phone, "card", |seen| card(seen).is_some()).await;
}

#[tokio::test]
async fn contact_info_of_a_contact_on_ejabberd_is_the_card_in_its_profile() {
    card_is_shown("cardreads", near(Lab::shared(), "cardnear").await).await;
}

#[tokio::test]
async fn contact_info_of_a_contact_on_prosody_is_the_card_in_its_profile() {
    card_is_shown("cardreadsfar", far(Lab::shared(), "cardfar").await).await;
}

async fn card_is_told(user: &str, mut contact: XmppClient) {
    let server = Server::shared();
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    let mut phone = modern(server, user).await;
    knock(&mut phone, user, &mut contact).await;
    befriend(&mut phone, user, &mut contact).await;
    let text_of_card = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Hopper;Grace\r\nFN:Grace Hopper\r\n\
                        TEL;CELL:+1 555\r\nADR;HOME:;;Strand;Arlington;;;US\r\nEND:VCARD\r\n";
    let source = Some(Source::Direct(text_of_card.into()));
    publish(
        &mut phone,
        [
            Attribute::ContactInfo(Qualified::known(ContactInfo { source })),
            Attribute::Alias(Qualified::known("Gracie".into())),
        ],
    )
    .await;
    let card = answer(&mut contact, &own, ASK).await;
    for (path, expected) in [
        (&["FN"][..], "Grace Hopper"),
        (&["N", "FAMILY"], "Hopper"),
        (&["NICKNAME"], "Gracie"),
        (&["TEL", "NUMBER"], "+1 555"),
        (&["ADR", "LOCALITY"], "Arlington"),
    ] {
        assert_eq!(text(&card, path), expected, "{card:?}");
    }
    // No more than the contact may see.
    grant(&mut phone, &wv, &[AttributeKind::OnlineStatus, AttributeKind::Alias]).await;
    let card = answer(&mut contact, &own, ASK).await;
    assert_eq!(text(&card, &["FN"]), "Gracie");
    assert_eq!(text(&card, &["TEL", "NUMBER"]), "");
    grant(&mut phone, &wv, &everything().kinds).await;
    let gone = Attribute::ContactInfo(Qualified::unknown());
    publish(&mut phone, [gone]).await;
    let card = answer(&mut contact, &own, ASK).await;
    assert_eq!(text(&card, &["FN"]), "Gracie");
}

#[tokio::test]
async fn contact_info_of_a_phone_is_in_the_profile_that_ejabberd_s_users_see() {
    card_is_told("cardtells", near(Lab::shared(), "cardasks").await).await;
}

#[tokio::test]
async fn contact_info_of_a_phone_is_in_the_profile_that_prosody_s_users_see() {
    card_is_told("cardtellsfar", far(Lab::shared(), "cardasksfar").await).await;
}

/// Answers the next question of a namespace as a client does.
async fn reply(contact: &mut XmppClient, ns: &str, inside: &str) {
    let (id, from, name) = contact
        .expect(&format!("question of {ns}"), |stanza| match stanza {
            Stanza::Iq(Iq::Get { id, from: Some(from), payload, .. }) if payload.ns() == ns => {
                Some((id.clone(), from.to_string(), payload.name().to_owned()))
            }
            _ => None,
        })
        .await;
    let iq = format!(
        "<iq xmlns='jabber:client' type='result' id='{id}' to='{from}'>\
         <{name} xmlns='{ns}'>{inside}</{name}></iq>"
    );
    contact.send(iq.parse().unwrap()).await;
}

async fn device_is_asked(user: &str, mut contact: XmppClient) {
    let server = Server::shared();
    let wv = format!("wv:{}", contact.jid.to_bare());
    let mut phone = modern(server, user).await;
    knock(&mut phone, user, &mut contact).await;
    befriend(&mut phone, user, &mut contact).await;
    let asks = |stanza: &Stanza| match stanza {
        Stanza::Iq(Iq::Get { payload, .. }) => {
            matches!(payload.ns().as_str(), "jabber:iq:version" | "urn:xmpp:time").then_some(())
        }
        _ => None,
    };
    watch(&mut phone, &wv, some(&[AttributeKind::ClientInfo, AttributeKind::TimeZone])).await;
    let version = "<name>Exodus</name><version>0.9</version><os>Symbian</os>";
    reply(&mut contact, "jabber:iq:version", version).await;
    expect_presence(&mut phone, "program", |seen| {
        let shown = drawn(seen, &AttributeKind::ClientInfo);
        ["Exodus", "0.9", "Symbian"].iter().all(|part| shown.contains(part))
    })
    .await;
    let time = "<tzo>-03:30</tzo><utc>2006-12-19T17:58:35Z</utc>";
    reply(&mut contact, "urn:xmpp:time", time).await;
    let seen = expect_presence(&mut phone, "zone", |seen| {
        drawn(seen, &AttributeKind::TimeZone).contains("-0330")
    })
    .await;
    assert!(drawn(&seen, &AttributeKind::ClientInfo).contains("Exodus"));
    // Its next presence does not say it again, and it is not asked again.
    contact.set_presence(None, Some("still here")).await;
    watch(&mut phone, &wv, everything()).await;
    let seen = expect_presence(&mut phone, "status", |seen| seen.status == "still here").await;
    assert!(drawn(&seen, &AttributeKind::ClientInfo).contains("Exodus"));
    assert!(drawn(&seen, &AttributeKind::TimeZone).contains("-0330"));
    contact.sync().await;
    assert!(contact.seen(asks).is_none(), "once is enough");
}

#[tokio::test]
async fn client_info_and_time_zone_are_asked_of_a_contact_on_ejabberd() {
    device_is_asked("devasks", near(Lab::shared(), "devnear").await).await;
}

#[tokio::test]
async fn client_info_and_time_zone_are_asked_of_a_contact_on_prosody() {
    device_is_asked("devasksfar", far(Lab::shared(), "devfar").await).await;
}
