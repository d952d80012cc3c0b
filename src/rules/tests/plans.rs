//! Plans, quantities and bundles: what the line holds now.

use super::life::{Life, at, line, until};
use crate::rules::license::State::{Active, Revoked};
use keywright_providers::notice::Act;

const SHOP: &str = r#"
    [products.pro]
    interval = "P1M"
    max_activations = 2
    features = ["export"]
    [products.lite]
    interval = "P1M"
    [products.year]
    interval = "P1Y"
    [products.suite]
    bundle = ["pro", "lite"]
    [products.team]
    interval = "P1M"
    quantity = "seats"
    max_activations = 2
    [items.own]
    product = ""
"#;

fn of(item: &str, quantity: u32) -> Life {
    Life::in_shop(SHOP, &[line("si_1", item, quantity)]).paid("2026-03-05")
}

fn held(product: &str, day: &str) -> (String, String, crate::rules::license::State) {
    (product.to_owned(), day.to_owned(), Active)
}

#[test]
fn a_plan_change_keeps_the_license_and_its_time() {
    let before = of("lite", 1);
    let after = before.clone().changed("2026-03-10", &[line("si_1", "pro", 1)]);
    assert_eq!(after.slots(), before.slots());
    let license = after.license();
    assert_eq!(license.product.id, "pro");
    assert_eq!(
        (license.max_activations, license.product.features.as_slice()),
        (2, ["export".to_owned()].as_slice())
    );
    after.expires("2026-04-05").renewed("2026-04-05").expires("2026-05-05");
}

#[test]
fn an_invoice_that_is_paid_late_puts_no_plan_back() {
    let five = until(line("si_1", "team", 5), "2026-03-05", "2026-04-05");
    let life = Life::in_shop(SHOP, &[]).paid_for("2026-03-05", vec![five.clone()]);
    let more = life.changed("2026-04-07", &[line("si_1", "team", 20)]);
    let open = until(five, "2026-04-05", "2026-05-05");
    let late = more.paid_for("2026-04-09", vec![open]).expires("2026-05-05");
    assert_eq!(late.license().max_activations, 40, "as it was changed before it was paid");
    let fewer = until(line("si_1", "team", 3), "2026-05-05", "2026-06-05");
    assert_eq!(late.paid_for("2026-05-06", vec![fewer]).license().max_activations, 6);
}

#[test]
fn a_payment_after_the_change_is_counted_by_the_new_plan() {
    let life = of("pro", 1).with_lines(&[line("si_1", "year", 1)]).renewed("2026-04-05");
    life.expires("2027-04-05");
}

#[test]
fn of_several_changes_the_latest_stands_in_whatever_order_they_are_told() {
    let life = of("pro", 1).changed("2026-03-12", &[line("si_1", "pro", 1)]);
    let life = life.changed("2026-03-11", &[line("si_1", "lite", 1)]);
    assert_eq!(life.holds(), [held("pro", "2026-04-05")]);
}

#[test]
fn an_order_of_three_is_three_keys() {
    let life = of("pro", 3);
    assert_eq!(life.slots().into_iter().collect::<Vec<_>>(), ["si_1/0.1", "si_1/0.2", "si_1/0.3"]);
    assert!(life.licenses().iter().all(|one| (one.quantity, one.max_activations) == (1, 2)));
}

#[test]
fn or_one_key_with_three_seats() {
    let license = of("team", 3).license();
    assert_eq!((license.quantity, license.max_activations), (3, 6));
    let more = of("team", 3).changed("2026-03-10", &[line("si_1", "team", 5)]).license();
    assert_eq!(
        (more.quantity, more.max_activations, more.expires_at),
        (5, 10, Some(at("2026-04-05")))
    );
    let fewer = of("team", 3).changed("2026-03-10", &[line("si_1", "team", 1)]).license();
    assert_eq!((fewer.quantity, fewer.max_activations), (1, 2));
}

#[test]
fn more_keys_are_there_at_once_and_fewer_end_at_once() {
    let more = of("pro", 1).changed("2026-03-10", &[line("si_1", "pro", 3)]);
    assert_eq!(more.holds(), vec![held("pro", "2026-04-05"); 3]);
    let starts: Vec<_> = more.licenses().iter().map(|license| license.starts_at).collect();
    assert_eq!(starts, [at("2026-03-05"), at("2026-03-10"), at("2026-03-10")]);
    let fewer = more.changed("2026-03-20", &[line("si_1", "pro", 1)]);
    let dropped = held("pro", "2026-03-20");
    assert_eq!(fewer.holds(), [held("pro", "2026-04-05"), dropped.clone(), dropped.clone()]);
    assert_eq!(fewer.licenses()[1].valid_until, Some(at("2026-03-20")));
    let renewed = fewer.with_lines(&[line("si_1", "pro", 2)]).renewed("2026-04-05");
    assert_eq!(renewed.holds(), [held("pro", "2026-05-05"), held("pro", "2026-05-05"), dropped]);
}

