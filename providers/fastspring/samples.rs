//! Realistic events of one purchase's life.

use serde_json::{Value, json};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

use super::shapes;

/// What FastSpring sends at one step. It has no event for a dispute.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => purchase(scene),
        Step::Refund => vec![deliver(scene, &[("return.created", shapes::returned(scene))])],
        Step::Dispute => vec![],
        Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange
            if !scene.subscription =>
        {
            vec![]
        }
        Step::Renewal => vec![deliver(
            scene,
            &[
                ("subscription.charge.completed", shapes::charge(scene)),
                ("payoutEntry.created", shapes::payout(scene)),
            ],
        )],
        Step::Cancel => {
            vec![deliver(scene, &[("subscription.canceled", shapes::subscription(scene))])]
        }
        Step::PaymentFailed => {
            vec![deliver(scene, &[("subscription.charge.failed", shapes::failed_charge(scene))])]
        }
        Step::PlanChange => {
            vec![deliver(scene, &[("subscription.updated", shapes::subscription(scene))])]
        }
    }
}

/// The buyer's account, the request for keys, the order, and what it began.
fn purchase(scene: &Scene) -> Vec<Sample> {
    let mut samples = vec![
        deliver(scene, &[("account.created", shapes::account(scene))]),
        keys_wanted(scene),
        deliver(scene, &[("order.completed", shapes::order(scene))]),
    ];
    let mut batch = vec![("payoutEntry.created", shapes::payout(scene))];
    if scene.subscription {
        batch.insert(0, ("subscription.activated", shapes::subscription(scene)));
    }
    samples.push(deliver(scene, &batch));
    samples
}

/// One delivery with these events.
fn deliver(scene: &Scene, events: &[(&str, Value)]) -> Sample {
    let title = events.iter().map(|(event_type, _)| *event_type).collect::<Vec<_>>().join(" + ");
    let elements: Vec<Value> = events
        .iter()
        .map(|(event_type, data)| {
            json!({
                "id": format!("kwEvt-{}-{}-{event_type}", scene.tag, scene.cycle),
                "processed": false,
                "created": scene.at.timestamp_millis(),
                "type": event_type,
                "live": scene.live,
                "data": data,
            })
        })
        .collect();
    Sample::json(&title, &json!({ "events": elements })).with_header("User-Agent", "FS")
}

/// The form that a license generator of the product sends while the buyer waits.
fn keys_wanted(scene: &Scene) -> Sample {
    let quantity = scene.quantity.to_string();
    let reference = shapes::reference(scene, 0);
    let subscription = shapes::subscription_id(scene);
    let named = |field: &'static str| scene.setting(&format!("field_{field}"), field);
    let mut fields = vec![
        (named("company"), scene.company.as_deref().unwrap_or_default()),
        (named("email"), &scene.email),
        (named("name"), &scene.name),
        (named("product"), &scene.item),
        (named("quantity"), &quantity),
        (named("reference"), &reference),
        ("test", if scene.live { "false" } else { "true" }),
    ];
    if scene.subscription {
        fields.push((named("subscription"), &subscription));
    }
    Sample { inlet: Inlet::Fulfil, ..Sample::form("fulfil.request", fields) }
        .with_header("User-Agent", "FS")
}
