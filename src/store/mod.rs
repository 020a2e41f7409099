//! Door of the store: rows, and units of work that are durable once they are answered.
//!
//! Writes go through one writer that commits all that waits as one group; reads
//! use connections of their own and never wait for it.

pub mod accounts;
pub mod answers;
pub mod contact_lists;
pub mod contact_presence;
pub mod contacts;
pub mod departures;
pub mod entities;
pub mod error;
pub mod mailbox;
pub mod outbox;
pub mod pictures;
pub mod programs;
pub mod public_profiles;
pub mod sessions;
pub mod statistics;
pub mod watches;
pub mod write;

mod aliases;
mod apply;
mod hot;
mod migrate;
mod open;
mod readers;
mod rows;
mod sheet;
mod sqlite;
mod tally;
mod writer;

use std::sync::Arc;

use crate::{
    base::clock::{Clock, Millis},
    domain::account::Account,
    store::{
        error::StoreError,
        readers::Readers,
        tally::Tally,
        write::Write,
        writer::{Task, Work, WriterHandle},
    },
};

/// All that is kept; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: WriterHandle,
    readers: Readers,
    tally: Tally,
    clock: Clock,
}

impl Store {
    /// Carries out a unit of work; waits for room in the queue, and for the commit.
    ///
    /// # Errors
    /// None of the writes took place.
    pub async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        self.0.writer.send(Work::Writes(writes)).await.map(drop)
    }

    /// Queues a unit of work at once, in the order of the calls; the future waits for the commit.
    ///
    /// # Errors
    /// None of the writes took place; [`StoreError::Busy`] if the queue is full.
    pub fn submit(
        &self,
        writes: Vec<Write>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let queued = self.0.writer.queue(Work::Writes(writes));
        async move { queued?.done().await.map(drop) }
    }

    /// Makes an account, and carries out `writes` with it; false if the name is taken, and then
    /// nothing is written.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create_account(
        &self,
        account: Account,
        writes: Vec<Write>,
    ) -> Result<bool, StoreError> {
        self.0.writer.send(Work::NewAccount(Box::new(account), writes)).await
    }

    /// Drops all answers older than `before`, in slices between which others may write.
    ///
    /// # Errors
    /// Some are left.
    pub async fn prune_answers(&self, before: Millis) -> Result<(), StoreError> {
        while self.readers().row(answers::has_older(before)).await?.is_some() {
            self.commit(vec![Write::PruneAnswers { before }]).await?;
        }
        Ok(())
    }

    /// Writes a row and waits for its commit: whether the store is ready.
    ///
    /// # Errors
    /// It is not.
    pub async fn ping_write(&self) -> Result<(), StoreError> {
        self.0.writer.send(Work::Ping(self.0.clock.now())).await.map(drop)
    }

    /// Returns whether another process has committed since this was last asked.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn changed_elsewhere(&self) -> Result<bool, StoreError> {
        self.0.writer.ask(Task::Changed).await
    }

    /// Commits what is queued and ends the writer; later writes are refused.
    pub async fn close(&self) {
        self.0.writer.close().await;
        self.0.readers.close().await;
    }
}
