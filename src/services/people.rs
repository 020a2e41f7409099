//! The accounts that something happens to now: what is kept of them in memory, and their locks.
//!
//! Everything here can be read again from the store; it is kept so that most requests need no
//! query. Who locks several people locks them in the order of their addresses, all at once, so
//! that nobody waits in a circle.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use compact_str::CompactString;
use tokio::sync::{MappedMutexGuard, MutexGuard};

use crate::{
    base::clock::Millis,
    domain::{address::Address, refusal::Refusal},
    services::{
        person::{Live, Person},
        refused,
    },
    store::Store,
};

/// People kept in memory at most; beyond it, those who are idle go first.
const MAX_KEPT: usize = 20_000;

/// Who was not heard of for this long is let go.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// Who was not heard of for this long is not in the middle of something.
const QUIET: Duration = Duration::from_secs(60);

/// Exclusive access to one person.
pub type Held<'a> = MappedMutexGuard<'a, Person>;

/// All people in memory.
#[derive(Default)]
pub struct People(Mutex<Index>);

#[derive(Default)]
struct Index {
    cells: HashMap<Address, Arc<Cell>>,
    sessions: HashMap<CompactString, Arc<Cell>>,
}

/// One person's place in memory.
pub struct Cell {
    /// Whose it is.
    pub address: Address,
    /// Held while a request of the account that changes something is carried out: a repetition
    /// that comes in meanwhile waits for the answer of the first.
    pub gate: tokio::sync::Mutex<()>,
    /// Held by a request that waits for people elsewhere to answer: of those one at a time, too,
    /// and nobody else waits for it.
    pub asking: tokio::sync::Mutex<()>,
    person: tokio::sync::Mutex<Option<Person>>,
    used: AtomicI64,
}

impl Cell {
    /// Returns access to the person if it is in memory and nobody holds it now.
    pub fn at_hand(&self) -> Option<Held<'_>> {
        let slot = self.person.try_lock().ok()?;
        MutexGuard::try_map(slot, Option::as_mut).ok()
    }

    /// Waits for access to the person; none if it is not in memory, and then it is not read.
    pub async fn in_memory(&self) -> Option<Held<'_>> {
        MutexGuard::try_map(self.person.lock().await, Option::as_mut).ok()
    }
}

impl People {
    /// Returns the place of an account, whether it exists or not.
    pub fn cell(&self, address: &Address, now: Millis) -> Arc<Cell> {
        let mut index = self.0.lock().expect("no holder of this lock panics");
        if let Some(cell) = index.cells.get(address) {
            cell.used.store(now.0, Relaxed);
            return cell.clone();
        }
        let cell = Arc::new(Cell {
            address: address.clone(),
            gate: tokio::sync::Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            person: tokio::sync::Mutex::default(),
            used: AtomicI64::new(now.0),
        });
        index.cells.insert(address.clone(), cell.clone());
        cell
    }

    /// Returns the place of an account that is in memory.
    pub fn at(&self, address: &Address) -> Option<Arc<Cell>> {
        self.0.lock().expect("no holder of this lock panics").cells.get(address).cloned()
    }

    /// Returns the place of the account whose session this is.
    pub async fn of_session(
        &self,
        store: &Store,
        id: &str,
        now: Millis,
    ) -> Result<Option<Arc<Cell>>, Refusal> {
        let known = self.0.lock().expect("no holder of this lock panics").sessions.get(id).cloned();
        if let Some(cell) = known {
            cell.used.store(now.0, Relaxed);
            return Ok(Some(cell));
        }
        let Some(session) = store.session(id).await.map_err(refused)? else { return Ok(None) };
        Ok(Some(self.cell(&session.account, now)))
    }

