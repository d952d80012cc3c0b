//! Hooks: the vendor's own systems are told what becomes of licenses.
//!
//! What is to be told is owed in the transaction of its cause (`history_append` does it). Here it
//! is addressed to the hooks that want it, signed as Standard Webhooks say, and sent; it is tried
//! again with growing waits and given up visibly. A claim has a number that every write shows, so
//! of several nodes one sends it; the `webhook-id` is fixed, so that a receiver knows the copy that
//! a lost answer leads to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use keywright_providers::Sample;
use keywright_providers::scheme::{KeyText, standard_webhooks_sign};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::books::{Books, Shelf};
use crate::clock::Clock;
use crate::config::Hook;
use crate::fetch::Fetch;
use crate::rules::retry::{mail_pause, mail_wait};
use crate::spans;
use crate::store::rows::HookRow;
use crate::store::{Store, StoreError, Tx};
use crate::support::view::LicenseView;

/// Messages under way at once.
const AT_ONCE: usize = 8;

/// Messages addressed in one transaction.
const ADDRESSED: usize = 250;

/// How long a claim holds: a try takes at most 5 s, and its outcome is written at once.
const LEASE: TimeDelta = TimeDelta::seconds(20);

/// How often the store is looked through.
const IDLE: Duration = Duration::from_secs(1);

/// The worker that tells the hooks. Clones are one worker's hands.
#[derive(Clone)]
pub struct Hooks {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    fetch: Fetch,
    resting: Arc<Mutex<HashMap<String, Rest>>>,
}

/// A hook that gave no answer rests, longer each time, so that those who wait for its silence hold
/// up no other hook. Each process finds out for itself.
#[derive(Debug, Clone, Copy)]
struct Rest {
    /// In a row.
    faults: u32,
    until: DateTime<Utc>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").field("store", &self.store).finish_non_exhaustive()
    }
}

/// What a round came to.
struct Round {
    addressed: usize,
    tried: usize,
}

/// What becomes of a message after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Taken,
    Again {
        wait: TimeDelta,
        error: String,
        /// False: it was not tried.
        counts: bool,
    },
    GivenUp(String),
}

impl Hooks {
    #[must_use]
    pub fn new(store: Store, shelf: Shelf, clock: Arc<dyn Clock>, fetch: Fetch) -> Self {
        Self { store, shelf, clock, fetch, resting: Arc::default() }
    }

