//! What waits for an account until one of its phones confirms it.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::address::{Address, Device},
};

/// Something that a phone is to be given once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Grows with time; the id that the phone confirms is made of it.
    pub id: i64,
    /// Whose it is.
    pub account: Address,
    /// The only device it is for, if it is for one.
    pub resource: Option<CompactString>,
    /// When we took it.
    pub received: Millis,
    /// When it is no longer worth delivering.
    pub expires: Option<Millis>,
    /// What it says.
    pub content: Content,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Content {
    /// Somebody wrote.
    Message(Message),
    /// What became of something the account sent.
    Report(Report),
}

/// A message of somebody.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Message {
    /// Who wrote.
    pub sender: Device,
    /// The text, or base64 of something else.
    pub body: String,
    /// The media type, where it is not plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<CompactString>,
    /// When it was written.
    pub sent: Millis,
    /// The sender's id of it, if a receipt is wanted once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What became of a message that the account sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// The id under which the phone knows its message.
    pub message_id: CompactString,
    /// To whom it went.
    pub recipient: Address,
    /// The outcome.
    pub outcome: Outcome,
    /// When.
    pub at: Millis,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// The recipient's device has it.
    Delivered,
    /// There is no such recipient.
    NoSuchUser,
    /// The recipient does not want it.
    Refused,
    /// It could not be delivered, with the reason as the other side gave it.
    Failed(String),
}

impl Letter {
    /// Returns the room it takes, in octets.
    pub fn size_bytes(&self) -> usize {
        match &self.content {
            Content::Message(message) => message.body.len() + 200,
            Content::Report(_) => 200,
        }
    }
}
