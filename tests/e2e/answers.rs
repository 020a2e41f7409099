//! What the domain, its accounts and their phones answer to whoever asks, on either side.

use std::time::{Duration, Instant};

use onesoup::csp::presence_name::AttributeKind as Kind;
use onesoup::phone::event::Mood;
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::caps::{Caps, compute_disco, hash_caps};
use tokio_xmpp::parsers::disco::DiscoInfoResult;
use tokio_xmpp::parsers::hashes::{Algo, Hash};
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::presence::Type;

use crate::support::access::{everybody, grant};
use crate::support::asking::{ask, query, said, text};
use crate::support::lab::Lab;
use crate::support::phones::{expect, s60};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::XmppClient;

const DOMAIN: &str = "onesoup.test";
const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// Any answer is there after this time, once the servers know each other.
const SOON: Duration = Duration::from_secs(1);

/// A contact at either server, each known to be reached.
async fn askers(lab: &Lab, name: &str) -> [XmppClient; 2] {
    let near = format!("alice@xmpp.test/{name}");
    let far = format!("ann@far.test/{name}");
    let mut askers = [
        XmppClient::login(lab, &near, "pw-alice").await,
        XmppClient::login(lab, &far, "pw-ann").await,
    ];
    for asker in &mut askers {
        asker.reach(DOMAIN).await;
    }
    askers
}

/// Has a contact see a phone; returns the full address of the phone.
async fn seen_by(contact: &mut XmppClient, phone: &mut Phone, user: &str) -> String {
    let own = format!("{user}@{DOMAIN}");
    contact.subscribe(&own).await;
    let asked = expect(phone, "request", |event| match event {
        onesoup::phone::event::Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await;
    phone.answer(&asked, true).await.unwrap();
    let presence = contact.expect_presence(Type::None, &own).await;
    presence.from.expect("a sender").to_string()
}

#[tokio::test]
async fn xep_0030_the_domain_says_what_it_is_and_each_feature_works() {
    Server::shared();
    for mut asker in askers(Lab::shared(), "info").await {
        let info = DiscoInfoResult::try_from(said(query(&mut asker, DOMAIN, INFO).await)).unwrap();
        let [identity] = info.identities.as_slice() else { panic!("{info:?}") };
        assert_eq!((identity.category.as_str(), identity.type_.as_str()), ("server", "im"));
        for feature in &info.features {
            let question = match feature.as_str() {
                "urn:xmpp:ping" => "<ping xmlns='urn:xmpp:ping'/>".to_owned(),
                "urn:xmpp:time" => "<time xmlns='urn:xmpp:time'/>".to_owned(),
                "msgoffline" => continue,
                ns => format!("<query xmlns='{ns}'/>"),
            };
            let answer = ask(&mut asker, DOMAIN, "get", &question).await;
            assert!(answer.is_ok(), "{feature}: {answer:?}");
        }
        let items = said(query(&mut asker, DOMAIN, ITEMS).await);
        assert!(items.is("query", ITEMS));
        let node = format!("<query xmlns='{INFO}' node='nobody'/>");
        assert_eq!(ask(&mut asker, DOMAIN, "get", &node).await, Err("item-not-found".to_owned()));
    }
}

#[tokio::test]
async fn xep_0157_the_domain_names_whom_people_turn_to() {
    let lab = Lab::start(false);
    let settings = "[contact]\nabuse = [\"mailto:abuse@onesoup.test\", \"xmpp:kim@onesoup.test\"]\n\
                    support = [\"https://onesoup.test/help\"]";
    let _server = Server::start_with(&lab, &Wishes { settings, ..Wishes::default() });
    let mut asker = XmppClient::login(&lab, "alice@xmpp.test", "pw-alice").await;
    let info = said(query(&mut asker, DOMAIN, INFO).await);
    let info = DiscoInfoResult::try_from(info).unwrap();
    let form = |form_type: &str| {
        let mut forms = info.extensions.iter();
        forms.find(|form| form.form_type() == Some(form_type)).expect("the form")
    };
    let values = |form_type: &str, var: &str| {
        let mut fields = form(form_type).fields.iter();
        let field = fields.find(|field| field.var.as_deref() == Some(var));
        field.map(|field| field.values.clone()).unwrap_or_default()
    };
    let server_info = "http://jabber.org/network/serverinfo";
    let abuse = values(server_info, "abuse-addresses");
    assert_eq!(abuse, ["mailto:abuse@onesoup.test", "xmpp:kim@onesoup.test"]);
    assert_eq!(values(server_info, "support-addresses"), ["https://onesoup.test/help"]);
    assert!(values(server_info, "admin-addresses").is_empty());
    // spec: XEP-0232 §3
    let software = values("urn:xmpp:dataforms:softwareinfo", "software_version");
    assert_eq!(software, [env!("CARGO_PKG_VERSION")]);
}

#[tokio::test]
async fn xep_0030_an_account_is_disclosed_to_those_who_see_its_presence_and_to_nobody_else() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "disclosed").await;
    for mut asker in askers(lab, "account").await {
        for account in ["disclosed@onesoup.test", "nobody-here@onesoup.test"] {
            let unavailable = Err("service-unavailable".to_owned());
            assert_eq!(query(&mut asker, account, INFO).await, unavailable);
            let none = said(query(&mut asker, account, ITEMS).await);
            assert_eq!(none.children().count(), 0);
        }
        let device = seen_by(&mut asker, &mut phone, "disclosed").await;
        let info = said(query(&mut asker, "disclosed@onesoup.test", INFO).await);
        let info = DiscoInfoResult::try_from(info).unwrap();
        assert_eq!(info.identities[0].category, "account");
        let items = said(query(&mut asker, "disclosed@onesoup.test", ITEMS).await);
        let items: Vec<_> = items.children().filter_map(|item| item.attr("jid")).collect();
        assert_eq!(items, [device.as_str()]);
        asker.send_presence(Type::Unsubscribe, "disclosed@onesoup.test").await;
    }
}

