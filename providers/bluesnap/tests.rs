//! BlueSnap's peculiarities, each by name.

use std::path::Path;

use super::*;
use crate::notice::{DisputeState, Kind, Line, Notice};
use crate::read::Settings;
use crate::secret::Secret;

fn body(fixture: &str) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("bluesnap/fixtures/{fixture}.txt"));
    let bytes = std::fs::read(file).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    bytes[head + 2..].trim_ascii_end().to_vec()
}

fn read_with(fixture: &str, settings: &Settings) -> Vec<Notice> {
    let envelope = read::envelope(&body(fixture)).unwrap();
    let event = Event { settings, ..Event::of(&envelope, DateTime::UNIX_EPOCH) };
    BlueSnap.read(&event).unwrap()
}

fn told(fixture: &str) -> Vec<Notice> {
    read_with(fixture, &Settings::new())
}

fn asked(query: &str) -> Vec<Notice> {
    let envelope = read::keys_envelope(query.as_bytes()).unwrap();
    BlueSnap.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap()
}

fn lines(notices: &[Notice]) -> Vec<Line> {
    let lines = notices.iter().filter_map(|notice| match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
            Some(lines.clone())
        }
        _ => None,
    });
    lines.flatten().collect()
}

fn kinds(fixture: &str) -> Vec<&'static str> {
    told(fixture).iter().map(|notice| notice.kind.name()).collect()
}

fn share(one: &Notice, other: &Notice) -> bool {
    one.refs.iter().any(|name| name.thing.names_payment() && other.refs.contains(name))
}

#[test]
fn the_request_for_keys_is_the_payment_of_the_invoice_that_the_setting_names() {
    let by_invoice = asked("order_id=81000001&product=3000001&quantity=2");
    let by_reference = asked("order_id=65000001&product=3000001&quantity=2");
    let usual = told("CHARGE.subscription");
    assert!(share(&usual[0], &by_invoice[0]) && !share(&usual[0], &by_reference[0]));
    assert_eq!(lines(&usual)[0].alias, [lines(&by_invoice)[0].line.clone()]);
    let settings = Settings::from([("invoice_field".to_owned(), "referenceNumber".to_owned())]);
    let other = read_with("CHARGE.subscription", &settings);
    assert!(share(&other[0], &by_reference[0]) && !share(&other[0], &by_invoice[0]));
    assert_eq!(lines(&other)[0].alias, [lines(&by_reference)[0].line.clone()]);
}

#[test]
fn a_renewal_is_another_payment_of_the_same_line_and_sale() {
    let (bought, renewed) = (told("CHARGE.subscription"), told("RECURRING"));
    assert_eq!(lines(&bought)[0].line, lines(&renewed)[0].line);
    assert!(!share(&bought[0], &renewed[0]));
    assert!(bought[0].refs.iter().any(|name| renewed[0].refs.contains(name)));
    let end = lines(&renewed)[0].period.unwrap().end;
    assert_eq!(end.to_rfc3339(), "2028-01-02T11:04:00+00:00");
}

#[test]
fn contracts_sold_beside_the_first_have_names_of_their_own() {
    let names = |fixture| -> Vec<String> {
        lines(&told(fixture)).into_iter().map(|line| line.line).collect()
    };
    assert_eq!(
        names("CHARGE.promoted"),
        ["subscription:21000001", "subscription:21000002", "order:65000001/3000003"]
    );
    assert_eq!(
        names("CHARGE.promoted_same"),
        ["order:65000001/3000001", "order:65000001/3000001#1"]
    );
}

#[test]
fn names_are_read_in_any_case() {
    assert_eq!(told("CHARGE.other_case"), told("CHARGE.subscription"));
}

#[test]
fn a_trial_is_no_payment_unless_keys_were_given_for_it() {
    assert_eq!(kinds("AUTH_ONLY"), ["trial"]);
    assert_eq!(kinds("AUTH_ONLY.with_keys"), ["trial", "paid"]);
    assert_eq!(kinds("AUTH_ONLY_SINGLE_CHARGE"), [""; 0]);
}

