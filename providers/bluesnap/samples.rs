//! Realistic forms of one purchase's life.

use chrono::{DateTime, FixedOffset, Utc};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

/// What BlueSnap sends at one step.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => vec![keys_wanted(scene), ipn(scene, "CHARGE")],
        Step::Refund => vec![ipn(scene, "REFUND")],
        Step::Dispute => vec![ipn(scene, "CHARGEBACK")],
        _ if !scene.subscription => vec![],
        Step::Renewal => vec![ipn(scene, "RECURRING")],
        Step::Cancel => vec![ipn(scene, "CANCEL_ON_RENEWAL")],
        Step::PaymentFailed => vec![ipn(scene, "SUBSCRIPTION_CHARGE_FAILURE")],
        Step::PlanChange => vec![ipn(scene, "CONTRACT_CHANGE")],
    }
}

fn number(scene: &Scene, name: &str) -> String {
    scene.number(name).to_string()
}

fn ipn(scene: &Scene, transaction_type: &str) -> Sample {
    let cycle = scene.cycle;
    // A charge that failed is no charge of a cycle.
    let failed = if scene.step == Step::PaymentFailed { "failed " } else { "" };
    let reference = number(scene, &format!("{failed}reference {cycle}"));
    let original = number(scene, "reference 0");
    let invoice = number(scene, &format!("{failed}invoice {cycle}"));
    let reversal = number(scene, &format!("reversal {cycle}"));
    let (subscription, account) = (number(scene, "subscription"), number(scene, "account"));
    let (at, until) = (local(scene.at), local(scene.period_end));
    let (quantity, (first, last)) = (scene.quantity.to_string(), scene.names());
    let back = matches!(scene.step, Step::Refund);
    let amount = if back { format!("-{}", scene.decimal()) } else { scene.decimal() };
    let contract = if scene.step == Step::PlanChange { &scene.item_next } else { &scene.item };
    let mut fields = vec![
        ("transactionType", transaction_type),
        ("testMode", if scene.live { "N" } else { "Y" }),
        ("referenceNumber", &reference),
        ("originalReferenceNumber", &original),
        ("invoiceId", &invoice),
        ("transactionDate", &at),
        ("accountId", &account),
        ("productId", "1000001"),
        ("productName", "Example Product"),
        ("contractId", contract),
        ("contractName", "Example Contract"),
        ("quantity", &quantity),
        ("invoiceChargeAmount", &amount),
        ("invoiceChargeCurrency", &scene.currency),
        ("email", &scene.email),
        ("firstName", first),
        ("lastName", last),
        ("company", scene.company.as_deref().unwrap_or_default()),
        ("country", &scene.country),
        ("language", "ENGLISH"),
    ];
    if scene.subscription {
        fields.extend([("subscriptionId", subscription.as_str()), ("untilDate", &until)]);
    }
    if matches!(scene.step, Step::Refund | Step::Dispute) {
        fields.extend([("reversalRefNum", reversal.as_str()), ("reversalReason", "Asked for")]);
    }
    Sample::form(transaction_type, fields)
}

/// The address as the guide tells to write it, filled in by BlueSnap.
fn keys_wanted(scene: &Scene) -> Sample {
    let names = scene.setting("invoice_field", "invoiceId");
    let named = if names == "referenceNumber" { "reference 0" } else { "invoice 0" };
    let (invoice, quantity) = (number(scene, named), scene.quantity.to_string());
    let fields = [
        ("product", scene.item.as_str()),
        ("order_id", &invoice),
        ("email", &scene.email),
        ("name", &scene.name),
        ("company", scene.company.as_deref().unwrap_or_default()),
        ("country", &scene.country),
        ("quantity", &quantity),
    ];
    let form = Sample::form("fulfil.request", fields);
    let query = String::from_utf8(form.body).unwrap_or_default();
    let (headers, body) = (vec![], vec![]);
    Sample {
        inlet: Inlet::Fulfil,
        method: "GET",
        query,
        headers,
        body,
        ..Sample::json("fulfil.request", &serde_json::Value::Null)
    }
}

/// `01/31/2026 01:05 PM`, eight hours behind GMT.
fn local(at: DateTime<Utc>) -> String {
    let zone = FixedOffset::west_opt(8 * 3600);
    zone.map_or_else(String::new, |zone| {
        at.with_timezone(&zone).format("%m/%d/%Y %I:%M %p").to_string()
    })
}
