//! What several events say together, and what is no payment.

use serde_json::{Value, json};

use super::read::event;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::{Event, Reading};

const AT: &str = "2025-10-09T08:53:20Z";
const END: &str = "2025-11-09T08:53:20Z";

fn read(name: &str, data: &Value) -> Reading {
    let body = json!({ "type": name, "timestamp": AT, "data": data }).to_string();
    event(&Event::new(name, AT.parse().unwrap(), body.as_bytes()))
}

fn one(name: &str, data: &Value) -> Notice {
    let [notice] = <[Notice; 1]>::try_from(read(name, data).unwrap()).unwrap();
    notice
}

fn with(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn order(changes: &Value) -> Value {
    let subscription = json!({ "id": "s1", "status": "active", "current_period_start": AT,
        "current_period_end": END, "trial_end": null, "seats": 4 });
    let order = json!({ "id": "o1", "billing_reason": "subscription_create", "currency": "usd",
        "total_amount": 1190, "product_id": "p1", "subscription_id": "s1",
        "subscription": subscription,
        "items": [{ "product_price_id": "old", "proration": true }, { "product_price_id": "r1" }] });
    with(order, changes)
}

fn line(notice: &Notice) -> &Line {
    match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
            &lines[0]
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_that_is_paid_covers_the_period_of_its_subscription() {
    for reason in ["subscription_create", "subscription_cycle", "subscription_cycle_after_trial"] {
        let paid = one("order.paid", &order(&json!({ "billing_reason": reason })));
        assert_eq!(paid.refs, [Ref::subscription("s1"), Ref::order("o1")]);
        let line = line(&paid);
        assert_eq!((line.line.as_str(), line.quantity), ("subscription:s1#0", 4));
        assert_eq!(line.item, ["r1", "p1"], "a proration is not what was bought");
        assert_eq!(line.period.unwrap().end, END.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }
}

#[test]
fn changes_and_usage_are_billed_and_extend_nothing() {
    for reason in ["subscription_update", "subscription_meter_cycle"] {
        let order = order(&json!({ "billing_reason": reason }));
        assert_eq!(one("order.paid", &order).kind, Kind::Linked, "{reason}");
    }
    assert!(read("order.paid", &order(&json!({ "billing_reason": "barter" }))).is_err());
}

#[test]
fn nothing_for_a_trial_is_no_payment_and_a_gift_is_one() {
    let trial = json!({ "status": "trialing", "current_period_end": END, "trial_end": END });
    for status in ["trialing", "active"] {
        let tried = with(trial.clone(), &json!({ "status": status }));
        let order = order(&json!({ "total_amount": 0, "subscription": tried }));
        assert_eq!(one("order.paid", &order).kind, Kind::Linked, "{status}");
    }
    let gift = one("order.paid", &order(&json!({ "total_amount": 0 })));
    assert!(matches!(gift.kind, Kind::Paid { amount: Some(ref money), .. } if money.minor == 0));
}

#[test]
fn a_new_period_is_no_renewal_by_itself() {
    let subscription = json!({ "id": "s1", "status": "active", "product_id": "p1" });
    assert_eq!(read("subscription.cycled", &subscription), Ok(Vec::new()));
    assert_eq!(read("subscription.active", &subscription), Ok(Vec::new()));
    let changed = one("subscription.updated", &subscription);
    assert_eq!((line(&changed).period, line(&changed).quantity), (None, 1));
}

#[test]
fn refunds_count_with_their_tax_and_the_order_tells_the_sum() {
    let refund = json!({ "id": "r1", "status": "succeeded", "order_id": "o1", "currency": "usd",
        "amount": 1000, "tax_amount": 190 });
    let Kind::Refunded { amount, payment, .. } = one("refund.created", &refund).kind else {
        panic!("no refund")
    };
    assert_eq!((amount.unwrap().minor, payment), (1190, Ref::order("o1")));
    let told = order(&json!({ "refunded_amount": 1000, "refunded_tax_amount": 190 }));
    let Kind::Refunded { total, full, .. } = one("order.refunded", &told).kind else {
        panic!("no refund")
    };
    // Not by word: a refund that fails later must be able to take it back.
    assert!(total.unwrap().minor == 1190 && !full);
    let failed = with(refund.clone(), &json!({ "status": "failed" }));
    assert!(matches!(one("refund.updated", &failed).kind, Kind::RefundUndone { .. }));
    let huge = with(refund, &json!({ "amount": i64::MAX }));
    assert!(read("refund.created", &huge).is_err());
}
