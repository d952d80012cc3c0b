//! Realistic requests over one purchase's life.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

use super::EVENT;

/// What SendOwl sends at one step. It has no event for another plan nor for a renewal that was
/// not paid.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let state = if scene.subscription { "subscription_active" } else { "complete" };
    match scene.step {
        Step::Purchase if scene.subscription => {
            vec![order(scene, "order_completed", state), order(scene, "subscription_active", state)]
        }
        Step::Purchase => vec![key_wanted(scene), order(scene, "order_completed", state)],
        Step::Refund => vec![order(scene, "refund_issued", "refunded")],
        Step::Dispute => vec![order(scene, "in_dispute", "in_dispute")],
        _ if !scene.subscription => vec![],
        Step::Renewal => vec![order(scene, "new_payment", state)],
        Step::Cancel => vec![order(scene, "subscription_cancelling", "subscription_cancelling")],
        Step::PaymentFailed | Step::PlanChange => vec![],
    }
}

fn order_id(scene: &Scene) -> u64 {
    scene.number("order")
}

/// One transaction for the purchase and one for each renewal.
fn transactions(scene: &Scene) -> Vec<Value> {
    let one = |cycle: u32| {
        json!({
            "gateway_transaction_id": format!("ch_{}_{cycle}", scene.tag),
            "payment_gross": scene.decimal(),
            "payment_tax": "0.00",
            "payment_currency": scene.currency,
        })
    };
    (0..=scene.cycle).map(one).collect()
}

fn order(scene: &Scene, event: &str, state: &str) -> Sample {
    let later = TimeDelta::seconds(if event == "subscription_active" { 2 } else { 0 });
    let sold = if scene.subscription { "subscription" } else { "product" };
    let item = json!({
        "quantity": scene.quantity,
        sold: { "id": scene.item, "name": scene.item, "product_type": "software" },
        "price_at_checkout": scene.decimal(),
    });
    let body = json!({ "order": {
        "id": order_id(scene),
        "state": state,
        "buyer_name": scene.name,
        "buyer_email": scene.email,
        "business_name": scene.company,
        "billing_country": scene.country,
        "settled_currency": scene.currency,
        "settled_gross": scene.decimal(),
        "settled_tax": "0.00",
        "discount": null,
        "refunded": state == "refunded",
        "gateway": "Stripe",
        "transactions": transactions(scene),
        "cart": {
            "cart_items": [item],
            "completed_checkout_at": scene.period_start.to_rfc3339(),
        },
        "order_custom_checkout_fields": [],
        "access_allowed": state != "refunded",
        "created_at": scene.period_start.to_rfc3339(),
        "updated_at": (scene.at + later).to_rfc3339(),
    } });
    Sample::json(event, &body).with_header(EVENT, event)
}

/// SendOwl's own parameters, as the guide has them in the address.
fn key_wanted(scene: &Scene) -> Sample {
    let (order, quantity) = (order_id(scene).to_string(), scene.quantity.to_string());
    let fields = [
        ("order_id", order.as_str()),
        ("buyer_name", &scene.name),
        ("buyer_email", &scene.email),
        ("product_id", &scene.item),
        ("quantity", &quantity),
    ];
    let sample = Sample::form("fulfil.request", fields);
    Sample {
        inlet: Inlet::Fulfil,
        method: "GET",
        query: String::from_utf8(sample.body).unwrap_or_default(),
        headers: Vec::new(),
        body: Vec::new(),
        ..Sample::json("fulfil.request", &Value::Null)
    }
}
