//! One event to notices.

use super::frame::subject;
use super::{subscription, transaction};
use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::read::{Event, Reading};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "subscription_charged_successfully",
    "subscription_went_active",
    "subscription_canceled",
    "subscription_expired",
    "subscription_went_past_due",
    "subscription_charged_unsuccessfully",
    "transaction_settled",
    "dispute_opened",
    "dispute_won",
    "dispute_lost",
    "dispute_accepted",
    "dispute_auto_accepted",
    "dispute_expired",
];

/// Reads one event.
///
/// Not read, on purpose: `subscription_trial_ended` (a charge follows),
/// `subscription_billing_skipped` (no money, no time), `dispute_disputed` and
/// `dispute_under_review` (nothing is decided), `refund_failed` (its refund was never told), and
/// `check`.
///
/// # Errors
/// [`crate::Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        kind if !EVENTS.contains(&kind) => Ok(Vec::new()),
        "transaction_settled" => transaction::settled(event, &subject(event, "transaction")?),
        "dispute_opened" => dispute(event, DisputeState::Opened),
        "dispute_won" => dispute(event, DisputeState::Won),
        kind if kind.starts_with("dispute_") => dispute(event, DisputeState::Lost),
        _ => subscription::told(event, &subject(event, "subscription")?),
    }
}

/// A retrieval only asks for papers: no money moves.
fn dispute(event: &Event<'_>, state: DisputeState) -> Reading {
    let dispute = subject(event, "dispute")?;
    if dispute.get("kind").is_some_and(|kind| kind.eq_ignore_ascii_case("retrieval")) {
        return Ok(Vec::new());
    }
    let payment = Ref::payment(transaction::id(&dispute, "transaction/id")?.as_str());
    let id = transaction::id(&dispute, "id")?.into();
    Ok(vec![Notice {
        refs: vec![payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Disputed { dispute: id, payment, state },
        customer: None,
    }])
}
