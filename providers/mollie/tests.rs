//! What Mollie does that other providers do not, each told by a fixture.

use super::Mollie;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::recorded::{only, told};

const FIRST: &str = include_str!("fixtures/payment.paid.first.txt");
const RENEWAL: &str = include_str!("fixtures/payment.paid.subscription.txt");

fn line(notice: &Notice) -> &Line {
    match &notice.kind {
        Kind::Paid { lines, .. } => &lines[0],
        other => panic!("{other:?}"),
    }
}

fn end(fixture: &str) -> Option<String> {
    line(&only(&Mollie, fixture)).period.map(|period| period.end.to_rfc3339())
}

#[test]
fn a_subscription_knows_its_first_payment_by_the_vendors_word() {
    let (first, renewal) = (only(&Mollie, FIRST), only(&Mollie, RENEWAL));
    let tie = Ref::subscription("tr_KwWDqYK6vllg");
    assert!(first.refs.contains(&tie) && renewal.refs.contains(&tie));
    assert_eq!(line(&renewal).alias, [line(&first).line.clone()]);
    assert!(!renewal.refs.contains(&Ref::payment("tr_KwWDqYK6vllg")), "another payment");
    let wrong = include_str!("fixtures/payment.paid.subscription.wrong_first_payment.txt");
    assert_eq!(line(&only(&Mollie, wrong)).alias, Vec::<String>::new());
}

#[test]
fn a_verification_of_a_card_sells_nothing() {
    let verified = include_str!("fixtures/payment.paid.first_of_nothing.txt");
    assert_eq!(told(&Mollie, verified), Ok(Vec::new()));
}

/// The next payment moves on; the end of a payment does not.
#[test]
fn a_payment_that_is_read_again_keeps_its_end() {
    assert_eq!(end(RENEWAL).as_deref(), Some("2026-03-10T00:00:00+00:00"));
    let later = include_str!("fixtures/payment.paid.subscription.read_again_later.txt");
    assert_eq!(end(later), end(RENEWAL));
}

/// In Amsterdam it is the next day already.
#[test]
fn a_payment_before_midnight_is_of_the_day_that_begins() {
    let early = include_str!("fixtures/payment.paid.subscription.before_midnight.txt");
    assert_eq!(end(early).as_deref(), Some("2026-03-10T00:00:00+00:00"));
}

#[test]
fn without_the_api_the_products_own_interval_counts() {
    for fixture in [
        include_str!("fixtures/payment.paid.subscription.without_key.txt"),
        include_str!("fixtures/payment.paid.subscription.gone.txt"),
    ] {
        assert_eq!(end(fixture), None);
    }
}

#[test]
fn a_simple_payload_reads_as_the_snapshot() {
    let simple = only(&Mollie, include_str!("fixtures/payment.paid.simple.txt"));
    assert_eq!(simple, only(&Mollie, include_str!("fixtures/payment.paid.txt")));
}

#[test]
fn only_an_address_of_mollies_api_is_asked() {
    let elsewhere = include_str!("fixtures/payment.paid.simple.link_elsewhere.txt");
    let (_, body) = elsewhere.split_once("\n\n").unwrap();
    let now = chrono::DateTime::UNIX_EPOCH;
    let event = crate::Event::new("payment.paid", now, body.as_bytes());
    let asked = crate::Provider::asks(&Mollie, &event);
    assert_eq!(asked.unwrap_err().code(), "impossible_value");
}

#[test]
fn an_account_is_an_address_only_with_paypal() {
    let email = |fixture| only(&Mollie, fixture).customer.unwrap().email;
    let paypal = include_str!("fixtures/payment.paid.paypal.txt");
    assert_eq!(email(paypal).as_deref(), Some("jane.doe@example.com"));
    assert_eq!(email(include_str!("fixtures/payment.paid.nobody_known.txt")), None);
}