#[test]
fn a_key_that_was_dropped_keeps_the_date_that_support_gave_it() {
    let fewer = of("pro", 2).changed("2026-03-20", &[line("si_1", "pro", 1)]);
    let set = Act::SetExpiry { expires_at: at("2026-12-31") };
    let life = fewer.clone().support_on("2026-03-21", "si_1/0.2", set);
    assert_eq!(life.holds()[1], held("pro", "2026-12-31"));
    let add = Act::Renew { interval: Some("P1M".to_owned()) };
    let life = fewer.support_on("2026-03-21", "si_1/0.2", add);
    assert_eq!(life.holds()[1], held("pro", "2026-05-05"));
}

#[test]
fn keys_that_were_announced_and_never_paid_for_are_none() {
    let life = Life::in_shop(SHOP, &[line("si_1", "pro", 1)]);
    let life = life.changed("2026-03-04", &[line("si_1", "pro", 5)]).paid("2026-03-05");
    assert_eq!(life.holds(), [held("pro", "2026-04-05")]);
}

#[test]
fn a_bundle_is_one_license_each() {
    let life = of("suite", 1).expires_each(&["2026-04-05", "2026-04-05"]);
    assert_eq!(life.holds(), [held("pro", "2026-04-05"), held("lite", "2026-04-05")]);
    let life = life.refunded("2026-03-09", 1);
    assert!(life.licenses().iter().all(|license| license.state == Revoked));
    assert_eq!(of("suite", 2).slots().len(), 4);
}

#[test]
fn who_moves_up_to_a_bundle_has_all_of_it_at_once() {
    let up = of("pro", 1).changed("2026-03-10", &[line("si_1", "suite", 1)]);
    assert_eq!(up.holds(), [held("pro", "2026-04-05"), held("lite", "2026-04-05")]);
    let down = up.changed("2026-03-20", &[line("si_1", "pro", 1)]);
    assert_eq!(down.holds(), [held("pro", "2026-04-05"), held("lite", "2026-03-20")]);
}

#[test]
fn a_line_that_became_something_else_ends() {
    let life = of("pro", 1).changed("2026-03-20", &[line("si_1", "own", 1)]);
    assert_eq!(life.holds(), [held("pro", "2026-03-20")]);
}

#[test]
fn what_is_nothing_of_ours_is_no_license_and_no_problem() {
    let life = of("own", 1);
    assert_eq!((life.licenses().len(), life.fold().problems.len()), (0, 0));
}

impl Life {
    #[track_caller]
    fn expires_each(self, dates: &[&str]) -> Self {
        let expiries: Vec<_> = self.licenses().iter().filter_map(|one| one.expires_at).collect();
        assert_eq!(expiries, dates.iter().map(|date| at(date)).collect::<Vec<_>>());
        self
    }
}

#[test]
fn of_a_bundle_cut_down_to_one_product_that_license_goes_on_which_is_of_it() {
    let suite = of("suite", 1);
    let keys = suite.licenses();
    let lite = suite.changed("2026-03-10", &[line("si_1", "lite", 1)]);
    assert_eq!(lite.holds(), [held("pro", "2026-03-10"), held("lite", "2026-04-05")]);
    assert!(lite.licenses().iter().zip(keys).all(|(after, before)| after.slot == before.slot));
    let renewed = lite.with_lines(&[line("si_1", "lite", 1)]).renewed("2026-04-05");
    assert_eq!(renewed.holds(), [held("pro", "2026-03-10"), held("lite", "2026-05-05")]);
}

#[test]
fn a_product_that_becomes_part_of_a_bundle_keeps_its_license() {
    let lite = of("lite", 1);
    let slot = lite.license().slot;
    let suite = lite.with_lines(&[line("si_1", "suite", 1)]).renewed("2026-04-05");
    let licenses = suite.licenses();
    let product = |slot: &str| {
        let found = licenses.iter().find(|license| license.slot == slot).unwrap();
        found.product.id.clone()
    };
    assert_eq!((licenses.len(), product(&slot)), (2, "lite".to_owned()));
}

#[test]
fn what_was_dropped_is_said_in_the_story_of_its_date() {
    let lite = of("suite", 1).changed("2026-03-10", &[line("si_1", "lite", 1)]);
    let dropped = lite.licenses().into_iter().find(|one| one.product.id == "pro").unwrap();
    let last = dropped.steps.last().unwrap();
    assert_eq!(last.expires_at, Some(at("2026-03-10")));
    assert!(last.text.ends_with("this license is no part of it any more"), "{}", last.text);
}
