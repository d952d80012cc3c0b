//! What a customer has, and how often he may do what.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::super::actors::CUSTOMER;
use super::super::view::{ActivationView, Page};
use super::super::{Failure, Support};
use super::owned;
use crate::apply;
use crate::books::Books;
use crate::rules::license::{Flag, State, Status, status};
use crate::rules::remind::ends;
use crate::store::rows::{LicenseFilter, LicenseRow};
use crate::store::{self, StoreError, Tx};

/// How often a license's key is sent again within [`RESENDS_WITHIN`].
pub const RESENDS_MAX: usize = 3;

/// Within what time that is counted.
pub const RESENDS_WITHIN: TimeDelta = TimeDelta::days(1);

/// A license, as its customer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mine {
    pub id: String,
    pub key: String,
    /// The product's name, or its id where it is not sold any more.
    pub product: String,
    /// `active`, `expired`, `suspended`, `revoked` or `pending`.
    pub status: &'static str,
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid. `None`: perpetual, or not begun.
    pub expires_at: Option<DateTime<Utc>>,
    /// Paid until then, and still valid: a renewal may be late.
    pub late: bool,
    /// A subscription that goes on by itself.
    pub renews: bool,
    /// A renewal was not paid.
    pub past_due: bool,
    pub trial: bool,
    /// False: it came of a test of the shop.
    pub live: bool,
    pub max_activations: i32,
    /// Those that hold a seat, oldest first.
    pub machines: Vec<ActivationView>,
    pub releases: Allowance,
    pub resends: Allowance,
}

/// How often something may still be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Allowance {
    pub left: usize,
    /// Where nothing is left: when there is something again. `None` there: never.
    pub again_at: Option<DateTime<Utc>>,
}

impl Support {
    /// The licenses of an address, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn my_licenses(
        &self,
        email: &str,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Mine>, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        let filter = LicenseFilter { email: Some(email.to_owned()), ..LicenseFilter::default() };
        self.read("my licenses", move |tx| {
            let rows = tx.license_list(&filter, now, cursor.as_deref(), limit + 1)?;
            let Page { items, next_cursor } = Page::cut(rows, limit, |row| row.id.clone());
            let mut mine = Vec::with_capacity(items.len());
            // One that was merged away is in the list as what stands for it.
            for row in items.iter().filter(|row| row.merged_into.is_none()) {
                mine.push(seen(tx, row, &books, now)?);
            }
            Ok(Page { items: mine, next_cursor })
        })
        .await
    }

    /// Is the license of this key his?
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`](super::super::Refusal::UnknownLicense): it is not, or there is
    /// none; [`Failure::Store`].
    pub async fn my_key(&self, email: &str, key: &str) -> Result<(), Failure> {
        let (email, key) = (email.to_owned(), key.to_owned());
        self.read("my key", move |tx| owned(tx, &email, &key).map(|_| ())).await
    }
}

/// Machines that may still be released.
pub(super) fn releases(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Allowance, StoreError> {
    let my = books.config.my;
    let since = my.release_period.before(now).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let done =
        tx.history_times(&format!("license:{}", row.id), "activation_released", CUSTOMER, since)?;
    let most = usize::try_from(my.releases).unwrap_or(usize::MAX);
    Ok(Allowance::of(&done, most, |at| my.release_period.after(at, 1)))
}

/// Letters with the key that may still be sent.
pub(super) fn resends(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    now: DateTime<Utc>,
) -> Result<Allowance, StoreError> {
    let since = now - RESENDS_WITHIN;
    let done = tx.history_times(&format!("license:{}", row.id), "resent", CUSTOMER, since)?;
    Ok(Allowance::of(&done, RESENDS_MAX, |at| at + RESENDS_WITHIN))
}

impl Allowance {
    /// `done`: when it was done within the period, oldest first.
    fn of(
        done: &[DateTime<Utc>],
        most: usize,
        back_at: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
    ) -> Self {
        let left = most.saturating_sub(done.len());
        // The one whose return makes room: where more was done than is allowed now, a later one.
        let first = done.len().checked_sub(most).and_then(|over| done.get(over));
        Self { left, again_at: first.filter(|_| left == 0).copied().map(back_at) }
    }
}

fn seen(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Mine, Failure> {
    let flags: Vec<Flag> = store::json(&row.flags, "licenses.flags", &row.id)?;
    let offer = books.config.catalogue.products.get(&row.product);
    let name = offer.and_then(|offer| offer.first()).map(|product| product.name.clone());
    let state = apply::state(row.state);
    let status = status(state, row.valid_until, now);
    let held = tx.activations_of_license(&row.id)?.into_iter();
    let held = held.filter(|one| one.released_at.is_none());
    Ok(Mine {
        id: row.id.clone(),
        key: row.key.clone(),
        product: name.unwrap_or_else(|| row.product.clone()),
        status: status.as_str(),
        starts_at: row.starts_at,
        expires_at: row.expires_at,
        late: status == Status::Active && row.expires_at.is_some_and(|end| end < now),
        renews: state == State::Active && !ends(&flags, row.subscription_ref.is_some()),
        past_due: flags.contains(&Flag::PastDue),
        trial: flags.contains(&Flag::Trial),
        live: row.live,
        max_activations: row.max_activations,
        machines: held.map(ActivationView::from).collect(),
        releases: releases(tx, row, books, now)?,
        resends: resends(tx, row, now)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn left(done: &[i64], most: usize) -> (usize, Option<DateTime<Utc>>) {
        let done: Vec<_> = done.iter().copied().map(at).collect();
        let Allowance { left, again_at } = Allowance::of(&done, most, |at| at + TimeDelta::days(1));
        (left, again_at)
    }

    #[test]
    fn what_was_done_comes_back_one_by_one() {
        assert_eq!(left(&[], 3), (3, None));
        assert_eq!(left(&[1, 2], 3), (1, None));
        assert_eq!(left(&[1, 2, 5], 3), (0, Some(at(25))));
        // A limit that was lowered: room is only when the second of the three is over.
        assert_eq!(left(&[1, 2, 5], 2), (0, Some(at(26))));
        assert_eq!(left(&[1], 0), (0, None));
        assert_eq!(left(&[], 0), (0, None));
    }
}
