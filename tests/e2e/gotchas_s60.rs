//! The S60 handset's gotchas: HTTP, login, negotiation, session (handset: S60 §1 to §5, §11).
//!
//! Which test is for which gotcha stands in `docs/handsets.md`.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Manner, find, texts};
use crate::support::phones::PASSWORD;
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

#[test]
fn s60_gotcha_01_polls_and_confirmations_are_answered_200_with_an_empty_body() {
    let mut phone = HandPhone::s60(server(), "s01");
    assert!(phone.take_all().is_empty());
    assert!(phone.poll().is_nothing());
    phone.send("wv:s01", "to myself");
    let push = phone.poll().pushes().remove(0);
    assert!(phone.confirm(&push).is_nothing());
}

#[test]
fn s60_gotcha_02_an_empty_poll_is_not_held_open() {
    let mut phone = HandPhone::s60(server(), "s02");
    let start = Instant::now();
    for _ in 0..5 {
        assert!(phone.poll().is_nothing());
    }
    // One poll held for long would be an error to the phone after 20 s.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn s60_gotcha_03_granted_services_are_not_named_in_the_answer() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s03");
    phone.log_in();
    let services = phone.services();
    let heard = phone.request(&services);
    let response = heard.expect_name("Service-Response");
    assert!(!heard.has("AllFunctions"), "not asked for");
    // What is named is refused: here groups and invitations, which are not there yet.
    let tree = find(response, "WVCSPFeat").expect("something is refused");
    let named: Vec<&str> = tree.children().iter().map(|child| child.name()).collect();
    assert_eq!(named, ["FundamentalFeat", "GroupFeat"]);
    let of_fundamental = find(tree, "FundamentalFeat").unwrap().children();
    assert_eq!(of_fundamental.iter().map(|it| it.name()).collect::<Vec<_>>(), ["InviteFunc"]);
    for needed in ["PresenceFeat", "IMFeat", "NEWM", "GCLI", "MCLS", "GETPR", "UPDPR"] {
        assert!(!heard.has(needed), "the phone would log out: {needed} is refused");
    }
}

#[test]
fn s60_gotcha_04_requests_with_an_answer_of_their_own_are_not_answered_by_status() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s04");
    phone.log_in();
    let own = "<SearchPairList><SearchElement>GROUP_USER_ID_OWNER</SearchElement>\
               <SearchString>s04</SearchString></SearchPairList><SearchLimit>50</SearchLimit>";
    let requests = [
        (phone.capabilities(""), "ClientCapability-Response"),
        (phone.services(), "Service-Response"),
        ("<GetList-Request/>".into(), "GetList-Response"),
        ("<GetBlockedList-Request/>".into(), "GetBlockedList-Response"),
        (format!("<Search-Request>{own}</Search-Request>"), "Search-Response"),
        ("<KeepAlive-Request/>".into(), "KeepAlive-Response"),
    ];
    for (request, answer) in requests {
        phone.request(&request).expect_name(answer);
    }
}

#[test]
fn s60_gotcha_06_multi_trans_is_never_0_and_ids_are_short() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s06");
    let session = phone.log_in().text("SessionID");
    assert!((1..=50).contains(&session.len()), "{session}");
    let usual = phone.capabilities("");
    for asked in ["<MultiTrans>0</MultiTrans>", "", "<MultiTrans>3</MultiTrans>"] {
        let request = usual.replace("<MultiTrans>3</MultiTrans>", asked);
        let agreed = phone.request(&request).text("MultiTrans");
        assert!((1..=4).contains(&agreed.parse::<u32>().unwrap()), "{asked}: {agreed}");
    }
    let services = phone.services();
    phone.request(&services);
    phone.send("wv:s06", "x");
    for push in phone.take_all() {
        assert!((1..=50).contains(&push.id.len()), "{}", push.id);
    }
}

#[test]
fn s60_4_3_the_agreed_capabilities_stand_where_the_version_has_them() {
    let server = server();
    let versions = [(Version::V1_1, "CapabilityList"), (Version::V1_2, "AgreedCapabilityList")];
    for (number, (version, list)) in versions.into_iter().enumerate() {
        let mut phone =
            HandPhone::new(server, Manner::S60, &format!("s43{number}")).speaking(version);
        phone.log_in();
        let request = phone.capabilities("<SupportedCIRMethod>WAPSMS</SupportedCIRMethod>");
        let heard = phone.request(&request);
        let agreed = heard.expect_name("ClientCapability-Response").child(list);
        let agreed = agreed.unwrap_or_else(|| panic!("{}: {heard:?}", version.digits()));
        assert_eq!(agreed.text_of("ServerPollMin"), Some("8"), "its own is kept");
        for unread in ["CIRURL", "CIRHTTPAddress", "SupportedCIRMethod"] {
            assert!(agreed.child(unread).is_none(), "{unread}");
        }
    }
}

