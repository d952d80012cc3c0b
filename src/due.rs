//! Due: what follows from the calendar alone. Reminders of an end that is near become owed mail,
//! ends that have come are told to the vendor's hooks.
//!
//! A pass looks at the time since the last one, whoever made it: the moment up to which everything
//! was seen stands in the store. Several nodes may look at once: what is owed has a unique key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::Customer;
use tokio::sync::{Notify, watch};

use crate::apply::{expired, new_mail};
use crate::books::{Books, Shelf};
use crate::clock::Clock;
use crate::rules::hook::HookEvent;
use crate::rules::license::Flag;
use crate::rules::remind;
use crate::rules::span::Interval;
use crate::store::rows::{Ending, LicenseRow};
use crate::store::{self, Store, StoreError, Tx};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// A pass looks no nearer to the present than this: what was begun before is committed by then,
/// and nodes' clocks differ by less.
const LAG: TimeDelta = TimeDelta::seconds(60);

/// How far back it is looked where the time that was noted last is one to come.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// Licenses in one transaction.
const PAGE: usize = 200;

/// Under which the moment up to which all was seen stands in the store.
const SEEN: &str = "due_seen_until";

/// The worker that looks at the calendar.
#[derive(Clone)]
pub struct Due {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    /// To ring when mail is owed.
    post: Arc<Notify>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Due").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The time of one pass: what came after `after`, up to `until`.
#[derive(Debug, Clone, Copy)]
struct Span {
    after: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Due {
    #[must_use]
    pub fn new(store: Store, shelf: Shelf, clock: Arc<dyn Clock>, post: Arc<Notify>) -> Self {
        Self { store, shelf, clock, post }
    }

    /// Looks every minute until told to stop.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.pass().await {
                tracing::warn!(%error, "the calendar cannot be looked at now: {error}");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
    }

    /// One look; says how many reminders and ends were new. The very first only notes the time: a
    /// service that is new, or was brought up to date, does not write to everybody at once.
    ///
    /// # Errors
    /// [`StoreError`]: the next pass begins where this one did, and owes nothing twice.
    pub async fn pass(&self) -> Result<usize, StoreError> {
        let until = self.clock.now() - LAG;
        let seen = self.store.read("due seen", |tx| tx.meta_get(SEEN)).await?;
        let seen = seen.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let mut new = 0;
        if let Some(after) = seen {
            // Some clock was wrong that wrote of the future: what is told once is not told again.
            let after = if after > until + LAG { until - FORGOTTEN } else { after };
            if after >= until {
                return Ok(0);
            }
            let (span, books) = (Span { after, until }, self.shelf.now());
            for interval in intervals(&books) {
                new += self.remind(span, interval, &books).await?;
            }
            if new > 0 {
                self.post.notify_one();
            }
            if books.config.hooks.values().any(|hook| hook.events.contains(&HookEvent::Expired)) {
                new += self.tell_ends(span).await?;
            }
        }
        let text = until.to_rfc3339();
        self.store.run("due seen", move |tx| tx.meta_put(SEEN, &text)).await?;
        Ok(new)
    }

    /// Owes the reminders whose moment, so long before the end, lies in the span.
    async fn remind(
        &self,
        span: Span,
        interval: Interval,
        books: &Arc<Books>,
    ) -> Result<usize, StoreError> {
        let (after, until) = (interval.after(span.after, 1), interval.after(span.until, 1));
        let now = self.clock.now();
        let books = Arc::clone(books);
        self.pages(Ending::Paid, Span { after, until }, move |tx, row| {
            if due(row, &books, span, now) != Some(interval) || !ends(row)? {
                return Ok(false);
            }
            let Some(end) = row.expires_at else { return Ok(false) };
            let owed = remind::owed(&row.id, end, interval);
            let customer: Customer = store::json(&row.customer, "licenses.customer", &row.id)?;
            let domain = books.config.mail.from.domain();
            tx.outbox_owe(&new_mail(&owed, row.sale_id, &customer, domain, now))
        })
        .await
    }

    /// Owes the word that a license has expired.
    async fn tell_ends(&self, span: Span) -> Result<usize, StoreError> {
        self.pages(Ending::Valid, span, |tx, row| match row.valid_until {
            Some(end) => tx.hook_owe(&expired(&row.id, end)),
            None => Ok(false),
        })
        .await
    }

    /// Shows every license that ends in the span to `look`, a page a transaction; counts those of
    /// which it says that there was something new.
    async fn pages<F>(&self, ending: Ending, span: Span, look: F) -> Result<usize, StoreError>
    where
        F: Fn(&mut Tx<'_>, &LicenseRow) -> Result<bool, StoreError> + Clone + Send + 'static,
    {
        let Span { mut after, until } = span;
        let (mut last, mut new) = (None, 0);
        loop {
            let (look, from) = (look.clone(), last.clone());
            let page = move |tx: &mut Tx<'_>| {
                let rows = tx.licenses_ending(ending, after, from.as_deref(), until, PAGE)?;
                let mut new = 0;
                for row in &rows {
                    new += usize::from(look(tx, row)?);
                }
                let last = rows.last().filter(|_| rows.len() == PAGE);
                Ok((new, last.and_then(|row| Some((ending.of(row)?, row.id.clone())))))
            };
            let (found, next) = self.store.run("due page", page).await?;
            new += found;
            let Some((end, id)) = next else { return Ok(new) };
            (after, last) = (end, Some(id));
        }
    }
}

/// Every interval of any product, once.
fn intervals(books: &Books) -> Vec<Interval> {
    let offers = books.config.catalogue.products.values().flatten();
    let texts: BTreeSet<String> =
        offers.flat_map(|product| &product.remind).map(ToString::to_string).collect();
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// The reminder of this license that its product asks for now.
fn due(row: &LicenseRow, books: &Books, span: Span, now: DateTime<Utc>) -> Option<Interval> {
    if !books.by_mail(&row.account) {
        return None;
    }
    let mut offers = books.config.catalogue.products.values().flatten();
    let product = offers.find(|product| product.id == row.product)?;
    remind::due((row.starts_at, row.expires_at?), &product.remind, span.after, now)
}

fn ends(row: &LicenseRow) -> Result<bool, StoreError> {
    let flags: Vec<Flag> = store::json(&row.flags, "licenses.flags", &row.id)?;
    Ok(remind::ends(&flags, row.subscription_ref.is_some()))
}
