//! Chargebee's peculiarities, each by name.

use serde_json::{Value, json};

use super::*;
use crate::notice::{Kind, Notice};
use crate::read::Settings;
use crate::{Answers, Fetched};

const START: i64 = 1_767_225_600;
const END: i64 = 1_769_904_000;

fn told(event_type: &str, content: &Value) -> Reading {
    let body = json!({
        "id": "ev_1", "occurred_at": START, "event_type": event_type, "api_version": "v2",
        "content": content,
    });
    read_body(&body)
}

fn read_body(body: &Value) -> Reading {
    let envelope = payload::envelope(body.to_string().as_bytes())?;
    Chargebee.read(&Event::of(&envelope, DateTime::UNIX_EPOCH))
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind.name()).collect()
}

fn subscription() -> Value {
    json!({
        "id": "s1", "customer_id": "c1", "status": "active",
        "current_term_start": START, "current_term_end": END,
        "subscription_items": [{"item_price_id": "pro-USD", "item_type": "plan", "quantity": 3}],
    })
}

fn invoice(from: i64, to: i64) -> Value {
    json!({
        "id": "7", "subscription_id": "s1", "status": "paid", "total": 900, "amount_paid": 900,
        "currency_code": "USD",
        "line_items": [{
            "id": "li_1", "entity_type": "plan_item_price", "entity_id": "pro-USD",
            "quantity": 3, "date_from": from, "date_to": to,
        }],
    })
}

#[test]
fn a_proration_inside_the_term_is_no_payment() {
    let content = |from| json!({"subscription": subscription(), "invoice": invoice(from, END)});
    let whole = told("payment_succeeded", &content(START)).unwrap();
    assert_eq!(kinds(&whole), ["paid"]);
    let middle = told("payment_succeeded", &content(START + 86_400)).unwrap();
    assert_eq!(kinds(&middle), ["linked"]);
}

#[test]
fn an_invoice_alone_is_a_payment_only_where_it_can_be_no_proration() {
    let paid = |change: fn(&mut Value)| {
        let mut invoice = invoice(START, END);
        change(&mut invoice);
        kinds(&told("invoice_updated", &json!({ "invoice": invoice })).unwrap())
    };
    assert_eq!(paid(|_| {}), ["linked"]);
    assert_eq!(paid(|invoice| invoice["first_invoice"] = json!(true)), ["paid"]);
    assert_eq!(paid(|invoice| invoice["dunning_status"] = json!("success")), ["paid"]);
    assert_eq!(paid(|invoice| invoice["dunning_status"] = json!("in_progress")), ["linked"]);
}

#[test]
fn a_set_up_fee_has_the_plans_id_and_is_no_ware() {
    let mut invoice = invoice(START, START);
    invoice["line_items"][0]["entity_type"] = json!("plan_setup");
    let content = json!({"subscription": subscription(), "invoice": invoice});
    assert_eq!(kinds(&told("subscription_created", &content).unwrap()), ["linked"]);
}

#[test]
fn the_latest_of_several_items_of_one_line_counts() {
    let mut invoice = invoice(START, END);
    let usage = json!({
        "id": "li_0", "entity_type": "plan_item_price", "entity_id": "pro-USD", "quantity": 9,
        "date_from": START - 86_400, "date_to": START,
    });
    invoice["line_items"].as_array_mut().unwrap().push(usage);
    let content = json!({"subscription": subscription(), "invoice": invoice});
    let notices = told("subscription_renewed", &content).unwrap();
    let Kind::Paid { lines, .. } = &notices[0].kind else { panic!("{notices:?}") };
    assert_eq!((lines.len(), lines[0].quantity), (1, 3));
    assert_eq!(lines[0].period.unwrap().end.timestamp(), END);
}

#[test]
fn a_transaction_of_two_invoices_makes_no_one_payment_of_them() {
    let refs = |linked: Value| {
        let transaction = json!({"id": "txn_1", "type": "payment", "status": "success", "linked_invoices": linked});
        let content = json!({
            "subscription": subscription(), "invoice": invoice(START, END),
            "transaction": transaction,
        });
        let notices = told("payment_succeeded", &content).unwrap();
        notices[0].refs.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (one, other) = (json!({"invoice_id": "7"}), json!({"invoice_id": "8"}));
    assert_eq!(refs(json!([one])), ["subscription:s1", "invoice:7", "payment:txn_1"]);
    assert_eq!(refs(json!([one, other])), ["subscription:s1", "invoice:7"]);
}

#[test]
fn snapshots_of_one_second_are_told_apart_by_their_version() {
    let changed = |version: i64| {
        let mut subscription = subscription();
        subscription["resource_version"] = json!(version);
        let notices = told("subscription_changed", &json!({"subscription": subscription}));
        notices.unwrap()[0].occurred_at
    };
    assert!(changed(START * 1_000 + 10) < changed(START * 1_000 + 900));
}

#[test]
fn only_version_2_is_read_and_a_canned_event_never() {
    let body = |version: &str, customer: &str| {
        read_body(&json!({
            "id": "ev_1", "occurred_at": START, "event_type": "customer_changed",
            "api_version": version, "content": {"customer": {"id": customer}},
        }))
    };
    assert_eq!(kinds(&body("v2", "c1").unwrap()), ["customer"]);
    assert_eq!(body("v1", "c1").unwrap_err().code(), "unsupported_format");
    assert_eq!(body("v2", "cbdemo_dave").unwrap(), []);
}

#[test]
fn where_the_site_is_named_its_word_counts_and_not_the_body() {
    let body = |event_id: &str| {
        json!({
            "id": event_id, "occurred_at": START, "event_type": "payment_succeeded",
            "api_version": "v2",
            "content": {"subscription": subscription(), "invoice": invoice(START, END)},
        })
    };
    let settings = Settings::from([("api_url".to_owned(), "https://kw.chargebee.com".to_owned())]);
    let told = |event_id: &str, answer: Option<(u16, Value)>| {
        let envelope = payload::envelope(body(event_id).to_string().as_bytes()).unwrap();
        let fetched = answer.map(|(status, body)| {
            ("event".to_owned(), Fetched { status, body: body.to_string().into_bytes() })
        });
        let answers = Answers::from_iter(fetched);
        let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
        let event = Event { settings: &settings, answers: &answers, ..event };
        let asked =
            Chargebee.asks(&event).map(|asks| asks.into_iter().map(|ask| ask.path).collect());
        (asked, Chargebee.read(&event))
    };
    let asked = |event_id: &str| -> Result<Vec<String>, Unread> { told(event_id, None).0 };
    assert_eq!(asked("ev_1"), Ok(vec!["/api/v2/events/ev_1".to_owned()]));
    assert!(asked("../customers").is_err());

    let mut theirs = body("ev_1");
    theirs["content"]["invoice"]["status"] = json!("payment_due");
    let (again, read) = told("ev_1", Some((200, json!({ "event": theirs }))));
    assert_eq!((again, kinds(&read.unwrap())), (Ok(vec![]), vec!["linked"]));
    assert!(told("ev_1", Some((404, json!({})))).1.is_err());
    theirs["event_type"] = json!("subscription_created");
    assert!(told("ev_1", Some((200, json!({ "event": theirs })))).1.is_err());
}
