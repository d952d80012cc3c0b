//! One event to notices.
//!
//! `subscription.paid` is every payment of a subscription, the first too, and knows its period.
//! `checkout.completed` is the payment of what is sold once; of a subscription it only ties the
//! order. `subscription.active` is «for synchronization»: nothing is paid by it.

use serde::de::DeserializeOwned;

use super::payload::{
    Buyer, Checkout, Dispute, Item, Named, OrderType, Refund, Subscription, Told, Transaction,
};
use crate::notice::{DisputeState, Kind, Line, Money, Notice, Ref};
use crate::read::{self, Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "checkout.completed",
    "subscription.paid",
    "subscription.active",
    "subscription.trialing",
    "subscription.update",
    "subscription.scheduled_cancel",
    "subscription.canceled",
    "subscription.past_due",
    "subscription.unpaid",
    "subscription.expired",
    "subscription.paused",
    "refund.created",
    "dispute.created",
];

/// The setting that says what becomes of the rest of a paid period.
pub(super) const ON_CANCEL: &str = "on_cancel";

/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        "checkout.completed" => completed(event, &object(event)?),
        "subscription.paid" => paid(event, &object(event)?),
        // There is no event of its own for the end of a pause.
        "subscription.active" => told(event, |one| Ok(resumed(one))),
        "subscription.trialing" => told(event, |one| Ok(vec![trial(one)?])),
        "subscription.update" => told(event, |one| Ok(updated(one))),
        "subscription.scheduled_cancel" => told(event, |one| Ok(vec![scheduled(one)])),
        "subscription.canceled" => told(event, |one| Ok(vec![canceled(event, one)])),
        // Expired: its time ran out unpaid. It may be paid yet; what is final is `canceled`.
        "subscription.past_due" | "subscription.unpaid" | "subscription.expired" => {
            told(event, |_| Ok(vec![Kind::PaymentFailed]))
        }
        "subscription.paused" => told(event, |_| Ok(vec![Kind::Paused])),
        "refund.created" => refund(event, &object(event)?),
        "dispute.created" => dispute(event, object(event)?),
        _ => Ok(Vec::new()),
    }
}

fn completed(event: &Event<'_>, checkout: &Checkout) -> Reading {
    let order = &checkout.order;
    let transaction = order.transaction.as_ref().map(|named| Ref::payment(named.id()));
    let subscription = checkout.subscription.as_ref().map(|named| Ref::subscription(named.id()));
    let kind = match order.order_type {
        OrderType::Recurring => Kind::Linked,
        OrderType::Onetime => Kind::Paid {
            payment: transaction.clone().unwrap_or_else(|| Ref::order(&order.id)),
            amount: Some(order.currency.money(order.amount_paid.unwrap_or(order.amount))),
            lines: vec![Line {
                line: Line::at(&Ref::order(&order.id), 0),
                alias: Vec::new(),
                item: vec![String::from(checkout.product.id())],
                quantity: checkout.units.unwrap_or(1).max(1),
                period: None,
            }],
        },
    };
    let own = [Ref::order(&order.id), Ref::session(&checkout.id)];
    let refs = subscription.into_iter().chain(own).chain(transaction).collect();
    Ok(vec![notice(event, refs, kind, checkout.customer.as_ref())])
}

fn paid(event: &Event<'_>, subscription: &Subscription) -> Reading {
    let id = subscription.last_transaction_id.as_ref().ok_or_else(|| Unread::Content {
        path: "object.last_transaction_id".to_owned(),
        message: "a payment must have an id".to_owned(),
    })?;
    let payment = Ref::payment(id);
    let period = subscription.period();
    let lines = lines(subscription).into_iter().map(|line| Line { period, ..line });
    let last = subscription.last_transaction.as_ref().filter(|last| last.id == *id);
    let kind = Kind::Paid {
        payment: payment.clone(),
        amount: last.and_then(amount_paid),
        lines: lines.collect(),
    };
    let order = last.and_then(|last| last.order.as_ref()).map(|named| Ref::order(named.id()));
    let refs = [Ref::subscription(&subscription.id)].into_iter().chain(order).chain([payment]);
    Ok(vec![notice(event, refs.collect(), kind, subscription.customer.as_ref())])
}

fn amount_paid(transaction: &Transaction) -> Option<Money> {
    Some(transaction.currency.as_ref()?.money(transaction.amount_paid?))
}

fn trial(subscription: &Subscription) -> Result<Kind, Unread> {
    let until = subscription.period().map(|period| period.end).ok_or_else(|| Unread::Content {
        path: "object.current_period_end_date".to_owned(),
        message: "a trial must say when it ends".to_owned(),
    })?;
    Ok(Kind::Trial { until, lines: lines(subscription) })
}

