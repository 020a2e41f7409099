//! Agreement with libwbxml's `wbxml2xml` and `xml2wbxml`, in both directions.
//!
//! Without the tools these tests fail, unless `ONESOUP_SKIP_LIBWBXML=1` says that is known.

use std::{env, fs, path::PathBuf, process::Command};

use onesoup::csp::{
    document::Document,
    element::Element,
    version::Version,
    wbxml::{self, write::WriteOptions},
    xml,
};

use crate::messages;

/// Returns all messages of the versions that libwbxml knows: it has no 1.3.
fn messages() -> Vec<(PathBuf, Document)> {
    let own = messages::own().into_iter().map(|(_, file)| file);
    let all = messages::corpus().into_iter().chain(own).map(|file| {
        let document = messages::read(&file);
        (file, document)
    });
    all.filter(|(_, document)| document.version != Version::V1_3).collect()
}

/// Runs a tool of libwbxml on a body and returns what it makes of it, or what it complains of.
fn run(tool: &str, arguments: &[&str], body: &[u8]) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&input, body).unwrap();
    let ran = Command::new(tool).args(arguments).arg("-o").arg(&output).arg(&input).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!("{tool}: {error}: install libwbxml2-utils or set ONESOUP_SKIP_LIBWBXML=1")
    });
    let complaint = String::from_utf8_lossy(&ran.stderr).into_owned();
    if complaint.contains("succeeded") { Ok(fs::read(&output).unwrap()) } else { Err(complaint) }
}

fn is_skipped() -> bool {
    let is_skipped = env::var("ONESOUP_SKIP_LIBWBXML").is_ok_and(|value| value == "1");
    if is_skipped {
        println!("skipped: ONESOUP_SKIP_LIBWBXML is set");
    }
    is_skipped
}

/// Returns a body that libwbxml takes: with a document type, and names as it spells them.
fn for_libwbxml(document: &Document) -> Vec<u8> {
    let text = String::from_utf8(xml::write::write(document)).unwrap();
    let (declaration, mut rest) = text.split_once("?>").map(|(a, b)| (a, b.to_owned())).unwrap();
    for (ours, theirs) in THEIR_NAMES {
        rest = rest.replace(&format!("<{ours}"), &format!("<{theirs}"));
        rest = rest.replace(&format!("</{ours}"), &format!("</{theirs}"));
    }
    let (root, digits) = (document.root.name(), document.version.digits());
    format!(
        "{declaration}?><!DOCTYPE {root} PUBLIC \"-//OMA//DTD WV-CSP {digits}//EN\" \"x\">{rest}"
    )
    .into_bytes()
}

/// Returns the tree as libwbxml passes it on.
fn as_they_pass_it_on(element: &Element) -> Element {
    let known = THEIR_TEXTS
        .iter()
        .find(|(name, ours, ..)| element.name() == *name && element.text() == *ours);
    let text = known.map_or(element.text(), |(_, _, theirs, _)| theirs);
    let mut passed_on = Element::with_text(element.name(), text);
    passed_on.children_mut().extend(element.children().iter().map(as_they_pass_it_on));
    passed_on
}

#[test]
fn libwbxml_reads_what_we_write() {
    if is_skipped() {
        return;
    }
    for (file, document) in messages() {
        let body = wbxml::write::write(&document, WriteOptions::default());
        // It knows no number for 1.2 and must be told.
        let language = format!("CSP{}", document.version.digits().replace('.', ""));
        let text = run("wbxml2xml", &["-k", "-m", "0", "-l", &language], &body);
        let theirs =
            xml::read::read(&text.unwrap_or_else(|why| panic!("{}: {why}", file.display())));
        assert_eq!(theirs.unwrap(), document, "{}", file.display());
    }
}

#[test]
fn we_read_what_libwbxml_writes() {
    if is_skipped() {
        return;
    }
    for (file, document) in messages() {
        let body = run("xml2wbxml", &["-k"], &for_libwbxml(&document));
        let body = body.unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let theirs = wbxml::read::read(&body).unwrap();
        assert_eq!(theirs.version, document.version, "{}", file.display());
        assert_eq!(theirs.root, as_they_pass_it_on(&document.root), "{}", file.display());
    }
}

#[test]
fn we_read_every_version_of_wbxml_with_and_without_an_identifier() {
    if is_skipped() {
        return;
    }
    for (file, document) in messages() {
        for arguments in
            [["-k", "-v", "1.0"], ["-k", "-v", "1.1"], ["-k", "-v", "1.2"], ["-k", "-k", "-a"]]
        {
            let body = run("xml2wbxml", &arguments, &for_libwbxml(&document)).unwrap();
            let theirs = wbxml::read::read(&body).unwrap();
            let what = format!("{} {arguments:?}", file.display());
            assert_eq!(theirs.root, as_they_pass_it_on(&document.root), "{what}");
        }
    }
}

/// Names that libwbxml does not know as we write them, and its own for them: it has those of the
/// draft, and its encoder stops at any other.
const THEIR_NAMES: [(&str, &str); 4] = [
    ("ReferredContent", "PreferredContent"),
    ("ReferredvCard", "PreferredvCard"),
    ("AutoSubscribe", "Auto-Subscribe"),
    ("ExtendedData", "Extended-Data"),
];

/// Texts that libwbxml's encoder changes: element, text, what becomes of it, and why.
const THEIR_TEXTS: [(&str, &str, &str, &str); 2] = [
    ("SearchID", "0x23829381", "595760001", "it takes digits of C for a number"),
    ("DateTime", "20010925T1340", "20010925T134000", "without a zone it sends six octets"),
];
