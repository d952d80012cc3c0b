//! What several events say together, and what must not be believed.

use serde_json::{Value, json};

use super::read::{asks, event};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::{Answers, Event, Fetched, Reading};

const AT: &str = "2025-10-09T08:53:20Z";

fn read(name: &str, id: &str, attributes: &Value, answers: &Answers) -> Reading {
    let body =
        json!({ "meta": { "event_name": name }, "data": { "id": id, "attributes": attributes } });
    let body = body.to_string();
    event(&Event { answers, ..Event::new(name, AT.parse().unwrap(), body.as_bytes()) })
}

fn one(name: &str, id: &str, attributes: &Value) -> Notice {
    let notices = read(name, id, attributes, &Answers::new()).unwrap();
    let [notice] = <[Notice; 1]>::try_from(notices).unwrap();
    notice
}

fn order(changes: Value) -> Value {
    let item = json!({ "id": 77, "product_id": 5, "variant_id": 6, "quantity": 2 });
    with(
        json!({ "status": "paid", "currency": "USD", "subtotal": 1000, "total": 1190,
                "discount_total": 0, "setup_fee": 0, "first_order_item": item }),
        changes,
    )
}

fn subscription(changes: Value) -> Value {
    with(
        json!({ "order_id": 42, "order_item_id": 77, "product_id": 5, "variant_id": 6,
                "status": "active", "created_at": AT, "renews_at": "2025-11-09T08:53:20Z",
                "first_subscription_item": { "quantity": 2 } }),
        changes,
    )
}

fn invoice(changes: Value) -> Value {
    with(
        json!({ "subscription_id": 9, "billing_reason": "renewal", "status": "paid",
                "currency": "USD", "total": 1190, "created_at": AT }),
        changes,
    )
}

fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn paid(notice: &Notice) -> (&Ref, &Line) {
    match &notice.kind {
        Kind::Paid { payment, lines, .. } => (payment, &lines[0]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn order_and_subscription_tell_of_one_payment_and_one_line() {
    let order = one("order_created", "42", &order(json!({})));
    let created = one("subscription_created", "9", &subscription(json!({})));
    let ((first, ordered), (second, subscribed)) = (paid(&order), paid(&created));
    assert_eq!((first, second), (&Ref::order("42"), &Ref::order("42")));
    assert_eq!(subscribed.alias, std::slice::from_ref(&ordered.line));
    assert_eq!((&ordered.item, ordered.quantity), (&subscribed.item, 2));
    assert!(ordered.period.is_none() && subscribed.period.is_some());
}

#[test]
fn the_initial_invoice_is_the_payment_of_the_order_and_pays_nothing_itself() {
    let created = one("subscription_created", "9", &subscription(json!({})));
    let initial = invoice(json!({ "billing_reason": "initial" }));
    let linked = one("subscription_payment_success", "31", &initial);
    assert_eq!(linked.kind, Kind::Linked);
    let shared: Vec<&Ref> = linked.refs.iter().filter(|r| created.refs.contains(r)).collect();
    assert_eq!(shared, [&Ref::subscription("9"), &Ref::payment("9/initial")]);
    let back = with(initial, json!({ "status": "refunded", "refunded_amount": 1190 }));
    let refunded = one("subscription_payment_refunded", "31", &back);
    assert!(refunded.refs.contains(&Ref::payment("9/initial")));
}

#[test]
fn a_change_costs_something_and_extends_nothing() {
    let updated = invoice(json!({ "billing_reason": "updated" }));
    assert_eq!(one("subscription_payment_success", "32", &updated).kind, Kind::Linked);
    let none = Answers::new();
    assert_eq!(read("subscription_payment_failed", "32", &updated, &none), Ok(Vec::new()));
}

#[test]
fn nothing_is_a_gift_with_a_discount_and_else_no_payment() {
    let gift = order(json!({ "total": 0, "discount_total": 1000 }));
    assert_eq!(paid(&one("order_created", "42", &gift)).0, &Ref::order("42"));
    for nothing in [
        json!({ "total": 0, "subtotal": 0 }),
        json!({ "total": 0 }),
        json!({ "total": 595, "subtotal": 500, "setup_fee": 500 }),
    ] {
        assert_eq!(one("order_created", "42", &order(nothing)).kind, Kind::Linked);
    }
    for status in ["pending", "failed", "fraudulent"] {
        let order = order(json!({ "status": status }));
        assert_eq!(read("order_created", "42", &order, &Answers::new()), Ok(Vec::new()));
    }
}

#[test]
fn only_a_pause_that_takes_the_use_away_suspends() {
    let pause = |mode: &str| subscription(json!({ "pause": { "mode": mode } }));
    assert_eq!(one("subscription_paused", "9", &pause("void")).kind, Kind::Paused);
    assert_eq!(read("subscription_paused", "9", &pause("free"), &Answers::new()), Ok(Vec::new()));
}

fn renewed(told: Value) -> Option<String> {
    let body = json!({ "data": { "id": "9", "attributes": subscription(told) } }).to_string();
    let answer = Fetched { status: 200, body: body.into_bytes() };
    let answers = Answers::from([("subscription".to_owned(), answer)]);
    let renewal = invoice(json!({}));
    let notices = read("subscription_payment_success", "33", &renewal, &answers).unwrap();
    let (payment, line) = paid(&notices[0]);
    assert_eq!((payment, line.line.as_str()), (&Ref::invoice("33"), "subscription:9#0"));
    assert!(line.item.is_empty(), "what it is stands as others tell it");
    line.period.map(|period| period.end.to_rfc3339())
}

#[test]
fn the_period_that_is_looked_up_is_one_that_was_paid() {
    let end = Some("2025-11-09T08:53:20+00:00".to_owned());
    assert_eq!(renewed(json!({})), end);
    let ends = json!({ "status": "cancelled", "ends_at": "2025-11-09T08:53:20Z" });
    assert_eq!(renewed(ends), end);
    for other in [
        json!({ "status": "past_due" }),
        json!({ "status": "expired" }),
        json!({ "renews_at": "2025-10-09T08:53:20Z" }),
        json!({ "renews_at": null }),
    ] {
        assert_eq!(renewed(other.clone()), None, "{other}");
    }
}

#[test]
fn only_a_renewal_is_looked_up_once_and_by_a_number() {
    let asked = |subscription: Value, reason: &str| {
        let changes = json!({ "subscription_id": subscription, "billing_reason": reason });
        let body = json!({ "data": { "id": "33", "attributes": invoice(changes) } }).to_string();
        let event =
            Event::new("subscription_payment_success", AT.parse().unwrap(), body.as_bytes());
        asks(&event).unwrap().into_iter().map(|ask| ask.path).collect::<Vec<_>>()
    };
    assert_eq!(asked(json!(9), "renewal"), ["/v1/subscriptions/9"]);
    assert!(asked(json!(9), "initial").is_empty());
    assert!(asked(json!("9/../../users/me?x"), "renewal").is_empty());
}

#[test]
fn a_partial_refund_must_say_how_much() {
    let partial = order(json!({ "status": "partial_refund" }));
    assert!(read("order_refunded", "42", &partial, &Answers::new()).is_err());
    let Kind::Refunded { full, total, .. } =
        one("order_refunded", "42", &order(json!({ "status": "fraudulent" }))).kind
    else {
        panic!("no refund")
    };
    assert!(full && total.is_none());
}

#[test]
fn an_order_is_also_known_by_what_its_buyer_sees() {
    let seen = "104e18a2-d755-4d4b-80c4-a6c1dcbe1c10";
    let known = ["order:42".to_owned(), format!("order:{seen}")];
    for (event, status) in [("order_created", "paid"), ("order_refunded", "refunded")] {
        let told = order(json!({ "identifier": seen, "status": status, "refunded_amount": 1190 }));
        let refs: Vec<_> = one(event, "42", &told).refs.iter().map(ToString::to_string).collect();
        assert_eq!(refs, known, "{event}");
    }
    let refs = one("order_created", "42", &order(json!({ "identifier": " " }))).refs;
    assert_eq!(refs, [Ref::order("42")]);
}
