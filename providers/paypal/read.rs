//! One event to questions and notices.
//!
//! Money is told by sales and captures alone, each a payment of its own, so that it does not
//! matter in what order they and the events of their subscription come. They do not say what they
//! pay for: that is asked of the API, or else told by the subscription's own events.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;

use super::payload::{
    Dispute, Item, Order, Payment, PurchaseUnit, Refund, Subscription, Told, is_live,
};
use crate::notice::{Customer, DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Event, Id, Reading, Scalar, Unread, filled};
use crate::{Ask, Auth, Need};

pub(super) const CLIENT_ID: &str = "api_client_id";
pub(super) const CLIENT_SECRET: &str = "api_client_secret";
pub(super) const TOKEN_PATH: &str = "/v1/oauth2/token";

/// Types that lead to notices.
pub(super) const EVENTS: &[&str] = &[
    "BILLING.SUBSCRIPTION.ACTIVATED",
    "BILLING.SUBSCRIPTION.CANCELLED",
    "BILLING.SUBSCRIPTION.EXPIRED",
    "BILLING.SUBSCRIPTION.PAYMENT.FAILED",
    "BILLING.SUBSCRIPTION.RE-ACTIVATED",
    "BILLING.SUBSCRIPTION.SUSPENDED",
    "BILLING.SUBSCRIPTION.UPDATED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.SALE.COMPLETED",
    "PAYMENT.SALE.REFUNDED",
    "PAYMENT.SALE.REVERSED",
];

const SUBSCRIPTION: &str = "subscription";
const ORDER: &str = "order";

/// What a payment is for. Without the app's credentials it is read as it is.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if !matches!(event.event_type, "PAYMENT.SALE.COMPLETED" | "PAYMENT.CAPTURE.COMPLETED") {
        return Ok(Vec::new());
    }
    let told: Told<Payment> = read::json(event.body)?;
    let payment = &told.resource;
    let (name, path) = match (&payment.billing_agreement_id, payment.order_id()) {
        (Some(id), _) => (SUBSCRIPTION, format!("/v1/billing/subscriptions/{}", plain(id)?)),
        (None, Some(id)) => (ORDER, format!("/v2/checkout/orders/{}", plain(id)?)),
        (None, None) => return Ok(Vec::new()),
    };
    if event.answers.contains_key(name) {
        return Ok(Vec::new());
    }
    let base = match is_live(&told.links) {
        Some(false) => "https://api-m.sandbox.paypal.com",
        Some(true) | None => "https://api-m.paypal.com",
    };
    Ok(vec![Ask { need: Need::Configured, ..Ask::get(name, base, path, auth()) }])
}

/// By the credentials of the REST app.
pub(super) fn auth() -> Auth {
    Auth::ClientCredentials { token_path: TOKEN_PATH, id: CLIENT_ID, secret: CLIENT_SECRET }
}

/// An id that can stand in a path.
fn plain(id: &Id) -> Result<&str, Unread> {
    let plain = id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain.then_some(id.as_str()).ok_or_else(|| Unread::value("resource", "an id of other letters"))
}

