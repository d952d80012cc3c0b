//! The objects inside of the sample events, with the fields that FastSpring sends.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::read::minor_digits;
use crate::sample::{Scene, Step};

/// The order's reference as the buyer sees it.
pub(super) fn reference(scene: &Scene, cycle: u32) -> String {
    format!("KWT-{}-{cycle:05}", scene.tag.to_ascii_uppercase())
}

pub(super) fn subscription_id(scene: &Scene) -> String {
    format!("kwSub-{}", scene.tag)
}

fn order_id(scene: &Scene, cycle: u32) -> String {
    format!("kwOrd-{}-{cycle}", scene.tag)
}

fn account_id(scene: &Scene) -> String {
    format!("kwAcc-{}", scene.tag)
}

/// What the line stands for after this step.
fn item(scene: &Scene) -> &str {
    match scene.step {
        Step::PlanChange => &scene.item_next,
        Step::Purchase
        | Step::Renewal
        | Step::Cancel
        | Step::Refund
        | Step::Dispute
        | Step::PaymentFailed => &scene.item,
    }
}

pub(super) fn account(scene: &Scene) -> Value {
    json!({
        "id": account_id(scene),
        "account": account_id(scene),
        "contact": contact(scene),
        "address": {
            "address line 1": "1 Example Street", "address line 2": null, "city": "Example",
            "company": scene.company, "country": scene.country, "postal code": "12345",
            "region": null, "region custom": null,
        },
        "language": scene.locale,
        "country": scene.country,
        "lookup": { "global": format!("kwLookup-{}", scene.tag) },
        "url": "https://example.onfastspring.com/account",
    })
}

fn contact(scene: &Scene) -> Value {
    let (first, last) = scene.name.split_once(' ').unwrap_or((&scene.name, ""));
    json!({
        "first": first, "last": last, "email": scene.email, "company": scene.company,
        "phone": "5555551234", "subscribed": true,
    })
}

/// The order of the scene's cycle: the first one, or that of a renewal.
pub(super) fn order(scene: &Scene) -> Value {
    let (id, reference) = (order_id(scene, scene.cycle), reference(scene, scene.cycle));
    let mut order = object(json!({
        "order": id, "id": id, "reference": reference, "buyerReference": null,
        "ipAddress": "203.0.113.7", "completed": true, "language": scene.locale,
        "live": scene.live, "currency": scene.currency, "payoutCurrency": scene.currency,
        "quote": null,
        "invoiceUrl":
            format!("https://example.onfastspring.com/account/order/{reference}/invoice"),
        "account": account(scene), "billDescriptor": "FS* example.onfastspring.com",
        "payment": { "type": "creditcard", "creditcard": "visa", "cardEnding": "4242" },
        "customer": contact(scene),
        "address": { "country": scene.country, "display": scene.country },
        "recipients": [{ "recipient": contact(scene) }],
        "notes": [], "tags": {}, "items": [order_item(scene)],
    }));
    stamp(&mut order, "changed", Some(scene.at));
    for name in ["total", "subtotal"] {
        price(&mut order, name, scene.amount_minor, &scene.currency);
    }
    for name in ["tax", "discount", "discountWithTax"] {
        price(&mut order, name, 0, &scene.currency);
    }
    Value::Object(order)
}

fn order_item(scene: &Scene) -> Value {
    let mut of_order = object(json!({
        "product": item(scene), "quantity": scene.quantity, "display": item(scene),
        "sku": null, "imageUrl": null, "isAddon": false,
        "fulfillments": {}, "withholdings": { "taxWithholdings": false },
    }));
    price(&mut of_order, "subtotal", scene.amount_minor, &scene.currency);
    price(&mut of_order, "discount", 0, &scene.currency);
    if scene.subscription {
        of_order.insert("subscription".to_owned(), subscription(scene));
    }
    Value::Object(of_order)
}

/// The subscription as it stands after the step.
pub(super) fn subscription(scene: &Scene) -> Value {
    let canceled = scene.step == Step::Cancel;
    let state = match scene.step {
        Step::Cancel => "canceled",
        Step::PaymentFailed => "overdue",
        Step::Purchase | Step::Renewal | Step::Refund | Step::Dispute | Step::PlanChange => {
            "active"
        }
    };
    let yearly = scene.period_end - scene.period_start > chrono::TimeDelta::days(300);
    let id = subscription_id(scene);
    let mut subscription = object(json!({
        "id": id, "quote": null, "subscription": id, "active": true, "state": state,
        "live": scene.live, "currency": scene.currency, "account": account(scene),
        "product": {
            "product": item(scene), "parent": null, "display": { "en": item(scene) },
            "sku": null, "format": "digital", "image": null,
        },
        "sku": null, "display": item(scene), "quantity": scene.quantity, "adhoc": false,
        "autoRenew": !canceled, "isSubscriptionEligibleForPauseByBuyer": false,
        "isPauseScheduled": false, "sequence": scene.cycle.saturating_add(1), "periods": null,
        "remainingPeriods": null, "intervalUnit": if yearly { "year" } else { "month" },
        "intervalLength": 1, "addons": [], "tags": {}, "fulfillments": {}, "instructions": [],
        "initialOrderId": order_id(scene, 0), "initialOrderReference": reference(scene, 0),
    }));
    stamp(&mut subscription, "changed", Some(scene.at));
    stamp(&mut subscription, "begin", Some(scene.period_start));
    stamp(&mut subscription, "next", Some(scene.period_end));
    stamp(&mut subscription, "end", None);
    stamp(&mut subscription, "canceledDate", canceled.then_some(scene.at));
    stamp(&mut subscription, "deactivationDate", canceled.then_some(scene.period_end));
    for name in ["price", "subtotal"] {
        price(&mut subscription, name, scene.amount_minor, &scene.currency);
    }
    price(&mut subscription, "discount", 0, &scene.currency);
    Value::Object(subscription)
}

