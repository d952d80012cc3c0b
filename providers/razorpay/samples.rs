//! Realistic events of one purchase's life.

use serde_json::{Map, Value, json};

use crate::sample::{Sample, Scene, Step};

/// What Razorpay sends at one step, in an order that it may well have.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let paid = || ("payment", payment(scene, "captured"));
    let order = || ("order", order(scene));
    let subscription = || ("subscription", subscription(scene));
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![
            event(scene, "payment.authorized", &[("payment", payment(scene, "authorized"))]),
            event(scene, "payment.captured", &[paid()]),
            event(scene, "order.paid", &[paid(), order()]),
        ],
        (Step::Purchase, true) => vec![
            event(scene, "subscription.authenticated", &[subscription()]),
            event(scene, "payment.captured", &[paid()]),
            event(scene, "invoice.paid", &[paid(), order(), ("invoice", invoice(scene))]),
            event(scene, "order.paid", &[paid(), order()]),
            event(scene, "subscription.activated", &[subscription()]),
            event(scene, "subscription.charged", &[subscription(), paid()]),
        ],
        (Step::Renewal, true) => vec![
            event(scene, "payment.captured", &[paid()]),
            event(scene, "invoice.paid", &[paid(), order(), ("invoice", invoice(scene))]),
            event(scene, "subscription.charged", &[subscription(), paid()]),
        ],
        (Step::Cancel, true) => vec![event(scene, "subscription.cancelled", &[subscription()])],
        (Step::PlanChange, true) => vec![event(scene, "subscription.updated", &[subscription()])],
        (Step::PaymentFailed, true) => vec![
            event(scene, "payment.failed", &[("payment", payment(scene, "failed"))]),
            event(scene, "subscription.pending", &[subscription()]),
        ],
        (Step::Refund, _) => ["refund.created", "refund.processed"]
            .map(|name| {
                event(scene, name, &[("refund", refund(scene)), ("payment", returned(scene))])
            })
            .into(),
        (Step::Dispute, _) => {
            vec![event(scene, "payment.dispute.created", &[paid(), ("dispute", dispute(scene))])]
        }
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

fn event(scene: &Scene, event_type: &str, entities: &[(&str, Value)]) -> Sample {
    let names: Vec<&str> = entities.iter().map(|(name, _)| *name).collect();
    let payload: Map<String, Value> = entities
        .iter()
        .map(|(name, entity)| ((*name).to_owned(), json!({ "entity": entity })))
        .collect();
    let body = json!({
        "entity": "event",
        "account_id": "acc_KwKeywright001",
        "event": event_type,
        "contains": names,
        "payload": payload,
        "created_at": scene.at.timestamp(),
    });
    let id = format!("Kw{}{}{}{event_type}", scene.tag, scene.step.as_str(), scene.cycle);
    Sample::json(event_type, &body).with_header("x-razorpay-event-id", id)
}

/// The invoice of a subscription's charge has an order too.
fn payment(scene: &Scene, status: &str) -> Value {
    json!({
        "id": id(scene, "pay"),
        "entity": "payment",
        "amount": scene.amount_minor,
        "currency": scene.currency,
        "status": status,
        "order_id": id(scene, "order"),
        "invoice_id": scene.subscription.then(|| id(scene, "inv")),
        "international": false,
        "method": "card",
        "amount_refunded": 0,
        "refund_status": null,
        "captured": status == "captured",
        "description": null,
        "email": scene.email,
        "contact": "+919876543210",
        "customer_id": format!("cust_{}", scene.tag),
        "card": { "name": scene.name, "last4": "1111", "network": "Visa" },
        "notes": [],
        "created_at": scene.at.timestamp(),
    })
}

fn returned(scene: &Scene) -> Value {
    let mut payment = payment(scene, "refunded");
    if let Value::Object(fields) = &mut payment {
        fields.insert("amount_refunded".to_owned(), json!(scene.amount_minor));
        fields.insert("refund_status".to_owned(), json!("full"));
    }
    payment
}

fn order(scene: &Scene) -> Value {
    let notes = json!({
        "keywright_product": scene.item, "keywright_quantity": scene.quantity.to_string(),
    });
    json!({
        "id": id(scene, "order"),
        "entity": "order",
        "amount": scene.amount_minor,
        "amount_paid": scene.amount_minor,
        "amount_due": 0,
        "currency": scene.currency,
        "receipt": format!("receipt-{}-{}", scene.tag, scene.cycle),
        "status": "paid",
        "attempts": 1,
        "notes": if scene.subscription { json!([]) } else { notes },
        "created_at": scene.at.timestamp(),
    })
}

fn invoice(scene: &Scene) -> Value {
    json!({
        "id": id(scene, "inv"),
        "entity": "invoice",
        "customer_id": format!("cust_{}", scene.tag),
        "customer_details": { "name": scene.name, "email": scene.email },
        "order_id": id(scene, "order"),
        "payment_id": id(scene, "pay"),
        "subscription_id": format!("sub_{}", scene.tag),
        "status": "paid",
        "line_items": [{
            "id": id(scene, "li"), "item_id": null, "name": scene.item,
            "amount": scene.amount_minor, "quantity": scene.quantity, "type": "plan",
        }],
        "billing_start": scene.period_start.timestamp(),
        "billing_end": scene.period_end.timestamp(),
    })
}

fn subscription(scene: &Scene) -> Value {
    let (status, item) = match scene.step {
        Step::Cancel => ("cancelled", &scene.item),
        Step::PaymentFailed => ("pending", &scene.item),
        Step::PlanChange => ("active", &scene.item_next),
        Step::Purchase | Step::Renewal | Step::Refund | Step::Dispute => ("active", &scene.item),
    };
    json!({
        "id": format!("sub_{}", scene.tag),
        "entity": "subscription",
        "plan_id": item,
        "customer_id": format!("cust_{}", scene.tag),
        "status": status,
        "current_start": scene.period_start.timestamp(),
        "current_end": scene.period_end.timestamp(),
        "ended_at": (scene.step == Step::Cancel).then(|| scene.at.timestamp()),
        "quantity": scene.quantity,
        "notes": [],
        "charge_at": scene.period_end.timestamp(),
        "start_at": scene.period_start.timestamp(),
        "total_count": 120,
        "paid_count": scene.cycle + 1,
        "remaining_count": 119 - i64::from(scene.cycle),
        "source": "api",
    })
}

fn refund(scene: &Scene) -> Value {
    json!({
        "id": id(scene, "rfnd"),
        "entity": "refund",
        "amount": scene.amount_minor,
        "currency": scene.currency,
        "payment_id": id(scene, "pay"),
        "notes": [],
        "status": "processed",
        "created_at": scene.at.timestamp(),
    })
}

fn dispute(scene: &Scene) -> Value {
    json!({
        "id": id(scene, "disp"),
        "entity": "dispute",
        "payment_id": id(scene, "pay"),
        "amount": scene.amount_minor,
        "currency": scene.currency,
        "amount_deducted": 0,
        "reason_code": "goods_or_services_not_received",
        "status": "open",
        "phase": "chargeback",
        "created_at": scene.at.timestamp(),
    })
}

/// Of one cycle.
fn id(scene: &Scene, thing: &str) -> String {
    format!("{thing}_{}{}", scene.tag, scene.cycle)
}
