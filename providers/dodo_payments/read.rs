//! One event to notices.
//!
//! What a subscription is paid for is told twice, and the tellings share no id:
//! `subscription.renewed` knows the period and not the payment, `payment.succeeded` the payment
//! (which refunds and disputes name) and not the period. Both know when it was, so a charge of a
//! subscription is known by its day: see [`charge`].

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;

use super::payload::{CartItem, Dispute, Dunning, Payment, Refund, Subscription, Told, customer};
use crate::notice::{Customer, DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Event, Id, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "payment.succeeded",
    "payment.failed",
    "subscription.active",
    "subscription.renewed",
    "subscription.plan_changed",
    "subscription.updated",
    "subscription.on_hold",
    "subscription.past_due",
    "subscription.paused",
    "subscription.unpaused",
    "subscription.cancelled",
    "subscription.expired",
    "dunning.started",
    "refund.succeeded",
    "refund.failed",
    "dispute.opened",
    "dispute.won",
    "dispute.cancelled",
    "dispute.lost",
    "dispute.accepted",
    "dispute.expired",
];

/// Not read, on purpose: `subscription.failed` (nothing was ever paid), `dunning.recovered`
/// (beside `subscription.renewed`), `dispute.challenged`, `license_key.*` and
/// `entitlement_grant.*` (Dodo's own keys).
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        "payment.succeeded" => paid(event, &data(event)?),
        "payment.failed" => failed(event, &data(event)?),
        "subscription.active" | "subscription.renewed" => charged(event, &data(event)?),
        "subscription.plan_changed" => told(event, |one| vec![changed(one)]),
        "subscription.updated" => told(event, updated),
        "subscription.on_hold" | "subscription.past_due" => {
            told(event, |_| vec![Kind::PaymentFailed])
        }
        "subscription.paused" => told(event, |_| vec![Kind::Paused]),
        "subscription.unpaused" => told(event, |_| vec![Kind::Resumed]),
        "subscription.cancelled" => told(event, |one| vec![cancelled(event, one)]),
        "subscription.expired" => told(event, |_| vec![Kind::Ended { at: event.occurred_at }]),
        "dunning.started" => dunning(event, &data(event)?),
        "refund.succeeded" | "refund.failed" => refund(event, &data(event)?),
        "dispute.opened" => dispute(event, DisputeState::Opened),
        "dispute.won" | "dispute.cancelled" => dispute(event, DisputeState::Won),
        "dispute.lost" | "dispute.accepted" | "dispute.expired" => {
            dispute(event, DisputeState::Lost)
        }
        _ => Ok(Vec::new()),
    }
}

/// How long a charge that failed is tried again.
const TRIED_MAX: TimeDelta = TimeDelta::days(14);

/// The names of the charge that a subscription made at that time: its day, and the time from noon
/// to noon. Two tellings of one charge, less than half a day apart, share one of them; charges a
/// day apart share none.
fn charge(subscription: &Id, at: DateTime<Utc>) -> [Ref; 2] {
    let noon = at.checked_sub_signed(TimeDelta::hours(12)).unwrap_or(at);
    [
        Ref::invoice(format!("{subscription}/{}", at.date_naive())),
        Ref::invoice(format!("{subscription}/{}T12", noon.date_naive())),
    ]
}

