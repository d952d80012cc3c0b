//! The rules of UltraCart that no other provider has.

use serde_json::{Value, json};

use super::{UltraCart, batch, form};
use crate::notice::{DisputeState, Kind, Line, Notice};
use crate::read::Settings;
use crate::{Answers, Auth, Event, Fetched, Need, Provider, Unread};

fn order(change: impl Fn(&mut Value)) -> Value {
    let mut order = json!({
        "order_id": "DEMO-1", "current_stage": "Completed Order", "currency_code": "USD",
        "payment": {"payment_status": "Processed", "payment_dts": "2026-03-02T04:15:08-05:00"},
        "summary": {"total": {"value": 98.0, "currency_code": "USD"}},
        "items": [
            {"item_index": 1, "merchant_item_id": "KIT", "quantity": 1.0, "kit": true},
            {"item_index": 2, "merchant_item_id": "PART", "quantity": 1.0, "kit_component": true},
            {"item_index": 3, "merchant_item_id": "kw-pro", "quantity": 2.0},
            {"item_index": 4, "merchant_item_id": "kw-pro", "quantity": 1.0},
        ],
    });
    change(&mut order);
    order
}

fn auto_order(status: &str) -> Value {
    json!({
        "auto_order_oid": 77, "original_order_id": "DEMO-1", "status": status,
        "disabled_dts": "2026-06-01T00:00:00-05:00",
        "items": [{"original_item_id": "kw-pro", "original_quantity": 2.0, "paused": false}],
    })
}

fn read_answer(
    name: &str,
    sent: &Value,
    status: u16,
    answer: &Value,
) -> Result<Vec<Notice>, Unread> {
    let fetched = Fetched { status, body: answer.to_string().into_bytes() };
    let answers: Answers = [(batch::ORDER.to_owned(), fetched)].into();
    let body = json!({ name: sent }).to_string();
    let at = "2026-03-02T09:20:00Z".parse().unwrap();
    UltraCart.read(&Event { answers: &answers, ..Event::new(name, at, body.as_bytes()) })
}

fn read(name: &str, order: &Value) -> Vec<Notice> {
    read_answer(name, &json!({"order_id": "DEMO-1"}), 200, &json!({ "order": order })).unwrap()
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind.name()).collect()
}

fn lines(notices: &[Notice]) -> Vec<Line> {
    let of = |notice: &Notice| match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Changed { lines, .. } => lines.clone(),
        _ => Vec::new(),
    };
    notices.iter().flat_map(of).collect()
}

#[test]
fn every_event_of_an_order_is_read_as_the_order_stands() {
    let told = read("order_payment_process", &order(|_| ()));
    assert_eq!(kinds(&told), ["linked", "paid"]);
    assert_eq!(told[1].occurred_at.to_rfc3339(), "2026-03-02T09:15:08+00:00");
    for name in ["order_create", "order_update", "order_stage_change", "order_refund"] {
        assert_eq!(read(name, &order(|_| ())), told, "{name}");
    }
    for (status, stage) in [
        ("Unprocessed", "Accounts Receivable"),
        ("Authorized", "Accounts Receivable"),
        ("Declined", "Accounts Receivable"),
        ("Processed", "Fraud Review"),
        ("Skipped", "Completed Order"),
    ] {
        let unpaid = order(|order| {
            order["payment"]["payment_status"] = json!(status);
            order["current_stage"] = json!(stage);
        });
        assert_eq!(read("order_payment_process", &unpaid), [], "{status} {stage}");
    }
}

#[test]
fn of_a_kit_the_kit_is_sold_and_of_an_item_twice_the_first_is_meant() {
    let told = lines(&read("order_create", &order(|_| ())));
    let names: Vec<_> = told.iter().map(|line| (line.line.as_str(), line.quantity)).collect();
    assert_eq!(names, [("order:DEMO-1#1", 1), ("order:DEMO-1#3", 2), ("order:DEMO-1#4", 1)]);
    assert_eq!(told[1].alias, ["order:DEMO-1/kw-pro"]);
    assert_eq!(told[2].alias, [""; 0]);
}

