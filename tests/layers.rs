//! The rules of the house (`docs/architecture.md`): who may lean on whom, what the pure folders do
//! without, how long a file may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Which folders a folder may name, besides itself.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("base", &[]),
    ("csp", &["base"]),
    ("xmpp", &["base"]),
    ("domain", &["base"]),
    ("bridge", &["base", "csp", "xmpp", "domain"]),
    ("store", &["base", "domain"]),
    ("services", &["base", "csp", "xmpp", "domain", "bridge", "store"]),
    ("edges", &["base", "csp", "xmpp", "domain", "bridge", "services"]),
    ("phone", &["base", "csp"]),
    ("app", &["base", "csp", "xmpp", "domain", "bridge", "store", "services", "edges", "phone"]),
];

/// Folders without sockets, files, clocks, tasks and logs.
const PURE: [&str; 4] = ["csp", "xmpp", "domain", "bridge"];

/// Words that betray them.
const IMPURE: [&str; 9] = [
    "tokio::",
    "std::net::Tcp",
    "std::net::Udp",
    "std::fs",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "tracing::",
    "println!",
];

/// Crates that one folder alone may name.
const OWNED: [(&str, &[&str]); 4] = [
    ("base", &["image::"]),
    ("xmpp", &["minidom", "rxml", "jid::", "xmpp_parsers"]),
    ("store", &["sqlx"]),
    ("csp", &["quick_xml"]),
];

/// Lines of a file at most, its tests included.
const MAX_LINES: usize = 500;

struct Source {
    path: PathBuf,
    folder: String,
    /// The path within the crate: `csp::wbxml::read`.
    module: String,
    lines: usize,
    /// The code without comments and without its tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(source(&root, path));
            }
        }
    }
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

fn source(root: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let inside = path.strip_prefix(root).unwrap().with_extension("");
    let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
    let module: Vec<&str> = parts.iter().copied().filter(|part| *part != "mod").collect();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    Source {
        folder: if parts.len() > 1 { parts[0].to_owned() } else { String::new() },
        module: module.join("::"),
        lines: text.lines().count(),
        code: code.lines().map(without_comment).collect::<Vec<_>>().join("\n"),
        path,
    }
}

/// Returns the paths below `crate::` that a file names, those in braces one by one.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for piece in code.split("crate::").skip(1) {
        collect(piece, "", &mut found);
    }
    found
}

fn collect<'a>(mut rest: &'a str, prefix: &str, found: &mut BTreeSet<String>) -> &'a str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let path = &rest[..end.unwrap_or(rest.len())];
    let whole = format!("{prefix}{path}");
    rest = &rest[path.len()..];
    if !rest.starts_with('{') || !path.is_empty() && !path.ends_with("::") {
        found.insert(whole.trim_end_matches(':').to_owned());
        return rest;
    }
    rest = &rest[1..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        let before = rest.len();
        rest = collect(rest, &whole, found);
        if rest.len() == before {
            rest = &rest[rest.chars().next().map_or(1, char::len_utf8)..];
        }
    }
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(folder, _)| *folder == source.folder) else {
            assert!(source.folder.is_empty(), "{} has no rule", source.folder);
            continue;
        };
        for path in named(&source.code) {
            let folder = path.split("::").next().unwrap();
            let is_folder = MAY_USE.iter().any(|(known, _)| *known == folder);
            if is_folder && folder != source.folder && !allowed.contains(&folder) {
                wrong.push(format!("{} names {path}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_edge_knows_another() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.folder == "edges") {
        let own = source.module.split("::").nth(1).unwrap_or_default();
        for path in named(&source.code) {
            let mut parts = path.split("::");
            let (folder, edge) = (parts.next(), parts.next().unwrap_or_default());
            // The operator's door reports how the link is and is served like the phones' door.
            let is_known = own == "admin" && matches!(edge, "http" | "link");
            // Doors are alike.
            let is_known = is_known || edge == "door";
            if folder == Some("edges") && edge != own && !is_known {
                wrong.push(format!("{} names {path}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_folders_touch_nothing() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.folder.as_str())) {
        for word in IMPURE {
            if source.code.contains(word) {
                wrong.push(format!("{} has {word}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (folder, crates) in OWNED {
            for name in crates.iter().filter(|_| source.folder != folder) {
                let uses = |line: &str| {
                    let at = line.find(name);
                    at.is_some_and(|at| at == 0 || !line[..at].ends_with([':', '_']))
                        && (line.contains(&format!("{}::", name.trim_end_matches(':'))))
                        && !line.contains(&format!("::{name}"))
                        && !line.trim_start().starts_with(name)
                };
                let is_import = |line: &str| line.trim_start().starts_with(&format!("use {name}"));
                if source
                    .code
                    .lines()
                    .any(|line| is_import(line) || name.ends_with("x") && uses(line))
                {
                    wrong.push(format!("{} names {name}", source.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines > MAX_LINES)
        .map(|source| format!("{}: {} lines", source.path.display(), source.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn modules_do_not_run_in_circles() {
    let sources = sources();
    let modules: BTreeSet<&str> = sources.iter().map(|source| source.module.as_str()).collect();
    let mut leans_on: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &sources {
        for path in named(&source.code) {
            // The longest path that is a file: what follows is something in it.
            let mut path = path.as_str();
            while !modules.contains(path) {
                match path.rsplit_once("::") {
                    Some((shorter, _)) => path = shorter,
                    None => break,
                }
            }
            // What a folder's door holds is the whole folder's.
            let is_door = source.module.starts_with(&format!("{path}::"));
            if let Some(module) = modules.get(path)
                && *module != source.module
                && !is_door
            {
                leans_on.entry(&source.module).or_default().insert(module);
            }
        }
    }
    for start in leans_on.keys() {
        let mut reached = BTreeSet::new();
        let mut next = vec![*start];
        while let Some(module) = next.pop() {
            for lower in leans_on.get(module).into_iter().flatten() {
                assert_ne!(lower, start, "{start} leans on itself by way of {module}");
                if reached.insert(*lower) {
                    next.push(lower);
                }
            }
        }
    }
}

#[test]
fn paths_in_braces_are_found() {
    let code =
        "use crate::{\n    a::{b, c::D},\n    e::f,\n};\nuse crate::g::H; let x = crate::i::j();";
    let expected = ["a::b", "a::c::D", "e::f", "g::H", "i::j"];
    assert_eq!(named(code).into_iter().collect::<Vec<_>>(), expected);
}
