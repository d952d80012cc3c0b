//! Lines that come to a subscription while it runs, and lines that leave it.

use super::life::{Life, at, line, until};
use crate::rules::license::State::{Active, Revoked};
use keywright_providers::notice::{Kind, Line};

const SHOP: &str = "[products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1Y\"\n\
                    [products.team]\ninterval = \"P1Y\"\nquantity = \"seats\"\n\
                    max_activations = 1\n[products.ever]";

fn pro() -> Line {
    line("si_1", "pro", 1)
}

fn lite() -> Line {
    line("si_2", "lite", 1)
}

/// A year of pro, paid.
fn a_year() -> Life {
    Life::in_shop(SHOP, &[pro()]).paid_until("2026-03-05", "2026-03-05", "2027-03-05")
}

fn held(product: &str, end: &str) -> (String, String, crate::rules::license::State) {
    (product.to_owned(), end.to_owned(), Active)
}

#[test]
fn a_line_that_comes_later_is_covered_as_far_as_the_others_are_paid() {
    let both = a_year().stands("2026-05-05", &[pro(), lite()]);
    assert_eq!(both.holds(), [held("pro", "2027-03-05"), held("lite", "2027-03-05")]);
    assert_eq!(both.licenses()[1].starts_at, at("2026-05-05"));
    let renewed = both.with_lines(&[pro(), lite()]);
    let renewed = renewed.paid_until("2027-03-05", "2027-03-05", "2028-03-05");
    assert_eq!(renewed.holds(), [held("pro", "2028-03-05"), held("lite", "2028-03-05")]);
}

#[test]
fn and_no_further_than_a_period_of_its_own() {
    let own = until(lite(), "2026-05-05", "2026-06-05");
    let both = a_year().stands("2026-05-05", &[pro(), own]);
    assert_eq!(both.holds(), [held("pro", "2027-03-05"), held("lite", "2026-06-05")]);
}

#[test]
fn so_are_as_many_units_or_seats_as_came() {
    let keys = a_year().stands("2026-05-05", &[pro(), line("si_2", "lite", 3)]);
    assert_eq!(keys.licenses().len(), 4);
    let seats = a_year().stands("2026-05-05", &[pro(), line("si_2", "team", 3)]);
    let team = &seats.licenses()[1];
    assert_eq!((team.quantity, team.max_activations), (3, 3));
    assert_eq!(team.starts_at, at("2026-05-05"));
}

#[test]
fn it_begins_with_the_trial_that_the_others_have() {
    let life = Life::in_shop(SHOP, &[pro()]).trial("2026-03-05", "2026-03-19");
    let both = life.stands("2026-03-09", &[pro(), lite()]);
    assert_eq!(both.holds(), [held("pro", "2026-03-19"), held("lite", "2026-03-19")]);
}

#[test]
fn where_nothing_is_paid_for_the_others_it_is_none() {
    let life = Life::in_shop(SHOP, &[pro()]).stands("2026-03-04", &[pro(), lite()]);
    assert_eq!(life.licenses().len(), 0);
    let paid = life.paid_until("2026-03-05", "2026-03-05", "2027-03-05");
    assert_eq!(paid.holds(), [held("pro", "2027-03-05")]);
}

#[test]
fn money_that_goes_back_takes_it_too() {
    let gone = a_year().stands("2026-05-05", &[pro(), lite()]).refunded("2026-05-09", 1);
    let states: Vec<_> = gone.licenses().iter().map(|license| license.state).collect();
    assert_eq!(states, [Revoked, Revoked]);
}

#[test]
fn a_line_that_is_taken_out_ends_and_is_back_when_it_comes_back() {
    let both = Life::in_shop(SHOP, &[pro(), lite()]);
    let both = both.paid_until("2026-03-05", "2026-03-05", "2027-03-05");
    let one = both.stands("2026-05-05", &[lite()]);
    assert_eq!(one.holds(), [held("pro", "2026-05-05"), held("lite", "2027-03-05")]);
    let told = one.licenses().remove(0).steps.pop().unwrap();
    assert_eq!(told.text, "the subscription was cut down; this license is no part of it any more");
    let again = one.clone().stands("2026-06-05", &[pro(), lite()]);
    assert_eq!(again.holds(), [held("pro", "2027-03-05"), held("lite", "2027-03-05")]);
    // What is told twice is no further step.
    let twice = one.stands("2026-05-06", &[lite()]);
    assert_eq!(twice.licenses()[0].expires_at, Some(at("2026-05-05")));
}

#[test]
fn an_invoice_for_what_was_held_before_that_is_paid_late_takes_nothing_away() {
    let changed = a_year().stands("2027-03-07", &[pro(), lite()]);
    let late = changed.paid_until("2027-03-09", "2027-03-05", "2028-03-05");
    assert_eq!(late.holds(), [held("pro", "2028-03-05"), held("lite", "2028-03-05")]);
}

#[test]
fn what_was_sold_once_beside_a_subscription_is_no_line_of_it() {
    let ever = line("li_1", "ever", 1);
    let year = until(pro(), "2026-03-05", "2027-03-05");
    let life = Life::in_shop(SHOP, &[]).paid_for("2026-03-05", vec![ever.clone(), year]);
    let life = life.stands("2026-03-06", &[pro()]);
    assert_eq!(life.holds(), [held("ever", "never"), held("pro", "2027-03-05")]);

    // Nor where only a trial of the subscription was begun with it.
    let life = Life::in_shop(SHOP, &[pro()]).trial("2026-03-05", "2026-03-19");
    let life = life.paid_for("2026-03-05", vec![ever]).stands("2026-03-06", &[pro()]);
    assert_eq!(life.holds(), [held("ever", "never"), held("pro", "2026-03-19")]);
    let over = life.happens("2026-03-10", Kind::Ended { at: at("2026-03-10") });
    assert_eq!(over.holds(), [held("ever", "never"), held("pro", "2026-03-10")]);
    assert!(over.licenses()[0].flags.is_empty());
}
