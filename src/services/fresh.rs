//! What contacts elsewhere showed when they were probed: it was read at once for all of them, so
//! that the answer of each needs no query.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use crate::{
    base::clock::Millis,
    domain::address::Address,
    store::{contact_presence::ContactPresence, write::Write},
};

/// Contacts of all accounts together that are kept; the answers of others are looked up.
const MAX_CONTACTS: usize = 100_000;

/// What the devices of contacts show, by contact.
pub type Rows = HashMap<Address, Vec<ContactPresence>>;

/// Contacts that were probed and are not heard of yet, all of which the account sees.
#[derive(Default)]
pub struct Fresh(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    accounts: HashMap<Address, (Millis, Rows)>,
    contacts: usize,
}

impl Fresh {
    /// Keeps what the contacts of an account show, which is held.
    pub fn keep(&self, owner: &Address, rows: Rows, now: Millis) {
        let kept = &mut *self.locked();
        kept.forget(owner);
        if kept.contacts + rows.len() <= MAX_CONTACTS {
            kept.contacts += rows.len();
            kept.accounts.insert(owner.clone(), (now, rows));
        }
    }

    /// Takes out what a contact shows to an account that is held.
    pub fn take(&self, owner: &Address, contact: &Address) -> Option<Vec<ContactPresence>> {
        self.locked().take(owner, contact)
    }

    /// Forgets what is about to be written anew.
    pub fn forget_written(&self, writes: &[Write]) {
        let kept = &mut *self.locked();
        if kept.accounts.is_empty() {
            return;
        }
        for write in writes {
            match write {
                Write::PutContactPresence { owner, contact, .. }
                | Write::DropContactPresence { owner, contact, .. } => {
                    kept.take(owner, contact);
                }
                Write::PutContact { account, contact } => {
                    kept.take(account, &contact.address);
                }
                Write::DropContact { account, address } => {
                    kept.take(account, address);
                }
                Write::DropAccount(account) => kept.forget(account),
                _ => {}
            }
        }
    }

    /// Forgets what was kept for so long that no more answers come.
    pub fn forget_old(&self, now: Millis, wait: Duration) {
        let kept = &mut *self.locked();
        kept.accounts.retain(|_, (at, _)| now.since(*at) < wait);
        kept.contacts = kept.accounts.values().map(|(_, rows)| rows.len()).sum();
    }

    /// Forgets all: another process has written.
    pub fn forget_all(&self) {
        *self.locked() = Kept::default();
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Kept {
    fn take(&mut self, owner: &Address, contact: &Address) -> Option<Vec<ContactPresence>> {
        let (_, rows) = self.accounts.get_mut(owner)?;
        let taken = rows.remove(contact)?;
        self.contacts -= 1;
        if rows.is_empty() {
            self.accounts.remove(owner);
        }
        Some(taken)
    }

    fn forget(&mut self, owner: &Address) {
        if let Some((_, rows)) = self.accounts.remove(owner) {
            self.contacts -= rows.len();
        }
    }
}
