//! How much waits in the outbox while the link is away: of all accounts, and of each.

use std::{collections::HashMap, sync::Arc};

use crate::{base::counters::Counter, domain::refusal::Refusal, xmpp::wire};

/// Stanzas that may wait while the link is away: more than a thousand phones write in a day.
const MAX_WAITING: usize = 100_000;

/// Octets that these may have together, on the disk and when they are read again.
const MAX_WAITING_BYTES: usize = 128 * 1024 * 1024;

/// Stanzas of one account that may wait: as many as a phone sends in days, and as it takes to ask
/// all contacts that an account may have, more than once.
const MAX_OF_ACCOUNT: usize = MAX_WAITING / 20;

/// Octets of these.
const MAX_BYTES_OF_ACCOUNT: usize = MAX_WAITING_BYTES / 20;

/// What waits in the outbox: the size of each row, and whose it is.
#[derive(Debug)]
pub struct Waiting {
    domain: String,
    rows: HashMap<i64, Row>,
    bytes: usize,
    is_full: bool,
    shares: HashMap<Arc<str>, Share>,
}

#[derive(Debug)]
struct Row {
    bytes: usize,
    of: Arc<str>,
}

/// What waits of one account.
#[derive(Debug, Default)]
struct Share {
    rows: usize,
    bytes: usize,
}

impl Waiting {
    /// Returns the empty outbox of a domain.
    pub fn of(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            rows: HashMap::new(),
            bytes: 0,
            is_full: false,
            shares: HashMap::new(),
        }
    }

    /// Takes note of a row that is in the outbox now.
    pub fn add(&mut self, row: i64, wire: &str) {
        self.take_out(row);
        let (bytes, sender) = (wire.len(), wire::sender(wire));
        let known = self.shares.get_key_value(sender).map(|(of, _)| of.clone());
        let of = known.unwrap_or_else(|| sender.into());
        let share = self.shares.entry(of.clone()).or_default();
        share.rows += 1;
        share.bytes += bytes;
        self.bytes += bytes;
        self.rows.insert(row, Row { bytes, of });
        let is_full = self.rows.len() >= MAX_WAITING || self.bytes >= MAX_WAITING_BYTES;
        if is_full && !self.is_full {
            tracing::error!(
                domain = self.domain,
                "the outbox is full: messages to other servers are refused"
            );
            self.is_full = true;
        }
    }

    /// Takes note of rows that are in the outbox no more.
    pub fn remove(&mut self, rows: &[i64]) {
        rows.iter().for_each(|row| self.take_out(*row));
        // Not at the first that leaves: it would be full again in a moment.
        let has_room =
            self.rows.len() < MAX_WAITING / 10 * 9 && self.bytes < MAX_WAITING_BYTES / 10 * 9;
        if has_room && self.is_full {
            tracing::info!(domain = self.domain, "the outbox has room again");
            self.is_full = false;
        }
    }

    /// Returns whether one more may wait, which is given as it goes out.
    ///
    /// # Errors
    ///
    /// Too much waits already, or too much of its sender: one phone takes no room from others.
    pub fn has_room(&self, wire: &str) -> Result<(), Refusal> {
        let share = self.shares.get(wire::sender(wire));
        let has_share = share.is_none_or(|share| {
            share.rows < MAX_OF_ACCOUNT && share.bytes + wire.len() <= MAX_BYTES_OF_ACCOUNT
        });
        if self.is_full || !has_share {
            Counter::OutboxFull.count();
            return Err(Refusal::OutboxFull);
        }
        Ok(())
    }

    /// Returns how many rows wait.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    fn take_out(&mut self, row: i64) {
        let Some(Row { bytes, of }) = self.rows.remove(&row) else { return };
        self.bytes -= bytes;
        if let Some(share) = self.shares.get_mut(&of) {
            share.rows -= 1;
            share.bytes -= bytes;
            if share.rows == 0 {
                self.shares.remove(&of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(name: &str, octets: usize) -> String {
        let body = "x".repeat(octets);
        format!("<message from='{name}@onesoup.test/phone' to='a@far.test'>{body}</message>")
    }

    #[test]
    fn one_account_has_its_share_by_number_and_by_size_and_no_more() {
        let (kim, lee, big) =
            (from("kim", 1), from("lee", 1), from("lee", MAX_BYTES_OF_ACCOUNT / 2));
        let mut waiting = Waiting::of("onesoup.test");
        for row in 0..MAX_OF_ACCOUNT {
            assert_eq!(waiting.has_room(&kim), Ok(()));
            waiting.add(row as i64, &kim);
            // Once more it is the same row.
            waiting.add(row as i64, &kim);
        }
        assert_eq!(waiting.has_room(&kim), Err(Refusal::OutboxFull));
        assert_eq!(waiting.has_room(&lee), Ok(()));
        waiting.add(-1, &big);
        assert_eq!(waiting.has_room(&lee), Ok(()));
        assert_eq!(waiting.has_room(&big), Err(Refusal::OutboxFull));
        waiting.remove(&[0, 0, -1]);
        assert_eq!(waiting.has_room(&kim), Ok(()));
        let all: Vec<i64> = (0..MAX_OF_ACCOUNT as i64).collect();
        waiting.remove(&all);
        assert!(waiting.rows.is_empty() && waiting.shares.is_empty() && waiting.bytes == 0);
    }

    #[test]
    fn all_accounts_together_have_no_more_than_all_the_room() {
        let mut waiting = Waiting::of("onesoup.test");
        for row in 0..MAX_WAITING {
            waiting.add(row as i64, &from(&format!("u{}", row % 1000), 1));
        }
        assert_eq!(waiting.has_room(&from("kim", 1)), Err(Refusal::OutboxFull));
        waiting.remove(&(0..MAX_WAITING as i64 / 5).collect::<Vec<_>>());
        assert_eq!(waiting.has_room(&from("kim", 1)), Ok(()));
    }
}
