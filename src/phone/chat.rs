//! What a phone's user says: messages, and how reachable they are.

use crate::{
    csp::{
        message::{Letter, MessageInfo, Recipient, SendMessageRequest, Sender},
        presence_value::{Attribute, Availability, Qualified},
        primitive::Primitive,
    },
    phone::{
        answers::{accepted, unexpected},
        error::PhoneError,
        event::Mood,
        handset::Handset,
        session::{MessageId, Phone},
    },
};

impl Phone {
    /// Sends a message, and returns how the server calls it, if it says so.
    ///
    /// Without a domain the recipient is a contact of that address or a user of the server's own.
    pub async fn send(&mut self, to: &str, text: &str) -> Result<Option<MessageId>, PhoneError> {
        let request = self.message_to(to, text);
        let answer = self.request(Primitive::SendMessageRequest(request)).await?;
        match accepted("SendMessage-Request", answer, &[])? {
            Primitive::SendMessageResponse(response) => Ok(response.message_id),
            Primitive::Status(_) => Ok(None),
            other => Err(unexpected("SendMessage-Request", &other)),
        }
    }

    /// Returns the request that sends a message, for a test to change it first.
    pub fn message_to(&self, to: &str, text: &str) -> SendMessageRequest {
        // Phones count in UTF-16 units (handset: S60 §8.1, Android §7).
        let size = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
        let info = MessageInfo {
            content_size: Some(size),
            recipient: Some(Recipient::user(self.book.spelled(to))),
            sender: Some(Sender::User(self.own_address())),
            ..MessageInfo::default()
        };
        let letter = Letter { info, content: Some(text.into()) };
        SendMessageRequest { wants_report: false, letter }
    }

    /// Publishes how reachable the user is, and a line in their own words; none leaves the line
    /// as it was.
    pub async fn set_status(&mut self, mood: Mood, text: Option<&str>) -> Result<(), PhoneError> {
        let handset = self.settings.habits.handset;
        let mut attributes = Vec::new();
        if handset == Handset::Android {
            let is_online = mood != Mood::Offline;
            attributes.push(Attribute::OnlineStatus(Qualified::known(is_online)));
        }
        let availability = Attribute::UserAvailability(Qualified::known(published(handset, mood)));
        attributes.push(availability);
        match text {
            // handset: S60 §7.3
            _ if mood == Mood::Offline && handset == Handset::S60 => {
                attributes.push(Attribute::StatusText(Qualified::unknown()));
            }
            Some(text) => attributes.push(Attribute::StatusText(Qualified::known(text.into()))),
            None => {}
        }
        self.update_presence(attributes.into_iter().collect()).await
    }
}

/// Returns what a handset publishes for a mood (handset: S60 §7.3, Android §6).
fn published(handset: Handset, mood: Mood) -> Availability {
    match (handset, mood) {
        (_, Mood::Available) => Availability::Available,
        (_, Mood::Busy) => Availability::Discreet,
        (Handset::Android, Mood::Away) => Availability::NotAvailable,
        (Handset::S60 | Handset::Plain, Mood::Away) => Availability::Discreet,
        (_, Mood::Offline) => Availability::NotAvailable,
    }
}
