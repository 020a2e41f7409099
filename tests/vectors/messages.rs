//! Whole messages: our own examples, those of the handsets, and the corpus if it is at hand.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use onesoup::csp::{
    document::{Document, Spelling},
    version::Version,
    wbxml::{self, write::WriteOptions},
    xml,
};

/// Returns octets written as hexadecimal digits, with comments from `#` to the line's end.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let digits: Vec<u32> =
        code.flat_map(str::chars).filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

/// Returns our example messages, each with its version and its file.
pub(crate) fn own() -> Vec<(Version, PathBuf)> {
    let of = |version: Version| {
        let folder = vectors().join("csp").join(version.digits());
        xml_files(&folder).into_iter().map(move |file| (version, file))
    };
    Version::ALL.into_iter().flat_map(of).collect()
}

/// Returns the files of the corpus, which is not part of this repository; none without it.
pub(crate) fn corpus() -> Vec<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/csp/corpus")).find(|path| path.is_dir());
    match found {
        Some(folder) => xml_files(&folder),
        None => {
            println!("skipped: no corpus in shared/csp/corpus above this repository");
            Vec::new()
        }
    }
}

/// Reads a file of XML.
pub(crate) fn read(file: &Path) -> Document {
    let body = fs::read(file).unwrap();
    Document::read(Spelling::Xml, &body)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn xml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "xml")).collect();
    files.sort();
    files
}

fn survives(document: &Document, of: &Path) {
    for spelling in [Spelling::Wbxml, Spelling::Xml, Spelling::Wbxml] {
        let body = document.write(spelling, WriteOptions::default());
        let again = Document::read(spelling, &body).unwrap();
        assert_eq!(&again, document, "{} as {spelling:?}", of.display());
    }
    let pretty = xml::write::pretty(document);
    assert_eq!(&xml::read::read(pretty.as_bytes()).unwrap(), document, "{}", of.display());
}

#[test]
fn corpus_messages_survive_every_spelling() {
    for file in corpus() {
        let document = read(&file);
        assert_eq!(document.version, Version::V1_1);
        survives(&document, &file);
    }
}

#[test]
fn own_messages_survive_every_spelling() {
    for (version, file) in own() {
        let document = read(&file);
        assert_eq!(document.version, version, "{}", file.display());
        survives(&document, &file);
    }
}

/// With `ONESOUP_WRITE_VECTORS` set the files are written instead.
#[test]
fn own_messages_are_written_as_their_vectors_say() {
    let own = own();
    assert!(own.len() >= 30);
    for (_, file) in own {
        let document = read(&file);
        let body = wbxml::write::write(&document, WriteOptions::default());
        let vector = file.with_extension("wbxml");
        if env::var_os("ONESOUP_WRITE_VECTORS").is_some() {
            fs::write(&vector, &body).unwrap();
        }
        assert_eq!(fs::read(&vector).unwrap(), body, "{}", file.display());
        assert_eq!(wbxml::read::read(&body).unwrap(), document, "{}", file.display());
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
            xml::write::pretty(&document)
        );
        assert_eq!(
            text.replace("&quot;", "\"").replace("&apos;", "'"),
            fs::read_to_string(&file).unwrap()
        );
    }
}

#[test]
fn messages_of_handsets_are_read() {
    let files = xml_files(&vectors().join("handset"));
    assert_eq!(files.len(), 4);
    for file in files {
        let octets = hex(&fs::read_to_string(file.with_extension("hex")).unwrap());
        assert_eq!(wbxml::read::read(&octets).unwrap(), read(&file), "{}", file.display());
        survives(&read(&file), &file);
    }
}

/// handset: S60 §2.3
#[test]
fn the_answer_to_a_login_is_what_the_s60_client_needs() {
    let file = vectors().join("handset/nokia-login-response.xml");
    let octets = hex(&fs::read_to_string(file.with_extension("hex")).unwrap());
    assert_eq!(wbxml::write::write(&read(&file), WriteOptions::default()), octets);
}
