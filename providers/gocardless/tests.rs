//! What GoCardless does that other providers do not, each told by a fixture.

use super::GoCardless;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::recorded::{only, told};

const CONFIRMED: &str = include_str!("fixtures/payments.confirmed.txt");
const SUBSCRIBED: &str = include_str!("fixtures/payments.confirmed.subscription.txt");
const LATE: &str = include_str!("fixtures/payments.failed.late.txt");

fn line(notice: &Notice) -> &Line {
    match &notice.kind {
        Kind::Paid { lines, .. } => &lines[0],
        other => panic!("{other:?}"),
    }
}

fn is_refund(notice: &Notice) -> bool {
    matches!(notice.kind, Kind::Refunded { .. })
}

#[test]
fn a_debit_that_fails_before_it_was_confirmed_takes_nothing_back() {
    for fixture in [
        include_str!("fixtures/payments.failed.txt"),
        include_str!("fixtures/payments.failed.then_retried.txt"),
    ] {
        assert_eq!(only(&GoCardless, fixture).kind, Kind::PaymentFailed);
    }
}

#[test]
fn a_late_failure_takes_all_of_it_back() {
    let notices = told(&GoCardless, LATE).unwrap();
    let refund = notices.iter().find(|notice| is_refund(notice)).unwrap();
    assert!(matches!(refund.kind, Kind::Refunded { full: true, .. }));
    assert!(refund.refs.contains(&Ref::payment("PM00KwSub1")));
}

/// But not a failure that comes after it.
#[test]
fn money_that_comes_again_undoes_the_failures_before_it() {
    let again = include_str!("fixtures/payments.confirmed.after_a_late_failure.txt");
    let notices = told(&GoCardless, again).unwrap();
    let undone: Vec<&str> = notices
        .iter()
        .filter_map(|notice| match &notice.kind {
            Kind::RefundUndone { refund, .. } => Some(refund.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(undone, ["EV00KwLate"]);
}

#[test]
fn a_late_failure_is_known_by_its_own_event() {
    let notices = told(&GoCardless, LATE).unwrap();
    let refund = notices.into_iter().find(is_refund).unwrap();
    let Kind::Refunded { refund, .. } = refund.kind else { panic!() };
    assert!(LATE.contains(&format!("{{\"id\":\"{refund}\"")), "{refund}");
}

#[test]
fn what_was_submitted_is_money_only_where_the_vendor_says_so() {
    let submitted = include_str!("fixtures/payments.submitted.txt");
    assert_eq!(told(&GoCardless, submitted), Ok(Vec::new()));
    let early =
        only(&GoCardless, include_str!("fixtures/payments.submitted.taken_for_the_money.txt"));
    assert_eq!(early.kind, only(&GoCardless, CONFIRMED).kind, "the same payment");
    let failed = include_str!("fixtures/payments.failed.when_submitted_counts.txt");
    assert!(told(&GoCardless, failed).unwrap().iter().any(is_refund));
}

#[test]
fn a_charge_covers_up_to_the_next_one() {
    let period = line(&only(&GoCardless, SUBSCRIBED)).period.unwrap();
    assert_eq!(period.end.to_rfc3339(), "2026-02-12T00:00:00+00:00");
    let quarterly = include_str!("fixtures/payments.confirmed.quarterly.txt");
    let period = line(&only(&GoCardless, quarterly)).period.unwrap();
    assert_eq!(period.end.to_rfc3339(), "2027-02-28T00:00:00+00:00");
}

#[test]
fn no_sale_is_known_by_its_mandate() {
    for fixture in [CONFIRMED, SUBSCRIBED, LATE] {
        let notices = told(&GoCardless, fixture).unwrap();
        let mut refs = notices.iter().flat_map(|notice| &notice.refs);
        assert!(!refs.any(|name| name.id.starts_with("MD")), "{notices:?}");
    }
    let canceled = told(&GoCardless, include_str!("fixtures/mandates.cancelled.txt")).unwrap();
    assert_eq!(canceled.len(), 2, "each subscription by itself");
    assert_ne!(canceled[0].refs, canceled[1].refs);
}
