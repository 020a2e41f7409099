//! What those who wake phones are told.

use std::{net::SocketAddr, time::Duration};

use compact_str::CompactString;

/// Pauses between a wake-up and its repetitions; after the last the phone is left alone until
/// something new waits for it.
pub const PAUSES: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(4 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// A word to those who wake phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Something waits for a phone.
    Wake {
        /// The session.
        session: CompactString,
        /// The line that the phone expects.
        line: String,
        /// Whether it may hold a socket open for us.
        by_tcp: bool,
        /// Where a datagram reaches it.
        by_udp: Option<SocketAddr>,
        /// Whether nothing is to be done where the phone is being called already.
        is_once: bool,
    },
    /// The phone has come.
    Settled(CompactString),
    /// The session has ended.
    Ended(CompactString),
}
