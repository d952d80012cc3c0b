//! Transactions: the only events that tell of money coming in.

use chrono::{DateTime, Utc};

use super::customer;
use super::payload::{LineItem, Origin, Totals, Transaction, TransactionItem};
use super::payload::{customer, recurring_line};
use crate::notice::{Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Event, Reading, Unread};

/// A completed transaction: a first purchase, a renewal, or a payment that extends nothing.
///
/// # Errors
/// [`Unread::Value`] for amounts and times that cannot be, for a transaction without items and
/// a renewal without its subscription; for an answer that tells of another customer.
pub(super) fn completed(event: &Event<'_>, transaction: &Transaction) -> Reading {
    let id = transaction.customer_id.as_ref();
    let kind = match transaction.origin {
        Origin::Web | Origin::Api | Origin::SubscriptionRecurring => paid(transaction)?,
        // What the plan is now comes with subscription.updated. This payment covers no time of its
        // own, but it makes up for one that failed, and can go back.
        Origin::SubscriptionUpdate | Origin::SubscriptionCharge => fee(transaction)?,
        Origin::SubscriptionPaymentMethodChange => return Ok(Vec::new()),
    };
    Ok(vec![Notice {
        refs: refs(transaction),
        occurred_at: event.occurred_at,
        line: None,
        kind,
        customer: customer::answered(event, id)?.or_else(|| customer(id)),
    }])
}

/// A payment that was declined. A checkout may be tried again and is no matter of ours until
/// it is paid; a subscription's payment is a renewal that was not paid.
pub(super) fn payment_failed(at: DateTime<Utc>, transaction: &Transaction) -> Vec<Notice> {
    let due = transaction.origin.covers_time();
    let Some(subscription) = transaction.subscription_id.as_ref().filter(|_| due) else {
        return Vec::new();
    };
    let recurring = transaction.items.iter().filter(|item| recurs(item)).enumerate();
    recurring
        .map(|(position, _)| Notice {
            refs: refs(transaction),
            occurred_at: at,
            line: Some(recurring_line(subscription, position)),
            kind: Kind::PaymentFailed,
            customer: customer(transaction.customer_id.as_ref()),
        })
        .collect()
}

fn paid(transaction: &Transaction) -> Result<Kind, Unread> {
    if transaction.items.is_empty() {
        return Err(Unread::value("data.items", "a completed transaction has at least one"));
    }
    let lines = paid_lines(transaction)?;
    if lines.is_empty() {
        // Only the start of a trial, which subscription.created tells with its end.
        return Ok(Kind::Linked);
    }
    let payment = Ref::payment(transaction.id.as_str());
    Ok(Kind::Paid { payment, amount: amount(transaction)?, lines })
}

/// Money for no line.
fn fee(transaction: &Transaction) -> Result<Kind, Unread> {
    let amount = amount(transaction)?.filter(|amount| amount.minor > 0);
    let payment = Ref::payment(transaction.id.as_str());
    Ok(amount.map_or(Kind::Linked, |amount| Kind::Paid {
        payment,
        amount: Some(amount),
        lines: Vec::new(),
    }))
}

/// The lines that money came for.
///
/// Recurring items are counted on their own, without prorated ones, so that a line's position is
/// the same in the checkout (where one-off items may stand between), in every renewal and in the
/// subscription. Items sold once have a line item id of their own. On a renewal they are charges
/// that the vendor put on the subscription, and no sale.
fn paid_lines(transaction: &Transaction) -> Result<Vec<Line>, Unread> {
    let first = transaction.origin != Origin::SubscriptionRecurring;
    let period = period(transaction)?;
    let mut lines = Vec::new();
    let mut recurring_position = 0;
    for (position, item) in transaction.items.iter().enumerate() {
        let line_item = line_item(transaction, position);
        if recurs(item) {
            let name = recurring_name(transaction, recurring_position, position)?;
            recurring_position += 1;
            if !(first && begins_trial(transaction, item, line_item)?) {
                let line = item.price.line(name, item.quantity);
                lines.push(Line { period, ..line });
            }
        } else if first && item.price.billing_cycle.is_none() {
            let name = line_item.and_then(|(_, line_item)| line_item.id.clone());
            let order = Ref::order(transaction.id.as_str());
            let name = name.map_or_else(|| Line::at(&order, position), String::from);
            lines.push(item.price.line(name, item.quantity));
        }
    }
    Ok(lines)
}

