//! What contacts were asked of late, so that nobody is asked twice for the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use compact_str::CompactString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::{
    base::clock::Millis,
    domain::address::{Address, Device},
};

/// Questions that are remembered; beyond it those of a day ago make room.
const MAX_ASKED: usize = 100_000;

/// Questions that wait for their turn or answer.
const MAX_UNDER_WAY: usize = 2000;

/// Of these, so many to one domain: one that does not answer takes no room from others.
const MAX_UNDER_WAY_OF_DOMAIN: usize = 500;

/// Questions whose answers are awaited at once: the rest wait for their turn.
const HANDS: usize = 1000;

/// Of these, so many to the accounts of one domain, for which its server answers: a domain that
/// does not takes no turn from others.
const HANDS_FOR_ACCOUNTS: usize = 16;

/// And so many to its devices: those out of reach take no turn from the server.
const HANDS_FOR_DEVICES: usize = 32;

/// After this time a card is looked at again when a phone wants to show it.
const CARD_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// A card that was not to be had is asked for again after this time.
const RETRY: Duration = Duration::from_secs(60 * 60);

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

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was not put: it is as if it had not begun.
    NotPut,
    /// Nothing is known of the matter.
    InVain,
    /// There is an answer, also one that there is nothing to tell.
    Answered,
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
    /// Domains that are being asked.
    domains: HashMap<CompactString, Domain>,
}

struct Domain {
    under_way: usize,
    accounts: Arc<Semaphore>,
    devices: Arc<Semaphore>,
}

/// The turn of a question, until its answer is there.
pub struct Turn<'a> {
    _of_domain: OwnedSemaphorePermit,
    _of_all: SemaphorePermit<'a>,
}

struct Entry {
    since: Millis,
    /// The picture that the contact showed then: nothing else tells that a card may be new.
    picture: Option<String>,
    is_under_way: bool,
    was_in_vain: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self { all: Mutex::default(), hands: Semaphore::new(HANDS) }
    }
}

impl Default for Domain {
    fn default() -> Self {
        let [accounts, devices] =
            [HANDS_FOR_ACCOUNTS, HANDS_FOR_DEVICES].map(|hands| Arc::new(Semaphore::new(hands)));
        Self { under_way: 0, accounts, devices }
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
                Question::Card if entry.was_in_vain => now.since(entry.since) < RETRY,
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
        let domain = of.account.domain();
        let of_domain = all.domains.get(domain).map_or(0, |domain| domain.under_way);
        if all.under_way >= MAX_UNDER_WAY || of_domain >= MAX_UNDER_WAY_OF_DOMAIN {
            return false;
        }
        all.under_way += 1;
        all.domains.entry(domain.into()).or_default().under_way += 1;
        let picture = picture.map(str::to_owned);
        let entry = Entry { since: now, picture, is_under_way: true, was_in_vain: false };
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
    pub async fn turn(&self, of: &Device) -> Option<Turn<'_>> {
        let hands = {
            let all = self.all();
            let domain = all.domains.get(of.account.domain())?;
            let hands = if of.resource.is_some() { &domain.devices } else { &domain.accounts };
            hands.clone()
        };
        let of_domain = hands.acquire_owned().await.ok()?;
        let of_all = self.hands.acquire().await.ok()?;
        Some(Turn { _of_domain: of_domain, _of_all: of_all })
    }

