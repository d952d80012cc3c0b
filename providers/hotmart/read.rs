//! What an event says. Of a purchase its status counts, which outranks the event's name.

use crate::notice::{Customer, DisputeState, Kind, Notice, Ref};
use crate::read::{self, Event, Reading, Unread};

use super::payload::{Cancellation, Moved, Sold, Switch};

pub(super) const EVENTS: &[&str] = &[
    "PURCHASE_APPROVED",
    "PURCHASE_CANCELED",
    "PURCHASE_CHARGEBACK",
    "PURCHASE_COMPLETE",
    "PURCHASE_DELAYED",
    "PURCHASE_EXPIRED",
    "PURCHASE_REFUNDED",
    "SUBSCRIPTION_CANCELLATION",
    "SWITCH_PLAN",
    "UPDATE_SUBSCRIPTION_CHARGE_DATE",
];

/// One fact, before it has a time and a buyer.
struct Told {
    refs: Vec<Ref>,
    line: Option<String>,
    kind: Kind,
}

/// # Errors
/// [`Unread`] where something is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(vec![]);
    }
    let (told, customer) = match event.event_type {
        "SUBSCRIPTION_CANCELLATION" => {
            let data: Cancellation = read::json(event.body)?;
            let contract = data.contract();
            let kind = Kind::Canceled { at: data.end()? };
            (vec![of_line(contract.sale, contract.line, kind)], data.customer())
        }
        "SWITCH_PLAN" => {
            let data: Switch = read::json(event.body)?;
            let kind = Kind::Changed { lines: vec![data.line()?], whole: false };
            let refs = vec![data.contract().sale];
            (vec![Told { refs, line: None, kind }], data.customer())
        }
        "UPDATE_SUBSCRIPTION_CHARGE_DATE" => moved(&read::json(event.body)?)?,
        _ => {
            let data: Sold = read::json(event.body)?;
            (sold(event, &data)?, data.customer())
        }
    };
    let notice = |told: Told| Notice {
        refs: told.refs,
        occurred_at: event.occurred_at,
        line: told.line,
        kind: told.kind,
        customer: customer.clone(),
    };
    Ok(told.into_iter().map(notice).collect())
}

fn of_line(sale: Ref, line: String, kind: Kind) -> Told {
    Told { refs: vec![sale], line: Some(line), kind }
}

/// The next charge was moved: until then the subscription runs, without money.
fn moved(data: &Moved) -> Result<(Vec<Told>, Option<Customer>), Unread> {
    let kind = Kind::Trial { until: data.until()?, lines: vec![data.line()?] };
    let refs = vec![data.contract()?.sale];
    Ok((vec![Told { refs, line: None, kind }], data.customer()))
}

fn sold(event: &Event<'_>, data: &Sold) -> Result<Vec<Told>, Unread> {
    let payment = data.payment();
    let whole = |kind| vec![Told { refs: data.refs(), line: None, kind }];
    Ok(match status(event, data) {
        // The end of the warranty (COMPLETED) tells of the same money again.
        "APPROVED" | "COMPLETED" | "COMPLETE" => {
            let kind = Kind::Paid { payment, amount: data.amount(), lines: vec![data.line()?] };
            let mut told = whole(kind);
            // Nothing else tells that a subscription which was canceled lives again.
            let revives = data.contract().filter(|_| event.event_type == "PURCHASE_APPROVED");
            told.extend(
                revives.map(|contract| of_line(contract.sale, contract.line, Kind::Uncanceled)),
            );
            told
        }
        "REFUNDED" => {
            let refund = payment.id.clone();
            let (amount, total) = (None, None);
            whole(Kind::Refunded { refund, payment, amount, total, full: true, lines: vec![] })
        }
        "CHARGEBACK" => {
            let (dispute, state) = (payment.id.clone(), DisputeState::Lost);
            whole(Kind::Disputed { dispute, payment, state })
        }
        "DELAYED" | "OVERDUE" => match data.contract() {
            Some(contract) => {
                vec![of_line(contract.sale, contract.line, Kind::PaymentFailed)]
            }
            None => vec![],
        },
        // Never paid. A renewal that was not ends nothing that was.
        "CANCELED" | "CANCELLED" | "EXPIRED" if data.contract().is_none() => {
            whole(Kind::Ended { at: event.occurred_at })
        }
        _ => vec![],
    })
}

/// The purchase's own word, else the event's name.
fn status<'a>(event: &Event<'a>, data: &'a Sold) -> &'a str {
    let told = data.purchase.status.as_deref().filter(|status| !status.is_empty());
    told.unwrap_or_else(|| event.event_type.trim_start_matches("PURCHASE_"))
}
