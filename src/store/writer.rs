//! SQLite's one writing thread. It takes what waits into one transaction: keeps first, then jobs.
//! One commit, one sync, and everybody is answered.
//!
//! A job that fails takes no other with it: all of them are run again, each in a savepoint of its
//! own; and so are calls to keep. As long as none fails there are no savepoints, for each costs a
//! copy of every page that is changed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::batch::KeepBatch;
use super::error::StoreError;
use super::inbox::{Inbox, too_late};
use super::place::Place;
use super::sqlite::{self, Conn};
use super::tx::Tx;
use super::work::{Job, Verdict, steady};

/// How many events, and how many jobs, share one commit.
const EVENTS_MAX: usize = 1_024;
const JOBS_MAX: usize = 1_024;

/// How long jobs may hold up whoever waits: before them, for the commit, or behind them.
const JOBS_TIME: Duration = Duration::from_millis(10);

/// How long those in the background may go on while nobody waits: the more share a commit, the
/// fewer syncs there are.
const BACKGROUND_TIME: Duration = Duration::from_millis(200);

/// Pages of the log from which a checkpoint is worth its sync: 32 MiB.
const CHECKPOINT_FRAMES: i64 = 8_000;

/// How long the thread of checkpoints rests after each look.
const CHECKPOINT_REST: Duration = Duration::from_millis(50);

/// Where a job took its changes back, others soon will: for so many rounds each gets a savepoint at
/// once.
const CAREFUL_ROUNDS: u32 = 16;

type Manager = <Conn as Connection>::TransactionManager;

pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) inbox: Arc<Inbox>,
    pub(super) min_free_bytes: u64,
    /// `None` after a fault: the next one is opened anew, for after a failed sync a later one on
    /// the same handle proves nothing.
    pub(super) conn: Option<Conn>,
    pub(super) place: Place,
    /// Rounds in which each job is still to get a savepoint.
    pub(super) careful: u32,
    /// Wakes the thread of checkpoints.
    pub(super) committed: SyncSender<()>,
    /// Held as long as this thread lives.
    pub(super) lock: Option<File>,
}

impl Writer {
    pub(super) fn serve(mut self) {
        while self.inbox.wait() {
            steady(|| self.round());
        }
        // The connection before the lock: nobody else may serve from the file until it is closed.
        drop(self.conn.take());
        drop(self.lock.take());
    }

    /// One transaction.
    fn round(&mut self) {
        let keeps = KeepBatch::of(self.inbox.keeps(EVENTS_MAX));
        let mut done: Vec<Box<dyn Job>> = Vec::new();
        let end = match self.begin() {
            Ok(mut conn) => {
                self.careful = self.careful.saturating_sub(1);
                let ran = self.run_all(&mut conn, keeps, &mut done);
                let end = ran.and_then(|()| commit(&mut conn));
                // On a fault the connection goes, and with it what was not committed.
                self.conn = end.is_ok().then_some(conn);
                end
            }
            Err(error) => {
                if let Some(keeps) = keeps {
                    done.push(Box::new(keeps));
                }
                done.extend(std::iter::from_fn(|| self.inbox.job()).take(JOBS_MAX));
                Err(error)
            }
        };
        // A full line means that a look is due anyway; a closed one, that the thread ended.
        let _ = self.committed.try_send(());
        for job in done {
            job.answer(end.clone());
        }
    }

    fn begin(&mut self) -> Result<Conn, StoreError> {
        enough_space(&self.path, self.min_free_bytes)?;
        self.place.check(&self.path, self.conn.is_some())?;
        let new = self.conn.is_none() || !self.place.is_known();
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => sqlite::open(&self.path)?,
        };
        begin(&mut conn)?;
        if new {
            self.place.opened(&self.path);
        }
        Ok(conn)
    }

    /// Runs what waits; an error means that the transaction as a whole is lost.
    fn run_all(
        &mut self,
        conn: &mut Conn,
        keeps: Option<KeepBatch>,
        done: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), StoreError> {
        let mut awaited = keeps.is_some();
        if let Some(keeps) = keeps {
            keep(conn, keeps, done)?;
        }
        let begun = Instant::now();
        for _ in 0..JOBS_MAX {
            let Some(mut job) = self.inbox.job() else { break };
            if !job.begin() {
                job.answer(Err(too_late()));
                continue;
            }
            awaited |= !job.in_background();
            if self.careful > 0 || job.rehearses() {
                let ran = run(conn, job.as_mut());
                done.push(job);
                ran?;
            } else {
                let mut tx = Tx::on_sqlite(conn);
                let verdict = job.run(&mut tx);
                let spoiled = tx.spoiled();
                done.push(job);
                if verdict != Verdict::Commit {
                    self.careful = CAREFUL_ROUNDS;
                    run_again(conn, done).map_err(|error| spoiled.unwrap_or(error))?;
                }
            }
            awaited |= self.inbox.somebody_waits();
            if begun.elapsed() >= if awaited { JOBS_TIME } else { BACKGROUND_TIME } {
                break;
            }
        }
        Ok(())
    }
}

fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        .map_err(|error| StoreError::from_session(&error))
}

/// Keeps what waits, first of all in the transaction: where that fails, all of it is taken back. What
/// the database refuses of several calls is found out by one at a time. An error as in [`run`].
fn keep(
    conn: &mut Conn,
    mut keeps: KeepBatch,
    done: &mut Vec<Box<dyn Job>>,
) -> Result<(), StoreError> {
    let mut tx = Tx::on_sqlite(conn);
    let verdict = keeps.run(&mut tx);
    let spoiled = tx.spoiled();
    let mut ended = match verdict {
        Verdict::Commit => Ok(()),
        Verdict::TakeBack | Verdict::TakeBackAndRetry => {
            begin_again(conn).map_err(|error| spoiled.unwrap_or(error))
        }
    };
    match keeps.split_if_refused() {
        Ok(keeps) => done.push(Box::new(keeps)),
        Err(calls) => {
            for mut call in calls {
                ended = ended.and_then(|()| run(conn, &mut call));
                done.push(Box::new(call));
            }
        }
    }
    ended
}

/// Takes back all that was done since the last commit.
fn begin_again(conn: &mut Conn) -> Result<(), StoreError> {
    Manager::rollback_transaction(conn).map_err(|error| StoreError::from_session(&error))?;
    begin(conn)
}

/// Runs all of these again from the start, each in a savepoint. An error as in [`run`].
fn run_again(conn: &mut Conn, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    begin_again(conn)?;
    jobs.iter_mut().try_for_each(|job| run(conn, job.as_mut()))
}

/// Runs a job in a savepoint. An error means that the transaction as a whole is lost: SQLite
/// takes all of it back by itself when the disk is full or fails.
fn run(conn: &mut Conn, job: &mut dyn Job) -> Result<(), StoreError> {
    Manager::begin_transaction(conn).map_err(|error| StoreError::from_session(&error))?;
    let mut tx = Tx::on_sqlite(conn);
    let verdict = job.run(&mut tx);
    let spoiled = tx.spoiled();
    let end = match verdict {
        Verdict::Commit => Manager::commit_transaction(conn),
        Verdict::TakeBack | Verdict::TakeBackAndRetry => Manager::rollback_transaction(conn),
    };
    end.map_err(|error| spoiled.unwrap_or_else(|| StoreError::from_session(&error)))
}

fn commit(conn: &mut Conn) -> Result<(), StoreError> {
    Manager::commit_transaction(conn).map_err(|error| StoreError::from_commit(&error))
}

/// Before the first write that would fail.
pub(super) fn enough_space(path: &std::path::Path, min_free_bytes: u64) -> Result<(), StoreError> {
    if min_free_bytes == 0 {
        return Ok(());
    }
    let free = sqlite::free_bytes(path).map_err(|error| {
        StoreError::Unavailable(format!("the free space cannot be told: {error}"))
    })?;
    if free >= min_free_bytes {
        Ok(())
    } else {
        Err(StoreError::Full(format!(
            "{free} bytes are free, at least {min_free_bytes} are needed"
        )))
    }
}

/// The thread of checkpoints: off the writer's path, on a connection of its own. Ends with the
/// writer.
pub(super) fn serve_checkpoints(path: PathBuf, committed: Receiver<()>) {
    let mut kept: Option<Conn> = None;
    while committed.recv().is_ok() {
        steady(|| {
            let opened = kept.take().map_or_else(|| sqlite::connect(&path), Ok);
            let checked = opened.and_then(|mut conn| {
                sqlite::checkpoint(&mut conn, CHECKPOINT_FRAMES)?;
                Ok(conn)
            });
            match checked {
                Ok(conn) => kept = Some(conn),
                // The writer meets the same fault, or does a checkpoint when the log is long.
                Err(error) => tracing::warn!(%error, "a checkpoint of the log failed"),
            }
        });
        std::thread::sleep(CHECKPOINT_REST);
    }
}
