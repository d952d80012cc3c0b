//! Subscriptions and their invoices: <https://paystack.com/docs/payments/subscriptions/>

use chrono::{DateTime, Utc};

use super::payload::{Invoice, Subscription, data, line_of};
use super::read::notice;
use crate::notice::{Kind, Line, Money, Period, Ref};
use crate::read::{self, Id, Reading, Unread};

/// `subscription.create`: what the subscription is for, and which first charge belongs to it. It
/// covers nothing: the charge does.
pub(super) fn created(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let subscription: Subscription = data(body)?;
    let (code, plan) = subscription.plan().ok_or_else(|| Unread::Content {
        path: "data.plan.plan_code".to_owned(),
        message: "a subscription without a plan".to_owned(),
    })?;
    let card = subscription.authorization.as_ref();
    let session = card.and_then(|card| card.of_plan(code));
    let line = Line {
        line: line(&subscription.subscription_code),
        alias: session.iter().map(|session| Line::at(session, 0)).collect(),
        item: vec![String::from(code)],
        quantity: plan.quantity(subscription.amount),
        period: None,
    };
    let refs = [Ref::subscription(&subscription.subscription_code)];
    let refs = refs.into_iter().chain(session).collect();
    let country = card.and_then(|card| card.country());
    let customer = subscription.customer.as_ref().map(|person| person.customer(country));
    Ok(vec![notice(at, refs, Kind::Changed { lines: vec![line], whole: false }, customer)])
}

/// `subscription.not_renew`, `subscription.disable`: no further charge. What is paid stays, and
/// its end is known.
pub(super) fn over(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let subscription: Subscription = data(body)?;
    let next = subscription.next_payment_date.as_deref();
    let end = next.map(|next| read::rfc3339("data.next_payment_date", next)).transpose()?;
    let refs = vec![Ref::subscription(&subscription.subscription_code)];
    let customer = subscription.customer.as_ref().map(|person| person.customer(None));
    Ok(vec![notice(at, refs, Kind::Canceled { at: end }, customer)])
}

/// `invoice.update`: a charge of the subscription, the first one too where Paystack tells it so.
pub(super) fn invoiced(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let invoice: Invoice = data(body)?;
    if !invoice.paid.as_ref().is_some_and(read::Scalar::is_true) {
        return Ok(Vec::new());
    }
    let transaction = invoice.transaction.as_ref();
    let reference = transaction.and_then(|transaction| transaction.reference.as_ref());
    let reference = reference.ok_or_else(|| Unread::Content {
        path: "data.transaction.reference".to_owned(),
        message: "a paid invoice without its transaction".to_owned(),
    })?;
    let amount = transaction.and_then(|transaction| {
        let currency = transaction.currency.as_ref()?.as_str().to_owned();
        Some(Money { minor: transaction.amount?, currency })
    });
    let subscription = &invoice.subscription.subscription_code;
    let end = paid_through(at, &invoice)?;
    let line = Line {
        line: line(subscription),
        alias: vec![line_of(reference)],
        item: Vec::new(),
        quantity: 1,
        period: end.map(|end| Period { start: None, end }),
    };
    let payment = Ref::payment(reference);
    let refs = vec![Ref::subscription(subscription), payment.clone()];
    let country = invoice.authorization.as_ref().and_then(|card| card.country());
    let customer = invoice.customer.as_ref().map(|person| person.customer(country));
    let kind = Kind::Paid { payment, amount, lines: vec![line] };
    Ok(vec![notice(at, refs, kind, customer)])
}

/// `invoice.payment_failed`.
pub(super) fn payment_failed(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let invoice: Invoice = data(body)?;
    let refs = vec![Ref::subscription(&invoice.subscription.subscription_code)];
    let customer = invoice.customer.as_ref().map(|person| person.customer(None));
    Ok(vec![notice(at, refs, Kind::PaymentFailed, customer)])
}

fn line(subscription: &Id) -> String {
    Line::at(&Ref::subscription(subscription), 0)
}

/// The next payment, or else the end of the period, as far as they lie ahead: Paystack's own
/// samples have invoices that end before they begin, and next payments that are just being made.
/// Without either the product's interval is counted.
fn paid_through(at: DateTime<Utc>, invoice: &Invoice) -> Result<Option<DateTime<Utc>>, Unread> {
    let next = invoice.subscription.next_payment_date.as_deref();
    for (path, time) in [
        ("data.subscription.next_payment_date", next),
        ("data.period_end", invoice.period_end.as_deref()),
    ] {
        let time = time.map(|time| read::rfc3339(path, time)).transpose()?;
        if time.is_some_and(|time| time > at) {
            return Ok(time);
        }
    }
    Ok(None)
}
