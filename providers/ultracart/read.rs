//! An order's state to notices. Webhooks carry no signature, so what counts is how the order stands
//! when it is fetched; an event only says that something happened.

use chrono::{DateTime, Utc};

use super::payload::{Amount, Answered, Order, Person, Sent};
use super::{auto_order, batch, form};
use crate::notice::{DisputeState, Kind, Line, Money, Notice, Ref, ReturnedLine};
use crate::read::{Event, Id, Reading, Scalar, Unread, decimal, filled, json, rfc3339};

/// The types that are read.
pub(super) const EVENTS: &[&str] = &[
    "auto_order_cancel",
    "auto_order_create",
    "auto_order_decline",
    "auto_order_disable",
    "auto_order_rebill",
    "auto_order_update",
    "chargeback_create",
    "chargeback_delete",
    "chargeback_update",
    "customer_update",
    "fulfil.request",
    "order_create",
    "order_delete",
    "order_payment_failed",
    "order_payment_process",
    "order_refund",
    "order_reject",
    "order_stage_change",
    "order_update",
];

/// Is an event of this type about an order, which is to be fetched?
pub(super) fn fetches(event_type: &str) -> bool {
    let read_as_sent = matches!(event_type, "customer_update" | form::EVENT_TYPE);
    EVENTS.contains(&event_type) && !read_as_sent
}

/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    match event.event_type {
        form::EVENT_TYPE => form::read(event),
        batch::UNKNOWN => Err(Unread::Content {
            path: ".".to_owned(),
            message: "not an object with one event".to_owned(),
        }),
        "customer_update" => {
            let person: Person = batch::object(event)?;
            Ok(vec![Notice {
                refs: Vec::new(),
                occurred_at: event.occurred_at,
                line: None,
                kind: Kind::Customer,
                customer: Some(person.told()),
            }])
        }
        event_type if fetches(event_type) => fetched(event),
        _ => Ok(Vec::new()),
    }
}

fn fetched(event: &Event<'_>) -> Reading {
    let (id, at) = (batch::order_of(event)?, event.occurred_at);
    let answer = event.answers.get(batch::ORDER).ok_or_else(|| {
        Unread::Format("UltraCart was not asked for the order; is api_key set?".to_owned())
    })?;
    if !answer.found() {
        let gone = event.event_type == "order_delete";
        return Ok(gone.then(|| void(at, &id)).into_iter().collect());
    }
    let order: Order = match json::<Answered>(&answer.body)?.order {
        Some(order) => order,
        None => json(&answer.body)?,
    };
    if order.order_id != id {
        return Err(Unread::value("order.order_id", "another order than asked for"));
    }
    let mut told = match auto_order::only_stands(event.event_type) {
        true => Vec::new(),
        false => money(at, event.event_type, &order)?,
    };
    told.extend(auto_order::notices(at, event.event_type, &order)?);
    if let Some(state) = match event.event_type {
        "chargeback_create" => Some(DisputeState::Opened),
        "chargeback_delete" => Some(DisputeState::Won),
        _ => None,
    } {
        let sent: Sent = batch::object(event)?;
        let dispute = String::from(&sent.dispute().unwrap_or(id));
        let payment = Ref::order(&order.order_id);
        let kind = Kind::Disputed { dispute, payment, state };
        told.push(Notice { refs: refs(&order), occurred_at: at, line: None, kind, customer: None });
    }
    Ok(told)
}

/// What was paid for, and what went back. Every event of one order tells of the same payment.
fn money(at: DateTime<Utc>, event_type: &str, order: &Order) -> Reading {
    let payment = Ref::order(&order.order_id);
    let notice =
        |at, kind| Notice { refs: refs(order), occurred_at: at, line: None, kind, customer: None };
    let rejected = order.current_stage.as_deref() == Some("Rejected");
    let total = amount("total", order.summary.as_ref().and_then(|s| s.total.as_ref()), order)?;
    let lines = lines(order)?;
    if !is_paid(order, total.as_ref()) || lines.is_empty() {
        // Keys that were in an answer must be taken back even so.
        let reject = matches!(event_type, "order_reject" | "order_delete") && rejected;
        return Ok(reject.then(|| void(at, &order.order_id)).into_iter().collect());
    }
    let paid_at = order.payment.as_ref().and_then(|payment| payment.payment_dts.as_deref());
    let paid_at = match paid_at.or(order.creation_dts.as_deref()) {
        Some(text) => rfc3339("order.payment.payment_dts", text)?,
        None => at,
    };
    let paid = Kind::Paid { payment: payment.clone(), amount: total, lines };
    // The address is as the order has it now, the payment is old.
    let buyer = Notice { customer: order.customer(), ..notice(at, Kind::Linked) };
    let mut told = vec![buyer, notice(paid_at, paid)];
    let back = order.summary.as_ref().and_then(|summary| summary.total_refunded.as_ref());
    let back = amount("total_refunded", back, order)?.filter(|money| money.minor > 0);
    let returned = returned(order)?;
    let full = rejected || payment_status(order) == "Refunded";
    if full || back.is_some() || !returned.is_empty() {
        let refund_at = order.refund_dts.as_deref().map(|text| rfc3339("order.refund_dts", text));
        let refunded = Kind::Refunded {
            // A running total, that only grows: one name does for all of an order's refunds.
            refund: payment.to_string(),
            payment,
            amount: None,
            total: back,
            full,
            lines: returned,
        };
        told.push(notice(refund_at.transpose()?.unwrap_or(at), refunded));
    }
    Ok(told)
}

