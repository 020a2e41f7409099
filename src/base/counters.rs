//! Every metric of the program, in one table: name, kind, help.

use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident $kind:literal $text:literal;)*) => {
        /// One metric of the process.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the help text stands in the table")]
        pub enum Counter { $($name,)* }

        const TABLE: &[(&str, &str, &str)] = &[$((stringify!($name), $kind, $text),)*];
        static VALUES: [AtomicI64; TABLE.len()] = [const { AtomicI64::new(0) }; TABLE.len()];
    };
}

counters! {
    HttpRequests "counter" "Requests read from phones";
    HttpRefused "counter" "Requests refused before they were understood";
    ConnectionsRefused "counter" "Connections closed at once because their address had many";
    Transactions "counter" "Transactions of phones carried out";
    Replays "counter" "Transactions answered from memory";
    Logins "counter" "Sessions opened";
    LoginsRefused "counter" "Logins refused";
    Sessions "gauge" "Sessions kept in memory";
    MessagesAccepted "counter" "Messages of phones answered with 200";
    MessagesReceived "counter" "Messages put into mailboxes";
    MessagesDelivered "counter" "Messages confirmed by phones";
    MailboxFull "counter" "Messages refused because a mailbox was full";
    WakeUps "counter" "Wake-ups sent";
    StrangersRefused "counter" "Requests of strangers, to see accounts, to register or to search, that came too fast";
    StanzasIn "counter" "Stanzas read from the link";
    StanzasOut "counter" "Stanzas written to the link";
    StanzasOdd "counter" "Stanzas that could not be read and cost only themselves";
    StanzasStopped "counter" "Stanzas not written because they would have ended the link";
    StanzasDropped "counter" "Transient stanzas dropped while the link was away or slow";
    LinkUp "gauge" "1 while the link is authenticated";
    OutboxFull "counter" "Stanzas refused because too many waited for the link";
    OutboxWaiting "gauge" "Durable stanzas not yet known to be read by the server";
    Commits "counter" "Transactions committed by the writer";
    Statements "counter" "Statements that the store has run";
    CommittedUnits "counter" "Units of work in those transactions";
}

impl Counter {
    /// Adds one.
    pub fn count(self) {
        self.add(1);
    }

    /// Adds `by`, which may be negative for a gauge.
    pub fn add(self, by: i64) {
        VALUES[self as usize].fetch_add(by, Relaxed);
    }

    /// Sets a gauge.
    pub fn set(self, value: i64) {
        VALUES[self as usize].store(value, Relaxed);
    }

    /// Returns the present value.
    pub fn value(self) -> i64 {
        VALUES[self as usize].load(Relaxed)
    }
}

/// Returns all metrics in the Prometheus text format.
pub fn as_text() -> String {
    let mut text = String::new();
    for ((name, kind, help), value) in TABLE.iter().zip(&VALUES) {
        let name = snake_case(name);
        let value = value.load(Relaxed);
        let _ = write!(
            text,
            "# HELP onesoup_{name} {help}\n# TYPE onesoup_{name} {kind}\nonesoup_{name} {value}\n"
        );
    }
    text
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_each_metric_with_its_value() {
        Counter::MailboxFull.add(2);
        assert!(as_text().contains("\nonesoup_mailbox_full 2\n"));
    }
}
