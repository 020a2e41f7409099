//! The handsets that can be imitated, and what is known of their habits.

use std::time::Duration;

use crate::csp::{document::Spelling, version::Version};

/// Which handset is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handset {
    /// The client of Nokia S60 phones.
    S60,
    /// The client of early Android phones.
    Android,
    /// None in particular: what the specification says.
    Plain,
}

/// The habits of one handset.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Which handset has them.
    pub handset: Handset,
    /// What it is called on the command line.
    pub name: &'static str,
    /// How it names its program to the server, if it does.
    pub user_agent: Option<&'static str>,
    /// How it names its installation.
    pub client_id: &'static str,
    /// How long it wants its session to last.
    pub time_to_live_secs: u32,
    /// A poll has an empty transaction id instead of none.
    pub has_empty_poll_id: bool,
    /// The ids of server transactions that it remembers: one of them is not treated again.
    pub remembered_ids: usize,
    /// It waits for an answer that its request did not bring at once.
    pub waits_for_answer: bool,
    /// An acknowledgement that the network lost is posted again.
    pub repeats_acknowledgements: bool,
    /// It reads strictly unless told otherwise.
    pub is_strict: bool,
    /// An answer must come within this time.
    pub patience: Duration,
    /// The answer to a poll must come within this time.
    pub poll_patience: Duration,
    /// The shortest pause between polls that it asks for.
    pub poll_min_secs: u32,
    /// After each poll that brought nothing the pause grows by this, up to `poll_max`.
    pub poll_step: Duration,
    /// The longest pause between polls.
    pub poll_max: Duration,
    /// The waking connection is checked after this silence.
    pub ping_after: Duration,
    /// The pauses before the attempts to restore the waking connection.
    pub restore_pauses: &'static [Duration],
}

impl Habits {
    /// The client of Nokia S60 phones.
    pub const S60: Self = Self {
        handset: Handset::S60,
        name: "s60",
        user_agent: None,
        client_id: "onesoup-phone",
        time_to_live_secs: 86_400, // handset: S60 §4.1
        has_empty_poll_id: true,   // handset: S60 §3.2
        remembered_ids: 6,         // handset: S60 §3.4
        waits_for_answer: true,    // handset: S60 §1
        repeats_acknowledgements: true,
        is_strict: true,
        patience: secs(40),
        poll_patience: secs(20), // handset: S60 §11.2
        poll_min_secs: 8,
        poll_step: secs(10), // handset: S60 §5.1
        poll_max: secs(90),
        ping_after: secs(900), // handset: S60 §5.3
        restore_pauses: &[secs(0), secs(1), secs(2), secs(4), secs(8)],
    };

    /// The client of early Android phones.
    pub const ANDROID: Self = Self {
        handset: Handset::Android,
        name: "android",
        user_agent: Some("Android-Imps/0.1"), // handset: Android §0
        client_id: "JiMMY",
        time_to_live_secs: 7205, // handset: Android §3
        has_empty_poll_id: false,
        remembered_ids: 0,
        waits_for_answer: false,         // handset: Android G7
        repeats_acknowledgements: false, // handset: Android §1
        is_strict: true,
        patience: secs(45),
        poll_patience: secs(45),
        poll_min_secs: 30,
        poll_step: Duration::ZERO,
        poll_max: secs(30),
        ping_after: secs(20 * 60), // handset: Android §4
        restore_pauses: &[secs(3), secs(9), secs(27)],
    };

    /// No handset in particular.
    pub const PLAIN: Self = Self {
        handset: Handset::Plain,
        name: "plain",
        user_agent: Some(concat!("onesoup-phone/", env!("CARGO_PKG_VERSION"))),
        client_id: "onesoup-phone",
        time_to_live_secs: 1800,
        has_empty_poll_id: false,
        remembered_ids: 0,
        waits_for_answer: false,
        repeats_acknowledgements: true,
        is_strict: false,
        patience: secs(45),
        poll_patience: secs(45),
        poll_min_secs: 8,
        poll_step: secs(10),
        poll_max: secs(30),
        ping_after: secs(600),
        restore_pauses: &[secs(0), secs(2), secs(8)],
    };

    /// All that can be imitated.
    pub const ALL: [Self; 3] = [Self::S60, Self::ANDROID, Self::PLAIN];

    /// Returns the habits of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|habits| habits.name == name)
    }

    /// Returns why the handset cannot speak so, if it cannot.
    pub fn refuses(self, version: Version, spelling: Spelling) -> Option<&'static str> {
        match (self.handset, version, spelling) {
            (Handset::S60, _, Spelling::Xml) => Some("the s60 client speaks WBXML only"),
            (Handset::S60, Version::V1_3, _) => Some("the s60 client speaks CSP 1.1 and 1.2 only"),
            _ => None,
        }
    }

    /// Returns the version that the handset speaks unless it was configured otherwise.
    pub fn usual_version(self) -> Version {
        match self.handset {
            Handset::S60 => Version::V1_1,
            Handset::Android | Handset::Plain => Version::V1_2,
        }
    }
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_found_by_name() {
        for habits in Habits::ALL {
            assert_eq!(Habits::named(habits.name).map(|it| it.handset), Some(habits.handset));
            assert!(habits.refuses(habits.usual_version(), Spelling::Wbxml).is_none());
        }
        assert!(Habits::named("motorola").is_none());
        assert!(Habits::S60.refuses(Version::V1_3, Spelling::Wbxml).is_some());
        assert!(Habits::S60.refuses(Version::V1_1, Spelling::Xml).is_some());
    }
}
