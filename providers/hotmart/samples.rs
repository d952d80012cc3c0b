//! Realistic events of one purchase's life.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step, extended};

/// What Hotmart sends at one step. A dispute is told when it is lost, and a buyer's request for
/// a refund is none.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => vec![
            event(scene, "PURCHASE_APPROVED", &purchase(scene, "APPROVED"), 0),
            event(scene, "CLUB_FIRST_ACCESS", &json!({ "product": product(scene) }), 60),
            event(scene, "PURCHASE_COMPLETE", &purchase(scene, "COMPLETED"), 7 * 86_400),
        ],
        Step::Refund => {
            vec![event(scene, "PURCHASE_REFUNDED", &purchase(scene, "REFUNDED"), 0)]
        }
        Step::Dispute => vec![],
        _ if !scene.subscription => vec![],
        Step::Renewal => {
            vec![event(scene, "PURCHASE_APPROVED", &purchase(scene, "APPROVED"), 0)]
        }
        Step::Cancel => vec![event(scene, "SUBSCRIPTION_CANCELLATION", &cancellation(scene), 0)],
        Step::PaymentFailed => {
            vec![event(scene, "PURCHASE_DELAYED", &purchase(scene, "DELAYED"), 0)]
        }
        Step::PlanChange => vec![event(scene, "SWITCH_PLAN", &switch(scene), 0)],
    }
}

fn event(scene: &Scene, event_type: &str, data: &Value, seconds_later: i64) -> Sample {
    let number = scene.number(&format!("{event_type} {}", scene.cycle));
    let at = scene.at + TimeDelta::seconds(seconds_later);
    let body = json!({
        "id": format!("{:08x}-0000-4000-8000-{number:012x}", scene.number("event") & 0xffff_ffff),
        "creation_date": at.timestamp_millis(),
        "event": event_type,
        "version": "2.0.0",
        "data": data,
    });
    Sample::json(event_type, &body)
}

fn transaction(scene: &Scene) -> String {
    let failed = if scene.step == Step::PaymentFailed { "failed" } else { "paid" };
    format!("HP{}", scene.number(&format!("{failed} {}", scene.cycle)))
}

fn product(scene: &Scene) -> Value {
    json!({ "id": scene.number("product"), "name": "Acme Pro", "has_co_production": false })
}

fn subscriber_code(scene: &Scene) -> String {
    format!("KW{}", scene.tag.to_ascii_uppercase())
}

fn purchase(scene: &Scene, status: &str) -> Value {
    let (first, last) = scene.names();
    let value: Value = serde_json::from_str(&scene.decimal()).unwrap_or(Value::Null);
    let paid = json!({
        "transaction": transaction(scene),
        "status": status,
        "order_date": scene.at.timestamp_millis(),
        "approved_date": scene.at.timestamp_millis(),
        "price": { "value": value, "currency_value": scene.currency },
        "payment": { "type": "CREDIT_CARD", "installments_number": 1 },
        "offer": { "code": scene.item },
        "order_bump": { "is_order_bump": false },
        "checkout_country": { "iso": scene.country },
    });
    let of_subscription = json!({
        "recurrence_number": scene.cycle.saturating_add(1),
        "date_next_charge": scene.period_end.timestamp_millis(),
    });
    let data = json!({
        "product": product(scene),
        "buyer": {
            "email": scene.email, "name": scene.name, "first_name": first, "last_name": last,
            "address": { "country_iso": scene.country },
        },
        "affiliates": [{ "name": "" }],
    });
    match scene.subscription {
        false => extended(data, json!({ "purchase": paid })),
        true => extended(
            data,
            json!({
                "purchase": extended(paid, of_subscription),
                "subscription": {
                    "status": "ACTIVE",
                    "plan": { "id": scene.number("plan"), "name": "Monthly" },
                    "subscriber": { "code": subscriber_code(scene) },
                },
            }),
        ),
    }
}

fn cancellation(scene: &Scene) -> Value {
    json!({
        "subscriber": {
            "code": subscriber_code(scene), "name": scene.name, "email": scene.email,
        },
        "product": product(scene),
        "subscription": { "id": scene.number("subscription"), "plan": { "name": "Monthly" } },
        "date_next_charge": scene.period_end.timestamp_millis(),
        "cancellation_date": scene.at.timestamp_millis(),
        "actual_recurrence_value": 0,
    })
}

fn switch(scene: &Scene) -> Value {
    let plan = |name: &str, offer: &str, current: bool| {
        json!({
            "id": scene.number(name), "name": name, "offer": { "key": offer },
            "current": current,
        })
    };
    json!({
        "switch_plan_date": scene.at.timestamp_millis(),
        "subscription": {
            "subscriber_code": subscriber_code(scene),
            "status": "ACTIVE",
            "date_next_charge": scene.period_end.timestamp_millis(),
            "product": product(scene),
            "user": { "email": scene.email },
        },
        "plans": [
            plan("plan", &scene.item, false),
            plan("next plan", &scene.item_next, true),
        ],
    })
}
