//! Turns the tables of `schema/csp` into the static arrays of `csp::wbxml::tables`.

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, path::Path};

#[path = "src/csp/wbxml/hash.rs"]
mod hash;

type Rows = Vec<BTreeMap<String, String>>;

const VERSIONS: [&str; 3] = ["1.1", "1.2", "1.3"];

/// Code pages 0 to 0x0B.
const PAGES: usize = 12;

/// Tag tokens of one page, and value tokens.
const TAGS_PER_PAGE: usize = 64;
const VALUES: usize = 0xC1;

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", "schema/csp", "src/csp/wbxml/hash.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let tags = rows("tags.tsv")?;
    let aliases = rows("tag-aliases.tsv")?;
    let names: Vec<&str> = tags.iter().map(|row| row["name"].as_str()).collect();
    let mut out = String::new();
    write_names(&mut out, &names, &aliases)?;
    write_tags(&mut out, &names, &tags, &aliases)?;
    let values = rows("ext-values.tsv")?;
    write_values(&mut out, &values)?;
    write_content(&mut out, &names, &values)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("csp_tables.rs"), out)?;
    Ok(())
}

/// Reads a table whose first line names its columns.
fn rows(file: &str) -> Result<Rows, Box<dyn Error>> {
    let text = fs::read_to_string(Path::new("schema/csp").join(file))?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().ok_or("empty table")?.split('\t').collect();
    let row = |line: &str| {
        let cells = line.split('\t').map(String::from);
        head.iter().map(|name| (*name).to_owned()).zip(cells).collect()
    };
    Ok(lines.map(row).collect())
}

fn number(text: &str) -> Result<usize, Box<dyn Error>> {
    Ok(usize::from_str_radix(text.trim_start_matches("0x"), 16)?)
}

fn index_of(names: &[&str], name: &str) -> Result<usize, String> {
    names.iter().position(|known| *known == name).ok_or(format!("no tag is named {name}"))
}

/// `NAMES`, `MARKUP` (both tags of a name), `SPELLINGS` (names, then aliases) and `SLOTS`, which finds a spelling.
fn write_names(out: &mut String, names: &[&str], aliases: &Rows) -> Result<(), Box<dyn Error>> {
    let mut spellings: Vec<(&str, usize)> =
        names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    for row in aliases {
        let canonical = index_of(names, &row["canonical"])?;
        if !names.contains(&row["alias"].as_str()) {
            spellings.push((&row["alias"], canonical));
        }
    }
    let mut slots = [0; hash::SLOTS];
    for (index, (spelling, _)) in spellings.iter().enumerate() {
        let mut slot = hash::first_slot(spelling);
        while slots[slot] != 0 {
            slot = (slot + 1) % hash::SLOTS;
        }
        slots[slot] = index + 1;
    }
    let (count, all) = (names.len(), spellings.len());
    writeln!(out, "static NAMES: [&str; {count}] = {names:?};")?;
    let markup: Vec<_> =
        names.iter().map(|name| (format!("<{name}>"), format!("</{name}>"))).collect();
    writeln!(out, "static MARKUP: [(&str, &str); {count}] = {markup:?};")?;
    writeln!(out, "static SPELLINGS: [(&str, u16); {all}] = {spellings:?};")?;
    writeln!(out, "static SLOTS: [u16; {}] = {slots:?};", hash::SLOTS)?;
    Ok(())
}

