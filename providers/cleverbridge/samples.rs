//! Realistic notifications of one purchase's life.

use serde_json::{Value, json};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

/// What cleverbridge sends at one step. A change of plan is told by a purchase of its own.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => vec![keys_wanted(scene), sold(scene)],
        Step::Refund => vec![reimbursed(scene, "RefundNotification", "REF")],
        Step::Dispute => vec![reimbursed(scene, "ChargebackNotification", "CHB")],
        _ if !scene.subscription => vec![],
        Step::Renewal | Step::PlanChange => vec![sold(scene)],
        Step::Cancel => vec![subscribed(scene, "RecurringBillingCanceledNotification")],
        Step::PaymentFailed => vec![subscribed(scene, "RecurringBillingOnGraceNotification")],
    }
}

/// Every interval is a purchase of its own, and so is a change.
fn purchase_id(scene: &Scene, cycle: u32) -> u64 {
    let change = if scene.step == Step::PlanChange { "change of " } else { "" };
    scene.number(&format!("{change}purchase {cycle}"))
}

fn meta(scene: &Scene, kind: &str) -> Value {
    json!({
        "type": kind,
        "date": scene.at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        "schemaUrl": format!("https://www.cleverbridge.com/JsonNotificationSchemas/{kind}"),
    })
}

/// The purchase of the scene's cycle.
fn purchase(scene: &Scene, status_id: &str) -> Value {
    let (first, last) = scene.names();
    let contact = json!({
        "language": "English",
        "languageId": scene.locale,
        "locale": scene.locale,
        "company": scene.company,
        "firstname": first,
        "lastname": last,
        "country": "Example Country",
        "countryId": scene.country,
        "email": scene.email,
    });
    let changed = scene.step == Step::PlanChange;
    let item = if changed { &scene.item_next } else { &scene.item };
    let time = scene.period_start.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let status_id = match (status_id, scene.live) {
        ("PAY", false) => "TST",
        (status_id, _) => status_id,
    };
    json!({
        "purchaseId": purchase_id(scene, scene.cycle),
        "statusId": status_id,
        "billingContact": contact,
        "deliveryContact": contact,
        "licenseeContact": contact,
        "paymentInfo": {
            "currencyId": scene.currency,
            "paymentTypeId": "CCA_VIS",
            "isPurchaseOrder": false,
        },
        "creationTime": time,
        "paymentArriveTime": time,
        "items": [{
            "runningNumber": 1,
            "productId": 214_906,
            "productName": "Example Product",
            "yourProductId": item,
            "quantity": scene.quantity,
            "recurringBilling": scene.subscription.then(|| billing(scene)),
        }],
    })
}

fn billing(scene: &Scene) -> Value {
    let event = match (scene.step, scene.cycle) {
        (Step::PlanChange, _) => "upgraded",
        (_, 0) => "started",
        _ => "renewed",
    };
    json!({
        "subscriptionId": format!("S{}", scene.number("subscription")),
        "subscriptionItemRunningNo": 1,
        "subscriptionEventtypeId": event,
        "originalPurchaseId": scene.number("purchase 0"),
        "originalPurchaseItemRunningNumber": 1,
        "intervalNumber": scene.cycle,
        "statusId": "ACT",
        "nextBillingDate": scene.period_end.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "gracePeriodDays": 15,
        "renewalType": "Automatic",
    })
}

fn sold(scene: &Scene) -> Sample {
    let kind = "PaidOrderNotification";
    let mut document = purchase(scene, "PAY");
    put(&mut document, "meta", meta(scene, kind));
    looked_up(scene, Sample::json(kind, &document))
}

/// The one question is whether there is such a purchase.
fn looked_up(scene: &Scene, sample: Sample) -> Sample {
    let id = purchase_id(scene, scene.cycle);
    let known = json!({ "purchaseId": id, "statusId": "PAY" });
    sample.with_answer(format!("/purchase/getpurchase?purchaseId={id}"), known)
}

fn reimbursed(scene: &Scene, kind: &str, status_id: &str) -> Sample {
    let mut purchase = purchase(scene, status_id);
    let id = scene.number(&format!("reimbursement {}", scene.cycle));
    put(&mut purchase, "reimbursementId", json!(id));
    let document = json!({
        "meta": meta(scene, kind),
        "purchase": purchase,
        "reimbursementTypeId": status_id,
        "reimbursementReasonId": "CustomerRequest",
        "terminateRecurringBilling": false,
    });
    Sample::json(kind, &document)
}

fn subscribed(scene: &Scene, kind: &str) -> Sample {
    let end = scene.period_end.format("%Y-%m-%dT%H:%M:%S").to_string();
    let document = json!({
        "meta": meta(scene, kind),
        "subscriptionId": scene.number("subscription"),
        "customerId": scene.number("customer"),
        "gracePeriodDays": 15,
        "intervalMonthCount": 1,
        "lastIntervalNumber": scene.cycle,
        "nextBillingDate": end,
        "subscriptionItems": [{
            "runningNumber": 1,
            "productId": 214_906,
            "quantity": scene.quantity,
            "status": "ACT",
        }],
    });
    Sample::json(kind, &document)
}

/// The form of the key generator, with the notification in it.
fn keys_wanted(scene: &Scene) -> Sample {
    let (first, last) = scene.names();
    let (id, quantity) = (purchase_id(scene, 0).to_string(), scene.quantity.to_string());
    let date = scene.at.format("%d/%m/%Y").to_string();
    let document = purchase(scene, "PAY").to_string();
    let fields = [
        ("PURCHASE_ID", id.as_str()),
        ("RUNNING_NO", "1"),
        ("PRODUCT_ID", "214906"),
        ("PURCHASE_DATE", &date),
        ("QUANTITY", &quantity),
        ("EMAIL", &scene.email),
        ("COMPANY", scene.company.as_deref().unwrap_or_default()),
        ("FIRSTNAME", first),
        ("LASTNAME", last),
        ("REG_NAME", scene.company.as_deref().unwrap_or(&scene.name)),
        ("JSON", &document),
    ];
    Sample { inlet: Inlet::Fulfil, ..Sample::form("fulfil.request", fields) }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
