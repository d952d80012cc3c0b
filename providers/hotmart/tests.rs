//! What is special about Hotmart.

use serde_json::{Value, json};

use super::*;
use crate::Secret;
use crate::notice::{Kind, Notice, Ref};

fn credentials() -> Credentials {
    Credentials::of(vec![Secret::with_min("kwHottok0001", 8).unwrap()])
}

fn sold(more: &Value) -> Value {
    let purchase = json!({
        "transaction": "HP1", "price": { "value": 98.5, "currency_value": "BRL" },
        "offer": { "code": "kw-pro" },
    });
    json!({ "product": { "id": 7 }, "purchase": crate::sample::extended(purchase, more.clone()) })
}

fn subscribed(more: &Value) -> Value {
    let subscription = json!({ "subscription": { "subscriber": { "code": "ABC" } } });
    crate::sample::extended(sold(more), subscription)
}

fn read(event_type: &str, data: &Value) -> Vec<Notice> {
    let body = data.to_string();
    let at = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    Hotmart.read(&Event::new(event_type, at, body.as_bytes())).unwrap()
}

fn kinds(event_type: &str, data: &Value) -> Vec<&'static str> {
    read(event_type, data).iter().map(|notice| notice.kind.name()).collect()
}

#[test]
fn a_token_in_the_body_is_never_kept() {
    for data in [r#""data":{"a":1},"#, ""] {
        let body =
            format!(r#"{{"id":"e",{data}"creation_date":1,"event":"x","hottok":"kwHottok0001"}}"#);
        for header in [None, Some("kwHottok0001")] {
            let headers: Vec<_> =
                header.iter().map(|token| (TOKEN.to_owned(), (*token).to_owned())).collect();
            let request = Request::post(&headers, body.as_bytes());
            let verified = Hotmart.verify(&request, &credentials(), DateTime::UNIX_EPOCH).unwrap();
            // What is kept where the frame cannot be read.
            assert!(!verified.body().windows(3).any(|window| window == b"Hot"));
            if let Ok(envelopes) = Hotmart.envelopes(&request, &verified) {
                assert_eq!(envelopes[0].body, br#"{"a":1}"#);
            }
        }
    }
}

#[test]
fn a_wrong_token_in_the_header_is_not_outweighed_by_one_in_the_body() {
    let headers = vec![(TOKEN.to_owned(), "kwHottok0002".to_owned())];
    let request = Request::post(&headers, br#"{"hottok":"kwHottok0001"}"#);
    let refused = Hotmart.verify(&request, &credentials(), DateTime::UNIX_EPOCH).err();
    assert_eq!(refused, Some(Reject::Wrong));
}

#[test]
fn approved_and_complete_are_one_payment_and_one_line() {
    for data in [sold(&json!({})), subscribed(&json!({ "recurrence_number": 1 }))] {
        let paid = |event_type: &str| match &read(event_type, &data)[0].kind {
            Kind::Paid { payment, lines, .. } => (payment.clone(), lines[0].line.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(paid("PURCHASE_APPROVED"), paid("PURCHASE_COMPLETE"));
        assert_eq!(paid("PURCHASE_COMPLETE").0, Ref::payment("HP1"));
    }
}

#[test]
fn the_status_outranks_the_name_of_the_event() {
    let of = |event_type: &str, status: &str| {
        kinds(event_type, &sold(&json!({ "status": status }))).first().copied()
    };
    assert_eq!(of("PURCHASE_APPROVED", "REFUNDED"), Some("refunded"));
    assert_eq!(of("PURCHASE_APPROVED", "BILLET_PRINTED"), None);
    assert_eq!(of("PURCHASE_APPROVED", "DISPUTE"), None);
    assert_eq!(of("PURCHASE_COMPLETE", "CHARGEBACK"), Some("disputed"));
    assert_eq!(of("PURCHASE_REFUNDED", ""), Some("refunded"));
}

#[test]
fn what_was_never_paid_ends_no_subscription() {
    assert_eq!(kinds("PURCHASE_EXPIRED", &sold(&json!({}))), ["ended"]);
    assert_eq!(kinds("PURCHASE_EXPIRED", &subscribed(&json!({}))), [""; 0]);
    assert_eq!(kinds("PURCHASE_DELAYED", &sold(&json!({}))), [""; 0]);
    assert_eq!(kinds("PURCHASE_DELAYED", &subscribed(&json!({}))), ["payment_failed"]);
}

#[test]
fn the_next_payment_revives_what_was_canceled() {
    let renewal = subscribed(&json!({ "recurrence_number": 3 }));
    assert_eq!(kinds("PURCHASE_APPROVED", &renewal), ["paid", "uncanceled"]);
    // The end of the warranty says nothing of the kind.
    assert_eq!(kinds("PURCHASE_COMPLETE", &renewal), ["paid"]);
}

#[test]
fn a_price_with_more_digits_than_money_has_is_not_told() {
    let amount = |price: Value| match &read("PURCHASE_APPROVED", &sold(&json!({ "price": price })))
        [0]
    .kind
    {
        Kind::Paid { amount, .. } => amount.as_ref().map(|money| money.minor),
        other => panic!("{other:?}"),
    };
    assert_eq!(amount(json!({ "value": 98.5, "currency_value": "BRL" })), Some(9_850));
    assert_eq!(amount(json!({ "value": 98, "currency_value": "BRL" })), Some(9_800));
    assert_eq!(amount(json!({ "value": 98.123, "currency_value": "BRL" })), None);
    assert_eq!(amount(json!({ "value": 98.5 })), None);
}
