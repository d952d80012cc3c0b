//! The rules of WooCommerce that no other provider has.

use serde_json::{Value, json};

use super::read::{FREE_ITEMS, PAID_STATUS};
use super::{SIGNATURE, WooCommerce};
use crate::notice::{Kind, Line, Notice};
use crate::read::Settings;
use crate::{Answers, Credentials, Event, Inlet, Provider, Request, Unread};

fn order(change: impl Fn(&mut Value)) -> Value {
    let mut order = json!({
        "id": 4711, "status": "processing", "currency": "EUR", "total": "98.00",
        "date_paid_gmt": "2026-01-10T12:00:00", "customer_id": 0, "meta_data": [],
        "billing": {"email": "ada@example.com"},
        "line_items": [
            {"id": 81, "product_id": 5, "variation_id": 0, "quantity": 1, "subtotal": "9.00", "total": "9.00", "sku": ""},
            {"id": 82, "product_id": 6, "variation_id": 66, "quantity": 1, "subtotal": "89.00", "total": "89.00", "sku": "kw-pro"},
        ],
        "refunds": [],
    });
    change(&mut order);
    order
}

fn subscription(status: &str, change: impl Fn(&mut Value)) -> Value {
    let mut subscription = json!({
        "id": 5000, "parent_id": 4711, "status": status, "billing_period": "year",
        "customer_id": 3, "trial_end_date_gmt": "", "end_date_gmt": "2027-01-10T12:00:00",
        "line_items": [
            {"id": 91, "product_id": 6, "variation_id": 66, "quantity": 1, "total": "89.00", "sku": "kw-pro"},
        ],
    });
    change(&mut subscription);
    subscription
}

fn read_as(topic: &str, body: &Value, settings: &[(&str, &str)]) -> Result<Vec<Notice>, Unread> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let settings: Settings = settings.iter().map(owned).collect();
    let (answers, body) = (Answers::new(), body.to_string());
    let at = "2026-01-10T12:05:00Z".parse().unwrap();
    let event = Event::new(topic, at, body.as_bytes());
    WooCommerce.read(&Event { settings: &settings, answers: &answers, ..event })
}

fn read(topic: &str, body: &Value) -> Vec<Notice> {
    read_as(topic, body, &[]).unwrap()
}

fn lines(notices: &[Notice]) -> Vec<Line> {
    let of = |notice: &Notice| match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
            lines.clone()
        }
        _ => Vec::new(),
    };
    notices.iter().flat_map(of).collect()
}

#[test]
fn a_saved_webhook_is_answered_and_nothing_else_unsigned_is() {
    let open = Credentials::of(Vec::new());
    let signed = [(SIGNATURE.to_owned(), "eA==".to_owned())];
    let ping = Request::post(&[], b"webhook_id=7");
    let probed = |request: &Request<'_>| WooCommerce.probe(request, &open).map(|a| a.status);
    assert_eq!(probed(&ping), Some(200));
    assert_eq!(probed(&Request { inlet: Inlet::Fulfil, ..ping }), None);
    assert_eq!(probed(&Request { headers: &signed, ..ping }), None);
    for body in [&b""[..], b"webhook_id=", b"webhook_id=7&id=1", b"webhook_id=x", b"{}"] {
        assert_eq!(probed(&Request { body, ..ping }), None);
    }
}

#[test]
fn every_change_of_an_order_tells_the_same_payment() {
    let told = read("order.updated", &order(|_| ()));
    assert_eq!(told, read("order.created", &order(|order| order["status"] = json!("completed"))));
    assert_eq!(told[1].occurred_at.to_rfc3339(), "2026-01-10T12:00:00+00:00");
    assert_eq!(told[0].occurred_at.to_rfc3339(), "2026-01-10T12:05:00+00:00");
    for change in [("status", json!("on-hold")), ("date_paid_gmt", json!(null))] {
        let unpaid = order(|order| order[change.0] = change.1.clone());
        assert_eq!(read("order.updated", &unpaid), []);
    }
}

