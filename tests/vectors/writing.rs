//! What we write in WBXML: only what every known phone reads.

use onesoup::csp::{
    document::Document,
    element::Element,
    version::Version,
    wbxml::{
        read::read,
        write::{WriteOptions, write},
    },
};

use crate::messages::hex;

fn body(version: Version, root: Element) -> Vec<u8> {
    write(&Document { version, root }, WriteOptions::default())
}

/// What is written of an element after the header.
fn of(version: Version, root: Element) -> Vec<u8> {
    body(version, root).split_off(4)
}

/// What is written of an element with text in CSP 1.2, without switch, tag and end.
fn value(name: &str, text: &str) -> Vec<u8> {
    let mut written = of(Version::V1_2, Element::with_text(name, text));
    let tag = if written[0] == 0 { 3 } else { 1 };
    assert_eq!(written.pop(), Some(0x01));
    written.split_off(tag)
}

fn inline(text: &str) -> Vec<u8> {
    [&[0x03], text.as_bytes(), &[0x00]].concat()
}

#[test]
fn the_header_has_no_strings() {
    let root = || Element::new("Description");
    assert_eq!(body(Version::V1_1, root()), hex("03 10 6A 00 12"));
    assert_eq!(body(Version::V1_2, root()), hex("03 11 6A 00 12"));
    assert_eq!(body(Version::V1_3, root()), hex("03 12 6A 00 12"));
}

#[test]
fn three_elements_carry_a_name_space() {
    let hosts = || {
        let content = Element::new("TransactionContent");
        let presence = Element::new("PresenceSubList");
        Element::new("WV-CSP-Message").child_element(content.child_element(presence))
    };
    let expected = |digit: u8, csp: u8, trc: u8, pa: u8| {
        let digits = [0x03, b'1', b'.', digit, 0x00, 0x01];
        [&[0xC9, csp][..], &digits, &[0xF3, trc], &digits, &[0xA3, pa], &digits, &[1, 1]].concat()
    };
    assert_eq!(of(Version::V1_1, hosts()), expected(b'1', 0x05, 0x07, 0x06));
    assert_eq!(of(Version::V1_2, hosts()), expected(b'2', 0x08, 0x0A, 0x09));
    assert_eq!(of(Version::V1_3, hosts()), expected(b'3', 0x0B, 0x0D, 0x0C));
}

#[test]
fn names_of_presence_attributes_are_enough_for_a_list_of_them() {
    let list = Element::new("PresenceSubList")
        .child_element(Element::new("OnlineStatus"))
        .child_element(Element::new("UserAvailability"));
    assert_eq!(of(Version::V1_1, list), hex("E3 06 03 31 2E 31 00 01 00 05 21 2E 01"));
}

#[test]
fn a_page_is_switched_only_when_it_changes() {
    let login = Element::new("Login-Response")
        .child_element(Element::new("ClientID"))
        .child_element(Element::new("Result"))
        .child_text("KeepAliveTime", "3600")
        .child_text("CapabilityRequest", "T");
    let expected = "00 01 5E 00 00 0A 2A 00 01 5C C3 02 0E 10 01 4B 80 2C 01 01";
    assert_eq!(of(Version::V1_1, login), hex(expected));
}

#[test]
fn integers_take_as_few_octets_as_they_need_but_one() {
    assert_eq!(value("Code", "0"), hex("C3 01 00"));
    assert_eq!(value("Code", "200"), hex("C3 01 C8"));
    assert_eq!(value("Code", "255"), hex("C3 01 FF"));
    assert_eq!(value("Code", "256"), hex("C3 02 01 00"));
    assert_eq!(value("Code", "65536"), hex("C3 03 01 00 00"));
    assert_eq!(value("Code", "16777216"), hex("C3 04 01 00 00 00"));
    assert_eq!(value("Code", "4294967295"), hex("C3 04 FF FF FF FF"));
}

#[test]
fn what_is_no_plain_number_goes_inline() {
    for text in ["4294967296", "-1", "+1", "007", "1 ", "0x10", "zero", "٣"] {
        assert_eq!(value("Code", text), inline(text), "{text}");
    }
    assert_eq!(value("SearchID", "0x23829381"), inline("0x23829381"));
}

/// Every phone reads digits; opaque ones a phone discards where it does not hold the element for
/// an integer. handset: Android §2
#[test]
fn integers_in_dispute_go_inline() {
    for name in ["SearchID", "AcceptedCharset", "AcceptedContentLength", "Altitude", "Cpriority"] {
        assert_eq!(value(name, "106"), inline("106"), "{name}");
    }
}

#[test]
fn numbers_in_elements_of_text_stay_text() {
    assert_eq!(value("Value", "30"), inline("30"));
    assert_eq!(value("Zone", "+02"), inline("+02"));
    assert_eq!(value("TCPAddress", "1"), inline("1"));
    assert_eq!(value("TransactionID", "12"), inline("12"));
}

