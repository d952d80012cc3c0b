//! Post: mail that is owed goes out, is tried again with growing waits, or is given up visibly.
//!
//! - [`settings`]: where mail goes and what is on it, from the configuration
//! - `draft`: a row of the outbox becomes a message; [`Preview`]: and is looked at before
//! - `verdict`: what becomes of a mail after a try
//! - `done`: what became of it, counted
//!
//! No transaction is open while a mail server is talked to. A claim has a number that every write
//! shows; what a dead process had claimed is claimed again when its time is over. Before the text
//! goes out it is written down that a copy may arrive, so a process that dies in that moment
//! leaves a doubt and not a silent second copy.

mod done;
mod draft;
mod preview;
pub mod settings;
mod verdict;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

pub use done::Done;
pub use preview::Preview;
pub use settings::{PostError, Settings};

use crate::clock::Clock;
use crate::mailer::{Outgoing, SendError};
use crate::rules::retry::mail_pause;
use crate::spans;
use crate::store::hold::Hold;
use crate::store::rows::MailRow;
use crate::store::{Store, StoreError, Tx};
use done::{End, Outcome, Way};
use draft::{Prepared, gone, prepare};
use verdict::verdict;

/// Mails under way at once.
const AT_ONCE: usize = 4;

/// How long a claim holds. The claims of a living worker are renewed at every pulse, those of a
/// dead one run out soon.
const LEASE: TimeDelta = TimeDelta::seconds(8);

/// How often claims are renewed.
const PULSE: Duration = Duration::from_secs(1);

/// How long the claim holds once the text goes out, whether there is a pulse or not: a worker that
/// was frozen in that moment may still hear the answer, and a second copy is worse than a wait.
const TEXT_LEASE: TimeDelta = TimeDelta::seconds(25);

/// How often the outbox is looked through without being woken.
const IDLE: Duration = Duration::from_secs(1);

/// How often the outcome of a try is offered to a store that cannot take it, with waits of 1/4, 1/2,
/// then 1 second in between: who forgets that a mail was taken sends it again.
const SETTLE_TRIES: u32 = 300;

/// The worker that sends mail. Clones are one worker's hands.
#[derive(Debug, Clone)]
pub struct Post(Arc<Office>);

struct Office {
    store: Store,
    settings: Settings,
    clock: Arc<dyn Clock>,
    /// Rung when mail is owed.
    bell: Arc<Notify>,
    pause: Mutex<Pause>,
    /// Whether everything that goes out was on hold at the last look.
    on_hold: AtomicBool,
}

