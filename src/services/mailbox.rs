//! The letters of one account: put in, taken out, kept within bounds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, counters::Counter},
    domain::{mailbox::Letter, refusal::Refusal},
    services::{
        context::Services,
        person::{Cargo, Live, Mailbox, PATIENCE, Person},
        refused,
    },
};

/// Letters that may wait for one account.
pub const MAX_LETTERS: usize = 1000;

/// The room that the letters of one account may take.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A letter is kept for a phone that is away for this long.
pub const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// Letters of one account read at once, and kept in memory unless none of them can be handed out.
const WINDOW: usize = 64;

/// A phone that does not confirm a letter this often cannot read it: the next session tries again.
const MAX_TRIES: u8 = 5;

impl Person {
    /// Returns whether one more letter of this size may wait.
    pub fn has_room(&self, bytes: usize) -> bool {
        let has_room = self.mailbox.count < MAX_LETTERS && self.mailbox.bytes + bytes <= MAX_BYTES;
        if !has_room {
            Counter::MailboxFull.count();
        }
        has_room
    }

    /// Takes note of a letter that the store has.
    pub fn received(&mut self, letter: Letter) {
        Counter::MessagesReceived.count();
        let mailbox = &mut self.mailbox;
        // What is in memory is the oldest of all: behind a letter that is not, none may stand.
        let is_next = mailbox.is_read && mailbox.letters.len() == mailbox.count;
        mailbox.count += 1;
        mailbox.bytes += letter.size_bytes();
        if is_next && mailbox.letters.len() < WINDOW {
            mailbox.letters.insert(letter.id, Arc::new(letter));
        }
    }

    /// Takes note that the store no longer has a letter; of a letter that is gone already, nothing.
    pub fn removed(&mut self, letter: &Letter) {
        let cargo = Cargo::Letter(letter.id);
        self.sessions.iter_mut().for_each(|live| live.flights.retain(|on| on.cargo != cargo));
        let mailbox = &mut self.mailbox;
        let is_beyond = !mailbox.covers(letter.id);
        if mailbox.letters.remove(&letter.id).is_some() || is_beyond {
            mailbox.count = mailbox.count.saturating_sub(1);
            mailbox.bytes = mailbox.bytes.saturating_sub(letter.size_bytes());
        }
    }

    /// Returns whether a letter waits that a session is to be given now, as far as is known.
    pub fn has_letter_for(&self, session: &str, now: Millis) -> bool {
        if !self.mailbox.is_read {
            return self.mailbox.count > 0;
        }
        self.letter_for(session, now).is_some()
    }

    /// Returns which of the letters in memory goes to a session next, and how often it went there.
    fn letter_for(&self, session: &str, now: Millis) -> Option<(i64, u8)> {
        let own = self.sessions.iter().find(|live| live.session.id == session)?;
        let is_elsewhere = |resource: &CompactString| {
            own.session.resource != *resource
                && self.sessions.iter().any(|live| live.session.resource == *resource)
        };
        let is_fit = |letter: &Letter| {
            letter.expires.is_none_or(|expires| expires >= now)
                && !letter.resource.as_ref().is_some_and(is_elsewhere)
        };
        let mut fit = self.mailbox.letters.values().filter(|letter| is_fit(letter));
        fit.find_map(|letter| {
            let cargo = Cargo::Letter(letter.id);
            let under_way = |live: &Live| {
                let mut flights = live.flights.iter().filter(|flight| flight.cargo == cargo);
                flights.any(|flight| now.since(flight.at) < PATIENCE)
            };
            if self.sessions.iter().any(under_way) {
                return None;
            }
            // What one phone cannot read another may.
            let before = own.flights.iter().find(|flight| flight.cargo == cargo);
            let tries = before.map_or(0, |flight| flight.tries + 1);
            (tries < MAX_TRIES).then_some((letter.id, tries))
        })
    }
}

impl Mailbox {
    /// Returns whether a letter with this id would be in memory.
    fn covers(&self, id: i64) -> bool {
        let last = self.letters.last_key_value().map(|(last, _)| *last);
        self.is_read && (self.letters.len() >= self.count || last.is_some_and(|last| id <= last))
    }
}

impl Services {
    /// Returns the oldest letters of an account that is held.
    pub(super) async fn letters<'a>(
        &self,
        person: &'a mut Person,
    ) -> Result<&'a BTreeMap<i64, Arc<Letter>>, Refusal> {
        let mailbox = &person.mailbox;
        if !mailbox.is_read || (mailbox.letters.is_empty() && mailbox.count > 0) {
            self.read_letters(person, WINDOW).await?;
        }
        Ok(&person.mailbox.letters)
    }

    /// Returns which letter goes to a session next, and how often it went there.
    pub(super) async fn next_letter(
        &self,
        person: &mut Person,
        session: &str,
    ) -> Result<Option<(i64, u8)>, Refusal> {
        let now = self.clock.now();
        self.letters(person).await?;
        loop {
            let next = person.letter_for(session, now);
            let mailbox = &person.mailbox;
            let known = mailbox.letters.len();
            if next.is_some() || known >= mailbox.count {
                return Ok(next);
            }
            // All that is known is for other devices, or cannot be read: others wait behind it.
            self.read_letters(person, known + WINDOW).await?;
            if person.mailbox.letters.len() <= known {
                return Ok(None);
            }
        }
    }

    async fn read_letters(&self, person: &mut Person, limit: usize) -> Result<(), Refusal> {
        let address = &person.account.address;
        let most = u32::try_from(limit).unwrap_or(u32::MAX);
        let letters = self.store.letters(address, most).await.map_err(refused)?;
        let mailbox = &mut person.mailbox;
        if letters.len() < limit && letters.len() != mailbox.count {
            let size = self.store.mailbox_size(address).await.map_err(refused)?;
            let rows = usize::try_from(size.letters).unwrap_or(usize::MAX);
            // Rows that cannot be read count only while others may wait behind them.
            mailbox.count = if rows <= limit { letters.len() } else { rows };
            mailbox.bytes = usize::try_from(size.bytes).unwrap_or(usize::MAX);
        }
        mailbox.letters = letters.into_iter().map(|letter| (letter.id, Arc::new(letter))).collect();
        mailbox.is_read = true;
        Ok(())
    }
}
