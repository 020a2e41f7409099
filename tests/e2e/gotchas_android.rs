//! The Android handset's gotchas: HTTP, login, negotiation, session
//! (handset: Android §1 to §4, §11).
//!
//! Which test is for which gotcha stands in `docs/handsets.md`.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use onesoup::csp::document::Spelling;
use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Manner, find, texts};
use crate::support::phones::PASSWORD;
use crate::support::server::{Server, Wishes};

fn server() -> &'static Server {
    Server::shared_alone()
}

#[test]
fn android_g01_nothing_is_200_with_a_length_of_0_and_never_204() {
    let mut phone = HandPhone::android(server(), "ag01");
    phone.take_all();
    let heard = phone.poll();
    assert!(heard.is_nothing() && heard.status == 200, "{heard:?}");
    phone.send("wv:ag01", "x");
    let push = phone.poll().pushes().remove(0);
    assert!(phone.confirm(&push).is_nothing());
    // Nor does a failure come without an entity.
    let heard = phone.post_octets(b"<odd");
    assert!(heard.status == 400 && !heard.body.is_empty(), "{heard:?}");
}

#[test]
fn android_g02_no_text_ends_where_a_piece_of_1024_octets_ends() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag02");
    phone.spelling = Spelling::Wbxml;
    let mut phone = phone.ready();
    let mut moved = 0;
    for length in 700..900 {
        let words = "x".repeat(length);
        phone.send("wv:ag02", &words);
        let heard = phone.poll();
        let words = [words.as_bytes(), &[0]].concat();
        let start = heard.body.windows(words.len()).position(|octets| octets == words).unwrap();
        assert_ne!((start + words.len()) % 1024, 0, "a text of {length} would be lost");
        // SWITCH_PAGE to the page that is on: page 0 begins the content's element.
        moved += usize::from(heard.body[..start].ends_with(&[0, 0, 0x4D, 0x03]));
        phone.confirm(&heard.pushes()[0]);
    }
    assert_eq!(moved, 1, "one of these lengths ends there");
}

#[test]
fn android_g03_the_agreed_list_is_the_first_child_and_all_functions_are_there() {
    let server = server();
    for (number, version) in Version::ALL.into_iter().enumerate() {
        let user = format!("ag03{number}");
        let mut phone = HandPhone::new(server, Manner::Android, &user).speaking(version);
        phone.log_in();
        let capabilities = phone.capabilities("");
        let heard = phone.request(&capabilities);
        let first = heard.primitive().children().first().unwrap().name();
        assert!(["AgreedCapabilityList", "CapabilityList"].contains(&first), "{first}");
        let services = phone.services();
        let heard = phone.request(&services);
        assert!(heard.primitive().child("AllFunctions").is_some(), "{heard:?}");
        let own = format!(
            "<GetPresence-Request><User><UserID>wv:{user}</UserID></User></GetPresence-Request>"
        );
        let heard = phone.request(&own);
        assert_eq!(heard.code(), "200");
        let presence = heard.primitive().child("Presence").expect("its own presence");
        assert_eq!(presence.text_of("UserID"), Some(format!("wv:{user}").as_str()));
        let online = find(presence.child("PresenceSubList").unwrap(), "OnlineStatus").unwrap();
        assert_eq!(online.text_of("PresenceValue"), Some("T"));
    }
}

#[test]
fn android_g04_success_is_exactly_200() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag04");
    phone.log_in();
    let list = "<ContactList>wv:ag04/friends</ContactList>";
    let requests = [
        phone.capabilities(""),
        phone.services(),
        "<GetPresence-Request><User><UserID>wv:ag04</UserID></User></GetPresence-Request>".into(),
        "<UpdatePresence-Request><PresenceSubList><ClientInfo><Qualifier>T</Qualifier><ClientType>\
         MOBILE_PHONE</ClientType><ClientProducer>MOKIA</ClientProducer><ClientVersion>0.1\
         </ClientVersion></ClientInfo></PresenceSubList></UpdatePresence-Request>"
            .into(),
        "<GetBlockedList-Request/>".into(),
        "<GetList-Request/>".into(),
        format!("<ListManage-Request>{list}<ReceiveList>T</ReceiveList></ListManage-Request>"),
        format!(
            "<SubscribePresence-Request>{list}<AutoSubscribe>T</AutoSubscribe>\
             </SubscribePresence-Request>"
        ),
        "<KeepAlive-Request/>".into(),
        "<Logout-Request/>".into(),
    ];
    for request in requests {
        assert_eq!(phone.request(&request).code(), "200", "{request}");
    }
}