/// What was sold once is paid by this. For a subscription it only adds the payment's id to the
/// charge: it may as well be what a plan change costs, which covers no time.
fn paid(event: &Event<'_>, payment: &Payment) -> Reading {
    let own = Ref::payment(&payment.payment_id);
    let subscriptions = payment.subscriptions();
    if !subscriptions.is_empty() {
        let at = payment.created_at.map_or(event.occurred_at, |time| time.0);
        let mut refs: Vec<Ref> = subscriptions.iter().map(|id| Ref::subscription(*id)).collect();
        refs.push(own);
        refs.extend(subscriptions.iter().flat_map(|id| charge(id, at)));
        return Ok(vec![notice(event, refs, Kind::Linked, payment.customer())]);
    }
    let cart = payment.product_cart.as_deref().unwrap_or_default();
    if cart.is_empty() {
        return Err(Unread::Content {
            path: "data.product_cart".to_owned(),
            message: "a payment without a subscription must say what was bought".to_owned(),
        });
    }
    let line = |(position, item): (usize, &CartItem)| Line {
        line: Line::at(&own, position),
        alias: Vec::new(),
        item: vec![String::from(&item.product_id)],
        quantity: item.quantity.unwrap_or(1).max(1),
        period: None,
    };
    let kind = Kind::Paid {
        payment: own.clone(),
        amount: Some(payment.currency.money(payment.total_amount)),
        lines: cart.iter().enumerate().map(line).collect(),
    };
    Ok(vec![notice(event, vec![own], kind, payment.customer())])
}

fn failed(event: &Event<'_>, payment: &Payment) -> Reading {
    let subscriptions = payment.subscriptions();
    let late = subscriptions.into_iter().map(|id| {
        let refs = vec![Ref::subscription(id)];
        let line = Some(line_name(id));
        Notice { line, ..notice(event, refs, Kind::PaymentFailed, payment.customer()) }
    });
    Ok(late.collect())
}

/// `renewed` is told of every charge, the first included; `active` of the first, and when a charge
/// that failed was made up for. Both know the period that runs, so both tell of its one payment.
fn charged(event: &Event<'_>, subscription: &Subscription) -> Reading {
    let Some(end) = subscription.next_billing_date.map(|time| time.0) else {
        return Err(Unread::Content {
            path: "data.next_billing_date".to_owned(),
            message: "a period that runs must say when it ends".to_owned(),
        });
    };
    if tried(subscription, end) {
        let kind = Kind::Trial { until: end, lines: vec![line(subscription, None)] };
        return told(event, |_| vec![kind]);
    }
    // Meanwhile it may be past due: then the period is the next one.
    if event.event_type == "subscription.active" && subscription.status != "active" {
        return told(event, |one| vec![changed(one)]);
    }
    let start = subscription.previous_billing_date.map(|time| time.0);
    let names = charge(&subscription.subscription_id, start.unwrap_or(event.occurred_at));
    // A renewal that was paid late, after some tries, is told on the day of its payment, which knows
    // no other. An event from before the period tells of an earlier charge, and shows the latest.
    let late = start.filter(|_| event.event_type == "subscription.renewed").is_some_and(|start| {
        (TimeDelta::zero()..=TRIED_MAX).contains(&(event.occurred_at - start))
    });
    let paid_on = charge(&subscription.subscription_id, event.occurred_at);
    let paid_on = paid_on.into_iter().filter(|name| late && !names.contains(name));
    let paid_on: Vec<Ref> = paid_on.collect();
    let kind = Kind::Paid {
        payment: names[0].clone(),
        amount: None,
        lines: vec![line(subscription, Some(Period { start, end }))],
    };
    let refs =
        [Ref::subscription(&subscription.subscription_id)].into_iter().chain(names).chain(paid_on);
    Ok(vec![notice(event, refs.collect(), kind, subscription.customer())])
}

/// Nothing is charged before the days of the trial are over.
fn tried(subscription: &Subscription, end: DateTime<Utc>) -> bool {
    let days = i64::from(subscription.trial_period_days.unwrap_or(0));
    let first = subscription.created_at.filter(|_| days > 0);
    let until = first.and_then(|from| from.0.checked_add_signed(TimeDelta::days(days + 1)));
    until.is_some_and(|until| end <= until)
}

fn changed(subscription: &Subscription) -> Kind {
    Kind::Changed { lines: vec![line(subscription, None)], whole: false }
}

