//! What Paystack does that other providers do not, each told by a fixture.

use super::Paystack;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::recorded::{only, told};

const CHARGE: &str = include_str!("fixtures/charge.success.txt");
const FIRST: &str = include_str!("fixtures/charge.success.plan.txt");
const CREATED: &str = include_str!("fixtures/subscription.create.txt");
const FIRST_INVOICE: &str = include_str!("fixtures/invoice.update.first.txt");
const RENEWAL: &str = include_str!("fixtures/invoice.update.txt");

fn line(notice: &Notice) -> &Line {
    match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Changed { lines, .. } => &lines[0],
        other => panic!("{other:?}"),
    }
}

fn names(notice: &Notice) -> Vec<&String> {
    let line = line(notice);
    [&line.line].into_iter().chain(&line.alias).collect()
}

fn share<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.iter().any(|name| other.contains(name))
}

/// Neither names the other: the card of that checkout, with the plan, is in both.
#[test]
fn the_first_charge_and_the_subscription_share_a_sale_and_a_line() {
    let (charge, created) = (only(&Paystack, FIRST), only(&Paystack, CREATED));
    assert!(share(&charge.refs, &created.refs) && share(&names(&charge), &names(&created)));
    let another_card = CREATED.replace("AUTH_kwpqh8e0cq", "AUTH_another");
    let another_plan = CREATED.replace("PLN_kwgx9hrc4pyf5pq", "PLN_another");
    for other in [another_card, another_plan] {
        let other = only(&Paystack, &other);
        assert!(!share(&charge.refs, &other.refs) && !share(&names(&charge), &names(&other)));
    }
}

#[test]
fn a_first_invoice_is_the_first_charge_once_more() {
    let (charge, invoice) = (only(&Paystack, FIRST), only(&Paystack, FIRST_INVOICE));
    let (Kind::Paid { payment: one, .. }, Kind::Paid { payment: other, .. }) =
        (&charge.kind, &invoice.kind)
    else {
        panic!("{charge:?} {invoice:?}")
    };
    assert_eq!(one, other);
    assert!(share(&charge.refs, &invoice.refs) && share(&names(&charge), &names(&invoice)));
}

#[test]
fn a_renewal_is_told_once_and_by_its_invoice() {
    let charge = include_str!("fixtures/charge.success.renewal.txt");
    assert_eq!(told(&Paystack, charge), Ok(Vec::new()));
    let (created, renewal) = (only(&Paystack, CREATED), only(&Paystack, RENEWAL));
    assert_eq!(line(&created).line, line(&renewal).line);
    assert_eq!(line(&renewal).period.unwrap().end.to_rfc3339(), "2026-03-10T12:00:00+00:00");
    assert!(line(&renewal).item.is_empty(), "an invoice does not name its plan");
}

#[test]
fn a_creation_covers_nothing_and_the_charge_one_interval() {
    assert!(matches!(only(&Paystack, CREATED).kind, Kind::Changed { .. }));
    let first = only(&Paystack, FIRST);
    assert_eq!(line(&first).period.unwrap().end.to_rfc3339(), "2026-02-10T12:00:00+00:00");
}

#[test]
fn an_end_that_is_past_is_none() {
    for fixture in [
        include_str!("fixtures/invoice.update.ends_before_it_begins.txt"),
        include_str!("fixtures/charge.success.plan.without_interval.txt"),
    ] {
        assert_eq!(line(&only(&Paystack, fixture)).period, None);
    }
}

#[test]
fn a_customer_ties_nothing() {
    for fixture in [CHARGE, FIRST, CREATED, RENEWAL] {
        let refs = only(&Paystack, fixture).refs;
        assert!(!refs.iter().any(|name| name.id.contains("CUS_")), "{refs:?}");
    }
}

/// A browser can write the product and the amount, but it pays that amount.
#[test]
fn a_product_is_told_together_with_its_price() {
    assert_eq!(line(&only(&Paystack, CHARGE)).item, ["acme-pro:NGN:490000", "acme-pro"]);
    let bare = include_str!("fixtures/charge.success.metadata_zero.txt");
    assert_eq!(line(&only(&Paystack, bare)).item, ["NGN:980000"]);
    let odd = include_str!("fixtures/charge.success.odd_price.txt");
    assert_eq!(line(&only(&Paystack, odd)).item, ["acme-pro"]);
}

#[test]
fn metadata_says_the_same_in_all_its_shapes() {
    let text = include_str!("fixtures/charge.success.metadata_as_text.txt");
    assert_eq!(only(&Paystack, text).kind, only(&Paystack, CHARGE).kind);
    let custom = include_str!("fixtures/charge.success.custom_fields.txt");
    assert_eq!(line(&only(&Paystack, custom)).item, ["acme-pro:NGN:980000", "acme-pro"]);
}

#[test]
fn the_reference_is_what_a_refund_and_a_dispute_name() {
    let reference = Ref::payment("kw-ref-0001");
    for fixture in [
        CHARGE,
        include_str!("fixtures/refund.processed.txt"),
        include_str!("fixtures/charge.dispute.create.txt"),
    ] {
        assert_eq!(only(&Paystack, fixture).refs, std::slice::from_ref(&reference));
    }
}
