//! What several events say together, and what is no payment.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::payload::envelope;
use super::read::event;
use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::{Event, Reading};

const AT: &str = "2025-10-09T23:59:58Z";

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

fn subscription(changes: &Value) -> Value {
    let told = json!({ "subscription_id": "sub_1", "product_id": "pdt_1", "quantity": 3,
        "status": "active", "created_at": AT, "previous_billing_date": AT,
        "next_billing_date": "2025-11-09T23:59:58Z", "trial_period_days": 0 });
    with(told, changes)
}

fn payment(changes: &Value) -> Value {
    let told = json!({ "payment_id": "pay_1", "subscription_id": "sub_1", "total_amount": 990,
        "currency": "EUR", "created_at": AT, "product_cart": null });
    with(told, changes)
}

fn charges(notice: &Notice) -> BTreeSet<Ref> {
    notice.refs.iter().filter(|r| r.thing == crate::notice::Thing::Invoice).cloned().collect()
}

#[test]
fn a_charge_is_one_payment_whatever_tells_of_it_and_the_next_is_another() {
    let active = one("subscription.active", &subscription(&json!({})));
    let renewed = one("subscription.renewed", &subscription(&json!({})));
    assert_eq!(active, renewed);
    let Kind::Paid { payment: name, .. } = &renewed.kind else { panic!("{renewed:?}") };
    assert!(charges(&renewed).contains(name));
    // The payment was a moment later, and already on the next day.
    let later = payment(&json!({ "created_at": "2025-10-10T00:00:03Z" }));
    let linked = one("payment.succeeded", &later);
    assert_eq!(linked.kind, Kind::Linked);
    assert!(linked.refs.contains(&Ref::payment("pay_1")));
    assert!(!charges(&linked).is_disjoint(&charges(&renewed)));
    let next = json!({ "previous_billing_date": "2025-10-10T23:59:58Z",
        "next_billing_date": "2025-10-11T23:59:58Z" });
    let next = one("subscription.renewed", &subscription(&next));
    assert!(charges(&next).is_disjoint(&charges(&renewed)));
}

#[test]
fn what_a_plan_change_costs_pays_no_period() {
    let settled =
        one("payment.succeeded", &payment(&json!({ "created_at": "2025-10-20T10:00:00Z" })));
    let renewed = one("subscription.renewed", &subscription(&json!({})));
    assert_eq!(settled.kind, Kind::Linked);
    assert!(charges(&settled).is_disjoint(&charges(&renewed)));
}

#[test]
fn a_trial_is_no_payment_until_its_days_are_over() {
    let trial = json!({ "trial_period_days": 14, "next_billing_date": "2025-10-23T23:59:58Z" });
    for name in ["subscription.active", "subscription.renewed"] {
        assert!(matches!(one(name, &subscription(&trial)).kind, Kind::Trial { .. }), "{name}");
    }
    let paid = json!({ "trial_period_days": 14, "previous_billing_date": "2025-10-23T23:59:58Z",
        "next_billing_date": "2025-11-23T23:59:58Z" });
    assert!(matches!(one("subscription.renewed", &subscription(&paid)).kind, Kind::Paid { .. }));
}

#[test]
fn what_is_told_late_shows_a_later_state_and_pays_nothing_that_is_open() {
    let late = subscription(&json!({ "status": "on_hold" }));
    assert!(matches!(one("subscription.active", &late).kind, Kind::Changed { .. }));
    assert!(matches!(one("subscription.renewed", &late).kind, Kind::Paid { .. }));
}

#[test]
fn a_repetition_whose_data_moved_on_is_the_same_event() {
    let body = |status: &str| {
        let data = subscription(&json!({ "status": status }));
        json!({ "type": "subscription.active", "timestamp": AT, "data": data }).to_string()
    };
    let told = |status: &str| envelope(Some("msg_1"), body(status).as_bytes()).unwrap();
    let (first, again) = (told("active"), told("cancelled"));
    assert_ne!(first.body, again.body);
    assert_eq!((first.id, first.content), (again.id, again.content));
}

#[test]
fn a_cancellation_ends_now_or_with_what_was_paid() {
    let ended = one("subscription.cancelled", &subscription(&json!({ "cancelled_at": AT })));
    assert_eq!(ended.kind, Kind::Ended { at: AT.parse().unwrap() });
    assert_eq!(ended.line.as_deref(), Some("subscription:sub_1#0"));
    let flag = subscription(&json!({ "cancel_at_next_billing_date": true }));
    assert!(matches!(one("subscription.cancelled", &flag).kind, Kind::Canceled { at: Some(_) }));
    let [_, canceled] =
        <[Notice; 2]>::try_from(read("subscription.updated", &flag).unwrap()).unwrap();
    assert!(matches!(canceled.kind, Kind::Canceled { .. }));
}

#[test]
fn disputes_close_by_their_type() {
    let told = json!({ "dispute_id": "dis_1", "payment_id": "pay_1", "amount": "990" });
    for (name, expected) in [
        ("dispute.opened", DisputeState::Opened),
        ("dispute.cancelled", DisputeState::Won),
        ("dispute.accepted", DisputeState::Lost),
        ("dispute.expired", DisputeState::Lost),
    ] {
        let Kind::Disputed { state, payment, .. } = one(name, &told).kind else { panic!("{name}") };
        assert_eq!((state, payment), (expected, Ref::payment("pay_1")), "{name}");
    }
    assert_eq!(read("dispute.challenged", &told), Ok(Vec::new()));
}

#[test]
fn one_payment_may_begin_several_subscriptions() {
    let several =
        payment(&json!({ "subscription_id": null, "subscription_ids": ["sub_2", "sub_1"] }));
    let linked = one("payment.succeeded", &several);
    assert_eq!(linked.refs.len(), 7);
    assert!(read("payment.succeeded", &payment(&json!({ "subscription_id": null }))).is_err());
}