    /// Takes note that a question is over.
    pub fn ends(&self, by: &Address, (of, question): (&Device, Question), end: End) {
        let all = &mut *self.all();
        all.under_way = all.under_way.saturating_sub(1);
        if let Some(domain) = all.domains.get_mut(of.account.domain()) {
            domain.under_way -= 1;
            if domain.under_way == 0 {
                all.domains.remove(of.account.domain());
            }
        }
        all.retain(by, |key, entry| {
            let is_it = key.0 == *of && key.1 == question;
            entry.is_under_way &= !is_it;
            entry.was_in_vain |= is_it && end == End::InVain;
            end != End::NotPut || !is_it
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
    use tokio::time::timeout;

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
        let ends = |end| asked.ends(&kim, (&lee, Question::Card), end);
        assert!(begins(None, start));
        assert!(!begins(None, start.after(CARD_LASTS)), "one at a time");
        ends(End::Answered);
        assert!(!begins(None, start.after(PAUSE)));
        assert!(asked.is_outdated(&kim, &lee.account, Some("a")));
        assert!(!begins(Some("a"), start));
        assert!(begins(Some("a"), start.after(PAUSE)));
        ends(End::Answered);
        assert!(!asked.is_outdated(&kim, &lee.account, Some("a")));
        assert!(begins(Some("a"), start.after(PAUSE).after(CARD_LASTS)));
        ends(End::NotPut);
        assert!(!asked.is_outdated(&kim, &lee.account, None), "what was not put is forgotten");
        assert!(begins(None, start));
        ends(End::InVain);
        assert!(!begins(None, start.after(PAUSE)));
        assert!(begins(None, start.after(RETRY)), "sooner than one that is known");
        ends(End::Answered);
        assert!(!begins(None, start.after(RETRY).after(RETRY)));
    }

    #[test]
    fn a_device_is_asked_once_while_it_is_there() {
        let asked = Asked::default();
        let now = Millis(0).after(CARD_LASTS).after(CARD_LASTS);
        let begins = |of: &Device, question, now| asked.begins(&kim(), (of, question), None, now);
        for name in ["a", "b"] {
            for question in [Question::Version, Question::Time] {
                assert!(begins(&device(name), question, Millis(0)));
                asked.ends(&kim(), (&device(name), question), End::Answered);
                assert!(!begins(&device(name), question, now));
            }
        }
        assert!(begins(&lee(), Question::Card, Millis(0)));
        asked.ends(&kim(), (&lee(), Question::Card), End::Answered);
        asked.forget(&kim(), &device("a"));
        assert!(begins(&device("a"), Question::Time, now));
        assert!(!begins(&device("b"), Question::Time, now));
        asked.ends(&kim(), (&device("a"), Question::Time), End::Answered);
        asked.forget(&kim(), &lee());
        assert!(begins(&device("b"), Question::Time, now));
        assert!(!begins(&lee(), Question::Card, Millis(0)), "the account is there still");
        asked.forget(&kim(), &lee());
        assert!(!begins(&device("b"), Question::Time, now), "its answer is under way");
    }

    #[tokio::test]
    async fn devices_that_do_not_answer_take_no_turn_from_others_nor_their_server() {
        let silent = |number: usize| Device {
            account: Address::of(&format!("p{number}"), "silent.test"),
            resource: Some("x".into()),
        };
        let asked = Asked::default();
        let begins =
            |of: &Device| assert!(asked.begins(&kim(), (of, Question::Card), None, Millis(0)));
        let mut turns = Vec::new();
        for number in 0..100 {
            begins(&silent(number));
            turns.extend(timeout(Duration::ZERO, asked.turn(&silent(number))).await);
        }
        assert_eq!(turns.len(), HANDS_FOR_DEVICES);
        for other in [lee(), Device::any(silent(0).account)] {
            begins(&other);
            assert!(timeout(Duration::ZERO, asked.turn(&other)).await.is_ok(), "{other}");
            asked.ends(&kim(), (&other, Question::Card), End::Answered);
        }
        drop(turns);
        for number in 0..100 {
            asked.ends(&kim(), (&silent(number), Question::Card), End::Answered);
        }
        assert!(!asked.all().domains.contains_key("silent.test"), "nothing is left of it");
    }

    #[test]
    fn questions_are_bounded() {
        let asked = Asked::default();
        let begins = |number: usize, now| {
            asked.begins(&kim(), (&device(&number.to_string()), Question::Time), None, now)
        };
        for number in 0..MAX_UNDER_WAY_OF_DOMAIN {
            assert!(begins(number, Millis(0)));
        }
        assert!(!begins(MAX_ASKED, Millis(0)));
        for number in MAX_UNDER_WAY_OF_DOMAIN..MAX_UNDER_WAY {
            let elsewhere = Device::any(Address::of("lee", &format!("d{number}.test")));
            assert!(asked.begins(&kim(), (&elsewhere, Question::Card), None, Millis(0)));
        }
        let another = Device::any(Address::of("lee", "near.test"));
        assert!(!asked.begins(&kim(), (&another, Question::Card), None, Millis(0)));
        let mut all = asked.all();
        all.under_way = 0;
        all.domains.clear();
        let entry =
            || Entry { since: Millis(0), picture: None, is_under_way: false, was_in_vain: false };
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
