//! Stripe's objects, filled with the words of a scene.

use serde_json::{Value, json};

use super::words::Words;
use crate::sample::Scene;

pub(super) fn item(words: &Words) -> Value {
    let price = words.fill(include_str!("price.json"));
    words.clone().with("price_object", price).fill(include_str!("item.json"))
}

pub(super) fn subscription(words: &Words) -> Value {
    words.clone().with("item_object", item(words)).fill(include_str!("subscription.json"))
}

pub(super) fn invoice(words: &Words) -> Value {
    let line = words.fill(include_str!("line.json"));
    words.clone().with("line_object", line).fill(include_str!("invoice.json"))
}

/// As it is until the money comes.
pub(super) fn open_invoice(words: &Words) -> Value {
    let mut invoice = invoice(words);
    for (path, value) in [
        ("/status", json!("open")),
        ("/amount_paid", json!(0)),
        ("/amount_remaining", words.fill(r#""$amount""#)),
        ("/attempt_count", json!(0)),
        ("/status_transitions/paid_at", Value::Null),
    ] {
        put(&mut invoice, path, value);
    }
    invoice
}

pub(super) fn proration(words: &Words) -> Value {
    let mut line = words.fill(include_str!("line.json"));
    put(&mut line, "/discountable", false);
    put(&mut line, "/parent", words.fill(PRORATION));
    line
}

const PRORATION: &str = r#"{
  "invoice_item_details": {
    "invoice_item": "$invoice_item",
    "proration": true,
    "proration_details": { "credited_items": null },
    "subscription": "$subscription"
  },
  "subscription_item_details": null,
  "type": "invoice_item_details"
}"#;

/// What `previous_attributes` says at a renewal: the items with the period before.
pub(super) fn previous_period(scene: &Scene, words: &Words) -> Value {
    let length = scene.period_end - scene.period_start;
    let before = words
        .clone()
        .with("period_start", (scene.period_start - length).timestamp())
        .with("period_end", scene.period_start.timestamp());
    let last = Scene { cycle: scene.cycle.saturating_sub(1), ..scene.clone() };
    json!({
        "items": { "object": "list", "data": [item(&before)], "has_more": false, "total_count": 1,
                   "url": "/v1/subscription_items" },
        "latest_invoice": Words::new(&last).fill(r#""$invoice""#),
    })
}

/// Sets what stands at a JSON pointer; a field that is new is added to its object.
pub(super) fn put(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    let Some((parent, field)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(fields) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.insert(field.to_owned(), new.into());
    }
}
