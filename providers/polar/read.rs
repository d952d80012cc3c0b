//! One event to notices.
//!
//! Only `order.paid` is a payment. `subscription.cycled` is told of a new period whether it was
//! paid or not, and a renewal's `order.created` is still pending.

use serde::de::DeserializeOwned;

use super::payload::{BillingReason, Order, Person, Refund, Subscription, Told};
use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{self, Event, Id, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "order.paid",
    "order.refunded",
    "subscription.created",
    "subscription.active",
    "subscription.updated",
    "subscription.canceled",
    "subscription.uncanceled",
    "subscription.revoked",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "refund.created",
    "refund.updated",
    "customer.created",
    "customer.updated",
];

/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        "order.paid" => paid(event, &data(event)?),
        "order.refunded" => order_refunded(event, &data(event)?),
        "subscription.created" | "subscription.active" => begun(event, &data(event)?),
        "subscription.updated" => told(event, |subscription| Kind::Changed {
            lines: vec![subscribed(subscription)],
            whole: false,
        }),
        "subscription.canceled" => told(event, canceled),
        "subscription.uncanceled" => told(event, |_| Kind::Uncanceled),
        "subscription.revoked" => told(event, |subscription| Kind::Ended {
            at: subscription.ended_at.map_or(event.occurred_at, |time| time.0),
        }),
        "subscription.past_due" => told(event, |_| Kind::PaymentFailed),
        "subscription.paused" => told(event, |_| Kind::Paused),
        "subscription.resumed" => told(event, |_| Kind::Resumed),
        "refund.created" | "refund.updated" => refund(event, &data(event)?),
        "customer.created" | "customer.updated" => {
            let customer = Some(data::<Person>(event)?.customer());
            Ok(vec![notice(event, Vec::new(), Kind::Customer, customer)])
        }
        _ => Ok(Vec::new()),
    }
}

fn paid(event: &Event<'_>, order: &Order) -> Reading {
    let subscription = order.subscription.as_ref();
    let begins_trial = order.total_amount == 0 && subscription.is_some_and(|one| one.is_tried());
    let kind = match order.billing_reason {
        BillingReason::SubscriptionCreate if begins_trial => Kind::Linked,
        BillingReason::Purchase
        | BillingReason::SubscriptionCreate
        | BillingReason::SubscriptionCycle => {
            let amount = order.due_amount.unwrap_or(order.total_amount);
            Kind::Paid {
                payment: Ref::order(&order.id),
                amount: Some(order.currency.money(amount)),
                lines: vec![bought(order)?],
            }
        }
        // What a change costs, and usage, cover no time.
        BillingReason::SubscriptionUpdate | BillingReason::SubscriptionMeterCycle => Kind::Linked,
    };
    Ok(vec![notice(event, refs(order), kind, order.customer())])
}

/// One product an order; the price is more specific.
fn bought(order: &Order) -> Result<Line, Unread> {
    let subscription = order.subscription.as_ref();
    let prices = order.items.iter().filter(|item| !item.proration);
    let prices = prices.filter_map(|item| item.product_price_id.as_ref());
    let product = order.product.as_ref().map(|product| &product.id).or(order.product_id.as_ref());
    let item: Vec<String> = prices.chain(product).map(String::from).collect();
    let line = match &order.subscription_id {
        Some(id) => subscription_line(id),
        None => Line::at(&Ref::order(&order.id), 0),
    };
    if item.is_empty() && order.subscription_id.is_none() {
        let message = "a purchase must say what was bought".to_owned();
        return Err(Unread::Content { path: "data.product_id".to_owned(), message });
    }
    let units = [order.seats, order.units];
    let of_subscription = subscription.map(|one| [one.seats, one.units]).unwrap_or_default();
    Ok(Line {
        line,
        alias: Vec::new(),
        item,
        quantity: quantity(units.into_iter().chain(of_subscription)),
        period: subscription.and_then(|one| one.period()),
    })
}

