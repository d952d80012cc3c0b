//! Acts on one license: events like any other, told, applied and settled in one transaction.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::{Act, Kind};

use super::licenses::{find, folded, license, whole};
use super::view::LicenseWhole;
use super::{Asked, Failure, Refusal, Support};
use crate::apply::{self, Applied, apply_now};
use crate::books::Books;
use crate::rules::acts::{SUPPORT, Told, What};
use crate::rules::fold;
use crate::rules::license::State;
use crate::rules::product::Term;
use crate::rules::span::Interval;
use crate::store::rows::{LicenseRow, NewEvent};
use crate::store::types::{Digest, EventStatus};
use crate::store::{self, StoreError, Tx};

/// What is to be done to a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Adds to the expiry: one interval of the product, or this one.
    Renew(Option<Interval>),
    /// The same, up to a date: refused where the license lasts longer already.
    RenewUntil(DateTime<Utc>),
    SetExpiry(DateTime<Utc>),
    Suspend,
    Reinstate,
    Revoke,
}

/// How often a license may change its sale while we wait for the lock.
const TRIES_MAX: usize = 8;

/// Clocks of nodes that differ by more than this are somebody's fault, and order nothing.
const CLOCKS_APART_MAX: TimeDelta = TimeDelta::hours(1);

impl Support {
    /// Does it, and shows the license as it is then.
    ///
    /// # Errors
    /// [`Refusal`] where the rules do not allow it; [`Failure::Store`].
    pub async fn act(&self, name: &str, wish: Wish, asked: Asked) -> Result<LicenseWhole, Failure> {
        let (name, event, books) = (name.to_owned(), self.name()?, self.shelf.now());
        let clock = Arc::clone(&self.clock);
        let shown = self
            .write_once("support act", asked.once.clone(), move |tx| {
                let row = locked(tx, &name, asked.version)?;
                let now = clock.now();
                let known = apply::told(&tx.notices_of_sale(row.sale_id)?)?;
                let told = Told {
                    by: asked.by.clone(),
                    reason: asked.reason(),
                    at: following(&known, now),
                    what: What::License {
                        license_id: row.id.clone(),
                        slot: row.slot.clone(),
                        act: wish.act(),
                    },
                };
                wish.allowed(&row, &known, &told, &books)?;
                let (account, live) = (&row.account, row.live);
                tell(tx, &Telling { told: &told, event: &event, account, live }, &books, now)?;
                let row = find(tx, &row.id)?;
                whole(tx, &row, &books, now)
            })
            .await?;
        self.post.notify_one();
        Ok(shown)
    }
}

impl Wish {
    fn act(self) -> Act {
        match self {
            Self::Renew(interval) => Act::Renew { interval: interval.map(String::from) },
            Self::RenewUntil(expires_at) | Self::SetExpiry(expires_at) => {
                Act::SetExpiry { expires_at }
            }
            Self::Suspend => Act::Suspend,
            Self::Reinstate => Act::Reinstate,
            Self::Revoke => Act::Revoke,
        }
    }

    /// Nothing is stored that would do nothing, or not what its name says.
    fn allowed(
        self,
        row: &LicenseRow,
        known: &[fold::Told],
        told: &Told,
        books: &Books,
    ) -> Result<(), Refusal> {
        match (self, apply::state(row.state)) {
            (Self::Suspend | Self::Renew(_) | Self::RenewUntil(_), State::Revoked) => {
                Err(Refusal::Revoked)
            }
            (Self::Reinstate, state @ (State::Active | State::Pending)) => {
                Err(Refusal::NotSuspended(state.as_str()))
            }
            (Self::Renew(_) | Self::RenewUntil(_), _) => self.extends(row, known, told, books),
            (Self::SetExpiry(_) | Self::Suspend | Self::Reinstate | Self::Revoke, _) => Ok(()),
        }
    }

