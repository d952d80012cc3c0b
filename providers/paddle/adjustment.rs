//! Adjustments: money that went back, by refund or by chargeback.
//!
//! A live refund is created as `pending_approval` and told again when Paddle has decided. A
//! chargeback and its reversal are two adjustments with ids of their own that share only the
//! transaction, so the transaction names the dispute. That one was lost, Paddle does not tell.

use chrono::{DateTime, Utc};

use super::payload::{Action, Adjustment, AdjustmentStatus, Extent, customer};
use crate::notice::{DisputeState, Kind, Notice, Ref, ReturnedLine};
use crate::read::{Reading, Unread};

/// # Errors
/// [`Unread::Value`] for an amount that cannot be.
pub(super) fn told(at: DateTime<Utc>, adjustment: &Adjustment) -> Reading {
    let kind = match adjustment.action {
        Action::Refund => refund(adjustment)?,
        Action::Chargeback => match adjustment.status {
            AdjustmentStatus::Approved => Some(dispute(adjustment, DisputeState::Opened)),
            AdjustmentStatus::Reversed => Some(dispute(adjustment, DisputeState::Won)),
            AdjustmentStatus::PendingApproval | AdjustmentStatus::Rejected => None,
        },
        Action::ChargebackReverse => match adjustment.status {
            AdjustmentStatus::Approved => Some(dispute(adjustment, DisputeState::Won)),
            AdjustmentStatus::PendingApproval
            | AdjustmentStatus::Rejected
            | AdjustmentStatus::Reversed => None,
        },
        // A warning takes no money; a credit stays with Paddle for the next invoice.
        Action::ChargebackWarning
        | Action::ChargebackWarningReverse
        | Action::Credit
        | Action::CreditReverse => None,
    };
    Ok(kind.map(|kind| notice(at, adjustment, kind)).into_iter().collect())
}

fn refund(adjustment: &Adjustment) -> Result<Option<Kind>, Unread> {
    let (refund, payment) = (adjustment.id.as_str().to_owned(), payment(adjustment));
    Ok(match adjustment.status {
        AdjustmentStatus::PendingApproval => None,
        AdjustmentStatus::Rejected | AdjustmentStatus::Reversed => {
            Some(Kind::RefundUndone { refund, payment })
        }
        AdjustmentStatus::Approved => Some(Kind::Refunded {
            refund,
            payment,
            amount: Some(
                adjustment.currency_code.amount("data.totals.total", &adjustment.totals.total)?,
            ),
            total: None,
            full: adjustment.extent == Some(Extent::Full),
            lines: returned(adjustment),
        }),
    })
}

/// The lines given back entirely. Items are named by the transaction's line item ids, as lines
/// sold once are; recurring lines have other names, so with a subscription the amounts decide.
fn returned(adjustment: &Adjustment) -> Vec<ReturnedLine> {
    if adjustment.subscription_id.is_some() {
        return Vec::new();
    }
    let whole = adjustment.items.iter().filter(|item| item.extent == Some(Extent::Full));
    whole
        .filter_map(|item| item.item_id.clone())
        .map(|id| ReturnedLine { line: id.into(), quantity: None })
        .collect()
}

fn dispute(adjustment: &Adjustment, state: DisputeState) -> Kind {
    let dispute = adjustment.transaction_id.as_str().to_owned();
    Kind::Disputed { dispute, payment: payment(adjustment), state }
}

fn payment(adjustment: &Adjustment) -> Ref {
    Ref::payment(adjustment.transaction_id.as_str())
}

fn notice(at: DateTime<Utc>, adjustment: &Adjustment, kind: Kind) -> Notice {
    let subscription = adjustment.subscription_id.as_ref();
    let mut refs = Vec::from_iter(subscription.map(|id| Ref::subscription(id.as_str())));
    refs.push(payment(adjustment));
    let customer = customer(adjustment.customer_id.as_ref());
    Notice { refs, occurred_at: at, line: None, kind, customer }
}