fn resumed(subscription: &Subscription) -> Vec<Kind> {
    Vec::from_iter((subscription.status == "active").then_some(Kind::Resumed))
}

/// Whatever changed; the status says what has no event of its own.
fn updated(subscription: &Subscription) -> Vec<Kind> {
    let mut kinds = vec![Kind::Changed { lines: lines(subscription), whole: true }];
    match subscription.status.as_str() {
        "active" => kinds.extend([Kind::Uncanceled, Kind::Resumed]),
        "scheduled_cancel" => kinds.push(scheduled(subscription)),
        "paused" => kinds.push(Kind::Paused),
        _ => {}
    }
    kinds
}

fn scheduled(subscription: &Subscription) -> Kind {
    Kind::Canceled { at: subscription.period().map(|period| period.end) }
}

/// Over for Creem. The buyer may have paid for more: then the vendor decides.
fn canceled(event: &Event<'_>, subscription: &Subscription) -> Kind {
    let at = subscription.canceled_at.map_or(event.occurred_at, |time| time.0);
    let now = event.settings.get(ON_CANCEL).is_some_and(|word| word == "now");
    match subscription.current_period_end_date.filter(|end| !now && end.0 > at) {
        Some(end) => Kind::Canceled { at: Some(end.0) },
        None => Kind::Ended { at },
    }
}

fn refund(event: &Event<'_>, told: &Refund) -> Reading {
    let transaction = &told.transaction;
    let (refund, payment) = (String::from(&told.id), Ref::payment(&transaction.id));
    let kind = match told.status.as_str() {
        "succeeded" => {
            let gone = told.refund_amount.max(transaction.refunded_amount.unwrap_or(0));
            Kind::Refunded {
                refund,
                payment,
                amount: Some(told.refund_currency.money(told.refund_amount)),
                total: None,
                full: transaction.amount_paid.is_some_and(|paid| paid > 0 && gone >= paid),
                lines: Vec::new(),
            }
        }
        "failed" | "canceled" => Kind::RefundUndone { refund, payment },
        // On its way, or a status that is not known yet.
        _ => return Ok(Vec::new()),
    };
    let refs = refs(told.subscription.as_ref(), told.order.as_ref(), transaction);
    Ok(vec![notice(event, refs, kind, told.customer.as_ref())])
}

/// Creem does not tell how a dispute ends.
fn dispute(event: &Event<'_>, told: Dispute) -> Reading {
    let payment = Ref::payment(&told.transaction.id);
    let refs = refs(told.subscription.as_ref(), told.order.as_ref(), &told.transaction);
    let kind = Kind::Disputed { dispute: told.id.into(), payment, state: DisputeState::Opened };
    Ok(vec![notice(event, refs, kind, told.customer.as_ref())])
}

/// What a payment belongs to stands beside it, or in it.
fn refs(
    subscription: Option<&Named>,
    order: Option<&Named>,
    transaction: &Transaction,
) -> Vec<Ref> {
    let subscription = subscription.or(transaction.subscription.as_ref());
    let order = order.or(transaction.order.as_ref());
    let subscription = subscription.map(|named| Ref::subscription(named.id()));
    let order = order.map(|named| Ref::order(named.id()));
    subscription.into_iter().chain(order).chain([Ref::payment(&transaction.id)]).collect()
}

/// What one event says of a subscription.
fn told(
    event: &Event<'_>,
    kinds: impl FnOnce(&Subscription) -> Result<Vec<Kind>, Unread>,
) -> Reading {
    let subscription = object::<Subscription>(event)?;
    let refs = vec![Ref::subscription(&subscription.id)];
    let kinds = kinds(&subscription)?.into_iter();
    Ok(kinds
        .map(|kind| notice(event, refs.clone(), kind, subscription.customer.as_ref()))
        .collect())
}

/// A subscription without items is one unit of its product.
fn lines(subscription: &Subscription) -> Vec<Line> {
    let product = subscription.product.id();
    let line = |position: usize, item: Option<&Item>| {
        let price = item.and_then(|item| item.price_id.as_ref());
        let of_item = item.and_then(|item| item.product_id.as_ref()).unwrap_or(product);
        Line {
            line: Line::at(&Ref::subscription(&subscription.id), position),
            alias: Vec::new(),
            item: price.into_iter().chain([of_item]).map(String::from).collect(),
            quantity: item.and_then(|item| item.units).unwrap_or(1).max(1),
            period: None,
        }
    };
    match subscription.items.as_deref() {
        None | Some([]) => vec![line(0, None)],
        Some(items) => {
            items.iter().enumerate().map(|(position, item)| line(position, Some(item))).collect()
        }
    }
}

fn object<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    Ok(read::json::<Told<T>>(event.body)?.object)
}

fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind, buyer: Option<&Buyer>) -> Notice {
    let customer = buyer.map(Buyer::customer);
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }
}
