//! Apply: stored events into licenses, history and mail that is owed.
//!
//! - `reading`: what an event says, or why it leads to nothing
//! - [`sale`]: the one transaction
//! - `rows`: between the rules' types and the store's
//!
//! An attempt is counted in its own commit before the run, so an event that kills the process is
//! known by it; what was claimed by a dead process is claimed again.

mod reading;
mod rows;
pub mod sale;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::Notice;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

pub use reading::{Read, read};
pub(crate) use rows::{new_mail, state, told};
pub use sale::Applied;

use crate::books::{Books, Shelf};
use crate::clock::Clock;
use crate::rules::retry;
use crate::store::rows::{EventRow, Settled};
use crate::store::types::EventStatus;
use crate::store::{Store, StoreError, Tx};

/// Events claimed at once. Each is a transaction (or a savepoint) of its own.
const BATCH: usize = 64;

/// How long a claim holds; after that another takes over.
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// Attempts that ended without a word: such an event kills the process. Not fewer, because a
/// process that is killed from outside again and again takes innocent events with it.
const SILENT_ATTEMPTS_MAX: i32 = 10;

/// How often the store is looked through without being woken.
const IDLE: Duration = Duration::from_secs(1);

/// The worker that applies events.
#[derive(Clone)]
pub struct Apply {
    pub store: Store,
    pub shelf: Shelf,
    pub clock: Arc<dyn Clock>,
    /// Rung when events are kept.
    pub bell: Arc<Notify>,
    /// To ring when mail is owed.
    pub post: Arc<Notify>,
}

impl std::fmt::Debug for Apply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apply").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Apply {
    /// Works until `stop` says so, then finishes what it has claimed.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut after = String::new();
        while !*stop.borrow() {
            // Interest is registered before looking, so that no ring is missed.
            let rung = self.bell.notified();
            match self.run_once(&mut after).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "events cannot be claimed now: {error}");
                    tokio::time::sleep(IDLE).await;
                    continue;
                }
            }
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(IDLE) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Applies everything that is due now; says how many events were tried.
    ///
    /// # Errors
    /// [`StoreError`] where not even a claim could be made.
    pub async fn settle(&self) -> Result<usize, StoreError> {
        let (mut all, mut after) = (0, String::new());
        loop {
            match self.run_once(&mut after).await? {
                0 => return Ok(all),
                some => all += some,
            }
        }
    }

    /// One round: a batch of events never tried before, and one that was. `after` is the account
    /// whose turn was last.
    ///
    /// # Errors
    /// As [`Apply::settle`].
    pub async fn run_once(&self, after: &mut String) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let fresh =
            self.store.run("event claim", move |tx| tx.event_claim(BATCH, LEASE, now)).await?;
        let last = after.clone();
        let again = self
            .store
            .run("event claim again", move |tx| tx.event_claim_again(&last, LEASE, now))
            .await?;
        let claimed = fresh.len() + usize::from(again.is_some());
        let mut work = JoinSet::new();
        for event in fresh {
            let apply = self.clone();
            work.spawn(async move { apply.one(event).await });
        }
        work.join_all().await;
        if let Some(event) = again {
            after.clone_from(&event.account);
            self.one(event).await;
        }
        Ok(claimed)
    }

    /// Applies one claimed event, and says in the store how it ended.
    async fn one(&self, event: EventRow) {
        let books = self.shelf.now();
        let (id, fence, account) = (event.id, event.fence, event.account.clone());
        let (attempts, silent) = (event.attempts, event.message.is_none());
        if attempts > SILENT_ATTEMPTS_MAX && silent {
            let message =
                format!("tried {attempts} times, and never finished; replay it to try again");
            self.end(id, fence, failed("never_finished", &message)).await;
            return;
        }
        let outcome = match read(&event, &books) {
            Read::Ends(settled) => {
                report(id, &account, &settled);
                self.end(id, fence, settled).await;
                return;
            }
            Read::Notices { live, notices } => self.transact(event, live, notices, books).await,
        };
        match outcome {
            Ok(applied) => {
                if !applied.difference.mail.is_empty() {
                    self.post.notify_one();
                }
                report(id, &account, &applied.settled);
            }
            Err(StoreError::Conflict { .. }) => {
                tracing::info!(
                    event.id = id,
                    account,
                    "event {id} was taken over by another worker"
                );
            }
            Err(error) if error.retryable() => self.again(id, fence, attempts, &error).await,
            Err(error) => {
                tracing::error!(event.id = id, account, %error, "event {id} cannot be applied: {error}");
                let message =
                    format!("the service failed on it ({}); replay it to try again", error.name());
                self.end(id, fence, failed("internal", &message)).await;
            }
        }
    }

    async fn transact(
        &self,
        event: EventRow,
        live: bool,
        notices: Vec<Notice>,
        books: Arc<Books>,
    ) -> Result<Applied, StoreError> {
        let now = self.clock.now();
        self.store
            .run("apply event", move |tx| {
                let applied = sale::apply(tx, &event, live, &notices, &books, now)?;
                tx.event_settle(event.id, event.fence, &applied.settled)?;
                Ok(applied)
            })
            .await
    }

    async fn end(&self, id: i64, fence: i64, settled: Settled) {
        let ended =
            self.store.run("event settle", move |tx| tx.event_settle(id, fence, &settled)).await;
        if let Err(error) = ended {
            // The claim runs out, and the event is tried again.
            tracing::warn!(event.id = id, %error, "event {id} could not be settled: {error}");
        }
    }

    async fn again(&self, id: i64, fence: i64, attempts: i32, error: &StoreError) {
        tracing::warn!(event.id = id, %error, "event {id} is tried again: {error}");
        let next_at = self.clock.now() + retry::event_wait(attempts.unsigned_abs());
        let message = format!("tried again soon: {error}");
        let put_back = self
            .store
            .run("event again", move |tx| tx.event_again(id, fence, next_at, Some(&message)))
            .await;
        if let Err(error) = put_back {
            tracing::warn!(event.id = id, %error, "event {id} waits for its claim to run out");
        }
    }
}

/// Reads and applies one event inside a transaction that its caller owns: keys in the answer,
/// and replays that only look.
///
/// # Errors
/// [`StoreError`].
pub fn apply_now(
    tx: &mut Tx<'_>,
    event: &EventRow,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    match read(event, books) {
        Read::Ends(settled) => Ok(Applied {
            settled,
            difference: crate::rules::difference::Difference::default(),
            licenses: Vec::new(),
        }),
        Read::Notices { live, notices } => sale::apply(tx, event, live, &notices, books, now),
    }
}

/// Counted always; a line for what a person may have to look at.
fn report(id: i64, account: &str, settled: &Settled) {
    let status = settled.status.as_str();
    metrics::counter!("keywright_events_settled_total", "account" => account.to_owned(), "status" => status)
        .increment(1);
    let reason = settled.reason.as_deref().unwrap_or_default();
    if settled.status == EventStatus::Failed {
        tracing::warn!(event.id = id, account, reason, "event {id} of {account} failed: {reason}");
    } else {
        tracing::debug!(event.id = id, account, status, "event {id} of {account} is {status}");
    }
}

fn failed(reason: &str, message: &str) -> Settled {
    Settled {
        status: EventStatus::Failed,
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        sale_id: None,
        live: None,
    }
}
