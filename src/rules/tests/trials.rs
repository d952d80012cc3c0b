//! Trials: time without money, which comes first and is not lost.

use super::life::{Life, at};
use crate::rules::license::Flag::{Refunded, Trial};
use crate::rules::license::State::{Active, Revoked};
use keywright_providers::notice::Act;

fn tried() -> Life {
    Life::of(r#"interval = "P1M""#).trial("2026-03-05", "2026-03-19")
}

#[test]
fn a_trial_covers_until_its_end_and_says_so() {
    let life = tried().expires("2026-03-19").is(Active, &[Trial]);
    assert_eq!(life.license().starts_at, at("2026-03-05"));
}

#[test]
fn who_pays_during_the_trial_loses_none_of_it() {
    tried().paid("2026-03-10").expires("2026-04-19").is(Active, &[]);
}

#[test]
fn who_pays_after_the_trial_pays_from_then_on() {
    tried().paid("2026-03-19T18:00:00Z").expires("2026-04-19T18:00:00Z");
    tried().paid("2026-05-01").expires("2026-06-01");
    let late = Life::of("interval = \"P1M\"\nrenewal = \"from_expiry\"");
    let late = late.trial("2026-03-05", "2026-03-19").paid("2026-05-01").expires("2026-06-01");
    late.renewed("2026-08-01").expires("2026-07-01");
}

#[test]
fn where_the_provider_says_when_the_paid_time_starts_that_is_when() {
    tried().paid_until("2026-03-19", "2026-03-19", "2026-04-18").expires("2026-04-18");
}

#[test]
fn a_trial_may_be_moved() {
    tried()
        .trial("2026-03-15", "2026-03-31")
        .expires("2026-03-31")
        .paid("2026-03-20")
        .expires("2026-04-30");
}

#[test]
fn also_to_an_earlier_day_unless_support_or_a_payment_gave_more() {
    let sooner = |life: Life| life.trial("2026-03-15", "2026-03-16");
    sooner(tried()).expires("2026-03-16");
    let set = Act::SetExpiry { expires_at: at("2026-04-30") };
    sooner(tried().support("2026-03-07", set)).expires("2026-04-30");
    sooner(tried().paid_until("2026-03-10", "2026-03-10", "2026-04-10")).expires("2026-04-10");
}

#[test]
fn free_days_for_who_has_paid_make_no_trial_of_what_he_holds() {
    let paid = Life::of("interval = \"P1Y\"").paid("2026-03-05");
    paid.trial("2027-03-01", "2027-04-05").expires("2027-04-05").is(Active, &[]);
}

#[test]
fn a_trial_that_ends_early_covers_no_longer() {
    tried().ended("2026-03-07", "2026-03-07").expires("2026-03-07");
}

#[test]
fn a_trial_on_a_product_that_starts_with_its_activation_does_not_wait() {
    let life =
        Life::of("interval = \"P1M\"\nstart = \"activation\"").trial("2026-03-05", "2026-03-19");
    life.is(Active, &[Trial]).paid("2026-03-10").expires("2026-04-19");
}

#[test]
fn a_trial_does_not_save_what_was_paid_and_refunded() {
    tried().paid("2026-03-19").refunded("2026-03-20", 1).is(Revoked, &[Trial, Refunded]);
}

#[test]
fn a_date_that_support_gave_to_a_trial_is_where_the_paid_time_starts() {
    let set = Act::SetExpiry { expires_at: at("2026-04-30") };
    tried().support("2026-03-18", set).paid("2026-04-01").expires("2026-05-30");
}
