//! Messages: what a phone wrote, what waits in a mailbox, what the network carries.

use base64::{Engine, prelude::BASE64_STANDARD};
use compact_str::CompactString;

use crate::{
    base::{clock::Millis, ids},
    csp::{
        address::UserAddress,
        delivery::{DeliveryReportRequest, NewMessage},
        message::{
            ContentEncoding, Letter as CspLetter, MessageInfo, Recipient, Sender,
            without_second_escape,
        },
        outcome::StatusResult,
        status::Code,
    },
    domain::{
        address::Device,
        handset::Handset,
        mailbox::{Message, Outcome, Report},
        refusal::Refusal,
    },
    xmpp::{
        condition::{Condition, StanzaError},
        delay::Delay,
        message::{Message as Stanza, Receipt},
    },
};

/// Before the number of a message for whose fate the phone asked.
const REPORTED: char = 'r';

/// Before the number of any other message.
const PLAIN: char = 'm';

/// Returns the id under which the phone and the network know a message of ours.
pub fn message_id(number: i64, wants_report: bool) -> CompactString {
    ids::spell(if wants_report { REPORTED } else { PLAIN }, number).into()
}

/// Returns whether an id is that of a message of ours, and if so whether its sender asked for a
/// report.
pub fn asks_report(id: &str) -> Option<bool> {
    let is = |prefix| ids::read(prefix, id).is_some();
    if is(REPORTED) { Some(true) } else { is(PLAIN).then_some(false) }
}

/// Returns the id by which a phone confirms a letter.
pub fn letter_id(number: i64) -> CompactString {
    ids::spell(PLAIN, number).into()
}

/// Returns the letter that a phone confirms.
pub fn letter_number(id: &str) -> Option<i64> {
    ids::read(PLAIN, id.trim())
}

/// Returns the text that a phone wrote.
///
/// # Errors
///
/// It is not text, or there is none.
pub fn text_of(letter: &CspLetter, handset: &Handset) -> Result<String, Refusal> {
    let media_type = letter.info.media_type().to_ascii_lowercase();
    // COMPAT(vCards of phones): text of any kind is passed on as it stands.
    if !media_type.starts_with("text/") {
        return Err(Refusal::MediaType);
    }
    let content = letter.content.as_deref().unwrap_or_default();
    let text = match &letter.info.content_encoding {
        Some(ContentEncoding::Base64) => {
            let compact: String = content.split_ascii_whitespace().collect();
            let octets = BASE64_STANDARD.decode(compact).map_err(|_| Refusal::BadParameter)?;
            String::from_utf8_lossy(&octets).into_owned()
        }
        // handset: S60 §8.2
        _ if handset.escapes_text => without_second_escape(content).into_owned(),
        _ => content.to_owned(),
    };
    if text.is_empty() { Err(Refusal::BadParameter) } else { Ok(text) }
}

/// Returns a message of the network as it waits in a mailbox; none if it says nothing to a person.
pub fn of_stanza(stanza: &Stanza, sender: Device, now: Millis) -> Option<Message> {
    let body = stanza.body().filter(|body| !body.is_empty())?;
    let receipt = match (&stanza.receipt, &stanza.id) {
        (Some(Receipt::Requested), Some(id)) => Some(id.clone()),
        _ => None,
    };
    Some(Message {
        sender,
        body: match &stanza.subject {
            Some(subject) if !subject.is_empty() => format!("{subject}: {body}"),
            _ => body.to_owned(),
        },
        media_type: None,
        sent: stanza.delay.as_ref().map_or(now, |delay| delay.stamp),
        receipt,
    })
}

/// Adds when a message was written, where it waited before it was sent.
pub fn stamped(stanza: Stanza, sent: Option<Millis>, domain: &str) -> Stanza {
    let delay = sent.map(|stamp| Delay { stamp, from: Some(domain.to_owned()) });
    Stanza { delay, ..stanza }
}

