//! Each rule with an example that breaks it.

use super::*;
use crate::csp::{version::Version::V1_1, version::Version::V1_2, wbxml::write::WriteOptions};

const ANDROID: Handset = Handset::Android;
const S60: Handset = Handset::S60;
const OFFERED: &[CirMethod] = &[CirMethod::Stcp, CirMethod::WapSms];

fn wrap(inside: &str) -> String {
    format!(
        "<WV-CSP-Message><Session><SessionDescriptor><SessionType>Inband</SessionType>\
         <SessionID>s1</SessionID></SessionDescriptor>{inside}</Session></WV-CSP-Message>"
    )
}

fn transaction(mode: &str, id: &str, primitive: &str) -> String {
    format!(
        "<Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode>\
         <TransactionID>{id}</TransactionID></TransactionDescriptor>\
         <TransactionContent>{primitive}</TransactionContent></Transaction>"
    )
}

fn push(primitive: &str) -> String {
    wrap(&transaction("Request", "t1", primitive))
}

fn octets(version: Version, spelling: Spelling, xml: &str) -> Vec<u8> {
    let mut document = Document::read(Spelling::Xml, xml.as_bytes()).unwrap();
    document.version = version;
    document.write(spelling, WriteOptions::default())
}

fn judge(question: Question<'_>, body: Vec<u8>) -> &'static str {
    let length = Some(body.len() as u64);
    let reply = Reply { status: 200, length, encoding: None, body: body.into() };
    check(&question, &reply).map_or_else(|fault| fault.rule, |()| "")
}

fn question(handset: Handset, version: Version, purpose: Purpose<'_>) -> Question<'_> {
    let (session_id, spelling) = (Some("s1"), Spelling::Wbxml);
    Question { handset, version, spelling, purpose, session_id, offered: OFFERED }
}

/// Judges a message that comes upon a poll.
fn pushed(handset: Handset, version: Version, xml: &str) -> &'static str {
    let body = octets(version, Spelling::Wbxml, xml);
    judge(question(handset, version, Purpose::Poll), body)
}

/// Judges the answer to a request with the id 7.
fn answered(handset: Handset, version: Version, name: &str, answer: &str) -> &'static str {
    let xml = wrap(&transaction("Response", "7", answer));
    let body = octets(version, Spelling::Wbxml, &xml);
    judge(question(handset, version, Purpose::Request { name, id: "7" }), body)
}

/// Judges octets of which some were replaced.
fn replaced(handset: Handset, xml: &str, old: &[u8], new: &[u8]) -> &'static str {
    let body = octets(V1_1, Spelling::Wbxml, xml);
    let at = body.windows(old.len()).position(|window| window == old).unwrap();
    let changed = [&body[..at], new, &body[at + old.len()..]].concat();
    judge(question(handset, V1_1, Purpose::Poll), changed)
}

const SENDER: &str = "<Sender><User><UserID>wv:lee</UserID></User></Sender>";

fn message(info: &str, content: &str) -> String {
    format!("<NewMessage><MessageInfo>{info}</MessageInfo>{content}</NewMessage>")
}

fn good_message() -> String {
    let time = "<DateTime>20100330T101500Z</DateTime>";
    let info = format!("<MessageID>m1</MessageID><ContentSize>2</ContentSize>{SENDER}{time}");
    push(&message(&info, "<ContentData>hi</ContentData>"))
}

fn presence(attributes: &str) -> String {
    format!(
        "<Presence><UserID>wv:lee</UserID><PresenceSubList>{attributes}</PresenceSubList></Presence>"
    )
}

fn told(presences: &str) -> String {
    push(&format!("<PresenceNotification-Request>{presences}</PresenceNotification-Request>"))
}

const ONLINE: &str =
    "<OnlineStatus><Qualifier>T</Qualifier><PresenceValue>T</PresenceValue></OnlineStatus>";
const AVAILABLE: &str = "<UserAvailability><Qualifier>T</Qualifier>\
    <PresenceValue>AVAILABLE</PresenceValue></UserAvailability>";
const DONE: &str = "<Status><Result><Code>200</Code></Result></Status>";