#[test]
fn s60_gotcha_09_the_session_is_spelt_alike_in_every_envelope() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s09");
    let login = phone.log_in();
    let envelope = find(login.root(), "SessionDescriptor").unwrap();
    assert_eq!(envelope.text_of("SessionType"), Some("Outband"));
    assert!(envelope.child("SessionID").is_none(), "the phone would pass it over");
    let (session, services) = (phone.session.clone().unwrap(), phone.services());
    for heard in [phone.request(&services), phone.request("<KeepAlive-Request/>")] {
        assert_eq!(heard.text("SessionID"), session);
    }
    phone.send("wv:s09", "x");
    assert_eq!(phone.poll().text("SessionID"), session);
}

#[test]
fn s60_gotcha_15_a_request_that_fails_does_not_end_the_session() {
    let mut phone = HandPhone::s60(server(), "s15");
    let list = "<ContactList>wv:s15/nothing</ContactList>";
    let table = [
        (format!("<ListManage-Request>{list}</ListManage-Request>"), "700"),
        (format!("<DeleteList-Request>{list}</DeleteList-Request>"), "700"),
        ("<JoinGroup-Request><GroupID>wv:s15/g</GroupID></JoinGroup-Request>".into(), "501"),
        (
            "<GetPresence-Request><User><UserID>wv:</UserID></User></GetPresence-Request>".into(),
            "531",
        ),
        ("<SendMessage-Request/>".into(), ""),
        ("<ListManage-Request/>".into(), ""),
        ("<UpdatePresence-Request/>".into(), ""),
        (
            "<Search-Request><SearchID>7</SearchID><SearchIndex>1</SearchIndex></Search-Request>"
                .into(),
            "424",
        ),
    ];
    for (request, expected) in table {
        let heard = phone.request(&request);
        let code = heard.code();
        assert!(code.starts_with(['4', '5', '7', '9']), "{request}: {code}");
        assert!(expected.is_empty() || code == expected, "{request}: {code}");
    }
    assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
}

#[test]
fn s60_gotcha_16_bodies_are_plain_and_nothing_redirects_or_asks_for_a_password() {
    let mut phone = HandPhone::s60(server(), "s16");
    let body = phone.spell("Request", Some("nok9"), "<GetList-Request/>");
    let heard = phone.post_with("Accept-Encoding: gzip, deflate, br\r\n", &body);
    assert_eq!(heard.status, 200);
    for word in ["content-encoding", "location:", "www-authenticate", "transfer-encoding"] {
        assert!(!heard.head.contains(word), "{}", heard.head);
    }
    heard.expect_name("GetList-Response");
}

#[test]
fn s60_gotcha_18_a_refused_login_has_a_result() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s18");
    let request = phone.login("<Password>wrong</Password>");
    let heard = phone.request(&request);
    let response = heard.expect_name("Login-Response");
    assert_eq!(response.child("Result").and_then(|it| it.text_of("Code")), Some("409"));
    assert!(!heard.has("SessionID"));
    let heard = phone.log_in();
    let response = heard.expect_name("Login-Response");
    assert_eq!(response.child("Result").and_then(|it| it.text_of("Code")), Some("200"));
}

#[test]
fn s60_gotcha_20_a_poll_with_an_empty_transaction_id_is_taken() {
    let mut phone = HandPhone::s60(server(), "s20");
    phone.send("wv:s20", "for the poll");
    let octets = phone.spell("Request", Some(""), "<Polling-Request/>");
    assert!(octets.windows(2).any(|two| two == [0x75, 0x83]), "an empty text, not an empty tag");
    let pushes = phone.post_octets(&octets).pushes();
    assert_eq!(texts(&pushes[0].content, "ContentData"), ["for the poll"]);
}

/// The digest that a phone sends (handset: S60 §4.1).
fn digest(nonce: &str, password: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use md5::{Digest, Md5};
    BASE64_STANDARD.encode(Md5::digest(format!("{nonce}{password}")))
}

