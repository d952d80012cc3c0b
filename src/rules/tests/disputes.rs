//! Disputes: suspended while open, restored when won, as a full refund when lost.

use super::life::{Life, at};
use crate::rules::license::Flag::{Disputed, Refunded};
use crate::rules::license::State::{Active, Revoked, Suspended};
use keywright_providers::notice::Act;
use keywright_providers::notice::DisputeState::{Lost, Opened, Won};

fn yearly() -> Life {
    Life::of(r#"interval = "P1Y""#).paid("2026-03-05")
}

#[test]
fn an_open_dispute_suspends() {
    let open = yearly().disputed("2026-03-09", 1, Opened);
    let open = open.is(Suspended, &[Disputed]).expires("2027-03-05");
    let why = &open.license().steps[1];
    assert_eq!((why.at, why.event_id), (at("2026-03-09"), 2));
    assert_eq!(why.text, "payment:pay_1 is disputed, so it is suspended");
}

#[test]
fn one_about_money_that_went_back_suspends_too_and_says_so() {
    let both = yearly().renewed("2027-03-05").refunded("2027-03-09", 2);
    let both = both.disputed("2027-03-10", 2, Opened).is(Suspended, &[Disputed, Refunded]);
    let told = both.license().steps.iter().map(|step| step.event_id).collect::<Vec<_>>();
    assert_eq!(told, [1, 3, 4], "the payment, what took it back, and the dispute");
}

#[test]
fn one_that_was_won_undoes_everything() {
    let life = yearly().disputed("2026-03-09", 1, Opened).disputed("2026-04-09", 1, Won);
    life.is(Active, &[]).expires("2027-03-05");
}

#[test]
fn one_that_was_lost_is_as_a_full_refund() {
    let lost = yearly().disputed("2026-03-09", 1, Opened).disputed("2026-04-09", 1, Lost);
    lost.is(Revoked, &[Disputed, Refunded]);
    let keep = Life::of("interval = \"P1Y\"\non_refund = \"keep\"").paid("2026-03-05");
    keep.disputed("2026-04-09", 1, Lost).is(Active, &[Disputed, Refunded]);
    let renewal = yearly().renewed("2027-03-05").disputed("2027-04-09", 2, Lost);
    renewal.is(Active, &[Disputed, Refunded]).expires("2027-03-05");
}

#[test]
fn closed_outranks_opened_whenever_it_comes() {
    yearly().disputed("2026-03-09", 1, Won).disputed("2026-03-12", 1, Opened).is(Active, &[]);
    let lost = yearly().disputed("2026-03-09", 1, Lost).disputed("2026-03-12", 1, Opened);
    lost.is(Revoked, &[Disputed, Refunded]);
}

#[test]
fn of_two_closings_the_later_stands() {
    let life = yearly().disputed("2026-03-09", 1, Lost).disputed("2026-03-12", 1, Won);
    life.is(Active, &[]).disputed("2026-03-13", 1, Lost).is(Revoked, &[Disputed, Refunded]);
    yearly().disputed("2026-03-09", 1, Lost).disputed("2026-03-09", 1, Won).is(Active, &[]);
}

#[test]
fn support_may_reinstate_in_spite_of_a_dispute() {
    let open = yearly().disputed("2026-03-09", 1, Opened).support("2026-03-10", Act::Reinstate);
    open.is(Active, &[Disputed]).disputed("2026-05-01", 1, Lost).is(Revoked, &[Disputed, Refunded]);
    let before = yearly().support("2026-03-08", Act::Reinstate).disputed("2026-03-09", 1, Opened);
    before.is(Suspended, &[Disputed]);
}
