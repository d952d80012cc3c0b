//! What is special about Adyen.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::Secret;
use crate::notice::{Kind, Notice, Ref};
use crate::read::Settings;

const KEY: &str = "A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90";

fn credentials() -> Credentials {
    Credentials::of(vec![Secret::new(KEY).unwrap()])
}

fn item(code: &str, more: &Value) -> Value {
    let mut item = json!({
        "pspReference": "KW1", "merchantAccountCode": "KeywrightCOM", "merchantReference": "o:1",
        "amount": { "value": 1500, "currency": "EUR" }, "eventCode": code, "success": "true",
        "eventDate": "2025-10-09T10:53:20+02:00",
        "additionalData": { "metadata.product": "kw-pro" },
    });
    let fields = more.as_object().unwrap().clone();
    item.as_object_mut().unwrap().extend(fields);
    item
}

fn delivery(items: &[Value]) -> Sample {
    let items: Vec<Value> =
        items.iter().map(|item| json!({ "NotificationRequestItem": item })).collect();
    Sample::json("x", &json!({ "live": "false", "notificationItems": items }))
}

fn verify(sample: &Sample, credentials: &Credentials) -> Result<(), Reject> {
    Adyen.verify(&sample.request(), credentials, DateTime::UNIX_EPOCH).map(drop)
}

fn signed(sample: Sample) -> Sample {
    Adyen.sign(sample, &credentials(), DateTime::UNIX_EPOCH)
}

fn read_with(item: &Value, settings: &Settings) -> Reading {
    let code = item["eventCode"].as_str().unwrap();
    let body = item.to_string();
    let event = Event::new(code, DateTime::UNIX_EPOCH, body.as_bytes());
    Adyen.read(&Event { settings, ..event })
}

fn read(item: &Value) -> Vec<Notice> {
    read_with(item, &Settings::new()).unwrap()
}

#[test]
fn one_item_that_is_not_signed_right_spoils_the_delivery() {
    let sample = signed(delivery(&[item("AUTHORISATION", &json!({})), item("REFUND", &json!({}))]));
    assert_eq!(verify(&sample, &credentials()), Ok(()));
    let mut document: Value = serde_json::from_slice(&sample.body).unwrap();
    let mut forged = |pointer: &str, value: Value| {
        let before = std::mem::replace(document.pointer_mut(pointer).unwrap(), value);
        let sample = Sample { body: document.to_string().into_bytes(), ..sample.clone() };
        *document.pointer_mut(pointer).unwrap() = before;
        verify(&sample, &credentials())
    };
    let second = "/notificationItems/1/NotificationRequestItem";
    assert_eq!(forged(&format!("{second}/amount/value"), json!(1)), Err(Reject::Wrong));
    assert_eq!(forged(&format!("{second}/additionalData"), json!({})), Err(Reject::Missing));
    assert_eq!(forged("/notificationItems", json!([])), Err(Reject::Missing));
}

#[test]
fn fields_cannot_run_into_each_other() {
    // Both would be signed as `KW1::KeywrightCOM:o:1:1500:EUR:REFUND:true`.
    let one = signed(delivery(&[item("REFUND", &json!({}))]));
    assert_eq!(verify(&one, &credentials()), Ok(()));
    let shifted = json!({ "merchantAccountCode": "KeywrightCOM:o", "merchantReference": "1" });
    let two = signed(delivery(&[item("REFUND", &shifted)]));
    assert_eq!(verify(&two, &credentials()), Err(Reject::Malformed));
}

#[test]
fn a_body_that_is_signed_as_a_whole_is_so_to_its_last_bit() {
    let body = br#"{"type":"recurring.token.created","eventId":"E1"}"#.to_vec();
    let sample = signed(Sample { body, ..Sample::json("x", &Value::Null) });
    let signature = "xzV5DcU/BnjoLbEyS2qNSyQPvd9SS9DxD2sv8+frz1g=";
    assert_eq!(sample.header(SIGNATURE), Some(signature));
    assert_eq!(verify(&sample, &credentials()), Ok(()));
    for bit in 0..sample.body.len() * 8 {
        let mut forged = sample.clone();
        forged.body[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&forged, &credentials()).is_err(), "{bit}");
    }
}

