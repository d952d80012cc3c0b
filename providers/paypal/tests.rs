//! PayPal's peculiarities, each by name.

use serde_json::{Value, json};

use super::*;
use crate::Answers;
use crate::ask::Fetched;
use crate::notice::{DisputeState, Kind, Notice};

const AT: &str = "2026-01-10T12:00:05Z";

fn event(event_type: &str, resource: &Value, host: &str) -> Vec<u8> {
    json!({
        "id": "WH-1",
        "event_type": event_type,
        "create_time": AT,
        "links": [{ "href": format!("https://{host}/v1/notifications/webhooks-events/WH-1") }],
        "resource": resource,
    })
    .to_string()
    .into_bytes()
}

fn sale() -> Value {
    json!({
        "id": "SALE1",
        "billing_agreement_id": "I-1",
        "amount": { "total": "49.00", "currency": "EUR" },
        "create_time": AT,
    })
}

/// What the API says of the subscription, where it says anything.
fn told(event_type: &str, resource: &Value, subscription: Option<Value>) -> Reading {
    let body = event(event_type, resource, "api.paypal.com");
    let envelope = payload::envelope(&body).unwrap();
    let answer = |body: Value| Fetched { status: 200, body: body.to_string().into_bytes() };
    let answers: Answers =
        subscription.map(|body| ("subscription".to_owned(), answer(body))).into_iter().collect();
    let event = Event { answers: &answers, ..Event::of(&envelope, DateTime::UNIX_EPOCH) };
    PayPal.read(&event)
}

fn only(reading: Reading) -> Notice {
    let [notice] = reading.unwrap().try_into().unwrap();
    notice
}

fn subscription(last: &str, next: &str) -> Value {
    json!({
        "id": "I-1",
        "plan_id": "P-1",
        "quantity": "3",
        "billing_info": {
            "last_payment": { "amount": { "value": "49.0", "currency_code": "EUR" }, "time": last },
            "next_billing_time": next,
        },
    })
}

#[test]
fn a_payment_ends_with_the_next_billing_time_while_it_is_the_latest() {
    let end = |last: &str, next: &str| {
        let reading = told("PAYMENT.SALE.COMPLETED", &sale(), Some(subscription(last, next)));
        let Kind::Paid { lines, .. } = only(reading).kind else { panic!() };
        lines[0].period.map(|period| period.end.to_rfc3339())
    };
    let next = "2026-02-10T10:00:00Z";
    let told = Some("2026-02-10T10:00:00+00:00".to_owned());
    assert_eq!(end("2026-01-10T12:00:07Z", next), told, "it is");
    assert_eq!(end("2026-01-10T11:59:30Z", next), told, "by another clock");
    assert_eq!(end("2026-02-10T11:00:00Z", "2026-03-10T10:00:00Z"), None, "asked for too late");
    assert_eq!(end("2025-12-10T11:00:00Z", "2026-01-10T10:00:00Z"), None, "and too early");
    assert_eq!(end("2026-01-10T12:00:07Z", AT), None, "no time at all");
}

#[test]
fn a_payment_that_nobody_explains_names_its_line_only() {
    let Kind::Paid { lines, .. } = only(told("PAYMENT.SALE.COMPLETED", &sale(), None)).kind else {
        panic!()
    };
    assert_eq!(lines[0].line, "subscription:I-1#0");
    assert!(lines[0].item.is_empty() && lines[0].period.is_none());
}

#[test]
fn what_went_back_is_negative_or_not() {
    for total in ["-49.00", "49.00"] {
        let mut refund = sale();
        refund["amount"]["total"] = json!(total);
        refund["sale_id"] = json!("SALE0");
        let notice = only(told("PAYMENT.SALE.REFUNDED", &refund, None));
        let Kind::Refunded { payment, amount, .. } = notice.kind else { panic!() };
        assert_eq!((payment.id.as_str(), amount.unwrap().minor), ("SALE0", 4_900));
    }
}

#[test]
fn every_outcome_of_a_dispute_is_won_or_lost() {
    use DisputeState::{Lost, Won};
    for (code, outcome) in [
        ("RESOLVED_BUYER_FAVOUR", Lost),
        ("ACCEPTED", Lost),
        ("RESOLVED_SELLER_FAVOUR", Won),
        ("CANCELED_BY_BUYER", Won),
        ("DENIED", Won),
        ("RESOLVED_WITH_PAYOUT", Won),
    ] {
        let dispute = json!({
            "dispute_id": "PP-D-1",
            "disputed_transactions": [{ "seller_transaction_id": "SALE1" }],
            "dispute_outcome": { "outcome_code": code },
        });
        let notice = only(told("CUSTOMER.DISPUTE.RESOLVED", &dispute, None));
        let Kind::Disputed { state, .. } = notice.kind else { panic!() };
        assert_eq!(state, outcome, "{code}");
    }
}

#[test]
fn the_sandbox_is_asked_of_its_own_events_and_nothing_is_asked_twice() {
    let asks = |host: &str, answered: bool| {
        let body = event("PAYMENT.SALE.COMPLETED", &sale(), host);
        let envelope = payload::envelope(&body).unwrap();
        let fetched = Fetched { status: 404, body: Vec::new() };
        let known = answered.then(|| ("subscription".to_owned(), fetched));
        let answers: Answers = known.into_iter().collect();
        let event = Event { answers: &answers, ..Event::of(&envelope, DateTime::UNIX_EPOCH) };
        let asks = PayPal.asks(&event).unwrap();
        asks.into_iter().map(|ask| format!("{}{}", ask.base, ask.path)).collect::<Vec<_>>()
    };
    assert_eq!(
        asks("api.paypal.com", false),
        ["https://api-m.paypal.com/v1/billing/subscriptions/I-1"]
    );
    assert_eq!(
        asks("api.sandbox.paypal.com", false),
        ["https://api-m.sandbox.paypal.com/v1/billing/subscriptions/I-1"]
    );
    assert!(asks("api.paypal.com", true).is_empty());
}

#[test]
fn an_id_that_would_lead_elsewhere_is_not_asked_for() {
    let mut sale = sale();
    sale["billing_agreement_id"] = json!("../../me?x=I-1");
    let body = event("PAYMENT.SALE.COMPLETED", &sale, "api.paypal.com");
    let envelope = payload::envelope(&body).unwrap();
    assert!(PayPal.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).is_err());
}