#[tokio::test]
async fn xep_0115_a_phones_presence_has_the_hash_of_what_it_can_do() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "hashed").await;
    for mut asker in askers(lab, "caps").await {
        seen_by(&mut asker, &mut phone, "hashed").await;
        phone.set_status(Mood::Away, Some("hashed")).await.unwrap();
        let presence = asker
            .expect("the phone away", |stanza| match stanza {
                Stanza::Presence(presence) if presence.show.is_some() => Some(presence.clone()),
                _ => None,
            })
            .await;
        let device = presence.from.clone().unwrap().to_string();
        let mut payloads = presence.payloads.iter().cloned();
        let caps = payloads.find_map(|payload| Caps::try_from(payload).ok()).expect("caps");
        let ver = Hash::new(caps.hash.clone(), caps.ver.clone()).to_base64();
        let node = format!("<query xmlns='{INFO}' node='{}#{ver}'/>", caps.node);
        let info = said(ask(&mut asker, &device, "get", &node).await);
        let info = DiscoInfoResult::try_from(info).unwrap();
        assert_eq!(info.node, Some(format!("{}#{ver}", caps.node)));
        let computed = hash_caps(&compute_disco(&info), Algo::Sha_1).unwrap();
        assert_eq!(computed.to_base64(), ver);
        assert_eq!(info.identities[0].type_, "phone");
        let other = format!("<query xmlns='{INFO}' node='{}#other'/>", caps.node);
        let other = ask(&mut asker, &device, "get", &other).await;
        assert_eq!(other, Err("item-not-found".to_owned()));
        phone.set_status(Mood::Available, Some("")).await.unwrap();
    }
}

#[tokio::test]
async fn xep_0012_0092_0199_0202_a_phone_and_the_domain_answer_what_clients_ask() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "asked").await;
    for mut asker in askers(lab, "asked").await {
        let device = seen_by(&mut asker, &mut phone, "asked").await;
        for whom in [DOMAIN, &device] {
            let version = said(query(&mut asker, whom, "jabber:iq:version").await);
            assert_eq!(text(&version, "name"), "OneSoup");
            assert_eq!(text(&version, "version"), env!("CARGO_PKG_VERSION"));
            let time = said(ask(&mut asker, whom, "get", "<time xmlns='urn:xmpp:time'/>").await);
            assert!(text(&time, "utc").ends_with('Z') && text(&time, "tzo").contains(':'));
            let last = said(query(&mut asker, whom, "jabber:iq:last").await);
            assert!(last.attr("seconds").unwrap().parse::<u64>().unwrap() < 600);
            let ping = ask(&mut asker, whom, "get", "<ping xmlns='urn:xmpp:ping'/>").await;
            assert_eq!(ping, Ok(None));
        }
        // spec: XEP-0012 §5: somebody who is there was active now.
        let last = said(query(&mut asker, "asked@onesoup.test", "jabber:iq:last").await);
        assert_eq!(last.attr("seconds"), Some("0"));
        asker.send_presence(Type::Unsubscribe, "asked@onesoup.test").await;
    }
}

#[tokio::test]
async fn xep_0012_a_stranger_is_not_told_when_somebody_was_there() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let _phone = s60(server, "private").await;
    for mut asker in askers(lab, "private").await {
        for account in ["private@onesoup.test", "nobody-here@onesoup.test"] {
            let answer = query(&mut asker, account, "jabber:iq:last").await;
            assert_eq!(answer, Err("forbidden".to_owned()), "{account}");
        }
    }
}

#[tokio::test]
async fn xep_0030_8_who_no_longer_sees_a_phone_learns_nothing_from_its_full_address() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "former").await;
    for mut asker in askers(lab, "former").await {
        let device = seen_by(&mut asker, &mut phone, "former").await;
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        assert_eq!(ask(&mut asker, &device, "get", ping).await, Ok(None));
        asker.send_presence(Type::Unsubscribe, "former@onesoup.test").await;
        asker.expect_presence(Type::Unavailable, "former@onesoup.test").await;
        let unavailable = Err("service-unavailable".to_owned());
        assert_eq!(ask(&mut asker, &device, "get", ping).await, unavailable);
        for ns in [INFO, ITEMS, "jabber:iq:last", "jabber:iq:version"] {
            assert_eq!(query(&mut asker, &device, ns).await, unavailable, "{ns}");
        }
    }
}

