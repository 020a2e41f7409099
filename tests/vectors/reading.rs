//! What phones and other encoders send, form by form.

use onesoup::csp::{
    document::Document,
    element::{
        Element, MAX_CHILDREN, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_BYTES, MAX_TEXT_BYTES_IN_ALL,
    },
    error::ReadError,
    version::Version,
    wbxml::read::read,
};

use crate::messages::hex;

/// The usual header of CSP 1.1.
const HEAD: &str = "03 10 6A 00";

fn document(code: &str) -> Document {
    read(&hex(code)).unwrap_or_else(|error| panic!("{code}: {error}"))
}

fn root(code: &str) -> Element {
    document(&format!("{HEAD} {code}")).root
}

/// The text of a root with this tag and content, in CSP 1.1.
fn text(code: &str) -> String {
    root(&format!("{code} 01")).text().to_owned()
}

fn error(octets: &[u8]) -> ReadError {
    read(octets).unwrap_err()
}

fn is_malformed(code: &str) -> bool {
    matches!(error(&hex(code)), ReadError::Malformed { spelling: "WBXML", .. })
}

// --- header -----------------------------------------------------------------------------------

#[test]
fn every_version_of_wbxml_is_read() {
    for head in ["00 10 00", "00 10 6A 00", "01 10 6A 00", "02 10 6A 00", "03 10 6A 00"] {
        assert_eq!(document(&format!("{head} 09")).root, Element::new("WV-CSP-Message"), "{head}");
    }
    assert!(is_malformed("04 10 6A 00 09"));
    assert!(is_malformed("3C 3F 78 6D 6C"));
}

#[test]
fn the_document_identifier_tells_the_version() {
    let of = |id: &str| document(&format!("03 {id} 6A 00 09")).version;
    assert_eq!(of("10"), Version::V1_1);
    assert_eq!(of("11"), Version::V1_2);
    assert_eq!(of("12"), Version::V1_3);
    assert_eq!(of("01"), Version::V1_1);
    assert_eq!(of("13"), Version::V1_1);
}

#[test]
fn a_formal_identifier_among_the_strings_tells_the_version() {
    let of = |id: &str| {
        let mut body = hex("03 00 00 6A");
        body.push(u8::try_from(id.len() + 1).unwrap());
        body.extend(id.bytes().chain([0, 0x09]));
        read(&body).unwrap().version
    };
    assert_eq!(of("-//OMA//DTD WV-CSP 1.2//EN"), Version::V1_2);
    assert_eq!(of("-//WIRELESSVILLAGE//DTD CSP 1.1//EN"), Version::V1_1);
    assert_eq!(of("-//WIRELESSVILLAGE//DTD CSP 1.2//EN"), Version::V1_2);
    assert_eq!(of("-//OMA//DTD IMPS-CSP 1.3//EN"), Version::V1_3);
    assert_eq!(of("something else"), Version::V1_1);
}

#[test]
fn the_name_space_of_the_root_outweighs_the_identifier() {
    // An Android fixture has just this contradiction.
    assert_eq!(document("03 10 6A 00 89 08 03 31 2E 32 00 01").version, Version::V1_2);
    assert_eq!(document("03 01 6A 00 89 0B 03 31 2E 33 00 01").version, Version::V1_3);
    assert_eq!(document("03 12 6A 00 89 05 03 31 2E 31 00 01").version, Version::V1_1);
    // As an attribute by its name, with the whole address as its value.
    let literal = "03 10 6A 06 78 6D 6C 6E 73 00 89 04 00 03 78 2F 31 2E 32 00 01";
    assert_eq!(document(literal).version, Version::V1_2);
}

#[test]
fn csp_1_0_is_refused_by_name() {
    assert_eq!(error(&hex("03 0F 6A 00 FE 05 03 31 2E 30 00 01 01")), ReadError::OldVersion);
    assert_eq!(error(&hex("03 10 6A 00 C9 05 03 31 2E 30 00 01 01")), ReadError::OldVersion);
}

#[test]
fn version_discovery_tells_its_version_by_itself() {
    let document = document("03 10 6A 00 00 0A 05");
    assert_eq!(document.version, Version::V1_2);
    assert_eq!(document.root, Element::new("WV-CSP-VersionDiscovery-Request"));
}

