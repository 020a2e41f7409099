//! How much the store was asked to do.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::base::counters::Counter;

/// Counts the statements of one store, those of the writer and of the readers.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// Counts a statement that is about to run.
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
        Counter::Statements.count();
    }

    /// Returns how many have run.
    pub(super) fn statements(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
