//! From Stripe's words to ours.

use super::{checkout, customer, dispute, envelope, invoice, refund, subscription};
use crate::ask::Ask;
use crate::read::{Event, Reading, Unread};

/// What has to be asked first.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if envelope::is_ours(event.body, event.settings)? {
        checkout::asks(event)
    } else {
        Ok(Vec::new())
    }
}

/// What one event says. Types of no interest are not looked into, other than for their frame.
pub(super) fn read(event: &Event<'_>) -> Reading {
    let ours = envelope::is_ours(event.body, event.settings)?;
    match reader(event.event_type) {
        Some(reader) if ours => reader(event),
        _ => Ok(Vec::new()),
    }
}

type Reader = fn(&Event<'_>) -> Reading;

/// The twins of these are not read: `invoice.payment_succeeded` (as `invoice.paid`, but missing
/// where an invoice was marked paid), `payment_intent.succeeded`, `charge.succeeded`.
pub(super) fn reader(event_type: &str) -> Option<Reader> {
    Some(match event_type {
        "checkout.session.completed" => checkout::completed,
        "checkout.session.async_payment_succeeded" => checkout::paid_late,
        "invoice.paid" => invoice::paid,
        "invoice.payment_failed" => invoice::payment_failed,
        "invoice_payment.paid" => invoice::linked,
        "customer.subscription.created" => subscription::created,
        "customer.subscription.updated" => subscription::updated,
        "customer.subscription.deleted" => subscription::deleted,
        "customer.subscription.paused" => subscription::paused,
        "customer.subscription.resumed" => subscription::resumed,
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            refund::refund
        }
        "charge.refunded" => refund::charge,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => dispute::dispute,
        "customer.created" | "customer.updated" => customer::customer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provider;
    use crate::stripe::Stripe;

    #[test]
    fn every_event_that_is_promised_is_read() {
        for event_type in Stripe.facts().events {
            assert!(reader(event_type).is_some(), "{event_type}");
        }
    }

    #[test]
    fn twins_and_strangers_are_passed_over() {
        for event_type in ["invoice.payment_succeeded", "payment_intent.succeeded", "x.y", ""] {
            assert!(reader(event_type).is_none(), "{event_type}");
        }
    }
}
