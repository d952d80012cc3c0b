//! The store: SQLite or PostgreSQL, and nobody outside of this module knows which.
//!
//! It blocks and lives on threads of its own; async code awaits a channel, never a connection.
//! Time comes as an argument; only leases run by the database's own clock, on PostgreSQL.
//!
//! - [`Store`]: the handle. [`Store::keep`] is the intake's way in, [`Store::run`] a named write
//!   transaction, [`Store::read`] one that only reads
//! - `tx`: everything that can be done in a transaction, as a list
//! - `queries/`: how, once for both databases
//! - `sqlite`, `pg`: only what differs
//! - `rows`, `types`, `schema`: what is stored
//! - [`json`]: what stands in a column of that kind
//! - `error`: has it happened? `url`, `place`: where? `age`: is the schema this program's?
//! - `history`: the hash chain; `hold`: does anything go out? `copy`: a backup

mod age;
mod batch;
mod check;
mod copy;
pub mod error;
pub mod history;
pub mod hold;
mod inbox;
mod json;
mod pg;
mod place;
mod pool;
mod prepared;
pub mod rows;
mod schema;
mod sqlite;
mod threads;
pub mod tx;
pub mod types;
pub mod url;
mod work;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

pub use age::Age;
pub use copy::{Copied, CopyError};
pub use error::StoreError;
pub use json::json;
pub use tx::Tx;
pub use url::DatabaseUrl;

use hold::Hold;
use inbox::{KeepCall, Ticket, too_late};
use rows::{Kept, NewEvent};
use threads::Threads;
use types::{Bytes, Dedupe, Digest};
use work::{Purpose, Work};

/// How long a probe waits: those who ask give up soon.
const HEALTH_PATIENCE: Duration = Duration::from_secs(3);

/// How the store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// For the one process that serves: on SQLite it takes the lock beside the file, so that a
    /// second one is refused. Commands of the command line go without.
    pub exclusive: bool,
    /// Connections that only read, on SQLite (at least 1).
    pub readers: u32,
    /// Connections for [`Store::run`] and [`Store::read`] on PostgreSQL (at least 2). Two more
    /// are the intake's own.
    pub pg_connections: u32,
    /// How many [`Store::keep`]s, [`Store::run`]s and [`Store::read`]s may each wait in line.
    pub queue_length: usize,
    /// How long work may take, waiting and running, before it is given up.
    pub patience: Duration,
    /// Below this much free space on SQLite's disk, writing is refused. 0: never.
    pub min_free_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            exclusive: false,
            readers: 4,
            pg_connections: 8,
            queue_length: 4096,
            patience: Duration::from_secs(30),
            min_free_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A handle on the store; clones are one store. When the last one is dropped, the threads finish
/// what was accepted and end.
#[derive(Debug, Clone)]
pub struct Store {
    threads: Arc<Threads>,
    patience: Duration,
}

impl Store {
    /// Opens the database and starts the store's threads. Blocks. Migrates nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::InUse`] where another process serves from the
    /// file.
    pub fn open(url: &DatabaseUrl, options: Options) -> Result<Self, StoreError> {
        Ok(Self { threads: Arc::new(Threads::start(url, &options)?), patience: options.patience })
    }

