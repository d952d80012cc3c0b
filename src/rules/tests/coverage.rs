//! How long a license lasts.

use super::life::Life;
use crate::rules::license::Flag::{Canceled, Ended, PastDue};
use crate::rules::license::State::{Active, Pending};
use keywright_providers::notice::{Act, Kind};

use super::life::at;

#[test]
fn a_payment_covers_one_interval_from_its_own_time() {
    Life::of(r#"interval = "P1Y""#).paid("2026-03-05").expires("2027-03-05").is(Active, &[]);
}

#[test]
fn without_an_interval_it_is_perpetual() {
    Life::of("").paid("2026-03-05").never_expires().is(Active, &[]);
    assert_eq!(Life::of("").paid("2026-03-05").license().valid_until, None);
}

#[test]
fn a_renewal_adds_to_the_expiry_whether_early_or_a_little_late() {
    let bought = Life::of(r#"interval = "P1Y""#).paid("2026-03-05");
    for date in ["2026-12-01", "2027-03-05", "2027-03-06T09:59:59Z", "2027-03-06T10:00:00Z"] {
        bought.clone().renewed(date).expires("2028-03-05");
    }
}

#[test]
fn a_renewal_after_the_license_had_lapsed_counts_from_its_own_time() {
    Life::of(r#"interval = "P1Y""#)
        .paid("2026-03-05")
        .renewed("2027-03-06T10:00:01Z")
        .expires("2028-03-06T10:00:01Z");
}

#[test]
fn grace_is_not_lapsed() {
    let bought = Life::of("interval = \"P1Y\"\ngrace = \"P10D\"").paid("2026-03-05");
    bought.clone().renewed("2027-03-16").expires("2028-03-05");
    bought.renewed("2027-03-16T10:00:01Z").expires("2028-03-16T10:00:01Z");
}

#[test]
fn from_expiry_never_gives_the_time_between_away() {
    Life::of("interval = \"P1Y\"\nrenewal = \"from_expiry\"")
        .paid("2024-03-05")
        .renewed("2026-06-01")
        .expires("2026-03-05");
}

#[test]
fn from_payment_counts_each_payment_by_itself_and_never_shortens() {
    let bought = Life::of("interval = \"P1Y\"\nrenewal = \"from_payment\"").paid("2026-03-05");
    bought.clone().renewed("2026-09-01").expires("2027-09-01");
    let set = Act::SetExpiry { expires_at: at("2030-01-01") };
    let extended = bought.support("2026-03-06", set).renewed("2026-09-01").expires("2030-01-01");
    extended.support("2026-09-02", Act::Renew { interval: None }).expires("2031-01-01");
}

#[test]
fn a_chain_is_counted_from_its_first_day_so_no_day_is_lost() {
    for (interval, anchor, ends) in [
        ("P1M", "2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("P1M", "2024-01-30", ["2024-02-29", "2024-03-30", "2024-04-30", "2024-05-30"]),
        ("P1M", "2026-11-30", ["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
        ("P1Y", "2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("P3M", "2026-11-30", ["2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30"]),
        ("P6M", "2026-08-31", ["2027-02-28", "2027-08-31", "2028-02-29", "2028-08-31"]),
        ("P30D", "2026-03-28", ["2026-04-27", "2026-05-27", "2026-06-26", "2026-07-26"]),
        ("P2W", "2026-10-24", ["2026-11-07", "2026-11-21", "2026-12-05", "2026-12-19"]),
        (
            "PT36H",
            "2026-03-28",
            ["2026-03-29T22:00:00Z", "2026-03-31", "2026-04-01T22:00:00Z", "2026-04-03"],
        ),
        ("P1Y1D", "2027-02-28", ["2028-02-29", "2029-03-02", "2030-03-03", "2031-03-04"]),
    ] {
        let mut life = Life::of(&format!("interval = \"{interval}\""));
        let mut due = anchor;
        for end in ends {
            life = life.paid(due).expires(end);
            due = end;
        }
    }
}

#[test]
fn the_providers_own_period_is_the_truth() {
    Life::of(r#"interval = "P1Y""#)
        .paid_until("2026-03-05", "2026-03-05", "2026-04-05T07:08:09Z")
        .expires("2026-04-05T07:08:09Z")
        .paid_until("2026-04-05", "2026-04-05", "2026-05-05")
        .expires("2026-05-05");
}

#[test]
fn of_several_periods_the_latest_end_counts() {
    Life::of(r#"interval = "P1M""#)
        .paid_until("2026-03-05", "2026-03-05", "2026-06-05")
        .paid_until("2026-03-06", "2026-03-06", "2026-04-06")
        .expires("2026-06-05");
}

#[test]
fn a_perpetual_product_sold_by_subscription_lasts_as_its_periods_do() {
    Life::of("").paid_until("2026-03-05", "2026-03-05", "2026-04-05").expires("2026-04-05");
}

#[test]
fn one_fixed_date_holds_whatever_is_paid_when() {
    let fixed = Life::of("expires_at = \"2027-12-31\"\ntime_zone = \"Europe/Berlin\"");
    let end = "2027-12-31T22:59:59Z";
    let paid = fixed.paid("2026-01-01").expires(end).renewed("2026-05-05").expires(end);
    let set = Act::SetExpiry { expires_at: at("2028-06-30") };
    paid.support("2026-06-01", set).renewed("2026-07-01").expires("2028-06-30");
}

#[test]
fn the_buffer_applies_only_while_a_renewal_is_expected() {
    let bought =
        Life::of("interval = \"P1M\"\nbuffer = \"PT36H\"\ngrace = \"P2D\"").paid("2026-03-05");
    bought.clone().valid_until("2026-04-08T22:00:00Z");
    bought.clone().canceled("2026-03-10").valid_until("2026-04-07");
    bought.clone().ended("2026-03-10", "2026-03-10").valid_until("2026-03-12");
    bought
        .clone()
        .canceled("2026-03-10")
        .happens("2026-03-11", Kind::Uncanceled)
        .valid_until("2026-04-08T22:00:00Z");
    let once = Life::of("interval = \"P1M\"\nbuffer = \"PT36H\"\ngrace = \"P2D\"").sold_once();
    once.paid("2026-03-05").valid_until("2026-04-07");
}

#[test]
fn who_canceled_and_pays_after_the_end_after_all_loses_no_hour() {
    Life::of(r#"interval = "P1M""#)
        .paid("2026-03-05")
        .canceled("2026-03-10")
        .renewed("2026-04-05T20:00:00Z")
        .expires("2026-05-05T20:00:00Z");
}

#[test]
fn canceling_takes_no_time_and_can_be_taken_back() {
    let bought = Life::of(r#"interval = "P1Y""#).paid("2026-03-05").canceled("2026-04-01");
    let bought = bought.expires("2027-03-05").is(Active, &[Canceled]);
    bought.happens("2026-04-02", Kind::Uncanceled).expires("2027-03-05").is(Active, &[]);
}

#[test]
fn no_coverage_reaches_past_an_end() {
    let bought = Life::of(r#"interval = "P1Y""#).paid("2026-03-05");
    bought.clone().ended("2026-04-01", "2026-04-01").expires("2026-04-01").is(Active, &[Ended]);
    bought.clone().ended("2026-04-01", "2028-04-01").expires("2027-03-05");
    let back = bought.ended("2026-04-01", "2026-04-01").renewed("2026-04-01T12:00:00Z");
    back.expires("2027-04-01T12:00:00Z").is(Active, &[]);
    Life::of("").paid("2026-03-05").ended("2026-04-01", "2026-04-01").expires("2026-04-01");
}

#[test]
fn at_one_instant_an_end_beats_a_payment_and_a_payment_a_failure() {
    let bought = Life::of(r#"interval = "P1Y""#).paid("2026-03-05");
    bought
        .clone()
        .ended("2027-03-05", "2027-03-05")
        .renewed("2027-03-05")
        .expires("2027-03-05")
        .is(Active, &[Ended]);
    bought.happens("2027-03-05", Kind::PaymentFailed).renewed("2027-03-05").is(Active, &[]);
}

#[test]
fn a_failed_payment_is_flagged_until_a_later_one_succeeds() {
    let due = Life::of(r#"interval = "P1M""#)
        .paid("2026-03-05")
        .happens("2026-04-05", Kind::PaymentFailed);
    let due = due.expires("2026-04-05").is(Active, &[PastDue]);
    due.renewed("2026-04-06").expires("2026-05-05").is(Active, &[]);
}

#[test]
fn what_announces_a_new_period_without_money_extends_nothing() {
    let bought = Life::of(r#"interval = "P1M""#).paid("2026-03-05");
    let told = super::life::until(super::life::line("si_1", "pro", 1), "2026-04-05", "2026-05-05");
    bought.changed("2026-04-05", &[told]).expires("2026-04-05");
}

#[test]
fn nothing_told_of_money_is_no_license() {
    let life = Life::of(r#"interval = "P1M""#)
        .changed("2026-03-05", &[super::life::line("si_1", "pro", 1)]);
    assert_eq!(life.canceled("2026-03-06").licenses(), []);
}

#[test]
fn time_from_the_first_activation_waits_for_it() {
    let bought = Life::of("interval = \"P1Y\"\nstart = \"activation\"").paid("2026-03-05");
    let bought = bought.never_expires().is(Pending, &[]);
    let active = bought.activated("2026-05-01").expires("2027-05-01").is(Active, &[]);
    assert_eq!(active.license().starts_at, at("2026-05-01"));
    let again = active.activated("2026-09-09").expires("2027-05-01");
    again.renewed("2027-05-01").expires("2028-05-01");
}

#[test]
fn what_was_renewed_before_the_first_activation_is_not_lost() {
    Life::of("interval = \"P1Y\"\nstart = \"activation\"")
        .paid("2026-03-05")
        .renewed("2027-03-05")
        .is(Pending, &[])
        .activated("2027-06-01")
        .expires("2029-06-01");
}

#[test]
fn a_period_of_the_providers_does_not_wait_for_an_activation() {
    let life = Life::of("interval = \"P1Y\"\nstart = \"activation\"");
    let life = life.paid_until("2026-03-05", "2026-03-05", "2027-03-05");
    let life = life.is(Active, &[]).activated("2026-05-01").expires("2027-03-05");
    assert_eq!(life.license().starts_at, at("2026-03-05"));
}

#[test]
fn a_license_starts_with_its_first_covered_day() {
    let life = Life::of(r#"interval = "P1Y""#).paid_until("2026-02-01", "2026-03-05", "2027-03-05");
    assert_eq!(life.license().starts_at, at("2026-03-05"));
    let renewed = life.paid_until("2027-03-05", "2027-03-05", "2028-03-05");
    assert_eq!(renewed.license().starts_at, at("2026-03-05"));
}

#[test]
fn no_date_leaves_the_calendar() {
    let mut life = Life::of(r#"interval = "P100Y""#);
    for _ in 0..90 {
        life = life.paid("2026-03-05");
    }
    life.expires("9999-12-31T23:59:59Z").valid_until("9999-12-31T23:59:59Z");
}

const FROM_ACTIVATION: &str = "interval = \"P1Y\"\nstart = \"activation\"";

#[test]
fn days_given_by_support_come_to_the_paid_time_when_that_begins() {
    let interval = Some("P14D".to_owned());
    let given = Life::of(FROM_ACTIVATION)
        .paid("2026-03-05")
        .support("2026-03-07", Act::Renew { interval })
        .is(Pending, &[]);
    given.activated("2026-05-01").is(Active, &[]).expires("2027-05-15");
}

#[test]
fn what_follows_a_trial_runs_on_without_an_activation() {
    let tried = Life::of(FROM_ACTIVATION).trial("2025-10-18", "2025-11-01").paid("2025-11-01");
    let tried = tried.expires("2026-11-01");
    tried.renewed("2026-11-01").is(Active, &[]).expires("2027-11-01");
}

#[test]
fn what_is_over_before_it_was_activated_waits_for_nothing() {
    let ended = Life::of(FROM_ACTIVATION).paid("2026-03-05").ended("2026-04-05", "2026-04-05");
    let ended = ended.is(Active, &[Ended]).expires("2026-04-05");
    ended.activated("2026-05-01").expires("2026-04-05");
}

#[test]
fn what_was_paused_ended_and_is_bought_again_is_as_new() {
    let life =
        Life::of(r#"interval = "P1M""#).paid("2026-03-05").happens("2026-03-10", Kind::Paused);
    let over = life.canceled("2026-04-01").ended("2026-04-05", "2026-04-05");
    over.is(Active, &[Canceled, Ended]).paid("2026-05-01").is(Active, &[]).expires("2026-06-01");
}
