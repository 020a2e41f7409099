//! Which pictures of contacts are fetched now, and which were of late.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use crate::{base::clock::Millis, domain::address::Address};

/// Contacts whose pictures are or were fetched of late.
const MAX_FETCHED: usize = 10_000;

/// A contact's next picture is not fetched sooner.
const PAUSE: Duration = Duration::from_secs(60);

/// A picture that could not be had is not asked for again sooner.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// What is fetched now, and what was of late.
#[derive(Default)]
pub struct Fetches(Mutex<HashMap<Address, Fetch>>);

struct Fetch {
    hash: String,
    since: Millis,
    /// Who wants to see it; none once it is over.
    by: Option<Vec<Address>>,
}

impl Fetches {
    /// Returns whether a picture is to be fetched now; else `by` is told with others, or it was
    /// fetched too short a while ago.
    pub fn begins(&self, contact: &Address, hash: &str, by: &Address, now: Millis) -> bool {
        let mut all = self.0.lock().expect("no holder of this lock panics");
        if let Some(fetch) = all.get_mut(contact) {
            let is_same = fetch.hash == hash;
            match &mut fetch.by {
                Some(others) if is_same => {
                    if !others.contains(by) {
                        others.push(by.clone());
                    }
                    return false;
                }
                Some(_) => return false,
                None if now.since(fetch.since) < if is_same { RETRY } else { PAUSE } => {
                    return false;
                }
                None => {}
            }
        }
        if all.len() >= MAX_FETCHED {
            all.retain(|_, fetch| fetch.by.is_some() || now.since(fetch.since) < PAUSE);
            if all.len() >= MAX_FETCHED {
                return false;
            }
        }
        let fetch = Fetch { hash: hash.to_owned(), since: now, by: Some(vec![by.clone()]) };
        all.insert(contact.clone(), fetch);
        true
    }

    /// Returns who wanted to see it.
    pub fn ends(&self, contact: &Address) -> Vec<Address> {
        let mut all = self.0.lock().expect("no holder of this lock panics");
        all.get_mut(contact).and_then(|fetch| fetch.by.take()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_fetched_once_for_all_who_want_it() {
        let fetches = Fetches::default();
        let (kim, amy) = (Address::of("kim", "onesoup.test"), Address::of("amy", "onesoup.test"));
        let (lee, start) = (Address::of("lee", "far.test"), Millis(0));
        assert!(fetches.begins(&lee, "a", &kim, start));
        assert!(!fetches.begins(&lee, "a", &amy, start));
        assert!(!fetches.begins(&lee, "a", &amy, start));
        assert!(!fetches.begins(&lee, "b", &amy, start), "one at a time");
        assert_eq!(fetches.ends(&lee), [kim.clone(), amy]);
        assert_eq!(fetches.ends(&lee), []);
        assert!(!fetches.begins(&lee, "b", &kim, start), "not twice in a minute");
        assert!(fetches.begins(&lee, "b", &kim, start.after(PAUSE)));
        fetches.ends(&lee);
        let later = start.after(PAUSE).after(PAUSE);
        assert!(!fetches.begins(&lee, "b", &kim, later), "in vain once is enough for an hour");
        assert!(fetches.begins(&lee, "b", &kim, later.after(RETRY)));
    }

    #[test]
    fn contacts_whose_pictures_were_fetched_are_forgotten_before_there_are_too_many() {
        let fetches = Fetches::default();
        let kim = Address::of("kim", "onesoup.test");
        for number in 0..MAX_FETCHED {
            let contact = Address::of(&number.to_string(), "far.test");
            assert!(fetches.begins(&contact, "a", &kim, Millis(0)));
            fetches.ends(&contact);
        }
        let lee = Address::of("lee", "far.test");
        assert!(!fetches.begins(&lee, "a", &kim, Millis(0)));
        assert!(fetches.begins(&lee, "a", &kim, Millis(0).after(PAUSE)));
    }
}