#[test]
fn s60_gotcha_21_both_steps_of_a_login_have_the_same_transaction() {
    let mut phone = HandPhone::new(server(), Manner::S60, "s21");
    let first = phone.login("<DigestSchema>MD5</DigestSchema>");
    let challenge = phone.request_as("nok1", &first);
    assert_eq!(challenge.expect_name("Login-Response").name(), "Login-Response");
    assert_eq!(challenge.code(), "401");
    let nonce = challenge.text("Nonce");
    assert!(!nonce.is_empty() && challenge.text("DigestSchema") == "MD5");
    // The connection is not what binds the two together.
    phone.move_to(Ipv4Addr::LOCALHOST);
    let proof = format!("<DigestBytes>{}</DigestBytes>", digest(&nonce, PASSWORD));
    let second = phone.login(&proof);
    let heard = phone.request_as("nok1", &second);
    assert_eq!(heard.code(), "200");
    // Nor is a repeated second step a second login.
    let again = phone.request_as("nok1", &second);
    assert_eq!(again.text("SessionID"), heard.text("SessionID"));
}

#[test]
fn s60_gotcha_22_a_new_address_of_the_phone_keeps_the_session() {
    let mut phone = HandPhone::s60(server(), "s22");
    phone.send("wv:s22", "before");
    phone.move_to(Ipv4Addr::new(127, 0, 0, 22));
    assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
    let taken = phone.take_all_named("NewMessage");
    assert_eq!(texts(&taken[0], "ContentData"), ["before"]);
}

#[test]
fn s60_gotcha_25_answers_and_pushes_are_in_the_version_of_the_request() {
    let server = server();
    let versions = [(Version::V1_1, 0x10, 0x05), (Version::V1_2, 0x11, 0x08)];
    for (number, (version, public_id, name_space)) in versions.into_iter().enumerate() {
        let user = format!("s25{number}");
        let mut phone = HandPhone::new(server, Manner::S60, &user).speaking(version).ready();
        phone.send(&format!("wv:{user}"), "x");
        let list = phone.request("<GetList-Request/>");
        for heard in [list, phone.poll()] {
            let expected = [0x03, public_id, 0x6A, 0x00, 0xC9, name_space];
            assert_eq!(heard.body[..6], expected, "{}", version.digits());
            assert!(heard.head.contains("content-type: application/vnd.wv.csp.wbxml\r\n"));
        }
    }
}

#[test]
fn s60_3_3_the_poll_flag_stands_where_the_version_has_it() {
    let server = server();
    for (number, version) in [Version::V1_1, Version::V1_2].into_iter().enumerate() {
        let user = format!("s33{number}");
        let mut phone = HandPhone::new(server, Manner::S60, &user).speaking(version).ready();
        phone.take_all();
        let flag = |heard: &crate::support::handmade::Heard| {
            let session = find(heard.root(), "Session").unwrap();
            let inner = find(session, "TransactionDescriptor").and_then(|it| it.text_of("Poll"));
            let (place, other) = match version {
                Version::V1_1 => (inner, session.text_of("Poll")),
                _ => (session.text_of("Poll"), inner),
            };
            assert_eq!(other, None, "{}", version.digits());
            assert!(!heard.has("CIR"), "nothing is to be set up anew");
            place.map(str::to_owned)
        };
        let heard = phone.request("<KeepAlive-Request/>");
        assert_ne!(flag(&heard).as_deref(), Some("T"), "nothing waits");
        // More than one message carries: the phone is told to come again.
        (0..5).for_each(|number| phone.send(&format!("wv:{user}"), &number.to_string()));
        let heard = phone.request("<KeepAlive-Request/>");
        assert_eq!(flag(&heard).as_deref(), Some("T"));
        let heard = phone.poll();
        assert_eq!(flag(&heard).as_deref(), Some("T"));
        assert!(heard.pushes().len() <= 3, "no more than MultiTrans");
        assert!(heard.body.windows(2).any(|two| two == [0x80, 0x2C]), "as a token");
    }
}

#[test]
fn s60_4_2_a_lost_session_is_replaced_without_a_word() {
    let server = server();
    let mut lost = HandPhone::s60(server, "s42");
    let mut again = HandPhone::of(server, Manner::S60, "s42").ready();
    assert_ne!(again.session, lost.session);
    assert_eq!(again.request("<KeepAlive-Request/>").code(), "200");
    assert_eq!(lost.request("<KeepAlive-Request/>").code(), "604");
}

#[test]
fn s60_4_2_another_phone_of_the_user_stays_logged_in() {
    let server = server();
    let mut one = HandPhone::s60(server, "s42b");
    let mut other = HandPhone::of(server, Manner::S60, "s42b");
    other.client = "another-phone".into();
    let mut other = other.ready();
    assert_eq!(one.request("<KeepAlive-Request/>").code(), "200");
    assert_eq!(other.request("<KeepAlive-Request/>").code(), "200");
}

