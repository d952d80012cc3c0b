//! Many calls of `keep`, put together into one piece of work.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::error::StoreError;
use super::inbox::{KeepCall, Ticket, too_late};
use super::rows::{Kept, NewEvent};
use super::tx::Tx;
use super::work::{Job, Verdict, record};

/// The name of its figures.
const NAME: &str = "keep";

pub(super) struct KeepBatch {
    events: Vec<NewEvent>,
    calls: Vec<Waiting>,
    deadline: Instant,
    outcome: Result<Vec<Kept>, StoreError>,
}

/// A call whose events are in the batch.
struct Waiting {
    events: usize,
    reply: oneshot::Sender<Result<Vec<Kept>, StoreError>>,
    asked_at: Instant,
}

impl KeepBatch {
    /// Of the calls for which it is not too late. `None`: of none.
    pub(super) fn of(calls: Vec<KeepCall>) -> Option<Self> {
        let mut batch: Option<Self> = None;
        for call in calls {
            if call.ticket.begin() {
                batch.get_or_insert_with(|| Self::empty(&call.ticket)).add(call);
            } else {
                record(NAME, call.asked_at, Some(&too_late()));
                let _ = call.reply.send(Err(too_late()));
            }
        }
        batch
    }

    fn empty(ticket: &Arc<Ticket>) -> Self {
        let outcome = Ok(Vec::new());
        Self { events: Vec::new(), calls: Vec::new(), deadline: ticket.deadline(), outcome }
    }

    fn add(&mut self, call: KeepCall) {
        self.deadline = self.deadline.max(call.ticket.deadline());
        self.calls.push(Waiting {
            events: call.events.len(),
            reply: call.reply,
            asked_at: call.asked_at,
        });
        self.events.extend(call.events);
    }

    /// One batch for each call, where the database refused something: one that it cannot hold is
    /// no reason to turn the others away.
    pub(super) fn split_if_refused(self) -> Result<Self, Vec<Self>> {
        if self.calls.len() < 2 || !matches!(self.outcome, Err(StoreError::Refused(_))) {
            return Ok(self);
        }
        let Self { events, calls, deadline, outcome: _ } = self;
        let mut events = events.into_iter();
        let split = calls.into_iter().map(|call| Self {
            events: events.by_ref().take(call.events).collect(),
            calls: vec![call],
            deadline,
            outcome: Ok(Vec::new()),
        });
        Err(split.collect())
    }
}

impl Job for KeepBatch {
    fn begin(&self) -> bool {
        true
    }

    fn rehearses(&self) -> bool {
        false
    }

    fn in_background(&self) -> bool {
        false
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        self.outcome = tx.event_keep(&self.events);
        match &self.outcome {
            Ok(_) => Verdict::Commit,
            Err(StoreError::Busy(_) | StoreError::Taken(_) | StoreError::Unavailable(_)) => {
                Verdict::TakeBackAndRetry
            }
            Err(_) => Verdict::TakeBack,
        }
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let events = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        metrics::histogram!("keywright_store_batch_events").record(events);
        let mut kept = match end.and(self.outcome) {
            Ok(kept) => Ok(kept.into_iter()),
            Err(error) => Err(error),
        };
        for call in self.calls {
            let share = match &mut kept {
                Ok(kept) => Ok(kept.by_ref().take(call.events).collect()),
                Err(error) => Err(error.clone()),
            };
            record(NAME, call.asked_at, share.as_ref().err());
            let _ = call.reply.send(share);
        }
    }
}
