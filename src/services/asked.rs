//! What contacts were asked of late, so that nobody is asked twice for the same.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    base::clock::Millis,
    domain::address::{Address, Device},
};

/// Questions that are remembered; beyond it those of a day ago make room.
const MAX_ASKED: usize = 100_000;

/// Questions that wait for their turn or answer.
const MAX_UNDER_WAY: usize = 2000;

/// Questions whose answers are awaited at once: the rest wait for their turn.
const HANDS: usize = 16;

/// After this time a card is looked at again when a phone wants to show it.
const CARD_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// A card whose owner shows another picture is looked at again, but not sooner.
const PAUSE: Duration = Duration::from_secs(60);

/// What a contact can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// The profile, of the account.
    Card,
    /// Which program, of a device; once while it is there.
    Version,
    /// What time it is, of a device; once while it is there.
    Time,
}

/// The questions of late.
pub struct Asked {
    all: Mutex<All>,
    hands: Semaphore,
}

#[derive(Default)]
struct All {
    /// By the account that asked.
    asked: HashMap<Address, HashMap<(Device, Question), Entry>>,
    count: usize,
    under_way: usize,
}

struct Entry {
    since: Millis,
    /// The picture that the contact showed then: nothing else tells that a card may be new.
    picture: Option<String>,
    is_under_way: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self { all: Mutex::default(), hands: Semaphore::new(HANDS) }
    }
}

impl Asked {
    /// Returns whether a question is to be asked now; of a card, `picture` is what its owner shows.
    pub fn begins(
        &self,
        by: &Address,
        (of, question): (&Device, Question),
        picture: Option<&str>,
        now: Millis,
    ) -> bool {
        let all = &mut *self.all();
        let known = all.asked.get(by).and_then(|asked| asked.get(&(of.clone(), question)));
        if let Some(entry) = known {
            let is_fresh = match question {
                Question::Card if entry.picture.as_deref() != picture => {
                    now.since(entry.since) < PAUSE
                }
                Question::Card => now.since(entry.since) < CARD_LASTS,
                Question::Version | Question::Time => true,
            };
            if entry.is_under_way || is_fresh {
                return false;
            }
        } else if all.count >= MAX_ASKED {
            all.make_room(now);
            if all.count >= MAX_ASKED {
                return false;
            }
        }
        if all.under_way >= MAX_UNDER_WAY {
            return false;
        }
        all.under_way += 1;
        let entry = Entry { since: now, picture: picture.map(str::to_owned), is_under_way: true };
        let asked = all.asked.entry(by.clone()).or_default();
        if asked.insert((of.clone(), question), entry).is_none() {
            all.count += 1;
        }
        true
    }

    /// Returns whether a card was asked for when its owner showed another picture.
    pub fn is_outdated(&self, by: &Address, contact: &Address, picture: Option<&str>) -> bool {
        let key = (Device::any(contact.clone()), Question::Card);
        let all = self.all();
        let entry = all.asked.get(by).and_then(|asked| asked.get(&key));
        entry.is_some_and(|entry| entry.picture.as_deref() != picture)
    }

    /// Waits for the turn of a question that begins.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.hands.acquire().await.ok()
    }

    /// Takes note that a question is over; one that was not put is forgotten.
    pub fn ends(&self, by: &Address, (of, question): (&Device, Question), was_put: bool) {
        let all = &mut *self.all();
        all.under_way = all.under_way.saturating_sub(1);
        all.retain(by, |key, entry| {
            let is_it = key.0 == *of && key.1 == question;
            entry.is_under_way &= !is_it;
            was_put || !is_it
        });
    }

    /// Forgets what a device was asked, or all devices of a contact: when it comes back, it may be
    /// another.
    pub fn forget(&self, by: &Address, device: &Device) {
        self.all().retain(by, |(asked, question), entry| {
            *question == Question::Card
                || entry.is_under_way
                || asked.account != device.account
                || device.resource.is_some() && asked.resource != device.resource
        });
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().expect("no holder of this lock panics")
    }
}

