//! What is special about SendOwl.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::Secret;
use crate::notice::{Kind, Notice, Ref};
use crate::read::Settings;

fn credentials() -> Credentials {
    let secret = |text: &str| Secret::with_min(text, 8).unwrap();
    Credentials {
        keys: BTreeMap::from([(url::SIGNING_KEY.to_owned(), secret("kwOwlKey"))]),
        ..Credentials::of(vec![secret("kwOwlSecret")])
    }
}

fn order(state: &str, more: &Value) -> Value {
    let order = json!({
        "id": 77, "state": state, "settled_currency": "GBP", "settled_gross": "£12.50",
        "cart": { "cart_items": [{ "quantity": 2, "product": { "id": 5 } }] },
    });
    json!({ "order": crate::sample::extended(order, more.clone()) })
}

fn read_with(event_type: &str, body: &Value, settings: &Settings) -> Reading {
    let body = body.to_string();
    let at = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    let event = Event::new(event_type, at, body.as_bytes());
    SendOwl.read(&Event { settings, ..event })
}

fn read(event_type: &str, body: &Value) -> Vec<Notice> {
    read_with(event_type, body, &Settings::new()).unwrap()
}

fn fulfil(query: &str) -> Result<(), Reject> {
    let inlet = Inlet::Fulfil;
    let request = Request { inlet, method: "GET", query, ..Request::post(&[], b"") };
    SendOwl.verify(&request, &credentials(), DateTime::UNIX_EPOCH).map(drop)
}

fn payment(notice: &Notice) -> &Ref {
    match &notice.kind {
        Kind::Paid { payment, .. } => payment,
        other => panic!("{other:?}"),
    }
}