    /// Folds with and without: a renewal must move the expiry to a later date.
    fn extends(
        self,
        row: &LicenseRow,
        known: &[fold::Told],
        told: &Told,
        books: &Books,
    ) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::NothingToAdd(why));
        let before = folded(known, row, books);
        let Some(before) = license(&before, row) else {
            return refuse(format!(
                "the product {} of this license is not configured any more; put it back and reload",
                row.product
            ));
        };
        let told = fold::Told::new(told.notice(), i64::MAX);
        let after = folded(&[known, &[told]].concat(), row, books);
        let after = license(&after, row).and_then(|license| license.expires_at);
        match (self, before.expires_at, after) {
            (Self::Renew(Some(interval)), _, _) if interval.is_zero() => {
                Err(Refusal::field("interval", "is zero; write P1Y, P3M or P14D"))
            }
            // It comes to what was paid, when that begins.
            (Self::Renew(interval), None, None)
                if before.state == State::Pending
                    && (interval.is_some() || matches!(before.product.term, Term::Interval(_))) =>
            {
                Ok(())
            }
            (_, None, _) if before.state != State::Pending => refuse(
                "the license has no end, so there is nothing to add; to give it one, set \
                 expires_at"
                    .to_owned(),
            ),
            (_, before, Some(after)) if before.is_none_or(|before| after > before) => Ok(()),
            (Self::RenewUntil(_), Some(before), _) => Err(Refusal::field(
                "expires_at",
                format!(
                    "is not after the expiry that the license has, {}; setting an earlier date is \
                     not a renewal",
                    super::view::text(before)
                ),
            )),
            (Self::Renew(None), _, _) if !matches!(before.product.term, Term::Interval(_)) => {
                refuse(format!(
                    "the product {} has no interval of its own; give an interval such as P1Y, or \
                     expires_at",
                    row.product
                ))
            }
            _ => refuse(
                "that would not move the expiry of this license; set expires_at instead".to_owned(),
            ),
        }
    }
}

impl Asked {
    /// The reason as one bounded line.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let line = |text: &String| crate::rules::plain::one_line(text, super::REASON_CHARS);
        self.reason.as_ref().map(line).filter(|text| !text.is_empty())
    }
}

/// The license, with its sale locked, so that acts on it come one after the other.
pub(super) fn locked(
    tx: &mut Tx<'_>,
    name: &str,
    version: Option<i64>,
) -> Result<LicenseRow, Failure> {
    for _ in 0..TRIES_MAX {
        let seen = find(tx, name)?;
        tx.sale_lock(&[seen.sale_id])?;
        // What was read before the lock may have changed while we waited for it.
        let row = find(tx, &seen.id)?;
        if row.sale_id != seen.sale_id {
            continue;
        }
        return match version {
            Some(version) if version != row.version => {
                Err(Refusal::Changed { now: row.version }.into())
            }
            _ => Ok(row),
        };
    }
    Err(StoreError::Busy("the license kept moving from sale to sale".to_owned()).into())
}

/// When an act happens: now, but after the acts before it. So they keep their order although the
/// clocks of two nodes differ, and two acts of one instant are two.
pub(crate) fn following(known: &[fold::Told], now: DateTime<Utc>) -> DateTime<Utc> {
    let by_support = |one: &&fold::Told| matches!(one.notice.kind, Kind::Adjusted { .. });
    let last = known.iter().filter(by_support).map(|one| one.notice.occurred_at).max();
    match last {
        Some(last) if last >= now && last - now < CLOCKS_APART_MAX => {
            last + TimeDelta::microseconds(1)
        }
        _ => now,
    }
}

/// One act on its way into the store.
pub(crate) struct Telling<'a> {
    pub(crate) told: &'a Told,
    /// The event's own unique id.
    pub(crate) event: &'a str,
    pub(crate) account: &'a str,
    pub(crate) live: bool,
}

/// Keeps the act as an event, applies it and settles it.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    telling: &Telling<'_>,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    let Telling { told, event, account, live } = *telling;
    // Our own types always have a JSON form.
    let body = serde_json::to_vec(told).unwrap_or_default();
    let content_digest = Digest::of_event(&body);
    let kept = tx.event_keep(&[NewEvent {
        account: account.to_owned(),
        kind: SUPPORT.to_owned(),
        provider_event_id: Some(event.to_owned()),
        dedupe: store::dedupe(account, Some(event), &content_digest),
        content_digest,
        event_type: told.event_type(),
        received_at: now,
        occurred_at: told.at,
        live: Some(live),
        headers: serde_json::json!({}),
        body,
    }])?;
    let lost = || StoreError::Conflict { what: "event", id: event.to_owned() };
    let id = kept.first().ok_or_else(lost)?.id;
    let row = tx.event_by_id(id)?.ok_or_else(lost)?;
    let applied = apply_now(tx, &row, books, now)?;
    tx.event_settle(row.id, row.fence, &applied.settled)?;
    match applied.settled.status {
        EventStatus::Applied => Ok(applied),
        // It was allowed, so this is our own fault: better nothing than half of it.
        EventStatus::Pending
        | EventStatus::Ignored
        | EventStatus::Waiting
        | EventStatus::Failed => {
            let message = applied.settled.message.unwrap_or_default();
            Err(StoreError::Refused(format!("the act was not applied: {message}")))
        }
    }
}