#[test]
fn character_sets_of_phones_are_read() {
    let of =
        |set: &str| document(&format!("03 10 {set} 00 6B 03 C3 A4 00 01")).root.text().to_owned();
    assert_eq!(of("6A"), "ä");
    assert_eq!(of("00"), "ä");
    assert_eq!(of("03"), "ä");
    assert_eq!(of("04"), "Ã¤");
    assert_eq!(error(&hex("03 10 11 00 09")), ReadError::Charset("MIBenum 17".into()));
    assert_eq!(error(&hex("03 10 87 68 00 09")), ReadError::Charset("MIBenum 1000".into()));
}

// --- text -------------------------------------------------------------------------------------

#[test]
fn text_comes_inline_or_from_the_strings() {
    assert_eq!(text("6B 03 61 62 00"), "ab");
    assert_eq!(document("03 10 6A 06 61 62 00 63 64 00 6B 83 03 01").root.text(), "cd");
    // The end of the table ends a string.
    assert_eq!(document("03 10 6A 02 61 62 6B 83 01 01").root.text(), "b");
    assert_eq!(document("03 10 6A 02 61 62 6B 83 02 01").root.text(), "");
    assert!(is_malformed("03 10 6A 02 61 62 6B 83 03 01"));
}

/// handset: S60 §2.1: every text is in the table, so places beyond 127 are common.
#[test]
fn places_in_a_long_table_take_several_octets() {
    let mut body = hex("03 10 6A 82 00");
    body.extend([b'x'; 252]);
    body.extend(b"\0id\0");
    body.extend(hex("6B 83 81 7D 01"));
    assert_eq!(read(&body).unwrap().root.text(), "id");
}

/// handset: S60 §2.1
#[test]
fn an_address_is_a_value_token_and_its_rest() {
    assert_eq!(text("4D 80 0E 03 61 2E 62 00"), "http://a.b");
    assert_eq!(text("4D 80 0F 03 61 2E 62 00"), "https://a.b");
    assert_eq!(document("03 10 6A 02 61 00 4D 80 0E 83 00 01").root.text(), "http://a");
    assert_eq!(text("4D 03 61 00 80 0E 03 62 00"), "ahttp://b");
}

/// handset: Android §2: texts that equal a value token come as one in every element.
#[test]
fn value_tokens_are_read_in_every_element() {
    assert_eq!(text("4D 80 2C"), "T");
    assert_eq!(text("4D 80 12"), "IM");
    assert_eq!(text("6B 80 02"), "Admin");
    assert_eq!(text("4D 80 81 24"), "SSMS");
    assert_eq!(text("4D 80 81 25"), "SHTTP");
    assert_eq!(text("4D 80 43"), "SMS");
    assert_eq!(text("4D 80 75"), "SMS");
    // The number has no meaning, the rest of the message does.
    assert_eq!(text("4D 80 81 12"), "");
    assert_eq!(text("4D 80 8F FF FF FF 7F"), "");
}

#[test]
fn value_tokens_that_were_reused_go_by_the_version() {
    let of = |id: &str, code: &str| {
        let root = document(&format!("03 {id} 6A 00 {code} 01")).root;
        root.children().first().unwrap_or(&root).text().to_owned()
    };
    assert_eq!(of("10", "00 05 6F 80 68"), "IM");
    assert_eq!(of("11", "00 05 6F 80 68"), "IM");
    assert_eq!(of("12", "00 05 6F 80 68"), "AP");
    assert_eq!(of("12", "00 01 64 80 3D"), "GROUP_ID");
    assert_eq!(of("12", "65 5E 80 3D 01"), "History");
    assert_eq!(of("11", "65 5E 80 3D 01"), "GROUP_ID");
    assert_eq!(of("12", "65 7D 80 3D 01"), "GROUP_ID");
    assert_eq!(of("11", "4D 80 34"), "DENIED");
    assert_eq!(of("11", "4D 80 37"), "ShowID");
    // Newer and withdrawn ones are still known.
    assert_eq!(of("10", "4D 80 81 00"), "Black");
    assert_eq!(of("12", "4D 80 5E"), "AUDIO_CALL");
    assert_eq!(of("10", "4D 80 81 40"), "R");
}

