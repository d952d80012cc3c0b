//! What the settings can say, and what is not guessed.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::StandardWebhooks;
use super::read::{envelope, event};
use crate::notice::{Kind, Notice, Ref};
use crate::{Credentials, Event, Provider, Reading, Reject, Request, Secret, Settings, Unread};

const AT: &str = "2025-10-09T08:53:20Z";

fn settings(told: &[(&str, &str)]) -> Settings {
    told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(told: &[(&str, &str)], event_type: &str, body: &Value) -> Reading {
    let (settings, body) = (settings(told), body.to_string());
    let at: DateTime<Utc> = AT.parse().unwrap();
    event(&Event { settings: &settings, ..Event::new(event_type, at, body.as_bytes()) })
}

fn one(told: &[(&str, &str)], event_type: &str, body: &Value) -> Notice {
    let [notice] = <[Notice; 1]>::try_from(read(told, event_type, body).unwrap()).unwrap();
    notice
}

fn payment(notice: &Notice) -> &Ref {
    match &notice.kind {
        Kind::Paid { payment, .. } | Kind::Refunded { payment, .. } => payment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sender_with_words_of_its_own_is_mapped_by_settings() {
    let told = [
        ("events_paid", "sale.completed sale.renewed"),
        ("order_id", "/sale/number"),
        ("product", "/sale/sku /sale/family"),
        ("quantity", "/sale/count"),
        ("email", "/buyer/mail"),
        ("period_end", "/sale/until"),
        ("amount", "/sale/price"),
        ("currency", "/sale/money"),
        ("amounts", "decimal"),
    ];
    let body = json!({ "sale": { "number": 4711, "sku": "pro-1", "family": "pro", "count": "3",
        "until": 1_791_536_000, "price": "19.90", "money": "eur" },
        "buyer": { "mail": "ada@example.com" } });
    let notice = one(&told, "sale.completed", &body);
    let Kind::Paid { payment, amount, lines } = &notice.kind else { panic!("{notice:?}") };
    assert_eq!((payment, amount.as_ref().unwrap().minor), (&Ref::order("4711"), 1_990));
    assert_eq!(
        (lines[0].item.as_slice(), lines[0].quantity),
        (&["pro-1".to_owned(), "pro".to_owned()][..], 3)
    );
    assert_eq!(lines[0].period.unwrap().end.timestamp(), 1_791_536_000);
    assert_eq!(notice.customer.unwrap().email.as_deref(), Some("ada@example.com"));
    // What is set replaces what holds otherwise.
    assert_eq!(read(&told, "order.paid", &body), Ok(Vec::new()));
}

#[test]
fn what_is_set_counts_before_what_is_not() {
    let told = [("events_ended", "subscription.canceled")];
    let body = json!({ "data": { "id": "sub_1", "plan": 1 } });
    assert!(matches!(one(&told, "subscription.canceled", &body).kind, Kind::Ended { .. }));
    assert!(matches!(one(&[], "subscription.canceled", &body).kind, Kind::Canceled { .. }));
}

#[test]
fn renewals_of_one_order_are_payments_of_their_own() {
    let renewed = |end: &str| {
        let data = json!({ "id": "sub_1", "order_id": "ord_1", "current_period_end": end });
        one(&[], "subscription.renewed", &json!({ "data": data }))
    };
    let (first, second) = (renewed("2026-10-09T00:00:00Z"), renewed("2027-10-09T00:00:00Z"));
    assert_ne!(payment(&first), payment(&second));
    let unnamed = json!({ "data": { "id": "sub_1", "plan": 1 } });
    let words = read(&[], "subscription.renewed", &unnamed).unwrap_err().to_string();
    assert!(words.contains("payment_id") && words.contains("period_end"), "{words}");
}

#[test]
fn a_thin_event_says_that_it_would_have_to_be_fetched() {
    let thin = json!({ "type": "order.paid", "data": { "id": "ord_1" } });
    let unread = read(&[], "order.paid", &thin).unwrap_err();
    assert!(matches!(&unread, Unread::Format(words) if words.contains("fetched")), "{unread}");
    let empty = json!({ "type": "order.paid", "data": { "note": 1 } });
    assert!(matches!(read(&[], "order.paid", &empty), Err(Unread::Format(_))));
}

#[test]
fn a_refund_is_of_all_unless_it_says_how_much() {
    let whole = json!({ "data": { "id": "ord_1", "status": "refunded", "amount": 900, "currency": "EUR" } });
    let Kind::Refunded { full, total, .. } = one(&[], "order.refunded", &whole).kind else {
        panic!("no refund")
    };
    assert!(full && total.is_none());
    let sum = json!({ "data": { "id": "ord_1", "refunded_amount": 300, "currency": "EUR" } });
    let Kind::Refunded { full, total, refund, .. } = one(&[], "order.refunded", &sum).kind else {
        panic!("no refund")
    };
    assert_eq!((full, total.unwrap().minor, refund.as_str()), (false, 300, "order:ord_1"));
    let part = json!({ "data": { "id": "re_1", "payment_id": "pay_1", "amount": 300, "currency": "EUR" } });
    let Kind::Refunded { full, amount, refund, .. } = one(&[], "refund.succeeded", &part).kind
    else {
        panic!("no refund")
    };
    assert_eq!((full, amount.unwrap().minor, refund.as_str()), (false, 300, "re_1"));
}

#[test]
fn an_id_that_is_none_ties_nobody() {
    for wrong in [json!("a b"), json!(-1), json!(1.5), json!(true), json!([])] {
        let body = json!({ "data": { "order_id": wrong, "product_id": "p" } });
        assert!(read(&[], "order.paid", &body).is_err(), "{wrong}");
    }
    let blank = json!({ "data": { "id": " ", "order_id": null, "product_id": "p" } });
    assert!(matches!(read(&[], "order.paid", &blank), Err(Unread::Format(_))));
}

#[test]
fn a_frame_needs_neither_type_nor_time() {
    let bare = envelope(Some("msg_1"), b"{\"event\":\"sale\",\"timestamp\":\"soon\"}").unwrap();
    assert_eq!((bare.event_type.as_str(), bare.occurred_at), ("sale", None));
    assert_eq!(envelope(None, b"{}").unwrap().event_type, "unknown");
}

const BODY: &[u8] =
    br#"{"type":"license.test","timestamp":"2025-10-09T08:53:20Z","data":{"id":"obj_1"}}"#;

fn verify(
    told: &[(&str, &str)],
    secret: &str,
    prefix: &str,
    signature: &str,
) -> Result<(), Reject> {
    let at = DateTime::from_timestamp(1_760_000_000, 0).unwrap() + TimeDelta::seconds(5);
    let headers: Vec<(String, String)> =
        [("id", "msg_kw0001"), ("timestamp", "1760000000"), ("signature", signature)]
            .map(|(name, value)| (format!("{prefix}-{name}"), value.to_owned()))
            .into();
    let credentials = Credentials {
        settings: settings(told),
        ..Credentials::of(vec![Secret::new(secret).unwrap()])
    };
    StandardWebhooks.verify(&Request::post(&headers, BODY), &credentials, at).map(|_| ())
}

const SECRET: &str = "whsec_a2V5d3JpZ2h0LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=";
const V1: &str = "v1,RSMjC/OF5VuC5OYOt4IaI5Id9zJQyYHSEunyXdJkk6o=";

#[test]
fn shared_secrets_and_public_keys_open_under_either_name_of_the_headers() {
    for prefix in ["webhook", "svix"] {
        assert_eq!(verify(&[], SECRET, prefix, V1), Ok(()));
        let v1a = "v1a,BrYj7fgmKsygQwQ93zEbCQOJqJQD/1FXTPjKNhuXak9PHEUUhVyq6+qoldZ9qPpMYxiaRZHE7wluMzMAjzxMBw==";
        let public = "whpk_1wtfnbYD1xoYAgPayU7O0xR3JMZtqdi5JSUS7wKJ8p8=";
        assert_eq!(verify(&[], public, prefix, v1a), Ok(()));
        assert_eq!(verify(&[], public, prefix, V1), Err(Reject::Wrong));
    }
    let supabase = format!("v1,{SECRET}");
    assert_eq!(verify(&[], &supabase, "webhook", V1), Ok(()));
}

#[test]
fn how_a_secret_is_the_key_is_a_setting() {
    assert_eq!(verify(&[("key", "both")], SECRET, "webhook", V1), Ok(()));
    assert_eq!(verify(&[("key", "raw")], SECRET, "webhook", V1), Err(Reject::Wrong));
    assert_eq!(verify(&[("key", "base64")], SECRET, "webhook", V1), Ok(()));
}
