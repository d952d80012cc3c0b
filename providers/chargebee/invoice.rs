//! Invoices: what money came for, and what went back of it.
//!
//! Many events carry the invoice (`subscription_created`, `payment_succeeded` ...). Each tells it
//! where it is paid, under its one id, so that it does not matter which of them comes first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::payload::{Content, Invoice, LineItem, Subscription, Transaction, money};
use super::subscription::{addon_line, plan_line};
use crate::notice::{DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Unread, filled};

/// What the invoice of an event says of money, where there is one.
///
/// # Errors
/// [`Unread`] for a time that cannot be.
pub(super) fn told(at: DateTime<Utc>, content: &Content) -> Result<Option<Notice>, Unread> {
    let Some(invoice) = &content.invoice else {
        return Ok(None);
    };
    let lines = match invoice.is_paid() && may_be_term(invoice, content) {
        true => paid_lines(invoice, content.subscription.as_ref())?,
        false => Vec::new(),
    };
    let kind = match lines.is_empty() {
        // Not paid yet, or a proration: a refund of it shall find its sale all the same.
        true => Kind::Linked,
        false => Kind::Paid { payment: invoice.payment(), amount: invoice.amount(), lines },
    };
    let mut refs = refs(invoice, content.subscription.as_ref());
    refs.extend(only_payment(invoice, content.transaction.as_ref()));
    Ok(Some(Notice { refs, occurred_at: at, line: None, kind, customer: content.buyer() }))
}

/// Without its subscription a proration cannot be told from a renewal. A first invoice is none,
/// and one that was collected by dunning is hardly ever one.
fn may_be_term(invoice: &Invoice, content: &Content) -> bool {
    let subscribed = invoice.subscription_id.is_some()
        || invoice.line_items.iter().any(|item| item.subscription_id.is_some());
    !subscribed
        || content.subscription.is_some()
        || invoice.first_invoice == Some(true)
        || invoice.dunning_status.as_deref() == Some("success")
}

fn paid_lines(invoice: &Invoice, subscription: Option<&Subscription>) -> Result<Vec<Line>, Unread> {
    // Of several items of one line (the old term's usage, the new term) the latest counts.
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for (position, item) in invoice.line_items.iter().enumerate() {
        let Some((name, price)) = named(invoice, item) else { continue };
        if prorates(item, subscription) {
            continue;
        }
        let period = period(item, position)?;
        let line = Line {
            line: name.clone(),
            alias: Vec::new(),
            item: vec![price],
            quantity: item.quantity.unwrap_or(1),
            period,
        };
        let end = |line: &Line| line.period.map(|period| period.end);
        if lines.get(&name).is_none_or(|known| end(known) < end(&line)) {
            lines.insert(name, line);
        }
    }
    Ok(lines.into_values().collect())
}

/// The name of an item's line, and its price; none for what is no ware (a set-up fee, which has
/// the plan's id; a charge without an id).
fn named(invoice: &Invoice, item: &LineItem) -> Option<(String, String)> {
    let price = filled(item.entity_id.as_deref())?;
    let subscription = item.subscription_id.as_ref().or(invoice.subscription_id.as_ref());
    let name = match (item.entity_type.as_str(), subscription) {
        ("plan" | "plan_item_price", Some(subscription)) => plan_line(subscription),
        ("addon" | "addon_item_price", Some(subscription)) if lasts(item) => {
            addon_line(subscription, &price)
        }
        ("addon" | "addon_item_price" | "charge_item_price", _) => item.id.as_ref()?.into(),
        _ => return None,
    };
    Some((name, price))
}

fn lasts(item: &LineItem) -> bool {
    item.date_to > item.date_from
}

/// Begins in the middle of the term that the subscription has now.
fn prorates(item: &LineItem, subscription: Option<&Subscription>) -> bool {
    let term = subscription.and_then(|s| Some((s.current_term_start?, s.current_term_end?)));
    lasts(item)
        && term.is_some_and(|(start, end)| {
            item.date_from.is_some_and(|from| start < from && from < end)
        })
}

fn period(item: &LineItem, position: usize) -> Result<Option<Period>, Unread> {
    let time = |field: &str, seconds: i64| {
        read::unix(&format!("content.invoice.line_items[{position}].{field}"), seconds)
    };
    match item.date_to {
        Some(end) if lasts(item) => Ok(Some(Period {
            start: item.date_from.map(|from| time("date_from", from)).transpose()?,
            end: time("date_to", end)?,
        })),
        Some(_) | None => Ok(None),
    }
}

