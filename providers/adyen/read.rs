//! What a notification says, by its event code.
//!
//! The sale is known by the payment's own reference and, over renewals, by the vendor's id of the
//! subscription. `merchantReference` ties nothing: vendors use one for several payments, and
//! Adyen's test notifications all carry the same.

use crate::notice::{DisputeState, Kind, Line, Notice, Ref};
use crate::read::{self, Event, Reading, Unread};

use super::payload::Item;

/// The setting that says when money counts as paid.
pub(super) const CAPTURE: &str = "capture";

pub(super) const EVENTS: &[&str] = &[
    "AUTHORISATION",
    "CANCELLATION",
    "CANCEL_OR_REFUND",
    "CAPTURE",
    "CAPTURE_FAILED",
    "CHARGEBACK",
    "CHARGEBACK_REVERSED",
    "DISPUTE_DEFENSE_PERIOD_ENDED",
    "NOTIFICATION_OF_CHARGEBACK",
    "PREARBITRATION_LOST",
    "PREARBITRATION_WON",
    "REFUND",
    "REFUNDED_REVERSED",
    "REFUND_FAILED",
    "SECOND_CHARGEBACK",
    "TECHNICAL_CANCEL",
];

/// # Errors
/// [`Unread`] where something is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(vec![]);
    }
    let item: Item = read::json(event.body)?;
    let Some((refs, kind)) = told(event, &item)? else { return Ok(vec![]) };
    let customer = item.customer();
    Ok(vec![Notice { refs, occurred_at: item.occurred_at()?, line: None, kind, customer }])
}

/// What it is about, and what happened.
fn told(event: &Event<'_>, item: &Item) -> Result<Option<(Vec<Ref>, Kind)>, Unread> {
    if event.event_type == "AUTHORISATION" {
        return authorised(event, item);
    }
    // A modification that was not carried out changes nothing, but for a refund that was told of
    // as done.
    if !item.succeeded() && event.event_type != "REFUND" {
        return Ok(None);
    }
    let payment = item.original()?;
    let refs = vec![payment.clone()];
    let refund = String::from(item.id());
    // One a payment: the notifications of one dispute need not share a reference of their own.
    let disputed =
        |state| Kind::Disputed { dispute: payment.to_string(), payment: payment.clone(), state };
    let kind = match event.event_type {
        "CAPTURE" => {
            let line = Line::at(&payment, 0);
            let line = Line { line, alias: vec![], item: vec![], quantity: 1, period: None };
            Kind::Paid { payment, amount: Some(item.amount()), lines: vec![line] }
        }
        "CAPTURE_FAILED" => Kind::PaymentFailed,
        "REFUND" if item.succeeded() => {
            let amount = Some(item.amount());
            Kind::Refunded { refund, payment, amount, total: None, full: false, lines: vec![] }
        }
        "REFUND" | "REFUND_FAILED" | "REFUNDED_REVERSED" => Kind::RefundUndone { refund, payment },
        "CANCELLATION" | "CANCEL_OR_REFUND" | "TECHNICAL_CANCEL" => {
            Kind::Refunded { refund, payment, amount: None, total: None, full: true, lines: vec![] }
        }
        "NOTIFICATION_OF_CHARGEBACK" => disputed(DisputeState::Opened),
        "CHARGEBACK" | "SECOND_CHARGEBACK" | "PREARBITRATION_LOST" => disputed(DisputeState::Lost),
        "DISPUTE_DEFENSE_PERIOD_ENDED" if item.is_undefended() => disputed(DisputeState::Lost),
        "CHARGEBACK_REVERSED" | "PREARBITRATION_WON" => disputed(DisputeState::Won),
        _ => return Ok(None),
    };
    Ok(Some((refs, kind)))
}

/// A payment, first or again. Nothing was bought where only a card was stored (amount 0).
fn authorised(event: &Event<'_>, item: &Item) -> Result<Option<(Vec<Ref>, Kind)>, Unread> {
    let subscription = item.subscription();
    if !item.succeeded() {
        let renewal = subscription.filter(|_| item.is_renewal());
        return Ok(renewal.map(|subscription| (vec![subscription], Kind::PaymentFailed)));
    }
    let amount = item.amount();
    if amount.minor == 0 {
        return Ok(None);
    }
    let refs = subscription.into_iter().chain([item.payment()]).collect();
    let by_hand = event.settings.get(CAPTURE).is_some_and(|setting| setting == "manual");
    let line = item.line(!by_hand)?;
    let kind = match by_hand {
        // Says what stands on the line; the capture pays for it.
        true => Kind::Changed { lines: vec![Line { period: None, ..line }], whole: false },
        false => Kind::Paid { payment: item.payment(), amount: Some(amount), lines: vec![line] },
    };
    Ok(Some((refs, kind)))
}
