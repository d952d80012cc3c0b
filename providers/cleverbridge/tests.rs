//! cleverbridge's peculiarities, each by name.

use std::path::Path;

use super::*;
use crate::ask::{Answers, Auth, Fetched, Need};
use crate::notice::{Kind, Line, Notice, Thing};
use crate::read::Settings;
use crate::secret::Secret;

fn body(fixture: &str) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cleverbridge/fixtures/{fixture}.txt"));
    let bytes = std::fs::read(file).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    bytes[head + 2..].trim_ascii_end().to_vec()
}

fn envelope(fixture: &str) -> Envelope {
    let body = body(fixture);
    match fixture.starts_with(keys::EVENT_TYPE) {
        true => keys::envelope(&body).unwrap(),
        false => read::envelope(&body).unwrap(),
    }
}

fn told(fixture: &str) -> Vec<Notice> {
    Cleverbridge.read(&Event::of(&envelope(fixture), DateTime::UNIX_EPOCH)).unwrap()
}

fn kinds(fixture: &str) -> Vec<&'static str> {
    told(fixture).iter().map(|notice| notice.kind.name()).collect()
}

fn lines(fixture: &str) -> Vec<Line> {
    let lines = told(fixture).into_iter().filter_map(|notice| match notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
            Some(lines)
        }
        _ => None,
    });
    lines.flatten().collect()
}

fn names(line: &Line) -> Vec<&str> {
    [&line.line].into_iter().chain(&line.alias).map(String::as_str).collect()
}

const LINE: &str = "subscription:18577447#1";

#[test]
fn the_form_its_document_and_the_notification_tell_of_one_line() {
    let bought = &lines("PaidOrderNotification.subscription")[0];
    assert_eq!(names(bought), [LINE, "order:458334622/1"]);
    assert!(names(bought).contains(&lines("fulfil.request")[0].line.as_str()));
    assert_eq!(&lines("fulfil.request.document")[0], bought);
    let renewed = &lines("PaidOrderNotification.renewal")[0];
    assert_eq!(names(renewed), [LINE, "order:458334622/1", "order:558334622/1"]);
    assert_eq!(&lines("fulfil.request.renewal")[0], renewed);
}

#[test]
fn a_line_without_its_number_is_known_by_the_purchase_that_began_it() {
    let line = &lines("PaidOrderNotification.item_without_number")[0];
    assert_eq!(names(line), ["order:458334622/1"]);
}

#[test]
fn a_subscription_has_one_number_with_and_without_its_letter() {
    let canceled = told("RecurringBillingCanceledNotification");
    assert_eq!(canceled[0].line.as_deref(), Some(LINE));
    let bought = told("PaidOrderNotification.subscription");
    assert!(canceled[0].refs.iter().all(|name| bought[0].refs.contains(name)));
}

#[test]
fn a_request_for_keys_is_for_its_own_line_of_its_own_purchase() {
    assert_eq!(lines("fulfil.request.document").len(), 1);
    for fixture in ["fulfil.request.other_purchase", "fulfil.request.no_such_line"] {
        let envelope = envelope(fixture);
        let unread = Cleverbridge.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap_err();
        assert_eq!(unread.code(), "impossible_value", "{fixture}");
    }
}

#[test]
fn a_free_first_interval_is_a_trial_and_a_change_is_no_payment() {
    assert_eq!(kinds("PaidOrderNotification.trial"), ["trial"]);
    assert_eq!(kinds("PaidOrderNotification.free_renewal"), ["paid"]);
    assert_eq!(kinds("RegistrationNotification"), ["paid"]);
    assert_eq!(kinds("PaidOrderNotification.upgrade"), ["changed"]);
    assert_eq!(lines("PaidOrderNotification.upgrade")[0].line, LINE);
}

#[test]
fn a_sale_on_invoice_counts_early_only_where_the_vendor_wants_it() {
    let envelope = envelope("NewPurchaseOrderNotification");
    let told = |early: Option<&str>| {
        let settings: Settings =
            early.map(|early| ("early".to_owned(), early.to_owned())).into_iter().collect();
        let event = Event { settings: &settings, ..Event::of(&envelope, DateTime::UNIX_EPOCH) };
        Cleverbridge.read(&event).unwrap().len()
    };
    assert_eq!((told(None), told(Some("no")), told(Some("yes"))), (0, 0, 1));
}

#[test]
fn what_befalls_a_subscription_names_no_payment_and_no_other_line() {
    let canceled = told("RecurringBillingCanceledNotification.of_purchase");
    assert_eq!(canceled.len(), 1);
    assert_eq!(canceled[0].line.as_deref(), Some(LINE));
    assert!(canceled[0].refs.iter().all(|name| !name.thing.names_payment()));
    let ended = told("RecurringBillingDeactivatedNotification");
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].line.as_deref(), Some(LINE));
}

#[test]
fn a_renewal_names_its_own_payment_alone() {
    let payments: Vec<String> = told("PaidOrderNotification.renewal")[0]
        .refs
        .iter()
        .filter(|name| name.thing == Thing::Payment)
        .map(ToString::to_string)
        .collect();
    assert_eq!(payments, ["payment:558334622"]);
}

#[test]
fn the_purchase_is_looked_up_once_and_must_be_known() {
    let envelope = envelope("PaidOrderNotification");
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    let asks = Cleverbridge.asks(&event).unwrap();
    assert_eq!(asks.len(), 1);
    assert_eq!(asks[0].path, "/purchase/getpurchase?purchaseId=458334622");
    assert_eq!(asks[0].auth, Auth::Basic { user: "api_user", password: "api_password" });
    assert_eq!(asks[0].need, Need::Configured);
    let answered = |status| {
        let body = b"{}".to_vec();
        let answers = Answers::from([("purchase".to_owned(), Fetched { status, body })]);
        let event = Event { answers: &answers, ..event };
        assert_eq!(Cleverbridge.asks(&event), Ok(vec![]));
        Cleverbridge.read(&event).map(|notices| notices.len())
    };
    assert_eq!(answered(200), Ok(1));
    assert!(answered(404).is_err());
}

#[test]
fn with_a_user_the_generator_sends_a_password_and_notifications_the_token() {
    let secret = Secret::new("kw-cleverbridge-token-01").unwrap();
    let mut known = Credentials::of(vec![secret]);
    known.settings.insert("username".to_owned(), "keywright".to_owned());
    let headers = |inlet| {
        let sample = Sample { inlet, ..Sample::json("", &serde_json::Value::Null) };
        let signed = Cleverbridge.sign(sample, &known, DateTime::UNIX_EPOCH);
        (signed.header("Authorization").is_some(), signed.query)
    };
    assert_eq!(headers(Inlet::Fulfil), (true, String::new()));
    assert_eq!(headers(Inlet::Webhook), (false, "token=kw-cleverbridge-token-01".to_owned()));
}

#[test]
fn an_xml_notification_says_what_to_choose_instead() {
    let unread = read::envelope(&body("unknown.xml")).unwrap_err();
    assert_eq!(unread.code(), "unsupported_format");
}
