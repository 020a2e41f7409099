//! How much waits in the outbox while the link is away.

use std::collections::HashMap;

use crate::{base::counters::Counter, domain::refusal::Refusal};

/// Stanzas that may wait while the link is away: more than a thousand phones write in a day.
const MAX_WAITING: usize = 100_000;

/// Octets that these may have together, on the disk and when they are read again.
const MAX_WAITING_BYTES: usize = 128 * 1024 * 1024;

/// What waits in the outbox: the size of each row.
#[derive(Debug)]
pub struct Waiting {
    domain: String,
    rows: HashMap<i64, usize>,
    bytes: usize,
    is_full: bool,
}

impl Waiting {
    /// Returns the empty outbox of a domain.
    pub fn of(domain: &str) -> Self {
        Self { domain: domain.to_owned(), rows: HashMap::new(), bytes: 0, is_full: false }
    }

    /// Takes note of a row that is in the outbox now.
    pub fn add(&mut self, row: i64, bytes: usize) {
        self.bytes += bytes;
        self.bytes -= self.rows.insert(row, bytes).unwrap_or_default();
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
        for row in rows {
            self.bytes -= self.rows.remove(row).unwrap_or_default();
        }
        // Not at the first that leaves: it would be full again in a moment.
        let has_room =
            self.rows.len() < MAX_WAITING / 10 * 9 && self.bytes < MAX_WAITING_BYTES / 10 * 9;
        if has_room && self.is_full {
            tracing::info!(domain = self.domain, "the outbox has room again");
            self.is_full = false;
        }
    }

    /// Returns whether one more may wait.
    ///
    /// # Errors
    ///
    /// Too much waits already.
    pub fn has_room(&self) -> Result<(), Refusal> {
        if self.is_full {
            Counter::OutboxFull.count();
            return Err(Refusal::OutboxFull);
        }
        Ok(())
    }

    /// Returns how many rows wait.
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}