/// Returns the message as the phone is given it.
///
/// handset: Android G22: plain text, never base64; the date in its basic form.
pub fn to_phone(
    number: i64,
    message: &Message,
    sender: UserAddress,
    recipient: UserAddress,
) -> NewMessage {
    let size = u32::try_from(message.body.encode_utf16().count()).ok();
    NewMessage {
        letter: CspLetter {
            info: MessageInfo {
                message_id: Some(letter_id(number)),
                content_type: Some(message.media_type.clone().unwrap_or("text/plain".into())),
                content_size: size,
                recipient: Some(Recipient::user(recipient)),
                sender: Some(Sender::User(sender)),
                date_time: Some(message.sent),
                ..MessageInfo::default()
            },
            content: Some(CompactString::from(message.body.as_str())),
        },
    }
}

/// Returns what became of a message, as a phone that shows reports is told.
pub fn report_to_phone(report: &Report, recipient: UserAddress) -> DeliveryReportRequest {
    let (code, words) = match &report.outcome {
        Outcome::Delivered => (Code::OK, "delivered"),
        Outcome::NoSuchUser => (Code::UNKNOWN_USER, "no such user"),
        Outcome::Refused => (Code::BLOCKED, "not wanted"),
        Outcome::Failed(words) => (Code::CANNOT_DELIVER, words.as_str()),
    };
    // handset: S60 §8.4: code, description and id must be there.
    DeliveryReportRequest {
        result: StatusResult { description: Some(words.into()), ..StatusResult::new(code) },
        delivery_time: (report.outcome == Outcome::Delivered).then_some(report.at),
        info: MessageInfo {
            message_id: Some(report.message_id.clone()),
            recipient: Some(Recipient::user(recipient)),
            ..MessageInfo::default()
        },
    }
}

/// Returns what became of a message, in words for a phone that shows no reports.
pub fn report_in_words(report: &Report) -> String {
    match &report.outcome {
        Outcome::Delivered => "[delivered]".into(),
        Outcome::NoSuchUser => "[not delivered: no such user]".into(),
        Outcome::Refused => "[not delivered: not wanted]".into(),
        Outcome::Failed(words) => format!("[not delivered: {words}]"),
    }
}

/// Returns what an error of the network means for a message of ours.
pub fn outcome(error: &StanzaError) -> Outcome {
    match error.condition {
        Condition::ItemNotFound | Condition::Gone => Outcome::NoSuchUser,
        Condition::Forbidden | Condition::NotAllowed | Condition::NotAcceptable => Outcome::Refused,
        condition => Outcome::Failed(
            error.text.clone().unwrap_or_else(|| condition.as_str().replace('-', " ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(content: &str) -> CspLetter {
        CspLetter { content: Some(content.into()), ..CspLetter::default() }
    }

    #[test]
    fn s60_8_2_text_is_unescaped_for_phones_that_escape() {
        let text = |handset| text_of(&letter("a &lt;b&gt;"), Handset::named(handset)).unwrap();
        assert_eq!(text("s60"), "a <b>");
        assert_eq!(text("android"), "a &lt;b&gt;");
    }

    #[test]
    fn only_text_is_taken() {
        let mut picture = letter("R0lGOD");
        picture.info.content_type = Some("image/gif".into());
        assert_eq!(text_of(&picture, Handset::named("s60")), Err(Refusal::MediaType));
        let mut encoded = letter("aGVs\r\nbG8=");
        encoded.info.content_encoding = Some(ContentEncoding::Base64);
        assert_eq!(text_of(&encoded, Handset::named("s60")).unwrap(), "hello");
        assert_eq!(text_of(&letter(""), Handset::named("s60")), Err(Refusal::BadParameter));
    }

    #[test]
    fn the_id_tells_whether_a_report_was_wanted() {
        assert_eq!(asks_report(&message_id(77, true)), Some(true));
        assert_eq!(asks_report(&message_id(77, false)), Some(false));
        assert_eq!(asks_report("purple1234"), None);
        assert_eq!(letter_number(&letter_id(5)), Some(5));
    }
}