#[test]
fn android_g05_a_wrong_password_is_never_challenged_again() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag05");
    let schemas = "<DigestSchema>MD5</DigestSchema><DigestSchema>SHA</DigestSchema>";
    let first = phone.login(schemas);
    let challenge = phone.request_as("1", &first);
    assert_eq!(challenge.code(), "401");
    assert_eq!(texts(challenge.root(), "DigestSchema").len(), 1);
    let nonce = challenge.text("Nonce");
    let is_safe = |letter: char| letter.is_ascii_graphic() && !"\"()=,&".contains(letter);
    assert!(!nonce.is_empty() && nonce.chars().all(is_safe), "{nonce}");
    let wrong = phone.login("<DigestBytes>fGuOGYxdx7GhaV3FGMu0pw==</DigestBytes>");
    assert_eq!(phone.request_as("1", &wrong).code(), "409");
    let wrong = phone.login("<Password>wrong</Password>");
    assert_eq!(phone.request(&wrong).code(), "409");
}

#[test]
fn android_g06_a_second_login_of_the_same_phone_replaces_the_first() {
    let server = server();
    let mut lost = HandPhone::android(server, "ag06");
    let mut again = HandPhone::of(server, Manner::Android, "ag06").ready();
    assert_eq!(again.request("<KeepAlive-Request/>").code(), "200");
    assert_eq!(lost.poll().code(), "604");
}

#[test]
fn android_g07_an_answer_has_the_request_s_own_id_and_is_a_response() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag07");
    phone.log_in();
    // The helper checks id and mode; here ids that a server might write otherwise.
    for id in ["7", "007", "999", "a-b_C"] {
        for request in ["<GetList-Request/>", "<Nonsense-Request/>", "<SendMessage-Request/>"] {
            let heard = phone.request_as(id, request);
            assert!(!heard.body.is_empty(), "{id}: {request}");
        }
    }
}

#[test]
fn android_g08_our_ids_are_no_numbers_and_a_confirmation_gets_no_status() {
    let mut phone = HandPhone::android(server(), "ag08");
    (0..3).for_each(|number| phone.send("wv:ag08", &number.to_string()));
    let mut heard = phone.poll();
    for _ in 0..3 {
        let push = heard.pushes().remove(0);
        assert!(push.id.parse::<u64>().is_err() && push.id.len() <= 50, "{}", push.id);
        assert!(push.id.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{}", push.id);
        heard = phone.confirm(&push);
    }
    assert!(heard.is_nothing());
    // Not even for what we never sent, or cannot read.
    let odd = [
        ("s99", "<Status><Result><Code>200</Code></Result></Status>"),
        ("7", "<Status><Result><Code>500</Code></Result></Status>"),
        ("s99", "<MessageDelivered><MessageID>m99</MessageID></MessageDelivered>"),
        ("s99", "<MessageDelivered/>"),
        ("s99", "<Nonsense/>"),
        ("s99", "<KeepAlive-Response><Result><Code>200</Code></Result></KeepAlive-Response>"),
    ];
    for (id, content) in odd {
        assert!(phone.post("Response", Some(id), content).is_nothing(), "{content}");
    }
}

#[test]
fn android_g09_xml_has_exact_modes_and_one_primitive() {
    let mut phone = HandPhone::android(server(), "ag09");
    phone.send("wv:ag09", "x");
    let answer = phone.request("<GetList-Request/>");
    for (heard, mode) in [(answer, "Response"), (phone.poll(), "Request")] {
        assert_eq!(heard.text("TransactionMode"), mode);
        let content = find(heard.root(), "TransactionContent").unwrap();
        assert_eq!(content.children().len(), 1);
        assert!(content.text().trim().is_empty());
    }
}

#[test]
fn android_g10_one_transaction_a_message() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag10");
    phone.log_in();
    // Even if it asked for more.
    let request = phone.capabilities("").replace("<MultiTrans>1", "<MultiTrans>5");
    phone.request(&request);
    let services = phone.services();
    phone.request(&services);
    (0..4).for_each(|number| phone.send("wv:ag10", &number.to_string()));
    let mut heard = phone.poll();
    for _ in 0..4 {
        assert_eq!(heard.transactions().len(), 1);
        heard = phone.confirm(&heard.pushes()[0]);
    }
    assert!(heard.is_nothing());
}

