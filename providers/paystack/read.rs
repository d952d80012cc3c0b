//! One event to notices.

use chrono::{DateTime, Utc};

use super::payload::{Dispute, Refund, Request, RequestLine, data};
use super::{charge, subscription};
use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Ref};
use crate::read::{self, Event, Reading, Scalar, Unread, filled};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "charge.success",
    "subscription.create",
    "subscription.not_renew",
    "subscription.disable",
    "invoice.update",
    "invoice.payment_failed",
    "paymentrequest.success",
    "refund.processed",
    "refund.failed",
    "charge.dispute.create",
    "charge.dispute.resolve",
];

/// Reads one event.
///
/// Not read, on purpose: `invoice.create` (a charge that is still to come),
/// `subscription.expiring_cards`, refunds on their way, and all that the account has beside sales
/// (transfers, virtual accounts), which comes to the same address.
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let (at, body) = (event.occurred_at, event.body);
    match event.event_type {
        "charge.success" => charge::success(at, body),
        "subscription.create" => subscription::created(at, body),
        "subscription.not_renew" | "subscription.disable" => subscription::over(at, body),
        "invoice.update" => subscription::invoiced(at, body),
        "invoice.payment_failed" => subscription::payment_failed(at, body),
        "paymentrequest.success" => request(at, body),
        "refund.processed" => refund(at, body, true),
        "refund.failed" => refund(at, body, false),
        "charge.dispute.create" => dispute(at, body, true),
        "charge.dispute.resolve" => dispute(at, body, false),
        _ => Ok(Vec::new()),
    }
}

/// `paymentrequest.success`: the lines that the vendor wrote. The `charge.success` of the same
/// money names no product.
fn request(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let request: Request = data(body)?;
    let order = Ref::order(&request.request_code);
    let named = |item: &RequestLine| filled(item.name.as_deref());
    let lines = request
        .line_items
        .iter()
        .enumerate()
        .filter_map(|(position, item)| Some((position, named(item)?, item.quantity.as_ref())));
    let mut lines = lines
        .map(|(position, name, quantity)| line(&order, position, name, quantity))
        .collect::<Result<Vec<Line>, Unread>>()?;
    if lines.is_empty() {
        let description = filled(request.description.as_deref());
        let description = description.ok_or_else(|| Unread::Content {
            path: "data.line_items".to_owned(),
            message: "a payment request without lines and without a description".to_owned(),
        })?;
        lines.push(line(&order, 0, description, None)?);
    }
    let currency = request.currency.as_str().to_owned();
    let amount = Some(Money { minor: request.amount, currency });
    let kind = Kind::Paid { payment: order.clone(), amount, lines };
    Ok(vec![notice(at, vec![order], kind, None)])
}

fn line(
    order: &Ref,
    position: usize,
    name: String,
    quantity: Option<&Scalar>,
) -> Result<Line, Unread> {
    let quantity = quantity.map_or(Ok(1), |quantity| {
        let path = format!("data.line_items[{position}].quantity");
        quantity.as_str().parse().map_err(|_| Unread::value(path, "not a whole number"))
    });
    Ok(Line {
        line: Line::at(order, position),
        alias: Vec::new(),
        item: vec![name],
        quantity: quantity?,
        period: None,
    })
}

fn refund(at: DateTime<Utc>, body: &[u8], processed: bool) -> Reading {
    let told: Refund = data(body)?;
    let payment = Ref::payment(&told.transaction_reference);
    let refund = told.id().map(String::from).ok_or_else(|| Unread::Content {
        path: "data.refund_reference".to_owned(),
        message: "a refund without a reference and an id".to_owned(),
    })?;
    let kind = if processed {
        Kind::Refunded {
            refund,
            payment: payment.clone(),
            amount: Some(read::minor("data.amount", told.amount.as_str(), told.currency.as_str())?),
            total: None,
            full: false,
            lines: Vec::new(),
        }
    } else {
        Kind::RefundUndone { refund, payment: payment.clone() }
    };
    Ok(vec![notice(at, vec![payment], kind, None)])
}

/// What was declined stays with the vendor; what was accepted, by him or by waiting too long, does
/// not.
fn dispute(at: DateTime<Utc>, body: &[u8], opened: bool) -> Reading {
    let dispute: Dispute = data(body)?;
    let state = match dispute.resolution.as_deref() {
        _ if opened => DisputeState::Opened,
        Some("declined") => DisputeState::Won,
        Some("merchant-accepted" | "auto-accepted") => DisputeState::Lost,
        _ => return Ok(Vec::new()),
    };
    let payment = Ref::payment(&dispute.transaction.reference);
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
