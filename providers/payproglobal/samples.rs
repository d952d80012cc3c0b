//! Realistic forms of one purchase's life.

use chrono::{DateTime, Utc};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

/// What PayPro Global sends at one step. It has no form for a change of plan.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let types: &[(&str, &str)] = match scene.step {
        Step::Purchase => &[("12", "LicenseRequested"), ("1", "OrderCharged")],
        Step::Refund => &[("2", "OrderRefunded")],
        Step::Dispute => &[("3", "OrderChargedBack")],
        _ if !scene.subscription => &[],
        Step::Renewal => &[("6", "SubscriptionChargeSucceed")],
        Step::Cancel => &[("10", "SubscriptionTerminated")],
        Step::PaymentFailed => &[("7", "SubscriptionChargeFailed")],
        Step::PlanChange => &[],
    };
    types.iter().map(|(number, name)| form(scene, number, name)).collect()
}

fn form(scene: &Scene, number: &str, name: &str) -> Sample {
    // Every charge is an order of its own.
    let order = |cycle: u32| scene.number(&format!("order {cycle}")).to_string();
    let (this, initial) = (order(scene.cycle), order(0));
    let item = scene.number(&format!("item {}", scene.cycle)).to_string();
    let subscription = scene.number("subscription").to_string();
    let customer = scene.number("customer").to_string();
    let placed = scene.period_start.format("%m/%d/%Y %H:%M:%S").to_string();
    let (first, last) = scene.names();
    let (quantity, total) = (scene.quantity.to_string(), scene.decimal());
    // A test costs nothing.
    let total = if scene.live { total.as_str() } else { "0.00" };
    let (status_id, status) = match name {
        "OrderRefunded" => ("3", "Refunded"),
        "OrderChargedBack" => ("4", "Chargeback"),
        _ => ("5", "Processed"),
    };
    let terminated = name == "SubscriptionTerminated";
    let next = match terminated {
        true => String::new(),
        false => next_charge(scene.period_end),
    };
    let mut fields = vec![
        ("IPN_TYPE_ID", number),
        ("IPN_TYPE_NAME", name),
        ("TEST_MODE", if scene.live { "0" } else { "1" }),
        ("ORDER_ID", &this),
        ("ORDER_STATUS_ID", status_id),
        ("ORDER_STATUS", status),
        ("ORDER_PLACED_TIME_UTC", &placed),
        ("ORDER_CURRENCY_CODE", &scene.currency),
        ("ORDER_TOTAL_AMOUNT", total),
        ("ORDER_ITEMS_COUNT", "1"),
        ("ORDER_ITEM_ID", &item),
        ("ORDER_ITEM_NAME", "Example Product"),
        ("ORDER_ITEM_SKU", &scene.item),
        ("ORDER_ITEM_TYPE_ID", "1"),
        ("ORDER_ITEM_TOTAL_AMOUNT", total),
        ("PRODUCT_ID", "44444"),
        ("PRODUCT_QUANTITY", &quantity),
        ("CUSTOMER_ID", &customer),
        ("CUSTOMER_EMAIL", &scene.email),
        ("CUSTOMER_NAME", &scene.name),
        ("CUSTOMER_FIRST_NAME", first),
        ("CUSTOMER_LAST_NAME", last),
        ("COMPANY_NAME", scene.company.as_deref().unwrap_or_default()),
        ("CUSTOMER_COUNTRY_CODE", &scene.country),
        ("CUSTOMER_LANGUAGE_CODE", &scene.locale),
        ("IS_RESENT", "0"),
    ];
    if scene.subscription {
        fields.extend([
            ("SUBSCRIPTION_ID", subscription.as_str()),
            ("SUBSCRIPTION_INITIAL_ORDER_ID", &initial),
            ("SUBSCRIPTION_STATUS_ID", if terminated { "3" } else { "1" }),
            ("SUBSCRIPTION_RENEWAL_TYPE", "Auto"),
            ("SUBSCRIPTION_NEXT_CHARGE_DATE", &next),
        ]);
    }
    let inlet = if name == "LicenseRequested" { Inlet::Fulfil } else { Inlet::Webhook };
    Sample { inlet, ..Sample::form(name, fields) }
}

/// `1/31/2026 1:05 PM`: written otherwise than the order's own time.
fn next_charge(at: DateTime<Utc>) -> String {
    at.format("%-m/%-d/%Y %-I:%M %p").to_string()
}
