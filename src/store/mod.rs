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
//! - `error`: has it happened? `url`: where? `history`: the hash chain

pub mod error;
pub mod history;
pub mod rows;
mod schema;
pub mod tx;
pub mod types;
pub mod url;

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

pub use error::StoreError;
pub use tx::Tx;
pub use url::DatabaseUrl;

use rows::{Kept, NewEvent};
use types::{Bytes, Dedupe, Digest};

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

/// A handle on the store; clones are one store.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens the database and starts the store's threads. Blocks. Migrates nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::InUse`], [`StoreError::Unsafe`].
    pub fn open(url: &DatabaseUrl, options: Options) -> Result<Self, StoreError> {
        let _ = (url, options);
        Err(StoreError::Closed)
    }

    /// Brings the schema up to date. Can be killed anywhere and go on later; several nodes may
    /// start at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Looks at what safety stands on: versions, settings, the unique constraints.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] names what is wrong and what would be right.
    pub async fn check(&self) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Does what a real write would do, and looks at the free space.
    ///
    /// # Errors
    /// Whatever a write would meet now.
    pub async fn healthy(&self) -> Result<(), StoreError> {
        Err(StoreError::Closed)
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
        let _ = (events, deadline);
        Err(StoreError::Closed)
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
        let _ = (name, work);
        Err(StoreError::Closed)
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
        let _ = (name, deadline, work);
        Err(StoreError::Closed)
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
        let _ = (name, work);
        Err(StoreError::Closed)
    }

    /// Runs a named transaction that only reads, on what was committed last.
    ///
    /// # Errors
    /// The closure's own, or [`StoreError`]; a write in it is refused.
    pub async fn read<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let _ = (name, work);
        Err(StoreError::Closed)
    }

    /// Finishes what was accepted and ends the threads; later calls on any clone get
    /// [`StoreError::Closed`].
    pub async fn close(self) {}
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

fn first_half(hash: Sha256) -> Dedupe {
    let whole: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(whole.split_at(16).0);
    Bytes(half)
}
