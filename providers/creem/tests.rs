//! What several events say together, and what is no payment.

use serde_json::{Value, json};

use super::read::{ON_CANCEL, event};
use crate::notice::{Kind, Notice, Ref};
use crate::{Event, Reading, Settings};

const AT: &str = "2025-10-09T08:53:20Z";
const END: &str = "2025-11-09T08:53:20Z";

fn read_with(settings: &Settings, name: &str, object: &Value) -> Reading {
    let body = json!({ "id": "evt_1", "eventType": name, "object": object }).to_string();
    event(&Event { settings, ..Event::new(name, AT.parse().unwrap(), body.as_bytes()) })
}

fn read(name: &str, object: &Value) -> Reading {
    read_with(&Settings::new(), name, object)
}

fn one(name: &str, object: &Value) -> Notice {
    let [notice] = <[Notice; 1]>::try_from(read(name, object).unwrap()).unwrap();
    notice
}

fn with(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn subscription(changes: &Value) -> Value {
    let told = json!({ "id": "sub_1", "status": "active", "product": "prod_1",
        "customer": "cust_1", "last_transaction_id": "tran_1",
        "current_period_start_date": AT, "current_period_end_date": END });
    with(told, changes)
}

fn checkout(order_type: &str) -> Value {
    json!({ "id": "ch_1", "product": { "id": "prod_1" }, "units": 3, "subscription": { "id": "sub_1" },
        "customer": { "id": "cust_1", "email": "ada@example.com" },
        "order": { "id": "ord_1", "type": order_type, "transaction": "tran_1", "amount": 900,
            "amount_paid": 0, "currency": "EUR" } })
}

#[test]
fn a_subscription_is_paid_once_by_its_transaction() {
    let linked = one("checkout.completed", &checkout("recurring"));
    assert_eq!(linked.kind, Kind::Linked);
    let paid = one("subscription.paid", &subscription(&json!({})));
    let Kind::Paid { payment, lines, .. } = &paid.kind else { panic!("{paid:?}") };
    assert_eq!(*payment, Ref::payment("tran_1"));
    assert!(linked.refs.contains(payment) && linked.refs.contains(&Ref::subscription("sub_1")));
    assert_eq!((lines[0].item.as_slice(), lines[0].quantity), (&["prod_1".to_owned()][..], 1));
    assert!(lines[0].period.is_some());
    let unnamed = subscription(&json!({ "last_transaction_id": null }));
    assert!(read("subscription.paid", &unnamed).is_err());
}

#[test]
fn what_is_sold_once_is_paid_at_the_checkout_even_with_nothing() {
    let Kind::Paid { amount, lines, .. } = one("checkout.completed", &checkout("onetime")).kind
    else {
        panic!("not paid")
    };
    assert_eq!((amount.unwrap().minor, lines[0].quantity), (0, 3));
    assert!(read("checkout.completed", &checkout("barter")).is_err());
}

#[test]
fn active_pays_nothing_and_ends_a_pause() {
    assert_eq!(one("subscription.active", &subscription(&json!({}))).kind, Kind::Resumed);
    let paused = subscription(&json!({ "status": "paused" }));
    assert_eq!(read("subscription.active", &paused), Ok(Vec::new()));
    let kinds = |object: &Value| {
        let told = read("subscription.update", object).unwrap();
        told.iter().map(|notice| notice.kind.name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&subscription(&json!({}))), ["changed", "uncanceled", "resumed"]);
    assert_eq!(kinds(&paused), ["changed", "paused"]);
    let ends = subscription(&json!({ "status": "scheduled_cancel" }));
    assert_eq!(kinds(&ends), ["changed", "canceled"]);
    assert_eq!(kinds(&subscription(&json!({ "status": "trialing" }))), ["changed"]);
}

#[test]
fn the_rest_of_a_paid_period_is_for_the_vendor_to_decide() {
    let canceled = subscription(&json!({ "status": "canceled", "canceled_at": AT }));
    let kind = |word: &str| {
        let settings = Settings::from([(ON_CANCEL.to_owned(), word.to_owned())]);
        read_with(&settings, "subscription.canceled", &canceled).unwrap().remove(0).kind
    };
    let end = Kind::Canceled { at: Some(END.parse().unwrap()) };
    assert_eq!(one("subscription.canceled", &canceled).kind, end);
    assert_eq!(kind("period_end"), end);
    assert_eq!(kind("now"), Kind::Ended { at: AT.parse().unwrap() });
    let late = with(canceled, &json!({ "canceled_at": END }));
    assert!(matches!(one("subscription.canceled", &late).kind, Kind::Ended { .. }));
}

#[test]
fn each_item_of_a_subscription_is_a_line() {
    let items = json!([
        { "id": "sitem_1", "product_id": "prod_1", "price_id": "pprice_1", "units": 5 },
        { "id": "sitem_2", "product_id": "prod_2" }
    ]);
    let paid = one("subscription.paid", &subscription(&json!({ "items": items })));
    let Kind::Paid { lines, .. } = paid.kind else { panic!("not paid") };
    assert_eq!(lines[0].item, ["pprice_1", "prod_1"]);
    assert_eq!((lines[1].line.as_str(), lines[1].quantity), ("subscription:sub_1#1", 1));
    assert!(lines.iter().all(|line| line.period.is_some()));
}

#[test]
fn a_refund_is_full_by_what_was_paid() {
    let refund = |amount: i64, before: i64, status: &str| {
        let transaction = json!({ "id": "tran_1", "amount_paid": 900, "order": "ord_1",
            "subscription": "sub_1", "refunded_amount": before });
        one(
            "refund.created",
            &json!({ "id": "ref_1", "status": status, "refund_amount": amount,
                "refund_currency": "EUR", "transaction": transaction, "customer": "cust_1" }),
        )
    };
    let is_full = |notice: &Notice| matches!(notice.kind, Kind::Refunded { full: true, .. });
    assert!(is_full(&refund(900, 0, "succeeded")) && is_full(&refund(400, 900, "succeeded")));
    assert!(!is_full(&refund(400, 400, "succeeded")));
    assert!(matches!(refund(900, 0, "failed").kind, Kind::RefundUndone { .. }));
    assert_eq!(
        refund(900, 0, "succeeded").refs,
        [Ref::subscription("sub_1"), Ref::order("ord_1"), Ref::payment("tran_1")]
    );
}
