//! The one writer: takes all units of work that wait and commits them together.

use std::{mem, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    base::{clock::Millis, counters::Counter},
    domain::account::Account,
    store::{
        accounts, apply,
        error::StoreError,
        hot::Hot,
        sqlite::{self, ConnectOptions, Connection, Query},
        tally::Tally,
        write::Write,
    },
};

/// What a unit of work does.
#[derive(Debug)]
pub(super) enum Work {
    /// Writes.
    Writes(Vec<Write>),
    /// Makes an account, and writes if its name was free.
    NewAccount(Box<Account>, Vec<Write>),
    /// Shows that the store takes writes.
    Ping(Millis),
}

/// What the writer can be asked outside of units.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Whether another process has committed since this was last asked.
    Changed,
    /// To commit what is queued and end.
    Stop,
}

/// The way to the writer.
#[derive(Debug)]
pub(super) struct WriterHandle {
    jobs: mpsc::Sender<Job>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The promise of a commit.
#[derive(Debug)]
pub(super) struct Commit(oneshot::Receiver<Outcome>);

/// Whether a unit took place; false only where an account's name was taken.
type Outcome = Result<bool, StoreError>;

enum Job {
    Unit(Unit),
    Task(Task, oneshot::Sender<Outcome>),
}

struct Unit {
    work: Work,
    done: oneshot::Sender<Outcome>,
}

struct Writer {
    connection: Connection,
    options: ConnectOptions,
    tally: Tally,
    hot: Hot,
    data_version: Option<i64>,
}

impl WriterHandle {
    /// Starts the writer on a connection of its own.
    pub(super) async fn start(options: ConnectOptions, tally: Tally) -> Result<Self, StoreError> {
        let connection = options.connect().await.map_err(sqlite::store_error)?;
        let hot = Hot::default();
        let mut writer = Writer { connection, options, tally, hot, data_version: None };
        writer.changed().await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(writer.run(queue));
        Ok(Self { jobs, task: Mutex::new(Some(task)) })
    }

    /// Queues a unit, waiting for room, and waits for its commit.
    pub(super) async fn send(&self, work: Work) -> Outcome {
        let (unit, commit) = Unit::new(work);
        self.jobs.send(Job::Unit(unit)).await.map_err(|_| StoreError::Closed)?;
        commit.done().await
    }

    /// Queues a unit now or not at all.
    pub(super) fn queue(&self, work: Work) -> Result<Commit, StoreError> {
        let (unit, commit) = Unit::new(work);
        self.jobs.try_send(Job::Unit(unit)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy("too much waits to be written"),
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        Ok(commit)
    }

    /// Asks the writer for something else than a unit.
    pub(super) async fn ask(&self, task: Task) -> Outcome {
        let (done, answer) = oneshot::channel();
        self.jobs.send(Job::Task(task, done)).await.map_err(|_| StoreError::Closed)?;
        Commit(answer).done().await
    }

    /// Lets the writer commit what is queued, and waits for its end.
    pub(super) async fn close(&self) {
        let mut task = self.task.lock().await;
        let Some(running) = task.take() else { return };
        // It may have ended already; then there is nothing to stop.
        let _ = self.ask(Task::Stop).await;
        if let Err(error) = running.await {
            tracing::error!(%error, "the writer of the store ended badly");
        }
    }
}

impl Commit {
    /// Waits for it.
    pub(super) async fn done(self) -> Outcome {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Unit {
    fn new(work: Work) -> (Self, Commit) {
        let (done, commit) = oneshot::channel();
        (Self { work, done }, Commit(commit))
    }
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP);
        let mut units = Vec::with_capacity(GROUP);
        let mut last = Instant::now() - PAUSE;
        while queue.recv_many(&mut jobs, GROUP).await > 0 {
            if jobs.len() < GROUP && last.elapsed() < PAUSE {
                sleep_until(last + PAUSE).await;
                while jobs.len() < GROUP
                    && let Ok(job) = queue.try_recv()
                {
                    jobs.push(job);
                }
            }
            last = Instant::now();
            for job in jobs.drain(..) {
                match job {
                    Job::Unit(unit) => units.push(unit),
                    Job::Task(Task::Changed, done) => {
                        self.group(&mut units).await;
                        let _ = done.send(self.changed().await);
                    }
                    Job::Task(Task::Stop, done) => {
                        // What was queued before and beside it is still committed.
                        queue.close();
                        let _ = done.send(Ok(true));
                    }
                }
            }
            self.group(&mut units).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the writer of the store did not close");
        }
    }

