//! Threads with a connection each, one transaction at a time: all of PostgreSQL's, and SQLite's
//! readers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use super::batch::KeepBatch;
use super::error::StoreError;
use super::inbox::{Inbox, too_late};
use super::tx::Tx;
use super::work::{Job, Verdict, steady};
use super::{pg, sqlite};

/// How a transaction begins. Every reader sees one moment throughout.
pub(super) const PG_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
pub(super) const PG_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
pub(super) const SQLITE_READ: &str = "BEGIN";

/// How many events share one commit on PostgreSQL.
const EVENTS_MAX: usize = 1_024;

/// Waits between the runs of one job: 10, 20, 40 ... 320 ms. A deadlock is over after the first; of
/// many who write about one thing, each round lets one through.
const RUNS_MAX: u32 = 12;
const WAIT_FIRST: Duration = Duration::from_millis(10);
const DOUBLINGS_MAX: u32 = 5;

/// A connection that can carry a transaction.
pub(super) trait Session: SimpleConnection {
    fn tx(&mut self) -> Tx<'_>;
}

impl Session for sqlite::Conn {
    fn tx(&mut self) -> Tx<'_> {
        Tx::on_sqlite(self)
    }
}

impl Session for pg::Conn {
    fn tx(&mut self) -> Tx<'_> {
        Tx::on_pg(self)
    }
}

/// A thread's connection, opened when it is needed and again after a fault.
pub(super) struct Seat<C, O> {
    open: O,
    begin: &'static str,
    conn: Option<C>,
}

impl<C, O> Seat<C, O>
where
    C: Session,
    O: Fn() -> Result<C, StoreError>,
{
    pub(super) fn new(begin: &'static str, open: O) -> Self {
        Self { open, begin, conn: None }
    }

    /// Runs jobs until the inbox is closed and empty.
    pub(super) fn serve_jobs(mut self, inbox: &Arc<Inbox>) {
        while let Some(mut job) = inbox.next_job() {
            steady(|| {
                let begins = job.begin();
                let end = if begins { self.transact(job.as_mut()) } else { Err(too_late()) };
                job.answer(end);
            });
        }
    }

    /// Keeps events until the inbox is closed and empty.
    pub(super) fn serve_keeps(mut self, inbox: &Arc<Inbox>) {
        loop {
            let calls = inbox.next_keeps(EVENTS_MAX);
            if calls.is_empty() {
                return;
            }
            steady(|| self.keep(KeepBatch::of(calls)));
        }
    }

    fn keep(&mut self, batch: Option<KeepBatch>) {
        let Some(mut batch) = batch else { return };
        let end = self.transact(&mut batch);
        match batch.split_if_refused() {
            Ok(batch) => Box::new(batch).answer(end),
            Err(calls) => {
                for mut call in calls {
                    let end = self.transact(&mut call);
                    Box::new(call).answer(end);
                }
            }
        }
    }

    /// One job, run again where that can help. An error is the transaction's own; that of the
    /// work stays in the job.
    fn transact(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        for run in 1..=RUNS_MAX {
            let wait = WAIT_FIRST * 2_u32.pow((run - 1).min(DOUBLINGS_MAX));
            let last = run == RUNS_MAX || Instant::now() + wait >= job.deadline();
            match self.transact_once(job) {
                Ok(Verdict::Commit | Verdict::TakeBack) => return Ok(()),
                Ok(Verdict::TakeBackAndRetry) if last => return Ok(()),
                Err(StoreError::Busy(_)) | Ok(Verdict::TakeBackAndRetry) if !last => {
                    std::thread::sleep(wait);
                }
                Ok(Verdict::TakeBackAndRetry) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn transact_once(&mut self, job: &mut dyn Job) -> Result<Verdict, StoreError> {
        let mut conn = self.begin()?;
        let verdict = job.run(&mut conn.tx());
        match verdict {
            Verdict::Commit => {
                // On a fault the connection goes.
                conn.batch_execute("COMMIT").map_err(|error| StoreError::from_commit(&error))?;
                self.conn = Some(conn);
            }
            Verdict::TakeBack | Verdict::TakeBackAndRetry => {
                self.conn = conn.batch_execute("ROLLBACK").is_ok().then_some(conn);
            }
        }
        Ok(verdict)
    }

    /// The connection may have died while it rested: then a fresh one is tried, once.
    fn begin(&mut self) -> Result<C, StoreError> {
        if let Some(mut conn) = self.conn.take()
            && conn.batch_execute(self.begin).is_ok()
        {
            return Ok(conn);
        }
        let mut conn = (self.open)()?;
        conn.batch_execute(self.begin).map_err(|error| StoreError::from_session(&error))?;
        Ok(conn)
    }
}
