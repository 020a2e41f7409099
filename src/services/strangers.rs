//! What strangers may ask of us: so much of late and no more, for it wakes phones and makes rows.
//!
//! What is taken is remembered for good: a request to see an account that waits is a row, a
//! repetition of it is no new question, and a hundred may wait for one account whatever is
//! forgotten here. How fast they came is remembered in memory only: after a restart a flood may put
//! twenty more questions to an account, and to write each down would cost the store as much as
//! taking it.

use std::{collections::HashMap, hash::Hash, sync::Mutex, time::Duration};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, counters::Counter},
    domain::address::Address,
};

/// To one account: as many as a new user may expect from friends, and then one a minute.
const TO_AN_ACCOUNT: Rate = Rate { at_once: 20, pause: Duration::from_secs(60) };

/// From one domain: as many as a large server may have at a busy hour.
const FROM_A_DOMAIN: Rate = Rate { at_once: 200, pause: Duration::from_millis(500) };

/// By one person, to register, or to change what was registered: fingers slip, and names are taken.
const REGISTERING: Rate = Rate { at_once: 10, pause: Duration::from_secs(5 * 60) };

/// From one domain, to register: as many as a school class or a club, and then twenty an hour.
const REGISTERING_FROM_A_DOMAIN: Rate = Rate { at_once: 40, pause: Duration::from_secs(3 * 60) };

/// By one person, to search for people: as many as curiosity needs, too few to copy all.
const SEARCHING: Rate = Rate { at_once: 20, pause: Duration::from_secs(30) };

/// From one domain, to search.
const SEARCHING_FROM_A_DOMAIN: Rate = Rate { at_once: 200, pause: Duration::from_secs(2) };

/// People, accounts and domains remembered at most; beyond it new ones are refused.
const MAX_REMEMBERED: usize = 50_000;

/// The log gets one line in this time, whatever comes.
const LINE: Duration = Duration::from_secs(60);

/// So many at once, and then one in each pause.
#[derive(Clone, Copy)]
struct Rate {
    at_once: u32,
    pause: Duration,
}

/// Remembers who asked whom of late.
#[derive(Default)]
pub struct Strangers(Mutex<Inner>);

struct Inner {
    /// By account that is asked.
    asking: Matter,
    /// By who registers.
    registering: Matter,
    /// By who searches.
    searching: Matter,
    refused: u64,
    next_line: Millis,
}

/// What is bounded by people and by the domains that strangers are from.
struct Matter {
    people: Bound<Address>,
    domains: Bound<CompactString>,
}

struct Bound<K> {
    rate: Rate,
    /// When all that was asked of late is forgotten.
    forgotten: HashMap<K, Millis>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            asking: Matter::new(TO_AN_ACCOUNT, FROM_A_DOMAIN),
            registering: Matter::new(REGISTERING, REGISTERING_FROM_A_DOMAIN),
            searching: Matter::new(SEARCHING, SEARCHING_FROM_A_DOMAIN),
            refused: 0,
            next_line: Millis::default(),
        }
    }
}

impl Strangers {
    /// Returns whether a stranger may ask to see an account now, and counts it.
    pub fn may_ask(&self, account: &Address, stranger: &Address, now: Millis) -> bool {
        self.may(stranger, now, |inner| inner.asking.takes(account, stranger.domain(), now))
    }

    /// Returns whether a stranger may register now, and counts it.
    pub fn may_register(&self, stranger: &Address, now: Millis) -> bool {
        self.may(stranger, now, |inner| inner.registering.takes(stranger, stranger.domain(), now))
    }

    /// Returns whether a stranger may search now, and counts it.
    pub fn may_search(&self, stranger: &Address, now: Millis) -> bool {
        self.may(stranger, now, |inner| inner.searching.takes(stranger, stranger.domain(), now))
    }

    /// Returns whether somebody who is registered may change that now, and counts it.
    pub fn may_change(&self, stranger: &Address, now: Millis) -> bool {
        self.may(stranger, now, |inner| inner.registering.people.takes(stranger, now))
    }

    fn may(&self, stranger: &Address, now: Millis, takes: impl FnOnce(&mut Inner) -> bool) -> bool {
        let mut inner = self.0.lock().expect("no holder of this lock panics");
        let may = takes(&mut inner);
        if !may {
            inner.refused(stranger, now);
        }
        may
    }
}

impl Inner {
    fn refused(&mut self, stranger: &Address, now: Millis) {
        Counter::StrangersRefused.count();
        self.refused += 1;
        if now >= self.next_line {
            let refused = std::mem::take(&mut self.refused);
            tracing::warn!(refused, last_from = %stranger,
                "requests of strangers come too fast and are not taken");
            self.next_line = now.after(LINE);
        }
    }
}

impl Matter {
    fn new(by_person: Rate, by_domain: Rate) -> Self {
        Self { people: Bound::new(by_person), domains: Bound::new(by_domain) }
    }

    /// Returns whether one more is within both bounds, and counts it then: beyond one of them it
    /// takes no room from others at the other.
    fn takes(&mut self, person: &Address, domain: &str, now: Millis) -> bool {
        let domain = domain.into();
        let times = self.domains.next(&domain, now).zip(self.people.next(person, now));
        if let Some((of_domain, of_person)) = times {
            self.domains.forgotten.insert(domain, of_domain);
            self.people.forgotten.insert(person.clone(), of_person);
        }
        times.is_some()
    }
}