#[test]
fn the_vendor_says_which_status_counts() {
    let only_completed = [(PAID_STATUS, "completed")];
    let told = |status: &str| {
        let body = order(|order| order["status"] = json!(status));
        !read_as("order.updated", &body, &only_completed).unwrap().is_empty()
    };
    assert_eq!((told("processing"), told("completed")), (false, true));
}

#[test]
fn an_order_and_its_subscription_name_the_line_alike() {
    let bought = lines(&read("order.updated", &order(|_| ())));
    let running = lines(&read("subscription.created", &subscription("active", |_| ())));
    assert_eq!(bought[1].line, "82");
    assert_eq!(bought[1].alias, ["order:4711/66.0"]);
    assert_eq!(running[0].alias, bought[1].alias);
    let renewal = order(|order| {
        order["meta_data"] = json!([{"key": "_subscription_renewal", "value": "5000"}]);
        order["line_items"].as_array_mut().unwrap().remove(0);
    });
    assert_eq!(lines(&read("order.updated", &renewal))[0].alias, [running[0].line.clone()]);
}

#[test]
fn of_the_same_product_twice_each_has_its_name() {
    let twice = order(|order| order["line_items"][0]["variation_id"] = json!(66));
    let alias: Vec<_> =
        lines(&read("order.updated", &twice)).into_iter().flat_map(|line| line.alias).collect();
    assert_eq!(alias, ["order:4711/66.0", "order:4711/66.1"]);
}

#[test]
fn a_free_line_begins_a_trial_and_a_coupon_does_not() {
    let free = |order: &mut Value| {
        order["line_items"][1]["subtotal"] = json!("0.00");
        order["line_items"][1]["total"] = json!("0.00");
    };
    assert_eq!(lines(&read("order.updated", &order(free))).len(), 1);
    let sold = read_as("order.updated", &order(free), &[(FREE_ITEMS, "yes")]).unwrap();
    assert_eq!(lines(&sold).len(), 2);
    let coupon = order(|order| order["line_items"][1]["total"] = json!("0.00"));
    assert_eq!(lines(&read("order.updated", &coupon)).len(), 2);
    let trial = subscription("active", |s| s["trial_end_date_gmt"] = json!("2026-01-24T12:00:00"));
    let told = read("subscription.created", &trial);
    assert!(told.iter().any(|notice| matches!(notice.kind, Kind::Trial { .. })));
    let over = subscription("active", |s| s["trial_end_date_gmt"] = json!("2026-01-10T12:00:00"));
    let told = read("subscription.updated", &over);
    assert!(!told.iter().any(|notice| matches!(notice.kind, Kind::Trial { .. })));
}

#[test]
fn what_a_switch_costs_covers_nothing() {
    let switch = order(|order| {
        order["meta_data"] = json!([{"key": "_subscription_switch", "value": 5000}]);
    });
    let told = read("order.updated", &switch);
    assert_eq!(told[0].kind, Kind::Linked);
    assert_eq!(told[0].refs[0].to_string(), "subscription:5000");
}

#[test]
fn on_hold_is_told_at_every_renewal_and_says_nothing() {
    let told = read("subscription.updated", &subscription("on-hold", |_| ()));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, Kind::Linked);
}

#[test]
fn a_failed_checkout_is_no_failed_renewal() {
    let failed = |meta: Value| {
        read(
            "order.updated",
            &order(|order| {
                order["status"] = json!("failed");
                order["meta_data"] = meta.clone();
            }),
        )
    };
    assert_eq!(failed(json!([])), []);
    let told = failed(json!([{"key": "_subscription_renewal", "value": 5000}]));
    assert_eq!(told[0].kind, Kind::PaymentFailed);
    assert_eq!(told[0].line.as_deref(), Some("subscription:5000#0"));
}

#[test]
fn what_comes_instead_of_a_resource_is_said_plainly() {
    let fault = |body: Value| read_as("order.updated", &body, &[]).unwrap_err().to_string();
    assert!(fault(json!({"order": {"id": 1}})).contains("WP REST API v3"));
    let error =
        json!({"code": "woocommerce_rest_cannot_view", "message": "x", "data": {"status": 401}});
    assert!(fault(error).contains("the user who made the webhook"));
}
