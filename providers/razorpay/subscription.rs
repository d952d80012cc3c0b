//! Subscriptions: <https://razorpay.com/docs/webhooks/payloads/subscriptions/>. One is one line;
//! what it says of itself is as of the event.

use chrono::{DateTime, Utc};

use super::payload::{Subscription, SubscriptionTold, payload};
use super::read::notice;
use crate::notice::{Customer, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Reading, Unread};

/// `subscription.authenticated`: the mandate stands. Where the first charge lies ahead, the time
/// until then is a trial. A payment that comes along is a test of the card, or an extra.
pub(super) fn authenticated(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let subscription = payload::<SubscriptionTold>(body)?.subscription.entity;
    let start = time("start_at", subscription.start_at)?;
    let Some(until) = start.filter(|start| *start > at) else {
        return Ok(Vec::new());
    };
    let kind = Kind::Trial { until, lines: vec![line(&subscription, None)] };
    Ok(vec![about(at, &subscription, kind)])
}

/// `subscription.charged`: every charge covers up to the end that it names, the first and the
/// later alike.
pub(super) fn charged(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told: SubscriptionTold = payload(body)?;
    let subscription = told.subscription.entity;
    let payment = told.payment.ok_or_else(|| Unread::Content {
        path: "payload.payment".to_owned(),
        message: "a charge without its payment".to_owned(),
    })?;
    let payment = payment.entity;
    let start = time("current_start", subscription.current_start)?;
    let end = time("current_end", subscription.current_end)?;
    let kind = Kind::Paid {
        payment: payment.reference(),
        amount: Some(payment.money()),
        lines: vec![line(&subscription, end.map(|end| Period { start, end }))],
    };
    let refs = vec![Ref::subscription(&subscription.id), payment.reference()];
    let customer = payment.customer();
    let provider_id = customer.provider_id.clone().or(customer_id(&subscription));
    Ok(vec![notice(at, refs, kind, Some(Customer { provider_id, ..customer }))])
}

/// `subscription.activated`, `subscription.updated`: the plan and quantity as they are now. A
/// change that is scheduled does not stand there yet.
pub(super) fn stands(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let subscription = payload::<SubscriptionTold>(body)?.subscription.entity;
    let kind = Kind::Changed { lines: vec![line(&subscription, None)], whole: false };
    Ok(vec![about(at, &subscription, kind)])
}

/// `subscription.cancelled`, `subscription.completed`: the last period may still run.
pub(super) fn over(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let subscription = payload::<SubscriptionTold>(body)?.subscription.entity;
    let current_end = time("current_end", subscription.current_end)?;
    let end = current_end.or(time("end_at", subscription.end_at)?);
    let kind = match end.filter(|end| *end > at) {
        Some(end) => Kind::Canceled { at: Some(end) },
        None => Kind::Ended { at: time("ended_at", subscription.ended_at)?.unwrap_or(at) },
    };
    Ok(vec![about(at, &subscription, kind)])
}

/// That alone, of the subscription.
pub(super) fn told(at: DateTime<Utc>, body: &[u8], kind: Kind) -> Reading {
    let subscription = payload::<SubscriptionTold>(body)?.subscription.entity;
    Ok(vec![about(at, &subscription, kind)])
}

fn about(at: DateTime<Utc>, subscription: &Subscription, kind: Kind) -> Notice {
    let provider_id = customer_id(subscription);
    let customer = Customer { provider_id, ..Customer::default() };
    notice(at, vec![Ref::subscription(&subscription.id)], kind, Some(customer))
}

fn line(subscription: &Subscription, period: Option<Period>) -> Line {
    Line {
        line: Line::at(&Ref::subscription(&subscription.id), 0),
        alias: Vec::new(),
        item: vec![String::from(&subscription.plan_id)],
        quantity: subscription.quantity.unwrap_or(1),
        period,
    }
}

fn customer_id(subscription: &Subscription) -> Option<String> {
    subscription.customer_id.as_ref().map(String::from)
}

fn time(field: &str, seconds: Option<i64>) -> Result<Option<DateTime<Utc>>, Unread> {
    let path = format!("payload.subscription.entity.{field}");
    seconds.map(|seconds| read::unix(&path, seconds)).transpose()
}
