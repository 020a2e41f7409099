//! Durable stanzas that did not go to the link at once. From the first of them on all go by way of
//! the store, in their order, until none is left there: nothing overtakes what was said before it.

use std::sync::{Mutex, MutexGuard};

/// How far the link is behind what is durable.
#[derive(Default)]
pub struct Backlog(Mutex<Behind>);

#[derive(Default)]
struct Behind {
    /// Whether durable stanzas go by way of the store.
    is_behind: bool,
    /// The first row that is to be read from there, if one is.
    first: Option<i64>,
}

impl Backlog {
    /// Passes a row on; where earlier ones wait, or it cannot be passed on, it waits as well.
    pub fn pass(&self, row: i64, pass_on: impl FnOnce() -> bool) {
        let mut behind = self.behind();
        if behind.is_behind || !pass_on() {
            behind.wait_from(row);
        }
    }

    /// Has all rows from one on read from the store.
    pub fn wait_from(&self, row: i64) {
        self.behind().wait_from(row);
    }

    /// Returns whether durable stanzas go by way of the store.
    pub fn is_behind(&self) -> bool {
        self.behind().is_behind
    }

    /// Returns whether rows are to be read from the store.
    pub fn waits(&self) -> bool {
        self.behind().first.is_some()
    }

    /// Returns the first row to be read from the store, and takes all behind it as read; where
    /// none is, rows are passed on again.
    pub fn take(&self) -> Option<i64> {
        let mut behind = self.behind();
        let first = behind.first.take();
        behind.is_behind = first.is_some();
        first
    }

    /// Looks at it; never across a wait.
    fn behind(&self) -> MutexGuard<'_, Behind> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Behind {
    fn wait_from(&mut self, row: i64) {
        self.is_behind = true;
        self.first = Some(self.first.map_or(row, |first| first.min(row)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_behind_stays_so_until_nothing_is_left() {
        let backlog = Backlog::default();
        let passed = |row, has_room: bool| {
            let mut was_passed = false;
            backlog.pass(row, || {
                was_passed = true;
                has_room
            });
            was_passed && has_room
        };
        assert!(passed(1, true));
        assert!(!passed(3, false));
        assert!(!passed(2, true), "behind");
        assert!(!passed(4, true));
        assert_eq!(backlog.take(), Some(2));
        assert!(!passed(5, true), "what is read has not gone yet");
        assert_eq!((backlog.take(), backlog.waits()), (Some(5), false));
        assert_eq!(backlog.take(), None);
        assert!(passed(6, true));
    }
}