/// The catch-all of newer accounts.
fn updated(subscription: &Subscription) -> Vec<Kind> {
    let mut kinds = vec![changed(subscription)];
    if subscription.cancel_at_next_billing_date {
        kinds.push(canceled(subscription));
    } else if subscription.status == "active" {
        kinds.push(Kind::Uncanceled);
    }
    kinds
}

fn cancelled(event: &Event<'_>, subscription: &Subscription) -> Kind {
    if subscription.cancel_at_next_billing_date {
        return canceled(subscription);
    }
    Kind::Ended { at: subscription.cancelled_at.map_or(event.occurred_at, |time| time.0) }
}

fn canceled(subscription: &Subscription) -> Kind {
    Kind::Canceled { at: subscription.next_billing_date.map(|time| time.0) }
}

fn dunning(event: &Event<'_>, dunning: &Dunning) -> Reading {
    let ids = dunning.subscription_id.iter();
    let late = ids.map(|id| {
        let line = Some(line_name(id));
        Notice { line, ..notice(event, vec![Ref::subscription(id)], Kind::PaymentFailed, None) }
    });
    Ok(late.collect())
}

fn refund(event: &Event<'_>, told: &Refund) -> Reading {
    let (refund, payment) = (String::from(&told.refund_id), Ref::payment(&told.payment_id));
    let kind = if event.event_type == "refund.failed" {
        Kind::RefundUndone { refund, payment: payment.clone() }
    } else {
        let amount = told.amount.zip(told.currency.as_ref());
        let amount = amount.map(|(minor, currency)| currency.money(minor));
        let full = match (told.is_partial, &amount) {
            (Some(partial), _) => !partial,
            (None, Some(_)) => false,
            (None, None) => {
                let message = "a refund must say how much went back".to_owned();
                return Err(Unread::Content { path: "data.amount".to_owned(), message });
            }
        };
        if amount.is_none() && !full {
            return Err(Unread::value("data.amount", "a partial refund must say how much"));
        }
        let lines = Vec::new();
        Kind::Refunded { refund, payment: payment.clone(), amount, total: None, full, lines }
    };
    let customer = customer(told.customer.as_ref(), None, None);
    Ok(vec![notice(event, vec![payment], kind, customer)])
}

fn dispute(event: &Event<'_>, state: DisputeState) -> Reading {
    let told: Dispute = data(event)?;
    let payment = Ref::payment(&told.payment_id);
    let dispute = String::from(told.dispute_id);
    let kind = Kind::Disputed { dispute, payment: payment.clone(), state };
    let customer = customer(told.customer.as_ref(), None, None);
    Ok(vec![notice(event, vec![payment], kind, customer)])
}

/// What one event says of a subscription. By its line: one payment may have begun several.
fn told(event: &Event<'_>, kinds: impl FnOnce(&Subscription) -> Vec<Kind>) -> Reading {
    let subscription = data::<Subscription>(event)?;
    let id = &subscription.subscription_id;
    let of_one = |kind: Kind| {
        let names_lines = matches!(kind, Kind::Changed { .. } | Kind::Trial { .. });
        let line = Some(line_name(id)).filter(|_| !names_lines);
        let refs = vec![Ref::subscription(id)];
        Notice { line, ..notice(event, refs, kind, subscription.customer()) }
    };
    Ok(kinds(&subscription).into_iter().map(of_one).collect())
}

fn line(subscription: &Subscription, period: Option<Period>) -> Line {
    Line {
        line: line_name(&subscription.subscription_id),
        alias: Vec::new(),
        item: vec![String::from(&subscription.product_id)],
        quantity: subscription.quantity.unwrap_or(1).max(1),
        period,
    }
}

/// A subscription has one product; what is added to it (`addons`) is no line of its own.
fn line_name(subscription: &Id) -> String {
    Line::at(&Ref::subscription(subscription), 0)
}

fn data<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    Ok(read::json::<Told<T>>(event.body)?.data)
}

fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind, customer: Option<Customer>) -> Notice {
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }
}
