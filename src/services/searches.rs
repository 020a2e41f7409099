//! Searches whose findings did not go into one answer: the last of each session.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use compact_str::{CompactString, ToCompactString};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{base::clock::Millis, domain::address::Address};

/// Searches in memory; beyond it and [`KEPT`] those that find more give their first page only.
const MAX_SEARCHES: usize = 10_000;

/// For how long a phone can ask for the next page where others need the room.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// How long a search waits for those before it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Searches that can go on, and whose turn it is. They are forgotten with us: the phone searches
/// again.
pub struct Searches {
    /// By session.
    kept: Mutex<HashMap<CompactString, Search>>,
    last: AtomicU32,
    /// One at a time: each reads of everybody, and others want to read, too.
    turn: Semaphore,
}

impl Default for Searches {
    fn default() -> Self {
        Self { kept: Mutex::default(), last: AtomicU32::default(), turn: Semaphore::new(1) }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Its number.
    pub id: CompactString,
    /// Findings of one page.
    pub page: usize,
    /// All findings.
    pub found: Vec<Address>,
    since: Millis,
}

impl Searches {
    /// Waits for the turn of a search; none if that takes too long.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        timeout(PATIENCE, self.turn.acquire()).await.ok()?.ok()
    }

    /// Keeps a search in the place of the session's one before; returns its number, none where
    /// there is no room for it.
    pub fn keep(
        &self,
        session: &str,
        page: usize,
        found: Vec<Address>,
        now: Millis,
    ) -> Option<CompactString> {
        let mut kept = self.kept();
        if kept.len() >= MAX_SEARCHES && !kept.contains_key(session) {
            kept.retain(|_, search| now.since(search.since) < KEPT);
            if kept.len() >= MAX_SEARCHES {
                return None;
            }
        }
        // handset: S60 §9.1: it is a number.
        let id = self.last.fetch_add(1, Relaxed).to_compact_string();
        kept.insert(session.into(), Search { id: id.clone(), page, found, since: now });
        Some(id)
    }

    /// Returns a search of a session.
    pub fn find(&self, session: &str, id: &str) -> Option<Search> {
        self.kept().get(session).filter(|search| search.id == id).cloned()
    }

    /// Forgets a search.
    pub fn stop(&self, session: &str, id: &str) {
        let mut kept = self.kept();
        if kept.get(session).is_some_and(|search| search.id == id) {
            kept.remove(session);
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<CompactString, Search>> {
        self.kept.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_on_for_its_session_until_the_next_one() {
        let searches = Searches::default();
        let found = vec![Address::of("kim", "onesoup.test")];
        let first = searches.keep("a", 1, found.clone(), Millis(0)).unwrap();
        assert_eq!(searches.find("a", &first).unwrap().found, found);
        assert_eq!(searches.find("b", &first), None);
        let second = searches.keep("a", 1, found, Millis(0)).unwrap();
        assert_eq!(searches.find("a", &first), None);
        searches.stop("a", &first);
        searches.stop("b", &second);
        assert!(searches.find("a", &second).is_some());
        searches.stop("a", &second);
        assert_eq!(searches.find("a", &second), None);
    }

    #[test]
    fn searches_are_bounded_and_old_ones_make_room() {
        let searches = Searches::default();
        for number in 0..MAX_SEARCHES {
            let session = number.to_string();
            assert!(searches.keep(&session, 1, Vec::new(), Millis(0)).is_some());
        }
        assert_eq!(searches.keep("new", 1, Vec::new(), Millis(0)), None);
        assert!(searches.keep("7", 1, Vec::new(), Millis(0)).is_some(), "its own place");
        assert!(searches.keep("new", 1, Vec::new(), Millis(0).after(KEPT)).is_some());
        assert_eq!(searches.kept().len(), 1);
    }
}
