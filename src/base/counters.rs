//! Every metric of the program, in two tables: what was counted, and what is so now.

use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

macro_rules! counters {
    ($($name:ident $text:literal;)*) => {
        /// What the process has counted since it began.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the help text stands in the table")]
        pub enum Counter { $($name,)* }

        const TABLE: &[(&str, &str)] = &[$((stringify!($name), $text),)*];
        static VALUES: [AtomicI64; TABLE.len()] = [const { AtomicI64::new(0) }; TABLE.len()];
    };
}

counters! {
    HttpRequests "Requests read from phones";
    HttpRefused "Requests refused before they were understood";
    ConnectionsRefused "Connections closed at once because their address had many";
    Transactions "Transactions of phones carried out";
    Replays "Transactions answered from memory";
    Logins "Sessions opened";
    LoginsRefused "Logins refused";
    MessagesAccepted "Messages of phones answered with 200";
    MessagesReceived "Messages put into mailboxes";
    MessagesDelivered "Messages confirmed by phones";
    MailboxFull "Messages refused because a mailbox was full";
    WakeUps "Wake-ups sent";
    StrangersRefused "Requests of strangers, to see accounts, to register or to search, that came too fast";
    StanzasIn "Stanzas read from the link";
    StanzasOut "Stanzas written to the link";
    StanzasOdd "Stanzas that could not be read and cost only themselves";
    StanzasStopped "Stanzas not written because they would have ended the link";
    StanzasDropped "Transient stanzas dropped while the link was away or slow";
    OutboxFull "Stanzas refused because too many waited for the link";
    Commits "Transactions committed by the writer";
    Statements "Statements that the store has run";
    CommittedUnits "Units of work in those transactions";
}

impl Counter {
    /// Adds one.
    pub fn count(self) {
        self.add(1);
    }

    /// Adds `by`.
    pub fn add(self, by: i64) {
        VALUES[self as usize].fetch_add(by, Relaxed);
    }

    /// Returns the present value.
    pub fn value(self) -> i64 {
        VALUES[self as usize].load(Relaxed)
    }
}

/// What is so now with one domain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// Sessions kept in memory.
    pub sessions: usize,
    /// Whether the link is authenticated.
    pub is_link_up: bool,
    /// Durable stanzas that wait.
    pub outbox_waiting: usize,
}

type Gauge = (&'static str, &'static str, fn(&Gauges) -> usize);

const GAUGES: &[Gauge] = &[
    ("sessions", "Sessions kept in memory", |now| now.sessions),
    ("link_up", "1 while the link is authenticated", |now| now.is_link_up.into()),
    ("outbox_waiting", "Durable stanzas not yet known to be read by the server", |now| {
        now.outbox_waiting
    }),
];

/// Returns all metrics in the Prometheus text format; each domain has its own gauges.
pub fn as_text(domains: &[(&str, Gauges)]) -> String {
    let mut text = String::new();
    for ((name, help), value) in TABLE.iter().zip(&VALUES) {
        let name = head(&mut text, &snake_case(name), "counter", help);
        let _ = writeln!(text, "{name} {}", value.load(Relaxed));
    }
    for (name, help, value) in GAUGES {
        let name = head(&mut text, name, "gauge", help);
        for (domain, now) in domains {
            let _ = writeln!(text, "{name}{{domain=\"{domain}\"}} {}", value(now));
        }
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) -> String {
    let name = format!("onesoup_{name}");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    name
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
        let up = Gauges { is_link_up: true, sessions: 7, ..Gauges::default() };
        let text = as_text(&[("a.test", up), ("b.test", Gauges::default())]);
        for line in [
            "onesoup_mailbox_full 2",
            "onesoup_link_up{domain=\"a.test\"} 1",
            "onesoup_link_up{domain=\"b.test\"} 0",
            "onesoup_sessions{domain=\"a.test\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}");
        }
        assert_eq!(text.matches("# TYPE onesoup_link_up gauge").count(), 1);
    }
}