    /// The same store for callers who are not that patient.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { threads: Arc::clone(&self.threads), patience: patience.min(self.patience) }
    }

    /// Brings the schema up to date. Can be killed anywhere and go on later; several nodes may
    /// start at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.threads.aside(threads::Source::migrate).await
    }

    /// How old the schema is. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn age(&self) -> Result<Age, StoreError> {
        self.threads.aside(threads::Source::age).await
    }

    /// Looks at what safety stands on: versions, settings, the unique constraints.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] names what is wrong and what would be right.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.threads.aside(threads::Source::check).await
    }

    /// Copies the built-in database to a new file while it is in use. In the copy everything that
    /// goes out is on hold, for this reason.
    ///
    /// # Errors
    /// [`CopyError`]: then nothing is left of it.
    pub async fn copy(&self, file: PathBuf, hold: Hold) -> Result<Copied, CopyError> {
        self.threads.aside(move |source| Ok(source.copy(&file, &hold))).await?
    }

    /// Leaves nothing behind of what was deleted or written over: writes the file anew on SQLite
    /// (which takes as much free space as it has, and holds up writers meanwhile) and empties its
    /// log; gives the dead rows of all tables back on PostgreSQL. Blocks nobody who reads.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is lost; do it again later.
    pub async fn compact(&self) -> Result<(), StoreError> {
        self.threads.aside(threads::Source::compact).await
    }

    /// Does what a real write would do, and looks at the free space, within 3 s.
    ///
    /// # Errors
    /// Whatever a write would meet now.
    pub async fn healthy(&self) -> Result<(), StoreError> {
        let beat = self.threads.next_beat().to_string();
        let deadline = Instant::now() + HEALTH_PATIENCE;
        self.run_until("health", deadline, move |tx| tx.meta_put("health", &beat)).await
    }

    /// Keeps events: durable when it returns. Calls that wait are put together into one commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the line is full or the deadline passes before the work began;
    /// [`StoreError::Unknown`] when it passes after, or the commit failed.
    pub async fn keep(
        &self,
        events: Vec<NewEvent>,
        deadline: Instant,
    ) -> Result<Vec<Kept>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let ticket = Ticket::until(deadline);
        let asked_at = Instant::now();
        let call = KeepCall { events, ticket: Arc::clone(&ticket), reply, asked_at };
        self.threads.keeps().put_keep(call)?;
        wait(&ticket, answer).await
    }

    /// Runs a named write transaction and commits it. It may be run more than once (a deadlock,
    /// a lock that was held): nothing in it may leave the database. An error takes all back.
    ///
    /// # Errors
    /// The closure's own, or [`StoreError`].
    pub async fn run<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.run_until(name, Instant::now() + self.patience, work).await
    }

    /// As [`Store::run`], for work that nobody waits for who would notice: what others ask for goes
    /// first, so that a backlog holds up no activation. On SQLite much of it shares one commit.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn run_in_background<T, F>(
        &self,
        name: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let deadline = Instant::now() + self.patience;
        self.submit(name, deadline, Purpose::ChangeInBackground, work).await
    }

    /// As [`Store::run`], but gives up at `deadline`.
    ///
    /// # Errors
    /// As [`Store::run`]; [`StoreError::Unknown`] when the time is up in the middle.
    pub async fn run_until<T, F>(
        &self,
        name: &'static str,
        deadline: Instant,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.submit(name, deadline, Purpose::Change, work).await
    }

    /// As [`Store::run`], but always takes everything back: what would happen?
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn rehearse<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.submit(name, Instant::now() + self.patience, Purpose::Rehearse, work).await
    }

    /// Runs a named transaction that only reads, on what was committed last. It sees one moment
    /// throughout.
    ///
    /// # Errors
    /// The closure's own, or [`StoreError`]; a write in it is refused.
    pub async fn read<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let mut work = Some(work);
        let once = move |tx: &mut Tx<'_>| match work.take() {
            Some(work) => work(tx),
            None => Err(StoreError::Busy("it was read already".to_owned())),
        };
        self.submit(name, Instant::now() + self.patience, Purpose::Read, once).await
    }

    /// Finishes what was accepted and ends the threads; later calls on any clone get
    /// [`StoreError::Closed`].
    pub async fn close(self) {
        self.threads.close().await;
    }

    async fn submit<T, F>(
        &self,
        name: &'static str,
        deadline: Instant,
        purpose: Purpose,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let ticket = Ticket::until(deadline);
        let job = Box::new(Work {
            name,
            ticket: Arc::clone(&ticket),
            work,
            purpose,
            // What is told if it never runs.
            outcome: Err(too_late()),
            reply,
            asked_at: Instant::now(),
        });
        match purpose {
            Purpose::Change | Purpose::ChangeInBackground | Purpose::Rehearse => {
                self.threads.jobs().put_job(job)?;
            }
            Purpose::Read => self.threads.reads().put_job(job)?,
        }
        match wait(&ticket, answer).await {
            // Nothing is in doubt that was never to stay.
            Err(StoreError::Unknown(why)) if !purpose.changes() => Err(StoreError::Busy(why)),
            outcome => outcome,
        }
    }
}

/// Waits for the answer, but not past the deadline.
async fn wait<T>(
    ticket: &Ticket,
    answer: oneshot::Receiver<Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout_at(ticket.deadline().into(), answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(StoreError::Unknown("its thread ended in the middle".to_owned())),
        Err(_) if ticket.give_up() => Err(too_late()),
        Err(_) => Err(StoreError::Unknown("the time was up in the middle".to_owned())),
    }
}

/// What an event is known by: the account and the provider's id of the event, or, where it has
/// none, the digest of its content.
#[must_use]
pub fn dedupe(account: &str, provider_event_id: Option<&str>, content_digest: &Digest) -> Dedupe {
    let mut hash = Sha256::new();
    hash.update(account);
    hash.update([0]);
    match provider_event_id {
        Some(id) => hash.update(id),
        None => hash.update(content_digest.0),
    }
    first_half(hash)
}

/// What a second telling of an event is known by: one with another content.
fn second_name(name: Dedupe, content_digest: &Digest) -> Dedupe {
    first_half(Sha256::new().chain_update(name.0).chain_update(content_digest.0))
}

fn first_half(hash: Sha256) -> Dedupe {
    let whole: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(whole.split_at(16).0);
    Bytes(half)
}
