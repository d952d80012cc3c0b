//! Subscriptions: how they stand. Never money, so nothing here but a trial covers time.
//!
//! A sale may hold items sold once beside the subscription (a perpetual license and a yearly
//! service in one checkout). What befalls the subscription must not touch them, so it is told
//! of each recurring line by name.

use chrono::{DateTime, Utc};

use super::payload::{Subscription, SubscriptionItem, SubscriptionStatus};
use super::payload::{customer, recurring_line};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{self, Reading, Unread};

/// The one event that names the purchase: it ties the two together, and begins a trial.
///
/// # Errors
/// [`Unread::Value`] for times that cannot be, and a trial without an end.
pub(super) fn created(at: DateTime<Utc>, subscription: &Subscription) -> Reading {
    let kind = match subscription.status {
        SubscriptionStatus::Trialing => trial(subscription)?,
        SubscriptionStatus::Active
        | SubscriptionStatus::PastDue
        | SubscriptionStatus::Paused
        | SubscriptionStatus::Canceled => Kind::Linked,
    };
    let mut notice = notice(at, subscription, None, kind);
    if let Some(transaction) = &subscription.transaction_id {
        notice.refs.push(Ref::order(transaction.as_str()));
        notice.refs.push(Ref::payment(transaction.as_str()));
    }
    Ok(vec![notice])
}

/// # Errors
/// As [`created`].
pub(super) fn trialing(at: DateTime<Utc>, subscription: &Subscription) -> Reading {
    Ok(vec![notice(at, subscription, None, trial(subscription)?)])
}

/// Paddle's catch-all, sent for every change and with the whole subscription: its plan, whether
/// it will end, and (by the trial's own dates) how long a trial lasts that was moved.
///
/// The billing period is not looked at: it is the new one before the renewal is paid.
///
/// # Errors
/// [`Unread::Value`] for times that cannot be.
pub(super) fn updated(at: DateTime<Utc>, subscription: &Subscription) -> Reading {
    if subscription.status == SubscriptionStatus::Canceled {
        return canceled(at, subscription);
    }
    let mut notices = Vec::new();
    let lines: Vec<Line> = lines(subscription).map(|(line, _)| line).collect();
    if !lines.is_empty() {
        notices.push(notice(at, subscription, None, Kind::Changed { lines, whole: true }));
    }
    if subscription.status == SubscriptionStatus::Trialing && trial_end(subscription)?.is_some() {
        notices.push(notice(at, subscription, None, trial(subscription)?));
    }
    notices.extend(each_line(at, subscription, &renewing(subscription)?));
    Ok(notices)
}

/// Sent when a cancellation takes effect, at once or at the end of the period.
///
/// # Errors
/// [`Unread::Value`] for a time that cannot be.
pub(super) fn canceled(at: DateTime<Utc>, subscription: &Subscription) -> Reading {
    let ended = match &subscription.canceled_at {
        Some(text) => read::rfc3339("data.canceled_at", text)?,
        None => at,
    };
    Ok(each_line(at, subscription, &Kind::Ended { at: ended }))
}

pub(super) fn past_due(at: DateTime<Utc>, subscription: &Subscription) -> Vec<Notice> {
    each_line(at, subscription, &Kind::PaymentFailed)
}

pub(super) fn paused(at: DateTime<Utc>, subscription: &Subscription) -> Vec<Notice> {
    each_line(at, subscription, &Kind::Paused)
}

pub(super) fn resumed(at: DateTime<Utc>, subscription: &Subscription) -> Vec<Notice> {
    each_line(at, subscription, &Kind::Resumed)
}

/// Paddle does not tell that a scheduled cancellation was taken back; it is just not there any
/// more. There is one scheduled change at most, so one to pause is none to cancel.
fn renewing(subscription: &Subscription) -> Result<Kind, Unread> {
    let change = subscription.scheduled_change.as_ref();
    let Some(change) = change.filter(|change| change.action == "cancel") else {
        return Ok(Kind::Uncanceled);
    };
    let effective = change.effective_at.as_deref();
    let at = effective.map(|text| read::rfc3339("data.scheduled_change.effective_at", text));
    Ok(Kind::Canceled { at: at.transpose()? })
}

/// A trial of the items that have one; of all where none says so.
fn trial(subscription: &Subscription) -> Result<Kind, Unread> {
    let until = match (trial_end(subscription)?, &subscription.current_billing_period) {
        (Some(end), _) => end,
        (None, Some(period)) => {
            read::rfc3339("data.current_billing_period.ends_at", &period.ends_at)?
        }
        (None, None) => {
            return Err(Unread::value("data.items[0].trial_dates", "a trial must say its end"));
        }
    };
    let any = subscription.items.iter().any(|item| item.trial_dates.is_some());
    let tried = lines(subscription).filter(|(_, item)| !any || item.trial_dates.is_some());
    let lines: Vec<Line> = tried.map(|(line, _)| line).collect();
    if lines.is_empty() {
        return Err(Unread::value("data.items", "a trial is of at least one"));
    }
    Ok(Kind::Trial { until, lines })
}

/// The latest end that an item names for its trial.
fn trial_end(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let items = subscription.items.iter().enumerate();
    items
        .filter_map(|(position, item)| Some((position, item.trial_dates.as_ref()?)))
        .map(|(position, dates)| {
            let path = format!("data.items[{position}].trial_dates.ends_at");
            read::rfc3339(&path, &dates.ends_at)
        })
        .try_fold(None, |latest, end| Ok(latest.max(Some(end?))))
}

/// The recurring lines, counted as in [`super::transaction`].
fn lines(subscription: &Subscription) -> impl Iterator<Item = (Line, &SubscriptionItem)> {
    let recurring = subscription.items.iter().filter(|item| item.recurring != Some(false));
    recurring.enumerate().map(|(position, item)| {
        let name = recurring_line(&subscription.id, position);
        (item.price.line(name, item.quantity), item)
    })
}

/// One notice for each recurring line; one for the whole sale if the event names none.
fn each_line(at: DateTime<Utc>, subscription: &Subscription, kind: &Kind) -> Vec<Notice> {
    let named: Vec<Notice> = lines(subscription)
        .map(|(line, _)| notice(at, subscription, Some(line.line), kind.clone()))
        .collect();
    if named.is_empty() { vec![notice(at, subscription, None, kind.clone())] } else { named }
}

fn notice(
    at: DateTime<Utc>,
    subscription: &Subscription,
    line: Option<String>,
    kind: Kind,
) -> Notice {
    Notice {
        refs: vec![Ref::subscription(subscription.id.as_str())],
        occurred_at: at,
        line,
        kind,
        customer: customer(subscription.customer_id.as_ref()),
    }
}
