//! Recurly's peculiarities, each by name.

use serde_json::{Value, json};

use super::*;
use crate::notice::{Kind, Notice};
use crate::{Answers, Fetched};

const AT: &str = "2026-01-10T12:00:00Z";

/// Asks, answers and reads, as the shell does.
fn told(event_type: &str, api: &[(&str, Value)]) -> (Vec<String>, Reading) {
    let (object, verb) = event_type.split_once('.').unwrap();
    let body = json!({
        "id": "kw1", "object_type": object, "event_type": verb, "event_time": AT,
        "site_id": "kwsite",
    });
    let envelope = frame::envelope(body.to_string().as_bytes()).unwrap();
    let (mut answers, mut asked) = (Answers::new(), Vec::new());
    loop {
        let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
        let event = Event { answers: &answers, ..event };
        let asks = Recurly.asks(&event).unwrap();
        if asks.is_empty() {
            return (asked, Recurly.read(&event));
        }
        for ask in asks {
            let answer = api.iter().find(|(path, _)| *path == ask.path);
            let (status, body) = answer.map_or((404, &Value::Null), |(_, body)| (200, body));
            let fetched = Fetched { status, body: body.to_string().into_bytes() };
            answers.insert(ask.name, fetched);
            asked.push(ask.path);
        }
    }
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind.name()).collect()
}

fn line(origin: &str, code: (&str, &str), more: &Value) -> Value {
    let mut line = json!({
        "id": "li1", "type": "charge", "origin": origin, "quantity": 3,
        "start_date": "2026-01-10T12:00:00Z", "end_date": "2026-02-10T12:00:00Z",
    });
    line[code.0] = json!(code.1);
    for (name, value) in more.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

fn invoice(state: &str, line_items: &Value) -> Value {
    json!({
        "id": "kw1", "type": "charge", "origin": "renewal", "state": state, "currency": "EUR",
        "total": 49.9, "subscription_ids": ["s1"], "line_items": line_items,
        "closed_at": "2026-01-10T11:59:58Z",
    })
}

fn of_invoice(state: &str, line_items: &Value) -> Vec<Notice> {
    told("charge_invoice.paid", &[("/invoices/kw1", invoice(state, line_items))]).1.unwrap()
}

#[test]
fn an_event_only_says_where_to_look() {
    let plan = json!([line("plan", ("plan_code", "pro"), &json!({"subscription_id": "s1"}))]);
    let api = [("/invoices/kw1", invoice("paid", &plan))];
    let (asked, paid) = told("charge_invoice.paid", &api);
    assert_eq!((asked, kinds(&paid.unwrap())), (vec!["/invoices/kw1".to_owned()], vec!["paid"]));
    // Paid before it was asked for: one payment, told alike by both events.
    let late = told("charge_invoice.past_due", &api).1.unwrap();
    assert_eq!(late, told("charge_invoice.paid", &api).1.unwrap());
    assert!(told("charge_invoice.paid", &[]).1.is_err());
    assert_eq!(told("account.updated", &[]).1, Ok(vec![]));
}

#[test]
fn a_renewal_extends_nothing_before_its_invoice_is_paid() {
    assert_eq!(told("subscription.renewed", &[]), (vec![], Ok(vec![])));
    let plan = json!([line("plan", ("plan_code", "pro"), &json!({"subscription_id": "s1"}))]);
    assert_eq!(kinds(&of_invoice("pending", &plan)), Vec::<&str>::new());
    assert_eq!(kinds(&of_invoice("past_due", &plan)), ["payment_failed"]);
}

#[test]
fn what_was_prorated_is_no_payment() {
    let rated = |rate: Value| {
        let more = json!({"subscription_id": "s1", "proration_rate": rate});
        kinds(&of_invoice("paid", &json!([line("plan", ("plan_code", "pro"), &more)])))
    };
    assert_eq!(rated(json!(null)), ["paid"]);
    assert_eq!(rated(json!(1.0)), ["paid"]);
    assert_eq!(rated(json!(0.53)), ["linked"]);
}

#[test]
fn fees_credits_and_charges_without_a_code_are_no_ware() {
    let of = |line: Value| kinds(&of_invoice("paid", &json!([line])));
    let of_subscription = json!({"subscription_id": "s1"});
    assert_eq!(of(line("setup_fee", ("plan_code", "pro"), &of_subscription)), ["linked"]);
    let credit = json!({"type": "credit", "subscription_id": "s1"});
    assert_eq!(of(line("plan", ("plan_code", "pro"), &credit)), ["linked"]);
    assert_eq!(of(line("debit", ("description", "Extra hours"), &json!({}))), ["linked"]);
    assert_eq!(of(line("one_time", ("item_code", "perpetual"), &json!({}))), ["paid"]);
}

#[test]
fn lines_come_as_a_list_or_as_a_page_but_never_in_part() {
    let plan = line("plan", ("plan_code", "pro"), &json!({"subscription_id": "s1"}));
    let page = json!({"object": "list", "has_more": false, "data": [plan]});
    assert_eq!(of_invoice("paid", &page), of_invoice("paid", &json!([plan])));
    let mut more = invoice("paid", &json!([plan]));
    more["has_more_line_items"] = json!(true);
    assert!(told("charge_invoice.paid", &[("/invoices/kw1", more)]).1.is_err());
}

#[test]
fn a_refund_finds_the_invoice_of_the_payment_that_it_takes_back() {
    let refund = |status: &str| {
        json!({
            "id": "kw1", "type": "refund", "status": status, "amount": 49.9, "currency": "EUR",
            "invoice": {"id": "credit1"}, "original_transaction_id": "txn0",
        })
    };
    let original = json!({
        "id": "txn0", "type": "purchase", "status": "success", "amount": 49.9, "currency": "EUR",
        "invoice": {"id": "inv0"},
    });
    let api =
        |status| [("/transactions/kw1", refund(status)), ("/transactions/txn0", original.clone())];
    let (asked, read) = told("payment.refunded", &api("success"));
    assert_eq!(asked, ["/transactions/kw1", "/transactions/txn0"]);
    let notices = read.unwrap();
    let Kind::Refunded { payment, amount, .. } = &notices[0].kind else { panic!("{notices:?}") };
    assert_eq!(
        (payment.to_string().as_str(), amount.as_ref().unwrap().minor),
        ("invoice:inv0", 4_990)
    );
    let undone = told("payment.transaction_status_updated", &api("void")).1.unwrap();
    assert_eq!(kinds(&undone), ["refund_undone"]);
    assert!(told("payment.refunded", &api("success")[..1]).1.is_err());
}

#[test]
fn a_failed_checkout_concerns_no_subscription() {
    let declined = |subscriptions: Value| {
        let transaction = json!({
            "id": "kw1", "type": "purchase", "status": "declined", "amount": 5, "currency": "EUR",
            "subscription_ids": subscriptions,
        });
        kinds(&told("payment.failed", &[("/transactions/kw1", transaction)]).1.unwrap())
    };
    assert_eq!(declined(json!([])), Vec::<&str>::new());
    assert_eq!(declined(json!(["s1"])), ["payment_failed"]);
}

#[test]
fn an_id_that_leads_elsewhere_is_not_asked_for() {
    let body = json!({
        "id": "../accounts/code-x", "object_type": "account", "event_type": "updated",
        "event_time": AT,
    });
    let envelope = frame::envelope(body.to_string().as_bytes()).unwrap();
    assert!(Recurly.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).is_err());
}