/// A renewal's charge.
pub(super) fn charge(scene: &Scene) -> Value {
    let mut charge = object(json!({
        "order": order(scene), "currency": scene.currency, "status": "successful",
        "account": account(scene), "subscription": subscription(scene), "quote": null,
        "sequence": scene.cycle.saturating_add(1), "periods": null,
    }));
    price(&mut charge, "total", scene.amount_minor, &scene.currency);
    stamp(&mut charge, "timestamp", Some(scene.at));
    Value::Object(charge)
}

pub(super) fn failed_charge(scene: &Scene) -> Value {
    json!({
        "reason": "CARD_DECLINED", "account": account(scene), "quote": null,
        "subscription": subscription(scene),
    })
}

/// All of the scene's payment goes back.
pub(super) fn returned(scene: &Scene) -> Value {
    let (id, number) = (order_id(scene, scene.cycle), reference(scene, scene.cycle));
    let mut original = object(json!({
        "id": id, "order": id, "reference": number, "account": account_id(scene),
        "currency": scene.currency, "payoutCurrency": scene.currency, "notes": [],
    }));
    let mut item = object(json!({
        "product": item(scene), "quantity": scene.quantity, "display": item(scene), "sku": null,
        "refundType": "Full Refund",
    }));
    let mut back = object(json!({
        "return": format!("kwRet-{}-{}", scene.tag, scene.cycle), "quote": null,
        "reference": format!("{number}D"), "completed": true, "live": scene.live,
        "account": account(scene), "currency": scene.currency,
        "payoutCurrency": scene.currency, "reason": "As requested by the customer", "note": null,
        "type": "RETURN", "customer": contact(scene),
        "payment": { "type": "creditcard", "cardEnding": "4242" },
    }));
    for name in ["total", "subtotal"] {
        price(&mut original, name, scene.amount_minor, &scene.currency);
    }
    price(&mut item, "subtotal", scene.amount_minor, &scene.currency);
    for name in ["totalReturn", "subtotal"] {
        price(&mut back, name, scene.amount_minor, &scene.currency);
    }
    price(&mut back, "tax", 0, &scene.currency);
    stamp(&mut back, "changed", Some(scene.at));
    back.insert("original".to_owned(), Value::Object(original));
    back.insert("items".to_owned(), json!([item]));
    Value::Object(back)
}

/// What FastSpring pays to the vendor for the order; of no interest here.
pub(super) fn payout(scene: &Scene) -> Value {
    json!({
        "orderId": order_id(scene, scene.cycle), "reference": reference(scene, scene.cycle),
        "live": scene.live, "currency": scene.currency, "account": account(scene),
    })
}

/// A time with its twins.
fn stamp(object: &mut Map<String, Value>, name: &str, at: Option<DateTime<Utc>>) {
    let milliseconds = json!(at.map(|at| at.timestamp_millis()));
    let shown = |format: &str| json!(at.map(|at| at.format(format).to_string()));
    object.insert(name.to_owned(), milliseconds.clone());
    object.insert(format!("{name}Value"), milliseconds);
    object.insert(format!("{name}InSeconds"), json!(at.map(|at| at.timestamp())));
    object.insert(format!("{name}Display"), shown("%-m/%-d/%y"));
    object.insert(format!("{name}DisplayISO8601"), shown("%Y-%m-%d"));
}

/// A price with its twins: decimal numbers in major units.
fn price(object: &mut Map<String, Value>, name: &str, minor: i64, currency: &str) {
    let text = major(minor, minor_digits(currency));
    let number: Value = serde_json::from_str(&text).unwrap_or_default();
    let shown = json!(format!("{currency} {text}"));
    for currency in ["", "InPayoutCurrency"] {
        object.insert(format!("{name}{currency}"), number.clone());
        object.insert(format!("{name}{currency}Display"), shown.clone());
    }
}

fn major(minor: i64, digits: usize) -> String {
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits.saturating_add(1));
    let (whole, fraction) = text.split_at(text.len().saturating_sub(digits));
    let sign = if minor < 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}.0")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