fn line(notice: &Notice) -> &crate::notice::Line {
    match &notice.kind {
        Kind::Paid { lines, .. } => &lines[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_are_signed_decoded_and_by_name() {
    let signature = "signature=quLL%2FsmyQ9jBV2dUHWHcJ6DXQ9w%3D";
    let rest = "order_id=77&buyer_name=Ada+Test&product_id=5&buyer_email=ada%40example.com";
    assert_eq!(fulfil(&format!("{rest}&{signature}")), Ok(()));
    assert_eq!(fulfil(&format!("{signature}&{}", rest.replace('+', "%20"))), Ok(()));
    assert_eq!(fulfil(&format!("{rest}1&{signature}")), Err(Reject::Wrong));
    assert_eq!(fulfil(rest), Err(Reject::Missing));
    assert_eq!(fulfil(&format!("{rest}&{signature}&{signature}")), Err(Reject::Doubled));
}

#[test]
fn a_name_with_an_ampersand_is_read_as_it_was_signed() {
    let sample = Sample {
        inlet: Inlet::Fulfil,
        method: "GET",
        query: "order_id=77&product_id=5&buyer_name=A%26B%3DC".to_owned(),
        ..Sample::json("x", &Value::Null)
    };
    let sample = SendOwl.sign(sample, &credentials(), DateTime::UNIX_EPOCH);
    assert_eq!(fulfil(&sample.query), Ok(()));
    let event = Event::new(url::EVENT_TYPE, DateTime::UNIX_EPOCH, sample.query.as_bytes());
    let notices = SendOwl.read(&event).unwrap();
    assert_eq!(notices[0].customer.as_ref().unwrap().name.as_deref(), Some("A&B=C"));
}

#[test]
fn the_request_for_a_key_is_the_first_payment_and_the_line_of_the_order() {
    let query = b"order_id=0077&product_id=05";
    let event = Event::new(url::EVENT_TYPE, DateTime::UNIX_EPOCH, query);
    let asked = SendOwl.read(&event).unwrap();
    let told = read("order_completed", &order("complete", &json!({ "id": "00077" })));
    assert_eq!(payment(&asked[0]), payment(&told[0]));
    assert_eq!(line(&asked[0]).line, line(&told[0]).line);
    assert_eq!(line(&asked[0]).item, line(&told[0]).item);
    assert!(asked[0].refs.iter().any(|one| told[0].refs.contains(one)));
    assert_eq!(url::envelope(query).id.as_deref(), Some("fulfil:77/5"));
}

#[test]
fn payments_are_counted_and_never_taken_for_the_first_one() {
    let paid = |transactions: usize| {
        let one = json!({ "gateway_transaction_id": "x", "payment_gross": "12.50" });
        let list = vec![one; transactions];
        let order = order("subscription_active", &json!({ "transactions": list }));
        let told = read("new_payment", &order);
        payment(&told[0]).clone()
    };
    assert_eq!((paid(1), paid(2)), (Ref::payment("77/1"), Ref::payment("77/2")));
    let ids = order("subscription_active", &json!({ "gateway_transaction_ids": ["a", "b"] }));
    assert_eq!(payment(&read("new_payment", &ids)[0]), &Ref::payment("77/2"));
    // Nothing to count: no guess.
    let silent = order("subscription_active", &json!({}));
    assert!(read_with("new_payment", &silent, &Settings::new()).is_err());
    assert_eq!(payment(&read("order_completed", &silent)[0]), &Ref::payment("77/1"));
    assert_eq!(read("subscription_setup", &silent)[0].kind.name(), "changed");
}

#[test]
fn the_state_outranks_the_header_that_nobody_signed() {
    let kind = |event_type: &str, state: &str| {
        read(event_type, &order(state, &json!({}))).first().map(|notice| notice.kind.name())
    };
    assert_eq!(kind("order_completed", "refunded"), Some("refunded"));
    assert_eq!(kind("order_completed", "fraud_review"), None);
    assert_eq!(kind("order_completed", "chargeback"), Some("disputed"));
    assert_eq!(kind("something else", "complete"), Some("paid"));
}

#[test]
fn free_orders_are_a_choice() {
    let ignore = Settings::from([(read::FREE_ORDERS.to_owned(), "ignore".to_owned())]);
    let free = order("complete", &json!({ "settled_gross": "0.00" }));
    for event_type in ["free_order_issued", "order_imported"] {
        assert_eq!(read_with(event_type, &free, &ignore), Ok(vec![]));
        assert_eq!(read(event_type, &free)[0].kind.name(), "paid");
    }
    assert_eq!(read_with("order_completed", &free, &ignore).unwrap().len(), 1);
}

#[test]
fn an_amount_may_wear_its_symbol() {
    let amount = |gross: &str| {
        let told = read("order_completed", &order("complete", &json!({ "settled_gross": gross })));
        match &told[0].kind {
            Kind::Paid { amount, .. } => amount.as_ref().map(|money| money.minor),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        [amount("£12.50"), amount("1,012.50"), amount("free")],
        [Some(1_250), Some(101_250), None]
    );
}

#[test]
fn what_stands_in_the_cart_twice_is_one_line() {
    let item = |kind: &str, id: u64| json!({ "quantity": 1, kind: { "id": id } });
    let items = [item("product", 5), item("package", 5), item("product", 5)];
    let cart = json!({ "cart": { "cart_items": items } });
    let told = read("order_completed", &order("complete", &cart));
    let Kind::Paid { lines, .. } = &told[0].kind else { panic!("{told:?}") };
    let lines: Vec<_> = lines.iter().map(|line| (line.line.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("order:77/5", 2), ("order:77/package-5", 1)]);
}

#[test]
fn an_answer_without_a_key_is_a_failure() {
    let request = Request::post(&[], b"");
    let answer =
        |keys: &[String]| SendOwl.keys_answer(keys, &request, &credentials(), DateTime::UNIX_EPOCH);
    assert_eq!(
        (answer(&["K".to_owned()]).status, answer(&["K".to_owned()]).body),
        (200, "K".to_owned())
    );
    assert_eq!(answer(&[]).status, 503);
}