fn recurs(item: &TransactionItem) -> bool {
    item.price.billing_cycle.is_some() && item.proration.is_none()
}

/// A completed transaction with recurring items names its subscription: that is what Paddle
/// completes it with. Should a checkout not, its own id is the next best name. The customer gets
/// what he paid for, and a later renewal (named by the subscription) opens a second line; to
/// refuse would come to the same, after a purchase without a license. A renewal is refused.
fn recurring_name(
    transaction: &Transaction,
    recurring_position: usize,
    position: usize,
) -> Result<String, Unread> {
    match (&transaction.subscription_id, transaction.origin) {
        (Some(subscription), _) => Ok(recurring_line(subscription, recurring_position)),
        (None, Origin::SubscriptionRecurring) => {
            Err(Unread::value("data.subscription_id", "a renewal must name its subscription"))
        }
        (None, _) => Ok(Line::at(&Ref::order(transaction.id.as_str()), position)),
    }
}

/// A price with a trial period is billed with nothing at the checkout. A paid trial, and a
/// discount of 100 % (whose subtotal stays), are payments.
fn begins_trial(
    transaction: &Transaction,
    item: &TransactionItem,
    line_item: Option<(usize, &LineItem)>,
) -> Result<bool, Unread> {
    if item.price.trial_period.is_none() {
        return Ok(false);
    }
    let of_line = line_item.and_then(|(position, line_item)| {
        let path = format!("data.details.line_items[{position}].totals.subtotal");
        Some((path, line_item.totals.as_ref()?.subtotal.as_ref()?))
    });
    let of_all = || {
        Some(("data.details.totals.subtotal".to_owned(), totals(transaction)?.subtotal.as_ref()?))
    };
    match of_line.or_else(of_all) {
        Some((path, text)) => Ok(transaction.currency_code.amount(&path, text)?.minor == 0),
        None => Ok(false),
    }
}

/// The line item that tells more of an item: the n-th of this price belongs to the n-th item
/// of this price.
fn line_item(transaction: &Transaction, position: usize) -> Option<(usize, &LineItem)> {
    let price = &transaction.items.get(position)?.price.id;
    let same = transaction.items.iter().take(position).filter(|item| item.price.id == *price);
    let line_items = transaction.details.as_ref()?.line_items.iter().enumerate();
    line_items.filter(|(_, line_item)| line_item.price_id.as_ref() == Some(price)).nth(same.count())
}

fn period(transaction: &Transaction) -> Result<Option<Period>, Unread> {
    let Some(period) = &transaction.billing_period else {
        return Ok(None);
    };
    let start = period.starts_at.as_deref();
    let start = start.map(|text| read::rfc3339("data.billing_period.starts_at", text));
    let end = read::rfc3339("data.billing_period.ends_at", &period.ends_at)?;
    Ok(Some(Period { start: start.transpose()?, end }))
}

/// The money that came, in the currency the customer paid in.
fn amount(transaction: &Transaction) -> Result<Option<Money>, Unread> {
    let Some(totals) = totals(transaction) else {
        return Ok(None);
    };
    let (path, text) = match (&totals.grand_total, &totals.total) {
        (Some(text), _) => ("data.details.totals.grand_total", text),
        (None, Some(text)) => ("data.details.totals.total", text),
        (None, None) => return Ok(None),
    };
    transaction.currency_code.amount(path, text).map(Some)
}

fn totals(transaction: &Transaction) -> Option<&Totals> {
    transaction.details.as_ref()?.totals.as_ref()
}

/// The transaction is one payment. That of a purchase is also what people call the order.
fn refs(transaction: &Transaction) -> Vec<Ref> {
    let id = transaction.id.as_str();
    let mut refs = Vec::new();
    refs.extend(transaction.subscription_id.as_ref().map(|id| Ref::subscription(id.as_str())));
    if matches!(transaction.origin, Origin::Web | Origin::Api) {
        refs.push(Ref::order(id));
    }
    refs.push(Ref::payment(id));
    refs
}