fn refs(invoice: &Invoice, subscription: Option<&Subscription>) -> Vec<Ref> {
    let of_items = invoice.line_items.iter().filter_map(|item| item.subscription_id.as_ref());
    let ids = subscription.map(|s| &s.id).into_iter().chain(&invoice.subscription_id);
    let mut refs: Vec<Ref> = ids.chain(of_items).map(|id| Ref::subscription(id.as_str())).collect();
    refs.sort();
    refs.dedup();
    refs.push(invoice.payment());
    refs
}

/// A transaction may pay several invoices, and several may pay one. Only where one pays one do
/// both name the same payment.
fn only_payment(invoice: &Invoice, transaction: Option<&Transaction>) -> Option<Ref> {
    let transaction = transaction.filter(|transaction| transaction.kind == "payment")?;
    let [linked] = transaction.linked_invoices.as_slice() else { return None };
    let alone = invoice.linked_payments.iter().all(|one| one.txn_id == transaction.id);
    (alone && invoice.is_paid() && linked.invoice_id == invoice.id)
        .then(|| Ref::payment(transaction.id.as_str()))
}

/// `payment_refunded`: by the invoices whose credit notes it pays out. A refund of what was paid
/// in excess belongs to none.
///
/// # Errors
/// [`Unread`] where the event has no transaction.
pub(super) fn refunded(at: DateTime<Utc>, content: &Content) -> Result<Vec<Notice>, Unread> {
    let transaction = need(content)?;
    if transaction.kind != "refund" || transaction.status.as_deref().is_some_and(|s| s != "success")
    {
        return Ok(Vec::new());
    }
    let invoice = content.invoice.as_ref();
    let currency = transaction.currency_code.as_ref().or(invoice.map(|i| &i.currency_code));
    let mut parts: BTreeMap<Ref, Option<i64>> = BTreeMap::new();
    for note in &transaction.linked_credit_notes {
        let Some(id) = &note.cn_reference_invoice_id else { continue };
        let part = parts.entry(Ref::invoice(id.as_str())).or_insert(Some(0));
        *part = part.zip(note.applied_amount).and_then(|(sum, more)| sum.checked_add(more));
    }
    if parts.is_empty() {
        parts.extend(invoice.map(|invoice| (invoice.payment(), transaction.amount)));
    }
    let notices = parts.into_iter().map(|(payment, minor)| {
        let amount = minor.and_then(|minor| money(minor, currency));
        let amount = amount.ok_or_else(|| {
            Unread::value("content.transaction", "a refund must say its amount and currency")
        })?;
        let kind = Kind::Refunded {
            refund: (&transaction.id).into(),
            payment: payment.clone(),
            amount: Some(amount),
            total: None,
            full: false,
            lines: Vec::new(),
        };
        Ok(notice(at, content, payment, kind))
    });
    notices.collect()
}

/// `transaction_created`, `transaction_updated`: a payment that the bank took back.
///
/// # Errors
/// [`Unread`] where the event has no transaction.
pub(super) fn reversed(at: DateTime<Utc>, content: &Content) -> Result<Vec<Notice>, Unread> {
    let transaction = need(content)?;
    if transaction.kind != "payment_reversal"
        || transaction.status.as_deref().is_some_and(|status| status != "success")
    {
        return Ok(Vec::new());
    }
    let mut payments: Vec<Ref> = transaction
        .linked_invoices
        .iter()
        .map(|linked| Ref::invoice(linked.invoice_id.as_str()))
        .collect();
    if payments.is_empty() {
        let paid = transaction.reference_transaction_id.as_ref();
        let paid = paid.or(transaction.refunded_txn_id.as_ref());
        payments.extend(paid.map(|id| Ref::payment(id.as_str())));
    }
    let state = DisputeState::Lost;
    let notices = payments.into_iter().map(|payment| {
        let dispute = (&transaction.id).into();
        notice(at, content, payment.clone(), Kind::Disputed { dispute, payment, state })
    });
    Ok(notices.collect())
}

/// Of one payment, beside the subscription it was made for.
fn notice(at: DateTime<Utc>, content: &Content, payment: Ref, kind: Kind) -> Notice {
    let of_event = content.subscription.as_ref().map(|subscription| &subscription.id);
    let id = of_event.or(content.transaction.as_ref().and_then(|t| t.subscription_id.as_ref()));
    let subscription = id.map(|id| Ref::subscription(id.as_str()));
    let refs = subscription.into_iter().chain([payment]).collect();
    Notice { refs, occurred_at: at, line: None, kind, customer: content.buyer() }
}

fn need(content: &Content) -> Result<&Transaction, Unread> {
    content.transaction.as_ref().ok_or_else(|| Unread::Content {
        path: "content.transaction".to_owned(),
        message: "the event does not name its transaction".to_owned(),
    })
}
