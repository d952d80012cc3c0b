//! Apply: stored events into licenses, history and mail that is owed.
//!
//! - `asking`: what has to be asked of the provider first; `aside`: asking it, beside the worker
//! - `lines`: the lines that an event tells of, and their licenses
//! - `reading`: what an event says, or why it leads to nothing
//! - [`Saying`]: what it says, made ready; [`sale`]: the one transaction
//! - [`tellings`]: whether two tellings of one event say the same
//! - `rows`: between the rules' types and the store's
//!
//! An attempt is counted in its own commit before the run, so an event that kills the process is
//! known by it; what was claimed by a dead process is claimed again.

mod aside;
mod asking;
mod lines;
mod reading;
mod rows;
pub mod sale;
mod saying;
pub mod tellings;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::Notice;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use aside::Aside;
pub(crate) use asking::answers;
pub use reading::{Read, read};
pub(crate) use rows::{expired, mail_identity, new_mail, state, told};
pub use sale::Applied;
pub use saying::Saying;

use crate::books::{Books, Shelf};
use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::rules::retry;
use crate::spans;
use crate::store::rows::{EventRow, LicenseRow, Settled, TOLD_AGAIN};
use crate::store::types::EventStatus;
use crate::store::{Store, StoreError, Tx};

/// Events claimed at once. Each is a transaction of its own, or shares one with others.
const BATCH: usize = 256;

/// How long a claim holds; after that another takes over.
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// Claims in a row that ran out without a word: such an event kills the process. Not fewer, because a
/// process that is killed from outside again and again takes innocent events with it.
const LAPSED_MAX: i32 = 10;

/// Attempts of an event that ends at what the store has already. The store itself runs each more
/// than once: whoever was first by a moment is seen by the second run, and what is met in all of them
/// is met for ever.
const TAKEN_MAX: i32 = 3;

/// How long a second telling waits for the first to be read.
const FIRST_TELLING: TimeDelta = TimeDelta::minutes(1);

/// How often the store is looked through without being woken.
const IDLE: Duration = Duration::from_secs(1);

/// The worker that applies events.
#[derive(Clone)]
pub struct Apply {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    bell: Arc<Notify>,
    post: Arc<Notify>,
    fetch: Fetch,
    /// Those who ask a provider, beside the worker: an API that is slow holds up nobody else.
    asked: Arc<Mutex<Aside>>,
}

/// What is claimed in one go.
#[derive(Default)]
struct Batch {
    /// Never tried before.
    fresh: Vec<EventRow>,
    /// Tried before: alone, so that one that kills the process takes no other with it.
    again: Option<EventRow>,
}

impl Batch {
    fn len(&self) -> usize {
        self.fresh.len() + usize::from(self.again.is_some())
    }
}

