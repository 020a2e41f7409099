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

/// Reads the same for a command that needs no link: only the domain must be named.
///
/// # Errors
///
/// As for [`load`].
pub fn load_for_accounts(file: Option<&Path>) -> Result<Settings, Faults> {
    match load(file) {
        Err(Faults(faults)) if faults.iter().all(|fault| fault.starts_with("link.")) => given(file),
        loaded => loaded,
    }
}

/// Reads a file's text, overridden by an environment. Values may still be unusable.
///
/// # Errors
///
/// All unknown names and values of a wrong kind.
pub fn read(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Faults> {
    let given: Table =
        text.parse().map_err(|error: toml::de::Error| Faults(vec![error.to_string()]))?;
    let mut settings = defaults();
    let mut faults = Vec::new();
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
    if faults.is_empty() {
        settings.try_into().map_err(|error: toml::de::Error| Faults(vec![error.to_string()]))
    } else {
        Err(Faults(faults))
    }
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
    text
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(&format!("#{line}\n"));
    }
}

fn defaults() -> Table {
    Table::try_from(Settings::default()).expect("the settings are plain tables")
}

/// Puts what was given over the defaults, which also tell the names and kinds that exist.
fn overlay(into: &mut Table, given: Table, path: &str, faults: &mut Vec<String>) {
    for (name, value) in given {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (into.get_mut(&name), value) {
            (Some(Value::Table(section)), Value::Table(given)) => {
                overlay(section, given, &path, faults);
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
            [http]\ntrusted_proxies = ['10.0.0.0/33']";
        let faults = read(text, &none).unwrap().faults();
        let names = [
            "domain.name",
            "link.secret",
            "accounts.registration",
            "cir.tcp.advertise",
            "http.trusted_proxies",
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
