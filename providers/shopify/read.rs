//! One event to notices.

use chrono::{DateTime, Utc};

use super::CONTRACTS;
use super::contracts;
use super::payload::{Dispute, LineItem, Order, Person, Refund, Transaction};
use crate::notice::{DisputeState, Kind, Line, Money, Notice, Ref, ReturnedLine};
use crate::read::{Event, Reading, Unread, decimal, json, paid_by, rfc3339};

/// Reads one event.
///
/// Not read, on purpose: `orders/edited` (only the difference; `orders/updated` tells how the
/// order stands), and the topics of fulfilment, carts and checkouts.
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    let at = event.occurred_at;
    match event.event_type {
        "orders/paid" | "orders/create" | "orders/updated" | "orders/cancelled" => {
            let own_contracts = event.settings.get(CONTRACTS).is_some_and(|told| told == "own");
            let told: Order = json(event.body)?;
            // Only this one says that it was paid just now; the others, that it is paid.
            let paid_at = match (event.event_type, told.placed_at()?) {
                ("orders/paid", _) | (_, None) => at,
                (_, Some(_)) if told.payment_terms.is_some() => at,
                (_, Some(placed)) => paid_by(placed, at),
            };
            order(at, paid_at, &told, own_contracts)
        }
        "refunds/create" => {
            let told: Refund = json(event.body)?;
            Ok(refund(&told, "")?.into_iter().collect())
        }
        "disputes/create" | "disputes/update" => dispute(at, &json(event.body)?),
        "customers/update" => customer(at, &json(event.body)?),
        "subscription_contracts/create" | "subscription_contracts/update" => {
            contracts::contract(at, &json(event.body)?)
        }
        "subscription_billing_attempts/success" => contracts::billed(at, &json(event.body)?),
        "subscription_billing_attempts/failure" => contracts::declined(at, &json(event.body)?),
        _ => Ok(Vec::new()),
    }
}

/// How an order stands: what was paid for, and what went back. Every event of one order tells of
/// the same payment, so their number and order are no matter.
fn order(at: DateTime<Utc>, paid_at: DateTime<Utc>, order: &Order, own_contracts: bool) -> Reading {
    let status = order.financial_status.as_deref().unwrap_or_default();
    let lines = lines(order, own_contracts)?;
    if !matches!(status, "paid" | "partially_refunded" | "refunded") || lines.is_empty() {
        return Ok(Vec::new());
    }
    let name = Ref::order(&order.id);
    let amount = decimal("total_price", order.total_price.as_str(), order.currency.as_str())?;
    let mut notices = vec![Notice {
        refs: order.refs(),
        occurred_at: paid_at,
        line: None,
        kind: Kind::Paid { payment: name.clone(), amount: Some(amount), lines },
        customer: order.customer(),
    }];
    for (position, told) in order.refunds.iter().enumerate() {
        if told.order_id != order.id {
            return Err(Unread::value(format!("refunds[{position}].order_id"), "another order"));
        }
        notices.extend(refund(told, &format!("refunds[{position}]."))?);
    }
    let void = order.cancelled_at.as_deref().map(|text| rfc3339("cancelled_at", text));
    if let Some(at) = void.transpose()?.or((status == "refunded").then_some(at)) {
        notices.push(Notice {
            refs: vec![name.clone()],
            occurred_at: at,
            line: None,
            kind: Kind::Refunded {
                refund: name.to_string(),
                payment: name,
                amount: None,
                total: None,
                full: true,
                lines: Vec::new(),
            },
            customer: None,
        });
    }
    Ok(notices)
}

/// What makes the order of a renewal.
const RENEWAL: &str = "subscription_contract";

/// The lines that were sold. A gift card is money, and no license.
///
/// Where the contracts are the app's own, the order of a renewal sells nothing by itself: it is for
/// what stands on the contract's line, to which the billing attempt ties it.
fn lines(order: &Order, own_contracts: bool) -> Result<Vec<Line>, Unread> {
    let renews = own_contracts && order.source_name.as_deref() == Some(RENEWAL);
    let alone = order.line_items.len() == 1;
    let sold = order.line_items.iter().enumerate().filter(|(_, item)| !item.gift_card);
    let mut lines = Vec::new();
    for (position, item) in sold {
        let quantity = quantity(order, item);
        if quantity == 0 {
            continue;
        }
        let named = if renews { Vec::new() } else { item.items() };
        if named.is_empty() && !renews {
            let path = format!("line_items[{position}]");
            return Err(Unread::value(path, "a line without variant, product, SKU and title"));
        }
        // A contract names its orders and none of their lines: it can only mean the one there is.
        let alias = alone.then(|| only_line(&order.id)).into_iter().collect();
        lines.push(Line { line: (&item.id).into(), alias, item: named, quantity, period: None });
    }
    Ok(lines)
}

/// The name of an order's line where there is no other.
pub(super) fn only_line(order: &crate::read::Id) -> String {
    Line::at(&Ref::order(order), 0)
}