#[test]
fn a_chargeback_moves_by_its_status() {
    let state = |status: &str| match told(&format!("CHARGEBACK_STATUS_CHANGED.{status}")).first() {
        Some(Notice { kind: Kind::Disputed { state, .. }, .. }) => Some(*state),
        _ => None,
    };
    for (status, expected) in [
        ("new", Some(DisputeState::Opened)),
        ("working", Some(DisputeState::Opened)),
        ("completed_pending", Some(DisputeState::Opened)),
        ("completed_won", Some(DisputeState::Won)),
        ("completed_lost", Some(DisputeState::Lost)),
        ("closed", Some(DisputeState::Lost)),
        ("other", None),
    ] {
        assert_eq!(state(status), expected, "{status}");
    }
}

#[test]
fn only_a_payment_says_that_its_reference_and_its_invoice_are_one() {
    let payments = |fixture: &str| {
        let notices = told(fixture);
        notices[0].refs.iter().filter(|name| name.thing.names_payment()).count()
    };
    assert_eq!((payments("CHARGE"), payments("RECURRING"), payments("AUTH_ONLY")), (2, 2, 2));
    assert_eq!((payments("REFUND"), payments("CHARGEBACK")), (1, 1));
    for fixture in ["CANCEL_ON_RENEWAL", "SUBSCRIPTION_CHARGE_FAILURE", "CONTRACT_CHANGE"] {
        assert_eq!(payments(fixture), 0, "{fixture}");
    }
    assert_eq!(lines(&told("CONTRACT_CHANGE"))[0].alias, [""; 0]);
}

#[test]
fn a_cancellation_without_a_date_keeps_what_is_paid() {
    assert_eq!(kinds("CANCELLATION"), ["ended"]);
    assert_eq!(kinds("CANCELLATION.no_date"), ["canceled"]);
    assert_eq!(kinds("CANCELLATION_REFUND"), ["ended", "refunded"]);
}

#[test]
fn the_token_is_not_kept_and_a_repeated_request_is_the_same_event() {
    let sent = |query: &str| read::keys_envelope(query.as_bytes()).unwrap();
    let one = sent("token=secret-1&product=P&order_id=1&quantity=2&email=a%40example.com");
    let two = sent("product=P&order_id=1&quantity=2&email=b%40example.com&token=secret-2");
    assert_eq!(one.body, b"product=P&order_id=1&quantity=2&email=a%40example.com");
    assert_eq!((one.id.as_deref(), &one.content), (Some("fulfil:1/P"), &two.content));
    assert_ne!(one.content, sent("product=P&order_id=1&quantity=50").content);
}

#[test]
fn a_look_at_the_address_is_answered_and_nothing_but_a_key_is_mailed() {
    let known = Credentials::of(vec![Secret::new("kw-bluesnap-security-key").unwrap()]);
    let request = |inlet, method| Request { inlet, method, ..Request::post(&[], b"") };
    let probe =
        |inlet, method| BlueSnap.probe(&request(inlet, method), &known).map(|answer| answer.status);
    assert_eq!(probe(Inlet::Webhook, "GET"), Some(200));
    assert_eq!(probe(Inlet::Webhook, "POST"), None);
    assert_eq!(probe(Inlet::Fulfil, "GET"), None);
    let wanted = request(Inlet::Fulfil, "GET");
    let answer = BlueSnap.keys_answer(&["KW-A".into()], &wanted, &known, DateTime::UNIX_EPOCH);
    assert_eq!((answer.status, answer.body.as_str()), (200, "KW-A"));
    let answer = BlueSnap.keys_answer(&[], &wanted, &known, DateTime::UNIX_EPOCH);
    assert_eq!((answer.status, answer.body.as_str()), (503, ""));
}
