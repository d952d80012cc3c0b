//! Intake: limits, verify, keep, answer. Whatever is authentic is stored before it is answered.
//!
//! - [`Refused`]: what was not trusted, counted
//! - `ready`: whether a delivery could be stored

mod ready;
mod refused;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use keywright_providers::{Answer, Envelope, Inlet, Reject, Request, Verified};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::Notify;
use tracing::Instrument as _;

use ready::Ready;
pub use refused::{Refusals, Refused};

use crate::apply::{apply_now, licenses_told_of};
use crate::books::{Books, Shelf};
use crate::chance::{self, NoChance};
use crate::clock::{Clock, RELEASED_AT};
use crate::config::Account;
use crate::fetch::Fetch;
use crate::spans;
use crate::store::rows::{
    Kept, LicenseRow, NewEvent, Outcome, PULLED, RECEIVED_BEHIND_MAX, UNREAD,
};
use crate::store::types::{Digest, EventStatus, LicenseState};
use crate::store::{self, Store, StoreError, Tx};

/// All waiting counts: some senders give up after five seconds.
const DEADLINE: Duration = Duration::from_secs(4);

/// Events of one delivery that go into one commit; a larger delivery is kept in parts.
const PART: usize = 64;

/// Events that one delivery may hold.
const EVENTS_MAX: usize = 4_096;

/// What is kept of a request's headers, in bytes.
const HEADERS_BYTES_MAX: usize = 8 * 1024;

/// Takes what providers send.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    bell: Arc<Notify>,
    post: Arc<Notify>,
    fetch: Fetch,
    /// When the newest event was received, unix seconds.
    newest: Arc<AtomicI64>,
    /// When a refusal was logged last, unix seconds.
    logged: Arc<AtomicI64>,
    /// The same for one that was put off before it was known to be authentic.
    put_off: Arc<AtomicI64>,
    /// And for an authentic one that could not be stored.
    unkept: Arc<AtomicI64>,
    refused: Arc<Refused>,
    ready: Arc<Ready>,
}

