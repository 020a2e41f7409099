//! How the phone's user sees what happens.

use crate::{
    base::clock::Millis,
    csp::status::Code,
    phone::{
        book::Contact,
        error::PhoneError,
        event::{Event, Mood, Seen},
    },
};

/// A message that took longer than this says when it was sent.
const LATE_MILLIS: i64 = 2 * 60 * 1000;

/// Returns what is printed of something that happens; nothing of a mere wake-up.
pub(super) fn shown(event: &Event, now: Millis) -> Option<String> {
    Some(match event {
        Event::Message { from, text, sent, .. } => {
            let late = sent.filter(|sent| now.0 - sent.0 > LATE_MILLIS).map(time);
            let late = late.map(|time| format!(" (sent {time})")).unwrap_or_default();
            format!("{}{late}: {}", address(from), indented(text))
        }
        Event::Presence(seen) => format!("* {} is {}", address(&seen.user), state(seen)),
        Event::AuthRequest { user } => {
            let user = address(user);
            format!("* {user} wants to see whether you are there: /yes {user} or /no {user}")
        }
        Event::Report { id, code: Code::OK, .. } => format!("* message {} arrived", clean(id)),
        Event::Report { id, code, text } => {
            format!("* message {} did not arrive: {} {}", clean(id), code.0, clean(text))
        }
        Event::Woken => return None,
        Event::Disconnected(code) => format!("* the server ended the session ({})", code.0),
    })
}

/// Returns the contact lists, a contact to a line.
pub(super) fn contacts(contacts: &[Contact]) -> String {
    if contacts.is_empty() {
        return "no contacts yet: /add ADDRESS [NAME]".into();
    }
    let mut text = String::new();
    let mut list = None;
    for contact in contacts {
        if list != Some(&contact.list) {
            text.push_str(&format!("{}:\n", clean(&contact.list)));
            list = Some(&contact.list);
        }
        let state = contact.presence.as_ref().map_or(Mood::Offline.word().into(), state);
        let (name, address) = (clean(&contact.name), address(&contact.user));
        text.push_str(&format!("  {name} <{address}>  {state}\n"));
    }
    text.trim_end().to_owned()
}

/// Returns what is printed of presence.
pub(super) fn state(seen: &Seen) -> String {
    let text = clean(&seen.status);
    let separator = if text.is_empty() { "" } else { ": " };
    format!("{}{separator}{text}", seen.mood.word())
}

/// Returns an address without its scheme.
pub(super) fn address(address: &str) -> String {
    clean(address.strip_prefix("wv:").unwrap_or(address))
}

/// Returns an error as a sentence for the user.
pub fn sentence(error: &PhoneError) -> String {
    let PhoneError::Refused { request, code, text } = error else { return error.to_string() };
    let words = match (request.as_str(), *code) {
        ("Login-Request", Code(401 | 409 | 531 | 702)) => "the user name or the password is wrong",
        ("Login-Request", Code::FORBIDDEN) => "the account is barred",
        ("Login-Request", Code::NO_COMMON_DIGEST) => {
            "the server knows none of the digests; try --login 2way"
        }
        (_, Code::UNAVAILABLE | Code::QUEUE_FULL) => "the server is too busy",
        ("SendMessage-Request", Code::UNKNOWN_USER) => "nobody has that address",
        ("SendMessage-Request", Code::BLOCKED) => "they do not want messages from you",
        ("SendMessage-Request", Code::DOMAIN_NOT_SUPPORTED) => "that domain cannot be reached",
        _ => return error.to_string(),
    };
    let text = if text.is_empty() { String::new() } else { format!(", {}", clean(text)) };
    format!("{words} ({}{text})", code.0)
}

/// Text of several lines, each but the first indented.
fn indented(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n    ")
}

/// Text without what would steer the terminal.
fn clean(text: &str) -> String {
    let is_hidden = |letter: char| letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}');
    text.chars().map(|letter| if is_hidden(letter) { '\u{FFFD}' } else { letter }).collect()
}

fn time(at: Millis) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => "long ago".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::presence_value::PresenceSubList;

    fn seen(mood: Mood, status: &str) -> Seen {
        let (user, status) = ("wv:lee@x.test".into(), status.into());
        let attributes = PresenceSubList::default();
        Seen { user, online: None, availability: None, status, mood, attributes }
    }

    #[test]
    fn what_happens_is_shown_without_what_steers_a_terminal() {
        let message = |text: &str| Event::Message {
            from: "wv:lee@x.test".into(),
            text: text.into(),
            id: "m1".into(),
            sent: Some(Millis(0)),
        };
        let shown = |event: &Event, now| shown(event, now).unwrap();
        assert_eq!(shown(&message("hi\nyou"), Millis(0)), "lee@x.test: hi\n    you");
        assert_eq!(shown(&message("\x1b[2J"), Millis(0)), "lee@x.test: \u{FFFD}[2J");
        let late = shown(&message("hi"), Millis(LATE_MILLIS + 1));
        assert_eq!(late, "lee@x.test (sent 1970-01-01 00:00 UTC): hi");
        let presence = shown(&Event::Presence(seen(Mood::Away, "lunch")), Millis(0));
        assert_eq!(presence, "* lee@x.test is away: lunch");
        let asked = shown(&Event::AuthRequest { user: "wv:lee@x.test".into() }, Millis(0));
        assert!(asked.ends_with("/yes lee@x.test or /no lee@x.test"));
        let report = |code| Event::Report { id: "m1".into(), code, text: "gone".into() };
        assert_eq!(shown(&report(Code::OK), Millis(0)), "* message m1 arrived");
        assert!(shown(&report(Code(410)), Millis(0)).ends_with("did not arrive: 410 gone"));
        assert_eq!(super::shown(&Event::Woken, Millis(0)), None);
    }

    #[test]
    fn contacts_stand_below_their_list() {
        let contact = |name: &str, presence| Contact {
            user: "wv:lee@x.test".into(),
            name: name.into(),
            list: "Friends".into(),
            presence,
        };
        let known = [contact("Lee", Some(seen(Mood::Busy, ""))), contact("Ann", None)];
        let expected = "Friends:\n  Lee <lee@x.test>  busy\n  Ann <lee@x.test>  offline";
        assert_eq!(contacts(&known), expected);
        assert!(contacts(&[]).contains("/add"));
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let refused = |request: &str, code| {
            let (request, text) = (request.into(), String::new());
            sentence(&PhoneError::Refused { request, code, text })
        };
        let wrong = "the user name or the password is wrong (409)";
        assert_eq!(refused("Login-Request", Code::BAD_PASSWORD), wrong);
        assert_eq!(refused("GetList-Request", Code(700)), "GetList-Request was refused with 700");
        assert_eq!(sentence(&PhoneError::LoggedOut), "not logged in");
    }
}
