//! Why the store could not do as asked.

/// What went wrong, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Others hold the database, or the queue of the writer is full.
    #[error("the store is busy: {0}")]
    Busy(&'static str),
    /// There is no room left on the disk.
    #[error("the disk of the store is full")]
    Full,
    /// The unit breaks a rule of the tables: it refers to what is not there.
    #[error("refused by a rule of the store: {0}")]
    Conflict(String),
    /// The database cannot be used.
    #[error("the store is broken: {0}")]
    Broken(String),
    /// A newer version of this program has changed the tables.
    #[error(
        "the store was made by a newer version of this program (schema {found}; this version \
         knows {known}): use that version, or restore a backup"
    )]
    NewerSchema {
        /// The greatest migration that the database has.
        found: i64,
        /// The greatest that this program has.
        known: i64,
    },
    /// The place of the store makes no sense.
    #[error("store url {url:?}: {reason}")]
    Url {
        /// As it was given, without a password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Returns whether only the unit itself is to blame, not the store.
    pub fn is_of_the_unit(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}
