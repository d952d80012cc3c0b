//! The rules of BigCommerce that no other provider has.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::callback::STORE_HASH;
use super::read::DEMAND_CAPTURED;
use super::{BigCommerce, HEADER_TOKEN};
use crate::notice::{DisputeState, Kind, Notice};
use crate::{
    Answers, Auth, Credentials, Event, Fetched, Need, Provider, Reject, Request, Secret, Settings,
    Unread,
};

const BODY: &[u8] = br#"{"scope":"store/order/statusUpdated","store_id":"1001","data":{"type":"order","id":250,"status":{"previous_status_id":0,"new_status_id":11}},"hash":"kwhash0001","created_at":1767323045,"producer":"stores/kwstore"}"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_323_046, 0).unwrap()
}

fn signed() -> Vec<(String, String)> {
    [
        ("webhook-id", "msg_kw_bc_1"),
        ("webhook-timestamp", "1767323046"),
        ("webhook-signature", "v1,Z+JWM5C+YivIWxtYGRBozQTW0cIXBF9IVeZkJXwzk40="),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn credentials() -> Credentials {
    let secret = Secret::new("kwbcclientsecret0123456789abcdef").unwrap();
    let token = Secret::new("kw-header-token-1").unwrap();
    Credentials {
        keys: BTreeMap::from([(HEADER_TOKEN.to_owned(), token)]),
        ..Credentials::of(vec![secret])
    }
}

fn verify(headers: &[(String, String)], body: &[u8], at: DateTime<Utc>) -> Result<(), Reject> {
    BigCommerce.verify(&Request::post(headers, body), &credentials(), at).map(|_| ())
}

#[test]
fn a_signature_speaks_of_every_byte_and_of_the_time() {
    assert_eq!(verify(&signed(), BODY, now()), Ok(()));
    for position in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[position] ^= 1;
        assert_eq!(verify(&signed(), &body, now()), Err(Reject::Wrong), "{position}");
    }
    assert_eq!(verify(&signed(), BODY, now() + TimeDelta::seconds(301)), Err(Reject::Stale));
}

#[test]
fn the_token_stands_in_only_where_there_is_no_signature() {
    let token = |text: &str| ("authorization".to_owned(), text.to_owned());
    assert_eq!(verify(&[token("Bearer kw-header-token-1")], BODY, now()), Ok(()));
    assert_eq!(verify(&[token("Bearer kw-header-token-2")], BODY, now()), Err(Reject::Wrong));
    assert_eq!(verify(&[token("kw-header-token-1")], BODY, now()), Err(Reject::Malformed));
    assert_eq!(verify(&[], BODY, now()), Err(Reject::Missing));
    let mut both = signed();
    both.push(token("Bearer kw-header-token-1"));
    assert_eq!(verify(&both, b"{}", now()), Err(Reject::Wrong));
}

fn settings(more: &[(&str, &str)]) -> Settings {
    let all = [(STORE_HASH, "kwstore")].into_iter().chain(more.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn body(previous: u32) -> Value {
    json!({
        "scope": "store/order/statusUpdated", "producer": "stores/kwstore",
        "data": {"type": "order", "id": 250, "status": {"previous_status_id": previous}},
    })
}

fn order(status: u32, change: impl Fn(&mut Value)) -> Value {
    let mut order = json!({
        "id": 250, "status_id": status, "currency_code": "EUR", "total_inc_tax": "98.0000",
        "refunded_amount": "0.0000", "payment_status": "captured", "customer_id": 0,
    });
    change(&mut order);
    order
}

fn read_of(body: &Value, order: &Value, more: &[(&str, &str)]) -> Result<Vec<Notice>, Unread> {
    let product = json!([{"id": 9, "product_id": 7, "variant_id": 0, "sku": "", "quantity": 2}]);
    let fetched = |body: &Value| Fetched { status: 200, body: body.to_string().into_bytes() };
    let answers: Answers = [("order", fetched(order)), ("products", fetched(&product))]
        .map(|(name, answer)| (name.to_owned(), answer))
        .into();
    let (settings, body) = (settings(more), body.to_string());
    let event = Event::new("store/order/statusUpdated", now(), body.as_bytes());
    BigCommerce.read(&Event { settings: &settings, answers: &answers, ..event })
}

fn kinds(previous: u32, order: &Value) -> Vec<&'static str> {
    let told = read_of(&body(previous), order, &[]).unwrap();
    told.iter().map(|notice| notice.kind.name()).collect()
}

#[test]
fn an_order_and_its_products_are_asked_for_once() {
    let (settings, body) = (settings(&[]), body(0).to_string());
    let event = Event::new("store/order/statusUpdated", now(), body.as_bytes());
    let event = Event { settings: &settings, ..event };
    let asks = BigCommerce.asks(&event).unwrap();
    let paths: Vec<_> = asks.iter().map(|ask| ask.path.as_str()).collect();
    assert_eq!(
        paths,
        ["/stores/kwstore/v2/orders/250", "/stores/kwstore/v2/orders/250/products?limit=250"]
    );
    let auth = Auth::Header { name: "X-Auth-Token", prefix: "", setting: "api_token" };
    assert!(asks.iter().all(|ask| ask.auth == auth && ask.need == Need::Always));
    let gone = Fetched { status: 404, body: Vec::new() };
    let answers: Answers = asks.into_iter().map(|ask| (ask.name, gone.clone())).collect();
    let event = Event { answers: &answers, ..event };
    assert_eq!(BigCommerce.asks(&event), Ok(Vec::new()));
    assert_eq!(BigCommerce.read(&event), Ok(Vec::new()));
}

#[test]
fn nothing_is_asked_of_another_store_or_of_what_is_no_number() {
    let asks = |body: &Value, store: &str| {
        let mut settings = settings(&[]);
        settings.insert(STORE_HASH.to_owned(), store.to_owned());
        let body = body.to_string();
        let event = Event::new("store/order/statusUpdated", now(), body.as_bytes());
        BigCommerce.asks(&Event { settings: &settings, ..event })
    };
    assert!(asks(&body(0), "kwstore").is_ok());
    assert!(asks(&body(0), "other").is_err());
    assert!(asks(&body(0), "../kwstore").is_err());
    for id in [json!("250/../customers"), json!("250?x"), json!(null), json!(-1)] {
        let mut body = body(0);
        body["data"]["id"] = id;
        assert!(asks(&body, "kwstore").is_err(), "{body}");
    }
}

#[test]
fn the_order_counts_and_not_what_the_callback_says() {
    for status in [2, 3, 8, 9, 10, 11] {
        assert_eq!(kinds(0, &order(status, |_| ())), ["paid"], "{status}");
    }
    for status in [0, 1, 7, 12, 99] {
        assert_eq!(kinds(11, &order(status, |_| ())), [""; 0], "{status}");
    }
    let wrong = order(11, |order| order["id"] = json!(251));
    assert!(read_of(&body(0), &wrong, &[]).is_err());
}

#[test]
fn an_old_order_that_goes_on_today_was_paid_when_it_was_placed() {
    let paid_at = |previous: u32, placed: &str| {
        let told = order(10, |order| order["date_created"] = json!(placed));
        read_of(&body(previous), &told, &[]).unwrap()[0].occurred_at.date_naive().to_string()
    };
    let old = "Thu, 01 Jun 2023 10:00:00 +0000";
    assert_eq!(paid_at(2, old), "2023-06-01");
    // It left that it was unpaid, or is not that old.
    assert_eq!(paid_at(7, old), "2026-01-02");
    assert_eq!(paid_at(2, "Fri, 02 Jan 2026 03:04:01 +0000"), "2026-01-02");
}

#[test]
fn refunds_are_a_running_total() {
    assert_eq!(kinds(11, &order(4, |_| ())), ["paid", "refunded"]);
    let part = order(14, |order| order["refunded_amount"] = json!("20.0000"));
    let told = read_of(&body(11), &part, &[]).unwrap();
    let Kind::Refunded { total, amount, full, .. } = &told[1].kind else { panic!("{told:?}") };
    assert_eq!((total.as_ref().unwrap().minor, amount, *full), (2_000, &None, false));
}

#[test]
fn what_was_never_paid_takes_nothing_back() {
    let unpaid = |status| order(status, |order| order["payment_status"] = json!("void"));
    for status in [5, 6] {
        assert_eq!(kinds(7, &unpaid(status)), [""; 0]);
        assert_eq!(kinds(11, &unpaid(status)), ["paid", "refunded"]);
        assert_eq!(kinds(7, &order(status, |_| ())), ["paid", "refunded"]);
    }
}

#[test]
fn a_dispute_is_closed_by_the_status_that_follows() {
    let state = |previous, status| {
        let told = read_of(&body(previous), &order(status, |_| ()), &[]).unwrap();
        told.into_iter().find_map(|notice| match notice.kind {
            Kind::Disputed { state, .. } => Some(state),
            _ => None,
        })
    };
    assert_eq!(state(11, 13), Some(DisputeState::Opened));
    assert_eq!(state(13, 10), Some(DisputeState::Won));
    assert_eq!(state(13, 4), Some(DisputeState::Lost));
    assert_eq!(state(11, 10), None);
}

#[test]
fn the_vendor_may_wait_for_the_money() {
    let reserved = order(11, |order| order["payment_status"] = json!("authorized"));
    assert_eq!(read_of(&body(0), &reserved, &[]).unwrap().len(), 1);
    assert_eq!(read_of(&body(0), &reserved, &[(DEMAND_CAPTURED, "yes")]), Ok(Vec::new()));
}