    /// Commits units together and answers each. The askers may have gone: nobody is told then.
    async fn group(&mut self, units: &mut Vec<Unit>) {
        if units.is_empty() {
            return;
        }
        match self.transaction(units).await {
            Ok(outcomes) => {
                for (unit, outcome) in units.drain(..).zip(outcomes) {
                    let _ = unit.done.send(Ok(outcome));
                }
            }
            Err(error) if error.is_of_the_unit() && units.len() > 1 => {
                // One of them is to blame: each on its own, so that it alone fails.
                for unit in units.drain(..) {
                    let outcome = self.transaction(std::slice::from_ref(&unit)).await;
                    let _ =
                        unit.done.send(outcome.map(|outcomes| outcomes.first() != Some(&false)));
                }
            }
            Err(error) => {
                for unit in units.drain(..) {
                    let _ = unit.done.send(Err(error.clone()));
                }
            }
        }
    }

    async fn transaction(&mut self, units: &[Unit]) -> Result<Vec<bool>, StoreError> {
        let outcomes = self.try_transaction(units).await;
        match &outcomes {
            Ok(_) => {
                Counter::Commits.count();
                Counter::CommittedUnits.add(i64::try_from(units.len()).unwrap_or(i64::MAX));
            }
            Err(error) => self.undo(error).await,
        }
        outcomes
    }

    async fn try_transaction(&mut self, units: &[Unit]) -> Result<Vec<bool>, StoreError> {
        let mut begin = sqlite::BEGIN;
        let mut outcomes = Vec::with_capacity(units.len());
        for unit in units {
            let (first, writes) = match &unit.work {
                Work::Writes(writes) => (None, writes.as_slice()),
                Work::NewAccount(account, writes) => {
                    (Some(accounts::create(account)), writes.as_slice())
                }
                Work::Ping(now) => (Some(apply::ping(*now)), [].as_slice()),
            };
            if let Some(first) = first {
                let is_new = self.run_other(&mut begin, first).await? > 0;
                outcomes.push(is_new);
                if !is_new {
                    continue;
                }
            } else {
                outcomes.push(true);
            }
            for write in writes {
                self.write(&mut begin, write).await?;
            }
        }
        let last = self.hot.statement(begin, sqlite::COMMIT);
        self.tally.count();
        last.execute(&mut self.connection).await.map_err(sqlite::store_error)?;
        Ok(outcomes)
    }

    async fn write(&mut self, begin: &mut &'static str, write: &Write) -> Result<(), StoreError> {
        if self.hot.must_go_before(write) {
            let waiting = self.hot.statement(mem::take(begin), "");
            self.tally.count();
            waiting.execute(&mut self.connection).await.map_err(sqlite::store_error)?;
        }
        if !self.hot.take(write)
            && let Some(statement) = apply::statement(write)
        {
            self.run_other(begin, statement).await?;
        }
        Ok(())
    }

    /// Runs a statement inside the transaction, which it begins if nothing has; returns how many
    /// rows it changed.
    async fn run_other(
        &mut self,
        begin: &mut &'static str,
        statement: Query<'_>,
    ) -> Result<u64, StoreError> {
        let begin = mem::take(begin);
        if !begin.is_empty() {
            self.tally.count();
            sqlx::query(begin).execute(&mut self.connection).await.map_err(sqlite::store_error)?;
        }
        self.tally.count();
        let changed = statement.execute(&mut self.connection).await;
        Ok(changed.map_err(sqlite::store_error)?.rows_affected())
    }

    /// Leaves nothing of a transaction that failed.
    async fn undo(&mut self, error: &StoreError) {
        self.hot = Hot::default();
        // It fails where there is nothing to roll back: the database may have done it itself.
        let _ = sqlx::query(sqlite::ROLLBACK).execute(&mut self.connection).await;
        if !matches!(error, StoreError::Broken(_)) {
            return;
        }
        tracing::error!(%error, "the store failed; its connection is opened again");
        match self.options.connect().await {
            Ok(connection) => {
                self.connection = connection;
                self.data_version = None;
            }
            Err(error) => tracing::error!(%error, "the store could not be opened again"),
        }
    }

    /// Only commits of other connections change the number, and no other of this process writes.
    async fn changed(&mut self) -> Outcome {
        let row = sqlx::query(sqlite::DATA_VERSION).fetch_one(&mut self.connection).await;
        let found = row.and_then(|row| row.try_get(0)).map_err(sqlite::store_error)?;
        Ok(self.data_version.replace(found) != Some(found))
    }
}

/// Units that may wait for the writer.
const QUEUE: usize = 8192;
/// From one transaction to the next at least: what comes meanwhile shares the next one, for most
/// of what a transaction costs does not grow with its units. A phone does not notice it.
const PAUSE: Duration = Duration::from_millis(1);
/// Units of one transaction: more would let the first wait without making any cheaper.
const GROUP: usize = 512;
