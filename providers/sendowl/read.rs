//! What an order says by its state. The name of the event stands in a header that is not signed,
//! and most of its spellings are not documented: it decides only where the order is silent.

use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::read::{self, Event, Reading, Unread};

use super::order::{Delivery, Names, Order};

/// The setting that says whether a free order gives a license.
pub(super) const FREE_ORDERS: &str = "free_orders";

/// # Errors
/// [`Unread`] where something is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    let Delivery { order } = read::json(event.body)?;
    let ignored = event.settings.get(FREE_ORDERS).is_some_and(|setting| setting == "ignore");
    if ignored && ["free_order_issued", "order_imported"].contains(&event.event_type) {
        return Ok(vec![]);
    }
    let names = order.names()?;
    let subscription = order.is_subscription().then(|| names.subscription());
    let sale: Vec<Ref> = subscription.into_iter().chain([names.order()]).collect();
    let told = told(event, &order, &names)?;
    let notice = |kind| {
        let payment = match &kind {
            Kind::Paid { payment, .. }
            | Kind::Refunded { payment, .. }
            | Kind::Disputed { payment, .. } => Some(payment.clone()),
            _ => None,
        };
        Notice {
            refs: sale.iter().cloned().chain(payment).collect(),
            occurred_at: event.occurred_at,
            line: None,
            kind,
            customer: order.customer(),
        }
    };
    Ok(told.into_iter().map(notice).collect())
}

fn told(event: &Event<'_>, order: &Order, names: &Names) -> Result<Vec<Kind>, Unread> {
    let latest = names.payment(order.payments().unwrap_or(1));
    let disputed = |state| Kind::Disputed {
        dispute: names.order().to_string(),
        payment: latest.clone(),
        state,
    };
    let back = order.refunded.as_ref().is_some_and(read::Scalar::is_true);
    Ok(match order.state.as_str() {
        "refunded" => vec![refunded(names, latest)],
        _ if back => vec![refunded(names, latest)],
        "complete" => vec![paid(order, names, order.payments().unwrap_or(1))?],
        "subscription_active" => match (order.payments(), event.event_type) {
            (Some(number), _) => vec![paid(order, names, number)?],
            (None, "order_completed") => vec![paid(order, names, 1)?],
            (None, "new_payment") => {
                let message = "the order does not list its payments, so that a renewal cannot be \
                               told from the first one";
                return Err(Unread::value("order.transactions", message));
            }
            // Set up, or on a trial of unknown length: nothing was paid.
            (None, _) => vec![Kind::Changed { lines: order.lines(names)?, whole: false }],
        },
        "subscription_cancelling" => vec![Kind::Canceled { at: order.access_end()? }],
        "subscription_cancelled" => vec![Kind::Ended { at: event.occurred_at }],
        // The last of a fixed number of payments; what is paid for stays.
        "subscription_complete" => {
            let last = order.payments().map(|number| paid(order, names, number)).transpose()?;
            last.into_iter().chain([Kind::Canceled { at: None }]).collect()
        }
        "in_dispute" => vec![disputed(DisputeState::Opened)],
        "chargeback" | "charged_back" => vec![disputed(DisputeState::Lost)],
        "failed" => vec![Kind::PaymentFailed],
        _ => vec![],
    })
}

fn paid(order: &Order, names: &Names, number: usize) -> Result<Kind, Unread> {
    let payment = names.payment(number);
    Ok(Kind::Paid { payment, amount: order.amount(), lines: order.lines(names)? })
}

/// SendOwl does not say which payment went back; it is the latest one, and all of it.
fn refunded(names: &Names, payment: Ref) -> Kind {
    let refund = names.order().to_string();
    let (amount, total) = (None, None);
    let refund = format!("{refund}/{}", payment.id);
    Kind::Refunded { refund, payment, amount, total, full: true, lines: vec![] }
}