#[test]
fn s60_4_5_a_keep_alive_is_granted_within_reason() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::S60, "s45");
    let usual = phone.login(&format!("<Password>{PASSWORD}</Password>"));
    for (wanted, granted) in [("1", 240), ("3600", 3600), ("9999999", 9_000)] {
        let wanted = format!("<TimeToLive>{wanted}</TimeToLive>");
        let login = usual.replace("<TimeToLive>86400</TimeToLive>", &wanted);
        phone.session = None;
        let heard = phone.request(&login);
        assert_eq!(heard.text("KeepAliveTime"), granted.to_string());
        phone.session = Some(heard.text("SessionID"));
        let heard = phone.request("<KeepAlive-Request/>");
        let response = heard.expect_name("KeepAlive-Response");
        assert_eq!(response.text_of("KeepAliveTime"), Some(granted.to_string().as_str()));
        assert_eq!(heard.code(), "200");
    }
}

#[test]
fn s60_4_6_a_logout_is_answered_as_the_version_has_it() {
    let server = server();
    let versions = [(Version::V1_1, "Disconnect"), (Version::V1_2, "Status")];
    for (number, (version, answer)) in versions.into_iter().enumerate() {
        let mut phone =
            HandPhone::new(server, Manner::S60, &format!("s46{number}")).speaking(version).ready();
        let heard = phone.request("<Logout-Request/>");
        heard.expect_name(answer);
        assert_eq!(heard.code(), "200");
        assert_eq!(phone.poll().code(), "604", "the session is over");
    }
}

#[test]
fn s60_4_6_a_dead_session_is_told_so_under_its_own_name() {
    let mut phone = HandPhone::s60(server(), "s46d");
    phone.session = Some("Gone-77".into());
    for heard in [phone.request("<GetList-Request/>"), phone.poll()] {
        heard.expect_name("Status");
        assert_eq!(heard.code(), "604");
        assert_eq!(heard.text("SessionID"), "Gone-77");
        assert_eq!(heard.text("SessionType"), "Inband");
    }
    let id = "s1".to_owned();
    let content =
        phone.spell("Response", Some(&id), "<Status><Result><Code>200</Code></Result></Status>");
    assert!(phone.post_octets(&content).is_nothing(), "a confirmation is not answered");
}

#[test]
fn s60_1_an_answer_goes_out_with_the_request_it_belongs_to() {
    let mut phone = HandPhone::s60(server(), "s1p");
    let mut others: Vec<HandPhone> =
        (0..3).map(|_| HandPhone::of(server(), Manner::S60, "s1p")).collect();
    for other in &mut others {
        other.session = phone.session.clone();
    }
    // Four posts at once, as the phone has.
    std::thread::scope(|scope| {
        for (number, other) in others.iter_mut().chain([&mut phone]).enumerate() {
            scope.spawn(move || {
                for round in 0..10 {
                    let id = format!("nok{number}{round}");
                    other.request_as(&id, "<GetList-Request/>").expect_name("GetList-Response");
                }
            });
        }
    });
}

#[test]
fn s60_2_1_a_text_that_begins_as_a_web_address_arrives_whole() {
    let mut phone = HandPhone::s60(server(), "s21w");
    phone.send("wv:s21w", "http://example.org/x?a=1");
    let taken = phone.take_all_named("NewMessage");
    assert_eq!(texts(&taken[0], "ContentData"), ["http://example.org/x?a=1"]);
}

#[test]
fn the_provider_is_named_in_and_out_of_a_session() {
    let mut phone = HandPhone::new(server(), Manner::S60, "sp");
    let request = "<GetSPInfo-Request><ClientID><URL>imps-s60</URL></ClientID></GetSPInfo-Request>";
    let out = phone.request(request);
    assert_eq!(out.expect_name("GetSPInfo-Response").text_of("Name"), Some("onesoup.test"));
    assert_eq!(out.text("SessionType"), "Outband");
    phone.log_in();
    let within = phone.request(request);
    assert_eq!(within.expect_name("GetSPInfo-Response").text_of("Name"), Some("onesoup.test"));
    assert_eq!(within.text("SessionType"), "Inband");
}

#[test]
fn only_known_services_are_had_before_a_login() {
    let mut phone = HandPhone::new(server(), Manner::S60, "early");
    let heard = phone.request("<GetList-Request/>");
    heard.expect_name("Status");
    assert_eq!(heard.code(), "604");
    assert_eq!(heard.text("SessionType"), "Outband");
}