#[test]
fn entities_are_characters() {
    assert_eq!(text("4D 02 81 20"), "\u{A0}");
    assert_eq!(text("4D 03 61 00 02 C3 FF 7B 03 62 00"), "a\u{10FFFB}b");
    assert_eq!(text("4D 02 83 B0 00 03 62 00"), "\u{FFFD}b");
    assert_eq!(text("4D 02 07 03 62 00"), "b");
}

/// handset: Android §2
#[test]
fn modified_utf8_is_read() {
    assert_eq!(text("4D 03 ED A0 BD ED B8 80 00"), "😀");
    assert_eq!(text("4D 03 61 C0 80 62 00"), "ab");
    assert_eq!(text("4D 03 61 ED A0 BD 62 00"), "a\u{FFFD}b");
}

#[test]
fn octets_that_are_not_text_cost_themselves_only() {
    assert_eq!(text("4D 03 61 FF 62 00"), "a\u{FFFD}b");
    assert_eq!(text("4D 03 61 E2 82 00"), "a\u{FFFD}");
    assert_eq!(text("4D 03 61 08 1B 62 0A 00"), "ab\n");
    assert_eq!(text("4D 03 61 EF BF BE EF BC A1 00"), "aＡ");
}

#[test]
fn white_space_is_kept() {
    assert_eq!(text("4D 03 20 0D 0A 61 20 00"), " \r\na ");
}

#[test]
fn extensions_without_a_use_are_passed_over() {
    assert_eq!(text("4D 40 78 00 03 61 00"), "a");
    assert_eq!(text("4D 42 78 00 81 8F 7F 82 00 03 61 00"), "a");
    assert_eq!(text("4D C0 C1 C2 03 61 00"), "a");
}

// --- raw octets -------------------------------------------------------------------------------

#[test]
fn integers_are_octets_or_digits() {
    assert_eq!(text("4B C3 01 C8"), "200");
    assert_eq!(text("4B C3 02 0E 10"), "3600");
    assert_eq!(text("4B C3 04 FF FF FF FF"), "4294967295");
    assert_eq!(text("4B C3 05 01 00 00 00 00"), "4294967296");
    assert_eq!(text("4B C3 04 00 00 00 07"), "7");
    assert_eq!(text("4B 03 34 30 31 00"), "401");
}

#[test]
fn zero_is_one_octet_or_none() {
    assert_eq!(text("4B C3 01 00"), "0");
    assert_eq!(text("4B C3 00"), "0");
}

#[test]
fn integers_in_dispute_are_read_in_both_forms() {
    for element in ["00 01 66", "00 03 45", "00 05 49", "00 05 45", "00 05 72", "00 03 46"] {
        assert_eq!(text(&format!("{element} C3 01 6A")), "106", "{element}");
        assert_eq!(text(&format!("{element} 03 31 30 36 00")), "106", "{element}");
    }
}

#[test]
fn an_address_of_four_numbers_is_no_integer() {
    assert_eq!(text("00 03 51 C3 03 31 2E 32"), "1.2");
}

#[test]
fn dates_are_six_octets_or_text() {
    assert_eq!(text("51 C3 06 1F 46 73 0E BB 5A"), "20010925T165859Z");
    assert_eq!(text("51 C3 06 1F 46 72 DB C9 00"), "20010925T134709");
    assert_eq!(text("00 06 5A C3 06 1F 46 72 DA 00 42"), "20010925T134000+0200");
    assert_eq!(text("51 C3 06 00 06 42 00 00 59"), "00010901T000000-1200");
    assert_eq!(text("51 03 32 30 30 31 00"), "2001");
    assert_eq!(text("51 C3 04 32 30 30 31"), "2001");
}

/// handset: S60 §2.2
#[test]
fn booleans_may_be_one_octet() {
    assert_eq!(text("61 C3 01 01"), "T");
    assert_eq!(text("61 C3 01 00"), "F");
    assert_eq!(text("61 C3 01 46"), "F");
    assert_eq!(text("61 80 2C"), "T");
    assert_eq!(text("61 03 46 00"), "F");
}

