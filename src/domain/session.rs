//! A handset's session: what was agreed and how long it lasts.

use std::{net::IpAddr, time::Duration};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, picture::Frame},
    domain::{address::Address, handset::Handset, presence::Presence},
};

/// A phone that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The secret name by which the phone speaks of it.
    pub id: CompactString,
    /// Whose.
    pub account: Address,
    /// What the phone calls itself; two sessions of one account never share it.
    pub client_id: CompactString,
    /// The device's name to the world: stable for one `client_id`.
    pub resource: CompactString,
    /// What the phone wants to read in its wake-ups.
    pub cookie: CompactString,
    /// How long it lasts without a request.
    pub keep_alive: Duration,
    /// When it was opened.
    pub opened: Millis,
    /// When it ends, if nothing more is heard.
    pub expires: Millis,
    /// What was agreed.
    pub terms: Terms,
    /// What it shows.
    pub presence: Presence,
}

/// When an account was last there, and what it showed then.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LastThere {
    /// When its phone was last heard.
    pub at: Millis,
    /// The device's name to the world.
    pub resource: CompactString,
    /// What it showed.
    pub presence: Presence,
}

impl LastThere {
    /// Returns what a device shows that comes now: what the account showed last, and of what it
    /// is only if it is the same.
    pub fn shown_again(self, resource: &str) -> Presence {
        let is_same = self.resource == resource;
        let client = self.presence.client.filter(|_| is_same);
        Presence { is_online: true, client, ..self.presence }
    }
}

impl Session {
    /// Returns when its phone was last heard and what it showed.
    pub fn last_there(&self) -> LastThere {
        let (resource, presence) = (self.resource.clone(), self.presence.clone());
        LastThere { at: self.last_heard(), resource, presence }
    }

    /// Returns when the phone was last heard.
    ///
    /// A session lasts a quarter longer than promised, counted from then.
    pub fn last_heard(&self) -> Millis {
        self.expires.before(self.keep_alive + self.keep_alive / 4)
    }
}

/// What phone and server agreed on, and what was seen of the phone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Terms {
    /// The version of the phone's language, as digits.
    pub version: CompactString,
    /// The row of the table of handsets.
    pub handset: CompactString,
    /// The account as the phone wrote it.
    pub user_spelling: CompactString,
    /// The transaction that opened it, so that its repetition is known.
    pub login_transaction: CompactString,
    /// Where the phone's last request came from.
    pub remote: Option<IpAddr>,
    /// The wake-ups that were agreed.
    #[serde(default)]
    pub wake_ups: Vec<WakeUp>,
    /// Octets of content that the phone takes in one message.
    pub content_limit: Option<u32>,
    /// Whether the phone named the kinds of content that it takes, and pictures of ours are of none.
    #[serde(default)]
    pub refuses_pictures: bool,
    /// Transactions that the phone takes in one message.
    #[serde(default = "one")]
    pub transactions_per_message: u32,
    /// Whether capabilities have been agreed.
    #[serde(default)]
    pub has_capabilities: bool,
    /// Whether services have been agreed: only then is anything sent unasked.
    #[serde(default)]
    pub has_services: bool,
}

impl Terms {
    /// Returns the largest picture of a contact that the phone takes: what its kind draws, and no
    /// more than it said itself; none if it draws none.
    pub fn picture(&self) -> Option<Frame> {
        let frame = Handset::named(&self.handset).picture.filter(|_| !self.refuses_pictures)?;
        // Of as many octets of content, pictures go as base64.
        let limit = self.content_limit.filter(|limit| *limit > 0).map(|limit| limit / 4 * 3);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        // In steps, so that phones which differ by little are drawn the same.
        let bytes = limit.map_or(frame.bytes, |limit| (limit / STEP * STEP).min(frame.bytes));
        (bytes > 0).then_some(Frame { bytes, ..frame })
    }
}

/// Octets by which the limits that phones state differ.
const STEP: usize = 256;

/// A way to tell a phone that something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum WakeUp {
    /// A line on a socket that the phone keeps open.
    Tcp,
    /// A datagram to the phone's port.
    Udp(u16),
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_kind_of_phone_draws_and_what_a_phone_says_the_smaller_counts() {
        let terms = |handset: &str, content_limit, refuses_pictures| Terms {
            version: "1.1".into(),
            handset: handset.into(),
            user_spelling: "kim".into(),
            login_transaction: "1".into(),
            remote: None,
            wake_ups: Vec::new(),
            content_limit,
            refuses_pictures,
            transactions_per_message: 1,
            has_capabilities: true,
            has_services: true,
        };
        let drawn = Handset::named("s60").picture.unwrap();
        let bytes = |limit| terms("s60", limit, false).picture().map(|frame| frame.bytes);
        assert_eq!(terms("s60", Some(307_200), false).picture(), Some(drawn));
        assert_eq!(bytes(None), Some(drawn.bytes));
        assert_eq!(bytes(Some(0)), Some(drawn.bytes), "it says nothing");
        assert_eq!(bytes(Some(4096)), Some(3072));
        assert_eq!(bytes(Some(4100)), Some(3072));
        assert_eq!(bytes(Some(300)), None);
        assert_eq!(terms("s60", None, true).picture(), None);
        assert_eq!(terms("android", None, false).picture(), None);
    }
}