#[test]
fn a_rebill_extends_the_item_that_was_bought_first() {
    let first = order(|order| order["auto_order"] = auto_order("active"));
    let first = lines(&read("order_payment_process", &first));
    let rebill = order(|order| {
        order["auto_order"] = auto_order("active");
        order["auto_order"]["original_order_id"] = json!("DEMO-0");
        order["auto_order"]["items"][0]["arbitrary_item_id"] = json!("kw-team");
        order["items"] = json!([{"item_index": 1, "merchant_item_id": "kw-team", "quantity": 2}]);
    });
    let rebill = lines(&read("order_payment_process", &rebill));
    let running = order(|order| order["auto_order"] = auto_order("active"));
    let running = lines(&read("auto_order_update", &running));
    assert_eq!(first[1].alias, ["order:DEMO-1/kw-pro", "subscription:77/kw-pro"]);
    assert_eq!(running[0].line, first[1].alias[1]);
    assert_eq!(running[0].alias, first[1].alias[..1]);
    assert_eq!(rebill[0].alias[1], "subscription:77/kw-pro");
    assert_eq!(rebill[0].item, ["kw-team"]);
}

#[test]
fn an_auto_order_event_says_how_it_stands_now() {
    let told = |name: &str, status: &str| {
        let order = order(|order| order["auto_order"] = auto_order(status));
        kinds(&read(name, &order))
    };
    assert_eq!(told("auto_order_update", "active"), ["changed", "uncanceled", "resumed"]);
    assert_eq!(told("auto_order_cancel", "canceled"), ["canceled"]);
    assert_eq!(told("auto_order_disable", "disabled"), ["ended"]);
    assert_eq!(told("auto_order_update", "merged"), ["linked"]);
    assert_eq!(
        told("auto_order_decline", "active"),
        ["payment_failed", "changed", "uncanceled", "resumed"]
    );
    assert_eq!(told("order_update", "canceled"), ["linked", "paid"]);
    assert_eq!(told("auto_order_create", "active")[..2], ["linked", "paid"]);
    let none = json!({"order": order(|_| ())});
    assert!(
        read_answer("auto_order_update", &json!({"original_order_id": "DEMO-1"}), 200, &none)
            .is_err()
    );
}

#[test]
fn a_failed_checkout_is_no_failed_rebill() {
    let failed = |first: &str| {
        let order = order(|order| {
            order["payment"]["payment_status"] = json!("Declined");
            order["auto_order"] = auto_order("active");
            order["auto_order"]["original_order_id"] = json!(first);
        });
        kinds(&read("order_payment_failed", &order))
    };
    assert_eq!(failed("DEMO-1"), [""; 0]);
    assert_eq!(failed("DEMO-0"), ["payment_failed"]);
}

#[test]
fn refunds_are_a_running_total() {
    let part = order(|order| {
        order["summary"]["total_refunded"] = json!({"value": 20.5});
        order["items"][2]["quantity_refunded"] = json!(1.0);
    });
    let told = read("order_refund", &part);
    let Kind::Refunded { total, full, lines, .. } = &told[2].kind else { panic!("{told:?}") };
    assert_eq!((total.as_ref().unwrap().minor, *full), (2_050, false));
    assert_eq!((lines[0].line.as_str(), lines[0].quantity), ("order:DEMO-1#3", Some(1)));
}

