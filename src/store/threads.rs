//! The threads of a store, and where they get their connections.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use super::age::Age;
use super::copy::{Copied, CopyError, copy};
use super::error::StoreError;
use super::hold::Hold;
use super::inbox::Inbox;
use super::place::Place;
use super::pool::{PG_READ, PG_WRITE, SQLITE_READ, Seat};
use super::url::{DatabaseUrl, PostgresUrl};
use super::writer::{Writer, serve_checkpoints};
use super::{Options, check, pg, sqlite};

/// How many threads keep events on PostgreSQL: while one waits for its sync, the other gathers.
const PG_KEEPERS: u32 = 2;

/// How long a statement of the intake may take on PostgreSQL: senders give up after 5 s.
const PG_KEEP_PATIENCE: Duration = Duration::from_secs(4);

/// Where connections come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Sqlite(PathBuf),
    Pg(Box<PostgresUrl>),
}

#[derive(Debug)]
pub(super) struct Threads {
    source: Source,
    keeps: Arc<Inbox>,
    /// On SQLite the same as `keeps`: one thread takes from both lines.
    jobs: Arc<Inbox>,
    reads: Arc<Inbox>,
    handles: Mutex<Vec<JoinHandle<()>>>,
    beats: AtomicU64,
}

impl Threads {
    pub(super) fn start(url: &DatabaseUrl, options: &Options) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::start_sqlite(path.clone(), options),
            DatabaseUrl::Postgres(url) => Self::start_pg(url.clone(), options),
        }
    }

    fn start_sqlite(path: PathBuf, options: &Options) -> Result<Self, StoreError> {
        let lock = if options.exclusive { Some(sqlite::lock(&path)?) } else { None };
        let conn = sqlite::open(&path)?;
        let keeps = Inbox::new(options.queue_length);
        let this = Self::new(Source::Sqlite(path.clone()), keeps.clone(), keeps.clone(), options);
        let (committed, commits) = mpsc::sync_channel(1);
        let writer = Writer {
            path: path.clone(),
            inbox: keeps,
            min_free_bytes: options.min_free_bytes,
            conn: Some(conn),
            place: Place::default(),
            careful: 0,
            committed,
            lock,
        };
        this.spawn("store-writer", move || writer.serve())?;
        let checkpointed = path.clone();
        this.spawn("store-checkpoint", move || serve_checkpoints(checkpointed, commits))?;
        for _ in 0..options.readers.max(1) {
            let (path, reads) = (path.clone(), Arc::clone(&this.reads));
            let seat = move || Seat::new(SQLITE_READ, move || sqlite::open_reader(&path));
            this.spawn("store-reader", move || seat().serve_jobs(&reads))?;
        }
        Ok(this)
    }

    fn start_pg(url: Box<PostgresUrl>, options: &Options) -> Result<Self, StoreError> {
        let this = Self::new(
            Source::Pg(url.clone()),
            Inbox::new(options.queue_length),
            Inbox::new(options.queue_length),
            options,
        );
        // A wrong address is told at once. On a thread of its own: the caller may be async.
        let (first, patience) = (url.clone(), options.patience);
        join(this.thread("store-first", move || pg::connect(&first, Some(patience)).map(drop))?)??;
        let readers = (options.pg_connections / 3).max(1);
        let writers = options.pg_connections.saturating_sub(readers).max(1);
        for (count, name, begin, inbox) in [
            (readers, "store-reader", PG_READ, &this.reads),
            (writers, "store-writer", PG_WRITE, &this.jobs),
        ] {
            for _ in 0..count {
                let (url, inbox) = (url.clone(), Arc::clone(inbox));
                let seat = move || Seat::new(begin, move || pg::connect(&url, Some(patience)));
                this.spawn(name, move || seat().serve_jobs(&inbox))?;
            }
        }
        for _ in 0..PG_KEEPERS {
            let (url, inbox) = (url.clone(), Arc::clone(&this.keeps));
            let seat =
                move || Seat::new(PG_WRITE, move || pg::connect(&url, Some(PG_KEEP_PATIENCE)));
            this.spawn("store-keeper", move || seat().serve_keeps(&inbox))?;
        }
        Ok(this)
    }

    fn new(source: Source, keeps: Arc<Inbox>, jobs: Arc<Inbox>, options: &Options) -> Self {
        let reads = Inbox::new(options.queue_length);
        Self { source, keeps, jobs, reads, handles: Mutex::default(), beats: AtomicU64::new(0) }
    }

    pub(super) fn keeps(&self) -> &Inbox {
        &self.keeps
    }

    pub(super) fn jobs(&self) -> &Inbox {
        &self.jobs
    }

    pub(super) fn reads(&self) -> &Inbox {
        &self.reads
    }

    /// Never the same twice, so that writing it is a write.
    pub(super) fn next_beat(&self) -> u64 {
        self.beats.fetch_add(1, Ordering::Relaxed)
    }

    /// Does something rare on a thread and a connection of its own.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Source) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let source = self.source.clone();
        self.thread("store-aside", move || drop(reply.send(act(&source))))?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Finishes what was accepted.
    pub(super) async fn close(&self) {
        self.shut();
        let handles: Vec<_> =
            std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        let (reply, answer) = oneshot::channel();
        let joined = self.thread("store-close", move || {
            for handle in handles {
                let _ = handle.join();
            }
            let _ = reply.send(());
        });
        if joined.is_ok() {
            let _ = answer.await;
        }
    }

    fn shut(&self) {
        for inbox in [&self.keeps, &self.jobs, &self.reads] {
            inbox.close();
        }
    }

    fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let handle = self.thread(name, body)?;
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(())
    }

    fn thread<T: Send + 'static>(
        &self,
        name: &str,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, StoreError> {
        Builder::new().name(name.to_owned()).spawn(body).map_err(|error| {
            StoreError::Unavailable(format!("the thread {name} cannot be started: {error}"))
        })
    }
}

/// Without waiting: the last handle may be dropped by work on one of these threads.
impl Drop for Threads {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Source {
    pub(super) fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::migrate(&mut sqlite::open(path)?),
            Self::Pg(url) => pg::migrate(&mut pg::connect(url, None)?),
        }
    }

    pub(super) fn age(&self) -> Result<Age, StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::age(&mut sqlite::open(path)?),
            Self::Pg(url) => pg::age(&mut pg::connect(url, Some(PG_KEEP_PATIENCE))?),
        }
    }

    pub(super) fn compact(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::compact(&mut sqlite::open(path)?),
            Self::Pg(url) => pg::compact(&mut pg::connect(url, None)?),
        }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let unique = match self {
            Self::Sqlite(path) => sqlite::check(&mut sqlite::open(path)?)?,
            Self::Pg(url) => pg::check(&mut pg::connect(url, Some(PG_KEEP_PATIENCE))?)?,
        };
        check::unique_constraints(&unique)
    }

    pub(super) fn copy(&self, file: &Path, hold: &Hold) -> Result<Copied, CopyError> {
        match self {
            Self::Sqlite(path) => copy(path, file, hold),
            Self::Pg(_) => Err(CopyError::NotBuiltIn),
        }
    }
}

fn join<T>(handle: JoinHandle<T>) -> Result<T, StoreError> {
    handle.join().map_err(|_| ended())
}

fn ended() -> StoreError {
    StoreError::Unavailable("its thread ended in the middle".to_owned())
}
