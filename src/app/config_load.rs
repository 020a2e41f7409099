//! Reads the settings: defaults, then the file, then the environment; tells all faults at once.

use std::path::Path;

use toml::{Table, Value};

use crate::app::config::{MANUAL, Settings};

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "onesoup.toml";

/// Everything that is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n  {}", .0.join("\n  "))]
pub struct Faults(pub Vec<String>);

/// Reads the file named, else `onesoup.toml` if it is there, and the environment.
///
/// # Errors
///
/// All unknown names, values of a wrong kind and unusable values together.
pub fn load(file: Option<&Path>) -> Result<Settings, Faults> {
    let settings = given(file)?;
    let faults = settings.faults();
    if faults.is_empty() { Ok(settings) } else { Err(Faults(faults)) }
}

/// Reads the same for a command that needs nothing of it to be usable.
///
/// # Errors
///
/// The file cannot be read, or has unknown names or values of a wrong kind.
pub fn given(file: Option<&Path>) -> Result<Settings, Faults> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Faults(vec![format!("{}: {error}", path.display())]))?,
        None => match std::fs::read_to_string(DEFAULT_FILE) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Faults(vec![format!("{DEFAULT_FILE}: {error}")])),
        },
    };
    read(&text, &|name| std::env::var(name).ok())
}

/// Reads the same for a command that needs no link.
///
/// # Errors
///
/// As for [`load`].
pub fn load_for_accounts(file: Option<&Path>) -> Result<Settings, Faults> {
    let settings = given(file)?;
    let faults = settings.faults_but_link();
    if faults.is_empty() { Ok(settings) } else { Err(Faults(faults)) }
}

/// Reads a file's text, overridden by an environment. Values may still be unusable.
///
/// # Errors
///
/// All unknown names and values of a wrong kind.
pub fn read(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Faults> {
    let mut given: Table =
        text.parse().map_err(|error: toml::de::Error| Faults(vec![error.to_string()]))?;
    let mut settings = defaults();
    let mut faults = Vec::new();
    let entries = entries(given.remove("domains"), &mut faults);
    overlay(&mut settings, given, "", &mut faults);
    for section in MANUAL {
        for (name, _) in section.settings {
            let variable = variable(section.name, name);
            if let Some(value) = environment(&variable) {
                let slot = section_of(&mut settings, section.name).and_then(|s| s.get_mut(*name));
                if let Some(slot) = slot
                    && let Err(fault) = set_from_text(slot, &value)
                {
                    faults.push(format!("{variable}: {fault}"));
                }
            }
        }
    }
    let further: Vec<Table> =
        entries.into_iter().map(|entry| further(&settings, entry, &mut faults)).collect();
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let whole = |table: Table| -> Result<Settings, Faults> {
        table.try_into().map_err(|error: toml::de::Error| Faults(vec![error.to_string()]))
    };
    let further = further.into_iter().map(whole).collect::<Result<_, _>>()?;
    Ok(Settings { further, ..whole(settings)? })
}

/// Returns what the file says of each domain besides the first.
fn entries(given: Option<Value>, faults: &mut Vec<String>) -> Vec<Table> {
    let not_so = || "domains is to be a list of sections: [[domains]]".to_owned();
    match given {
        None => Vec::new(),
        Some(Value::Array(entries)) => {
            let (entries, others): (Vec<_>, Vec<_>) =
                entries.into_iter().partition(|entry| entry.is_table());
            faults.extend(others.iter().map(|_| not_so()));
            entries.into_iter().filter_map(|entry| entry.try_into().ok()).collect()
        }
        Some(_) => {
            faults.push(not_so());
            Vec::new()
        }
    }
}

/// What a domain may say of its own, besides its name.
const OWN: [&str; 4] = ["link", "store", "contact", "accounts"];

/// Returns all settings of a domain: those of the first, but for what it says of its own.
fn further(first: &Table, entry: Table, faults: &mut Vec<String>) -> Table {
    let mut settings = first.clone();
    let text = |text: &str| Value::String(text.to_owned());
    let name = entry.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let place = name.map_or("[[domains]] ".to_owned(), |name| format!("[[domains]] {name}: "));
    let mut own: Table = OWN
        .iter()
        .filter_map(|section| Some(((*section).to_owned(), settings.remove(*section)?)))
        .collect();
    own.insert("name".to_owned(), text(""));
    if let Some(store) = section_of(&mut own, "store") {
        store.insert("url".to_owned(), text(""));
    }
    overlay(&mut own, entry, &place, faults);
    if let (Some(domain), Some(name)) = (section_of(&mut settings, "domain"), own.remove("name")) {
        domain.insert("name".to_owned(), name);
    }
    settings.extend(own);
    settings
}

/// Returns the sample file: every setting with its manual and default.
pub fn sample() -> String {
    let mut text = String::from(
        "# OneSoup. Every setting can also come from the environment:\n\
         # ONESOUP_HTTP_LISTEN is listen of [http], a list with blanks between. What stands here is the\n\
         # default.\n",
    );
    let mut values = defaults();
    for section in MANUAL {
        text.push('\n');
        comment(&mut text, section.about);
        text.push_str(&format!("[{}]\n", section.name));
        for (name, manual) in section.settings {
            comment(&mut text, manual);
            let value = section_of(&mut values, section.name).and_then(|table| table.get(*name));
            let value = value.map(Value::to_string).unwrap_or_default();
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    text.push_str(FURTHER);
    text
}

/// How the sample ends: there is no further domain where none is named.
const FURTHER: &str = "
# Further domains behind the same doors, each with its own link, accounts and store, so that it can
# be moved or removed alone. Only name and store.url must be said; all else of [link], [contact] and
# [accounts] may be, and is as above where it is not. The environment is for what stands above.
#[[domains]]
#name = \"other.example.org\"
#store.url = \"sqlite://data/other.db\"
#link.secret = \"\"
#accounts.registration = \"closed\"
";

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(&format!("#{line}\n"));
    }
}

fn defaults() -> Table {
    Table::try_from(Settings::default()).expect("the settings are plain tables")
}

/// Puts what was given over the defaults, which also tell the names and kinds that exist.
fn overlay(into: &mut Table, given: Table, place: &str, faults: &mut Vec<String>) {
    for (name, value) in given {
        let path = format!("{place}{name}");
        match (into.get_mut(&name), value) {
            (Some(Value::Table(section)), Value::Table(given)) => {
                overlay(section, given, &format!("{path}."), faults);
            }
            (Some(slot), value) if slot.same_type(&value) => *slot = value,
            (Some(slot), value) => faults.push(format!(
                "{path} is to be a {}, not a {}",
                slot.type_str(),
                value.type_str()
            )),
            (None, _) => faults.push(format!("{path} is not a setting")),
        }
    }
}

fn section_of<'a>(settings: &'a mut Table, path: &str) -> Option<&'a mut Table> {
    path.split('.').try_fold(settings, |table, name| table.get_mut(name)?.as_table_mut())
}