/// How many were sold: as many as there are now, and those that refunds took back. What `quantity`
/// says is older than every edit; what refunds took, they tell themselves.
fn quantity(order: &Order, item: &LineItem) -> u32 {
    let Some(current) = item.current_quantity else { return item.quantity };
    let returned = order.refunds.iter().flat_map(|refund| &refund.refund_line_items);
    let returned = returned.filter(|line| line.line_item_id == item.id);
    returned.fold(current, |sum, line| sum.saturating_add(line.quantity))
}

/// Money that went back, or goods that did (an edit that takes a line away is told so). What is
/// pending is nothing yet; what failed after it was told is undone.
fn refund(refund: &Refund, path: &str) -> Result<Option<Notice>, Unread> {
    let payment = Ref::order(&refund.order_id);
    let of_refund = |transaction: &&Transaction| transaction.kind == "refund";
    let moved: Vec<&Transaction> = refund.transactions.iter().filter(of_refund).collect();
    let failed = |moved: &&Transaction| matches!(moved.status.as_str(), "failure" | "error");
    let amount = returned(&refund.transactions, path)?;
    let lines: Vec<ReturnedLine> = refund
        .refund_line_items
        .iter()
        .map(|line| ReturnedLine {
            line: (&line.line_item_id).into(),
            quantity: Some(line.quantity),
        })
        .collect();
    let id = String::from(&refund.id);
    let kind = if amount.is_some() || (refund.transactions.is_empty() && !lines.is_empty()) {
        let payment = payment.clone();
        Kind::Refunded { refund: id, payment, amount, total: None, full: false, lines }
    } else if !moved.is_empty() && moved.iter().all(failed) {
        Kind::RefundUndone { refund: id, payment: payment.clone() }
    } else {
        return Ok(None);
    };
    Ok(Some(Notice {
        refs: vec![payment],
        occurred_at: rfc3339(&format!("{path}created_at"), &refund.created_at)?,
        line: None,
        kind,
        customer: None,
    }))
}

/// The sum of what really went back, in the currency of the first such transaction.
fn returned(transactions: &[Transaction], path: &str) -> Result<Option<Money>, Unread> {
    let mut sum: Option<Money> = None;
    for (position, moved) in transactions.iter().enumerate() {
        if moved.kind != "refund" || moved.status != "success" {
            continue;
        }
        let path = format!("{path}transactions[{position}].amount");
        let money = decimal(&path, moved.amount.as_str(), moved.currency.as_str())?;
        sum = match sum {
            None => Some(money),
            Some(known) if known.currency == money.currency => {
                Some(Money { minor: known.minor.saturating_add(money.minor), ..known })
            }
            Some(known) => Some(known),
        };
    }
    Ok(sum)
}

/// A chargeback suspends until it is decided. An inquiry takes no money. Where the vendor gave the
/// money back himself, the refund tells of it too: here it is a running total, never added twice.
fn dispute(at: DateTime<Utc>, dispute: &Dispute) -> Reading {
    let Some(order) = &dispute.order_id else { return Ok(Vec::new()) };
    let payment = Ref::order(order);
    let opened = dispute.initiated_at.as_deref().map(|text| rfc3339("initiated_at", text));
    let closed = dispute.finalized_on.as_deref().map(|text| rfc3339("finalized_on", text));
    let (opened, closed) = (opened.transpose()?.unwrap_or(at), closed.transpose()?.unwrap_or(at));
    let notice = |at, kind| Notice {
        refs: vec![payment.clone()],
        occurred_at: at,
        line: None,
        kind,
        customer: None,
    };
    let disputed =
        |state| Kind::Disputed { dispute: (&dispute.id).into(), payment: payment.clone(), state };
    let chargeback = dispute.dispute_type == "chargeback";
    Ok(match dispute.status.as_str() {
        "charge_refunded" => {
            let total = decimal("amount", dispute.amount.as_str(), dispute.currency.as_str())?;
            let refunded = Kind::Refunded {
                refund: format!("dispute:{}", dispute.id),
                payment: payment.clone(),
                amount: None,
                total: Some(total),
                full: false,
                lines: Vec::new(),
            };
            vec![notice(closed, refunded), notice(closed, disputed(DisputeState::Won))]
        }
        "won" => vec![notice(closed, disputed(DisputeState::Won))],
        "lost" | "accepted" => vec![notice(closed, disputed(DisputeState::Lost))],
        _ if chargeback => vec![notice(opened, disputed(DisputeState::Opened))],
        _ => Vec::new(),
    })
}

fn customer(at: DateTime<Utc>, person: &Person) -> Reading {
    let told = person.told();
    if told.provider_id.is_none() {
        return Err(Unread::value("id", "the customer's own id is needed"));
    }
    let customer = Some(told);
    Ok(vec![Notice { refs: vec![], occurred_at: at, line: None, kind: Kind::Customer, customer }])
}