#[test]
fn a_password_that_is_set_is_asked_for_beside_the_signature() {
    let sample = signed(delivery(&[item("REFUND", &json!({}))]));
    let password = Secret::new("correct horse battery").unwrap();
    let half =
        Credentials { keys: BTreeMap::from([(PASSWORD.to_owned(), password)]), ..credentials() };
    assert_eq!(verify(&sample, &half), Err(Reject::NoSecret));
    let user = (USERNAME.to_owned(), "adyen".to_owned());
    let both = Credentials { settings: Settings::from([user]), ..half };
    assert_eq!(verify(&sample, &both), Err(Reject::Missing));
    let sample = Adyen.sign(sample, &both, DateTime::UNIX_EPOCH);
    assert_eq!(verify(&sample, &both), Ok(()));
    let other = Secret::new("correct horse bettery").unwrap();
    let keys = BTreeMap::from([(PASSWORD.to_owned(), other)]);
    assert_eq!(verify(&sample, &Credentials { keys, ..both }), Err(Reject::Wrong));
}

#[test]
fn captured_by_hand_the_authorisation_pays_for_nothing_and_the_capture_does() {
    let by_hand = Settings::from([(read::CAPTURE.to_owned(), "manual".to_owned())]);
    let data = json!({"metadata.product": "kw-pro", "metadata.subscription": "S"});
    let authorised = item("AUTHORISATION", &json!({ "additionalData": data }));
    let [authorised] = read_with(&authorised, &by_hand).unwrap().try_into().unwrap();
    let Kind::Changed { lines, .. } = &authorised.kind else { panic!("{authorised:?}") };
    let capture = json!({"pspReference": "KW2", "originalReference": "KW1"});
    let [captured] = read(&item("CAPTURE", &capture)).try_into().unwrap();
    let Kind::Paid { payment, lines: paid, .. } = &captured.kind else { panic!("{captured:?}") };
    assert_eq!(payment, &Ref::payment("KW1"));
    assert!(lines[0].alias.contains(&paid[0].line));
    assert_eq!(lines[0].line, "subscription:S#0");
    // Without the product nobody would know what the capture pays for.
    let unsaid = item("AUTHORISATION", &json!({"additionalData": {"metadata.subscription": "S"}}));
    assert!(read_with(&unsaid, &by_hand).is_err());
    assert_eq!(read(&unsaid)[0].kind.name(), "paid");
}

#[test]
fn a_stored_card_is_no_purchase_and_only_a_renewal_fails() {
    let stored = json!({"amount": {"value": 0, "currency": "EUR"}});
    assert_eq!(read(&item("AUTHORISATION", &stored)), []);
    let failed = |interaction: &str| {
        let data = json!({"shopperInteraction": interaction, "metadata.subscription": "S"});
        read(&item("AUTHORISATION", &json!({"success": "false", "additionalData": data})))
    };
    assert_eq!(failed("Ecommerce"), []);
    assert_eq!(failed("ContAuth")[0].kind, Kind::PaymentFailed);
    assert_eq!(failed("ContAuth")[0].refs, [Ref::subscription("S")]);
}

#[test]
fn all_that_is_told_of_one_dispute_has_one_name() {
    let dispute = |code: &str, own: &str| {
        let more = json!({"pspReference": own, "originalReference": "KW1"});
        match &read(&item(code, &more))[0].kind {
            Kind::Disputed { dispute, payment, .. } => (dispute.clone(), payment.clone()),
            other => panic!("{other:?}"),
        }
    };
    let opened = dispute("NOTIFICATION_OF_CHARGEBACK", "D1");
    assert_eq!(opened, dispute("CHARGEBACK_REVERSED", "D2"));
    assert_eq!(opened.1, Ref::payment("KW1"));
}

#[test]
fn what_the_merchant_calls_an_order_ties_nothing() {
    let notices = read(&item("AUTHORISATION", &json!({})));
    assert_eq!(notices[0].refs, [Ref::payment("KW1")]);
}
