//! One event to notices: orders and customers.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::payload::{LineItem, Order, Person, gmt};
use super::subscription;
use crate::notice::{Kind, Line, Money, Notice, Ref};
use crate::read::{Event, Id, Reading, Settings, Unread, decimal, json};

/// The setting with the status from which an order counts.
pub(super) const PAID_STATUS: &str = "paid_status";
/// The setting that sells what costs nothing.
pub(super) const FREE_ITEMS: &str = "free_items";

/// Reads one event.
///
/// Not read, on purpose: `order.deleted` and its kin (the trash, no refund), and topics of an
/// action's name (`action.woocommerce_...`, which carry a number and no order).
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    match event.event_type {
        "order.created" | "order.updated" | "order.restored" => order(event, &resource(event)?),
        "subscription.created" | "subscription.updated" | "subscription.switched" => {
            subscription::notices(event.occurred_at, &resource(event)?)
        }
        "customer.updated" => {
            let person: Person = resource(event)?;
            Ok(vec![Notice {
                refs: Vec::new(),
                occurred_at: event.occurred_at,
                line: None,
                kind: Kind::Customer,
                customer: Some(person.told()),
            }])
        }
        _ => Ok(Vec::new()),
    }
}

/// The resource, unless something else stands in its place.
fn resource<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Odd {
        id: Option<IgnoredAny>,
        code: Option<IgnoredAny>,
        #[serde(alias = "subscription", alias = "customer")]
        order: Option<IgnoredAny>,
    }
    match json(event.body) {
        Ok(Odd { id: None, order: Some(_), .. }) => Err(Unread::Format(
            "the webhook sends the legacy format; set its API version to WP REST API v3".to_owned(),
        )),
        Ok(Odd { id: None, code: Some(_), .. }) => Err(Unread::Format(
            "an error came instead of the resource: the user who made the webhook may not read it \
             (any more); save the webhook again as an administrator, and the order once more"
                .to_owned(),
        )),
        _ => json(event.body),
    }
}

/// How an order stands: what was paid for, and what went back. It is told at every change, and
/// every telling is of the same payment.
fn order(event: &Event<'_>, order: &Order) -> Reading {
    let at = event.occurred_at;
    let renewed = order.buyer.noted("_subscription_renewal");
    let switched = order.buyer.noted("_subscription_switch");
    let of = [&renewed, &switched].into_iter().flatten().next();
    let name = Ref::order(&order.id);
    let mut refs: Vec<Ref> = of.map(Ref::subscription).into_iter().collect();
    refs.push(name.clone());
    let notice =
        |at, kind| Notice { refs: refs.clone(), occurred_at: at, line: None, kind, customer: None };
    if order.status == "failed" {
        // A checkout may be tried again, and is no matter of ours until it is paid.
        let lines = renewed.iter().flat_map(|id| subscription::lines_of(id, &order.line_items));
        let failed = |line| Notice { line: Some(line), ..notice(at, Kind::PaymentFailed) };
        return Ok(lines.map(failed).collect());
    }
    let Some(paid_at) = paid_at(order, event.settings)? else { return Ok(Vec::new()) };
    // The address is as the order has it now (the vendor may have mended it), the payment is old.
    let buyer = Notice { customer: order.buyer.told(), ..notice(at, Kind::Linked) };
    if switched.is_some() {
        // What the change costs at once; how the subscription stands, it says itself.
        return Ok(vec![buyer]);
    }
    let lines = lines(order, renewed.as_ref(), event.settings)?;
    if lines.is_empty() {
        return Ok(vec![buyer]);
    }
    let amount = Some(decimal("total", order.total.as_str(), order.currency.as_str())?);
    let paid = Kind::Paid { payment: name.clone(), amount, lines };
    let mut told = vec![buyer, notice(paid_at, paid)];
    let refunded = |refund: String, amount: Option<Money>| Kind::Refunded {
        refund,
        payment: name.clone(),
        full: amount.is_none(),
        amount,
        total: None,
        lines: Vec::new(),
    };
    for (position, refund) in order.refunds.iter().enumerate() {
        let path = format!("refunds[{position}].total");
        let money = decimal(&path, refund.total.as_str(), order.currency.as_str())?;
        let money = Money { minor: money.minor.saturating_abs(), ..money };
        told.push(notice(at, refunded((&refund.id).into(), Some(money))));
    }
    if matches!(order.status.as_str(), "refunded" | "cancelled") {
        told.push(notice(at, refunded(name.to_string(), None)));
    }
    Ok(told)
}

/// When it was paid, where it stands so that this counts. One that is given back or cancelled was
/// paid before.
fn paid_at(order: &Order, settings: &Settings) -> Result<Option<DateTime<Utc>>, Unread> {
    let only_completed = settings.get(PAID_STATUS).is_some_and(|status| status == "completed");
    match order.status.as_str() {
        "processing" if only_completed => Ok(None),
        "processing" | "completed" | "refunded" | "cancelled" => {
            gmt("date_paid_gmt", order.date_paid_gmt.as_deref())
        }
        _ => Ok(None),
    }
}

fn lines(order: &Order, renewed: Option<&Id>, settings: &Settings) -> Result<Vec<Line>, Unread> {
    let sells_free = settings.get(FREE_ITEMS).is_some_and(|word| word == "yes");
    let name = Ref::order(&order.id);
    let mut lines = Vec::new();
    for (position, item) in order.line_items.iter().enumerate() {
        // The start of a free trial, which the subscription tells with its end.
        let begins_trial = renewed.is_none() && !sells_free && item.is_free();
        if begins_trial || item.quantity == 0 {
            continue;
        }
        let items = item.items();
        if items.is_empty() {
            let path = format!("line_items[{position}]");
            return Err(Unread::value(path, "a line without variation, product and SKU"));
        }
        let alias = match renewed {
            Some(subscription) => Some(subscription::line_at(subscription, position)),
            None => goods_of(&name, &order.line_items, position),
        };
        lines.push(Line {
            line: (&item.id).into(),
            alias: alias.into_iter().collect(),
            item: items,
            quantity: item.quantity,
            period: None,
        });
    }
    Ok(lines)
}

/// The name that an order's line has for the subscription that it began: by what was sold, and the
/// n-th of it. The lines have other ids there.
pub(super) fn goods_of(order: &Ref, items: &[LineItem], position: usize) -> Option<String> {
    let goods = items.get(position)?.goods()?;
    let before = items.iter().take(position).filter(|item| item.goods() == Some(goods));
    Some(format!("{order}/{goods}.{}", before.count()))
}
