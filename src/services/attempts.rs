//! Failed logins and new accounts of late: who tries too often waits.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
    time::Duration,
};

use crate::{base::clock::Millis, domain::address::Address};

/// Failures of one account from one address that cost nothing: fingers slip on twelve keys.
const FREE_FAILURES: u32 = 3;

/// Failures of one account from anywhere, or from one address for any account, that cost
/// nothing: many phones share an address, and who guesses must not lock the owner out.
const FREE_FAILURES_IN_ALL: u32 = 30;

/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// After this long without a failure all is forgotten.
const FORGIVEN: Duration = Duration::from_secs(60 * 60);

/// Accounts that one address may make in [`FORGIVEN`].
const NEW_ACCOUNTS: u32 = 5;

/// Names and addresses remembered at most; beyond it the oldest go.
const MAX_REMEMBERED: usize = 50_000;

/// Remembers who failed.
#[derive(Default)]
pub struct Attempts(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    pairs: HashMap<(Address, IpAddr), Record>,
    accounts: HashMap<Address, Record>,
    remotes: HashMap<IpAddr, Record>,
    registrations: HashMap<IpAddr, Record>,
}

#[derive(Clone, Copy)]
struct Record {
    count: u32,
    last: Millis,
}

impl Record {
    fn wait_until(self, free: u32) -> Millis {
        let Some(beyond) = self.count.checked_sub(free) else { return Millis::default() };
        let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT);
        self.last.after(wait)
    }
}

impl Attempts {
    /// Returns whether a login may be tried now.
    pub fn may_log_in(&self, account: &Address, remote: IpAddr, now: Millis) -> bool {
        let remote = place(remote);
        let inner = self.0.lock().expect("no holder of this lock panics");
        let waits = |record: Option<&Record>, free| {
            record.is_some_and(|record| {
                now.since(record.last) < FORGIVEN && now < record.wait_until(free)
            })
        };
        !waits(inner.pairs.get(&(account.clone(), remote)), FREE_FAILURES)
            && !waits(inner.accounts.get(account), FREE_FAILURES_IN_ALL)
            && !waits(inner.remotes.get(&remote), FREE_FAILURES_IN_ALL)
    }

    /// Takes note of a failed login.
    pub fn failed(&self, account: &Address, remote: IpAddr, now: Millis) {
        let remote = place(remote);
        let mut inner = self.0.lock().expect("no holder of this lock panics");
        count(&mut inner.pairs, (account.clone(), remote), now);
        count(&mut inner.accounts, account.clone(), now);
        count(&mut inner.remotes, remote, now);
    }

    /// Takes note of a login: what failed for the account from there is forgotten.
    pub fn succeeded(&self, account: &Address, remote: IpAddr) {
        let remote = place(remote);
        let mut inner = self.0.lock().expect("no holder of this lock panics");
        inner.pairs.remove(&(account.clone(), remote));
    }

    /// Returns whether one more account may be made from an address, and counts it.
    pub fn may_register(&self, remote: IpAddr, now: Millis) -> bool {
        let remote = place(remote);
        let mut inner = self.0.lock().expect("no holder of this lock panics");
        let made = inner.registrations.get(&remote);
        if made.is_some_and(|made| made.count >= NEW_ACCOUNTS && now.since(made.last) < FORGIVEN) {
            return false;
        }
        count(&mut inner.registrations, remote, now);
        true
    }
}

/// Returns what stands for one subscriber: of IPv6 each has a network of at least 64 bits.
fn place(remote: IpAddr) -> IpAddr {
    match remote.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

fn count<K: Eq + Hash>(records: &mut HashMap<K, Record>, key: K, now: Millis) {
    if records.len() >= MAX_REMEMBERED {
        records.retain(|_, record| now.since(record.last) < FORGIVEN);
        if records.len() >= MAX_REMEMBERED {
            let mut moments: Vec<Millis> = records.values().map(|record| record.last).collect();
            let middle = moments.len() / 2;
            let (_, middle, _) = moments.select_nth_unstable(middle);
            let middle = *middle;
            records.retain(|_, record| record.last > middle);
        }
    }
    let record = records.entry(key).or_insert(Record { count: 0, last: now });
    if now.since(record.last) >= FORGIVEN {
        record.count = 0;
    }
    record.count = record.count.saturating_add(1);
    record.last = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn kim() -> Address {
        Address::of("kim", "onesoup.test")
    }

    #[test]
    fn the_wait_grows_with_each_failure_and_is_forgiven() {
        let (attempts, mut now) = (Attempts::default(), Millis(1_000_000));
        for _ in 0..3 {
            assert!(attempts.may_log_in(&kim(), HOME, now));
            attempts.failed(&kim(), HOME, now);
        }
        assert!(!attempts.may_log_in(&kim(), HOME, now));
        now = now.after(Duration::from_secs(2));
        assert!(attempts.may_log_in(&kim(), HOME, now));
        attempts.failed(&kim(), HOME, now);
        assert!(!attempts.may_log_in(&kim(), HOME, now.after(Duration::from_secs(3))));
        assert!(attempts.may_log_in(&kim(), HOME, now.after(Duration::from_secs(4))));
        assert!(attempts.may_log_in(&kim(), HOME, now.after(FORGIVEN)));
    }

    #[test]
    fn a_login_forgives_what_failed_from_there() {
        let (attempts, now) = (Attempts::default(), Millis(1_000_000));
        (0..9).for_each(|_| attempts.failed(&kim(), HOME, now));
        attempts.succeeded(&kim(), HOME);
        assert!(attempts.may_log_in(&kim(), HOME, now));
    }

    #[test]
    fn who_guesses_elsewhere_does_not_lock_the_owner_out_at_once() {
        let (attempts, now) = (Attempts::default(), Millis(1_000_000));
        (0..9).for_each(|_| attempts.failed(&kim(), AWAY, now));
        assert!(!attempts.may_log_in(&kim(), AWAY, now));
        assert!(attempts.may_log_in(&kim(), HOME, now));
        (0..30).for_each(|_| attempts.failed(&kim(), AWAY, now));
        assert!(!attempts.may_log_in(&kim(), HOME, now));
    }

    #[test]
    fn one_address_makes_few_accounts() {
        let (attempts, now) = (Attempts::default(), Millis(1_000_000));
        assert!((0..5).all(|_| attempts.may_register(HOME, now)));
        assert!(!attempts.may_register(HOME, now));
        assert!(attempts.may_register(AWAY, now));
        assert!(attempts.may_register(HOME, now.after(FORGIVEN)));
    }

    #[test]
    fn who_has_a_whole_network_is_still_one() {
        let (attempts, now) = (Attempts::default(), Millis(1_000_000));
        let at = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, last]);
        assert!((0..5).all(|last| attempts.may_register(at(last), now)));
        assert!(!attempts.may_register(at(9), now));
        let mapped = |last: u8| std::net::Ipv4Addr::new(10, 0, 0, last).to_ipv6_mapped().into();
        assert!((0..9).all(|last| attempts.may_register(mapped(last), now)));
    }

    #[test]
    fn a_flood_of_names_is_forgotten_from_the_oldest() {
        let attempts = Attempts::default();
        for number in 0..MAX_REMEMBERED + 10 {
            let name = Address::of(&number.to_string(), "onesoup.test");
            attempts.failed(&name, HOME, Millis(number as i64));
        }
        assert!(attempts.0.lock().unwrap().accounts.len() <= MAX_REMEMBERED);
    }
}