/// The running total; each refund tells its own part, too.
fn order_refunded(event: &Event<'_>, order: &Order) -> Reading {
    let path = "data.refunded_amount";
    let amount = order.refunded_amount.ok_or_else(|| Unread::Content {
        path: path.to_owned(),
        message: "a refunded order must say how much went back".to_owned(),
    })?;
    let total = sum(path, amount, order.refunded_tax_amount.unwrap_or(0))?;
    let payment = Ref::order(&order.id);
    let kind = Kind::Refunded {
        refund: payment.to_string(),
        payment,
        amount: None,
        total: Some(order.currency.money(total)),
        full: false,
        lines: Vec::new(),
    };
    Ok(vec![notice(event, refs(order), kind, order.customer())])
}

fn refund(event: &Event<'_>, told: &Refund) -> Reading {
    let Some(order) = &told.order_id else { return Ok(Vec::new()) };
    let (refund, payment) = (String::from(&told.id), Ref::order(order));
    let kind = match told.status.as_str() {
        "succeeded" => {
            let amount = sum("data.amount", told.amount, told.tax_amount)?;
            let amount = Some(told.currency.money(amount));
            let lines = Vec::new();
            Kind::Refunded { refund, payment, amount, total: None, full: false, lines }
        }
        "failed" | "canceled" => Kind::RefundUndone { refund, payment },
        // On its way, or a status that is not known yet.
        _ => return Ok(Vec::new()),
    };
    let subscription = told.subscription_id.as_ref().map(Ref::subscription);
    let refs = subscription.into_iter().chain([Ref::order(order)]).collect();
    Ok(vec![notice(event, refs, kind, None)])
}

/// A trial is the one thing that begins without an order that was paid.
fn begun(event: &Event<'_>, subscription: &Subscription) -> Reading {
    if subscription.status != "trialing" {
        return Ok(Vec::new());
    }
    let until = subscription.trial_end.or(subscription.current_period_end);
    let until = until.ok_or_else(|| Unread::Content {
        path: "data.trial_end".to_owned(),
        message: "a trial must say when it ends".to_owned(),
    })?;
    let kind = Kind::Trial { until: until.0, lines: vec![subscribed(subscription)] };
    let refs = vec![Ref::subscription(&subscription.id)];
    Ok(vec![notice(event, refs, kind, subscription.customer())])
}

/// At the end of the period, or at once; then `subscription.revoked` is sent beside it.
fn canceled(subscription: &Subscription) -> Kind {
    let period = subscription.current_period_end.filter(|_| subscription.cancel_at_period_end);
    let at = subscription.ends_at.or(period).or(subscription.ended_at);
    Kind::Canceled { at: at.map(|time| time.0) }
}

/// What one event says of a subscription.
fn told(event: &Event<'_>, kind: impl FnOnce(&Subscription) -> Kind) -> Reading {
    let subscription = data::<Subscription>(event)?;
    let refs = vec![Ref::subscription(&subscription.id)];
    Ok(vec![notice(event, refs, kind(&subscription), subscription.customer())])
}

fn subscribed(subscription: &Subscription) -> Line {
    let prices = subscription.prices.iter().map(|price| &price.id);
    Line {
        line: subscription_line(&subscription.id),
        alias: Vec::new(),
        item: prices.chain([&subscription.product_id]).map(String::from).collect(),
        quantity: quantity([subscription.seats, subscription.units]),
        period: None,
    }
}

fn subscription_line(subscription: &Id) -> String {
    Line::at(&Ref::subscription(subscription), 0)
}

/// Seats, or units; neither is one.
fn quantity(told: impl IntoIterator<Item = Option<u32>>) -> u32 {
    told.into_iter().flatten().find(|units| *units > 0).unwrap_or(1)
}

fn sum(path: &str, net: i64, tax: i64) -> Result<i64, Unread> {
    net.checked_add(tax).ok_or_else(|| Unread::value(path, "too large for an amount"))
}

/// Every order is a payment of its own; the subscription ties them.
fn refs(order: &Order) -> Vec<Ref> {
    let subscription = order.subscription_id.as_ref().map(Ref::subscription);
    subscription.into_iter().chain([Ref::order(&order.id)]).collect()
}

fn data<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    Ok(read::json::<Told<T>>(event.body)?.data)
}

fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind, customer: Option<Customer>) -> Notice {
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }
}