#[test]
fn what_every_handset_reads_breaks_no_rule() {
    let whole = presence(&format!("{ONLINE}{AVAILABLE}"));
    let asked = push(
        "<PresenceAuth-Request><UserID>wv:lee</UserID><PresenceSubList><OnlineStatus/>\
         </PresenceSubList></PresenceAuth-Request>",
    );
    for handset in [S60, ANDROID] {
        for version in [V1_1, V1_2] {
            for xml in [&good_message(), &told(&whole), &asked] {
                assert_eq!(pushed(handset, version, xml), "", "{xml}");
            }
        }
    }
    assert_eq!(answered(ANDROID, Version::V1_3, "X", DONE), "");
}

#[test]
fn s60_2_2_reads_one_header_and_its_own_name_spaces() {
    let xml = good_message();
    let rule = "handset: S60 §2.2";
    for header in [[2, 0x10, 0x6A, 0], [3, 0x11, 0x6A, 0], [3, 0x10, 0x04, 0]] {
        assert_eq!(replaced(S60, &xml, &[3, 0x10, 0x6A, 0], &header), rule);
    }
    let string_id = [3, 0, 0, 0x6A, 2, b'x', 0];
    assert_eq!(replaced(S60, &xml, &[3, 0x10, 0x6A, 0], &string_id), rule);
    assert_eq!(replaced(S60, &xml, &[0xC9, 0x05], &[0xC9, 0x08]), rule);
}

#[test]
fn s60_2_2_words_are_tokens_and_texts_are_not() {
    let xml = good_message();
    let rule = "handset: S60 §2.2";
    assert_eq!(replaced(S60, &xml, &[0x80, 0x11], b"\x03Inband\0"), rule);
    assert_eq!(replaced(S60, &xml, b"\x03hi\0", &[0x80, 0x12]), rule);
    assert_eq!(replaced(S60, &xml, b"\x03hi\0", &[0xC3, 2, b'h', b'i']), rule);
    assert_eq!(replaced(S60, &xml, &[0xC3, 1, 2], &[0xC3, 5, 0, 0, 0, 0, 2]), rule);
    assert_eq!(replaced(S60, &xml, &[0xC3, 1, 2], b"\x03two\0"), rule);
    assert_eq!(replaced(S60, &xml, &[0xC3, 1, 2], b"\x032\0"), "");
    assert_eq!(replaced(S60, &xml, &[0xC3, 1, 2], &[0x81, 2]), rule);
    let poll = wrap(
        &transaction("Request", "t1", "<Disconnect/>")
            .replace("</TransactionDescriptor>", "<Poll>T</Poll></TransactionDescriptor>"),
    );
    assert_eq!(replaced(S60, &poll, &[0x80, 0x2C], b"\x03T\0"), rule);
}

#[test]
fn s60_2_3_presence_takes_words_but_no_raw_octets_and_no_tokens_in_names() {
    let xml = told(&presence(&format!("{ONLINE}{AVAILABLE}")));
    assert_eq!(replaced(S60, &xml, &[0x66, 0x80, 0x2C], b"\x66\x03T\0"), "");
    let rule = "handset: S60 §2.3";
    assert_eq!(replaced(S60, &xml, b"\x03wv:lee\0", &[0xC3, 2, b'w', b'v']), rule);
    assert_eq!(replaced(S60, &xml, b"\x03wv:lee\0", &[0x80, 0x12]), rule);
}

#[test]
fn s60_gotcha_8_an_element_that_it_does_not_know_costs_the_message() {
    let rule = "handset: S60 §11.8";
    let xml = good_message();
    for (page, tag) in [(9, 5), (1, 0x36), (4, 0x1E), (7, 0x24), (3, 0x14), (5, 0x3B)] {
        let new = [0x00, page, tag, 0x00, 0x00, 0x4F];
        assert_eq!(replaced(S60, &xml, &[0x4F], &new), rule, "{page:X}:{tag:X}");
    }
    assert_eq!(
        replaced(S60, &xml, &[3, 0x10, 0x6A, 0], &[3, 0x10, 0x6A, 2, b'x', 0]),
        "handset: S60 §2.2"
    );
    let literal = push("<NewMessage><x/></NewMessage>");
    let body = octets(V1_1, Spelling::Wbxml, &literal);
    assert_eq!(judge(question(S60, V1_1, Purpose::Poll), body), "handset: S60 §8.3");
    let newer = "<R><AgreedCapabilityList><CIRURL><URL>x</URL></CIRURL></AgreedCapabilityList></R>";
    let newer = newer.replace("R>", "ClientCapability-Response>");
    assert_eq!(answered(S60, V1_2, "X", &newer), rule);
}

