//! Every attribute of presence from phone to phone, within our domain.

use onesoup::csp::presence_channel::{
    AddrPref, Channel, ChannelStatus, CommC, CommCap, PreferredContacts,
};
use onesoup::csp::presence_detail::{
    CivicAddress, ClientInfo, ClientType, ContactInfo, GeoLocation, InfoLink, Link, Source,
    TimeZone,
};
use onesoup::csp::presence_name::AttributeKind;
use onesoup::csp::presence_value::{Attribute, Qualified};
use onesoup::phone::event::Event;
use onesoup::phone::session::Phone;

use crate::attributes::{alias, drawn, everything, grant, modern, publish, watch};
use crate::support::phones::{android, expect, expect_presence, s60};
use crate::support::server::Server;

/// The value of each attribute, as phones publish it.
fn facts() -> Vec<Attribute> {
    let text = |text: &str| Qualified::known(text.into());
    let link = Link {
        url: Some("http://lee.test/".into()),
        text: Some("mine".into()),
        content_type: None,
    };
    let call = CommC {
        channel: Some(Channel::Call),
        status: Some(ChannelStatus::Open),
        contact: Some("+358".into()),
        note: Some("office".into()),
    };
    let preferred = AddrPref {
        channel: Some(Channel::Sms),
        address: Some("+358".into()),
        priority: Some(1),
        ..AddrPref::default()
    };
    vec![
        Attribute::StatusText(text("in town")),
        Attribute::StatusMood(text("IN_LOVE")),
        Attribute::Alias(text("Lee")),
        Attribute::FreeTextLocation(text("pub")),
        Attribute::PreferredLanguage(text("fin")),
        Attribute::Plmn(text("24405")),
        Attribute::Registration(Qualified::known(true)),
        Attribute::TimeZone(Qualified::known(TimeZone { zone: "+0530".into() })),
        Attribute::GeoLocation(Qualified::known(GeoLocation {
            longitude: Some("35 24 15.652W".into()),
            latitude: Some("12 36 22.5N".into()),
            altitude: Some("3".into()),
            accuracy: Some("200".into()),
        })),
        Attribute::Address(Qualified::known(CivicAddress {
            country: Some("GB".into()),
            city: Some("London".into()),
            street: Some("Strand".into()),
            crossing1: Some("Aldwych".into()),
            ..CivicAddress::default()
        })),
        Attribute::ClientInfo(Qualified::known(ClientInfo {
            client_type: Some(ClientType::MobilePhone),
            model: Some("xyz200".into()),
            ..ClientInfo::default()
        })),
        Attribute::CommCap(Qualified::known(CommCap { channels: vec![call] })),
        Attribute::PreferredContacts(Qualified::known(PreferredContacts {
            addresses: vec![preferred],
        })),
        Attribute::ContactInfo(Qualified::known(ContactInfo {
            source: Some(Source::Referred("http://lee.test/card".into())),
        })),
        Attribute::InfoLink(Qualified::known(InfoLink { links: vec![link] })),
    ]
}

/// Two phones of our domain see each other.
async fn acquaint(one: &mut Phone, other: &mut Phone, names: [&str; 2]) {
    let wv = names.map(|name| format!("wv:{name}@onesoup.test"));
    one.add_contact(&wv[1], "Other").await.unwrap();
    expect(other, "request", |event| matches!(event, Event::AuthRequest { .. }).then_some(()))
        .await;
    other.answer(&wv[0], true).await.unwrap();
    grant(other, &wv[0], &everything().kinds).await;
    expect_presence(one, "the other", |seen| seen.online == Some(true)).await;
}

#[tokio::test]
async fn phones_of_the_domain_see_all_that_phones_of_the_domain_publish() {
    let server = Server::shared();
    let (mut kim, mut lee) = (modern(server, "factkim").await, modern(server, "factlee").await);
    acquaint(&mut kim, &mut lee, ["factkim", "factlee"]).await;
    watch(&mut kim, "wv:factlee@onesoup.test", everything()).await;
    publish(&mut lee, facts()).await;
    let seen = expect_presence(&mut kim, "all facts", |seen| alias(seen) == Some("Lee")).await;
    for fact in facts() {
        assert_eq!(seen.attributes.find(&fact.kind()), Some(&fact));
    }

    // One is taken back; the others are told again with it.
    publish(&mut lee, [Attribute::GeoLocation(Qualified::unknown())]).await;
    let seen = expect_presence(&mut kim, "no point", |seen| {
        seen.attributes.find(&AttributeKind::GeoLocation)
            == Some(&Attribute::GeoLocation(Qualified::unknown()))
    })
    .await;
    for fact in facts().into_iter().filter(|fact| fact.kind() != AttributeKind::GeoLocation) {
        assert_eq!(seen.attributes.find(&fact.kind()), Some(&fact));
    }

    // Who hides shows nothing more.
    publish(&mut lee, [Attribute::OnlineStatus(Qualified::known(false))]).await;
    let seen = expect_presence(&mut kim, "hidden", |seen| seen.online == Some(false)).await;
    for kind in [AttributeKind::StatusMood, AttributeKind::Address, AttributeKind::ClientInfo] {
        assert!(drawn(&seen, &kind).contains("value: None"), "{seen:?}");
    }
}

/// Both read strictly: what the real phones refuse is an error here.
#[tokio::test]
async fn old_phones_read_every_attribute_that_they_ask_for() {
    let server = Server::shared();
    let mut lee = modern(server, "oldlee").await;
    for (mut phone, user) in
        [(s60(server, "oldsue").await, "oldsue"), (android(server, "oldann").await, "oldann")]
    {
        publish(&mut lee, [Attribute::Alias(Qualified::unknown())]).await;
        acquaint(&mut phone, &mut lee, [user, "oldlee"]).await;
        watch(&mut phone, "wv:oldlee@onesoup.test", everything()).await;
        publish(&mut lee, facts()).await;
        let seen =
            expect_presence(&mut phone, "all facts", |seen| alias(seen) == Some("Lee")).await;
        // handset: S60 §11.8: 1.1 has no links.
        let is_known = |fact: &Attribute| fact.kind().is_known_to(phone.settings().version);
        for fact in facts().into_iter().filter(is_known) {
            assert_eq!(seen.attributes.find(&fact.kind()), Some(&fact), "{user}");
        }
    }
}
