//! The bursts that Maxio sends for a step, with the events that are not read. A single sale is a
//! subscription that expires by itself. The quantity is that of a component, so it shows where the
//! account has `quantity_component = "seats"`.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::json;

use crate::sample::{Sample, Scene, Step};

/// All events of a step; none where Maxio has none.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let events: &[&str] = match (scene.step, scene.subscription) {
        (Step::Purchase, _) => &[
            "customer_create",
            "signup_success",
            "payment_success",
            "subscription_state_change",
            "invoice_issued",
        ],
        (Step::Renewal, true) => &["payment_success", "renewal_success", "invoice_issued"],
        (Step::Cancel, true) => &["pending_cancellation_change"],
        (Step::Refund, _) => &["refund_success"],
        (Step::PaymentFailed, true) => &["renewal_failure", "subscription_state_change"],
        (Step::PlanChange, true) => &["subscription_product_change"],
        (Step::Dispute, _) => &["chargeback_opened"],
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => &[],
    };
    events.iter().enumerate().map(|(position, event)| told(scene, event, position)).collect()
}

fn told(scene: &Scene, event: &str, position: usize) -> Sample {
    let subscription = scene.number("subscription").to_string();
    let webhook = format!("webhook {} {} {position}", scene.step.as_str(), scene.cycle);
    let at = scene.at + TimeDelta::seconds(position.try_into().unwrap_or_default());
    let mut fields = vec![
        ("id".to_owned(), scene.number(&webhook).to_string()),
        ("event".to_owned(), event.to_owned()),
    ];
    let mut add = |name: &str, value: &str| {
        fields.push((format!("payload{name}"), value.to_owned()));
    };
    let failed = scene.step == Step::PaymentFailed;
    let cancels = scene.step == Step::Cancel;
    let changes = scene.step == Step::PlanChange;
    let state = if failed { "past_due" } else { "active" };
    add("[event_id]", &scene.number(&format!("event {webhook}")).to_string());
    add("[site][id]", "1");
    add("[site][subdomain]", "kw");
    add("[subscription][id]", &subscription);
    add("[subscription][state]", state);
    add("[subscription][previous_state]", "active");
    add("[subscription][current_period_started_at]", &time(scene.period_start));
    add("[subscription][current_period_ends_at]", &time(scene.period_end));
    add("[subscription][updated_at]", &time(at));
    add("[subscription][cancel_at_end_of_period]", if cancels { "true" } else { "false" });
    add("[subscription][signup_payment_id]", &payment(scene, 0));
    add("[subscription][signup_revenue]", &scene.decimal());
    add("[subscription][currency]", &scene.currency);
    if !scene.subscription {
        add("[subscription][expires_at]", &time(scene.period_end));
    }
    let (first, last) = scene.names();
    add("[subscription][customer][id]", &scene.number("customer").to_string());
    add("[subscription][customer][first_name]", first);
    add("[subscription][customer][last_name]", last);
    add("[subscription][customer][email]", &scene.email);
    add("[subscription][customer][organization]", scene.company.as_deref().unwrap_or_default());
    add("[subscription][customer][country]", &scene.country);
    add("[subscription][customer][locale]", &scene.locale);
    add("[subscription][product][handle]", if changes { &scene.item_next } else { &scene.item });
    let minor = scene.amount_minor.to_string();
    match event {
        "signup_success" | "renewal_success" | "payment_success" => {
            add("[transaction][id]", &payment(scene, scene.cycle));
            add("[transaction][type]", "Payment");
            add("[transaction][success]", "true");
            add("[transaction][amount_in_cents]", &minor);
            add("[transaction][created_at]", &time(at));
        }
        "refund_success" => {
            add("[payment_id]", &payment(scene, scene.cycle));
            let refund = scene.number(&format!("refund {}", scene.cycle)).to_string();
            add("[transaction][id]", &refund);
            add("[transaction][type]", "Refund");
            add("[transaction][amount_in_cents]", &minor);
        }
        "chargeback_opened" => add("[transaction][payment_id]", &payment(scene, scene.cycle)),
        _ => {}
    }
    let components = json!([{ "component": {
        "component_id": 1,
        "component_handle": "seats",
        "allocated_quantity": scene.quantity,
    } }]);
    Sample::form(event, fields)
        .with_answer(format!("/subscriptions/{subscription}/components.json"), components)
}

fn payment(scene: &Scene, cycle: u32) -> String {
    scene.number(&format!("payment {cycle}")).to_string()
}

/// Webhooks tell the time of the US East.
fn time(at: DateTime<Utc>) -> String {
    let east = FixedOffset::west_opt(5 * 3_600);
    east.map(|east| at.with_timezone(&east).format("%Y-%m-%d %H:%M:%S %z").to_string())
        .unwrap_or_default()
}
