//! The tables of what handsets need (`docs/handsets.md`) and of what means what (`docs/mapping.md`)
//! name tests that exist, and leave nothing out.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn table() -> String {
    text("handsets.md")
}

fn text(page: &str) -> String {
    fs::read_to_string(root().join("docs").join(page)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All functions marked as tests, in the product and beside it.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut folders: Vec<PathBuf> = ["src", "tests"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                tests.extend(tests_in(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    tests
}

fn tests_in(source: &str) -> Vec<String> {
    let mut is_marked = false;
    let mut found = Vec::new();
    for line in source.lines().map(str::trim) {
        let code = line.strip_prefix("async ").unwrap_or(line);
        if let Some((name, _)) = code.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
            found.extend(is_marked.then(|| name.to_owned()));
            is_marked = false;
        } else if matches!(line, "#[test]" | "#[tokio::test]") {
            is_marked = true;
        }
    }
    found
}

/// The tests that a text names, between backquotes.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.contains('_') && !name.contains(['.', '/', ' '])).collect()
}

#[test]
fn every_test_that_the_tables_name_exists() {
    let tests = tests();
    for page in ["handsets.md", "mapping.md"] {
        let table = text(page);
        let names = named(&table);
        assert!(names.len() > 100, "{page}: the table was not found");
        let missing: Vec<_> = names.into_iter().filter(|name| !tests.contains(*name)).collect();
        assert!(missing.is_empty(), "{page}: no test is called {missing:#?}");
    }
}

#[test]
fn every_gotcha_has_a_row_with_a_test_or_a_reason() {
    let table = table();
    let s60 = table.split("## S60: gotchas").nth(1).unwrap();
    let android = table.split("## Android: gotchas").nth(1).unwrap();
    let rows = (1..=25).map(|number| (s60, format!("| {number} | ")));
    for (section, start) in rows.chain((1..=36).map(|number| (android, format!("| G{number} | "))))
    {
        let section = section.split("\n## ").next().unwrap();
        let row = section.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row {start}"));
        assert!(!named(row).is_empty() || row.contains("n/a: "), "{row}");
    }
}

#[test]
fn every_row_of_the_mapping_has_a_test_and_those_of_contacts_and_presence_one_from_end_to_end() {
    let (page, tests) = (text("mapping.md"), end_to_end());
    let sections = [
        ("## Addresses", 7, false),
        ("## Contacts and subscriptions", 20, true),
        ("## Presence", 30, true),
        ("## What the domain answers", 15, false),
    ];
    for (title, least, is_end_to_end) in sections {
        let section = page.split(title).nth(1).unwrap_or_else(|| panic!("no {title}"));
        let section = section.split("\n## ").next().unwrap();
        let lines: Vec<&str> = section.lines().collect();
        let rows = lines.iter().enumerate().filter(|(at, line)| {
            let is_head = lines.get(at + 1).is_some_and(|next| next.starts_with("|--"));
            line.starts_with("| ") && !is_head
        });
        let rows: Vec<&str> = rows.map(|(_, row)| *row).collect();
        assert!(rows.len() >= least, "{title} has {} rows", rows.len());
        for row in rows {
            let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let names = named(cell);
            assert!(!names.is_empty(), "{row}");
            assert!(!is_end_to_end || names.iter().any(|name| tests.contains(*name)), "{row}");
        }
    }
}

#[test]
fn every_test_that_names_a_gotcha_is_in_the_table() {
    let table = table();
    let is_of_a_gotcha = |name: &str| {
        let number = name.strip_prefix("s60_gotcha_").or(name.strip_prefix("android_g"));
        number.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let (names, tests) = (named(&table).into_iter().collect::<BTreeSet<_>>(), end_to_end());
    let missing: Vec<_> = tests
        .iter()
        .filter(|name| is_of_a_gotcha(name) && !names.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in docs/handsets.md: {missing:#?}");
}

/// The tests against the real binary and with the clock turned by hand.
fn end_to_end() -> BTreeSet<String> {
    let folder = fs::read_dir(root().join("tests/e2e")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let paths = paths.chain([root().join("tests/services.rs")]);
    paths.flat_map(|path| tests_in(&fs::read_to_string(path).unwrap())).collect()
}
