//! When the phone acts without being told: its polls and its signs of life.

use std::time::Duration;

use tokio::time::Instant;

use crate::phone::handset::{Habits, Handset};

/// When the next poll and the next sign of life are due.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    habits: Habits,
    fixed: Option<Duration>,
    least: Duration,
    pause: Duration,
    is_woken: bool,
    keep_alive: Option<Duration>,
    last_poll: Instant,
    last_traffic: Instant,
}

impl Pace {
    /// Starts with the handset's own pauses, or with a fixed one.
    pub(super) fn new(habits: Habits, fixed: Option<Duration>) -> Self {
        let least = Duration::from_secs(habits.poll_min_secs.into());
        let (last_poll, last_traffic) = (Instant::now(), Instant::now());
        let (is_woken, keep_alive, pause) = (false, None, least);
        Self { habits, fixed, least, pause, is_woken, keep_alive, last_poll, last_traffic }
    }

    /// Takes the server's shortest pause, where it is longer (handset: S60 §4.3).
    pub(super) fn server_wants(&mut self, poll_min_secs: u32) {
        let server = Duration::from_secs(poll_min_secs.into());
        self.least = match self.habits.handset {
            Handset::Android if poll_min_secs > 0 => server,
            Handset::Android => self.least,
            Handset::S60 | Handset::Plain => self.least.max(server),
        };
        self.pause = self.least;
    }

    /// Notes that wake-ups arrive: there are no polls without one (handset: S60 §5.2).
    pub(super) fn set_woken(&mut self, is_woken: bool) {
        self.is_woken = is_woken;
        self.pause = self.least;
    }

    /// Notes how long the session may be silent.
    pub(super) fn set_keep_alive(&mut self, secs: u32) {
        let whole = Duration::from_secs(secs.into());
        let minute = Duration::from_secs(60);
        self.keep_alive = Some(match self.habits.handset {
            // handset: S60 §4.5
            Handset::S60 | Handset::Plain if whole / 2 >= 2 * minute => whole / 2 - minute,
            Handset::S60 | Handset::Plain => whole / 2,
            // handset: Android §1, G18
            Handset::Android => match secs.saturating_sub(5) {
                0 => Duration::from_secs(7200),
                left => Duration::from_secs(left.into()),
            },
        });
    }

    /// Notes that something went to the server or came from it.
    pub(super) fn exchanged(&mut self) {
        self.last_traffic = Instant::now();
    }

    /// Notes a poll and whether it brought anything (handset: S60 §5.1).
    pub(super) fn polled(&mut self, is_empty: bool) {
        self.last_poll = Instant::now();
        let longer = (self.pause + self.habits.poll_step).min(self.habits.poll_max.max(self.least));
        self.pause = if is_empty { longer } else { self.least };
    }

    /// Returns when to poll next; never for a phone that is woken instead.
    pub(super) fn next_poll(&self) -> Option<Instant> {
        match (self.fixed, self.is_woken) {
            (Some(fixed), _) => Some(self.last_poll + fixed),
            (None, true) => None,
            (None, false) => Some(self.last_poll + self.pause),
        }
    }

    /// Returns when to show next that the phone lives.
    pub(super) fn next_keep_alive(&self) -> Option<Instant> {
        self.keep_alive.map(|keep_alive| self.last_traffic + keep_alive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(pace: &Pace) -> Option<u64> {
        pace.next_poll().map(|at| (at - pace.last_poll).as_secs())
    }

    #[test]
    fn s60_5_1_empty_polls_grow_rarer() {
        let mut pace = Pace::new(Habits::S60, None);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            pauses.push(secs(&pace).unwrap());
            pace.polled(true);
        }
        assert_eq!(pauses, [8, 18, 28, 38, 48, 58, 68, 78, 88, 90]);
        pace.polled(false);
        assert_eq!(secs(&pace), Some(8));
        pace.server_wants(30);
        assert_eq!(secs(&pace), Some(30));
    }

    #[test]
    fn s60_5_2_a_phone_that_is_woken_does_not_poll() {
        let mut pace = Pace::new(Habits::S60, None);
        pace.set_woken(true);
        assert_eq!(secs(&pace), None);
        pace.set_woken(false);
        assert_eq!(secs(&pace), Some(8));
        let mut fixed = Pace::new(Habits::S60, Some(Duration::from_secs(2)));
        fixed.set_woken(true);
        assert_eq!(secs(&fixed), Some(2));
    }

    #[test]
    fn signs_of_life_follow_the_handset() {
        let due = |habits, secs| {
            let mut pace = Pace::new(habits, None);
            assert_eq!(pace.next_keep_alive(), None);
            pace.set_keep_alive(secs);
            (pace.next_keep_alive().unwrap() - pace.last_traffic).as_secs()
        };
        assert_eq!(due(Habits::S60, 3600), 1740);
        assert_eq!(due(Habits::S60, 200), 100);
        assert_eq!(due(Habits::ANDROID, 1800), 1795);
        assert_eq!(due(Habits::ANDROID, 5), 7200);
    }
}
