//! Realistic events of one purchase's life, and the objects that the API has of it.

use serde_json::{Value, json};

use crate::read::minor_digits;
use crate::sample::{Sample, Scene, Step};

/// What Mollie sends at one step. It has no event for what becomes of a subscription but its
/// payments: none for its end, none for another plan.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    match (scene.step, scene.subscription) {
        (Step::Purchase, _) | (Step::Renewal, true) => {
            vec![asked(scene, event(scene, "payment.paid", &payment(scene)))]
        }
        (Step::PaymentFailed, true) => vec![event(scene, "payment.failed", &payment(scene))],
        (Step::Refund, _) => vec![event(scene, "refund.refunded", &refund(scene))],
        (Step::Dispute, _) => vec![event(scene, "chargeback.received", &chargeback(scene))],
        (Step::Renewal | Step::PaymentFailed, false) | (Step::Cancel | Step::PlanChange, _) => {
            vec![]
        }
    }
}

fn event(scene: &Scene, event_type: &str, entity: &Value) -> Sample {
    let Scene { step, tag, cycle, at, .. } = scene;
    let body = json!({
        "resource": "event",
        "id": format!("event_{tag}{}{cycle}", step.as_str()),
        "type": event_type,
        "entityId": entity.get("id"),
        "createdAt": at.to_rfc3339(),
        "_embedded": { "entity": entity },
        "_links": { "documentation": { "href": "https://docs.mollie.com", "type": "text/html" } },
    });
    Sample::json(event_type, &body)
}

/// With what the API says of the customer and the subscription.
pub(crate) fn asked(scene: &Scene, sample: Sample) -> Sample {
    let customer = format!("/v2/customers/{}", customer_id(scene));
    let subscription = format!("{customer}/subscriptions/{}", subscription_id(scene));
    let person = json!({
        "resource": "customer", "id": customer_id(scene), "mode": mode(scene),
        "name": scene.name, "email": scene.email, "locale": scene.locale,
    });
    let plan = json!({
        "resource": "subscription", "id": subscription_id(scene), "mode": mode(scene),
        "status": "active", "amount": amount(scene), "interval": format!("{} months", scene.months()),
        "startDate": scene.period_start.date_naive().to_string(),
        "nextPaymentDate": scene.period_end.date_naive().to_string(),
        "description": scene.item,
    });
    sample.with_answer(customer, person).with_answer(subscription, plan)
}

/// The payment of the scene's cycle: that of a subscription is begun by a first payment, whose id
/// the vendor's server writes into the subscription's metadata. One that failed is the subscription's
/// own, whenever it is told.
pub(crate) fn payment(scene: &Scene) -> Value {
    let failed = scene.step == Step::PaymentFailed;
    let recurring = scene.subscription && (scene.cycle > 0 || failed);
    let sequence = match (scene.subscription, recurring) {
        (false, _) => "oneoff",
        (true, false) => "first",
        (true, true) => "recurring",
    };
    let mut metadata = json!({
        "keywright_product": scene.item, "keywright_quantity": scene.quantity,
    });
    if let (true, Value::Object(fields)) = (recurring, &mut metadata) {
        fields.insert("keywright_first_payment".to_owned(), json!(payment_id(scene, 0)));
    }
    let (given, family) = scene.name.split_once(' ').unwrap_or((&scene.name, ""));
    let address = json!({
        "givenName": given, "familyName": family, "organizationName": scene.company,
        "email": scene.email, "country": scene.country,
    });
    json!({
        "resource": "payment",
        "id": told_id(scene),
        "mode": mode(scene),
        "createdAt": scene.at.to_rfc3339(),
        "paidAt": (!failed).then(|| scene.at.to_rfc3339()),
        "failedAt": failed.then(|| scene.at.to_rfc3339()),
        "status": if failed { "failed" } else { "paid" },
        "amount": amount(scene),
        "description": scene.item,
        "method": "creditcard",
        "metadata": metadata,
        "locale": scene.locale,
        "countryCode": scene.country,
        "profileId": "pfl_kwkeywright",
        "customerId": scene.subscription.then(|| customer_id(scene)),
        "mandateId": scene.subscription.then(|| format!("mdt_{}", scene.tag)),
        "subscriptionId": recurring.then(|| subscription_id(scene)),
        "sequenceType": sequence,
        "billingAddress": (!recurring).then_some(address),
    })
}

pub(crate) fn refund(scene: &Scene) -> Value {
    json!({
        "resource": "refund",
        "id": format!("re_{}{}", scene.tag, scene.cycle),
        "mode": mode(scene),
        "paymentId": payment_id(scene, scene.cycle),
        "amount": amount(scene),
        "status": "refunded",
        "createdAt": scene.at.to_rfc3339(),
        "description": "Requested by the customer",
    })
}

pub(crate) fn chargeback(scene: &Scene) -> Value {
    json!({
        "resource": "chargeback",
        "id": format!("chb_{}{}", scene.tag, scene.cycle),
        "mode": mode(scene),
        "paymentId": payment_id(scene, scene.cycle),
        "amount": amount(scene),
        "reason": { "code": "AC01", "description": "Account identifier incorrect" },
        "createdAt": scene.at.to_rfc3339(),
        "reversedAt": null,
    })
}

/// The id of the payment that is told of: each attempt has its own.
pub(crate) fn told_id(scene: &Scene) -> String {
    match scene.step {
        Step::PaymentFailed => format!("tr_{}failed{}", scene.tag, scene.cycle),
        _ => payment_id(scene, scene.cycle),
    }
}

fn payment_id(scene: &Scene, cycle: u32) -> String {
    format!("tr_{}{cycle}", scene.tag)
}

fn customer_id(scene: &Scene) -> String {
    format!("cst_{}", scene.tag)
}

fn subscription_id(scene: &Scene) -> String {
    format!("sub_{}", scene.tag)
}

fn mode(scene: &Scene) -> &'static str {
    if scene.live { "live" } else { "test" }
}

/// A decimal amount: the last digits are those behind the point.
fn amount(scene: &Scene) -> Value {
    let digits = minor_digits(&scene.currency);
    let text = format!("{:0>width$}", scene.amount_minor, width = digits + 1);
    let (whole, fraction) = text.split_at(text.len().saturating_sub(digits));
    let value = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    json!({ "value": value, "currency": scene.currency })
}
