//! One event to notices.

use chrono::{DateTime, Utc};

use super::payload::{CustomerTold, DisputeTold, RefundTold, object};
use super::{sale, subscription};
use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::read::{Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "payment.created",
    "payment.updated",
    "invoice.payment_made",
    "invoice.scheduled_charge_failed",
    "subscription.created",
    "subscription.updated",
    "refund.created",
    "refund.updated",
    "dispute.created",
    "dispute.state.updated",
    "dispute.state.changed",
    "customer.created",
    "customer.updated",
];

/// Reads one event.
///
/// Not read, on purpose: `order.*` and the other `invoice.*`, which tell of no money.
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let at = event.occurred_at;
    match event.event_type {
        "payment.created" | "payment.updated" => sale::payment(event),
        "invoice.payment_made" => sale::invoice(event),
        "invoice.scheduled_charge_failed" => sale::charge_failed(event),
        "subscription.created" => subscription::created(event),
        "subscription.updated" => subscription::updated(event),
        "refund.created" | "refund.updated" => refund(at, event.body),
        "dispute.created" | "dispute.state.updated" | "dispute.state.changed" => {
            dispute(at, event.body)
        }
        "customer.created" | "customer.updated" => customer(at, event.body),
        _ => Ok(Vec::new()),
    }
}

fn refund(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told = object::<RefundTold>(body)?.refund;
    let (refund, payment) = (String::from(&told.id), Ref::payment(&told.payment_id));
    let kind = match told.status.as_str() {
        "COMPLETED" => Kind::Refunded {
            refund,
            payment: payment.clone(),
            amount: Some(told.amount_money.money()),
            total: None,
            full: false,
            lines: Vec::new(),
        },
        "REJECTED" | "FAILED" => Kind::RefundUndone { refund, payment: payment.clone() },
        _ => return Ok(Vec::new()),
    };
    Ok(vec![notice(at, vec![payment], kind)])
}

/// An inquiry (`INQUIRY_...`) is a question of the bank's, and takes no money.
fn dispute(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told = object::<DisputeTold>(body)?.dispute;
    let state = match told.state.as_str() {
        "WON" => DisputeState::Won,
        "LOST" | "ACCEPTED" => DisputeState::Lost,
        "EVIDENCE_REQUIRED" | "PROCESSING" => DisputeState::Opened,
        _ => return Ok(Vec::new()),
    };
    let missing = |field: &str| Unread::Content {
        path: format!("data.object.dispute.{field}"),
        message: "the dispute does not name it".to_owned(),
    };
    let dispute = String::from(told.id().ok_or_else(|| missing("id"))?);
    let payment = Ref::payment(told.payment().ok_or_else(|| missing("disputed_payment"))?);
    let kind = Kind::Disputed { dispute, payment: payment.clone(), state };
    Ok(vec![notice(at, vec![payment], kind)])
}

fn customer(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let customer = object::<CustomerTold>(body)?.customer.customer();
    if customer.provider_id.is_none() {
        let path = "data.object.customer.id".to_owned();
        return Err(Unread::Content { path, message: "a customer without an id".to_owned() });
    }
    let notice = notice(at, Vec::new(), Kind::Customer);
    Ok(vec![Notice { customer: Some(customer), ..notice }])
}

/// About the whole sale, without a customer.
pub(super) fn notice(at: DateTime<Utc>, refs: Vec<Ref>, kind: Kind) -> Notice {
    Notice { refs, occurred_at: at, line: None, kind, customer: None }
}
