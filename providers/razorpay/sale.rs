//! What is bought once. The payment names the money, whichever events tell of it; the order names
//! the line.

use chrono::{DateTime, Utc};

use super::payload::{
    Invoice, InvoicePaid, LineItem, LinkPaid, Order, OrderPaid, Payment, order_ref, payload,
};
use super::read::notice;
use crate::notice::{Customer, Kind, Line, Ref};
use crate::read::{Notes, Reading, Unread, filled};

/// `order.paid`: what was bought stands in the notes that the vendor's server wrote at the order.
/// That of an invoice (and so of a subscription) is told by those.
pub(super) fn order(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told: OrderPaid = payload(body)?;
    let (order, payment) = (told.order.entity, told.payment.entity);
    if payment.invoice_id.is_some() {
        return Ok(Vec::new());
    }
    let line = noted(&order, &order.notes, "payload.order.entity.notes")?;
    Ok(vec![paid(at, &payment, Some(order.reference()), vec![line], payment.customer())])
}

/// `payment_link.paid`: as `order.paid`, which may come too, in the words of the link.
pub(super) fn link(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told: LinkPaid = payload(body)?;
    let (link, order, payment) = (told.payment_link.entity, told.order.entity, told.payment.entity);
    let line = noted(&order, &link.notes, "payload.payment_link.entity.notes")?;
    let customer = payment.customer_as(link.customer());
    Ok(vec![paid(at, &payment, Some(order.reference()), vec![line], customer)])
}

/// `invoice.paid`: its lines; that of a subscription is told by `subscription.charged`, with the
/// period.
pub(super) fn invoice(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let told: InvoicePaid = payload(body)?;
    let (invoice, payment) = (told.invoice.entity, told.payment.entity);
    if invoice.subscription_id.is_some() {
        return Ok(Vec::new());
    }
    let lines = invoice.line_items.iter().enumerate();
    let lines: Vec<Line> =
        lines.map(|(position, item)| listed(&invoice, position, item)).collect::<Result<_, _>>()?;
    if lines.is_empty() {
        return Err(Unread::value("payload.invoice.entity.line_items", "an invoice without lines"));
    }
    let order = invoice.order_id.as_ref().or(payment.order_id.as_ref()).map(order_ref);
    let customer = payment.customer_as(invoice.customer());
    let mut notice = paid(at, &payment, order, lines, customer);
    notice.refs.push(Ref::invoice(&invoice.id));
    Ok(vec![notice])
}

fn paid(
    at: DateTime<Utc>,
    payment: &Payment,
    order: Option<Ref>,
    lines: Vec<Line>,
    customer: Customer,
) -> crate::Notice {
    let refs = order.into_iter().chain([payment.reference()]).collect();
    let (payment, amount) = (payment.reference(), Some(payment.money()));
    notice(at, refs, Kind::Paid { payment, amount, lines }, Some(customer))
}

/// The one line of an order, by what the vendor noted.
fn noted(order: &Order, notes: &Notes, path: &str) -> Result<Line, Unread> {
    let product = notes.product().or_else(|| order.notes.product());
    let product = product.ok_or_else(|| Unread::Format(NO_PRODUCT.to_owned()))?;
    let of_link = notes.product().is_some();
    let (notes, path) =
        if of_link { (notes, path) } else { (&order.notes, "payload.order.entity.notes") };
    Ok(Line {
        line: Line::at(&order.reference(), 0),
        alias: Vec::new(),
        item: vec![product],
        quantity: notes.quantity(path)?,
        period: None,
    })
}

fn listed(invoice: &Invoice, position: usize, item: &LineItem) -> Result<Line, Unread> {
    let path = format!("payload.invoice.entity.line_items[{position}]");
    let id = item.item_id.as_ref().map(String::from);
    let items: Vec<String> = id.into_iter().chain(filled(item.name.as_deref())).collect();
    if items.is_empty() {
        return Err(Unread::value(path, "a line without an item and a name"));
    }
    Ok(Line {
        line: Line::at(&Ref::invoice(&invoice.id), position),
        alias: Vec::new(),
        item: items,
        quantity: item.quantity.unwrap_or(1),
        period: None,
    })
}

const NO_PRODUCT: &str = "the order does not name a product, and Razorpay's orders have no lines; \
                          write `keywright_product` (and `keywright_quantity`) into the notes of \
                          the order or payment link when your server creates it";
