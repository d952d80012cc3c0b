//! What several events say together, and what is no payment.

use serde_json::{Value, json};

use super::Creem;
use super::read::{ON_CANCEL, event};
use crate::notice::{Kind, Notice, Ref};
use crate::{
    Credentials, Event, FIVE_MINUTES, Provider as _, Reading, Reject, Request, Secret, Settings,
};

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

const BODY: &[u8] = br#"{"id":"evt_kwcreem02","eventType":"subscription.paid","created_at":1760000000000,"object":{"id":"sub_kw","object":"subscription","mode":"test"}}"#;
const KEY: &str = "whsec_a2V5d3JpZ2h0LWNyZWVtLXRlc3Qta2V5LTQzMjE=";
/// Made with npm creem 1.13.0's own rule, and accepted by it.
const STANDARD: [(&str, &str); 3] = [
    ("webhook-id", "msg_kwcreem01"),
    ("webhook-timestamp", "1760000000"),
    ("webhook-signature", "v1,x9EdLPIFqp4mVpjckx2ePicGTBfi9v/Wf1bT/LjYc9o="),
];
const OWN: (&str, &str) =
    ("creem-signature", "119ec34896b37f625b6b5e9793e60564e36b6f7a29e8bfc729bc88f14163fc6e");

fn verify(headers: &[(&str, &str)], body: &[u8], late_s: i64) -> Result<(), Reject> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let headers: Vec<(String, String)> = headers.iter().map(owned).collect();
    let credentials = Credentials {
        secrets: vec![Secret::new(KEY).unwrap()],
        keys: std::collections::BTreeMap::new(),
        settings: Settings::new(),
        tolerance: FIVE_MINUTES,
    };
    let now = chrono::DateTime::from_timestamp(1_760_000_000 + late_s, 0).unwrap();
    Creem.verify(&Request::post(&headers, body), &credentials, now).map(drop)
}

#[test]
fn each_of_the_two_signatures_is_enough_and_only_one_of_them_has_a_time() {
    assert_eq!(verify(&STANDARD, BODY, 0), Ok(()));
    assert_eq!(verify(&[OWN], BODY, 0), Ok(()));
    for (late_s, told) in [(300, Ok(())), (301, Err(Reject::Stale)), (-301, Err(Reject::Stale))] {
        assert_eq!(verify(&STANDARD, BODY, late_s), told, "{late_s}");
        assert_eq!(verify(&[OWN], BODY, late_s), Ok(()), "{late_s}");
    }
}

#[test]
fn another_bit_of_a_standard_delivery_is_refused_wherever_it_stands() {
    for place in 0..STANDARD.len() {
        let value = STANDARD[place].1;
        for bit in 0..value.len() * 8 {
            let mut bytes = value.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            let mut headers = STANDARD;
            headers[place].1 = &flipped;
            assert!(verify(&headers, BODY, 0).is_err(), "bit {bit} of {}", STANDARD[place].0);
        }
    }
    for bit in 0..BODY.len() * 8 {
        let mut body = BODY.to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&STANDARD, &body, 0).is_err(), "bit {bit} of the body");
    }
}

#[test]
fn a_wrong_signature_is_not_made_good_by_the_other_one() {
    let [id, time, _] = STANDARD;
    let wrong = ("webhook-signature", "v1,RSMjC/OF5VuC5OYOt4IaI5Id9zJQyYHSEunyXdJkk6o=");
    assert_eq!(verify(&[id, time, wrong, OWN], BODY, 0), Err(Reject::Wrong));
    assert_eq!(verify(&[id, wrong, OWN], BODY, 0), Err(Reject::Missing));
    assert_eq!(verify(&[time, wrong, OWN], BODY, 0), Err(Reject::Missing));
    let [_, _, right] = STANDARD;
    assert_eq!(verify(&[id, time, right, right], BODY, 0), Err(Reject::Doubled));
    let other =
        ("creem-signature", "dc08b5ba0dbc0edb537bfcd8291fba5497a549b617c1ad1654b8e2a8bc542104");
    assert_eq!(verify(&[id, time, other], BODY, 0), Err(Reject::Wrong));
    // Without its signature a delivery is none of Standard Webhooks, and its own header counts.
    assert_eq!(verify(&[id, time, OWN], BODY, 0), Ok(()));
}
