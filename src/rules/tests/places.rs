//! Lines without an id, which their provider names by where they stand.

use std::collections::BTreeMap;

use super::life::{Life, line};
use keywright_providers::Notice;
use keywright_providers::notice::{Kind, Line, Ref};

const SHOP: &str = "[products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1Y\"\n\
                    [products.tool]\ninterval = \"P1Y\"";

/// These items in this order, each named by its place.
fn stand(items: &[&str]) -> Vec<Line> {
    let lines = items.iter().enumerate();
    let named =
        lines.map(|(place, item)| line(&Line::at(&Ref::subscription("sub_1"), place), item, 1));
    named.collect()
}

fn bought(items: &[&str]) -> Life {
    let life = Life::in_shop(SHOP, &stand(items));
    life.paid_until("2026-03-05", "2026-03-05", "2027-03-05")
}

/// What each slot is of and until when, without the subscription's name.
fn slots(life: &Life) -> BTreeMap<String, String> {
    let each = life.licenses().into_iter().map(|license| {
        let end = license.expires_at.map(|end| end.date_naive().to_string());
        let slot = license.slot.trim_start_matches("subscription:sub_1").to_owned();
        (slot, format!("{} {}", license.product.id, end.unwrap()))
    });
    each.collect()
}

#[track_caller]
fn assert_slots(life: &Life, wanted: &[(&str, &str)]) {
    let wanted = wanted.iter().map(|(slot, of)| ((*slot).to_owned(), (*of).to_owned()));
    assert_eq!(slots(life), wanted.collect::<BTreeMap<_, _>>());
}

#[test]
fn who_moves_up_because_another_left_keeps_his_license() {
    let life = bought(&["pro", "lite"]).stands("2026-05-05", &stand(&["lite"]));
    assert_slots(&life, &[("#0/0.1", "pro 2026-05-05"), ("#1/0.1", "lite 2027-03-05")]);
    let renewed = life.with_lines(&stand(&["lite"]));
    let renewed = renewed.paid_until("2027-03-05", "2027-03-05", "2028-03-05");
    assert_slots(&renewed, &[("#0/0.1", "pro 2026-05-05"), ("#1/0.1", "lite 2028-03-05")]);
    let back = renewed.stands("2027-05-05", &stand(&["lite", "pro"]));
    assert_slots(&back, &[("#0/0.1", "pro 2028-03-05"), ("#1/0.1", "lite 2028-03-05")]);
}

#[test]
fn who_moves_down_because_another_came_keeps_his_too() {
    let life = bought(&["pro"]).stands("2026-05-05", &stand(&["lite", "pro"]));
    assert_slots(&life, &[("#0/0.1", "pro 2027-03-05"), ("#1/0.1", "lite 2027-03-05")]);
}

#[test]
fn a_plan_change_keeps_the_license_where_it_stands() {
    let life = bought(&["pro", "lite"]).stands("2026-05-05", &stand(&["tool", "lite"]));
    assert_slots(&life, &[("#0/0.1", "tool 2027-03-05"), ("#1/0.1", "lite 2027-03-05")]);
}

#[test]
fn what_comes_after_another_left_takes_not_its_license() {
    let life = bought(&["pro", "lite"]).stands("2026-05-05", &stand(&["lite"]));
    let life = life.stands("2026-06-05", &stand(&["lite", "tool"]));
    assert_slots(
        &life,
        &[
            ("#0/0.1", "pro 2026-05-05"),
            ("#1/0.1", "lite 2027-03-05"),
            ("#2/0.1", "tool 2027-03-05"),
        ],
    );
}

#[test]
fn what_befalls_a_place_befalls_whoever_stands_there() {
    let life = bought(&["pro", "lite"]).stands("2026-05-05", &stand(&["lite"]));
    let refs = [Ref::subscription("sub_1")];
    let line = Some(Line::at(&refs[0], 0));
    let ended = Kind::Ended { at: super::life::at("2026-07-05") };
    let life = life.tell(Notice { line, ..super::life::notice("2026-07-05", &refs, ended) });
    assert_slots(&life, &[("#0/0.1", "pro 2026-05-05"), ("#1/0.1", "lite 2026-07-05")]);
}

#[test]
fn a_trial_of_some_lines_says_nothing_of_the_others() {
    let subscription = Ref::subscription("sub_1");
    let at = |place, item| line(&Line::at(&subscription, place), item, 1);
    let life = Life::in_shop(SHOP, &[at(0, "pro")]).trial("2026-03-05", "2026-03-19");
    let life = life.with_lines(&[at(1, "lite")]);
    let life = life.paid_until("2026-03-05", "2026-03-05", "2027-03-05");
    let life = life.stands("2026-03-06", &stand(&["pro", "lite"]));
    assert_slots(&life, &[("#0/0.1", "pro 2026-03-19"), ("#1/0.1", "lite 2027-03-05")]);
}