#[test]
fn android_g11_g12_an_empty_poll_is_answered_by_nothing_at_once() {
    let mut phone = HandPhone::android(server(), "ag12");
    phone.take_all();
    let start = Instant::now();
    (0..5).for_each(|_| assert!(phone.poll().is_nothing()));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn android_g15_nothing_says_that_the_wake_up_is_broken() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag15");
    let login = phone.log_in();
    phone.send("wv:ag15", "x");
    let (capabilities, services) = (phone.capabilities(""), phone.services());
    let heard = [login, phone.request(&capabilities), phone.request(&services), phone.poll()];
    assert!(heard.iter().all(|heard| !heard.has("CIR")));
}

#[test]
fn android_g16_g17_tcp_is_offered_with_its_address_or_not_at_all() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::Android, "ag16");
    phone.log_in();
    let capabilities = phone.capabilities("");
    let heard = phone.request(&capabilities);
    assert_eq!(texts(heard.root(), "SupportedCIRMethod"), ["STCP"], "of its three");
    assert_eq!(heard.text("TCPAddress"), server.cir.ip().to_string());
    assert_eq!(heard.text("TCPPort"), server.cir.port().to_string());
    let unread = ["CIRURL", "CIRHTTPAddress"];
    assert!(unread.iter().all(|name| !heard.has(name)));

    let wishes = Wishes { has_no_udp: true, ..Wishes::default() };
    let silent = Server::start_alone(&wishes);
    let mut phone = HandPhone::new(&silent, Manner::Android, "ag16");
    phone.log_in();
    let heard = phone.request(&capabilities);
    for name in ["SupportedCIRMethod", "TCPAddress", "TCPPort", "UDPPort"] {
        assert!(!heard.has(name), "{name}: it would rely on it");
    }
    // handset: S60 §11.5: the same for a phone that takes datagrams.
    let mut phone = HandPhone::new(&silent, Manner::S60, "s05");
    phone.log_in();
    let all = "<SupportedCIRMethod>WAPSMS</SupportedCIRMethod><SupportedCIRMethod>WAPUDP\
               </SupportedCIRMethod><SupportedCIRMethod>STCP</SupportedCIRMethod>\
               <SupportedCIRMethod>SUDP</SupportedCIRMethod><UDPPort>3717</UDPPort>";
    let capabilities = phone.capabilities(all);
    assert!(!phone.request(&capabilities).has("SupportedCIRMethod"));
}

#[test]
fn android_g18_a_session_lasts_longer_than_the_phone_s_pause() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag18");
    let granted: u32 = phone.log_in().text("KeepAliveTime").parse().unwrap();
    assert!(granted > 5, "or it takes 7200 s");
    assert_eq!(granted, 7205);
}

#[test]
fn android_g19_a_failed_request_does_not_log_the_phone_out() {
    let mut phone = HandPhone::android(server(), "ag19");
    let group = "<GroupID>wv:ag19/g1</GroupID>";
    let requests = [
        format!("<CreateGroup-Request>{group}</CreateGroup-Request>"),
        format!("<JoinGroup-Request>{group}</JoinGroup-Request>"),
        "<ListManage-Request><ContactList>wv:ag19/none</ContactList></ListManage-Request>".into(),
        "<SubscribePresence-Request><ContactList>wv:ag19/none</ContactList>\
         </SubscribePresence-Request>"
            .into(),
        "<Login/>".into(),
    ];
    for request in requests {
        let code = phone.request(&request).code();
        assert!(!["200", "600", "601", "604"].contains(&code.as_str()), "{request}: {code}");
    }
    assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
}

#[test]
fn android_g30_nothing_is_asked_of_the_phone_that_it_leaves_out_or_misorders() {
    let mut phone = HandPhone::android(server(), "ag30");
    let requests = [
        // The primitive's children as this client orders them.
        "<ListManage-Request><ContactList>wv:ag30/friends</ContactList><ReceiveList>F</ReceiveList>\
         <AddNickList><NickName><Name>a</Name><UserID>wv:a@far.test</UserID></NickName>\
         </AddNickList></ListManage-Request>",
        "<CreateList-Request><ContactList>wv:ag30/more</ContactList><NickList><NickName><Name>b\
         </Name><User><UserID>wv:b@far.test</UserID></User></NickName></NickList>\
         </CreateList-Request>",
        "<SubscribePresence-Request><PresenceSubList><OnlineStatus/><ClientInfo/>\
         <UserAvailability/></PresenceSubList><ContactList>wv:ag30/more</ContactList>\
         <AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>",
        "<SubscribePresence-Request/>",
        "<UnsubscribePresence-Request><User><Property><Name>UserID</Name><Value>wv:b@far.test\
         </Value></Property></User></UnsubscribePresence-Request>",
    ];
    for request in requests {
        assert_eq!(phone.request(request).code(), "200", "{request}");
    }
    let heard = phone.request(
        "<ListManage-Request><ContactList>wv:ag30/more</ContactList><ReceiveList>T</ReceiveList>\
         </ListManage-Request>",
    );
    assert_eq!(texts(heard.root(), "UserID"), ["wv:b@far.test"]);
}

