//! Realistic events of one purchase's life.

use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// What Square sends at one step, in an order that it may well have.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![
            event(scene, "payment.created", "payment", &payment(scene, "APPROVED")),
            paid(scene),
        ],
        (Step::Purchase, true) => vec![started(scene), invoiced(scene), paid(scene)],
        (Step::Renewal, true) => vec![
            invoiced(scene),
            paid(scene),
            event(scene, "subscription.updated", "subscription", &subscription(scene)),
        ],
        (Step::Cancel | Step::PlanChange, true) => {
            vec![event(scene, "subscription.updated", "subscription", &subscription(scene))]
        }
        (Step::PaymentFailed, true) => {
            vec![event(
                scene,
                "invoice.scheduled_charge_failed",
                "invoice",
                &invoice(scene, "UNPAID"),
            )]
        }
        (Step::Refund, _) => vec![
            event(scene, "refund.created", "refund", &refund(scene, "PENDING")),
            event(scene, "refund.updated", "refund", &refund(scene, "COMPLETED")),
        ],
        (Step::Dispute, _) => {
            vec![event(scene, "dispute.created", "dispute", &dispute(scene))]
        }
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

fn started(scene: &Scene) -> Sample {
    let plan = json!({ "object": {
        "type": "SUBSCRIPTION_PLAN_VARIATION",
        "id": scene.item,
        "subscription_plan_variation_data": {
            "name": "Monthly",
            "phases": [{
                "uid": "PHASE1", "cadence": "MONTHLY", "ordinal": 0,
                "pricing": { "type": "STATIC", "price_money": money(scene) },
            }],
        },
    } });
    event(scene, "subscription.created", "subscription", &subscription(scene))
        .with_answer(format!("/v2/catalog/object/{}", scene.item), plan)
}

fn invoiced(scene: &Scene) -> Sample {
    let answer = json!({ "subscription": subscription(scene) });
    event(scene, "invoice.payment_made", "invoice", &invoice(scene, "PAID"))
        .with_answer(format!("/v2/subscriptions/{}", id(scene, "SUB")), answer)
}

/// Only for what is no subscription's is the order asked for.
fn paid(scene: &Scene) -> Sample {
    let sample = event(scene, "payment.updated", "payment", &payment(scene, "COMPLETED"));
    if scene.subscription {
        return sample;
    }
    let order = json!({ "order": {
        "id": order_id(scene),
        "location_id": "L0KEYWRIGHT01",
        "state": "COMPLETED",
        "line_items": [{
            "uid": "uid0001", "catalog_object_id": scene.item, "name": scene.item,
            "variation_name": "Regular", "quantity": scene.quantity.to_string(),
            "total_money": money(scene),
        }],
        "total_money": money(scene),
    } });
    sample.with_answer(format!("/v2/orders/{}", order_id(scene)), order)
}

fn event(scene: &Scene, event_type: &str, name: &str, object: &Value) -> Sample {
    let Scene { step, tag, cycle, at, .. } = scene;
    let status = object.get("status").and_then(Value::as_str).unwrap_or_default();
    let body = json!({
        "merchant_id": "ML0KEYWRIGHT1",
        "location_id": "L0KEYWRIGHT01",
        "type": event_type,
        "event_id": format!("{tag}-{}-{cycle}-{event_type}-{status}", step.as_str()),
        "created_at": at.to_rfc3339(),
        "data": { "type": name, "id": object.get("id"), "object": { name: object } },
    });
    let environment = if scene.live { "Production" } else { "Sandbox" };
    Sample::json(event_type, &body).with_header("square-environment", environment)
}

fn payment(scene: &Scene, status: &str) -> Value {
    let product = if scene.subscription { "INVOICES" } else { "ECOMMERCE_API" };
    let (first, last) = names(scene);
    json!({
        "id": id(scene, "PAY"),
        "order_id": order_id(scene),
        "status": status,
        "created_at": scene.at.to_rfc3339(),
        "updated_at": scene.at.to_rfc3339(),
        "amount_money": money(scene),
        "total_money": money(scene),
        "source_type": "CARD",
        "buyer_email_address": scene.email,
        "billing_address": { "first_name": first, "last_name": last, "country": scene.country },
        "customer_id": id(scene, "CUS"),
        "location_id": "L0KEYWRIGHT01",
        "application_details": { "square_product": product, "application_id": "sq0idp-keywright" },
        "version": 1,
    })
}

fn invoice(scene: &Scene, status: &str) -> Value {
    let (first, last) = names(scene);
    json!({
        "id": format!("inv:0-{}-{}", scene.tag, scene.cycle),
        "version": 2,
        "location_id": "L0KEYWRIGHT01",
        "order_id": order_id(scene),
        "subscription_id": id(scene, "SUB"),
        "invoice_number": format!("{:06}", scene.cycle + 1),
        "status": status,
        "payment_requests": [{
            "uid": "request-1", "request_type": "BALANCE",
            "total_completed_amount_money": money(scene),
        }],
        "primary_recipient": {
            "customer_id": id(scene, "CUS"), "given_name": first, "family_name": last,
            "email_address": scene.email, "company_name": scene.company,
            "address": { "country": scene.country },
        },
    })
}

/// Charged through the last day before the period's end.
fn subscription(scene: &Scene) -> Value {
    let last_day = scene.period_end.date_naive().pred_opt();
    let change = scene.step == Step::PlanChange;
    let canceled = (scene.step == Step::Cancel).then(|| scene.period_end.date_naive().to_string());
    json!({
        "id": id(scene, "SUB"),
        "location_id": "L0KEYWRIGHT01",
        "plan_variation_id": if change { &scene.item_next } else { &scene.item },
        "customer_id": id(scene, "CUS"),
        "status": "ACTIVE",
        "start_date": scene.period_start.date_naive().to_string(),
        "charged_through_date": last_day.map(|day| day.to_string()),
        "canceled_date": canceled,
        "timezone": "UTC",
        "source": { "name": "Keywright" },
        "version": 1,
    })
}

fn refund(scene: &Scene, status: &str) -> Value {
    json!({
        "id": format!("{}_{}", id(scene, "PAY"), scene.cycle),
        "payment_id": id(scene, "PAY"),
        "order_id": order_id(scene),
        "status": status,
        "amount_money": money(scene),
        "reason": "Requested by customer",
        "location_id": "L0KEYWRIGHT01",
    })
}

fn dispute(scene: &Scene) -> Value {
    json!({
        "id": format!("dts_{}_{}", scene.tag, scene.cycle),
        "amount_money": money(scene),
        "reason": "NO_KNOWLEDGE",
        "state": "EVIDENCE_REQUIRED",
        "disputed_payment": { "payment_id": id(scene, "PAY") },
        "card_brand": "VISA",
    })
}

fn money(scene: &Scene) -> Value {
    json!({ "amount": scene.amount_minor, "currency": scene.currency })
}

fn names(scene: &Scene) -> (&str, &str) {
    scene.name.split_once(' ').unwrap_or((&scene.name, ""))
}

/// Of the purchase or, for a payment, of its cycle.
fn id(scene: &Scene, thing: &str) -> String {
    let of_cycle = if thing == "PAY" { format!("-{}", scene.cycle) } else { String::new() };
    format!("{thing}-{}{of_cycle}", scene.tag)
}

fn order_id(scene: &Scene) -> String {
    format!("ORD-{}-{}", scene.tag, scene.cycle)
}
