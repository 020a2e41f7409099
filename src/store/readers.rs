//! The connections that read.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::store::{
    error::StoreError,
    sqlite::{self, ConnectOptions, Connection, Query, Row},
    tally::Tally,
};

/// A few connections, opened when first needed and kept.
///
/// A pool of our own: the usual one asks a connection whether it lives each time it comes back,
/// which costs as much as a small read.
#[derive(Debug)]
pub(super) struct Readers {
    options: ConnectOptions,
    tally: Tally,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

struct Borrowed<'a> {
    connection: Option<Connection>,
    readers: &'a Readers,
    _place: SemaphorePermit<'a>,
}

impl Readers {
    /// Returns readers of the database at `path`.
    pub(super) fn new(path: &Path, tally: Tally) -> Self {
        Self {
            options: sqlite::reader_options(path),
            tally,
            places: Semaphore::new(READERS),
            idle: Mutex::new(Vec::with_capacity(READERS)),
        }
    }

    /// Returns all rows of an answer.
    pub(super) async fn rows(&self, query: Query<'_>) -> Result<Vec<Row>, StoreError> {
        let mut borrowed = self.borrow().await?;
        let connection = borrowed.connection().await?;
        let answer = query.fetch_all(connection).await;
        borrowed.judge(answer)
    }

    /// Returns the first row of an answer.
    pub(super) async fn row(&self, query: Query<'_>) -> Result<Option<Row>, StoreError> {
        let mut borrowed = self.borrow().await?;
        let connection = borrowed.connection().await?;
        let answer = query.fetch_optional(connection).await;
        borrowed.judge(answer)
    }

    /// Waits for those that read and closes all connections.
    pub(super) async fn close(&self) {
        let all = self.places.acquire_many(READERS as u32).await;
        self.places.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a reader of the store did not close");
            }
        }
    }

    async fn borrow(&self) -> Result<Borrowed<'_>, StoreError> {
        self.tally.count();
        let place = self.places.acquire().await.map_err(|_| StoreError::Closed)?;
        let connection = self.idle().pop();
        Ok(Borrowed { connection, readers: self, _place: place })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Borrowed<'_> {
    async fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.readers.options.connect().await.map_err(sqlite::store_error)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Passes an answer on; a connection that failed is not used again.
    fn judge<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        answer.map_err(|error| {
            self.connection = None;
            sqlite::store_error(error)
        })
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.idle().push(connection);
        }
    }
}

/// As many as are useful: each is a thread, and a read takes microseconds.
const READERS: usize = 4;
