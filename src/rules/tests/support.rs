//! Support's own acts.

use super::life::{Life, at, line};
use crate::rules::license::Flag::Paused;
use crate::rules::license::State::{Active, Pending, Revoked, Suspended};
use keywright_providers::notice::{Act, Kind};

fn yearly() -> Life {
    Life::of(r#"interval = "P1Y""#).paid("2026-01-31")
}

fn set(date: &str) -> Act {
    Act::SetExpiry { expires_at: at(date) }
}

fn add(interval: &str) -> Act {
    Act::Renew { interval: Some(interval.to_owned()) }
}

#[test]
fn a_date_that_is_set_holds_and_later_payments_extend_from_there() {
    let longer = yearly().support("2026-05-01", set("2027-06-30")).expires("2027-06-30");
    longer.renewed("2027-06-01").expires("2028-06-30");
    let shorter = yearly().support("2026-05-01", set("2026-06-30")).expires("2026-06-30");
    shorter.renewed("2026-06-30").expires("2027-06-30");
}

#[test]
fn what_is_added_is_added_to_the_expiry_of_that_moment() {
    yearly().support("2026-05-01", Act::Renew { interval: None }).expires("2028-01-31");
    yearly().support("2026-05-01", add("P1M")).expires("2027-02-28");
    let month = Life::of(r#"interval = "P1M""#).paid("2026-01-31").expires("2026-02-28");
    let month = month.support("2026-02-01", Act::Renew { interval: None }).expires("2026-03-31");
    month
        .support("2026-02-02", add("P10D"))
        .expires("2026-04-10")
        .renewed("2026-04-10")
        .expires("2026-05-10");
}

#[test]
fn a_payment_that_is_told_late_does_not_undo_what_support_decided_after_it() {
    let before = yearly().support("2026-05-01", set("2026-06-30"));
    assert_eq!(before.license().expires_at, Some(at("2026-06-30")));
    before.renewed("2026-04-01").expires("2026-06-30");
}

#[test]
fn nothing_can_be_added_to_what_never_ends() {
    let life = Life::of("").paid("2026-01-31").support("2026-05-01", Act::Renew { interval: None });
    let life = life.never_expires().support("2026-05-02", add("P1M")).never_expires();
    assert_eq!(life.license().steps.len(), 1);
    life.support("2026-05-03", set("2027-01-01")).expires("2027-01-01");
}

#[test]
fn an_interval_that_is_none_adds_nothing() {
    yearly().support("2026-05-01", add("a year")).expires("2027-01-31");
}

#[test]
fn suspended_and_revoked_until_reinstated() {
    let life = yearly().support("2026-05-01", Act::Suspend).is(Suspended, &[]);
    let life = life.support("2026-05-02", Act::Reinstate).is(Active, &[]);
    let life = life.support("2026-05-03", Act::Revoke).is(Revoked, &[]).renewed("2027-01-31");
    life.is(Revoked, &[])
        .support("2027-02-01", Act::Reinstate)
        .is(Active, &[])
        .expires("2028-01-31");
}

#[test]
fn paused_until_resumed_or_reinstated() {
    let paused = yearly().happens("2026-05-01", Kind::Paused).is(Suspended, &[Paused]);
    paused.clone().happens("2026-05-02", Kind::Resumed).is(Active, &[]).expires("2027-01-31");
    paused.support("2026-05-02", Act::Reinstate).is(Active, &[]);
}

#[test]
fn a_license_given_by_hand_needs_no_payment() {
    let shop = "[products.pro]\ninterval = \"P1Y\"";
    let given = |expires_at| Act::Issue { lines: vec![line("gift_1", "pro", 1)], expires_at };
    let life = Life::in_shop(shop, &[]).sold_once();
    life.clone().support("2026-01-31", given(None)).expires("2027-01-31").is(Active, &[]);
    let dated = life.clone().support("2026-01-31", given(Some(at("2026-02-15"))));
    dated
        .expires("2026-02-15")
        .support("2026-02-01", Act::Renew { interval: None })
        .expires("2027-02-15");
    let perpetual = Life::in_shop("[products.pro]", &[]).support("2026-01-31", given(None));
    perpetual.never_expires().is(Active, &[]);
}

#[test]
fn a_gift_that_starts_with_its_activation_waits_for_it() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\nstart = \"activation\"";
    let given = Act::Issue { lines: vec![line("gift_1", "pro", 1)], expires_at: None };
    let life = Life::in_shop(shop, &[]).support("2026-01-31", given).is(Pending, &[]);
    life.activated("2026-06-01").expires("2027-06-01");
}

#[test]
fn an_act_on_one_license_leaves_the_others_alone() {
    let shop = "[products.pro]\ninterval = \"P1Y\"";
    let life = Life::in_shop(shop, &[line("si_1", "pro", 2)]).paid("2026-01-31");
    let life = life.support_on("2026-02-01", "si_1/0.2", Act::Suspend);
    let life = life.support_on("2026-02-01", "si_1/0.2", set("2026-12-31"));
    let [first, second] = life.licenses().try_into().unwrap();
    assert_eq!((first.state, first.expires_at), (Active, Some(at("2027-01-31"))));
    assert_eq!((second.state, second.expires_at), (Suspended, Some(at("2026-12-31"))));
}

#[test]
fn each_license_waits_for_its_own_activation() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\nstart = \"activation\"";
    let life = Life::in_shop(shop, &[line("si_1", "pro", 2)]).sold_once().paid("2026-01-31");
    let [first, second] =
        life.support_on("2026-02-10", "si_1/0.2", Act::Activate).licenses().try_into().unwrap();
    assert_eq!((first.state, first.expires_at), (Pending, None));
    assert_eq!((second.state, second.expires_at), (Active, Some(at("2027-02-10"))));
    assert_eq!(second.starts_at, at("2026-02-10"));
}
