//! What a line typed into the phone means.

use std::time::Duration;

use crate::phone::event::Mood;

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Talk to somebody from now on.
    To(String),
    /// Say something, to a named one or to whom one talks to.
    Say {
        /// To whom, if the line names somebody.
        to: Option<String>,
        /// What.
        text: String,
    },
    /// Add somebody to the contacts, under a name if one is given.
    Add(String, String),
    /// Remove somebody from the contacts.
    Remove(String),
    /// Show the contacts.
    List,
    /// Let somebody see one's presence, or not.
    Answer(String, bool),
    /// Say how reachable one is, with a line of text if one is given.
    Mood(Mood, Option<String>),
    /// Ask the server now.
    Poll,
    /// Wait for so long, as a script does.
    Wait(Duration),
    /// Show what can be typed.
    Help,
    /// Log out.
    Quit,
    /// Nothing.
    Nothing,
}

/// How long `/wait` waits when it is not told.
const WAIT: Duration = Duration::from_secs(10);

/// Understands a line; `is_known` tells whether somebody goes by a name.
///
/// # Errors
///
/// What is wrong with it, in a sentence.
pub(super) fn parse(line: &str, is_known: impl Fn(&str) -> bool) -> Result<Command, String> {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else { return Ok(said(line, is_known)) };
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let text = || (!rest.is_empty()).then(|| rest.to_owned());
    let address = || match first {
        "" => Err(format!("/{name} needs an address")),
        address => Ok(address.trim_end_matches(':').to_owned()),
    };
    match name {
        "to" => Ok(Command::To(address()?)),
        "add" => Ok(Command::Add(address()?, more.trim().to_owned())),
        "remove" => Ok(Command::Remove(address()?)),
        "list" => Ok(Command::List),
        "yes" => Ok(Command::Answer(address()?, true)),
        "no" => Ok(Command::Answer(address()?, false)),
        "away" => Ok(Command::Mood(Mood::Away, text())),
        "busy" => Ok(Command::Mood(Mood::Busy, text())),
        "here" => Ok(Command::Mood(Mood::Available, text())),
        "hide" => Ok(Command::Mood(Mood::Offline, text())),
        "poll" => Ok(Command::Poll),
        "wait" => wait(first),
        "help" => Ok(Command::Help),
        "quit" => Ok(Command::Quit),
        _ => Err(format!("there is no /{name}; /help shows what there is")),
    }
}

fn wait(secs: &str) -> Result<Command, String> {
    if secs.is_empty() {
        return Ok(Command::Wait(WAIT));
    }
    let secs = secs.parse().map_err(|_| format!("{secs} is no number of seconds"))?;
    Ok(Command::Wait(Duration::from_secs(secs)))
}

/// `ADDRESS: text`, or text. A word with a colon is an address only if it looks like one or
/// somebody goes by it.
fn said(line: &str, is_known: impl Fn(&str) -> bool) -> Command {
    if line.is_empty() {
        return Command::Nothing;
    }
    if let Some((first, text)) = line.split_once(char::is_whitespace)
        && let Some(address) = first.strip_suffix(':')
        && (address.contains('@') || address.starts_with("wv:") || is_known(address))
    {
        return Command::Say { to: Some(address.into()), text: text.trim().into() };
    }
    Command::Say { to: None, text: line.into() }
}

/// What can be typed.
pub(super) const HELP: &str = "\
text                 says it to whom you talk to
ADDRESS: text        says it to somebody; without @domain to a user of your server
/to ADDRESS          talk to somebody from now on
/list                show the contacts
/add ADDRESS [NAME]  add somebody to the contacts
/remove ADDRESS      remove somebody
/yes ADDRESS         let somebody see whether you are there
/no ADDRESS          do not let them
/here, /away, /busy  say how reachable you are; text may follow
/hide                appear offline
/poll                ask the server now
/wait [SECONDS]      wait for what comes
/quit                log out";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line, |name| name == "lee")
    }

    fn say(to: Option<&str>, text: &str) -> Result<Command, String> {
        Ok(Command::Say { to: to.map(str::to_owned), text: text.into() })
    }

    #[test]
    fn a_line_is_text_for_whom_it_names() {
        assert_eq!(parsed(" hi there "), say(None, "hi there"));
        assert_eq!(parsed("lee: hi"), say(Some("lee"), "hi"));
        assert_eq!(parsed("ann@x.test:  hi"), say(Some("ann@x.test"), "hi"));
        assert_eq!(parsed("wv:bob: hi"), say(Some("wv:bob"), "hi"));
        assert_eq!(parsed("note: buy milk"), say(None, "note: buy milk"));
        assert_eq!(parsed(""), Ok(Command::Nothing));
    }

    #[test]
    fn commands_take_what_they_need() {
        assert_eq!(parsed("/to lee"), Ok(Command::To("lee".into())));
        assert_eq!(parsed("/add ann@x Ann B."), Ok(Command::Add("ann@x".into(), "Ann B.".into())));
        assert_eq!(parsed("/no ann@x"), Ok(Command::Answer("ann@x".into(), false)));
        let lunch = Some("at lunch".to_owned());
        assert_eq!(parsed("/away at lunch"), Ok(Command::Mood(Mood::Away, lunch)));
        assert_eq!(parsed("/here"), Ok(Command::Mood(Mood::Available, None)));
        assert_eq!(parsed("/wait 3"), Ok(Command::Wait(Duration::from_secs(3))));
        assert_eq!(parsed("/wait"), Ok(Command::Wait(WAIT)));
        for wrong in ["/to", "/yes", "/dance", "/wait long"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_names_every_command() {
        for name in ["to", "add", "remove", "list", "yes", "no", "away", "busy", "here", "hide"] {
            assert!(HELP.contains(&format!("/{name}")), "{name}");
            assert!(!matches!(parsed(&format!("/{name} x")), Err(error) if error.contains("no /")));
        }
    }
}