#[test]
fn android_g31_sizes_and_spellings_are_not_checked() {
    let mut phone = HandPhone::new(server(), Manner::Android, "ag31");
    phone.log_in();
    let request = phone.capabilities("").replace("262144", "a lot");
    assert_eq!(phone.request(&request).code(), "200");
    let request = "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><Recipient>\
                   <User><UserID>wv:ag31</UserID></User></Recipient><ContentSize>-3</ContentSize>\
                   </MessageInfo><ContentData>x</ContentData></SendMessage-Request>";
    assert_eq!(phone.request(request).code(), "200");
}

#[test]
fn android_g33_a_logout_ends_the_session_in_every_version() {
    let server = server();
    for (number, version) in Version::ALL.into_iter().enumerate() {
        let mut phone = HandPhone::new(server, Manner::Android, &format!("ag33{number}"))
            .speaking(version)
            .ready();
        let heard = phone.request("<Logout-Request/>");
        let answer = if version == Version::V1_1 { "Disconnect" } else { "Status" };
        assert_eq!(heard.expect_name(answer).name(), answer);
        assert_eq!(phone.poll().code(), "604");
    }
}

#[test]
fn android_g36_nothing_is_compressed_or_elsewhere() {
    let mut phone = HandPhone::android(server(), "ag36");
    let body = phone.spell("Request", Some("9"), "<GetList-Request/>");
    let heard = phone.post_with("Accept-Encoding: gzip\r\n", &body);
    assert_eq!(heard.status, 200);
    assert!(!heard.head.contains("content-encoding") && !heard.head.contains("location"));
}

#[test]
fn android_3_a_login_in_the_name_of_the_old_session_is_a_login() {
    let server = server();
    let mut phone = HandPhone::android(server, "ag3r");
    for session in [phone.session.clone().unwrap(), "long-gone".into()] {
        phone.session = Some(session.clone());
        let request = phone.login(&format!("<Password>{PASSWORD}</Password>"));
        let heard = phone.request(&request);
        heard.expect_name("Login-Response");
        assert_eq!(heard.code(), "200", "{session}");
        let session = find(heard.primitive(), "SessionID").unwrap().text().to_owned();
        phone.session = Some(session);
        assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
    }
    // Nor does a repeated post of a login open a second session.
    phone.session = None;
    let request = phone.login(&format!("<Password>{PASSWORD}</Password>"));
    let first = phone.request_as("77", &request).text("SessionID");
    assert_eq!(phone.request_as("77", &request).text("SessionID"), first);
}

#[test]
fn android_1_an_answer_is_in_the_spelling_and_under_the_name_of_the_request() {
    let server = server();
    for (number, version) in Version::ALL.into_iter().enumerate() {
        let mut phone =
            HandPhone::new(server, Manner::Android, &format!("a1{number}")).speaking(version);
        let heard = phone.log_in();
        let name = Spelling::Xml.media_type(version);
        assert!(heard.head.contains(&format!("content-type: {name}\r\n")), "{}", heard.head);
    }
}

#[test]
fn android_g35_another_network_is_no_other_session() {
    let mut phone = HandPhone::android(server(), "ag35");
    phone.send("wv:ag35", "x");
    phone.move_to(Ipv4Addr::new(127, 0, 0, 35));
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
}

#[test]
fn versions_are_discovered_without_an_envelope() {
    let mut phone = HandPhone::new(server(), Manner::Android, "discover");
    let names = ["http://www.openmobilealliance.org/DTD/WV-CSP1.2", "urn:of:the:future"];
    let lists = names
        .map(|name| format!("<VersionList><SessionNSName>{name}</SessionNSName></VersionList>"));
    let body = format!(
        "<WV-CSP-VersionDiscovery-Request>{}</WV-CSP-VersionDiscovery-Request>",
        lists.concat()
    );
    let heard = phone.post_octets(body.as_bytes());
    assert_eq!(heard.status, 200);
    assert_eq!(heard.root().name(), "WV-CSP-VersionDiscovery-Response");
    assert_eq!(texts(heard.root(), "SessionNSName"), [names[0]]);
    let heard = phone.post_octets(b"<WV-CSP-VersionDiscovery-Request/>");
    assert_eq!(texts(heard.root(), "SessionNSName").len(), 3, "all that there are");
}
