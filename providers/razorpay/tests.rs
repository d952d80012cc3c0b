//! What Razorpay does that other providers do not, each told by a fixture.

use super::Razorpay;
use crate::notice::{Kind, Notice, Ref};
use crate::recorded::{only, told};

const ORDER: &str = include_str!("fixtures/order.paid.txt");
const LINK: &str = include_str!("fixtures/payment_link.paid.txt");
const FIRST: &str = include_str!("fixtures/subscription.charged.first.txt");
const RENEWAL: &str = include_str!("fixtures/subscription.charged.renewal.txt");
const CANCELLED: &str = include_str!("fixtures/subscription.cancelled.txt");

fn paid(notice: &Notice) -> (&Ref, &str, Option<String>) {
    let Kind::Paid { payment, lines, .. } = &notice.kind else { panic!("{notice:?}") };
    let [line] = &lines[..] else { panic!("{lines:?}") };
    (payment, &line.line, line.period.map(|period| period.end.to_rfc3339()))
}

#[test]
fn an_order_and_its_link_are_one_payment_and_one_line() {
    let (order, link) = (only(&Razorpay, ORDER), only(&Razorpay, LINK));
    assert_eq!(paid(&order), paid(&link));
    assert_eq!(order.kind, link.kind);
    let bare = only(&Razorpay, include_str!("fixtures/payment_link.paid.bare_order_id.txt"));
    assert_eq!((&bare.refs, paid(&bare)), (&order.refs, paid(&order)));
}

#[test]
fn every_charge_is_its_own_payment_up_to_its_own_end() {
    let (first, renewal) = (only(&Razorpay, FIRST), only(&Razorpay, RENEWAL));
    let (first, renewal) = (paid(&first), paid(&renewal));
    assert_ne!(first.0, renewal.0);
    assert_eq!(first.1, renewal.1);
    assert_eq!(first.2.as_deref(), Some("2026-02-10T12:00:00+00:00"));
    assert_eq!(renewal.2.as_deref(), Some("2026-03-10T12:00:00+00:00"));
}

#[test]
fn only_the_charge_tells_of_a_subscriptions_money() {
    for fixture in [
        include_str!("fixtures/invoice.paid.of_subscription.txt"),
        include_str!("fixtures/order.paid.of_invoice.txt"),
        include_str!("fixtures/payment.captured.txt"),
        include_str!("fixtures/subscription.authenticated.txt"),
    ] {
        assert_eq!(told(&Razorpay, fixture), Ok(Vec::new()), "{fixture}");
    }
}

#[test]
fn the_paid_time_outlives_a_cancellation() {
    let Kind::Canceled { at: Some(at) } = only(&Razorpay, CANCELLED).kind else { panic!() };
    assert_eq!(at.to_rfc3339(), "2026-02-10T12:00:00+00:00");
    let at_end = include_str!("fixtures/subscription.cancelled.at_cycle_end.txt");
    assert!(matches!(only(&Razorpay, at_end).kind, Kind::Ended { .. }));
}

/// Notes of a payment can be written in the buyer's browser.
#[test]
fn what_a_checkout_notes_names_no_product() {
    let noted = include_str!("fixtures/order.paid.notes_of_the_checkout.txt");
    let words = told(&Razorpay, noted).unwrap_err().to_string();
    assert!(words.contains("keywright_product") && !words.contains("ultimate"), "{words}");
}

#[test]
fn an_address_of_razorpays_own_is_nobodys() {
    let notice = only(&Razorpay, include_str!("fixtures/order.paid.placeholder_email.txt"));
    assert_eq!(notice.customer.unwrap().email, None);
}

#[test]
fn a_retrieval_is_a_question() {
    let asked = include_str!("fixtures/payment.dispute.created.retrieval.txt");
    assert_eq!(told(&Razorpay, asked), Ok(Vec::new()));
}