/// Money came, and nobody looks at it any more. A free order skips the payment.
fn is_paid(order: &Order, total: Option<&Money>) -> bool {
    let stage = order.current_stage.as_deref().unwrap_or_default();
    let held = matches!(stage, "Fraud Review" | "Pending Clearance" | "Hold")
        || stage.starts_with("Quote");
    match payment_status(order) {
        "Processed" | "Refunded" => !held,
        "Skipped" => {
            let free = total.is_some_and(|total| total.minor == 0);
            free && matches!(stage, "Completed Order" | "Shipping Department")
        }
        _ => false,
    }
}

fn payment_status(order: &Order) -> &str {
    let payment = order.payment.as_ref();
    payment.and_then(|payment| payment.payment_status.as_deref()).unwrap_or_default()
}

/// The order is void: nothing of it is paid any more.
fn void(at: DateTime<Utc>, order: &Id) -> Notice {
    let payment = Ref::order(order);
    let kind = Kind::Refunded {
        refund: payment.to_string(),
        payment: payment.clone(),
        amount: None,
        total: None,
        full: true,
        lines: Vec::new(),
    };
    Notice { refs: vec![payment], occurred_at: at, line: None, kind, customer: None }
}

/// The auto order is the sale of all orders that it made.
pub(super) fn refs(order: &Order) -> Vec<Ref> {
    let auto = order.auto_order.as_ref().map(|auto| Ref::subscription(&auto.auto_order_oid));
    auto.into_iter().chain([Ref::order(&order.order_id)]).collect()
}

/// What was sold; of a kit the kit, not its components.
fn lines(order: &Order) -> Result<Vec<Line>, Unread> {
    let mut lines: Vec<Line> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for (position, item) in order.items.iter().enumerate().filter(|(_, item)| !item.kit_component) {
        let sku = filled(item.merchant_item_id.as_deref()).ok_or_else(|| {
            Unread::value(format!("order.items[{position}].merchant_item_id"), "an item has an id")
        })?;
        let quantity = units(&format!("order.items[{position}].quantity"), item.quantity.as_ref())?;
        if quantity.is_none_or(|quantity| quantity == 0) {
            continue;
        }
        // A request for keys and an auto order name items, not lines: they mean the first of it.
        let alias = if known.contains(&sku) { Vec::new() } else { other_names(order, &sku) };
        known.push(sku.clone());
        lines.push(Line {
            line: line(order, position),
            alias,
            item: vec![sku],
            quantity: quantity.unwrap_or(1),
            period: None,
        });
    }
    Ok(lines)
}

fn line(order: &Order, position: usize) -> String {
    let index = order.items.get(position).and_then(|item| item.item_index);
    let index = index.and_then(|index| usize::try_from(index).ok());
    Line::at(&Ref::order(&order.order_id), index.unwrap_or(position))
}

fn other_names(order: &Order, sku: &str) -> Vec<String> {
    let requested = form::line(&order.order_id, sku);
    let renewed = order.auto_order.as_ref().and_then(|auto| {
        let item = auto.items.iter().find(|item| item.is_of(sku))?;
        Some(auto_order::line(auto, item))
    });
    [requested].into_iter().chain(renewed).collect()
}

fn returned(order: &Order) -> Result<Vec<ReturnedLine>, Unread> {
    let mut returned = Vec::new();
    for (position, item) in order.items.iter().enumerate().filter(|(_, item)| !item.kit_component) {
        let path = format!("order.items[{position}].quantity_refunded");
        let quantity = units(&path, item.quantity_refunded.as_ref())?.filter(|units| *units > 0);
        if quantity.is_some() {
            returned.push(ReturnedLine { line: line(order, position), quantity });
        }
    }
    Ok(returned)
}

/// A number of units.
pub(super) fn units(path: &str, text: Option<&Scalar>) -> Result<Option<u32>, Unread> {
    let units = |text: &Scalar| {
        whole(text.as_str()).ok_or_else(|| Unread::value(path, "not a whole number"))
    };
    text.map(units).transpose()
}

/// A whole number, which UltraCart writes with decimals.
pub(super) fn whole(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    whole.parse().ok().filter(|_| fraction.bytes().all(|digit| digit == b'0'))
}

fn amount(name: &str, amount: Option<&Amount>, order: &Order) -> Result<Option<Money>, Unread> {
    let Some((amount, value)) = amount.and_then(|amount| Some((amount, amount.value.as_ref()?)))
    else {
        return Ok(None);
    };
    let currency = amount.currency_code.as_ref().or(order.currency_code.as_ref());
    let path = format!("order.summary.{name}");
    let currency = currency.ok_or_else(|| Unread::value(&path, "an amount without a currency"))?;
    decimal(&path, value.as_str(), currency.as_str()).map(Some)
}
