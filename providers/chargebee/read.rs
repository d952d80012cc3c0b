//! One event to notices.

use chrono::{DateTime, Utc};

use super::payload::{self, Content};
use super::{invoice, subscription};
use crate::notice::{Kind, Notice};
use crate::read::{Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "subscription_created",
    "subscription_created_with_backdating",
    "subscription_started",
    "subscription_activated",
    "subscription_activated_with_backdating",
    "subscription_renewed",
    "subscription_changed",
    "subscription_changed_with_backdating",
    "subscription_cancellation_scheduled",
    "subscription_scheduled_cancellation_removed",
    "subscription_reactivated",
    "subscription_reactivated_with_backdating",
    "subscription_cancelled",
    "subscription_canceled_with_backdating",
    "subscription_deleted",
    "subscription_paused",
    "subscription_resumed",
    "payment_succeeded",
    "payment_failed",
    "payment_refunded",
    "invoice_updated",
    "transaction_created",
    "transaction_updated",
    "customer_changed",
];

/// Reads one event.
///
/// Not read, on purpose: `invoice_generated` (told again when it is paid), `credit_note_created`
/// (the money that goes back is told by `payment_refunded`), and everything that is only
/// scheduled (`subscription_changes_scheduled`, `subscription_pause_scheduled` ...).
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let content = payload::content(event)?;
    if content.is_canned() {
        return Ok(Vec::new());
    }
    let at = event.occurred_at;
    // Backdated, it means the same.
    let base = event.event_type.strip_suffix("_with_backdating").unwrap_or(event.event_type);
    let of_subscription = match base {
        "subscription_created" | "subscription_started" | "subscription_activated" => {
            began(at, &content)?
        }
        "subscription_renewed" => {
            subscription::need(&content)?;
            Vec::new()
        }
        "subscription_changed" => subscription::changed(at, &content)?,
        "subscription_cancellation_scheduled" => {
            let standing = subscription::need(&content)?;
            let end = subscription::canceled_at(standing)?;
            let end = end.or(subscription::term_end(standing)?);
            subscription::befalls(at, &content, &Kind::Canceled { at: end })?
        }
        "subscription_scheduled_cancellation_removed" | "subscription_reactivated" => {
            subscription::befalls(at, &content, &Kind::Uncanceled)?
        }
        "subscription_cancelled" | "subscription_canceled" => {
            let since = subscription::canceled_at(subscription::need(&content)?)?.unwrap_or(at);
            subscription::befalls(at, &content, &Kind::Ended { at: since })?
        }
        "subscription_deleted" => subscription::befalls(at, &content, &Kind::Ended { at })?,
        "subscription_paused" => subscription::befalls(at, &content, &Kind::Paused)?,
        "subscription_resumed" => subscription::befalls(at, &content, &Kind::Resumed)?,
        // A single purchase may be tried again; a subscription's payment is past due.
        "payment_failed" if content.subscription.is_some() => {
            subscription::befalls(at, &content, &Kind::PaymentFailed)?
        }
        "payment_refunded" => return invoice::refunded(at, &content),
        "transaction_created" | "transaction_updated" => return invoice::reversed(at, &content),
        "customer_changed" => return Ok(vec![person(at, &content)?]),
        _ => Vec::new(),
    };
    let paid = invoice::told(at, &content)?;
    Ok(of_subscription.into_iter().chain(paid).collect())
}

/// What it costs is told by its invoice; a trial has none.
fn began(at: DateTime<Utc>, content: &Content) -> Reading {
    let subscription = subscription::need(content)?;
    match subscription::trial(subscription)? {
        Some(kind) => Ok(vec![Notice {
            refs: vec![crate::notice::Ref::subscription(subscription.id.as_str())],
            occurred_at: at,
            line: None,
            kind,
            customer: content.buyer(),
        }]),
        None => Ok(Vec::new()),
    }
}

fn person(at: DateTime<Utc>, content: &Content) -> Result<Notice, Unread> {
    let customer = content.buyer().ok_or_else(|| Unread::Content {
        path: "content.customer".to_owned(),
        message: "the event does not name its customer".to_owned(),
    })?;
    let (refs, line) = (Vec::new(), None);
    Ok(Notice { refs, occurred_at: at, line, kind: Kind::Customer, customer: Some(customer) })
}
