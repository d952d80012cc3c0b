//! Subscriptions, with the newest of their transactions.
//!
//! There is no event for a refund. But every event of a subscription carries its history, so each
//! tells all the payments and refunds that it shows, under the ids that they have in every other:
//! whichever event comes, and whichever is lost, the same is known.

use chrono::{DateTime, Utc};

use super::transaction::{self, amount, created_at, customer, id, missing, notice, stands, units};
use crate::notice::{Kind, Line, Notice, Period, Ref};
use crate::read::{self, Element, Event, Reading, Unread};

/// # Errors
/// [`Unread`] for a charge without its transaction, and values that cannot be.
pub(super) fn told(event: &Event<'_>, subscription: &Element) -> Reading {
    let subscription_id = id(subscription, "id")?;
    let name = Ref::subscription(subscription_id.as_str());
    let mut notices = history(event, subscription, &name)?;
    let kind = match event.event_type {
        "subscription_charged_successfully" if notices.is_empty() => {
            return Err(missing("subject/subscription/transactions/transaction"));
        }
        "subscription_canceled" => Some(Kind::Canceled { at: paid_through(subscription)? }),
        "subscription_expired" => {
            let end = paid_through(subscription)?.unwrap_or(event.occurred_at);
            Some(Kind::Ended { at: end })
        }
        "subscription_went_past_due" | "subscription_charged_unsuccessfully" => {
            Some(Kind::PaymentFailed)
        }
        // The first payment or a late one: the history tells it.
        _ => None,
    };
    if let Some(kind) = kind {
        let customer = sales(subscription).next().map(customer).filter(|known| !known.is_empty());
        let (line, at) = (Some(Line::at(&name, 0)), event.occurred_at);
        notices.push(Notice { refs: vec![name], occurred_at: at, line, kind, customer });
    }
    Ok(notices)
}

fn transactions(subscription: &Element) -> impl DoubleEndedIterator<Item = &Element> {
    let list = subscription.child("transactions").into_iter();
    list.flat_map(|list| &list.children).filter(|child| child.name == "transaction")
}

/// Newest first.
fn sales(subscription: &Element) -> impl Iterator<Item = &Element> {
    transactions(subscription).filter(|one| one.get("type").is_none_or(|kind| kind == "sale"))
}

/// Oldest first: each payment, and what went back of it.
fn history(event: &Event<'_>, subscription: &Element, name: &Ref) -> Reading {
    let mut notices = Vec::new();
    let (mut periods, mut payments) = (Vec::new(), Vec::new());
    for one in transactions(subscription).rev() {
        if one.get("type") == Some("credit") {
            // What it takes back may be older than the history, or no payment of a period.
            let of_known =
                one.get("refunded-transaction-id").is_some_and(|id| payments.contains(&id));
            notices.extend(transaction::refunded(one)?.filter(|_| of_known));
            continue;
        }
        let voided = one.get("status") == Some("voided");
        if !stands(one) && !voided {
            continue;
        }
        let period = period(subscription, one)?;
        // A second charge for one period is a proration: the first has paid the period.
        let again = periods.contains(&period.end);
        if !voided {
            periods.push(period.end);
        }
        notices.push(paid(event, subscription, one, (name, period), again)?);
        if again {
            continue;
        }
        payments.extend(one.get("id"));
        if voided {
            notices.push(transaction::voided(one)?);
        }
    }
    for notice in &mut notices {
        notice.refs.insert(0, name.clone());
    }
    Ok(notices)
}

fn paid(
    event: &Event<'_>,
    subscription: &Element,
    sale: &Element,
    (name, period): (&Ref, Period),
    again: bool,
) -> Result<Notice, Unread> {
    let payment = Ref::payment(id(sale, "id")?.as_str());
    let plan = sale.told("plan-id").or_else(|| subscription.told("plan-id"));
    let units = units(event, sale)?.or(units(event, subscription)?);
    let line = Line {
        line: Line::at(name, 0),
        alias: Vec::new(),
        item: vec![plan.ok_or_else(|| missing("subject/subscription/plan-id"))?],
        quantity: units.unwrap_or(1),
        period: Some(period),
    };
    let amount = Some(amount(sale)?);
    let kind = match again {
        true => Kind::Linked,
        false => Kind::Paid { payment: payment.clone(), amount, lines: vec![line] },
    };
    let at = created_at(sale)?.unwrap_or(event.occurred_at);
    Ok(notice(at, vec![payment], sale, kind))
}

/// A transaction knows the period that it was for; days, of which the last is included.
fn period(subscription: &Element, sale: &Element) -> Result<Period, Unread> {
    let day = |path: &'static str| sale.get(path).map(|text| (path, text));
    let end = day("subscription/billing-period-end-date")
        .or_else(|| Some(("paid-through-date", subscription.get("paid-through-date")?)))
        .ok_or_else(|| missing("subject/subscription/paid-through-date"))?;
    let start = day("subscription/billing-period-start-date");
    let start = start.map(|(path, text)| read::day(path, text)).transpose()?;
    Ok(Period { start, end: read::day_end(end.0, end.1)? })
}

fn paid_through(subscription: &Element) -> Result<Option<DateTime<Utc>>, Unread> {
    let day = subscription.get("paid-through-date");
    day.map(|text| read::day_end("paid-through-date", text)).transpose()
}
