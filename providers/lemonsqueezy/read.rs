//! One event to notices.
//!
//! A subscription is bought by four events in any order: `order_created`, `subscription_created`,
//! `subscription_updated` and `subscription_payment_success` (initial). The order and the new
//! subscription both tell of the order's payment; the subscription knows the order's line and the
//! period, so that it is one line. The initial invoice only adds its id to that payment.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::API_KEY;
use super::payload::{
    Buyer, Invoice, Object, Order, Subscription, Told, first_payment, order_line,
};
use crate::ask::{Ask, Auth, Need};
use crate::notice::{Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Event, Id, Reading, Time, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "order_created",
    "order_refunded",
    "subscription_created",
    "subscription_updated",
    "subscription_cancelled",
    "subscription_resumed",
    "subscription_expired",
    "subscription_paused",
    "subscription_unpaused",
    "subscription_payment_success",
    "subscription_payment_failed",
    "subscription_payment_refunded",
];

/// Not read, on purpose: `subscription_payment_recovered` (sent beside
/// `subscription_payment_success`), `license_key_*` (keys that Lemon Squeezy made).
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        "order_created" => ordered(event, &data(event)?),
        "order_refunded" => order_refunded(event, &data(event)?),
        "subscription_created" => created(event, &data(event)?),
        "subscription_updated" => told(event, |subscription| Kind::Changed {
            lines: vec![line(subscription, None)],
            whole: false,
        }),
        "subscription_cancelled" => {
            told(event, |Object { attributes, .. }| Kind::Canceled { at: time(attributes.ends_at) })
        }
        "subscription_resumed" => told(event, |_| Kind::Uncanceled),
        "subscription_expired" => told(event, |Object { attributes, .. }| Kind::Ended {
            at: time(attributes.ends_at).unwrap_or(event.occurred_at),
        }),
        "subscription_paused" => paused(event),
        "subscription_unpaused" => told(event, |_| Kind::Resumed),
        "subscription_payment_success" => invoice_paid(event, &data(event)?),
        "subscription_payment_failed" => invoice_failed(event, &data(event)?),
        "subscription_payment_refunded" => invoice_refunded(event, &data(event)?),
        _ => Ok(Vec::new()),
    }
}

/// The invoice of a renewal does not say which period it pays; its subscription does.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if event.event_type != "subscription_payment_success" || event.answers.contains_key(ANSWER) {
        return Ok(Vec::new());
    }
    let invoice: Invoice = data::<Invoice>(event)?.attributes;
    let Some(number) = renews(&invoice).then(|| digits(&invoice.subscription_id)).flatten() else {
        return Ok(Vec::new());
    };
    let path = format!("/v1/subscriptions/{number}");
    let ask = Ask::get(ANSWER, "https://api.lemonsqueezy.com", path, Auth::Bearer(API_KEY));
    let accept = vec![("Accept", "application/vnd.api+json".to_owned())];
    Ok(vec![Ask { headers: accept, need: Need::Configured, ..ask }])
}

const ANSWER: &str = "subscription";

