//! Realistic requests over one purchase's life.

use serde_json::Value;

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

use super::payload::escaped;

/// What BMT Micro sends at one step: it tells of sales only. Refunds, chargebacks and
/// cancellations come by mail.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let notification = || {
        let sample =
            request("ordernotification", &item(scene, "Order Notification"), Inlet::Webhook);
        let question = format!("/xmlrequest <orderid>{}</orderid>", order_id(scene, scene.cycle));
        sample.with_answer(question, Value::String(subscription(scene)))
    };
    match scene.step {
        Step::Purchase => {
            vec![request("registrationkey", &key_request(scene), Inlet::Fulfil), notification()]
        }
        Step::Renewal if scene.subscription => vec![notification()],
        Step::Renewal
        | Step::Cancel
        | Step::Refund
        | Step::Dispute
        | Step::PaymentFailed
        | Step::PlanChange => vec![],
    }
}

fn request(element: &str, inner: &str, inlet: Inlet) -> Sample {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><request><{element}>{inner}</{element}>\
         </request>"
    );
    let sample = Sample { inlet, body: body.into_bytes(), ..Sample::json(element, &Value::Null) };
    sample.with_header("Content-Type", "text/xml; charset=utf-8")
}

fn order_id(scene: &Scene, cycle: u32) -> String {
    scene.number(&format!("order {cycle}")).to_string()
}

fn key_request(scene: &Scene) -> String {
    format!("{}<keycount>{}</keycount>", item(scene, "Key Request"), scene.quantity)
}

fn item(scene: &Scene, comment: &str) -> String {
    let (first, last) = scene.names();
    let company = scene.company.as_deref().unwrap_or_default();
    let address = [
        ("company", company),
        ("lastname", last),
        ("firstname", first),
        ("address1", "1 Example Street"),
        ("city", "Example"),
        ("zip", "12345"),
        ("country", &scene.country),
        ("email", &scene.email),
    ];
    let address = elements(&address);
    let one = Scene {
        amount_minor: scene.amount_minor / i64::from(scene.quantity.max(1)),
        ..scene.clone()
    };
    let (order, quantity, price) =
        (order_id(scene, scene.cycle), scene.quantity.to_string(), one.decimal());
    let sold = [
        ("orderid", order.as_str()),
        ("itemnumber", "1"),
        ("registername", &scene.name),
        ("productid", &scene.item),
        ("productname", &scene.item),
        ("quantity", &quantity),
        ("productprice", &price),
        ("productdiscount", "0.00"),
        ("productcurrency", &scene.currency),
        ("orderdate", &scene.at.to_rfc3339()),
        ("ordercurrency", &scene.currency),
        ("comments", comment),
    ];
    let sold = elements(&sold);
    format!("<customer><billing>{address}</billing><shipping>{address}</shipping></customer>{sold}")
}

/// What the API says of the order's subscription, or that there is none.
fn subscription(scene: &Scene) -> String {
    if !scene.subscription {
        let none = elements(&[("errorcode", "1"), ("errormessage", "not found")]);
        return format!("<response><subscriptions>{none}</subscriptions></response>");
    }
    let told = elements(&[
        ("subscriptionid", &scene.number("subscription").to_string()),
        ("orderid", &order_id(scene, 0)),
        ("itemnumber", "1"),
        ("productid", &scene.item),
        ("status", "active"),
        ("effectivedate", &scene.period_start.format("%Y-%m-%d").to_string()),
        ("expirationdate", ""),
        ("nextbillingdate", &scene.period_end.format("%Y-%m-%d").to_string()),
    ]);
    format!("<response><subscriptions>{told}</subscriptions></response>")
}

fn elements(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escaped(text))).collect()
}