/// handset: S60 §2.2: an inline `T` is lost and leaks into the next text.
#[test]
fn booleans_are_value_tokens() {
    let names = "Acceptance InUse Poll Qualifier AllFunctionsRequest CapabilityRequest \
        CompletionFlag AnyContent DefaultList DeliveryReport JoinGroup JoinedRequest \
        SubscribeNotification ReceiveList AutoSubscribe CIR";
    for name in names.split_whitespace() {
        assert_eq!(value(name, "T"), hex("80 2C"), "{name}");
        assert_eq!(value(name, "F"), hex("80 0B"), "{name}");
    }
    assert_eq!(value("Poll", "TRUE"), inline("TRUE"));
}

/// handset: S60 §2.2: an inline word loses the whole message.
#[test]
fn enumerations_are_value_tokens() {
    for (name, word, token) in [
        ("SessionType", "Inband", "80 11"),
        ("SessionType", "Outband", "80 19"),
        ("TransactionMode", "Request", "80 20"),
        ("TransactionMode", "Response", "80 21"),
        ("DeliveryMethod", "P", "80 1F"),
        ("InitialDeliveryMethod", "N", "80 17"),
        ("ClientType", "MOBILE_PHONE", "80 6F"),
        ("InviteType", "IM", "80 12"),
        ("SupportedBearer", "SMS", "80 43"),
        ("SupportedCIRMethod", "STCP", "80 44"),
        ("SubscribeType", "G", "80 0C"),
        ("SearchElement", "GROUP_ID", "80 3D"),
        ("Cap", "IM", "80 12"),
        ("Cap", "SMS", "80 43"),
    ] {
        assert_eq!(value(name, word), hex(token), "{name} {word}");
    }
}

/// handset: S60 §2.3, Android G22
#[test]
fn words_that_phones_read_as_text_go_inline() {
    for (name, word) in [
        ("SupportedBearer", "HTTPS"),
        ("SupportedCIRMethod", "SSMS"),
        ("SupportedCIRMethod", "SHTTP"),
        ("DigestSchema", "MD5"),
        ("ContentType", "text/plain"),
        ("ContentType", "text/x-vCard"),
        ("ContentEncoding", "BASE64"),
        ("Status", "OPEN"),
        ("ReactiveAuthState", "GRANTED"),
        ("WatcherStatus", "CURRENT_SUBSCRIBER"),
        ("Name", "ShowID"),
        ("Value", "T"),
        ("PresenceValue", "HAPPY"),
        ("DateTime", "20010925T165859Z"),
        ("DeliveryTime", "20010925T134709"),
    ] {
        assert_eq!(value(name, word), inline(word), "{name} {word}");
    }
}

#[test]
fn free_text_is_never_a_value_token() {
    for word in ["T", "F", "IM", "HAPPY", "Admin", "http://", "SMS", "C", "Inband"] {
        for name in ["ContentData", "SName", "StatusText", "InviteNote", "UserID", "Description"] {
            assert_eq!(value(name, word), inline(word), "{name} {word}");
        }
    }
    assert_eq!(value("ContentData", "http://a.b"), inline("http://a.b"));
}

#[test]
fn characters_that_xml_forbids_are_left_out() {
    assert_eq!(value("ContentData", "a\0b\u{1}\u{FFFF}\tc"), inline("ab\tc"));
}

/// An element that a phone does not know makes it refuse the message. handset: S60 §2.2
#[test]
fn elements_that_the_version_lacks_are_left_out() {
    let root = Element::new("Session")
        .child_element(Element::new("CIR").child_text("Code", "200"))
        .child_element(Element::new("NotAvailableFunctions"))
        .child_text("Poll", "T");
    assert_eq!(of(Version::V1_1, root), hex("6D 61 80 2C 01 01"));
    let renamed = || Element::new("CapabilityList").child_text("CIRURL", "x");
    assert_eq!(of(Version::V1_2, renamed()), hex("00 01 4A 00 03 54 03 78 00 01 01"));
    assert_eq!(of(Version::V1_3, renamed()), hex("00 01 4A 01"));
}

#[test]
fn a_token_of_a_draft_is_read_but_not_written() {
    assert_eq!(of(Version::V1_2, Element::with_text("ContentType", "a")), hex("50 03 61 00 01"));
}

#[test]
fn octets_that_came_raw_go_as_base64_text() {
    let image = read(&hex("03 11 6A 00 4D C3 03 00 01 02 01")).unwrap();
    assert!(image.root.is_binary());
    assert_eq!(write(&image, WriteOptions::default()), hex("03 11 6A 00 4D 03 41 41 45 43 00 01"));
}
