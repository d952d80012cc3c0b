//! What Square does that other providers do not, each told by a fixture.

use super::Square;
use crate::Provider;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{Event, Id};
use crate::recorded::{only, told};

const PAYMENT: &str = include_str!("fixtures/payment.updated.txt");
const OF_INVOICE: &str = include_str!("fixtures/payment.updated.of_invoice.txt");
const INVOICE: &str = include_str!("fixtures/invoice.payment_made.txt");

fn lines(notice: &Notice) -> &[Line] {
    match &notice.kind {
        Kind::Paid { lines, .. } => lines,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_order_is_the_payment_whoever_tells_of_it() {
    let tellings = [
        only(&Square, PAYMENT),
        only(&Square, include_str!("fixtures/invoice.payment_made.without_subscription.txt")),
        only(&Square, include_str!("fixtures/payment.updated.two_lines.txt")),
    ];
    for notice in &tellings {
        let Kind::Paid { payment, .. } = &notice.kind else { panic!("{notice:?}") };
        assert_eq!(*payment, Ref::charge("KwOrd03PxyUXh0PaIjTO5cZ7eV"));
        assert_eq!(lines(notice)[0].line, "order:KwOrd03PxyUXh0PaIjTO5cZ7eV#0");
    }
}

/// It would be sold twice if a payment that is not known as an invoice's had a line of its own.
#[test]
fn the_line_of_a_subscription_is_that_of_its_order_too() {
    let invoice = only(&Square, INVOICE);
    assert_eq!(lines(&invoice)[0].line, "subscription:kw-9ba40961-995a-4a3d-8c53#0");
    assert_eq!(lines(&invoice)[0].alias, ["order:KwOrdInvoice000000000001#0"]);
}

#[test]
fn the_payment_of_an_invoice_only_ties_what_a_refund_will_name() {
    let notice = only(&Square, OF_INVOICE);
    assert_eq!(notice.kind, Kind::Linked);
    assert!(notice.refs.contains(&Ref::payment("KwPayHgKpDkDNUWaTaKwYV8ZY")));
    assert!(notice.refs.contains(&Ref::charge("KwOrd03PxyUXh0PaIjTO5cZ7eV")));
}

#[test]
fn the_last_charged_day_is_covered() {
    let invoice = only(&Square, INVOICE);
    let end = lines(&invoice)[0].period.unwrap().end;
    assert_eq!(end.to_rfc3339(), "2026-02-10T00:00:00+00:00", "charged through the 9th");
}

#[test]
fn a_subscription_that_runs_on_pays_nothing() {
    let notices = told(&Square, include_str!("fixtures/subscription.updated.txt")).unwrap();
    assert!(!notices.iter().any(|notice| matches!(notice.kind, Kind::Paid { .. })));
}

#[test]
fn what_a_buyer_can_write_is_not_read() {
    for written in ["acme-ultimate", "please hurry", "cart-17"] {
        for fixture in [PAYMENT, INVOICE] {
            assert!(!format!("{:?}", told(&Square, fixture)).contains(written), "{written}");
        }
    }
}

#[test]
fn the_subscription_that_is_read_is_the_one_that_was_asked_for() {
    let other = INVOICE.replacen("kw-9ba40961-995a-4a3d-8c53", "kw-other", 1);
    assert_eq!(told(&Square, &other).unwrap_err().code(), "impossible_value");
}

#[test]
fn an_id_that_leads_elsewhere_is_never_asked_for() {
    let (_, body) = PAYMENT.split_once("\n\n").unwrap();
    let body = body.replace("KwOrd03PxyUXh0PaIjTO5cZ7eV", "../payments");
    assert!(Id::new("../payments").is_some());
    let event = Event::new("payment.updated", chrono::DateTime::UNIX_EPOCH, body.as_bytes());
    assert_eq!(Square.asks(&event).unwrap_err().code(), "impossible_value");
}
