//! Realistic events of one purchase's life.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// What Zoho sends at one step. It has no event for a dispute.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let subscription = |event_type: &str| {
        event(scene, event_type, &json!({ "subscription": subscription(scene) }))
    };
    match scene.step {
        Step::Purchase if scene.subscription => vec![
            subscription("subscription_created"),
            subscription("subscription_activation"),
            paid(scene, "payment_thankyou"),
        ],
        Step::Purchase => vec![paid(scene, "payment_thankyou")],
        Step::Refund => vec![paid(scene, "payment_refunded")],
        Step::Dispute => vec![],
        _ if !scene.subscription => vec![],
        Step::Renewal => {
            vec![subscription("subscription_renewed"), paid(scene, "payment_thankyou")]
        }
        Step::Cancel => vec![subscription("subscription_cancellation_scheduled")],
        Step::PaymentFailed => vec![subscription("payment_declined")],
        Step::PlanChange => vec![subscription("subscription_upgraded")],
    }
}

fn event(scene: &Scene, event_type: &str, data: &Value) -> Sample {
    let id = scene.number(&format!("{event_type} {}", scene.cycle));
    let body = json!({
        "event_id": id.to_string(),
        "event_type": event_type,
        "event_source": "Subscription",
        "event_time": scene.at.format("%Y-%m-%dT%H:%M:%S%z").to_string(),
        "data": data,
    });
    Sample::json(event_type, &body)
}

fn customer_id(scene: &Scene) -> String {
    scene.number("customer").to_string()
}

fn subscription_id(scene: &Scene) -> String {
    scene.number("subscription").to_string()
}

fn invoice_id(scene: &Scene) -> String {
    scene.number(&format!("invoice {}", scene.cycle)).to_string()
}

/// Zoho writes amounts as numbers, without an end to their digits.
fn amount(scene: &Scene) -> Value {
    serde_json::from_str(&scene.decimal()).unwrap_or(Value::Null)
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn subscription(scene: &Scene) -> Value {
    let item = if scene.step == Step::PlanChange { &scene.item_next } else { &scene.item };
    let (first, last) = scene.names();
    json!({
        "subscription_id": subscription_id(scene),
        "subscription_number": format!("SUB-{}", scene.tag.to_uppercase()),
        "name": item,
        "status": if scene.step == Step::Cancel { "non_renewing" } else { "live" },
        "plan": {
            "plan_code": item, "name": item, "quantity": scene.quantity, "price": amount(scene),
        },
        "addons": [],
        "customer": {
            "customer_id": customer_id(scene), "display_name": scene.name,
            "first_name": first, "last_name": last, "company_name": scene.company,
            "email": scene.email, "billing_address": { "country": scene.country },
        },
        "currency_code": scene.currency,
        "amount": amount(scene),
        "interval": 1,
        "interval_unit": "months",
        "activated_at": day(scene.period_start),
        "current_term_starts_at": day(scene.period_start),
        "current_term_ends_at": day(scene.period_end),
        "next_billing_at": if scene.step == Step::Cancel { String::new() } else { day(scene.period_end) },
        "trial_ends_at": "",
        "cancelled_at": "",
        "child_invoice_id": invoice_id(scene),
        "custom_fields": [],
    })
}

/// A payment and the invoice that it settled, or what went back of it.
fn paid(scene: &Scene, event_type: &str) -> Sample {
    let back = scene.step == Step::Refund;
    let payment = json!({
        "payment_id": scene.number(&format!("payment {}", scene.cycle)).to_string(),
        "payment_mode": "autotransaction",
        "amount": amount(scene),
        "amount_refunded": if back { amount(scene) } else { json!(0) },
        "currency_code": scene.currency,
        "date": day(scene.at),
        "customer_id": customer_id(scene),
        "email": scene.email,
        "invoices": [{ "invoice_id": invoice_id(scene), "amount_applied": amount(scene) }],
    });
    let subscriptions = match scene.subscription {
        true => json!([{ "subscription_id": subscription_id(scene) }]),
        false => json!([]),
    };
    let invoice = json!({
        "invoice_id": invoice_id(scene),
        "number": format!("INV-{:06}", scene.cycle),
        "status": "paid",
        "total": amount(scene),
        "currency_code": scene.currency,
        "customer_id": customer_id(scene),
        "customer_name": scene.name,
        "email": scene.email,
        "subscriptions": subscriptions,
        "invoice_items": [{
            "item_id": scene.number("item").to_string(), "code": scene.item, "name": scene.item,
            "quantity": scene.quantity, "price": amount(scene),
        }],
    });
    let data = match back {
        true => json!({ "payment": payment }),
        false => json!({ "payment": payment, "invoice": invoice }),
    };
    event(scene, event_type, &data)
}