pub(super) fn event(event: &Event<'_>) -> Reading {
    match event.event_type {
        "PAYMENT.SALE.COMPLETED" | "PAYMENT.CAPTURE.COMPLETED" => {
            let payment: Payment = resource(event)?;
            match &payment.billing_agreement_id {
                Some(id) => charged(event, &payment, id),
                None => bought(event, &payment),
            }
        }
        "PAYMENT.SALE.REFUNDED"
        | "PAYMENT.SALE.REVERSED"
        | "PAYMENT.CAPTURE.REFUNDED"
        | "PAYMENT.CAPTURE.REVERSED" => returned(event, &resource(event)?),
        "BILLING.SUBSCRIPTION.ACTIVATED" => activated(event, &resource(event)?),
        "BILLING.SUBSCRIPTION.UPDATED" => {
            let subscription: Subscription = resource(event)?;
            let lines = vec![line(&subscription, None)?];
            Ok(vec![of(event, &subscription, Kind::Changed { lines, whole: false })])
        }
        "BILLING.SUBSCRIPTION.RE-ACTIVATED" => befall(event, |_| Kind::Resumed),
        // Told with the last payment, whose period has yet to run: like a cancellation it says
        // that no other will come.
        "BILLING.SUBSCRIPTION.CANCELLED" | "BILLING.SUBSCRIPTION.EXPIRED" => {
            befall(event, |_| Kind::Canceled { at: None })
        }
        "BILLING.SUBSCRIPTION.PAYMENT.FAILED" => befall(event, |_| Kind::PaymentFailed),
        "BILLING.SUBSCRIPTION.SUSPENDED" => befall(event, suspended),
        "CUSTOMER.DISPUTE.CREATED" => disputed(event, |_| Ok(DisputeState::Opened)),
        "CUSTOMER.DISPUTE.RESOLVED" => disputed(event, resolved),
        _ => Ok(Vec::new()),
    }
}

fn resource<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    read::json::<Told<T>>(event.body).map(|told| told.resource)
}

/// A payment of a subscription, first or again. Without an answer of the API it is for what the
/// subscription's own events say, and for as long as the product's interval.
fn charged(event: &Event<'_>, payment: &Payment, id: &Id) -> Reading {
    let told: Option<Subscription> = read::answered(event.answers, SUBSCRIPTION)?;
    if told.as_ref().is_some_and(|told| told.id != *id) {
        return Err(Unread::value("resource.id", "the API told of another subscription"));
    }
    let line = match &told {
        Some(told) => line(told, period(event, payment, told)?)?,
        None => Line {
            line: Line::at(&Ref::subscription(id.as_str()), 0),
            alias: Vec::new(),
            item: Vec::new(),
            quantity: 1,
            period: None,
        },
    };
    let customer = told.and_then(|told| told.customer());
    let refs = vec![Ref::subscription(id.as_str())];
    paid(event, payment, refs, vec![line], customer)
}

/// The end of what the subscription's latest payment covers, if that is this one: the API may be
/// asked long after, when another was made. The two clocks differ by some seconds.
fn period(
    event: &Event<'_>,
    payment: &Payment,
    told: &Subscription,
) -> Result<Option<Period>, Unread> {
    let time = |path: &str, text: &Option<String>| {
        text.as_deref().map(|text| read::rfc3339(path, text)).transpose()
    };
    let start = time("resource.create_time", &payment.create_time)?.unwrap_or(event.occurred_at);
    let info = &told.billing_info;
    let last = info.last_payment.as_ref().and_then(|payment| payment.time.clone());
    let last = time("billing_info.last_payment.time", &last)?;
    let end = time("billing_info.next_billing_time", &info.next_billing_time)?;
    let is_last = last.is_some_and(|last| (last - start).abs() <= TimeDelta::hours(12));
    let end = end.filter(|end| is_last && *end > start);
    Ok(end.map(|end| Period { start: Some(start), end }))
}

