//! The time that each step covers, as it is drawn.

use super::life::{Life, at};
use crate::rules::fold::StepKind::{self, Paid, Returned, Support};
use keywright_providers::notice::Act;

/// Kind and covered days of every step.
fn covered(life: &Life) -> Vec<(StepKind, Option<String>)> {
    let license = life.license();
    let steps = license.steps.iter().map(|step| {
        let days = step.covers.map(|covers| {
            let until = covers.until.map_or("ever".to_owned(), |end| end.date_naive().to_string());
            format!("{} to {until}", covers.from.date_naive())
        });
        (step.kind, days)
    });
    steps.collect()
}

fn days(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn each_payment_covers_from_where_the_one_before_ended() {
    let life = Life::of(r#"interval = "P1Y""#).paid("2026-01-31").renewed("2027-01-20");
    let first = (Paid, days("2026-01-31 to 2027-01-31"));
    assert_eq!(covered(&life), [first.clone(), (Paid, days("2027-01-31 to 2028-01-31"))]);
    let lapsed = Life::of(r#"interval = "P1Y""#).paid("2026-01-31").renewed("2027-06-01");
    assert_eq!(covered(&lapsed), [first, (Paid, days("2027-06-01 to 2028-06-01"))]);
}

#[test]
fn money_that_went_back_shows_what_it_would_have_covered() {
    let life = Life::of(r#"interval = "P1Y""#).paid("2026-01-31").renewed("2027-01-20");
    let life = life.refunded("2027-02-01", 2);
    let steps = covered(&life);
    assert_eq!(steps[1], (Returned, days("2027-01-31 to 2028-01-31")));
}

#[test]
fn support_covers_from_the_old_end_and_takes_away_without_covering() {
    let longer = Life::of(r#"interval = "P1Y""#).paid("2026-01-31");
    let longer = longer.support("2026-05-01", Act::Renew { interval: Some("P1M".to_owned()) });
    assert_eq!(covered(&longer)[1], (Support, days("2027-01-31 to 2027-02-28")));
    let shorter = longer.support("2026-06-01", Act::SetExpiry { expires_at: at("2026-12-31") });
    assert_eq!(covered(&shorter)[2], (Support, None));
}

#[test]
fn what_never_ends_is_covered_for_ever() {
    let life = Life::of("").paid("2026-01-31");
    assert_eq!(covered(&life), [(Paid, days("2026-01-31 to ever"))]);
}