#[tokio::test]
async fn who_may_not_see_whether_a_user_is_there_is_told_of_no_device_and_no_activity() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "withheld").await;
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    let [mut asker, _] = askers(lab, "withheld").await;
    let own = "withheld@onesoup.test";
    asker.subscribe(own).await;
    let device = asker.expect_presence(Type::None, own).await.from.unwrap().to_string();
    grant(&mut phone, &[Kind::StatusText], everybody()).await;
    asker.expect_presence(Type::Unavailable, own).await;
    assert!(query(&mut asker, own, INFO).await.is_ok(), "it still knows of the account");
    assert_eq!(said(query(&mut asker, own, ITEMS).await).children().count(), 0);
    let last = query(&mut asker, own, "jabber:iq:last").await;
    assert_eq!(last, Err("forbidden".to_owned()));
    let last = query(&mut asker, &device, "jabber:iq:last").await;
    assert_eq!(last, Err("service-unavailable".to_owned()));
}

/// Questions that nobody here can answer.
const UNKNOWN: [(&str, &str); 10] = [
    ("get", "<query xmlns='urn:example:unknown'/>"),
    ("set", "<query xmlns='urn:example:unknown'/>"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>"),
    ("set", "<vCard xmlns='vcard-temp'><FN>x</FN></vCard>"),
    ("set", "<query xmlns='jabber:iq:register'/>"),
    // Whom an account blocks is for its phones alone, whoever asks (XEP-0191).
    ("get", "<blocklist xmlns='urn:xmpp:blocking'/>"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item jid='a@b'/></block>"),
    ("set", "<unblock xmlns='urn:xmpp:blocking'/>"),
    ("set", "<query xmlns='jabber:iq:privacy'/>"),
    ("set", "<command xmlns='http://jabber.org/protocol/commands' node='x'/>"),
];

#[tokio::test]
async fn rfc_6120_8_4_what_nobody_can_answer_is_refused_within_a_second() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "refusing").await;
    for mut asker in askers(lab, "refusing").await {
        let device = seen_by(&mut asker, &mut phone, "refusing").await;
        let gone = "refusing@onesoup.test/gone";
        let nobody = ["nobody-here@onesoup.test", "nobody-here@onesoup.test/x"];
        for whom in [DOMAIN, "refusing@onesoup.test", &device, gone, nobody[0], nobody[1]] {
            for (kind, payload) in UNKNOWN {
                let start = Instant::now();
                let answer = ask(&mut asker, whom, kind, payload).await;
                assert_eq!(answer, Err("service-unavailable".to_owned()), "{whom} {payload}");
                assert!(start.elapsed() < SOON, "{whom} {payload}: {:?}", start.elapsed());
            }
        }
        for (payload, whom) in [("<ping xmlns='urn:xmpp:ping'/>", gone), ("<x xmlns='y'/>", gone)] {
            let answer = ask(&mut asker, whom, "get", payload).await;
            assert_eq!(answer, Err("service-unavailable".to_owned()));
        }
        asker.send_presence(Type::Unsubscribe, "refusing@onesoup.test").await;
    }
}

#[tokio::test]
async fn rfc_6120_8_2_3_an_answer_that_nobody_waits_for_is_answered_by_nothing() {
    Server::shared();
    for mut asker in askers(Lab::shared(), "unasked").await {
        let error = "<error type='cancel'>\
            <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        for (kind, inside) in [("result", ""), ("error", error)] {
            let iq = format!(
                "<iq xmlns='jabber:client' id='un' to='{DOMAIN}' type='{kind}'>{inside}</iq>"
            );
            asker.send(iq.parse().unwrap()).await;
        }
        // Answered after those would have been.
        assert_eq!(ask(&mut asker, DOMAIN, "get", "<ping xmlns='urn:xmpp:ping'/>").await, Ok(None));
        let is_answer = |stanza: &Stanza| match stanza {
            Stanza::Iq(Iq::Result { id, .. } | Iq::Error { id, .. }) => (id == "un").then_some(()),
            _ => None,
        };
        assert_eq!(asker.seen(is_answer), None);
    }
}

#[tokio::test]
async fn xep_0359_3_what_a_phone_says_has_an_id_that_stays_the_same() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = s60(server, "stable-ids").await;
    for mut contact in askers(lab, "stable-ids").await {
        let to = format!("wv:{}", contact.jid.to_bare());
        phone.send(&to, "with an id").await.unwrap();
        let message = contact.expect_chat("stable-ids@onesoup.test").await;
        let id = message.id.clone().expect("an id").0;
        let mut payloads = message.payloads.iter();
        let origin = payloads.find(|payload| payload.is("origin-id", "urn:xmpp:sid:0"));
        assert_eq!(origin.and_then(|origin| origin.attr("id")), Some(id.as_str()));
    }
}
