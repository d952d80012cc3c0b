//! What Braintree sends for a step. It has no event for a refund of a card payment: a subscription
//! shows it when it is canceled. A single sale is told of where it is paid by bank transfer, in the
//! field and with the add-on that the account's settings name.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use data_encoding::BASE64;

use super::{ITEM_FIELD, QUANTITY_ADD_ON};
use crate::sample::{Sample, Scene, Step};

/// How long the lines of a payload are.
const LINE_CHARACTERS: usize = 60;

/// All events of a step; none where Braintree has none (a changed plan).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let kinds: &[&str] = match (scene.step, scene.subscription) {
        (Step::Purchase, true) => {
            &["subscription_went_active", "subscription_charged_successfully"]
        }
        (Step::Renewal, true) => &["subscription_charged_successfully"],
        (Step::Cancel | Step::Refund, true) => &["subscription_canceled"],
        (Step::PaymentFailed, true) => {
            &["subscription_went_past_due", "subscription_charged_unsuccessfully"]
        }
        (Step::Purchase | Step::Refund, false) => &["transaction_settled"],
        (Step::Dispute, _) => &["dispute_opened"],
        (Step::PlanChange, true)
        | (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => &[],
    };
    let seconds = (0..).map(TimeDelta::seconds);
    kinds.iter().zip(seconds).map(|(kind, after)| told(scene, kind, scene.at + after)).collect()
}

fn told(scene: &Scene, kind: &str, at: DateTime<Utc>) -> Sample {
    let subject = match kind {
        "transaction_settled" if scene.step == Step::Refund => credit(scene),
        "transaction_settled" => sale(scene),
        "dispute_opened" => dispute(scene),
        _ => subscription(scene),
    };
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notification><kind>{kind}</kind>\
         <timestamp type=\"datetime\">{}</timestamp><subject>{subject}</subject></notification>\n",
        time(at)
    );
    let mut payload = String::new();
    for (position, character) in BASE64.encode(document.as_bytes()).chars().enumerate() {
        if position > 0 && position % LINE_CHARACTERS == 0 {
            payload.push('\n');
        }
        payload.push(character);
    }
    payload.push('\n');
    Sample::form(kind, [("bt_payload", payload)])
}

fn id(scene: &Scene, what: &str) -> String {
    format!("kw{}{what}", scene.tag)
}

fn sale_id(scene: &Scene) -> String {
    id(scene, &format!("pay{}", scene.cycle))
}

fn subscription(scene: &Scene) -> String {
    let status = match scene.step {
        Step::Cancel | Step::Refund => "Canceled",
        Step::PaymentFailed => "Past Due",
        _ => "Active",
    };
    let history = match scene.step {
        Step::Refund => credit(scene) + &sale(scene),
        Step::PaymentFailed => String::new(),
        _ => sale(scene),
    };
    let (start, end) = days(scene);
    let (item, cycle) = (plain(&scene.item), scene.cycle.saturating_add(1));
    format!(
        "<subscription><id>{}</id><plan-id>{item}</plan-id><price>{}</price>\
         <status>{status}</status>\
         <current-billing-cycle type=\"integer\">{cycle}</current-billing-cycle>\
         <billing-period-start-date type=\"date\">{start}</billing-period-start-date>\
         <billing-period-end-date type=\"date\">{end}</billing-period-end-date>\
         <paid-through-date type=\"date\">{end}</paid-through-date>{}\
         <transactions type=\"array\">{history}</transactions></subscription>",
        id(scene, "sub"),
        scene.decimal(),
        add_ons(scene),
    )
}

fn add_ons(scene: &Scene) -> String {
    format!(
        "<add-ons type=\"array\"><add-on><id>{}</id><amount>0.00</amount>\
         <quantity type=\"integer\">{}</quantity></add-on></add-ons>",
        plain(scene.setting(QUANTITY_ADD_ON, "seats")),
        scene.quantity
    )
}

fn sale(scene: &Scene) -> String {
    let (start, end) = days(scene);
    let item = plain(&scene.item);
    let field = scene.setting(ITEM_FIELD, "product").replace('_', "-");
    let sold = match scene.subscription {
        true => format!(
            "<plan-id>{item}</plan-id><subscription-id>{}</subscription-id><subscription>\
             <billing-period-end-date type=\"date\">{end}</billing-period-end-date>\
             <billing-period-start-date type=\"date\">{start}</billing-period-start-date>\
             </subscription>{}",
            id(scene, "sub"),
            add_ons(scene),
        ),
        false => format!(
            "<custom-fields><{field}>{item}</{field}>\
             <{field}-quantity>{}</{field}-quantity></custom-fields>",
            scene.quantity
        ),
    };
    transaction(scene, &sale_id(scene), "sale", scene.period_start, &sold)
}

fn credit(scene: &Scene) -> String {
    let of = format!("<refunded-transaction-id>{}</refunded-transaction-id>", sale_id(scene));
    transaction(scene, &id(scene, &format!("back{}", scene.cycle)), "credit", scene.at, &of)
}

fn transaction(scene: &Scene, id: &str, kind: &str, at: DateTime<Utc>, more: &str) -> String {
    let (first, last) = scene.names();
    format!(
        "<transaction><id>{id}</id><status>settled</status><type>{kind}</type>\
         <currency-iso-code>{}</currency-iso-code><amount>{}</amount>\
         <created-at type=\"datetime\">{}</created-at>\
         <customer><id>kw{}cus</id><first-name>{}</first-name><last-name>{}</last-name>\
         <company>{}</company><email>{}</email></customer>\
         <billing><country-code-alpha2>{}</country-code-alpha2></billing>{more}</transaction>",
        scene.currency,
        scene.decimal(),
        time(at),
        scene.tag,
        plain(first),
        plain(last),
        plain(scene.company.as_deref().unwrap_or_default()),
        plain(&scene.email),
        scene.country,
    )
}

fn dispute(scene: &Scene) -> String {
    format!(
        "<dispute><id>{}</id><amount>{}</amount><currency-iso-code>{}</currency-iso-code>\
         <kind>chargeback</kind><status>open</status><reason>fraud</reason>\
         <transaction><id>{}</id><amount>{}</amount></transaction></dispute>",
        id(scene, &format!("dispute{}", scene.cycle)),
        scene.decimal(),
        scene.currency,
        sale_id(scene),
        scene.decimal(),
    )
}

/// The first day of the period and its last, which is included.
fn days(scene: &Scene) -> (String, String) {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    let moment = TimeDelta::nanoseconds(1);
    (day(scene.period_start), day(scene.period_end - moment))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