impl All {
    /// Keeps of what an account asked what `is_kept`.
    fn retain(
        &mut self,
        by: &Address,
        mut is_kept: impl FnMut(&(Device, Question), &mut Entry) -> bool,
    ) {
        let Some(asked) = self.asked.get_mut(by) else { return };
        let before = asked.len();
        asked.retain(|key, entry| is_kept(key, entry));
        self.count -= before - asked.len();
        if asked.is_empty() {
            self.asked.remove(by);
        }
    }

    /// Forgets what was asked long ago.
    fn make_room(&mut self, now: Millis) {
        for asked in self.asked.values_mut() {
            asked.retain(|_, it| it.is_under_way || now.since(it.since) < CARD_LASTS);
        }
        self.asked.retain(|_, asked| !asked.is_empty());
        self.count = self.asked.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kim() -> Address {
        Address::of("kim", "onesoup.test")
    }

    fn device(resource: &str) -> Device {
        Device { account: Address::of("lee", "far.test"), resource: Some(resource.into()) }
    }

    fn lee() -> Device {
        Device::any(device("").account)
    }

    #[test]
    fn a_card_is_asked_for_once_a_day_and_when_the_picture_changes() {
        let (asked, start) = (Asked::default(), Millis(0));
        let (lee, kim) = (lee(), kim());
        let begins = |picture, now| asked.begins(&kim, (&lee, Question::Card), picture, now);
        let ends = |was_put| asked.ends(&kim, (&lee, Question::Card), was_put);
        assert!(begins(None, start));
        assert!(!begins(None, start.after(CARD_LASTS)), "one at a time");
        ends(true);
        assert!(!begins(None, start.after(PAUSE)));
        assert!(asked.is_outdated(&kim, &lee.account, Some("a")));
        assert!(!begins(Some("a"), start));
        assert!(begins(Some("a"), start.after(PAUSE)));
        ends(true);
        assert!(!asked.is_outdated(&kim, &lee.account, Some("a")));
        assert!(begins(Some("a"), start.after(PAUSE).after(CARD_LASTS)));
        ends(false);
        assert!(!asked.is_outdated(&kim, &lee.account, None), "what was not put is forgotten");
        assert!(begins(None, start));
    }

    #[test]
    fn a_device_is_asked_once_while_it_is_there() {
        let asked = Asked::default();
        let now = Millis(0).after(CARD_LASTS).after(CARD_LASTS);
        let begins = |of: &Device, question, now| asked.begins(&kim(), (of, question), None, now);
        for name in ["a", "b"] {
            for question in [Question::Version, Question::Time] {
                assert!(begins(&device(name), question, Millis(0)));
                asked.ends(&kim(), (&device(name), question), true);
                assert!(!begins(&device(name), question, now));
            }
        }
        assert!(begins(&lee(), Question::Card, Millis(0)));
        asked.ends(&kim(), (&lee(), Question::Card), true);
        asked.forget(&kim(), &device("a"));
        assert!(begins(&device("a"), Question::Time, now));
        assert!(!begins(&device("b"), Question::Time, now));
        asked.ends(&kim(), (&device("a"), Question::Time), true);
        asked.forget(&kim(), &lee());
        assert!(begins(&device("b"), Question::Time, now));
        assert!(!begins(&lee(), Question::Card, Millis(0)), "the account is there still");
        asked.forget(&kim(), &lee());
        assert!(!begins(&device("b"), Question::Time, now), "its answer is under way");
    }

    #[test]
    fn questions_are_bounded() {
        let asked = Asked::default();
        let begins = |number: usize, now| {
            asked.begins(&kim(), (&device(&number.to_string()), Question::Time), None, now)
        };
        for number in 0..MAX_UNDER_WAY {
            assert!(begins(number, Millis(0)));
        }
        assert!(!begins(MAX_ASKED, Millis(0)));
        let mut all = asked.all();
        all.under_way = 0;
        let entry = || Entry { since: Millis(0), picture: None, is_under_way: false };
        let many =
            (0..MAX_ASKED).map(|number| ((device(&number.to_string()), Question::Time), entry()));
        all.asked = HashMap::from([(kim(), many.collect())]);
        all.count = MAX_ASKED;
        drop(all);
        assert!(!begins(MAX_ASKED, Millis(0)));
        assert!(begins(MAX_ASKED, Millis(0).after(CARD_LASTS)));
        assert_eq!(asked.all().count, 1);
    }
}