fn variable(section: &str, name: &str) -> String {
    format!("ONESOUP_{section}_{name}").replace('.', "_").to_uppercase()
}

fn set_from_text(slot: &mut Value, text: &str) -> Result<(), String> {
    *slot = match slot {
        Value::Boolean(_) => match text {
            "true" | "1" | "yes" => Value::Boolean(true),
            "false" | "0" | "no" => Value::Boolean(false),
            _ => return Err(format!("{text:?} is not true or false")),
        },
        Value::Integer(_) => {
            Value::Integer(text.parse().map_err(|_| format!("{text:?} is not a number"))?)
        }
        Value::Array(_) => {
            Value::Array(text.split_whitespace().map(|one| Value::String(one.into())).collect())
        }
        _ => Value::String(text.to_owned()),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let environment = |name: &str| match name {
            "ONESOUP_HTTP_LISTEN" => Some("127.0.0.1:1".into()),
            "ONESOUP_LINK_PORT" => Some("15347".into()),
            "ONESOUP_CIR_UDP_ENABLED" => Some("true".into()),
            "ONESOUP_CONTACT_ABUSE" => Some("mailto:a@b.example xmpp:a@b.example".into()),
            "ONESOUP_HTTP_TRUSTED_PROXIES" => Some("::1 10.0.0.0/8".into()),
            _ => None,
        };
        let text = "[http]\nlisten = '0.0.0.0:80'\n[domain]\nname = 'chat.example'";
        let settings = read(text, &environment).unwrap();
        assert_eq!(settings.http.listen, "127.0.0.1:1");
        assert_eq!(settings.link.port, 15347);
        assert!(settings.cir.udp.enabled);
        let proxies = settings.trusted_proxies();
        assert_eq!(proxies, ["::1/128", "10.0.0.0/8"].map(|network| network.parse().unwrap()));
        assert_eq!(settings.domain.name, "chat.example");
        assert_eq!(settings.contact.abuse, ["mailto:a@b.example", "xmpp:a@b.example"]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let text = "[http]\nlisten = 80\nport = 1\n[linc]\nhost = ''";
        let environment = |name: &str| (name == "ONESOUP_LINK_PORT").then(|| "many".to_owned());
        let Faults(faults) = read(text, &environment).unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
        let Faults(faults) = read("domain = 1\n[domain", &none).unwrap_err();
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn unusable_values_are_named() {
        let text = "[accounts]\nregistration = 'maybe'\n[cir.tcp]\nadvertise = 'phones'\n\
            [http]\ntrusted_proxies = ['10.0.0.0/33']\n[sessions]\nshortest = 10000";
        let faults = read(text, &none).unwrap().faults();
        let names = [
            "domain.name",
            "link.secret",
            "accounts.registration",
            "cir.tcp.advertise",
            "http.trusted_proxies",
            "sessions.shortest",
        ];
        for name in names {
            assert!(faults.iter().any(|fault| fault.contains(name)), "{name} in {faults:?}");
        }
    }

    #[test]
    fn an_operator_is_a_person_elsewhere() {
        let faults = |operators: &str| {
            let text =
                format!("[domain]\nname = 'Soup.example'\n[accounts]\noperators = {operators}");
            let settings = read(&text, &none).unwrap();
            let faults = settings.faults();
            faults.into_iter().filter(|fault| fault.contains("accounts.operators")).count()
        };
        assert_eq!(faults("[]"), 0);
        assert_eq!(faults("['kim@b.example', 'LEE@B.example']"), 0);
        assert_eq!(faults("['b.example', 'kim@b.example/home', 'kim@soup.EXAMPLE', '', '@']"), 5);
    }

    #[test]
    fn an_address_to_turn_to_is_a_uri() {
        let faults = |addresses: &str| {
            let text = format!("[domain]\nname = 'x'\n[contact]\nabuse = {addresses}");
            let faults = read(&text, &none).map(|settings| settings.faults());
            let faults = faults.unwrap_or_else(|Faults(faults)| faults);
            faults.into_iter().filter(|fault| fault.contains("abuse")).count()
        };
        assert_eq!(faults("['mailto:a@b.c', 'xmpp:a@b.c', 'https://b.c/x?y', 'tel:+1-2']"), 0);
        assert_eq!(faults("['a@b.c', 'mailto:', 'mailto:a b@c', '', 'https://']"), 5);
        assert_eq!(faults("'mailto:a@b.c'"), 1);
        assert_eq!(faults("[1]"), 1);
    }

    const TWO: &str = "[domain]\nname = 'a.test'\n[link]\nhost = 'h'\nsecret = 's'\n\
        [store]\nurl = 'sqlite://data/a.db'\n[contact]\nabuse = ['mailto:x@a.test']\n\
        admin = ['mailto:y@a.test']\n[accounts]\nregistration = 'auto'\n[[domains]]\n";

    #[test]
    fn a_further_domain_is_as_the_first_where_it_says_nothing() {
        let text = format!(
            "{TWO}name = 'b.test'\nstore.url = 'sqlite://data/b.db'\n\
             contact.abuse = ['mailto:x@b.test']\n[[domains]]\nname = 'c.test'\n\
             [domains.store]\nurl = 'sqlite://data/c.db'\n[domains.link]\nport = 7\nsecret = 't'\n\
             [domains.accounts]\nregistration = 'closed'"
        );
        let environment = |name: &str| match name {
            "ONESOUP_LINK_HOST" => Some("g".to_owned()),
            "ONESOUP_DOMAIN_NAME" => Some("z.test".to_owned()),
            "ONESOUP_STORE_URL" => Some("sqlite://data/z.db".to_owned()),
            _ => None,
        };
        let settings = read(&text, &environment).unwrap();
        assert_eq!(settings.faults(), [""; 0]);
        let all: Vec<_> = settings.each().collect();
        let links = all.iter().map(|one| {
            let link = &one.link;
            (one.domain.name.as_str(), link.host.as_str(), link.port, link.secret.secret().expose())
        });
        let links: Vec<_> = links.collect();
        assert_eq!(
            links,
            [("z.test", "g", 5347, "s"), ("b.test", "g", 5347, "s"), ("c.test", "g", 7, "t")]
        );
        let stores: Vec<_> = all.iter().map(|one| one.store.url.as_str()).collect();
        assert_eq!(stores, ["sqlite://data/z.db", "sqlite://data/b.db", "sqlite://data/c.db"]);
        assert_eq!(all[1].contact.abuse, ["mailto:x@b.test"]);
        assert_eq!(all[1].contact.admin, ["mailto:y@a.test"]);
        assert_eq!(
            [&all[1], &all[2]].map(|one| one.accounts.registration.as_str()),
            ["auto", "closed"]
        );
        assert_eq!(settings.of_address("kim@B.test").domain.name, "b.test");
        assert_eq!(settings.of_address("kim").domain.name, "z.test");
        assert_eq!(settings.of_address("kim@far.test").domain.name, "z.test");
    }

    #[test]
    fn each_fault_of_a_further_domain_is_a_sentence_with_its_name() {
        let store = "store.url = 'sqlite://data/b.db'";
        let cwd = std::env::current_dir().unwrap();
        let same = format!("name = 'b.test'\nstore.url = 'sqlite://{}/data/a.db'", cwd.display());
        let unlike = |what: &str| format!("name = 'b.test'\n{store}\n{what}");
        for (entry, fault) in [
            (store.to_owned(), "[[domains]] name is not set: name the domain"),
            (
                format!("name = 'b c'\n{store}"),
                "[[domains]] b c: name: \"b c\" is not a domain name",
            ),
            (
                format!("name = 'A.test'\n{store}"),
                "[[domains]] A.test: there is a domain of that name",
            ),
            ("name = 'b.test'".to_owned(), "[[domains]] b.test: store.url is not set: each domain"),
            (same, "is the store of a.test already"),
            (unlike("link.host = ''"), "[[domains]] b.test: link.host is empty"),
            (unlike("link.prt = 1"), "[[domains]] b.test: link.prt is not a setting"),
            (unlike("link.port = 'x'"), "[[domains]] b.test: link.port is to be a integer"),
            (unlike("http.listen = 'x'"), "[[domains]] b.test: http is not a setting"),
            (unlike("domains = []"), "[[domains]] b.test: domains is not a setting"),
            (unlike("contact.abuse = ['x']"), "[[domains]] b.test: contact.abuse: \"x\" is none"),
            (
                unlike("accounts.registration = 'x'"),
                "[[domains]] b.test: accounts.registration: \"x\"",
            ),
        ] {
            let faults = read(&format!("{TWO}{entry}"), &none).map(|settings| settings.faults());
            let faults = faults.unwrap_or_else(|Faults(faults)| faults);
            assert!(faults.len() == 1 && faults[0].contains(fault), "{entry}: {faults:?}");
        }
        for odd in ["domains = 1", "domains = ['b.test']", "[domains]\nname = 'b.test'"] {
            let Faults(faults) = read(odd, &none).unwrap_err();
            assert_eq!(faults, ["domains is to be a list of sections: [[domains]]"], "{odd}");
        }
    }

    #[test]
    fn what_all_domains_have_of_the_first_is_told_once() {
        let text = "[accounts]\nregistration = 'x'\n[[domains]]\nname = 'b.test'\n\
            store.url = 'sqlite://data/b.db'";
        let faults = read(text, &none).unwrap().faults();
        let count = |name: &str| faults.iter().filter(|fault| fault.contains(name)).count();
        assert_eq!(["domain.name", "link.secret", "registration"].map(count), [1; 3], "{faults:?}");
        let faults = read(text, &none).unwrap().faults_but_link();
        assert!(!faults.iter().any(|fault| fault.contains("link.")), "{faults:?}");
    }

    #[test]
    fn two_domains_whose_sessions_could_be_confused_are_refused() {
        let mut marks = std::collections::HashMap::new();
        let (one, other) = (0..)
            .find_map(|number| {
                let name = format!("d{number}.test");
                Some((marks.insert(crate::services::houses::mark(&name), name.clone())?, name))
            })
            .unwrap();
        let text = TWO.replace("a.test'\n[link]", &format!("{one}'\n[link]"));
        let text = format!("{text}name = '{other}'\nstore.url = 'sqlite://data/b.db'");
        let faults = read(&text, &none).unwrap().faults();
        assert!(faults.len() == 1 && faults[0].contains("a process of its own"), "{faults:?}");
    }

    #[test]
    fn the_sample_of_further_domains_is_one_line_by_line() {
        let (_, further) = FURTHER.split_once("#[[domains]]").unwrap();
        let text = format!("{TWO}{}", further.replace("\n#", "\n"));
        let settings = read(&text, &none).unwrap();
        assert_eq!(
            settings.of_address("kim@other.example.org").store.url,
            "sqlite://data/other.db"
        );
    }

    #[test]
    fn the_sample_is_what_the_program_prints() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/sample.toml");
        if std::env::var_os("ONESOUP_WRITE_SAMPLE").is_some() {
            std::fs::write(path, sample()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), sample());
        assert!(read(&sample(), &none).is_ok());
    }
}
