//! The XML spelling.

use onesoup::csp::{
    document::Document,
    element::{Element, MAX_CHILDREN, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_BYTES},
    error::ReadError,
    version::Version,
    xml::{
        read::read,
        write::{pretty, write},
    },
};

fn root(text: &str) -> Element {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}")).root
}

fn text(content: &str) -> String {
    root(&format!("<ContentData>{content}</ContentData>")).text().to_owned()
}

fn version(text: &str) -> Version {
    read(text.as_bytes()).unwrap().version
}

fn is_malformed(text: &str) -> bool {
    matches!(read(text.as_bytes()), Err(ReadError::Malformed { spelling: "XML", .. }))
}

fn written(root: Element) -> String {
    let body = write(&Document { version: Version::V1_2, root });
    String::from_utf8(body).unwrap().strip_prefix(DECLARATION).unwrap().to_owned()
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

// --- reading: version -------------------------------------------------------------------------

#[test]
fn a_name_space_tells_the_version() {
    let of = |space: &str| version(&format!("<WV-CSP-Message xmlns='{space}'/>"));
    assert_eq!(of("http://www.wireless-village.org/CSP1.1"), Version::V1_1);
    assert_eq!(of("http://www.openmobilealliance.org/DTD/WV-CSP1.2"), Version::V1_2);
    assert_eq!(of(" http://www.openmobilealliance.org/DTD/IMPS-CSP1.3 "), Version::V1_3);
    assert_eq!(of("http://www.wireless-village.org/CSP1.2"), Version::V1_2);
    assert_eq!(of("something"), Version::V1_1);
    let inner = "<WV-CSP-Message><TransactionContent \
        xmlns='http://www.openmobilealliance.org/DTD/WV-TRC1.2'/></WV-CSP-Message>";
    assert_eq!(version(inner), Version::V1_2);
}

#[test]
fn a_document_type_tells_the_version_if_no_name_space_does() {
    let of = |id: &str, space: &str| {
        let space = if space.is_empty() { String::new() } else { format!(" xmlns=\"{space}\"") };
        version(&format!("<!DOCTYPE WV-CSP-Message PUBLIC '{id}' 'x'><WV-CSP-Message{space}/>"))
    };
    assert_eq!(of("-//OMA//DTD WV-CSP 1.2//EN", ""), Version::V1_2);
    assert_eq!(of("-//OMA//DTD IMPS-CSP 1.3//EN", ""), Version::V1_3);
    assert_eq!(
        of("-//OMA//DTD WV-CSP 1.2//EN", "http://www.wireless-village.org/CSP1.1"),
        Version::V1_1
    );
    assert_eq!(version("<!DOCTYPE WV-CSP-Message SYSTEM 'x'><WV-CSP-Message/>"), Version::V1_1);
}

#[test]
fn version_discovery_tells_its_version_by_itself() {
    assert_eq!(version("<WV-CSP-VersionDiscovery-Request/>"), Version::V1_2);
}

// --- reading: names ---------------------------------------------------------------------------

#[test]
fn prefixes_are_passed_over() {
    let read = root(
        "<wv:WV-CSP-Message xmlns:wv='http://www.openmobilealliance.org/DTD/WV-CSP1.2'>\
         <pa:Poll>T</pa:Poll></wv:WV-CSP-Message>",
    );
    assert_eq!(read, Element::new("WV-CSP-Message").child_text("Poll", "T"));
}

#[test]
fn names_are_read_in_any_of_their_spellings() {
    for (spelling, name) in [
        ("KeepAliveResponse", "KeepAlive-Response"),
        ("Extended-Data", "ExtendedData"),
        ("AcceptedCharSet", "AcceptedCharset"),
        ("PlainTextCharSet", "PlainTextCharset"),
        ("Auto-Subscribe", "AutoSubscribe"),
        ("PreferredContent", "ReferredContent"),
        ("PreferredvCard", "ReferredvCard"),
        ("CName", "Cname"),
        ("BlockUser-Request", "BlockEntity-Request"),
        ("WV-CSP-NSDiscovery-Request", "WV-CSP-VersionDiscovery-Request"),
        ("WV-CSP-NSDiscovery-Response", "WV-CSP-VersionDiscovery-Response"),
    ] {
        assert_eq!(root(&format!("<{spelling}/>")).name(), name);
        assert_eq!(Element::new(spelling), Element::new(name));
    }
    // Case matters in names.
    assert_eq!(root("<poll/>").name(), "poll");
}

#[test]
fn unknown_names_are_kept() {
    let read =
        root("<ExtBlock xmlns='www.nokia.com/apiclient'><APIClient>7</APIClient></ExtBlock>");
    assert_eq!(read.text_of("APIClient"), Some("7"));
}

#[test]
fn what_is_no_name_is_refused() {
    for name in ["1a", "-", "a&amp;b", "a*b", "é{", &"a".repeat(65)] {
        assert!(is_malformed(&format!("<{name}/>")), "{name}");
    }
}

// --- reading: text ----------------------------------------------------------------------------

#[test]
fn white_space_between_elements_is_layout() {
    let read =
        root("<Result>\n  <Code>200</Code>\n\n\t<Description> a b\n</Description> </Result>\n");
    let expected =
        Element::new("Result").child_text("Code", "200").child_text("Description", " a b\n");
    assert_eq!(read, expected);
}

#[test]
fn white_space_in_an_empty_element_is_layout_if_it_breaks_the_line() {
    assert_eq!(
        root("<Polling-Request>\n      </Polling-Request>"),
        Element::new("Polling-Request")
    );
    assert_eq!(text(" "), " ");
    assert_eq!(text("<![CDATA[\n]]>"), "\n");
    assert_eq!(text("&#10;"), "\n");
}

#[test]
fn text_next_to_elements_is_one_text() {
    let read = root("<Note> a <Code>1</Code> b </Note>");
    assert_eq!((read.text(), read.children().len()), ("a b", 1));
}

#[test]
fn references_and_sections_are_text() {
    assert_eq!(text("a&amp;b&lt;c&gt;d&quot;e&apos;f"), "a&b<c>d\"e'f");
    assert_eq!(text("&#65;&#x42;&#x1F600;"), "AB😀");
    assert_eq!(text("a<![CDATA[<b>&amp;]]>c"), "a<b>&amp;c");
    assert_eq!(text("&amp;amp;"), "&amp;");
}

#[test]
fn comments_and_instructions_are_passed_over() {
    assert_eq!(text("a<!-- b -->c<?d e?>f"), "acf");
    assert_eq!(root("<!-- a --><?b?><Poll/><!-- c -->"), Element::new("Poll"));
}

#[test]
fn line_ends_are_line_feeds() {
    assert_eq!(text("a\r\nb\rc&#13;d"), "a\nb\nc\rd");
}

/// A stray control character costs itself and not the message, as in WBXML.
#[test]
fn characters_that_xml_forbids_are_dropped() {
    assert_eq!(text("a\u{1}b\u{FFFE}c&#0;d&#x1B;e"), "abcde");
}

// --- reading: octets --------------------------------------------------------------------------

#[test]
fn a_declaration_may_be_missing_late_or_marked() {
    for head in [
        "",
        DECLARATION,
        "\u{FEFF}",
        "\u{FEFF}<?xml version='1.0'?>",
        " \r\n",
        "\n<?xml version='1.0'?>",
    ] {
        assert_eq!(root(&format!("{head}<Poll>T</Poll>\n")).text(), "T", "{head:?}");
    }
    assert_eq!(root("<Poll>T</Poll>\0\0").text(), "T");
}

#[test]
fn latin_1_is_read_as_it_declares_itself() {
    let body = b"<?xml version='1.0' encoding='ISO-8859-1'?><Note>\xE4\x01\x80</Note>";
    assert_eq!(read(body).unwrap().root.text(), "ä\u{80}");
}

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Note>ä😀</Note>";
    for mark in ["", "\u{FEFF}"] {
        let units: Vec<u16> =
            mark.chars().chain(text.chars()).collect::<String>().encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(read(&little).unwrap().root.text(), "ä😀");
        assert_eq!(read(&big).unwrap().root.text(), "ä😀");
    }
    // It says so, but it is not.
    assert_eq!(root(text).text(), "ä😀");
}