impl std::fmt::Debug for Apply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apply").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Apply {
    /// `bell` is rung when events are kept, `post` is to be rung when mail is owed.
    #[must_use]
    pub fn new(
        store: Store,
        shelf: Shelf,
        clock: Arc<dyn Clock>,
        (bell, post): (Arc<Notify>, Arc<Notify>),
        fetch: Fetch,
    ) -> Self {
        Self { store, shelf, clock, bell, post, fetch, asked: Arc::default() }
    }

    /// Works until `stop` says so, then finishes what it has claimed.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut after = String::new();
        while !*stop.borrow() {
            // Interest is registered before looking, so that no ring is missed.
            let rung = self.bell.notified();
            match self.run_while(&mut after, || !*stop.borrow()).await {
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
        self.answered().await;
    }

    /// Applies everything that is due now; says how many events were tried.
    ///
    /// # Errors
    /// [`StoreError`] where not even a claim could be made.
    pub async fn settle(&self) -> Result<usize, StoreError> {
        let (mut all, mut after) = (0, String::new());
        loop {
            match self.run_while(&mut after, || true).await? {
                0 if self.answered().await == 0 => return Ok(all),
                some => all += some,
            }
        }
    }

    /// Batch after batch until nothing is due or `on` says no; says how many events were tried.
    /// `after` is the account whose turn was last. The next batch is claimed while one is worked
    /// on, so that both are in one commit where the store puts them together.
    async fn run_while(
        &self,
        after: &mut String,
        on: impl Fn() -> bool,
    ) -> Result<usize, StoreError> {
        let mut batch = self.claim(after.clone()).await?;
        let mut tried = 0;
        while batch.len() > 0 {
            tried += batch.len();
            if let Some(event) = &batch.again {
                after.clone_from(&event.account);
            }
            let next =
                async { if on() { self.claim(after.clone()).await } else { Ok(Batch::default()) } };
            // What was claimed is finished, whatever comes of the next claim.
            let ((), next) = tokio::join!(self.work(batch), next);
            batch = next?;
        }
        Ok(tried)
    }

    async fn claim(&self, after: String) -> Result<Batch, StoreError> {
        let now = self.clock.now();
        self.store
            .run_in_background("event claim", move |tx| {
                let fresh = tx.event_claim(BATCH, LEASE, now)?;
                Ok(Batch { fresh, again: tx.event_claim_again(&after, LEASE, now)? })
            })
            .await
    }

    async fn work(&self, batch: Batch) {
        let mut work = JoinSet::new();
        for event in batch.fresh {
            let apply = self.clone();
            work.spawn(async move { apply.one(event).await });
        }
        finished(&mut work).await;
        if let Some(event) = batch.again {
            let apply = self.clone();
            work.spawn(async move { apply.one(event).await });
            finished(&mut work).await;
        }
    }

    /// Applies one claimed event, and says in the store how it ended.
    async fn one(&self, event: EventRow) {
        let span = spans::apply(&event);
        self.one_try(event).instrument(span).await;
    }

    async fn one_try(&self, mut event: EventRow) {
        let books = self.shelf.now();
        let (id, fence, account) = (event.id, event.fence, event.account.clone());
        let attempts = event.attempts;
        if event.lapsed >= LAPSED_MAX {
            let times = event.lapsed;
            let message =
                format!("tried {times} times in a row, and never finished; replay it to try again");
            self.end(id, fence, failed("never_finished", &message)).await;
            return;
        }
        if event.reason.as_deref() == Some(TOLD_AGAIN) {
            let outcome = tellings::compare(&self.store, event, books).await;
            match outcome {
                Ok(Some(settled)) => {
                    report(id, &account, &settled);
                    self.end(id, fence, settled).await;
                }
                Ok(None) => {
                    let later = self.clock.now() + FIRST_TELLING;
                    self.put_back(id, fence, later, "its first telling is not read yet").await;
                }
                Err(error) => self.again(id, fence, attempts, &error).await,
            }
            return;
        }
        // With answers at the first attempt, it is a replay. That there was no such thing is forgotten
        // for every attempt that follows, too.
        if attempts == 1
            && asking::forget_not_found(&mut event)
            && let Err(error) = self.keep_answers(&event).await
        {
            self.again(id, fence, attempts, &error).await;
            return;
        }
        let outcome = match read(&event, &books) {
            Read::Ends(settled) => {
                report(id, &account, &settled);
                self.end(id, fence, settled).await;
                return;
            }
            Read::Asks(asks) => {
                self.ask_aside(event, asks, books).await;
                return;
            }
            Read::Notices { live, notices } => self.transact(event, live, notices, books).await,
        };
        self.conclude(id, fence, attempts, &account, outcome).await;
    }

    /// How the transaction of an event ended, for everyone who wants to know.
    async fn conclude(
        &self,
        id: i64,
        fence: i64,
        attempts: i32,
        account: &str,
        outcome: Result<Applied, StoreError>,
    ) {
        match outcome {
            Ok(applied) => {
                spans::settled(&applied.settled);
                if !applied.difference.mail.is_empty() {
                    self.post.notify_one();
                }
                report(id, account, &applied.settled);
            }
            Err(StoreError::Conflict { .. }) => {
                spans::unsettled("taken_over");
                tracing::info!(
                    event.id = id,
                    account,
                    "event {id} was taken over by another worker"
                );
            }
            Err(error) if error.retryable() && !lasting(&error, attempts) => {
                self.again(id, fence, attempts, &error).await;
            }
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
        let saying = Saying::new(notices, &event, &books);
        // Now, and not while others wait for the transaction.
        saying.alone(&event, live, &books);
        self.store
            .run_in_background("apply event", move |tx| {
                let applied = sale::apply(tx, &event, live, &saying, &books, now)?;
                tx.event_settle(event.id, event.fence, &applied.settled)?;
                Ok(applied)
            })
            .await
    }

    async fn end(&self, id: i64, fence: i64, settled: Settled) {
        spans::settled(&settled);
        let ended = self
            .store
            .run_in_background("event settle", move |tx| tx.event_settle(id, fence, &settled))
            .await;
        if let Err(error) = ended {
            // The claim runs out, and the event is tried again.
            tracing::warn!(event.id = id, %error, "event {id} could not be settled: {error}");
        }
    }

    async fn again(&self, id: i64, fence: i64, attempts: i32, error: &StoreError) {
        tracing::warn!(event.id = id, %error, "event {id} is tried again: {error}");
        let next_at = self.clock.now() + retry::event_wait(attempts.unsigned_abs());
        self.put_back(id, fence, next_at, &format!("tried again soon: {error}")).await;
    }

    async fn put_back(&self, id: i64, fence: i64, next_at: DateTime<Utc>, message: &str) {
        spans::unsettled("again");
        let message = message.to_owned();
        let put_back = self
            .store
            .run_in_background("event again", move |tx| {
                tx.event_again(id, fence, next_at, Some(&message))
            })
            .await;
        if let Err(error) = put_back {
            tracing::warn!(event.id = id, %error, "event {id} waits for its claim to run out");
        }
    }
}

/// As [`apply_now`], of an event that is replayed: what the provider did not know when it was asked
/// has to be asked again. Says `None` where it has to be asked anything, which is the worker's.
///
/// # Errors
/// [`StoreError`].
pub fn apply_again(
    tx: &mut Tx<'_>,
    mut event: EventRow,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Option<Applied>, StoreError> {
    asking::forget_not_found(&mut event);
    match read(&event, books) {
        Read::Asks(_) => Ok(None),
        Read::Ends(_) | Read::Notices { .. } => apply_now(tx, &event, books, now).map(Some),
    }
}

/// Reads and applies one event inside a transaction that its caller owns: keys in the answer.
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
        // Whoever waits for keys does not wait for another provider's answer.
        Read::Asks(_) => Ok(Applied {
            settled: Settled {
                status: EventStatus::Waiting,
                ..failed("not_asked", "the provider has to be asked first; replay it")
            },
            difference: crate::rules::difference::Difference::default(),
            licenses: Vec::new(),
        }),
        Read::Notices { live, notices } => {
            sale::apply(tx, event, live, &Saying::new(notices, event, books), books, now)
        }
    }
}

/// The licenses of the lines that an event tells of, as others made them; changes nothing.
///
/// # Errors
/// [`StoreError`].
pub fn licenses_told_of(
    tx: &mut Tx<'_>,
    event: &EventRow,
    books: &Books,
) -> Result<Vec<LicenseRow>, StoreError> {
    match read(event, books) {
        Read::Notices { live, notices } => {
            lines::licenses_told_of(tx, (&event.account, live), &notices, books)
        }
        Read::Ends(_) | Read::Asks(_) => Ok(Vec::new()),
    }
}

/// Waits for all of them. One that panics takes nobody with it: its claim runs out, and after some
/// tries it has failed.
async fn finished(work: &mut JoinSet<()>) {
    while let Some(ended) = work.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "an event broke off its worker: {error}");
        }
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

/// Is it of no use to try once more?
fn lasting(error: &StoreError, attempts: i32) -> bool {
    matches!(error, StoreError::Taken(_)) && attempts >= TAKEN_MAX
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