#[test]
fn octets_that_are_text_are_read_as_text() {
    let hello = root("4D C3 05 48 65 6C 6C 6F 01");
    assert_eq!((hello.text(), hello.is_binary()), ("Hello", false));
    assert_eq!(text("4D C3 03 61 0D 0A"), "a\r\n");
    assert_eq!(text("4D C3 02 61 C3 C3 01 A4"), "aä");
}

#[test]
fn octets_that_are_not_text_are_read_as_base64() {
    let image = root("4D C3 06 47 49 46 00 FF 01 01");
    assert_eq!((image.text(), image.is_binary()), ("R0lGAP8B", true));
    let pieces = root("4D C3 03 47 49 46 C3 03 00 FF 01 01");
    assert_eq!((pieces.text(), pieces.is_binary()), ("R0lGAP8B", true));
    let within_text = root("4D 03 61 00 C3 02 FF 62 01");
    assert_eq!((within_text.text(), within_text.is_binary()), ("a\u{FFFD}b", false));
}

// --- elements ---------------------------------------------------------------------------------

#[test]
fn an_empty_element_may_have_content() {
    assert_eq!(root("12"), root("52 01"));
    assert_eq!(root("6D 2E 01"), root("6D 6E 01 01"));
}

#[test]
fn a_page_stays_on_until_the_next_switch() {
    let read = root("00 01 5E 00 00 4A 01 4B C3 01 C8 01 00 01 1C 01");
    let expected = Element::new("Login-Response")
        .child_element(Element::new("ClientID"))
        .child_text("Code", "200")
        .child_element(Element::new("KeepAliveTime"));
    assert_eq!(read, expected);
}

#[test]
fn pages_of_tags_and_of_attributes_are_apart() {
    let read = root("00 01 DE 00 07 05 03 78 00 00 00 01 1C 01");
    assert_eq!(read.children()[0].name(), "KeepAliveTime");
}

#[test]
fn tags_that_were_reused_go_by_the_version() {
    let of =
        |id: &str, code: &str| document(&format!("03 {id} 6A 00 {code}")).root.name().to_owned();
    assert_eq!(of("11", "00 03 14"), "CIRURL");
    assert_eq!(of("12", "00 03 14"), "CIRHTTPAddress");
    assert_eq!(of("11", "00 09 0B"), "ReactiveAuthState");
    assert_eq!(of("12", "00 09 0B"), "AnswerOptionText");
    // Tokens of later versions, and ones that a later version withdrew.
    assert_eq!(of("10", "00 09 05"), "CIR");
    assert_eq!(of("10", "00 09 0B"), "ReactiveAuthState");
    assert_eq!(of("10", "00 0B 08"), "AnswerOptionsText");
    assert_eq!(of("12", "00 01 0A"), "CapabilityList");
    // A second token that a draft had.
    assert_eq!(of("11", "00 05 36"), "ContentType");
}

#[test]
fn unknown_tags_keep_the_structure() {
    let read = root("52 00 01 75 03 61 00 01 00 00 4B C3 01 C8 01 01");
    assert_eq!(read.children()[0].name(), "unknown-01-35");
    assert_eq!(read.text_of("unknown-01-35"), Some("a"));
    assert_eq!(read.text_of("Code"), Some("200"));
    assert_eq!(root("00 FE 3F").name(), "unknown-FE-3F");
}

#[test]
fn literal_tags_come_in_four_forms() {
    let with = |code: &str| document(&format!("03 10 6A 04 41 50 49 00 52 {code} 01")).root;
    let api = |content| Element::new("Description").child_element(content);
    assert_eq!(with("04 00"), api(Element::new("API")));
    assert_eq!(with("44 00 03 61 00 01"), api(Element::with_text("API", "a")));
    assert_eq!(with("84 00 07 03 61 00 01"), api(Element::new("API")));
    assert_eq!(with("C4 00 04 00 03 61 00 01 03 61 00 01"), api(Element::with_text("API", "a")));
    // A name of the tables is itself, and what cannot be a name is unknown.
    assert_eq!(document("03 10 6A 05 43 6F 64 65 00 04 00").root, Element::new("Code"));
    assert_eq!(document("03 10 6A 02 3C 00 04 00").root, Element::new("unknown"));
    assert_eq!(document("03 10 6A 00 04 00").root, Element::new("unknown"));
    assert!(is_malformed("03 10 6A 00 04 01"));
}

