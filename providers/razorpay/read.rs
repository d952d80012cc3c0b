//! One event to notices.

use chrono::{DateTime, Utc};

use super::payload::{DisputeTold, RefundTold, payload};
use super::{sale, subscription};
use crate::notice::{Customer, DisputeState, Kind, Money, Notice, Ref};
use crate::read::{Event, Reading};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "order.paid",
    "payment_link.paid",
    "invoice.paid",
    "subscription.authenticated",
    "subscription.activated",
    "subscription.charged",
    "subscription.pending",
    "subscription.halted",
    "subscription.cancelled",
    "subscription.completed",
    "subscription.updated",
    "subscription.paused",
    "subscription.resumed",
    "refund.processed",
    "refund.failed",
    "payment.dispute.created",
    "payment.dispute.won",
    "payment.dispute.lost",
    "payment.dispute.closed",
];

/// Reads one event.
///
/// Not read, on purpose: `payment.authorized` and `payment.captured` (the money of an order, a
/// link, an invoice or a subscription, which tell what was bought), `payment.failed` (a
/// subscription tells that it is late), `refund.created` (before the money moved), and what a
/// dispute does between its beginning and its end.
///
/// # Errors
/// [`Unread`](crate::Unread), with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let (at, body) = (event.occurred_at, event.body);
    match event.event_type {
        "order.paid" => sale::order(at, body),
        "payment_link.paid" => sale::link(at, body),
        "invoice.paid" => sale::invoice(at, body),
        "subscription.authenticated" => subscription::authenticated(at, body),
        "subscription.activated" | "subscription.updated" => subscription::stands(at, body),
        "subscription.charged" => subscription::charged(at, body),
        "subscription.pending" | "subscription.halted" => {
            subscription::told(at, body, Kind::PaymentFailed)
        }
        "subscription.cancelled" | "subscription.completed" => subscription::over(at, body),
        "subscription.paused" => subscription::told(at, body, Kind::Paused),
        "subscription.resumed" => subscription::told(at, body, Kind::Resumed),
        "refund.processed" => refunded(at, body),
        "refund.failed" => refund_failed(at, body),
        "payment.dispute.created" => dispute(at, body, Some(DisputeState::Opened)),
        "payment.dispute.won" => dispute(at, body, Some(DisputeState::Won)),
        "payment.dispute.lost" => dispute(at, body, Some(DisputeState::Lost)),
        "payment.dispute.closed" => dispute(at, body, None),
        _ => Ok(Vec::new()),
    }
}

fn refunded(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told: RefundTold = payload(body)?;
    let (refund, payment) = (&told.refund.entity, told.payment.map(|payment| payment.entity));
    let reference = Ref::payment(&refund.payment_id);
    let money = |minor| Money { minor, currency: refund.currency.as_str().to_owned() };
    let refunded = payment.as_ref().and_then(|payment| payment.amount_refunded);
    let kind = Kind::Refunded {
        refund: String::from(&refund.id),
        payment: reference.clone(),
        amount: Some(money(refund.amount)),
        total: refunded.map(money),
        full: payment.is_some_and(|payment| payment.refund_status.as_deref() == Some("full")),
        lines: Vec::new(),
    };
    Ok(vec![notice(at, vec![reference], kind, None)])
}

fn refund_failed(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let refund = payload::<RefundTold>(body)?.refund.entity;
    let payment = Ref::payment(&refund.payment_id);
    let kind = Kind::RefundUndone { refund: refund.id.into(), payment: payment.clone() };
    Ok(vec![notice(at, vec![payment], kind, None)])
}

/// A retrieval is a question of the bank's, and takes no money. One that is closed by neither
/// side's victory has taken money or has not.
fn dispute(at: DateTime<Utc>, body: &[u8], state: Option<DisputeState>) -> Reading {
    let dispute = payload::<DisputeTold>(body)?.dispute.entity;
    if dispute.phase.as_deref() == Some("retrieval") {
        return Ok(Vec::new());
    }
    let state = state.unwrap_or(match dispute.status.as_deref() {
        Some("won") => DisputeState::Won,
        Some("lost") => DisputeState::Lost,
        _ if dispute.amount_deducted.is_some_and(|minor| minor > 0) => DisputeState::Lost,
        _ => DisputeState::Won,
    });
    let payment = Ref::payment(&dispute.payment_id);
    let kind = Kind::Disputed { dispute: dispute.id.into(), payment: payment.clone(), state };
    Ok(vec![notice(at, vec![payment], kind, None)])
}

/// About the whole sale.
pub(super) fn notice(
    at: DateTime<Utc>,
    refs: Vec<Ref>,
    kind: Kind,
    customer: Option<Customer>,
) -> Notice {
    let customer = customer.filter(|customer| !customer.is_empty());
    Notice { refs, occurred_at: at, line: None, kind, customer }
}
