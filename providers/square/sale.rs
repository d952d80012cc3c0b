//! Money that came: one order is one payment, however many events tell of it.
//!
//! A purchase makes `payment.*`, often `invoice.*` too, and both name the order. So the order
//! names the payment ([`billed`]), and a payment (of which an order may have several, as with a
//! gift card and a credit card) is the same one to a refund.

use super::ask::{CUSTOMER, ORDER, SUBSCRIPTION};
use super::payload::{
    Amount, CustomerTold, InvoiceTold, LineItem, Order, OrderFetched, Payment, PaymentTold,
    SubscriptionTold, object,
};
use super::read::notice;
use super::subscription;
use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{self, Event, Id, Reading, Unread, filled};

/// What was paid, as a name of the payment.
fn billed(order: &Id) -> Ref {
    Ref::charge(order)
}

/// The name of an order's line. Its `uid` is unique within the order only.
fn line(order: &Id, position: usize) -> String {
    Line::at(&Ref::order(order), position)
}

/// `payment.created`, `payment.updated`: what was bought stands in the order. That of an invoice
/// only says under which id it may be refunded.
pub(super) fn payment(event: &Event<'_>) -> Reading {
    let payment = object::<PaymentTold>(event.body)?.payment;
    if payment.status != "COMPLETED" {
        return Ok(Vec::new());
    }
    let order_id = payment.order_id.as_ref().ok_or_else(|| Unread::Content {
        path: "data.object.payment.order_id".to_owned(),
        message: "a payment without an order, so that nothing says what was bought".to_owned(),
    })?;
    let created_at = payment.created_at.as_deref();
    let created_at = created_at.map(|at| read::rfc3339("data.object.payment.created_at", at));
    let at = created_at.transpose()?.unwrap_or(event.occurred_at);
    let refs = vec![Ref::order(order_id), Ref::payment(&payment.id), billed(order_id)];
    let kind = if payment.is_of_invoice() { Kind::Linked } else { paid(event, order_id)? };
    let customer = Some(who(event, &payment)?).filter(|customer| !customer.is_empty());
    Ok(vec![Notice { customer, ..notice(at, refs, kind) }])
}

/// `invoice.payment_made`: of a subscription for as long as that is charged, else for the lines
/// of the order. Also sent for a part of the amount.
pub(super) fn invoice(event: &Event<'_>) -> Reading {
    let invoice = object::<InvoiceTold>(event.body)?.invoice;
    if invoice.status != "PAID" {
        return Ok(Vec::new());
    }
    let order_id = &invoice.order_id;
    let mut refs = vec![Ref::order(order_id), Ref::invoice(&invoice.id), billed(order_id)];
    let amount = invoice.amount()?;
    let kind = match &invoice.subscription_id {
        Some(id) => {
            refs.insert(0, Ref::subscription(id));
            let fetched = read::answered::<SubscriptionTold>(event.answers, SUBSCRIPTION)?;
            let subscription = fetched.ok_or_else(|| not_found("subscription"))?.subscription;
            if subscription.id != *id {
                return Err(Unread::value("subscription.id", "not the one that was asked for"));
            }
            if amount.as_ref().is_some_and(|amount| amount.minor == 0) {
                // A free phase, which `subscription.created` tells as a trial.
                Kind::Linked
            } else {
                // Should the payment be taken for one of its own, its line is this one.
                let mut line_paid = subscription::line(&subscription, true)?;
                line_paid.alias = vec![line(order_id, 0)];
                Kind::Paid { payment: billed(order_id), amount, lines: vec![line_paid] }
            }
        }
        None => paid(event, order_id)?,
    };
    let customer = invoice.primary_recipient.as_ref().map(super::payload::Person::customer);
    Ok(vec![Notice { customer, ..notice(event.occurred_at, refs, kind) }])
}

/// `invoice.scheduled_charge_failed`: of a subscription; of anything else there was no payment
/// yet, so nothing to be late with.
pub(super) fn charge_failed(event: &Event<'_>) -> Reading {
    let invoice = object::<InvoiceTold>(event.body)?.invoice;
    let Some(id) = &invoice.subscription_id else {
        return Ok(Vec::new());
    };
    Ok(vec![notice(event.occurred_at, vec![Ref::subscription(id)], Kind::PaymentFailed)])
}

fn paid(event: &Event<'_>, order_id: &Id) -> Result<Kind, Unread> {
    let fetched = read::answered::<OrderFetched>(event.answers, ORDER)?;
    let order = fetched.ok_or_else(|| not_found("order"))?.order;
    if order.net_amount_due_money.as_ref().is_some_and(|due| due.amount > 0) {
        return Ok(Kind::Linked);
    }
    let amount = order.total_money.as_ref().map(Amount::money);
    Ok(Kind::Paid { payment: billed(order_id), amount, lines: lines(order_id, &order)? })
}

fn lines(order_id: &Id, order: &Order) -> Result<Vec<Line>, Unread> {
    let lines = order.line_items.iter().enumerate().map(|(position, item)| {
        let path = format!("order.line_items[{position}]");
        let catalog = item.catalog_object_id.as_ref().map(String::from);
        let items: Vec<String> = catalog.into_iter().chain(filled(item.name.as_deref())).collect();
        if items.is_empty() {
            return Err(Unread::value(path, "an amount without a catalog item and a name"));
        }
        Ok(Line {
            line: line(order_id, position),
            alias: Vec::new(),
            item: items,
            quantity: quantity(&format!("{path}.quantity"), item)?,
            period: None,
        })
    });
    let lines = lines.collect::<Result<Vec<Line>, Unread>>()?;
    if lines.is_empty() {
        return Err(Unread::value("order.line_items", "an order without lines"));
    }
    Ok(lines)
}

fn quantity(path: &str, item: &LineItem) -> Result<u32, Unread> {
    let (whole, fraction) = item.quantity.split_once('.').unwrap_or((&item.quantity, ""));
    let quantity = whole.parse().ok().filter(|_| fraction.bytes().all(|byte| byte == b'0'));
    quantity.ok_or_else(|| Unread::value(path, "not a whole number"))
}

/// The payment itself often says nothing but an id.
fn who(event: &Event<'_>, payment: &Payment) -> Result<Customer, Unread> {
    let told = payment.customer();
    let Some(known) = read::answered::<CustomerTold>(event.answers, CUSTOMER)? else {
        return Ok(told);
    };
    let known = known.customer.customer();
    Ok(Customer {
        email: told.email.or(known.email),
        name: told.name.or(known.name),
        company: known.company,
        country: told.country.or(known.country),
        ..told
    })
}

fn not_found(thing: &str) -> Unread {
    Unread::Format(format!(
        "Square does not know this {thing}: is the api_token that of the seller who was paid, and \
         of the same environment (production or sandbox)?"
    ))
}