#[test]
fn utf_8_that_is_damaged_or_modified_is_read() {
    assert_eq!(
        read(b"<Note>a\xFFb\xED\xA0\xBD\xED\xB8\x80</Note>").unwrap().root.text(),
        "a\u{FFFD}b😀"
    );
}

#[test]
fn other_character_sets_are_refused_unless_they_do_not_matter() {
    let body = |text: &'static [u8]| [b"<?xml version='1.0' encoding='Shift_JIS'?>", text].concat();
    assert_eq!(read(&body(b"<Note>a</Note>")).unwrap().root.text(), "a");
    assert_eq!(read(&body(b"<Note>\x83</Note>")), Err(ReadError::Charset("Shift_JIS".into())));
}

// --- reading: refusals and bounds -------------------------------------------------------------

#[test]
fn what_is_not_one_element_is_refused() {
    for text in [
        "<Poll/><Poll/>",
        "a<Poll/>",
        "<Poll/>a",
        "<Poll></Note>",
        "&amp;<Poll/>",
        "<a b='>",
        "<![CDATA[a]]><Poll/>",
        "</Poll>",
    ] {
        assert!(is_malformed(text), "{text}");
    }
    for text in ["", " ", "<Poll>", "<Poll><Note></Note>", "<!-- a -->", DECLARATION] {
        assert_eq!(read(text.as_bytes()), Err(ReadError::Truncated), "{text}");
    }
}

