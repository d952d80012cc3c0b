//! Realistic events of one purchase's life.

use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// What Paystack sends at one step, in an order that it may well have. It has no event for a
/// change of the plan, which is another subscription.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![event("charge.success", &charge(scene))],
        (Step::Purchase, true) => vec![
            event("subscription.create", &subscription(scene)),
            event("charge.success", &charge(scene)),
        ],
        (Step::Renewal, true) => vec![
            event("charge.success", &charge(scene)),
            event("invoice.update", &invoice(scene, true)),
        ],
        (Step::Cancel, true) => vec![event("subscription.not_renew", &subscription(scene))],
        (Step::PaymentFailed, true) => {
            vec![event("invoice.payment_failed", &invoice(scene, false))]
        }
        (Step::Refund, _) => vec![
            event("refund.pending", &refund(scene, "pending")),
            event("refund.processed", &refund(scene, "processed")),
        ],
        (Step::Dispute, _) => vec![event("charge.dispute.create", &dispute(scene))],
        (Step::PlanChange, _) | (Step::Renewal | Step::Cancel | Step::PaymentFailed, false) => {
            vec![]
        }
    }
}

fn event(event_type: &str, data: &Value) -> Sample {
    Sample::json(event_type, &json!({ "event": event_type, "data": data }))
}

fn charge(scene: &Scene) -> Value {
    let metadata = match (scene.subscription, scene.cycle) {
        (false, _) => json!({
            "keywright_product": scene.item, "keywright_quantity": scene.quantity.to_string(),
        }),
        (true, 0) => json!(""),
        (true, _) => json!({ "invoice_action": "update" }),
    };
    let plan = if scene.subscription { plan(scene) } else { json!({}) };
    json!({
        "id": 4_099_260_516_u64 + u64::from(scene.cycle),
        "domain": domain(scene),
        "status": "success",
        "reference": reference(scene),
        "amount": scene.amount_minor,
        "message": null,
        "gateway_response": "Successful",
        "paid_at": scene.at.to_rfc3339(),
        "created_at": scene.at.to_rfc3339(),
        "channel": "card",
        "currency": scene.currency,
        "ip_address": "203.0.113.7",
        "metadata": metadata,
        "fees": 150,
        "customer": customer(scene),
        "authorization": authorization(scene),
        "plan": plan,
    })
}

fn subscription(scene: &Scene) -> Value {
    let active = if scene.step == Step::Cancel { "non-renewing" } else { "active" };
    json!({
        "domain": domain(scene),
        "status": active,
        "subscription_code": format!("SUB_{}", scene.tag),
        "email_token": "kwtoken",
        "amount": scene.amount_minor,
        "cron_expression": "0 12 10 * *",
        "next_payment_date": scene.period_end.to_rfc3339(),
        "open_invoice": null,
        "createdAt": scene.at.to_rfc3339(),
        "plan": plan(scene),
        "authorization": authorization(scene),
        "customer": customer(scene),
    })
}

fn invoice(scene: &Scene, paid: bool) -> Value {
    json!({
        "domain": domain(scene),
        "invoice_code": format!("INV_{}{}", scene.tag, scene.cycle),
        "amount": scene.amount_minor,
        "period_start": scene.period_start.to_rfc3339(),
        "period_end": scene.period_end.to_rfc3339(),
        "status": if paid { "success" } else { "attention" },
        "paid": paid,
        "paid_at": paid.then(|| scene.at.to_rfc3339()),
        "description": if paid { Value::Null } else { json!("Insufficient Funds") },
        "authorization": authorization(scene),
        "subscription": {
            "status": if paid { "active" } else { "attention" },
            "subscription_code": format!("SUB_{}", scene.tag),
            "amount": scene.amount_minor,
            "cron_expression": "0 12 10 * *",
            "next_payment_date": scene.period_end.to_rfc3339(),
            "open_invoice": null,
        },
        "customer": customer(scene),
        "transaction": if paid {
            json!({
                "reference": reference(scene), "status": "success",
                "amount": scene.amount_minor, "currency": scene.currency,
            })
        } else {
            json!({})
        },
        "created_at": scene.at.to_rfc3339(),
    })
}

/// One unit of the plan.
fn plan(scene: &Scene) -> Value {
    json!({
        "id": 1716,
        "name": scene.item,
        "plan_code": scene.item,
        "description": null,
        "amount": scene.amount_minor / i64::from(scene.quantity.max(1)),
        "interval": every(scene),
        "currency": scene.currency,
    })
}

/// The word for the scene's period.
fn every(scene: &Scene) -> &'static str {
    match (scene.period_end - scene.period_start).num_days() {
        ..=1 => "daily",
        2..=7 => "weekly",
        8..=31 => "monthly",
        32..=92 => "quarterly",
        93..=190 => "biannually",
        _ => "annually",
    }
}

fn authorization(scene: &Scene) -> Value {
    json!({
        "authorization_code": format!("AUTH_{}", scene.tag),
        "bin": "408408", "last4": "4081", "exp_month": "12", "exp_year": "2030",
        "card_type": "visa", "bank": "Test Bank", "country_code": scene.country,
        "brand": "visa", "account_name": null,
    })
}

fn customer(scene: &Scene) -> Value {
    let (first, last) = scene.name.split_once(' ').unwrap_or((&scene.name, ""));
    json!({
        "id": 68324,
        "first_name": first,
        "last_name": last,
        "email": scene.email,
        "customer_code": format!("CUS_{}", scene.tag),
        "phone": "",
        "metadata": null,
        "risk_action": "default",
    })
}

fn refund(scene: &Scene, status: &str) -> Value {
    json!({
        "status": status,
        "transaction_reference": reference(scene),
        "refund_reference": format!("TRF_{}{}", scene.tag, scene.cycle),
        "amount": scene.amount_minor.to_string(),
        "currency": scene.currency,
        "processor": "instant-transfer",
        "customer": customer(scene),
        "integration": 412_829,
        "domain": domain(scene),
    })
}

fn dispute(scene: &Scene) -> Value {
    json!({
        "id": format!("{}{}", scene.tag, scene.cycle),
        "refund_amount": scene.amount_minor,
        "currency": scene.currency,
        "status": "awaiting-merchant-feedback",
        "resolution": null,
        "domain": domain(scene),
        "transaction": {
            "id": 4_099_260_516_u64 + u64::from(scene.cycle),
            "domain": domain(scene),
            "reference": reference(scene),
        },
        "category": "general",
        "created_at": scene.at.to_rfc3339(),
    })
}

fn domain(scene: &Scene) -> &'static str {
    if scene.live { "live" } else { "test" }
}

fn reference(scene: &Scene) -> String {
    format!("ref-{}-{}", scene.tag, scene.cycle)
}
