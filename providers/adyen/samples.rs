//! Realistic notifications of one purchase's life.

use serde_json::{Value, json};

use super::read::CAPTURE;
use crate::sample::{Sample, Scene, Step, extended};

/// What Adyen sends at one step. Cancellations and changes of a plan happen at the vendor's:
/// Adyen knows no subscriptions.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase if scene.subscription => {
            paid(scene).into_iter().chain([token_created(scene)]).collect()
        }
        Step::Purchase => paid(scene),
        Step::Renewal if scene.subscription => paid(scene),
        Step::PaymentFailed if scene.subscription => vec![authorisation(scene, false)],
        Step::Refund => vec![modification(scene, "REFUND", 'R')],
        Step::Dispute => vec![modification(scene, "NOTIFICATION_OF_CHARGEBACK", 'D')],
        Step::Renewal | Step::PaymentFailed | Step::Cancel | Step::PlanChange => vec![],
    }
}

/// Where the account says that it captures by hand, a capture of its own follows.
fn paid(scene: &Scene) -> Vec<Sample> {
    let by_hand = scene.setting(CAPTURE, "automatic") == "manual";
    let captured = by_hand.then(|| modification(scene, "CAPTURE", 'C'));
    [authorisation(scene, true)].into_iter().chain(captured).collect()
}

/// The payment of the scene's cycle.
fn payment(scene: &Scene) -> String {
    reference(scene, if scene.step == Step::PaymentFailed { 'F' } else { 'P' })
}

fn reference(scene: &Scene, of: char) -> String {
    format!("KW{}{of}{:08}", scene.tag.to_ascii_uppercase(), scene.cycle)
}

fn authorisation(scene: &Scene, success: bool) -> Sample {
    // What fails is a renewal: a checkout is tried again.
    let by_buyer = scene.cycle == 0 && success;
    let data = json!({
        "expiryDate": "03/2030", "authCode": "0123", "cardSummary": "1111",
        "shopperReference": format!("cust-{}", scene.tag),
        "shopperEmail": scene.email,
        "shopperName": name(&scene.name),
        "shopperCountry": scene.country,
        "shopperLocale": scene.locale,
        "shopperInteraction": if by_buyer { "Ecommerce" } else { "ContAuth" },
        "metadata.product": scene.item,
        "metadata.quantity": scene.quantity.to_string(),
    });
    let of_subscription = json!({
        "recurringProcessingModel": "Subscription",
        "metadata.subscription": format!("kwSub-{}", scene.tag),
        "metadata.period_end": scene.period_end.to_rfc3339(),
    });
    let data = if scene.subscription { extended(data, of_subscription) } else { data };
    let reason = if success { "0123:1111:03/2030" } else { "Refused" };
    notification(
        scene,
        "AUTHORISATION",
        json!({
            "additionalData": data,
            "operations": ["CANCEL", "CAPTURE", "REFUND"],
            "paymentMethod": "visa",
            "pspReference": payment(scene),
            "reason": reason,
            "success": success.to_string(),
        }),
    )
}

fn modification(scene: &Scene, code: &str, of: char) -> Sample {
    notification(
        scene,
        code,
        json!({
            "additionalData": {},
            "originalReference": payment(scene),
            "paymentMethod": "visa",
            "pspReference": reference(scene, of),
            "reason": "",
            "success": "true",
        }),
    )
}

fn notification(scene: &Scene, code: &str, item: Value) -> Sample {
    let item = extended(
        item,
        json!({
            "amount": { "currency": scene.currency, "value": scene.amount_minor },
            "eventCode": code,
            "eventDate": scene.at.to_rfc3339(),
            "merchantAccountCode": "KeywrightCOM",
            "merchantReference": format!("order-{}-{}", scene.tag, scene.cycle),
        }),
    );
    let items = json!([{ "NotificationRequestItem": item }]);
    Sample::json(code, &json!({ "live": scene.live.to_string(), "notificationItems": items }))
}

/// Of the later family, whose whole body is signed.
fn token_created(scene: &Scene) -> Sample {
    let event_type = "recurring.token.created";
    Sample::json(
        event_type,
        &json!({
            "createdAt": scene.at.to_rfc3339(),
            "environment": if scene.live { "live" } else { "test" },
            "eventId": reference(scene, 'T'),
            "data": {
                "merchantAccount": "KeywrightCOM",
                "operation": "created - Token created",
                "shopperReference": format!("cust-{}", scene.tag),
                "storedPaymentMethodId": format!("M5N7TQ4TG5PFWR5{}", scene.tag.to_ascii_uppercase()),
                "type": "visastandardcredit",
            },
            "type": event_type,
        }),
    )
}

fn name(name: &str) -> String {
    let (first, last) = name.split_once(' ').unwrap_or((name, "null"));
    format!("[first name={first}, infix=null, last name={last}, gender=UNKNOWN]")
}