/// handset: S60 §2.1
#[test]
fn attributes_are_passed_over() {
    // A literal one that points to nowhere, as some S60 programs write it.
    let nowhere = "00 09 C7 04 00 03 77 00 01 03 61 00 01";
    assert_eq!(root(nowhere), Element::with_text("ExtBlock", "a"));
    let all_kinds =
        "D2 05 03 61 00 85 40 61 00 80 05 02 41 C0 C3 01 FF 06 00 01 07 81 05 01 03 61 00 01";
    assert_eq!(root(all_kinds), Element::with_text("Description", "a"));
    assert!(is_malformed("03 10 6A 00 D2 43 01 01"));
}

#[test]
fn processing_instructions_are_passed_over() {
    assert_eq!(root("43 05 03 61 00 01 52 43 06 01 03 61 00 01").text(), "a");
}

#[test]
fn what_follows_the_root_is_not_looked_at() {
    assert_eq!(root("12 00 00 FF"), Element::new("Description"));
}

// --- refusals and bounds ----------------------------------------------------------------------

#[test]
fn a_message_that_ends_early_is_refused() {
    let whole = hex("03 10 6A 03 61 62 00 C9 05 03 31 2E 31 00 01 4D 83 00 80 2C C3 01 61 01 01");
    read(&whole).unwrap();
    for length in 0..whole.len() {
        assert_eq!(error(&whole[..length]), ReadError::Truncated, "{length}");
    }
}

#[test]
fn what_no_encoder_writes_is_refused() {
    assert!(is_malformed("03 10 6A 00 01"));
    assert!(is_malformed("03 10 6A 00 03 61 00 09"));
    assert!(is_malformed("03 10 6A 00 4D 80 FF FF FF FF 7F 01"));
    assert!(is_malformed("03 10 6A 00 4D 83 81 81 81 81 81 01 01"));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let mut body = hex(HEAD);
        body.extend(std::iter::repeat_n(0x52, depth + 1));
        body.extend(std::iter::repeat_n(0x01, depth + 1));
        read(&body)
    };
    nested(MAX_DEPTH).unwrap();
    assert_eq!(nested(MAX_DEPTH + 1), Err(ReadError::TooDeep));
    assert_eq!(nested(500_000), Err(ReadError::TooDeep));
}

#[test]
fn children_and_elements_are_bounded() {
    let with = |groups: usize, each: usize| {
        let mut body = hex(&format!("{HEAD} 6D"));
        for _ in 0..groups {
            body.push(0x52);
            body.extend(std::iter::repeat_n(0x12, each));
            body.push(0x01);
        }
        body.push(0x01);
        read(&body)
    };
    with(1, MAX_CHILDREN).unwrap();
    assert_eq!(with(1, MAX_CHILDREN + 1), Err(ReadError::TooManyChildren));
    assert_eq!(with(8, MAX_ELEMENTS / 8), Err(ReadError::TooManyElements));
}

#[test]
fn text_of_an_element_is_bounded() {
    let with = |count: usize| {
        let mut body = hex(&format!("{HEAD} 4D"));
        for length in [count / 2, count - count / 2] {
            body.push(0x03);
            body.extend(std::iter::repeat_n(b'a', length));
            body.push(0x00);
        }
        body.push(0x01);
        read(&body)
    };
    with(MAX_TEXT_BYTES).unwrap();
    assert_eq!(with(MAX_TEXT_BYTES + 1), Err(ReadError::TooMuchText));
}

/// Three octets refer to a string of any length: a small body must not grow without end.
#[test]
fn a_string_that_is_referred_to_again_and_again_is_bounded() {
    let table = MAX_TEXT_BYTES_IN_ALL / 8;
    let with = |element: &str| {
        let mut body = hex("03 10 6A 88 80 00");
        body.extend(std::iter::repeat_n(b'a', table));
        body.push(0x52);
        body.extend(hex(element).repeat(9));
        body.push(0x01);
        read(&body)
    };
    assert_eq!(with("4D 83 00 01"), Err(ReadError::TooMuchTextInAll));
    assert_eq!(with("8D 05 83 00 01"), Err(ReadError::TooMuchTextInAll));
}
