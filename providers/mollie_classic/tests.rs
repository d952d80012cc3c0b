//! What a call that says nothing but an id is taken for.

use super::{MollieClassic, object};
use crate::mollie::Mollie;
use crate::notice::Kind;
use crate::recorded::{only, told};

#[test]
fn the_fetched_payment_reads_as_that_of_an_event() {
    let event = include_str!("../mollie/fixtures/payment.paid.txt");
    let fetched = only(&MollieClassic, include_str!("fixtures/payment.paid.txt"));
    assert_eq!(fetched, only(&Mollie, event));
}

#[test]
fn a_refund_stands_beside_a_payment_that_stays_paid() {
    let notices = told(&MollieClassic, include_str!("fixtures/payment.refunded.txt")).unwrap();
    let [paid, refunded] = &notices[..] else { panic!("{notices:?}") };
    assert!(matches!(paid.kind, Kind::Paid { .. }));
    assert!(matches!(refunded.kind, Kind::Refunded { .. }));
}

#[test]
fn an_id_that_mollie_does_not_know_says_nothing() {
    let made_up = include_str!("fixtures/payment.not_found.txt");
    assert_eq!(told(&MollieClassic, made_up), Ok(Vec::new()));
}

#[test]
fn an_address_is_made_of_an_id_only() {
    assert_eq!(object(b"id=tr_Kw1").unwrap().1, "payment");
    for call in ["id=", "id=tr_", "id=tr", "id=tr_a%2Fb", "id=tr_a-b", "id=xx_1", "id=tr_%C3%A4"] {
        assert!(object(call.as_bytes()).is_err(), "{call}");
    }
}
