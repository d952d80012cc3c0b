//! The rules of Shopify that no other provider has.

use serde_json::{Value, json};

use super::{SHOP, SIGNATURE, Shopify};
use crate::notice::{DisputeState, Kind, Line, Notice};
use crate::{Credentials, Event, Provider, Reject, Request, Secret, Unread};

fn order(change: impl Fn(&mut Value)) -> Value {
    let mut order = json!({
        "id": 5_550_001_112_223_334_445_u64, "financial_status": "paid", "currency": "EUR",
        "total_price": "98.00",
        "line_items": [{
            "id": 901, "variant_id": 77, "product_id": 66, "sku": "kw-pro", "quantity": 2,
            "current_quantity": 2,
        }],
        "refunds": [],
    });
    change(&mut order);
    order
}

fn read(topic: &str, body: &Value) -> Result<Vec<Notice>, Unread> {
    let at = "2026-01-10T12:00:00Z".parse().unwrap();
    Shopify.read(&Event::new(topic, at, body.to_string().as_bytes()))
}

fn lines(notices: &[Notice]) -> &[Line] {
    match &notices[0].kind {
        Kind::Paid { lines, .. } => lines,
        other => panic!("{other:?}"),
    }
}

fn refund(transactions: &Value, lines: &Value) -> Value {
    json!({
        "id": 31, "order_id": 9, "created_at": "2026-01-11T12:00:00+01:00",
        "refund_line_items": lines, "transactions": transactions,
    })
}

#[test]
fn every_topic_of_an_order_tells_the_same_payment() {
    let told = order(|_| ());
    let paid = read("orders/paid", &told).unwrap();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0].refs[0].to_string(), "order:5550001112223334445");
    for topic in ["orders/create", "orders/updated", "orders/cancelled"] {
        assert_eq!(read(topic, &told).unwrap(), paid, "{topic}");
    }
}

#[test]
fn an_order_is_known_by_the_number_that_people_know() {
    let told = order(|order| order["name"] = json!("#1001"));
    let refs: Vec<_> =
        read("orders/paid", &told).unwrap()[0].refs.iter().map(ToString::to_string).collect();
    assert_eq!(refs, ["order:1001", "order:5550001112223334445"]);
}

#[test]
fn an_old_order_that_is_changed_today_was_paid_when_it_was_placed() {
    let paid_at = |topic: &str, placed: &str, terms: Value| {
        let told = order(|order| {
            order["processed_at"] = json!(placed);
            order["payment_terms"] = terms.clone();
        });
        read(topic, &told).unwrap()[0].occurred_at.date_naive().to_string()
    };
    let old = "2023-06-01T10:00:00+02:00";
    assert_eq!(paid_at("orders/updated", old, Value::Null), "2023-06-01");
    assert_eq!(paid_at("orders/cancelled", old, Value::Null), "2023-06-01");
    // Paid just now: it says so, may take its time, or was waited for.
    assert_eq!(paid_at("orders/paid", old, Value::Null), "2026-01-10");
    assert_eq!(
        paid_at("orders/updated", old, json!({"payment_terms_name": "Net 30"})),
        "2026-01-10"
    );
    assert_eq!(paid_at("orders/updated", "2026-01-05T10:00:00Z", Value::Null), "2026-01-10");
}

#[test]
fn what_is_not_paid_is_no_payment_whatever_the_topic_says() {
    for status in ["pending", "authorized", "partially_paid", "voided"] {
        let told = order(|order| order["financial_status"] = json!(status));
        assert_eq!(read("orders/paid", &told).unwrap(), [], "{status}");
    }
    assert!(read("orders/paid", &refund(&json!([]), &json!([]))).is_err());
}

#[test]
fn a_quantity_is_what_an_edit_left_and_refunds_take_their_own() {
    let edited = order(|order| order["line_items"][0]["current_quantity"] = json!(1));
    assert_eq!(lines(&read("orders/updated", &edited).unwrap())[0].quantity, 1);
    let refunded = order(|order| {
        order["line_items"][0]["current_quantity"] = json!(1);
        let line = json!([{"line_item_id": 901, "quantity": 1}]);
        order["refunds"] = json!([refund(&json!([]), &line)]);
        order["refunds"][0]["order_id"] = order["id"].clone();
    });
    let told = read("orders/updated", &refunded).unwrap();
    assert_eq!(lines(&told)[0].quantity, 2);
    let Kind::Refunded { lines, .. } = &told[1].kind else { panic!("{told:?}") };
    assert_eq!(lines[0].quantity, Some(1));
}

#[test]
fn only_an_order_of_one_line_can_be_a_contracts() {
    let one = read("orders/paid", &order(|_| ())).unwrap();
    assert_eq!(lines(&one)[0].alias, ["order:5550001112223334445#0"]);
    let two = order(|order| {
        let mut line = order["line_items"][0].clone();
        line["id"] = json!(902);
        order["line_items"].as_array_mut().unwrap().push(line);
    });
    let two = read("orders/paid", &two).unwrap();
    assert!(lines(&two).iter().all(|line| line.alias.is_empty()));
}