#[test]
fn entities_of_a_document_type_are_not_known() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'cccc'><!ENTITY d '&b;&b;'>]><Note>&d;</Note>";
    assert!(is_malformed(bomb));
    assert!(is_malformed("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Note>&b;</Note>"));
    assert!(is_malformed("<Note>&nbsp;</Note>"));
    assert!(is_malformed("<Note>&#x110000;</Note>"));
    // Declared and not used, they do no harm.
    assert_eq!(root("<!DOCTYPE a [<!ENTITY b 'c'>]><Note>d</Note>").text(), "d");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        read(["<a>".repeat(depth + 1), "</a>".repeat(depth + 1)].concat().as_bytes())
    };
    nested(MAX_DEPTH).unwrap();
    assert_eq!(nested(MAX_DEPTH + 1), Err(ReadError::TooDeep));
}

#[test]
fn children_elements_and_text_are_bounded() {
    let with = |groups: usize, each: usize| {
        let group = format!("<a>{}</a>", "<b/>".repeat(each));
        read(format!("<c>{}</c>", group.repeat(groups)).as_bytes())
    };
    with(1, MAX_CHILDREN).unwrap();
    assert_eq!(with(1, MAX_CHILDREN + 1), Err(ReadError::TooManyChildren));
    assert_eq!(with(8, MAX_ELEMENTS / 8), Err(ReadError::TooManyElements));
    let text = |count: usize| read(format!("<a>{}</a>", "b".repeat(count)).as_bytes());
    text(MAX_TEXT_BYTES).unwrap();
    assert_eq!(text(MAX_TEXT_BYTES + 1), Err(ReadError::TooMuchText));
}

// --- writing ----------------------------------------------------------------------------------

#[test]
fn three_elements_carry_a_name_space() {
    let list = Element::new("TransactionContent").child_element(Element::new("PresenceSubList"));
    let expected = "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\">\
        <TransactionContent xmlns=\"http://www.openmobilealliance.org/DTD/WV-TRC1.2\">\
        <PresenceSubList xmlns=\"http://www.openmobilealliance.org/DTD/WV-PA1.2\"/>\
        </TransactionContent></WV-CSP-Message>";
    assert_eq!(written(Element::new("WV-CSP-Message").child_element(list)), expected);
}

#[test]
fn text_is_escaped_and_legal() {
    let root = Element::with_text("Note", "a&b<c>d\"e'f\r\n\u{0}\u{1B}\u{FFFF}😀");
    let expected = "<Note>a&amp;b&lt;c&gt;d&quot;e&apos;f&#13;\n😀</Note>";
    assert_eq!(written(root), expected);
}

#[test]
fn a_text_of_white_space_is_told_from_layout() {
    assert_eq!(written(Element::with_text("Note", "\n ")), "<Note>&#10; </Note>");
}

#[test]
fn a_name_that_is_none_is_left_out() {
    let root = Element::new("Result").child_text("a><b", "c").child_text("Code", "200");
    assert_eq!(written(root), "<Result><Code>200</Code></Result>");
}

#[test]
fn people_get_a_leaf_to_a_line() {
    let root = Element::new("Result")
        .child_text("Code", "200")
        .child_element(Element::new("UserList").child_element(Element::new("User")));
    let expected =
        "<Result>\n  <Code>200</Code>\n  <UserList>\n    <User/>\n  </UserList>\n</Result>\n";
    assert_eq!(pretty(&Document { version: Version::V1_2, root }), expected);
}