#[test]
fn s60_2_2_a_second_element_overwrites_the_first() {
    let twice = format!("<MessageID>m1</MessageID>{SENDER}{SENDER}");
    assert_eq!(pushed(S60, V1_1, &push(&message(&twice, ""))), "handset: S60 §2.2");
}

#[test]
fn s60_3_the_envelope_is_as_it_expects() {
    let rule = "handset: S60 §3.2";
    assert_eq!(pushed(S60, V1_1, &wrap("")), rule);
    assert_eq!(pushed(S60, V1_1, &good_message().replace(">s1<", ">S1<")), rule);
    assert_eq!(
        pushed(S60, V1_1, &good_message().replace(">t1<", &format!(">{}<", "t".repeat(51)))),
        rule
    );
    assert_eq!(pushed(S60, V1_1, &push("")), rule);
    let login = "<Login-Response><Result><Code>200</Code></Result><SessionID>s1</SessionID>\
        </Login-Response>";
    assert_eq!(answered(S60, V1_1, "Login-Request", login), rule);
    let outside = good_message().replace("</Session>", "<Poll>T</Poll></Session>");
    assert_eq!(pushed(S60, V1_1, &outside), "handset: S60 §3.3");
    assert_eq!(pushed(S60, V1_2, &outside), "");
    let inside = good_message()
        .replace("</TransactionDescriptor>", "<Poll>T</Poll></TransactionDescriptor>");
    assert_eq!((pushed(S60, V1_1, &inside), pushed(S60, V1_2, &inside)), ("", "handset: S60 §3.3"));
    let unknown = push("<MessageNotification><MessageInfo/></MessageNotification>");
    assert_eq!(pushed(S60, V1_1, &unknown), "handset: S60 §3.4");
}

#[test]
fn s60_gotcha_4_some_requests_want_an_answer_of_their_own() {
    let rule = "handset: S60 §11.4";
    for name in ["ClientCapability-Request", "Service-Request", "GetList-Request", "Search-Request"]
    {
        assert_eq!(answered(S60, V1_1, name, DONE), rule);
    }
    let refused = DONE.replace("200", "405");
    assert_eq!(answered(S60, V1_1, "Service-Request", &refused), rule);
    assert_eq!(answered(S60, V1_1, "GetList-Request", &refused), "");
    assert_eq!(answered(S60, V1_1, "Service-Request", &DONE.replace("200", "604")), "");
}

#[test]
fn s60_4_negotiation_is_answered_as_it_understands() {
    let capabilities = |version, list: &str| {
        let answer = format!("<ClientCapability-Response>{list}</ClientCapability-Response>");
        answered(S60, version, "ClientCapability-Request", &answer)
    };
    assert_eq!(capabilities(V1_1, "<CapabilityList/>"), "");
    assert_eq!(capabilities(V1_2, "<CapabilityList/>"), "handset: S60 §4.3");
    let list = |inside: &str| format!("<CapabilityList>{inside}</CapabilityList>");
    let method = |name| format!("<SupportedCIRMethod>{name}</SupportedCIRMethod>");
    let mute = list("<MultiTrans>0</MultiTrans>");
    assert_eq!(capabilities(V1_1, &mute), "handset: S60 §4.3");
    assert_eq!(capabilities(V1_1, &list(&method("STCP").repeat(2))), "handset: S60 §4.3");
    assert_eq!(capabilities(V1_1, &list(&method("SUDP"))), "handset: S60 §5.2");
    assert_eq!(capabilities(V1_1, &list(&method("WAPSMS"))), "handset: S60 §5.2");
    let services = |refused: &str| {
        let answer = format!("<Service-Response>{refused}</Service-Response>");
        answered(S60, V1_1, "Service-Request", &answer)
    };
    let refuse = |what: &str| format!("<Functions><WVCSPFeat>{what}</WVCSPFeat></Functions>");
    assert_eq!(services(""), "");
    assert_eq!(services(&refuse("<GroupFeat/>")), "");
    let echoed = "<PresenceFeat/><IMFeat><IMReceiveFunc><NEWM/></IMReceiveFunc></IMFeat>";
    for refused in ["", "<IMFeat/>", echoed] {
        assert_eq!(services(&refuse(refused)), "handset: S60 §4.4");
    }
}