    /// Tells what is due until told to stop; what is under way then is finished.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.round().await {
                Ok(Round { addressed: 0, tried: 0 }) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "hooks cannot be told now: {error}"),
            }
            tokio::select! {
                () = tokio::time::sleep(IDLE) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
    }

    /// Tells everything that is due now; says how many tries that were.
    ///
    /// # Errors
    /// [`StoreError`] where not even a claim could be made.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            match self.round().await? {
                Round { addressed: 0, tried: 0 } => return Ok(all),
                Round { tried, .. } => all += tried,
            }
        }
    }

    /// Addresses what is new, claims a few messages, and sends them side by side.
    async fn round(&self) -> Result<Round, StoreError> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        let known = Arc::clone(&books);
        let (addressed, claimed) = self
            .store
            .run("hooks claim", move |tx| {
                let addressed = address(tx, &known, now)?;
                Ok((addressed, tx.hook_claim(AT_ONCE, LEASE, now)?))
            })
            .await?;
        let tried = claimed.len();
        let mut work = JoinSet::new();
        for message in claimed {
            let (hooks, books) = (self.clone(), Arc::clone(&books));
            let span = spans::hook(&message);
            work.spawn(async move { hooks.one(&message, &books).await }.instrument(span));
        }
        while let Some(ended) = work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a message to a hook broke off: {error}");
            }
        }
        Ok(Round { addressed, tried })
    }

    /// One claimed message, from its row to the outcome in the store.
    async fn one(&self, message: &HookRow, books: &Books) {
        let name = message.hook.as_deref().unwrap_or_default();
        let verdict = match books.config.hooks.get(name) {
            None => Verdict::GivenUp(format!("there is no [hooks.{name}] any more")),
            Some(hook) => match self.try_one(hook, message).await {
                Ok(verdict) => verdict,
                Err(error) => {
                    // Another worker has it, or it is claimed again when its time is over.
                    tracing::warn!(hook.message = message.id, %error, "left for later: {error}");
                    return;
                }
            },
        };
        report(message, name, &verdict);
        self.settle(message, verdict).await;
    }

    async fn try_one(&self, hook: &Hook, message: &HookRow) -> Result<Verdict, StoreError> {
        if let Some(verdict) = self.rests(hook) {
            return Ok(verdict);
        }
        Ok(match self.body(message).await? {
            Some(body) => self.send(hook, message, body).await,
            None => Verdict::GivenUp("the license that it tells of is not there".to_owned()),
        })
    }

    /// The bytes that are sent: the license as it stands at the first try, fixed from then on.
    async fn body(&self, message: &HookRow) -> Result<Option<Vec<u8>>, StoreError> {
        let (message, now) = (message.clone(), self.clock.now());
        self.store
            .run("hook body", move |tx| {
                if let Some(body) = &message.message {
                    return Ok(Some(body.clone()));
                }
                let Some(license) = tx.license_by_id(&message.license_id)? else {
                    return Ok(None);
                };
                let activations = tx.activations_held(&license.id)?;
                let body = json!({
                    "type": message.event_type,
                    "timestamp": message.dated_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                    "data": LicenseView::new(&license, activations, now)?,
                });
                let body = body.to_string().into_bytes();
                tx.hook_message(message.id, message.fence, &body).map(Some)
            })
            .await
    }

    async fn send(&self, hook: &Hook, message: &HookRow, body: Vec<u8>) -> Verdict {
        let signed = signed(hook, message, body, self.clock.now());
        let answer = self.fetch.tell(&hook.url, &signed.headers, signed.body).await;
        self.rest_or_resume(hook, answer.is_ok());
        let error = match answer {
            Ok(200..=299) => return Verdict::Taken,
            Ok(410) => {
                return Verdict::GivenUp("it answered 410: it wants to be told no more".to_owned());
            }
            Ok(status) => format!("it answered {status}"),
            Err(error) => error.to_string(),
        };
        let attempts = u32::try_from(message.attempts).unwrap_or_default().saturating_add(1);
        match mail_wait(attempts) {
            Some(wait) => Verdict::Again { wait, error, counts: true },
            None => Verdict::GivenUp(format!("given up after 3 days: {error}")),
        }
    }

    /// Not to be tried now, as it did not answer a moment ago.
    fn rests(&self, hook: &Hook) -> Option<Verdict> {
        let rest = self.resting().get(&hook.name).copied()?;
        let wait = rest.until - self.clock.now();
        let error = "it gave no answer to another message, and rests".to_owned();
        (wait > TimeDelta::zero()).then_some(Verdict::Again { wait, error, counts: false })
    }

    fn rest_or_resume(&self, hook: &Hook, answered: bool) {
        let now = self.clock.now();
        let mut resting = self.resting();
        if answered {
            resting.remove(&hook.name);
            return;
        }
        let rest = resting.entry(hook.name.clone()).or_insert(Rest { faults: 0, until: now });
        rest.faults = rest.faults.saturating_add(1);
        rest.until = now + mail_pause(rest.faults);
    }

    /// Nothing panics while it is held, so poison tells nothing.
    fn resting(&self) -> MutexGuard<'_, HashMap<String, Rest>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under the claim's number: nothing is written when another has taken over.
    async fn settle(&self, message: &HookRow, verdict: Verdict) {
        let (id, fence, now) = (message.id, message.fence, self.clock.now());
        let settle = move |tx: &mut Tx<'_>| match &verdict {
            Verdict::Taken => tx.hook_sent(id, fence, now),
            Verdict::Again { wait, error, counts } => {
                tx.hook_again(id, fence, now + *wait, error, *counts)
            }
            Verdict::GivenUp(error) => tx.hook_failed(id, fence, error),
        };
        if let Err(error) = self.store.run("hook settle", settle).await {
            tracing::warn!(hook.message = id, %error, "message {id} is left for later: {error}");
        }
    }
}

/// What was noted becomes a message to each hook that wants it; where none does, nothing is left.
/// Says how much there was.
fn address(tx: &mut Tx<'_>, books: &Books, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let noted = tx.hook_unaddressed(ADDRESSED)?;
    let mut unwanted = Vec::new();
    for owed in &noted {
        let wants = |hook: &&Hook| {
            hook.events.iter().any(|event| event.as_str() == owed.event_type.as_str())
        };
        let hooks = books.config.hooks.values().filter(wants);
        let hooks: Vec<String> = hooks.map(|hook| hook.name.clone()).collect();
        if hooks.is_empty() {
            unwanted.push(owed.id);
        } else {
            tx.hook_address(owed, &hooks, now)?;
        }
    }
    if !unwanted.is_empty() {
        tx.hook_unwanted(&unwanted)?;
    }
    Ok(noted.len())
}

fn signed(hook: &Hook, message: &HookRow, body: Vec<u8>, now: DateTime<Utc>) -> Sample {
    let sample = Sample { body, ..Sample::json(&message.event_type, &serde_json::Value::Null) };
    let sample = sample.with_header("webhook-id", message.message_id.clone());
    standard_webhooks_sign(sample, &hook.secret, KeyText::Base64, now)
}

/// Counted always; a line for each, without whose license it is about.
fn report(message: &HookRow, hook: &str, verdict: &Verdict) {
    let id = message.id;
    let end = match verdict {
        Verdict::Taken => {
            tracing::info!(hook.message = id, hook, "hook {hook} took message {id}");
            "taken"
        }
        Verdict::Again { counts: false, .. } => "rests",
        Verdict::Again { error, .. } => {
            tracing::warn!(hook.message = id, hook, "hook {hook} is told {id} again: {error}");
            "again"
        }
        Verdict::GivenUp(error) => {
            tracing::error!(hook.message = id, hook, "hook {hook}: {id} is given up: {error}");
            "given_up"
        }
    };
    spans::sent(end, matches!(verdict, Verdict::GivenUp(_)));
    metrics::counter!("keywright_hooks_total", "hook" => hook.to_owned(), "end" => end)
        .increment(1);
}
