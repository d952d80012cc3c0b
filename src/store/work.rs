//! A named piece of work on its way through a thread of the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::error::StoreError;
use super::inbox::Ticket;
use super::tx::Tx;

/// Work, whatever it returns.
pub(super) trait Job: Send {
    /// Nobody waits for it any more if this is false; then it must not run.
    fn begin(&self) -> bool;

    /// Is it known beforehand that its changes are taken back?
    fn rehearses(&self) -> bool;

    /// Does nobody wait for it who would notice? Then all others go first.
    fn in_background(&self) -> bool;

    /// Until when it may be run again.
    fn deadline(&self) -> Instant;

    /// Runs it, and says what is to become of its changes.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;

    /// Tells the caller. `end` is that of the transaction: an error there outranks what the work
    /// itself returned.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// What is to become of the changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Commit,
    /// They were only to be looked at.
    TakeBack,
    /// The same, and running it again may help.
    TakeBackAndRetry,
}

/// What work is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Change,
    /// The same, after all that somebody waits for.
    ChangeInBackground,
    /// Takes everything back, whatever comes of it.
    Rehearse,
    /// Changes nothing, and is run once only.
    Read,
}

impl Purpose {
    /// Are its changes to stay?
    pub(super) fn changes(self) -> bool {
        match self {
            Self::Change | Self::ChangeInBackground => true,
            Self::Rehearse | Self::Read => false,
        }
    }
}

/// Work that returns a `T`.
pub(super) struct Work<T, F> {
    pub(super) name: &'static str,
    pub(super) ticket: Arc<Ticket>,
    pub(super) work: F,
    pub(super) purpose: Purpose,
    pub(super) outcome: Result<T, StoreError>,
    pub(super) reply: oneshot::Sender<Result<T, StoreError>>,
    pub(super) asked_at: Instant,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn begin(&self) -> bool {
        self.ticket.begin()
    }

    fn rehearses(&self) -> bool {
        self.purpose == Purpose::Rehearse
    }

    fn in_background(&self) -> bool {
        self.purpose == Purpose::ChangeInBackground
    }

    fn deadline(&self) -> Instant {
        self.ticket.deadline()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        // The work's own state is not looked at again after a panic, and the changes go.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)))
            .unwrap_or(Err(StoreError::Panicked(self.name)));
        self.outcome = match (outcome, tx.spoiled()) {
            (Ok(_), Some(error)) => Err(error),
            (outcome, _) => outcome,
        };
        match &self.outcome {
            Ok(_) if self.purpose.changes() => Verdict::Commit,
            Err(StoreError::Busy(_) | StoreError::Taken(_) | StoreError::Unavailable(_))
                if self.purpose != Purpose::Read =>
            {
                Verdict::TakeBackAndRetry
            }
            Ok(_) | Err(_) => Verdict::TakeBack,
        }
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let outcome = end.and(self.outcome);
        record(self.name, self.asked_at, outcome.as_ref().err());
        // Nobody listens any more: his time was up.
        let _ = self.reply.send(outcome);
    }
}

/// A fault in one round is no reason to serve nobody any more. Whoever waited for this round is
/// told that its outcome is unknown, and the connection that it had is gone.
pub(super) fn steady(round: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(round)).is_err() {
        tracing::error!("a thread of the store broke off in the middle; it goes on");
    }
}

/// One figure for the time, waiting and all, and one for what failed.
pub(super) fn record(name: &'static str, asked_at: Instant, error: Option<&StoreError>) {
    metrics::histogram!("keywright_store_seconds", "name" => name).record(asked_at.elapsed());
    if let Some(error) = error {
        metrics::counter!("keywright_store_failures_total", "name" => name, "kind" => error.name())
            .increment(1);
    }
}