/// Why a delivery got no 2xx.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no such account")]
    UnknownAccount,
    /// One answer for all of them.
    #[error("not authentic")]
    NotTrusted,
    #[error("cannot be stored now")]
    NotNow,
    #[error("holds more events than one delivery may")]
    TooLarge,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Intake {
    /// `bell` wakes the worker that applies, `post` the one that mails.
    ///
    /// # Errors
    /// [`StoreError`] where the newest event cannot be looked up.
    pub async fn new(
        store: Store,
        shelf: Shelf,
        clock: Arc<dyn Clock>,
        bell: Arc<Notify>,
        post: Arc<Notify>,
        fetch: Fetch,
    ) -> Result<Self, StoreError> {
        let refused = Arc::new(Refused::new(clock.now()));
        let newest = store.read("event newest", |tx| tx.event_newest_received()).await?;
        let newest = newest.map_or(i64::MIN, |at| at.timestamp());
        Ok(Self {
            store,
            shelf,
            clock,
            bell,
            post,
            fetch,
            newest: Arc::new(AtomicI64::new(newest)),
            unkept: Arc::new(AtomicI64::new(i64::MIN)),
            logged: Arc::new(AtomicI64::new(i64::MIN)),
            put_off: Arc::new(AtomicI64::new(i64::MIN)),
            refused,
            ready: Arc::default(),
        })
    }

    /// What was refused since this process began.
    #[must_use]
    pub fn refused(&self) -> &Refused {
        &self.refused
    }

    /// Is our own clock plausible? An event kept under a wrong time could outlive its order.
    #[must_use]
    pub fn clock_plausible(&self) -> bool {
        let now = self.clock.now();
        let newest = self.newest.load(Ordering::Relaxed);
        now >= RELEASED_AT
            && now.timestamp() >= newest.saturating_sub(RECEIVED_BEHIND_MAX.num_seconds())
    }

    /// Would a real write succeed now? An answer is good for a second, whoever asks.
    ///
    /// # Errors
    /// Whatever a write would meet.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.ready.ask(&self.store).await
    }

    /// One delivery: 200 (or what the provider wants) means durably stored.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn deliver(&self, account: &str, request: &Request<'_>) -> Result<Answer, Refusal> {
        let deadline = Instant::now() + DEADLINE;
        let books = self.shelf.now();
        let account = books.account(account).ok_or(Refusal::UnknownAccount)?;
        let provider = &account.provider;
        if request.inlet == Inlet::Fulfil && !provider.facts().fulfils {
            return Err(Refusal::UnknownAccount);
        }
        let now = self.clock.now();
        let certificate = self.certificate(account, request, now).await?;
        let request =
            &Request { certificate: certificate.as_ref().map(|pem| pem.as_slice()), ..*request };
        let verified = provider
            .verify(request, &account.credentials, now)
            .map_err(|reject| self.refuse(account, reject, now))?;
        if !self.clock_plausible() {
            tracing::error!(
                "the clock of this machine is not plausible, webhooks are put off: it is behind the \
                 last event by more than a day; set it right, or, if it is right now and ran ahead \
                 before, start once with `keywright serve --trust-clock`"
            );
            return Err(Refusal::NotNow);
        }
        let events = new_events(account, request, &verified, now)?;
        match request.inlet {
            Inlet::Webhook => {
                let answer = provider.answer(request, &account.credentials, now);
                self.keep(account, events, answer, deadline).await
            }
            Inlet::Fulfil => {
                let keys = self.fulfil(account, &books, events, deadline, now).await?;
                Ok(provider.keys_answer(&keys, request, &account.credentials, now))
            }
        }
    }

    /// The certificate that the signature is to be held against, where there is one.
    async fn certificate(
        &self,
        account: &Account,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Vec<u8>>>, Refusal> {
        let address = account.provider.certificate(request, &account.credentials);
        let Some(address) = address.map_err(|reject| self.refuse(account, reject, now))? else {
            return Ok(None);
        };
        // Where there is none, no signature is right.
        self.fetch.certificate(address).await.map_err(|error| {
            let name = &account.name;
            if once_a_second(&self.put_off, now) {
                tracing::warn!(account = %name, %error, "a delivery to {name} is put off: {error}");
            }
            Refusal::NotNow
        })
    }

    /// The answer to a call by which a provider only looks whether the address is there.
    #[must_use]
    pub fn probe(&self, account: &str, request: &Request<'_>) -> Option<Answer> {
        let books = self.shelf.now();
        let account = books.account(account)?;
        account.provider.probe(request, &account.credentials)
    }

    async fn keep(
        &self,
        account: &Account,
        events: Vec<NewEvent>,
        answer: Answer,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let mut kept: Vec<String> = Vec::new();
        let mut rest = events;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(PART));
            let newest = rest.first().map(|event| event.received_at);
            let ids: Vec<String> =
                rest.iter().filter_map(|event| event.provider_event_id.clone()).collect();
            let span = spans::keep();
            match self.store.keep(rest, deadline).instrument(span.clone()).await {
                Ok(part) => {
                    spans::kept(&span, &part, word);
                    self.count(account, &part);
                    self.arrived(newest);
                }
                Err(error) => {
                    self.not_kept(account, &error);
                    let some = account.provider.partial_answer(&kept).filter(|_| !kept.is_empty());
                    return some.ok_or(Refusal::NotNow);
                }
            }
            kept.extend(ids);
            rest = later;
        }
        Ok(answer)
    }

    /// Something is kept, whatever becomes of the rest: the clock is held against it, and whoever
    /// applies is woken.
    fn arrived(&self, received_at: Option<DateTime<Utc>>) {
        if let Some(received_at) = received_at {
            self.newest.fetch_max(received_at.timestamp(), Ordering::Relaxed);
        }
        self.bell.notify_one();
    }

    /// License, key and event in one commit; then the keys are told. A retry, or the other path of the
    /// same sale, reads the same keys.
    async fn fulfil(
        &self,
        account: &Account,
        books: &Arc<Books>,
        events: Vec<NewEvent>,
        deadline: Instant,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, Refusal> {
        let (name, with) = (account.name.clone(), Arc::clone(books));
        let licenses = self
            .store
            .run_until("fulfil", deadline, move |tx| {
                let mut licenses: Vec<LicenseRow> = Vec::new();
                for kept in tx.event_keep(&events)? {
                    licenses.extend(fulfil_one(tx, kept, &with, now)?);
                }
                Ok(licenses)
            })
            .await
            .map_err(|error| {
                self.not_kept(account, &error);
                Refusal::NotNow
            })?;
        self.arrived(Some(now));
        self.post.notify_one();
        let keys: Vec<String> = licenses.into_iter().map(|license| license.key).collect();
        if keys.is_empty() {
            // Stored, and nothing to hand out: an unknown product, a refund before.
            tracing::warn!(account = name, "keys were asked for at {name}, and there are none");
        }
        Ok(keys)
    }

    fn count(&self, account: &Account, kept: &[Kept]) {
        for one in kept {
            let outcome = word(one.outcome);
            metrics::counter!("keywright_events_kept_total", "account" => account.name.clone(), "outcome" => outcome).increment(1);
        }
    }

    /// Counted always, logged at most once a second: an outage meets every delivery.
    fn not_kept(&self, account: &Account, error: &StoreError) {
        let name = &account.name;
        spans::reason(error.name());
        metrics::counter!("keywright_deliveries_not_kept_total", "account" => name.clone(), "error" => error.name()).increment(1);
        if once_a_second(&self.unkept, self.clock.now()) {
            tracing::error!(account = %name, %error, "a delivery to {name} could not be stored: {error}");
        }
    }

    /// Counted always, logged at most once a second.
    fn refuse(&self, account: &Account, reject: Reject, now: DateTime<Utc>) -> Refusal {
        let (name, code) = (&account.name, reject.code());
        metrics::counter!("keywright_deliveries_refused_total", "account" => name.clone(), "reason" => code).increment(1);
        self.refused.count(name, reject, now);
        spans::reason(code);
        if once_a_second(&self.logged, now) {
            tracing::warn!(account = %name, reason = code, "a delivery to {name} was refused: {reject}");
        }
        match reject {
            Reject::NoSecret
            | Reject::Missing
            | Reject::Doubled
            | Reject::Malformed
            | Reject::Wrong
            | Reject::Stale
            | Reject::NotTaken => Refusal::NotTrusted,
        }
    }
}