/// The queue rests after faults that would meet every mail. Each process finds out for itself.
#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    /// In a row.
    faults: u32,
    until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Office").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Post {
    #[must_use]
    pub fn new(store: Store, settings: Settings, clock: Arc<dyn Clock>, bell: Arc<Notify>) -> Self {
        Self(Arc::new(Office {
            store,
            settings,
            clock,
            bell,
            pause: Mutex::default(),
            on_hold: AtomicBool::new(false),
        }))
    }

    /// Sends what is due, and waits for the bell, until told to stop; what is under way then is
    /// finished.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // Interest is registered before looking, so that no ring is missed.
            let rung = self.0.bell.notified();
            match self.round().await {
                Ok(done) if done.all() > 0 => continue,
                Ok(_) => self.0.settings.mailer.rest().await,
                Err(error) => tracing::warn!(%error, "mail cannot be claimed now: {error}"),
            }
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(IDLE) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        self.0.settings.mailer.rest().await;
    }

    /// Sends everything that is due now, until nothing is left or the way is blocked.
    ///
    /// # Errors
    /// [`StoreError`] where not even a claim could be made.
    pub async fn run_once(&self) -> Result<Done, StoreError> {
        let mut all = Done::default();
        loop {
            let done = self.round().await?;
            all.add(&done);
            if done.all() == 0 || self.paused_until().is_some() {
                return Ok(all);
            }
        }
    }

    /// Until when the queue rests, if it does.
    #[must_use]
    pub fn paused_until(&self) -> Option<DateTime<Utc>> {
        let now = self.0.clock.now();
        self.pause().until.filter(|until| *until > now)
    }

    /// Claims a few mails and sends them side by side. After a fault a single one finds out
    /// whether the way is free again.
    async fn round(&self) -> Result<Done, StoreError> {
        let mut done = Done::default();
        if self.paused_until().is_some() {
            return Ok(done);
        }
        let now = self.0.clock.now();
        let limit = if self.pause().faults > 0 { 1 } else { AT_ONCE };
        let claim = move |tx: &mut Tx<'_>| {
            let claimed = tx.outbox_claim(limit, LEASE, now)?;
            // The claim itself heeds a hold; only where it gives nothing may that be why.
            let hold = if claimed.is_empty() { tx.outgoing_hold()? } else { None };
            Ok((claimed, hold))
        };
        let (claimed, hold) = self.0.store.run("mail claim", claim).await?;
        self.tell_hold(hold.as_ref());
        let claims: Vec<_> = claimed.iter().map(|mail| (mail.id, mail.fence)).collect();
        let mut work = JoinSet::new();
        for mail in claimed {
            let post = self.clone();
            let span = spans::mail(&mail);
            work.spawn(async move { post.one(&mail).await }.instrument(span));
        }
        let (mut answered, mut faulty) = (false, false);
        while let Some(outcome) = self.next(&mut work, &claims).await {
            answered |= outcome.way == Way::Answers;
            faulty |= outcome.way == Way::Faulty;
            done.count(outcome.end);
        }
        self.rest_or_resume(answered, faulty);
        Ok(done)
    }

    /// Once when it begins and once when it ends, for mail and for messages to hooks.
    fn tell_hold(&self, hold: Option<&Hold>) {
        metrics::gauge!("keywright_outgoing_on_hold").set(u32::from(hold.is_some()));
        let before = self.0.on_hold.swap(hold.is_some(), Ordering::Relaxed);
        match hold {
            Some(hold) if !before => tracing::warn!(
                %hold,
                "nothing goes out, neither mail nor messages to hooks ({hold}), until \
                 `keywright mail release`"
            ),
            None if before => tracing::info!("mail and messages to hooks go out again"),
            Some(_) | None => {}
        }
    }

    /// The next mail that is done with; the claims on the others are renewed meanwhile.
    async fn next(&self, work: &mut JoinSet<Outcome>, claims: &[(i64, i64)]) -> Option<Outcome> {
        loop {
            tokio::select! {
                // A panic of ours beyond what was foreseen: claimed again when its time is over.
                outcome = work.join_next() => {
                    let left = Outcome { end: End::Left, way: Way::Untried };
                    return outcome.map(|outcome| outcome.unwrap_or(left));
                }
                () = tokio::time::sleep(PULSE) => self.renew(claims.to_vec()).await,
            }
        }
    }

    /// Keeps what is still claimed.
    async fn renew(&self, claims: Vec<(i64, i64)>) {
        let now = self.0.clock.now();
        let renew = move |tx: &mut Tx<'_>| tx.outbox_renew(&claims, LEASE, now);
        if let Err(error) = self.0.store.run("mail renew", renew).await {
            tracing::warn!(%error, "claims on mail cannot be renewed now: {error}");
        }
    }

    /// One claimed mail, from its row to the outcome in the store.
    async fn one(&self, mail: &MailRow) -> Outcome {
        let untried = |end| Outcome { end, way: Way::Untried };
        let outcome = match self.prepared(mail).await {
            Ok(Prepared::Ready { to, bytes }) => self.send(mail, &to, &bytes).await,
            Ok(Prepared::Over(end)) => untried(end),
            Err(error) if lasting(&error) => untried(self.unpreparable(mail, &error).await),
            Err(error) => untried(left(mail, &error)),
        };
        spans::sent(outcome.end.as_str(), outcome.end == End::Failed);
        metrics::counter!("keywright_mail_total", "end" => outcome.end.as_str()).increment(1);
        outcome
    }

    /// Looks whether the mail is still to go out, and fixes its bytes at the first try.
    async fn prepared(&self, mail: &MailRow) -> Result<Prepared, StoreError> {
        let (post, mail, now) = (self.clone(), mail.clone(), self.0.clock.now());
        let prepare = move |tx: &mut Tx<'_>| prepare(tx, &mail, &post.0.settings, now);
        self.0.store.run("mail prepare", prepare).await
    }

    /// A row that cannot be read or a letter that panics is no better next time: it has failed,
    /// where support can see it.
    async fn unpreparable(&self, mail: &MailRow, error: &StoreError) -> End {
        let (id, fence, reason) = (mail.id, mail.fence, error.to_string());
        let fail = move |tx: &mut Tx<'_>| tx.outbox_failed(id, fence, &reason);
        match self.0.store.run("mail fail", fail).await {
            Ok(()) => End::Failed,
            Err(error) => left(mail, &error),
        }
    }

    async fn send(&self, mail: &MailRow, to: &str, bytes: &[u8]) -> Outcome {
        let settings = &self.0.settings;
        let outgoing = Outgoing { from: &settings.from, to, message_id: &mail.message_id, bytes };
        let taken_back = OnceLock::new();
        let go = async {
            let end = if settings.mailer.can_double() { self.go(mail).await } else { None };
            // Set once: there is one go.
            end.is_none_or(|end| taken_back.set(end).is_err())
        };
        let result = settings.mailer.send(outgoing, go).await;
        match taken_back.into_inner() {
            Some(end) => Outcome { end, way: Way::Untried },
            None => self.settle(mail, &result).await,
        }
    }

    /// At the last moment: is it still ours, and still to go? Then a copy may arrive from now
    /// on, and that is written down. Otherwise: what became of it instead.
    async fn go(&self, mail: &MailRow) -> Option<End> {
        let (claimed, now) = (mail.clone(), self.0.clock.now());
        let go = move |tx: &mut Tx<'_>| {
            if let Some(reason) = gone(tx, &claimed, now)? {
                tx.outbox_cancel(claimed.id, claimed.fence, &reason)?;
                return Ok(Some(End::Canceled));
            }
            tx.outbox_doubt(claimed.id, claimed.fence, true, TEXT_LEASE, now)?;
            Ok(None)
        };
        let went = self.0.store.run("mail go", go).await;
        went.unwrap_or_else(|error| Some(left(mail, &error)))
    }

    /// Writes down how the try ended; again and again, for as long as the claim holds.
    async fn settle(&self, mail: &MailRow, result: &Result<(), SendError>) -> Outcome {
        let now = self.0.clock.now();
        let verdict = verdict(mail, result, now);
        verdict.log(mail);
        let (end, way) = (verdict.end(), Way::of(result));
        for attempt in 1..=SETTLE_TRIES {
            let (mail_id, fence, verdict) = (mail.id, mail.fence, verdict.clone());
            let settle = move |tx: &mut Tx<'_>| verdict.write(tx, mail_id, fence, now);
            match self.0.store.run("mail settle", settle).await {
                Ok(()) => break,
                Err(error) if error.retryable() && attempt < SETTLE_TRIES => {
                    let wait = Duration::from_millis(125 << attempt.min(3));
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Outcome { end: left(mail, &error), way },
            }
        }
        Outcome { end, way }
    }

    /// A fault makes the queue rest, longer each time; an answer of any kind ends that.
    fn rest_or_resume(&self, answered: bool, faulty: bool) {
        let now = self.0.clock.now();
        let mut pause = self.0.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *pause = Pause::default();
        }
        if faulty {
            pause.faults = pause.faults.saturating_add(1);
            pause.until = Some(now + mail_pause(pause.faults));
        }
        metrics::gauge!("keywright_mail_faults").set(pause.faults);
    }

    fn pause(&self) -> Pause {
        *self.0.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not settled by us: another worker has it, or the store cannot be asked. When the claim's time
/// is over the mail is claimed again.
fn left(mail: &MailRow, error: &StoreError) -> End {
    tracing::warn!(mail.id, %error, "mail {} is left for later: {error}", mail.id);
    End::Left
}

/// Is it the mail itself that the store cannot work with?
fn lasting(error: &StoreError) -> bool {
    match error {
        StoreError::Corrupt { .. } | StoreError::Refused(_) | StoreError::Panicked(_) => true,
        StoreError::Busy(_)
        | StoreError::Taken(_)
        | StoreError::Unknown(_)
        | StoreError::Unavailable(_)
        | StoreError::Full(_)
        | StoreError::Conflict { .. }
        | StoreError::Unsafe(_)
        | StoreError::Address(_)
        | StoreError::InUse(_)
        | StoreError::Closed => false,
    }
}