#[test]
fn s60_4_1_a_login_has_what_the_next_step_needs() {
    let login = |inside: &str| {
        let xml = wrap(&transaction(
            "Response",
            "7",
            &format!("<Login-Response>{inside}</Login-Response>"),
        ));
        let xml = xml
            .replace("Inband", "Outband")
            .replace("<SessionID>s1</SessionID></SessionD", "</SessionD");
        let purpose = Purpose::Request { name: "Login-Request", id: "7" };
        judge(question(S60, V1_1, purpose), octets(V1_1, Spelling::Wbxml, &xml))
    };
    let result = |code: &str| format!("<Result><Code>{code}</Code></Result>");
    assert_eq!(login(&format!("{}<SessionID>s1</SessionID>", result("200"))), "");
    assert_eq!(login(&result("409")), "");
    for odd in [result("200"), result("401"), "<SessionID>s1</SessionID>".into()] {
        assert_eq!(login(&odd), "handset: S60 §4.1");
    }
}

#[test]
fn s60_6_to_9_contents_are_whole() {
    let list = |inside: &str| {
        let answer = format!("<ListManage-Response>{inside}</ListManage-Response>");
        answered(S60, V1_1, "ListManage-Request", &answer)
    };
    let ok = "<Result><Code>200</Code></Result>";
    let member = |inside: &str| format!("{ok}<NickList><NickName>{inside}</NickName></NickList>");
    assert_eq!(list("<NickList/>"), "handset: S60 §6.1");
    assert_eq!(list(&member("<Name>Lee</Name>")), "handset: S60 §6.3");
    assert_eq!(list(&member("<UserID>wv:lee</UserID>")), "handset: S60 §7.9");
    assert_eq!(pushed(S60, V1_1, &told("")), "handset: S60 §7.4");
    let whole = presence(&format!("{ONLINE}{AVAILABLE}"));
    assert_eq!(pushed(S60, V1_1, &told(&whole.repeat(2))), "handset: S60 §7.4");
    assert_eq!(pushed(S60, V1_1, &told(&presence(ONLINE))), "handset: S60 §7.3");
    let bare = whole.replace("<Qualifier>T</Qualifier>", "");
    assert_eq!(pushed(S60, V1_1, &told(&bare)), "handset: S60 §7.4");
    let asked = push("<PresenceAuth-Request><UserID>wv:lee</UserID></PresenceAuth-Request>");
    assert_eq!((pushed(S60, V1_1, &asked), pushed(S60, V1_2, &asked)), ("", "handset: S60 §7.7"));
    let id = "<MessageID>m1</MessageID>";
    for odd in [
        message(SENDER, ""),
        message(id, ""),
        format!(
            "<NewMessage><ContentData>x</ContentData><MessageInfo>{id}{SENDER}</MessageInfo></NewMessage>"
        ),
    ] {
        assert_eq!(pushed(S60, V1_1, &push(&odd)), "handset: S60 §8.3");
    }
    let report = format!(
        "<DeliveryReport-Request>{ok}<MessageInfo>{id}</MessageInfo></DeliveryReport-Request>"
    );
    assert_eq!(pushed(S60, V1_1, &push(&report)), "handset: S60 §8.4");
    let blocked = "<GetBlockedList-Response><BlockList><InUse>T</InUse></BlockList></GetBlockedList-Response>";
    assert_eq!(answered(S60, V1_1, "X", blocked), "handset: S60 §8.6");
    let hits = "<Search-Response><SearchFindings>0</SearchFindings></Search-Response>";
    assert_eq!(answered(S60, V1_1, "X", hits), "handset: S60 §9.1");
    assert_eq!(answered(S60, V1_1, "X", "<SendMessage-Response/>"), "handset: S60 §11.18");
}