#[test]
fn a_rejected_or_deleted_order_is_void() {
    let rejected = |status: &str| {
        order(|order| {
            order["current_stage"] = json!("Rejected");
            order["payment"]["payment_status"] = json!(status);
        })
    };
    assert_eq!(
        kinds(&read("order_reject", &rejected("Processed"))),
        ["linked", "paid", "refunded"]
    );
    assert_eq!(kinds(&read("order_reject", &rejected("Voided"))), ["refunded"]);
    assert_eq!(kinds(&read("order_update", &rejected("Voided"))), [""; 0]);
    let gone = |name: &str| {
        let told = read_answer(name, &json!({"order_id": "DEMO-1"}), 404, &json!({}));
        kinds(&told.unwrap())
    };
    assert_eq!((gone("order_delete"), gone("order_update")), (vec!["refunded"], vec![]));
}

#[test]
fn a_chargeback_is_open_until_it_is_taken_away() {
    let state = |name: &str| {
        let sent = json!({"order_id": "DEMO-1", "chargeback_dispute_oid": 9});
        let told = read_answer(name, &sent, 200, &order(|_| ())).unwrap();
        told.into_iter().find_map(|notice| match notice.kind {
            Kind::Disputed { dispute, state, .. } => Some((dispute, state)),
            _ => None,
        })
    };
    assert_eq!(state("chargeback_create"), Some(("9".to_owned(), DisputeState::Opened)));
    assert_eq!(state("chargeback_delete"), Some(("9".to_owned(), DisputeState::Won)));
    assert_eq!(state("chargeback_update"), None);
}

#[test]
fn the_order_is_asked_for_and_only_the_one_that_was_named() {
    let asks = |name: &str, sent: Value| {
        let body = json!({ name: sent }).to_string();
        UltraCart.asks(&Event::new(name, chrono::DateTime::UNIX_EPOCH, body.as_bytes()))
    };
    let ask = asks("order_create", json!({"order_id": "DEMO-1"})).unwrap().remove(0);
    assert!(ask.path.starts_with("/rest/v2/order/orders/DEMO-1?_expand=auto_order,"));
    let auth = Auth::Header { name: "x-ultracart-simple-key", prefix: "", setting: "api_key" };
    assert_eq!((ask.auth, ask.need), (auth, Need::Always));
    let rebilled = json!({
        "original_order_id": "DEMO-1",
        "rebill_orders": [
            {"order_id": "DEMO-3", "creation_dts": "2026-05-02T04:15:08-05:00"},
            {"order_id": "DEMO-2", "creation_dts": "2026-04-02T04:15:08-05:00"},
        ],
    });
    assert!(asks("auto_order_rebill", rebilled).unwrap()[0].path.contains("/DEMO-3?"));
    for id in [json!("../x"), json!("DEMO-1?x"), json!(null), json!({})] {
        assert!(asks("order_create", json!({ "order_id": id })).is_err());
    }
    assert_eq!(asks("order_ship", json!({})), Ok(Vec::new()));
    let other = read_answer(
        "order_create",
        &json!({"order_id": "DEMO-2"}),
        200,
        &json!({"order": order(|_| ())}),
    );
    assert!(other.is_err());
}

#[test]
fn the_answer_to_a_request_for_keys_is_the_vendors() {
    let keys = ["A-1".to_owned(), "B<2>".to_owned()];
    let told = form::answer(&keys, &Settings::new());
    assert!(told.body.ends_with(
        "<activationCodeResponse><activationCode>A-1</activationCode>\
         <activationCode>B&lt;2&gt;</activationCode></activationCodeResponse>"
    ));
    let template = ("answer_template".to_owned(), "<r>{<k v=\"KEY\"/>}</r>".to_owned());
    let told = form::answer(&keys[..1], &Settings::from([template]));
    assert_eq!(told.body, "<r><k v=\"A-1\"/></r>");
    let built_in = form::answer(&keys, &Settings::new());
    for useless in ["", "<r/>", "<r>KEY</r>", "<r>{key}</r>", "{KEY"] {
        let settings = Settings::from([("answer_template".to_owned(), useless.to_owned())]);
        assert_eq!(form::answer(&keys, &settings), built_in, "{useless}");
    }
    assert_eq!(form::answer(&[], &Settings::new()).status, 503);
}