/// Lemon Squeezy's ids are numbers; nothing else goes into an address.
fn digits(id: &Id) -> Option<&str> {
    Some(id.as_str()).filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn renews(invoice: &Invoice) -> bool {
    invoice.billing_reason == "renewal"
}

/// An order does not say whether it began a subscription. What tells a trial from a gift: a gift
/// has a discount. (Where the subscription's first period was paid, that says so, too.)
fn ordered(event: &Event<'_>, order: &Object<Order>) -> Reading {
    let Object { id, attributes } = order;
    let came = attributes.total > 0 || attributes.discount_total > 0;
    let settled = matches!(attributes.status.as_str(), "paid" | "refunded" | "partial_refund");
    if !settled {
        return Ok(Vec::new());
    }
    if !came || attributes.subtotal <= attributes.setup_fee {
        return notice(event, order.refs(), Kind::Linked);
    }
    let item = attributes.first_order_item.as_ref().ok_or_else(|| Unread::Content {
        path: "data.attributes.first_order_item".to_owned(),
        message: "a paid order must say what was bought".to_owned(),
    })?;
    let line = Line {
        line: order_line(id, &item.id),
        alias: Vec::new(),
        item: vec![String::from(&item.variant_id), String::from(&item.product_id)],
        quantity: item.quantity.unwrap_or(1).max(1),
        period: None,
    };
    let amount = Some(attributes.currency.money(attributes.total));
    let kind = Kind::Paid { payment: Ref::order(id), amount, lines: vec![line] };
    notice(event, order.refs(), kind)
}

fn order_refunded(event: &Event<'_>, order: &Object<Order>) -> Reading {
    let Object { id, attributes } = order;
    let total = attributes.refunded_amount.map(|minor| attributes.currency.money(minor));
    let full = matches!(attributes.status.as_str(), "refunded" | "fraudulent");
    let kind = refunded(Ref::order(id), Ref::order(id), total, full)?;
    notice(event, order.refs(), kind)
}

/// A subscription is created when its first payment was made, or with a trial.
fn created(event: &Event<'_>, subscription: &Object<Subscription>) -> Reading {
    let Object { id, attributes } = subscription;
    let mut refs = vec![Ref::subscription(id), Ref::order(&attributes.order_id)];
    let kind = match (attributes.status.as_str(), attributes.trial_ends_at) {
        ("on_trial", Some(until)) => {
            Kind::Trial { until: until.0, lines: vec![line(subscription, None)] }
        }
        ("on_trial", None) => {
            let message = "a trial must say when it ends".to_owned();
            return Err(Unread::Content {
                path: "data.attributes.trial_ends_at".to_owned(),
                message,
            });
        }
        ("active", _) => {
            refs.push(first_payment(id));
            let end = attributes.renews_at.or(attributes.ends_at);
            let period = end.map(|end| Period { start: time(attributes.created_at), end: end.0 });
            let payment = Ref::order(&attributes.order_id);
            Kind::Paid { payment, amount: None, lines: vec![line(subscription, period)] }
        }
        _ => Kind::Changed { lines: vec![line(subscription, None)], whole: false },
    };
    notice(event, refs, kind)
}

/// Mode `void`: the buyer cannot use it meanwhile. Mode `free` pauses only the payments.
fn paused(event: &Event<'_>) -> Reading {
    let Object { attributes, .. } = &data::<Subscription>(event)?;
    match attributes.pause.as_ref().and_then(|pause| pause.mode.as_deref()) {
        Some("free") => Ok(Vec::new()),
        _ => told(event, |_| Kind::Paused),
    }
}

/// `initial` is the payment of the order; `updated` settles a change and covers no time.
fn invoice_paid(event: &Event<'_>, invoice: &Object<Invoice>) -> Reading {
    let Object { id, attributes } = invoice;
    let kind = if renews(attributes) {
        let line = Line {
            line: subscription_line(&attributes.subscription_id),
            alias: Vec::new(),
            item: Vec::new(),
            quantity: 1,
            period: renewed_period(event, attributes)?,
        };
        let amount = Some(attributes.currency.money(attributes.total));
        Kind::Paid { payment: Ref::invoice(id), amount, lines: vec![line] }
    } else {
        Kind::Linked
    };
    notice(event, invoice_refs(invoice), kind)
}

/// The period that runs now, if it was begun by this payment: past due, its end would be the
/// next attempt; over, there is none.
fn renewed_period(event: &Event<'_>, invoice: &Invoice) -> Result<Option<Period>, Unread> {
    let Some(Told { data }) = read::answered::<Told<Subscription>>(event.answers, ANSWER)? else {
        return Ok(None);
    };
    let end = match data.attributes.status.as_str() {
        "active" => data.attributes.renews_at,
        "cancelled" => data.attributes.ends_at,
        _ => None,
    };
    let same = data.id == invoice.subscription_id;
    let end = time(end).filter(|end| same && *end > event.occurred_at);
    Ok(end.map(|end| Period { start: time(invoice.created_at), end }))
}

/// What a change costs may fail without the subscription being late.
fn invoice_failed(event: &Event<'_>, invoice: &Object<Invoice>) -> Reading {
    if invoice.attributes.billing_reason == "updated" {
        return Ok(Vec::new());
    }
    notice(event, invoice_refs(invoice), Kind::PaymentFailed)
}

fn invoice_refunded(event: &Event<'_>, invoice: &Object<Invoice>) -> Reading {
    let Object { id, attributes } = invoice;
    let total = attributes.refunded_amount.map(|minor| attributes.currency.money(minor));
    let full = attributes.status == "refunded";
    let kind = refunded(Ref::invoice(id), Ref::invoice(id), total, full)?;
    notice(event, invoice_refs(invoice), kind)
}

/// Refunds have no id of their own; the running total is told by what they are of.
fn refunded(of: Ref, payment: Ref, total: Option<Money>, full: bool) -> Result<Kind, Unread> {
    if total.is_none() && !full {
        let message = "a partial refund must say how much went back".to_owned();
        return Err(Unread::Content {
            path: "data.attributes.refunded_amount".to_owned(),
            message,
        });
    }
    let refund = of.to_string();
    Ok(Kind::Refunded { refund, payment, amount: None, total, full, lines: Vec::new() })
}

fn invoice_refs(invoice: &Object<Invoice>) -> Vec<Ref> {
    let Object { id, attributes } = invoice;
    let mut refs = vec![Ref::subscription(&attributes.subscription_id), Ref::invoice(id)];
    if attributes.billing_reason == "initial" {
        refs.push(first_payment(&attributes.subscription_id));
    }
    refs
}

/// What one event says of a subscription.
fn told(event: &Event<'_>, kind: impl FnOnce(&Object<Subscription>) -> Kind) -> Reading {
    let subscription = data::<Subscription>(event)?;
    let Object { id, attributes } = &subscription;
    let refs = vec![Ref::subscription(id), Ref::order(&attributes.order_id)];
    notice(event, refs, kind(&subscription))
}

/// A subscription has one variant, bought as one item of its order.
fn line(subscription: &Object<Subscription>, period: Option<Period>) -> Line {
    let Object { id, attributes } = subscription;
    let quantity = attributes.first_subscription_item.as_ref().and_then(|item| item.quantity);
    Line {
        line: subscription_line(id),
        alias: vec![order_line(&attributes.order_id, &attributes.order_item_id)],
        item: vec![String::from(&attributes.variant_id), String::from(&attributes.product_id)],
        quantity: quantity.unwrap_or(1).max(1),
        period,
    }
}

fn subscription_line(subscription: &Id) -> String {
    Line::at(&Ref::subscription(subscription), 0)
}

fn time(time: Option<Time>) -> Option<DateTime<Utc>> {
    time.map(|time| time.0)
}

fn data<T: DeserializeOwned>(event: &Event<'_>) -> Result<Object<T>, Unread> {
    Ok(read::json::<Told<T>>(event.body)?.data)
}

/// The one notice of an event, with what every kind of object says of its buyer.
fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind) -> Reading {
    let customer = data::<Buyer>(event)?.attributes.customer();
    Ok(vec![Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }])
}
