//! Realistic events of one purchase's life, and what the API says of the objects they name.

use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// What GoCardless sends at one step.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let payment = json!({ "payment": id(scene, "PM") });
    let subscription = json!({ "subscription": sale_id(scene) });
    let created = json!({ "payment": id(scene, "PM"), "subscription": sale_id(scene) });
    let refund = json!({ "refund": id(scene, "RF"), "payment": id(scene, "PM") });
    match (scene.step, scene.subscription) {
        (Step::Purchase, true) => vec![
            batch(
                scene,
                &[
                    ("subscriptions", "created", &subscription),
                    ("subscriptions", "payment_created", &created),
                    ("payments", "created", &payment),
                ],
            ),
            paid(scene, &payment),
        ],
        (Step::Renewal, true) => vec![
            batch(
                scene,
                &[
                    ("subscriptions", "payment_created", &created),
                    ("payments", "created", &payment),
                ],
            ),
            paid(scene, &payment),
        ],
        (Step::Purchase, false) => {
            vec![batch(scene, &[("payments", "created", &payment)]), paid(scene, &payment)]
        }
        (Step::PaymentFailed, true) => {
            vec![asked(scene, batch(scene, &[("payments", "failed", &payment)]), &[])]
        }
        (Step::Cancel, true) => {
            vec![batch(scene, &[("subscriptions", "cancelled", &subscription)])]
        }
        (Step::PlanChange, true) => {
            vec![asked(scene, batch(scene, &[("subscriptions", "amended", &subscription)]), &[])]
        }
        (Step::Refund, _) => {
            let told = [("refunds", "created", &refund), ("refunds", "paid", &refund)];
            vec![asked(scene, batch(scene, &told), &[])]
        }
        (Step::Dispute, _) => vec![batch(scene, &[("payments", "charged_back", &payment)])],
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

fn paid(scene: &Scene, payment: &Value) -> Sample {
    let told = [("payments", "confirmed", payment), ("payments", "paid_out", payment)];
    asked(scene, batch(scene, &told), &["submitted", "confirmed", "paid_out"])
}

fn batch(scene: &Scene, events: &[(&str, &str, &Value)]) -> Sample {
    let told: Vec<Value> = events
        .iter()
        .map(|(resource, action, links)| {
            json!({
                "id": event_id(scene, resource, action),
                "created_at": scene.at.to_rfc3339(),
                "resource_type": resource,
                "action": action,
                "links": links,
                "details": { "origin": "gocardless", "cause": format!("{resource}_{action}") },
                "metadata": {},
            })
        })
        .collect();
    let titles: Vec<String> =
        events.iter().map(|(resource, action, _)| format!("{resource}.{action}")).collect();
    let body = json!({
        "events": told,
        "meta": { "webhook_id": format!("WB{}{}{}", scene.tag, scene.step.as_str(), scene.cycle) },
    });
    Sample::json(&titles.join(" + "), &body).with_header("Origin", "https://api.gocardless.com")
}

/// With all objects of the sale, and these events of the payment.
fn asked(scene: &Scene, sample: Sample, history: &[&str]) -> Sample {
    let (given, family) = scene.name.split_once(' ').unwrap_or((&scene.name, ""));
    let item = if scene.step == Step::PlanChange { &scene.item_next } else { &scene.item };
    let metadata =
        json!({ "keywright_product": item, "keywright_quantity": scene.quantity.to_string() });
    let links = if scene.subscription {
        json!({ "mandate": mandate(scene), "subscription": sale_id(scene) })
    } else {
        json!({ "mandate": mandate(scene) })
    };
    let payment = id(scene, "PM");
    let events: Vec<Value> = history
        .iter()
        .map(|action| {
            json!({
                "id": event_id(scene, "payments", action), "created_at": scene.at.to_rfc3339(),
                "resource_type": "payments", "action": action, "links": { "payment": payment },
            })
        })
        .collect();
    sample
        .with_answer(
            format!("/payments/{payment}"),
            json!({ "payments": {
                "id": payment, "amount": scene.amount_minor, "amount_refunded": 0,
                "currency": scene.currency, "status": "confirmed", "description": item,
                "charge_date": scene.period_start.date_naive().to_string(),
                "metadata": metadata, "links": links,
            } }),
        )
        .with_answer(
            format!("/events?resource_type=payments&limit=500&payment={payment}"),
            json!({ "events": events, "meta": { "limit": 500 } }),
        )
        .with_answer(
            format!("/subscriptions/{}", sale_id(scene)),
            json!({ "subscriptions": {
                "id": sale_id(scene), "name": item, "amount": scene.amount_minor,
                "currency": scene.currency, "interval": scene.months(), "interval_unit": "monthly",
                "status": "active", "metadata": metadata,
                "links": { "mandate": mandate(scene) },
            } }),
        )
        .with_answer(
            format!("/mandates/{}", mandate(scene)),
            json!({ "mandates": {
                "id": mandate(scene), "status": "active",
                "links": { "customer": format!("CU{}", scene.tag) },
            } }),
        )
        .with_answer(
            format!("/customers/CU{}", scene.tag),
            json!({ "customers": {
                "id": format!("CU{}", scene.tag), "email": scene.email, "given_name": given,
                "family_name": family, "company_name": scene.company,
                "country_code": scene.country, "language": scene.locale, "metadata": {},
            } }),
        )
        .with_answer(
            format!("/refunds/{}", id(scene, "RF")),
            json!({ "refunds": {
                "id": id(scene, "RF"), "amount": scene.amount_minor, "currency": scene.currency,
                "reference": null, "metadata": {}, "links": { "payment": payment },
            } }),
        )
}

fn event_id(scene: &Scene, resource: &str, action: &str) -> String {
    let Scene { step, tag, cycle, .. } = scene;
    format!("EV{tag}{}{cycle}{resource}{action}", step.as_str())
}

fn mandate(scene: &Scene) -> String {
    format!("MD{}", scene.tag)
}

fn sale_id(scene: &Scene) -> String {
    format!("SB{}", scene.tag)
}

/// Of one cycle.
fn id(scene: &Scene, thing: &str) -> String {
    format!("{thing}{}{}", scene.tag, scene.cycle)
}