/// An order, or a sale of version 1.
fn bought(event: &Event<'_>, payment: &Payment) -> Reading {
    let scope = match payment.order_id() {
        Some(id) => Ref::order(id.as_str()),
        None => Ref::payment(payment.id.as_str()),
    };
    let told: Option<Order> = read::answered(event.answers, ORDER)?;
    if let (Some(told), Some(id)) = (&told, payment.order_id())
        && told.id != *id
    {
        return Err(Unread::value("resource.id", "the API told of another order"));
    }
    let mut lines = Vec::new();
    for (position, (unit, item)) in told.iter().flat_map(items).enumerate() {
        let only = told.as_ref().is_some_and(|order| order.purchase_units.len() == 1);
        if only || unit.is_paid_by(&payment.id) {
            lines.push(Line { line: Line::at(&scope, position), ..item_line(item)? });
        }
    }
    if lines.is_empty() {
        let unit = told.iter().flat_map(|order| &order.purchase_units);
        let mut notes = unit.filter_map(|unit| filled(unit.custom_id.as_deref()));
        let note = payment.note().or_else(|| notes.next()).ok_or_else(|| {
            Unread::Format(
                "what was bought stands neither in custom_id nor among the items of the order; \
                 set api_client_id and api_client_secret, so that the order can be asked for, and \
                 create orders with items that have an sku"
                    .to_owned(),
            )
        })?;
        let item = vec![note];
        let (line, alias) = (Line::at(&scope, 0), Vec::new());
        lines.push(Line { line, alias, item, quantity: 1, period: None });
    }
    let refs = Vec::from_iter(payment.order_id().map(|id| Ref::order(id.as_str())));
    paid(event, payment, refs, lines, told.and_then(|told| told.customer()))
}

fn items(order: &Order) -> impl Iterator<Item = (&PurchaseUnit, &Item)> {
    let units = order.purchase_units.iter();
    units.flat_map(|unit| unit.items.iter().map(move |item| (unit, item)))
}

fn item_line(item: &Item) -> Result<Line, Unread> {
    let names = [item.sku.as_deref(), item.name.as_deref()];
    let names: Vec<String> = names.into_iter().filter_map(filled).collect();
    if names.is_empty() {
        return Err(Unread::value("purchase_units[].items[].sku", "an item needs one, or a name"));
    }
    let quantity = quantity("purchase_units[].items[].quantity", item.quantity.as_ref())?;
    Ok(Line { line: String::new(), alias: Vec::new(), item: names, quantity, period: None })
}

fn paid(
    event: &Event<'_>,
    payment: &Payment,
    mut refs: Vec<Ref>,
    lines: Vec<Line>,
    customer: Option<Customer>,
) -> Reading {
    let payment_ref = Ref::payment(payment.id.as_str());
    refs.push(payment_ref.clone());
    let amount = Some(payment.amount.money("resource.amount")?);
    let kind = Kind::Paid { payment: payment_ref, amount, lines };
    Ok(vec![Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }])
}

fn returned(event: &Event<'_>, refund: &Refund) -> Reading {
    let payment = refund.payment().unwrap_or_else(|| refund.id.clone());
    let payment = Ref::payment(payment.as_str());
    let id = refund.id.to_string();
    let kind = match refund.status().as_str() {
        "pending" => return Ok(Vec::new()),
        "failed" | "cancelled" | "canceled" => {
            Kind::RefundUndone { refund: id, payment: payment.clone() }
        }
        _ => {
            let money = |path: &str, amount: Option<&super::payload::Amount>| {
                amount.map(|amount| amount.money(path)).transpose()
            };
            let amount = money("resource.amount", refund.amount.as_ref())?;
            let total = money("resource.total_refunded_amount", refund.total())?;
            if amount.is_none() && total.is_none() {
                return Err(Unread::value("resource.amount", "a refund must say how much"));
            }
            let (full, lines) = (false, Vec::new());
            Kind::Refunded { refund: id, payment: payment.clone(), amount, total, full, lines }
        }
    };
    Ok(vec![Notice {
        refs: vec![payment],
        occurred_at: event.occurred_at,
        line: None,
        kind,
        customer: None,
    }])
}

/// Sent when a subscription begins, with a trial or not, and when a suspended one goes on.
fn activated(event: &Event<'_>, subscription: &Subscription) -> Reading {
    let lines = vec![line(subscription, None)?];
    let kind = match trial_end(subscription)? {
        Some(until) => Kind::Trial { until, lines },
        None => Kind::Changed { lines, whole: false },
    };
    Ok(vec![of(event, subscription, kind), of(event, subscription, Kind::Resumed)])
}