#[test]
fn android_g29_reads_its_own_tables_only() {
    let xml = good_message();
    let rule = "handset: Android G29";
    assert_eq!(replaced(ANDROID, &xml, &[3, 0x10, 0x6A, 0], &[3, 1, 0x6A, 0]), rule);
    assert_eq!(replaced(ANDROID, &xml, &[3, 0x10, 0x6A, 0], &[3, 0x10, 4, 0]), rule);
    assert_eq!(replaced(ANDROID, &xml, &[3, 0x10, 0x6A, 0], &[3, 0, 0, 0x6A, 1, 0]), rule);
    assert_eq!(replaced(ANDROID, &xml, b"\x03hi\0", &[0x80, 0x5E]), rule);
    assert_eq!(replaced(ANDROID, &xml, b"\x03hi\0", &[0x81, 1]), rule);
    assert_eq!(replaced(ANDROID, &xml, &[0x4F], &[0, 1, 9, 0, 0, 0x4F]), rule);
    let raw = [0xC3, 2, b'h', b'i'];
    assert_eq!(replaced(ANDROID, &xml, b"\x03hi\0", &raw), "handset: Android G22");
}

#[test]
fn android_g2_no_text_ends_where_a_piece_ends() {
    let rule = "handset: Android G2";
    let of_length = |length: usize| {
        let text = format!("<ContentData>{}</ContentData>", "x".repeat(length));
        pushed(ANDROID, V1_2, &push(&message(&format!("<MessageID>m</MessageID>{SENDER}"), &text)))
    };
    let faults: Vec<usize> = (900..1024).filter(|length| of_length(*length) == rule).collect();
    assert_eq!(faults.len(), 1, "at one length alone the text ends there: {faults:?}");
    let both = format!("{ONLINE}{AVAILABLE}");
    assert_eq!(pushed(ANDROID, V1_2, &told(&presence(&both).repeat(2))), "");
    assert_eq!(pushed(ANDROID, V1_2, &told(&presence(&both).repeat(40))), rule);
}

#[test]
fn android_g7_to_g15_the_envelope_is_as_it_expects() {
    let twice = transaction("Request", "t1", "<Disconnect/>").repeat(2);
    assert_eq!(pushed(ANDROID, V1_2, &wrap(&twice)), "handset: Android G10");
    let xml = |xml: &str| {
        let question = Question {
            spelling: Spelling::Xml,
            ..question(ANDROID, V1_2, Purpose::Acknowledgement { id: "t0" })
        };
        judge(question, octets(V1_2, Spelling::Xml, xml))
    };
    assert_eq!(xml(&good_message()), "");
    assert_eq!(xml(&good_message().replace(">Request<", ">request<")), "handset: Android G9");
    assert_eq!(xml(&push("<Disconnect/>x")), "handset: Android G9");
    assert_eq!(xml(&push("")), "handset: Android G9");
    let cir = good_message().replace("</Session>", "<CIR>F</CIR></Session>");
    assert_eq!(xml(&cir), "handset: Android G15");
    let poll = good_message().replace("</Session>", "<Poll>true</Poll></Session>");
    assert_eq!(xml(&poll), "handset: Android §2");
    assert_eq!(xml(&good_message().replace(">t1<", ">12<")), "handset: Android G8");
    assert_eq!(xml(&good_message().replace(">t1<", "><")), "handset: Android §2");
    assert_eq!(xml(&wrap(&transaction("Response", "t0", DONE))), "handset: Android G8");
    assert_eq!(
        pushed(ANDROID, V1_2, &wrap(&transaction("Response", "", DONE))),
        "handset: Android G11"
    );
    let expired = DONE.replace("200", "604");
    assert_eq!(pushed(ANDROID, V1_2, &wrap(&transaction("Response", "", &expired))), "");
    let unknown = push("<MessageNotification><MessageInfo/></MessageNotification>");
    assert_eq!(xml(&unknown), "handset: Android G14");
    let late = octets(V1_2, Spelling::Wbxml, &wrap(&transaction("Response", "8", DONE)));
    let purpose = Purpose::Request { name: "X", id: "7" };
    assert_eq!(judge(question(ANDROID, V1_2, purpose), late), "handset: Android G7");
}