    /// Waits for exclusive access to a person; none if there is no such account.
    pub async fn hold<'a>(
        &self,
        store: &Store,
        cell: &'a Arc<Cell>,
    ) -> Result<Option<Held<'a>>, Refusal> {
        let mut slot = cell.person.lock().await;
        if slot.is_none() {
            let rows = store.person(&cell.address).await.map_err(refused)?;
            let now = Millis(cell.used.load(Relaxed));
            *slot = rows.map(|rows| Person::new(rows, now));
            match &*slot {
                Some(person) => {
                    self.know(cell, person.sessions.iter().map(|live| &live.session.id))
                }
                None => self.forget(cell),
            }
        }
        Ok(MutexGuard::try_map(slot, Option::as_mut).ok())
    }

    /// Waits for exclusive access to several people; those who are not there are left out.
    ///
    /// The places must be in the order of their addresses, each once.
    pub async fn hold_all<'a>(
        &self,
        store: &Store,
        cells: &'a [Arc<Cell>],
    ) -> Result<Vec<Held<'a>>, Refusal> {
        let mut held = Vec::with_capacity(cells.len());
        for cell in cells {
            held.extend(self.hold(store, cell).await?);
        }
        Ok(held)
    }

    /// Remembers whose sessions these are.
    pub fn know<'a>(&self, cell: &Arc<Cell>, ids: impl Iterator<Item = &'a CompactString>) {
        let mut index = self.0.lock().expect("no holder of this lock panics");
        for id in ids {
            index.sessions.insert(id.clone(), cell.clone());
        }
    }

    /// Forgets a session that has ended.
    pub fn forget_session(&self, id: &str) {
        let mut index = self.0.lock().expect("no holder of this lock panics");
        index.sessions.remove(id);
    }

    /// Lets go of what is known of an account that was removed.
    pub async fn let_go_of(&self, cell: &Arc<Cell>) {
        *cell.person.lock().await = None;
        self.forget(cell);
    }

    /// Returns how many sessions are in memory.
    pub fn session_count(&self) -> usize {
        self.0.lock().expect("no holder of this lock panics").sessions.len()
    }

    /// Returns the places of all people in memory.
    pub fn all(&self) -> Vec<Arc<Cell>> {
        let index = self.0.lock().expect("no holder of this lock panics");
        index.cells.values().cloned().collect()
    }

    /// Lets go of who is idle, of more people while there are too many.
    ///
    /// Returns the sessions whose end was put off without telling the store: that is done now.
    pub fn let_go(&self, now: Millis) -> Vec<(CompactString, Millis)> {
        let index = &mut *self.0.lock().expect("no holder of this lock panics");
        let idle = if index.cells.len() > MAX_KEPT { QUIET } else { IDLE };
        let mut gone = Vec::new();
        for cell in index.cells.values() {
            let idle_for = now.since(Millis(cell.used.load(Relaxed)));
            if idle_for < QUIET {
                continue;
            }
            // New references come only through the index, which is locked.
            let Ok(mut slot) = cell.person.try_lock() else { continue };
            if idle_for < idle {
                slot.iter_mut().for_each(|person| person.forget_answers(now));
                continue;
            }
            let sessions = slot.iter().flat_map(|person| &person.sessions);
            if idle == IDLE && sessions.clone().any(|live| !live.asked.is_empty()) {
                // Forgotten, the user would be asked the same at each poll.
                continue;
            }
            let is_known = |live: &&Live| {
                index.sessions.get(&live.session.id).is_some_and(|c| Arc::ptr_eq(c, cell))
            };
            if Arc::strong_count(cell) > 1 + sessions.filter(is_known).count() {
                continue;
            }
            gone.push((cell.address.clone(), slot.take()));
        }
        let mut untold = Vec::new();
        for (address, person) in gone {
            index.cells.remove(&address);
            for live in person.into_iter().flat_map(|person| person.sessions) {
                index.sessions.remove(&live.session.id);
                if live.is_untold() {
                    untold.push((live.session.id, live.session.expires));
                }
            }
        }
        untold
    }

    /// Lets go of the place of an account that is not there, unless somebody else waits at it:
    /// an account that is made meanwhile must not get a second one.
    fn forget(&self, cell: &Arc<Cell>) {
        let mut index = self.0.lock().expect("no holder of this lock panics");
        let is_it = index.cells.get(&cell.address).is_some_and(|known| Arc::ptr_eq(known, cell));
        // The index and the one who asks.
        if is_it && Arc::strong_count(cell) <= 2 {
            index.cells.remove(&cell.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::clock::Clock,
        domain::account::{Account, AccountState, StoredPassword},
    };

    #[tokio::test]
    async fn an_account_made_while_somebody_waits_for_it_has_one_place() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/x.db", directory.path().display());
        let store = Store::open(&url, Clock::by_hand(Millis(0))).await.unwrap();
        let (people, kim) = (People::default(), Address::of("kim", "onesoup.test"));
        let (early, late) = (people.cell(&kim, Millis(0)), people.cell(&kim, Millis(0)));
        assert!(people.hold(&store, &early).await.unwrap().is_none());
        let account = Account {
            address: kim.clone(),
            state: AccountState::Active,
            password: StoredPassword::Hashed("x".into()),
            block_list_in_use: false,
            grant_list_in_use: false,
            adds_mutually: false,
            created: Millis(0),
        };
        store.create_account(account, Vec::new()).await.unwrap();
        assert!(people.hold(&store, &late).await.unwrap().is_some());
        assert!(Arc::ptr_eq(&late, &people.cell(&kim, Millis(0))));
        drop((early, late));
        assert_eq!(people.let_go(Millis(0).after(IDLE)), []);
        assert!(people.all().is_empty());
    }

    #[tokio::test]
    async fn who_is_not_there_takes_no_room() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/x.db", directory.path().display());
        let store = Store::open(&url, Clock::by_hand(Millis(0))).await.unwrap();
        let people = People::default();
        let cell = people.cell(&Address::of("nobody", "onesoup.test"), Millis(0));
        assert!(people.hold(&store, &cell).await.unwrap().is_none());
        assert!(people.all().is_empty());
    }
}
