//! One alert to notices.
//!
//! Every payment has an order of its own, first or again, and a refund names it. A one-off's line
//! is named by its order, a subscription's by the subscription; the order that began one is
//! another name of that line, since a request for keys knows nothing else.

use chrono::{DateTime, FixedOffset, Utc};

use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Currency, Envelope, Event, Form, Id, Reading, Unread, filled};

/// Types that lead to notices.
pub(super) const EVENTS: &[&str] = &[
    super::fulfil::REQUEST,
    "payment_dispute_closed",
    "payment_dispute_created",
    "payment_refunded",
    "payment_succeeded",
    "subscription_cancelled",
    "subscription_created",
    "subscription_payment_failed",
    "subscription_payment_refunded",
    "subscription_payment_succeeded",
    "subscription_updated",
];

/// The one alert of a delivery. A repetition has the same id and the same fields.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    Ok(Envelope {
        id: Some(id(&form, "alert_id")?.into()),
        event_type: id(&form, "alert_name")?.into(),
        occurred_at: Some(time(&form, "event_time")?),
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// `2026-01-31 12:00:00`, UTC.
pub(super) fn time(form: &Form, name: &str) -> Result<DateTime<Utc>, Unread> {
    let utc = FixedOffset::east_opt(0).ok_or_else(|| Unread::value(name, "no time zone"))?;
    read::local(name, form.need(name)?, "%Y-%m-%d %H:%M:%S", utc)
}

/// An id of Paddle's that must stand there.
pub(super) fn id(form: &Form, name: &str) -> Result<Id, Unread> {
    Id::new(form.need(name)?).ok_or_else(|| Unread::value(name, "not an id"))
}

pub(super) fn read(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let form = &Form::parse(event.body);
    match event.event_type {
        "payment_succeeded" => bought(event, form),
        "subscription_payment_succeeded" => charged(event, form),
        "subscription_created" => created(event, form),
        "subscription_updated" => updated(event, form),
        "subscription_cancelled" => cancelled(event, form),
        "subscription_payment_failed" => {
            Ok(vec![of_subscription(event, form, Kind::PaymentFailed)?])
        }
        "payment_dispute_created" => disputed(event, form, DisputeState::Opened),
        "payment_dispute_closed" => disputed(event, form, closed(form)?),
        _ => refunded(event, form),
    }
}

fn bought(event: &Event<'_>, form: &Form) -> Reading {
    let order = Ref::order(id(form, "order_id")?.as_str());
    let item = vec![id(form, "product_id")?.into()];
    let line = line(Line::at(&order, 0), item, quantity(form, "quantity")?);
    paid(event, form, vec![order], line)
}

/// A first payment or a renewal. A trial is told so too, with nothing paid.
fn charged(event: &Event<'_>, form: &Form) -> Reading {
    let end = read::day_end("next_bill_date", form.need("next_bill_date")?)?;
    let subscription = Ref::subscription(id(form, "subscription_id")?.as_str());
    let order = Ref::order(id(form, "order_id")?.as_str());
    let mut line = subscription_line(form, "quantity")?;
    let mut refs = vec![subscription];
    if initial(form)? {
        line.alias.push(Line::at(&order, 0));
        refs.push(order);
    }
    if form.get("status")? == Some("trialing") && money(form, "sale_gross")?.minor == 0 {
        let kind = Kind::Trial { until: end, lines: vec![line] };
        return Ok(vec![notice(event, refs, kind, customer(form)?)]);
    }
    line.period = Some(Period { start: None, end });
    paid(event, form, refs, line)
}

/// Is this the payment of the checkout?
fn initial(form: &Form) -> Result<bool, Unread> {
    match form.need("initial_payment")? {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Unread::value("initial_payment", "neither true nor false")),
    }
}

fn paid(event: &Event<'_>, form: &Form, mut refs: Vec<Ref>, line: Line) -> Reading {
    let payment = Ref::payment(id(form, "order_id")?.as_str());
    refs.push(payment.clone());
    let amount = Some(money(form, "sale_gross")?);
    let kind = Kind::Paid { payment, amount, lines: vec![line] };
    Ok(vec![notice(event, refs, kind, customer(form)?)])
}