impl<K: Clone + Eq + Hash> Bound<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, forgotten: HashMap::new() }
    }

    /// Returns whether one more is within the bound, and counts it then.
    fn takes(&mut self, key: &K, now: Millis) -> bool {
        let next = self.next(key, now);
        next.map(|next| self.forgotten.insert(key.clone(), next)).is_some()
    }

    /// Returns when all is forgotten if one more comes now; none if that is beyond the bound.
    fn next(&mut self, key: &K, now: Millis) -> Option<Millis> {
        if self.forgotten.len() >= MAX_REMEMBERED {
            self.forgotten.retain(|_, forgotten| *forgotten > now);
        }
        let forgotten = self.forgotten.get(key).copied();
        if forgotten.is_none() && self.forgotten.len() >= MAX_REMEMBERED {
            return None;
        }
        let Rate { at_once, pause } = self.rate;
        let next = forgotten.unwrap_or_default().max(now).after(pause);
        (next <= now.after(pause * at_once)).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kim() -> Address {
        Address::of("kim", "onesoup.test")
    }

    fn stranger(number: usize) -> Address {
        Address::of(&format!("s{number}"), &format!("d{}.test", number % 7))
    }

    #[test]
    fn one_account_is_asked_twenty_times_and_then_once_a_minute() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        let taken = (0..100).filter(|number| strangers.may_ask(&kim(), &stranger(*number), now));
        assert_eq!(taken.count(), 20);
        let later = now.after(Duration::from_secs(61));
        assert!(strangers.may_ask(&kim(), &stranger(0), later));
        assert!(!strangers.may_ask(&kim(), &stranger(0), later));
        let other = Address::of("lee", "onesoup.test");
        assert!(strangers.may_ask(&other, &stranger(0), now));
    }

    #[test]
    fn one_domain_asks_two_hundred_times_and_then_twice_a_second() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        let asks = |number: usize, now| {
            let account = Address::of(&format!("a{number}"), "onesoup.test");
            strangers.may_ask(&account, &Address::of("pest", "far.test"), now)
        };
        assert_eq!((0..1000).filter(|number| asks(*number, now)).count(), 200);
        let later = now.after(Duration::from_secs(1));
        assert_eq!((0..1000).filter(|number| asks(*number, later)).count(), 2);
    }

    #[test]
    fn one_person_registers_ten_times_and_one_domain_forty_times() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        let tries = |stranger: &Address, now| {
            (0..100).filter(|_| strangers.may_register(stranger, now)).count()
        };
        let person = |number: usize| Address::of(&format!("p{number}"), "far.test");
        assert_eq!(tries(&person(0), now), 10);
        assert!(!strangers.may_change(&person(0), now));
        let others = (1..100).filter(|number| strangers.may_register(&person(*number), now));
        assert_eq!(others.count(), 30);
        assert_eq!(tries(&Address::of("p0", "near.test"), now), 10);
        assert_eq!(tries(&person(0), now.after(Duration::from_secs(301))), 1);
    }

    #[test]
    fn one_person_searches_twenty_times_and_one_domain_two_hundred_times() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        let searches = |person: usize, now| {
            let person = Address::of(&format!("p{person}"), "far.test");
            (0..100).filter(|_| strangers.may_search(&person, now)).count()
        };
        assert_eq!((0..20).map(|person| searches(person, now)).sum::<usize>(), 200);
        assert_eq!(searches(0, now.after(Duration::from_secs(31))), 1);
    }

    #[test]
    fn one_domain_takes_no_room_from_the_people_of_others() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        for number in 0..MAX_REMEMBERED + 10 {
            let person = Address::of(&format!("p{number}"), "far.test");
            strangers.may_register(&person, now);
            strangers.may_search(&person, now);
        }
        let other = Address::of("amy", "near.test");
        assert!(strangers.may_register(&other, now));
        assert!(strangers.may_search(&other, now));
        assert!(strangers.may_change(&Address::of("lee", "near.test"), now));
    }

    #[test]
    fn the_log_gets_one_line_a_minute() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        for number in 0..1000 {
            strangers.may_ask(&kim(), &stranger(number), now);
        }
        let inner = strangers.0.lock().unwrap();
        assert_eq!(inner.refused, 1000 - 20 - 1, "counted until the next line");
        assert_eq!(inner.next_line, now.after(LINE));
    }

    #[test]
    fn a_flood_of_names_fills_no_memory_and_leaves_others_room_later() {
        let (strangers, now) = (Strangers::default(), Millis(1_000_000));
        for number in 0..MAX_REMEMBERED + 10 {
            let stranger = Address::of("x", &format!("d{number}.test"));
            let account = Address::of(&format!("a{number}"), "onesoup.test");
            strangers.may_ask(&account, &stranger, now);
        }
        assert!(strangers.0.lock().unwrap().asking.domains.forgotten.len() <= MAX_REMEMBERED);
        let later = now.after(Duration::from_secs(3600));
        assert!(strangers.may_ask(&kim(), &stranger(1), later));
    }
}