/// `TOKENS` (version, name: page and token, 0 if none) and `TAGS` (version, page, token: name
/// plus one, 0 if none).
fn write_tags(
    out: &mut String,
    names: &[&str],
    tags: &Rows,
    aliases: &Rows,
) -> Result<(), Box<dyn Error>> {
    let mut tokens = vec![vec![0; names.len()]; VERSIONS.len()];
    let mut pages = vec![vec![0; PAGES * TAGS_PER_PAGE]; VERSIONS.len()];
    for (at, version) in VERSIONS.iter().enumerate() {
        // Rows that the version does not have yet go in first and give way to those it has.
        let (known, newer): (Vec<_>, Vec<_>) =
            tags.iter().enumerate().partition(|(_, row)| row["version_since"].as_str() <= *version);
        for (name, row) in newer.iter().rev().chain(&known) {
            pages[at][key(row)?] = name + 1;
        }
        for (name, row) in known {
            if pages[at][key(row)?] == name + 1 {
                tokens[at][name] = number(&row["code_page"])? << 8 | number(&row["token"])?;
            }
        }
        // A token that is only ever read: a second one for a name that has its own.
        for row in aliases.iter().filter(|row| row["alias"] == row["canonical"]) {
            pages[at][key(row)?] = index_of(names, &row["canonical"])? + 1;
        }
    }
    let (count, keys) = (names.len(), PAGES * TAGS_PER_PAGE);
    writeln!(out, "static TOKENS: [[u16; {count}]; 3] = {};", array(&tokens))?;
    writeln!(out, "static TAGS: [[u16; {keys}]; 3] = {};", array(&pages))?;
    Ok(())
}

fn key(row: &BTreeMap<String, String>) -> Result<usize, Box<dyn Error>> {
    Ok(number(&row["code_page"])? * TAGS_PER_PAGE + number(&row["token"])?)
}

fn array<T: std::fmt::Debug>(rows: &[T]) -> String {
    format!("{rows:?}")
}

/// `VALUES` (version, number: text, empty if none).
fn write_values(out: &mut String, values: &Rows) -> Result<(), Box<dyn Error>> {
    let mut texts = vec![vec![""; VALUES]; VERSIONS.len()];
    for (at, version) in VERSIONS.iter().enumerate() {
        let (known, newer): (Vec<_>, Vec<_>) =
            values.iter().partition(|row| row["version_since"].as_str() <= *version);
        for row in newer.iter().rev().chain(&known) {
            // 0x3D is both; `History` is told by its element, in `tables::value`.
            if row["value"] != "History" {
                texts[at][number(&row["token"])?] = &row["value"];
            }
        }
    }
    writeln!(out, "static VALUES: [[&str; {VALUES}]; 3] = {};", array(&texts))?;
    Ok(())
}

/// `CONTENT` (name: what its text is).
fn write_content(out: &mut String, names: &[&str], values: &Rows) -> Result<(), Box<dyn Error>> {
    let mut content = vec!["Content::Text".to_owned(); names.len()];
    for row in rows("element-types.tsv")? {
        // Digits inline are read by every phone; the opaque form is not, where the sources
        // disagree on the type.
        let is_agreed = row["sources"].split(',').any(|source| source == "aosp13");
        content[index_of(names, &row["element"])?] = match row["type"].as_str() {
            "integer" if is_agreed => "Content::Integer".into(),
            "integer" => "Content::DisputedInteger".into(),
            "datetime" => "Content::Moment".into(),
            "boolean" => "Content::Boolean".into(),
            _ => continue,
        };
    }
    let mut enumerations: BTreeMap<usize, Vec<(String, usize)>> = BTreeMap::new();
    for row in rows("ext-value-usage.tsv")? {
        let is_unreadable_inline = row["nokia_reads_inline_string"] == "no";
        if row["kind"] == "enum" && row["nokia_reads_token"] == "yes" && is_unreadable_inline {
            let token = value_token(values, &row["value"])?;
            let pairs = enumerations.entry(index_of(names, &row["element"])?).or_default();
            pairs.push((row["value"].clone(), token));
        }
    }
    for (name, pairs) in enumerations {
        content[name] = format!("Content::Enumeration(&{pairs:?})");
    }
    let (count, list) = (names.len(), content.join(", "));
    writeln!(out, "static CONTENT: [Content; {count}] = [{list}];")?;
    Ok(())
}

/// The number to send for a value: the lowest, where it has two (`SMS`, `IM`).
fn value_token(values: &Rows, value: &str) -> Result<usize, Box<dyn Error>> {
    let row = values.iter().find(|row| row["value"] == value);
    number(&row.ok_or(format!("no value token for {value}"))?["token"])
}