/// Told beside the first payment, which makes the license. Only a trial has none.
fn created(event: &Event<'_>, form: &Form) -> Reading {
    if form.need("status")? != "trialing" {
        return Ok(Vec::new());
    }
    let until = read::day_end("next_bill_date", form.need("next_bill_date")?)?;
    let lines = vec![subscription_line(form, "quantity")?];
    Ok(vec![of_subscription(event, form, Kind::Trial { until, lines })?])
}

/// How it stands now, and whether it was paused or goes on.
fn updated(event: &Event<'_>, form: &Form) -> Reading {
    let quantity = if form.get("new_quantity")?.is_some() { "new_quantity" } else { "quantity" };
    let lines = vec![subscription_line(form, quantity)?];
    let mut kinds = vec![Kind::Changed { lines, whole: false }];
    let (status, before) = (form.need("status")?, form.get("old_status")?);
    match (status, before) {
        ("paused", _) => kinds.push(Kind::Paused),
        (_, Some("paused")) => kinds.push(Kind::Resumed),
        _ => {}
    }
    kinds.into_iter().map(|kind| of_subscription(event, form, kind)).collect()
}

/// At the end of what was paid, or at once.
fn cancelled(event: &Event<'_>, form: &Form) -> Reading {
    let name = "cancellation_effective_date";
    let end = read::day_end(name, form.need(name)?)?;
    let today = read::day(name, form.need(name)?)? <= event.occurred_at;
    let kind = if today {
        Kind::Ended { at: event.occurred_at }
    } else {
        Kind::Canceled { at: Some(end) }
    };
    Ok(vec![of_subscription(event, form, kind)?])
}

/// The refund has no name but that of its alert.
fn refunded(event: &Event<'_>, form: &Form) -> Reading {
    let payment = Ref::payment(id(form, "order_id")?.as_str());
    let kind = Kind::Refunded {
        refund: id(form, "alert_id")?.into(),
        payment: payment.clone(),
        amount: Some(money(form, "gross_refund")?),
        total: None,
        full: form.get("refund_type")? == Some("full"),
        lines: Vec::new(),
    };
    Ok(vec![notice(event, vec![payment], kind, None)])
}

fn disputed(event: &Event<'_>, form: &Form, state: DisputeState) -> Reading {
    let order_id = id(form, "order_id")?;
    let payment = Ref::payment(order_id.as_str());
    let kind = Kind::Disputed { dispute: order_id.into(), payment: payment.clone(), state };
    Ok(vec![notice(event, vec![payment], kind, None)])
}

fn closed(form: &Form) -> Result<DisputeState, Unread> {
    match form.need("status")? {
        "won" => Ok(DisputeState::Won),
        "lost" => Ok(DisputeState::Lost),
        _ => Err(Unread::value(
            "status",
            "does not say whether the dispute was won or lost; see it at Paddle, then reinstate or \
             revoke the license",
        )),
    }
}

fn of_subscription(event: &Event<'_>, form: &Form, kind: Kind) -> Result<Notice, Unread> {
    let refs = vec![Ref::subscription(id(form, "subscription_id")?.as_str())];
    Ok(notice(event, refs, kind, customer(form)?))
}

/// A subscription is one line, of a plan.
fn subscription_line(form: &Form, quantity_name: &str) -> Result<Line, Unread> {
    let subscription = Ref::subscription(id(form, "subscription_id")?.as_str());
    let item = vec![id(form, "subscription_plan_id")?.into()];
    Ok(line(Line::at(&subscription, 0), item, quantity(form, quantity_name)?))
}

pub(super) fn line(line: String, item: Vec<String>, quantity: u32) -> Line {
    Line { line, alias: Vec::new(), item, quantity, period: None }
}

pub(super) fn quantity(form: &Form, name: &str) -> Result<u32, Unread> {
    let text = form.get(name)?.unwrap_or("1");
    text.parse().map_err(|_| Unread::value(name, "not a whole number"))
}

fn money(form: &Form, name: &str) -> Result<Money, Unread> {
    let currency = Currency::new(form.need("currency")?);
    let currency = currency.ok_or_else(|| Unread::value("currency", "not a currency"))?;
    read::decimal(name, form.need(name)?, currency.as_str())
}

fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let country = filled(form.get("country")?).map(|code| code.to_ascii_uppercase());
    let customer = Customer {
        provider_id: form.get("user_id")?.and_then(Id::new).map(String::from),
        email: filled(form.get("email")?),
        name: filled(form.get("customer_name")?),
        country,
        ..Customer::default()
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}

fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind, customer: Option<Customer>) -> Notice {
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }
}