/// Is this the first in its second? What strangers can make us write must not fill the disk.
fn once_a_second(last: &AtomicI64, now: DateTime<Utc>) -> bool {
    last.swap(now.timestamp(), Ordering::Relaxed) != now.timestamp()
}

fn fulfil_one(
    tx: &mut Tx<'_>,
    kept: Kept,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Vec<LicenseRow>, StoreError> {
    let Some(event) = tx.event_by_id(kept.id)? else { return Ok(Vec::new()) };
    let licenses = match event.status {
        EventStatus::Pending | EventStatus::Applied => {
            let applied = apply_now(tx, &event, books, now)?;
            // A repetition finds it settled, or in the hands of the worker, who comes to the same end.
            match tx.event_settle(event.id, event.fence, &applied.settled) {
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
            applied.licenses
        }
        // It counts for nothing, as long as nobody replays it; what was bought without it is there.
        EventStatus::Failed | EventStatus::Waiting | EventStatus::Ignored => {
            licenses_told_of(tx, &event, books)?
        }
    };
    Ok(licenses.into_iter().filter(|license| license.state != LicenseState::Revoked).collect())
}

/// The events of an authentic delivery. Where its frame cannot be read, it is one event that
/// will fail with the reason, which stands among its headers.
fn new_events(
    account: &Account,
    request: &Request<'_>,
    verified: &Verified<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<NewEvent>, Refusal> {
    let mut headers = headers(request, account);
    let whole = || vec![Envelope::new("unknown", verified.body())];
    let envelopes = match account.provider.envelopes(request, verified) {
        Ok(envelopes) if envelopes.len() > EVENTS_MAX => return Err(Refusal::TooLarge),
        Ok(envelopes) if envelopes.is_empty() => whole(),
        Ok(envelopes) => envelopes,
        Err(unread) => {
            if let Some(fields) = headers.as_object_mut() {
                fields.insert(UNREAD.to_owned(), Value::from(unread.to_string()));
            }
            whole()
        }
    };
    let headers = std::iter::repeat_n(headers, envelopes.len());
    envelopes
        .into_iter()
        .zip(headers)
        .map(|(envelope, headers)| new_event(account, envelope, headers, verified.signed_at(), now))
        .collect::<Result<_, NoChance>>()
        .map_err(|error| {
            tracing::error!(%error, "a delivery is put off: {error}");
            Refusal::NotNow
        })
}

/// An event to be kept. `signed_at` is the time of its proof, where that has one.
pub(crate) fn new_event(
    account: &Account,
    envelope: Envelope,
    headers: Value,
    signed_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<NewEvent, NoChance> {
    let content = envelope.content.as_ref().unwrap_or(&envelope.body);
    let content_digest = Digest::of_event(content);
    let id = envelope.id;
    // Known under a name that nothing else can have: it is never a repetition.
    let once = if envelope.recurs { Some(HEXLOWER.encode(&chance::bytes::<16>()?)) } else { None };
    let known_as = once.as_deref().or(id.as_deref());
    Ok(NewEvent {
        account: account.name.clone(),
        kind: account.provider.facts().kind.to_owned(),
        dedupe: store::dedupe(&account.name, known_as, &content_digest),
        provider_event_id: id,
        content_digest,
        event_type: envelope.event_type,
        received_at: now,
        occurred_at: envelope.occurred_at.or(signed_at).unwrap_or(now),
        live: envelope.live,
        headers,
        body: envelope.body,
    })
}

/// What is kept of the headers: enough to understand a delivery, no credential, bounded.
fn headers(request: &Request<'_>, account: &Account) -> Value {
    let mut bytes = 0;
    let credentials = &account.credentials;
    let secrets = || credentials.secrets.iter().chain(credentials.keys.values());
    let kept = request.headers.iter().filter(|(name, value)| {
        // The marks are for us to set.
        let left_out = ["authorization", "cookie", "proxy-authorization", PULLED, UNREAD]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        // Some providers send the secret itself, as their whole proof.
        !left_out && !secrets().any(|secret| value.contains(secret.expose()))
    });
    let pairs = kept.take_while(|(name, value)| {
        bytes += name.len() + value.len();
        bytes <= HEADERS_BYTES_MAX
    });
    pairs.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fresh => "fresh",
        Outcome::Duplicate => "duplicate",
        Outcome::Conflict => "conflict",
    }
}