#[test]
fn a_gift_card_is_no_license_and_a_custom_item_has_its_title() {
    let card = order(|order| order["line_items"][0]["gift_card"] = json!(true));
    assert_eq!(read("orders/paid", &card).unwrap(), []);
    let custom = order(|order| {
        order["line_items"][0] = json!({"id": 901, "title": "By hand", "quantity": 1});
    });
    assert_eq!(lines(&read("orders/paid", &custom).unwrap())[0].item, ["By hand"]);
}

#[test]
fn money_is_back_when_it_really_went() {
    let line = json!([{"line_item_id": 901, "quantity": 1}]);
    let moved = |status: &str, kind: &str| json!([{"kind": kind, "status": status, "amount": "49.00", "currency": "EUR"}]);
    let kind = |transactions: &Value| {
        read("refunds/create", &refund(transactions, &line)).unwrap().pop().map(|n| n.kind)
    };
    let Some(Kind::Refunded { amount, .. }) = kind(&moved("success", "refund")) else { panic!() };
    assert_eq!(amount.unwrap().minor, 4_900);
    assert!(matches!(kind(&json!([])), Some(Kind::Refunded { amount: None, .. })));
    assert!(matches!(kind(&moved("failure", "refund")), Some(Kind::RefundUndone { .. })));
    assert_eq!(kind(&moved("pending", "refund")), None);
    assert_eq!(kind(&moved("success", "void")), None);
}

#[test]
fn a_dispute_is_a_chargeback_until_it_is_decided() {
    let told = |kind: &str, status: &str| {
        let dispute = json!({
            "id": 8, "order_id": 9, "type": kind, "amount": "49.00", "currency": "EUR",
            "status": status, "initiated_at": "2026-01-11T12:00:00Z", "finalized_on": null,
        });
        read("disputes/update", &dispute).unwrap()
    };
    let state = |notices: Vec<Notice>| match notices.last().map(|notice| notice.kind.clone()) {
        Some(Kind::Disputed { state, .. }) => Some(state),
        _ => None,
    };
    for (kind, status, expected) in [
        ("chargeback", "needs_response", Some(DisputeState::Opened)),
        ("chargeback", "under_review", Some(DisputeState::Opened)),
        ("inquiry", "needs_response", None),
        ("chargeback", "won", Some(DisputeState::Won)),
        ("chargeback", "lost", Some(DisputeState::Lost)),
        ("chargeback", "accepted", Some(DisputeState::Lost)),
    ] {
        assert_eq!(state(told(kind, status)), expected, "{kind} {status}");
    }
    let refunded = told("inquiry", "charge_refunded");
    let Kind::Refunded { amount, total, .. } = &refunded[0].kind else { panic!("{refunded:?}") };
    assert_eq!((amount, total.as_ref().unwrap().minor), (&None, 4_900));
}

#[test]
fn one_app_secret_signs_for_many_shops_and_only_ours_is_taken() {
    let secret = Secret::new("kw_shopify_client_secret").unwrap();
    let mut credentials = Credentials::of(vec![secret]);
    credentials.settings.insert(SHOP.to_owned(), "Acme.myshopify.com".to_owned());
    let signature = "UwQFIb46Os7WrToVGSuce+U2KQN+0h+W2eG3ESG9fPE=".to_owned();
    let body = br##"{"id":5550001112223334445,"name":"#4711","financial_status":"paid"}"##;
    let verify = |shop: Option<&str>| {
        let mut headers = vec![(SIGNATURE.to_owned(), signature.clone())];
        headers.extend(shop.map(|shop| ("x-shopify-shop-domain".to_owned(), shop.to_owned())));
        let request = Request::post(&headers, body);
        Shopify.verify(&request, &credentials, chrono::DateTime::UNIX_EPOCH).map(|_| ())
    };
    assert_eq!(verify(Some("acme.myshopify.com")), Ok(()));
    assert_eq!(verify(Some("evil.myshopify.com")), Err(Reject::NotTaken));
    assert_eq!(verify(None), Err(Reject::NotTaken));
}

#[test]
fn the_same_bytes_under_another_topic_are_another_event() {
    let body = order(|_| ()).to_string();
    let secret = Secret::new("kw_shopify_client_secret").unwrap();
    let content = |topic: &str| {
        let sample = crate::Sample::json(topic, &order(|_| ()));
        let sample = sample.with_header("X-Shopify-Topic", topic);
        let credentials = Credentials::of(vec![secret.clone()]);
        let at = chrono::DateTime::UNIX_EPOCH;
        let sample = Shopify.sign(sample, &credentials, at);
        let request = sample.request();
        let delivery = Shopify.verify(&request, &credentials, at).unwrap();
        let envelope = Shopify.envelopes(&request, &delivery).unwrap().remove(0);
        assert_eq!(envelope.body, body.as_bytes());
        envelope.content
    };
    assert_ne!(content("orders/paid"), content("carts/update"));
}
