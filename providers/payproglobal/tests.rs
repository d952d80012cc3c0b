//! PayPro Global's peculiarities, each by name.

use std::path::Path;

use super::*;
use crate::notice::{Kind, Line, Notice};
use crate::request::Inlet;
use crate::secret::Secret;

fn body(fixture: &str) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("payproglobal/fixtures/{fixture}.txt"));
    let bytes = std::fs::read(file).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    bytes[head + 2..].trim_ascii_end().to_vec()
}

fn told(fixture: &str) -> Vec<Notice> {
    let envelope = read::envelope(&body(fixture)).unwrap();
    PayProGlobal.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap()
}

fn kinds(fixture: &str) -> Vec<&'static str> {
    told(fixture).iter().map(|notice| notice.kind.name()).collect()
}

fn lines(fixture: &str) -> Vec<Line> {
    let lines = told(fixture).into_iter().filter_map(|notice| match notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } => Some(lines),
        _ => None,
    });
    lines.flatten().collect()
}

#[test]
fn the_request_for_keys_and_the_charge_tell_of_one_payment_and_line() {
    for (requested, charged) in [
        ("LicenseRequested", "OrderCharged"),
        ("LicenseRequested.subscription", "OrderCharged.subscription"),
    ] {
        let (requested, charged) = (told(requested), told(charged));
        assert_eq!(requested.len(), 1);
        assert_eq!((&requested[0].kind, &requested[0].refs), (&charged[0].kind, &charged[0].refs));
    }
}

#[test]
fn every_line_of_an_order_is_a_payment_of_one_sale() {
    let (one, two) = (told("OrderCharged"), told("OrderCharged.second_item"));
    assert!(one[0].refs.iter().any(|name| two[0].refs.contains(name)));
    let payment = |notices: &[Notice]| match &notices[0].kind {
        Kind::Paid { payment, .. } => payment.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(payment(&one), "payment:70012345/80023456");
    assert_eq!(payment(&two), "payment:70012345/80023457");
    assert_ne!(lines("OrderCharged")[0].line, lines("OrderCharged.second_item")[0].line);
    assert_eq!(kinds("OrderCharged.backup_media"), [""; 0]);
}

#[test]
fn a_renewal_is_another_order_of_the_same_line() {
    let (bought, renewed) =
        (lines("OrderCharged.subscription"), lines("SubscriptionChargeSucceed"));
    assert_eq!(bought[0].line, "subscription:900111");
    assert_eq!(renewed[0].line, bought[0].line);
    assert_ne!(renewed[0].alias, bought[0].alias);
    assert_eq!(renewed[0].period.unwrap().end.to_rfc3339(), "2028-01-02T15:04:00+00:00");
}

#[test]
fn a_trial_is_a_payment_where_it_costs_or_keys_were_given() {
    assert_eq!(kinds("TrialCharge"), ["trial"]);
    assert_eq!(kinds("TrialCharge.paid"), ["paid"]);
    assert_eq!(kinds("TrialCharge.with_keys"), ["trial", "paid"]);
}

#[test]
fn what_is_of_no_interest_needs_no_field() {
    for fixture in ["InstantLeadNotification", "OrderOnWaiting", "SubscriptionPaymentInfoChanged"] {
        assert_eq!(kinds(fixture), [""; 0], "{fixture}");
    }
}

#[test]
fn the_type_is_the_one_that_is_signed() {
    let envelope = read::envelope(&body("OrderCharged.other_number")).unwrap();
    assert_eq!(envelope.event_type, "OrderCharged");
    let unread = PayProGlobal.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap_err();
    assert_eq!(unread.code(), "impossible_value");
}

#[test]
fn a_copy_sent_again_is_the_same_event_and_a_second_partial_refund_is_not() {
    let known = |fixture: &str| {
        let envelope = read::envelope(&body(fixture)).unwrap();
        (envelope.id, envelope.content)
    };
    assert_eq!(known("OrderCharged"), known("OrderCharged.resent"));
    assert_eq!(known("OrderCharged").0.as_deref(), Some("OrderCharged/70012345/80023456"));
    assert_eq!(known("OrderPartiallyRefunded").0, None);
    let text = String::from_utf8(body("OrderPartiallyRefunded")).unwrap();
    let content = |text: &str| read::envelope(text.as_bytes()).unwrap().content;
    assert_ne!(content(&text), content(&text.replace("REFUNDED=20.00", "REFUNDED=40.00")));
    assert_eq!(content(&text), content(&text.replace("IS_RESENT=0", "IS_RESENT=1")));
}

#[test]
fn the_checkouts_secret_is_not_kept() {
    let body = body("OrderCharged");
    assert!(String::from_utf8(body.clone()).unwrap().contains("kw-checkout-secret"));
    let kept = read::envelope(&body).unwrap();
    assert!(!String::from_utf8(kept.body).unwrap().contains("kw-checkout-secret"));
    assert!(!String::from_utf8(kept.content.unwrap()).unwrap().contains("kw-checkout-secret"));
}

#[test]
fn nothing_but_a_key_is_ever_answered() {
    let known = Credentials::of(vec![Secret::new("kw-validation-key").unwrap()]);
    let request = Request { inlet: Inlet::Fulfil, ..Request::post(&[], b"") };
    let keys = |keys: &[String]| {
        let answer = PayProGlobal.keys_answer(keys, &request, &known, DateTime::UNIX_EPOCH);
        (answer.status, answer.body)
    };
    let (one, two) = ("KW-A".to_owned(), "KW-B".to_owned());
    assert_eq!(keys(&[one, two]), (200, "KW-A\nKW-B".to_owned()));
    assert_eq!(keys(&[]), (503, String::new()));
}