/// A trial is what nothing was paid for yet. Where the cycles are told, one of them is its; else
/// the subscription only waits for its first day.
fn trial_end(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let info = &subscription.billing_info;
    let last = info.last_payment.as_ref().and_then(|payment| payment.amount.as_ref());
    let last = last.map(|amount| amount.money("resource.billing_info.last_payment.amount"));
    let paid = last.transpose()?.is_some_and(|money| money.minor != 0);
    let cycles = &info.cycle_executions;
    let tried = cycles.is_empty() || cycles.iter().any(|cycle| cycle.tenure_type == "TRIAL");
    let end = info.next_billing_time.as_deref().filter(|_| tried && !paid);
    end.map(|text| read::rfc3339("resource.billing_info.next_billing_time", text)).transpose()
}

/// By the vendor, or by PayPal after too many failed payments: then the paid time stays.
fn suspended(subscription: &Subscription) -> Kind {
    match subscription.billing_info.failed_payments_count {
        0 => Kind::Paused,
        _ => Kind::PaymentFailed,
    }
}

fn befall(event: &Event<'_>, kind: fn(&Subscription) -> Kind) -> Reading {
    let subscription: Subscription = resource(event)?;
    Ok(vec![of(event, &subscription, kind(&subscription))])
}

/// What is told of a subscription.
fn of(event: &Event<'_>, subscription: &Subscription, kind: Kind) -> Notice {
    Notice {
        refs: vec![Ref::subscription(subscription.id.as_str())],
        occurred_at: event.occurred_at,
        line: None,
        kind,
        customer: subscription.customer(),
    }
}

/// A subscription is one line.
fn line(subscription: &Subscription, period: Option<Period>) -> Result<Line, Unread> {
    let plan = subscription.plan_id.as_ref();
    let plan = plan.ok_or_else(|| Unread::value("resource.plan_id", "a subscription needs it"))?;
    Ok(Line {
        line: Line::at(&Ref::subscription(subscription.id.as_str()), 0),
        alias: Vec::new(),
        item: vec![plan.to_string()],
        quantity: quantity("resource.quantity", subscription.quantity.as_ref())?,
        period,
    })
}

fn quantity(path: &str, text: Option<&Scalar>) -> Result<u32, Unread> {
    let text = text.map_or("1", Scalar::as_str);
    text.parse().map_err(|_| Unread::value(path, "not a whole number"))
}

fn disputed(event: &Event<'_>, state: fn(&Dispute) -> Result<DisputeState, Unread>) -> Reading {
    let dispute: Dispute = resource(event)?;
    let state = state(&dispute)?;
    let payments = dispute.disputed_transactions.iter();
    let payments = payments.filter_map(|transaction| transaction.seller_transaction_id.as_ref());
    let notices: Vec<Notice> = payments
        .map(|id| Ref::payment(id.as_str()))
        .map(|payment| Notice {
            refs: vec![payment.clone()],
            occurred_at: event.occurred_at,
            line: None,
            kind: Kind::Disputed { dispute: dispute.dispute_id.to_string(), payment, state },
            customer: None,
        })
        .collect();
    if notices.is_empty() {
        let path = "resource.disputed_transactions[0].seller_transaction_id";
        return Err(Unread::value(path, "a dispute is of a payment"));
    }
    Ok(notices)
}

/// With a payout PayPal pays the buyer out of its own pocket.
fn resolved(dispute: &Dispute) -> Result<DisputeState, Unread> {
    let outcome = dispute.dispute_outcome.as_ref().map(|outcome| outcome.outcome_code.as_str());
    match outcome {
        Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED") => Ok(DisputeState::Lost),
        Some(
            "RESOLVED_SELLER_FAVOUR"
            | "CANCELED_BY_BUYER"
            | "DENIED"
            | "RESOLVED_WITH_PAYOUT"
            | "NONE",
        ) => Ok(DisputeState::Won),
        _ => {
            let path = "resource.dispute_outcome.outcome_code";
            Err(Unread::value(path, "not an outcome that is known; see it at PayPal"))
        }
    }
}
