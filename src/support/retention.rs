//! What is old is cleared: bodies, mails, messages, machines that were released, remembered
//! answers, each after the time that `[retention]` names. Nothing that a license, its explanation
//! or the recognition of a repetition stands on.
//!
//! Old rows are found by reading and cleared a few in each transaction, so that nobody is held up;
//! it can be stopped anywhere and run again, and several nodes may do it at once.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Failure, Support};
use crate::config::Retention;
use crate::rules::span::Interval;
use crate::store::{StoreError, Tx};

/// Under which it stands in the store up to which event all is cleared, and on which day that was
/// looked at from the first one.
const CLEARED: &str = "retention_events";

/// Rows in one transaction.
const BATCH: usize = 200;

/// What was cleared, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// Events whose body, headers and answers went.
    pub event_bodies: usize,
    /// Mails whose text went.
    pub mail_bodies: usize,
    /// Messages to hooks that were taken: rows.
    pub hooks: usize,
    /// Machines that were released: rows.
    pub released_activations: usize,
    /// Answers remembered for idempotency keys: rows.
    pub idempotency: usize,
}

impl Cleared {
    /// Of all kinds.
    #[must_use]
    pub fn sum(&self) -> usize {
        let Self { event_bodies, mail_bodies, hooks, released_activations, idempotency } = self;
        event_bodies + mail_bodies + hooks + released_activations + idempotency
    }
}

/// The old rows behind one, at most so many.
type Find<K> = fn(&mut Tx<'_>, &K, DateTime<Utc>, usize) -> Result<Vec<K>, StoreError>;

/// Clears these, as far as they are still old; says how many.
type Clear<K> = fn(&mut Tx<'_>, &[K], DateTime<Utc>) -> Result<usize, StoreError>;

impl Support {
    /// Clears what is older than the configuration says; with `dry_run` only counts it.
    ///
    /// # Errors
    /// [`Failure::Store`]: what is left is cleared by the next run.
    pub async fn retention(&self, dry_run: bool) -> Result<Cleared, Failure> {
        let (now, books) = (self.clock.now(), self.shelf.now());
        // All fields by name: a new one does not compile until it is thought of here.
        let Retention { event_bodies, mail_bodies, hooks, released_activations, idempotency } =
            books.config.retention;
        let pass = Pass { support: self, now, dry_run };
        Ok(Cleared {
            event_bodies: pass.over_events(event_bodies).await?,
            mail_bodies: pass
                .over(
                    mail_bodies,
                    0,
                    |tx, after, until, most| tx.outbox_old(*after, until, most),
                    |tx, ids, until| tx.outbox_purge(ids, until),
                )
                .await?,
            hooks: pass
                .over(
                    hooks,
                    0,
                    |tx, after, until, most| tx.hooks_old(*after, until, most),
                    |tx, ids, until| tx.hook_delete(ids, until),
                )
                .await?,
            released_activations: pass
                .over(
                    released_activations,
                    String::new(),
                    |tx, after, until, most| tx.activations_old(after, until, most),
                    |tx, ids, until| tx.activation_delete(ids, until),
                )
                .await?,
            idempotency: pass
                .over(
                    idempotency,
                    String::new(),
                    |tx, after, until, most| tx.idempotency_old(after, until, most),
                    |tx, keys, until| tx.idempotency_delete(keys, until),
                )
                .await?,
        })
    }
}

/// One run.
struct Pass<'a> {
    support: &'a Support,
    now: DateTime<Utc>,
    dry_run: bool,
}

impl Pass<'_> {
    /// Events. They are many: what was seen to be clear is not looked at again on the same day.
    async fn over_events(&self, age: Option<Interval>) -> Result<usize, Failure> {
        let Some(until) = age.and_then(|age| age.before(self.now)) else { return Ok(0) };
        let today = self.now.date_naive();
        let (known, border) = self
            .support
            .read("retention mark", move |tx| {
                Ok((tx.meta_get(CLEARED)?, tx.event_id_before(until)?))
            })
            .await?;
        let of_today = |text: String| {
            let (day, id) = text.split_once(' ')?;
            (day == today.to_string()).then(|| id.parse::<i64>().ok()).flatten()
        };
        let first = known.and_then(of_today).filter(|_| !self.dry_run).unwrap_or_default();
        let count = self
            .over(
                age,
                first,
                |tx, after, until, most| tx.events_old(*after, until, most),
                |tx, ids, until| tx.event_purge(ids, until),
            )
            .await?;
        if !self.dry_run {
            let mark = format!("{today} {border}");
            self.support
                .write("retention mark", move |tx| Ok(tx.meta_put(CLEARED, &mark)?))
                .await?;
        }
        Ok(count)
    }

    /// One kind of rows, from the first to the last that is old.
    async fn over<K: Clone + Send + Sync + 'static>(
        &self,
        age: Option<Interval>,
        first: K,
        find: Find<K>,
        clear: Clear<K>,
    ) -> Result<usize, Failure> {
        // For ever; and before the calendar began nothing was stored.
        let Some(until) = age.and_then(|age| age.before(self.now)) else { return Ok(0) };
        let (mut after, mut count) = (first, 0);
        loop {
            let from = after.clone();
            let found = self
                .support
                .read("retention find", move |tx| Ok(find(tx, &from, until, BATCH)?))
                .await?;
            let Some(last) = found.last() else { return Ok(count) };
            after = last.clone();
            count += if self.dry_run {
                found.len()
            } else {
                self.support
                    .write("retention clear", move |tx| Ok(clear(tx, &found, until)?))
                    .await?
            };
        }
    }
}
