//! What happens to a phone without its asking.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    csp::{
        delivery::{DeliveryReportRequest, NewMessage},
        message::{MessageInfo, Sender},
        presence::Presence,
        presence_name::AttributeKind,
        presence_value::{Attribute, Availability, PresenceSubList},
        status::Code,
    },
    phone::handset::Handset,
};

/// Something that the phone's user gets to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wrote.
    Message {
        /// Who, as the server spells it.
        from: CompactString,
        /// What.
        text: CompactString,
        /// The message, as the server calls it.
        id: CompactString,
        /// When, if the server says so.
        sent: Option<Millis>,
    },
    /// Somebody's presence is told.
    Presence(Seen),
    /// Somebody wants to see the user's presence.
    AuthRequest {
        /// Who, as the server spells it.
        user: CompactString,
    },
    /// What became of a message that the user sent.
    Report {
        /// The message, as the server called it.
        id: CompactString,
        /// The outcome.
        code: Code,
        /// The same in words.
        text: CompactString,
    },
    /// The server woke the phone, which polls.
    Woken,
    /// The session is over.
    Disconnected(Code),
}

/// How reachable somebody is, in the words of a phone's menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Free to talk.
    Available,
    /// Not at the phone.
    Away,
    /// Not to be disturbed.
    Busy,
    /// Not there, or hidden.
    Offline,
}

impl Mood {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// What the phone knows of somebody's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who, as the server spells it.
    pub user: CompactString,
    /// Whether a client of theirs is logged in, if it was told.
    pub online: Option<bool>,
    /// How willing to talk, if it was told.
    pub availability: Option<Availability>,
    /// The line in their own words; empty where none was told.
    pub status: CompactString,
    /// What the handset draws.
    pub mood: Mood,
    /// All that was told.
    pub attributes: PresenceSubList,
}

impl Seen {
    /// Looks at presence as a handset does.
    pub(super) fn by(handset: Handset, presence: Presence) -> Self {
        let attributes = presence.attributes;
        let online = match attributes.find(&AttributeKind::OnlineStatus) {
            Some(Attribute::OnlineStatus(it)) => it.valid().copied(),
            _ => None,
        };
        let availability = match attributes.find(&AttributeKind::UserAvailability) {
            Some(Attribute::UserAvailability(it)) => it.valid().cloned(),
            _ => None,
        };
        let status = match attributes.find(&AttributeKind::StatusText) {
            Some(Attribute::StatusText(it)) => it.valid().cloned(),
            _ => None,
        };
        let mood = drawn(handset, online, availability.as_ref());
        let user = presence.user.as_written().into();
        Self { user, online, availability, status: status.unwrap_or_default(), mood, attributes }
    }
}

/// Returns what a handset draws (handset: S60 §7.3, Android §6).
fn drawn(handset: Handset, online: Option<bool>, availability: Option<&Availability>) -> Mood {
    if online != Some(true) {
        return Mood::Offline;
    }
    match (handset, availability) {
        (_, Some(Availability::Available)) => Mood::Available,
        (Handset::S60 | Handset::Plain, Some(Availability::Discreet)) => Mood::Away,
        (Handset::Android, Some(Availability::Discreet)) => Mood::Busy,
        (Handset::S60, Some(Availability::NotAvailable | Availability::Other(_)) | None) => {
            Mood::Offline
        }
        (_, Some(Availability::NotAvailable)) => Mood::Away,
        (_, Some(Availability::Other(_)) | None) => Mood::Available,
    }
}

/// Takes a pushed message for what its user reads.
pub(super) fn message(new: NewMessage) -> Event {
    let MessageInfo { message_id, sender, date_time, .. } = new.letter.info;
    Event::Message {
        from: sender.map(|sender| name_of(&sender)).unwrap_or_default(),
        text: new.letter.content.unwrap_or_default(),
        id: message_id.unwrap_or_default(),
        sent: date_time,
    }
}

/// Takes a report for what its user reads.
pub(super) fn report(report: DeliveryReportRequest) -> Event {
    Event::Report {
        id: report.info.message_id.unwrap_or_default(),
        code: report.result.code,
        text: report.result.description.unwrap_or_default(),
    }
}

fn name_of(sender: &Sender) -> CompactString {
    match sender {
        Sender::User(user) => user.as_written().into(),
        Sender::ScreenName(screen_name) => screen_name.name.clone(),
        Sender::Group(group) => group.as_written().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_handset_draws_presence_its_own_way() {
        use Availability::{Available, Discreet, NotAvailable};
        use Handset::{Android, Plain, S60};
        let rows = [
            (S60, Some(true), Some(Available), Mood::Available),
            (S60, Some(true), Some(Discreet), Mood::Away),
            (S60, Some(true), Some(NotAvailable), Mood::Offline),
            (S60, Some(true), None, Mood::Offline),
            (S60, None, Some(Available), Mood::Offline),
            (Android, Some(false), Some(Available), Mood::Offline),
            (Android, Some(true), Some(NotAvailable), Mood::Away),
            (Android, Some(true), Some(Discreet), Mood::Busy),
            (Android, Some(true), None, Mood::Available),
            (Plain, Some(true), Some(Discreet), Mood::Away),
            (Plain, Some(true), Some(NotAvailable), Mood::Away),
            (Plain, Some(true), Some(Available), Mood::Available),
        ];
        for (handset, online, availability, mood) in rows {
            assert_eq!(drawn(handset, online, availability.as_ref()), mood, "{handset:?}");
        }
    }
}