#[test]
fn android_g3_to_g26_answers_are_whole() {
    let answered = |name: &str, inside: &str| {
        let request = name.replace("Response", "Request");
        answered(ANDROID, V1_2, &request, &format!("<{name}>{inside}</{name}>"))
    };
    let ok = "<Result><Code>200</Code></Result>";
    let g = |number: u8| format!("handset: Android G{number}");
    assert_eq!(answered("Status", "<Result/>"), "handset: Android §2");
    assert_eq!(answered("Status", &ok.replace("200", "201")), g(4));
    let login = |inside: &str| answered("Login-Response", inside);
    assert_eq!(login(&ok.replace("200", "502")), g(5));
    assert_eq!(
        login(&format!("{ok}<SessionID>s1</SessionID><KeepAliveTime>5</KeepAliveTime>")),
        g(18)
    );
    for odd in [ok.into(), format!("{ok}<SessionID>s 1</SessionID>"), ok.replace("200", "401")] {
        assert_eq!(login(&odd), "handset: Android §3");
    }
    let capabilities = |inside: &str| answered("ClientCapability-Response", inside);
    assert_eq!(capabilities("<ClientID/><AgreedCapabilityList/>"), g(3));
    assert_eq!(capabilities(""), g(3));
    let list = |inside: &str| format!("<AgreedCapabilityList>{inside}</AgreedCapabilityList>");
    assert_eq!(capabilities(&list("<SupportedCIRMethod>STCP</SupportedCIRMethod>")), g(16));
    assert_eq!(capabilities(&list("<CIRURL>http://x/</CIRURL>")), g(17));
    assert_eq!(answered("Service-Response", ""), g(3));
    assert_eq!(answered("Service-Response", "<AllFunctions/>"), "");
    assert_eq!(answered("GetPresence-Response", ok), g(3));
    assert_eq!(
        answered(
            "GetPresence-Response",
            &format!("{ok}<Presence><UserID>wv:k</UserID></Presence>")
        ),
        g(3)
    );
    assert_eq!(pushed(ANDROID, V1_2, &told(&presence(AVAILABLE))), g(20));
    let lists = |inside: &str| answered("GetList-Response", inside);
    let default = "<DefaultContactList>wv:k/f</DefaultContactList>";
    assert_eq!(lists(default), "");
    assert_eq!(lists("<ContactList>wv:k</ContactList>"), g(24));
    assert_eq!(lists("<ContactList>WV:k/f</ContactList>"), g(24));
    assert_eq!(lists(&format!("<ContactList>wv:k/F</ContactList>{default}")), g(26));
    let member = |inside: &str| format!("{ok}<NickList><NickName>{inside}</NickName></NickList>");
    let managed = |inside: &str| answered("ListManage-Response", inside);
    assert_eq!(managed(&member("<Name>Lee</Name>")), g(24));
    assert_eq!(managed(&member("<UserID>wv:lee</UserID>")), g(24));
    let property =
        "<ContactListProperties><Property><Value>T</Value></Property></ContactListProperties>";
    assert_eq!(managed(&format!("{ok}{property}")), g(24));
    let id = "<MessageID>m1</MessageID>";
    let came = |info: &str| pushed(ANDROID, V1_2, &push(&message(info, "")));
    assert_eq!((came(id), came(SENDER)), ("handset: Android §7", "handset: Android §7"));
    let encoded = format!("{id}<ContentEncoding>BASE64</ContentEncoding>{SENDER}");
    assert_eq!(came(&encoded), g(22));
    let time = format!("{id}{SENDER}<DateTime>2010-03-30T10:15:00Z</DateTime>");
    assert_eq!(came(&time), g(22));
    let nested = "<GetList-Response><ContactListIDList/></GetList-Response>";
    assert_eq!(super::tests::answered(ANDROID, Version::V1_3, "X", nested), g(26));
}
