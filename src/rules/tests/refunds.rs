//! Money that went back.

use super::life::{Life, euros, line, notice};
use crate::rules::license::Flag::{Disputed, Refunded};
use crate::rules::license::State::{Active, Revoked};
use keywright_providers::notice::{Act, DisputeState, Kind, Money, Ref};

fn yearly() -> Life {
    Life::of(r#"interval = "P1Y""#).paid("2026-03-05")
}

/// A refund told by its running total, or by the provider's own word.
fn back(amount: Option<Money>, total: Option<Money>, full: bool) -> Kind {
    let (refund, payment) = ("re_1".to_owned(), Ref::payment("pay_1"));
    Kind::Refunded { refund, payment, amount, total, full, lines: vec![] }
}

fn undone(refund: &str) -> Kind {
    Kind::RefundUndone { refund: refund.to_owned(), payment: Ref::payment("pay_1") }
}

#[test]
fn a_purchase_refunded_in_full_is_revoked() {
    yearly().refunded("2026-03-09", 1).is(Revoked, &[Refunded]);
}

#[test]
fn unless_the_product_says_keep() {
    let life = Life::of("interval = \"P1Y\"\non_refund = \"keep\"").paid("2026-03-05");
    life.refunded("2026-03-09", 1).is(Active, &[Refunded]).expires("2027-03-05");
}

#[test]
fn a_refunded_renewal_steps_back_one_period() {
    let renewed = yearly().renewed("2027-03-05").expires("2028-03-05");
    renewed.refunded("2027-03-09", 2).expires("2027-03-05").is(Active, &[Refunded]);
    let months =
        Life::of(r#"interval = "P1M""#).paid_until("2026-03-05", "2026-03-05", "2026-04-05");
    let months = months.paid_until("2026-04-05", "2026-04-05", "2026-05-05");
    months.refunded("2026-04-09", 2).expires("2026-04-05");
}

#[test]
fn a_payment_that_does_not_count_names_who_took_it_back() {
    let told =
        |life: Life| life.license().steps.iter().map(|step| step.event_id).collect::<Vec<_>>();
    let renewed = yearly().renewed("2027-03-05");
    assert_eq!(told(renewed.refunded("2027-03-09", 2)), [1, 3]);
    let lost = yearly().disputed("2026-03-09", 1, DisputeState::Opened);
    assert_eq!(told(lost.disputed("2026-04-09", 1, DisputeState::Lost)), [3]);
}

#[test]
fn when_every_payment_went_back_nothing_is_left() {
    let renewed = yearly().renewed("2027-03-05").refunded("2027-03-09", 2);
    renewed.refunded("2027-03-10", 1).is(Revoked, &[Refunded]);
}

#[test]
fn a_partial_refund_is_flagged_and_takes_no_time() {
    let partly = yearly().refunded_partly("2026-03-09", 1, "re_1", 4_000);
    partly.is(Active, &[Refunded]).expires("2027-03-05");
}

#[test]
fn partial_refunds_add_up_by_their_ids() {
    let twice = yearly().refunded_partly("2026-03-09", 1, "re_1", 5_000);
    let twice = twice.refunded_partly("2026-03-10", 1, "re_1", 5_000).is(Active, &[Refunded]);
    twice.refunded_partly("2026-03-11", 1, "re_2", 5_000).is(Revoked, &[Refunded]);
}

#[test]
fn a_running_total_counts_at_its_greatest() {
    let some = yearly().happens("2026-03-09", back(None, Some(euros(6_000)), false));
    let some = some.happens("2026-03-10", back(None, Some(euros(4_000)), false));
    let some = some.is(Active, &[Refunded]);
    some.happens("2026-03-11", back(None, Some(euros(10_000)), false)).is(Revoked, &[Refunded]);
}

#[test]
fn amounts_and_a_total_of_the_same_refunds_are_not_added() {
    let told = yearly().refunded_partly("2026-03-09", 1, "re_1", 5_000);
    told.happens("2026-03-09", back(Some(euros(5_000)), Some(euros(5_000)), false))
        .is(Active, &[Refunded]);
}

#[test]
fn the_provider_may_say_full_without_an_amount() {
    yearly().happens("2026-03-09", back(None, None, true)).is(Revoked, &[Refunded]);
}

#[test]
fn money_in_another_currency_is_never_the_whole() {
    let dollars = Money { minor: 50_000, currency: "USD".to_owned() };
    yearly().happens("2026-03-09", back(Some(dollars), None, false)).is(Active, &[Refunded]);
}

#[test]
fn a_refund_that_failed_never_was_whenever_that_is_told() {
    let undone_late = yearly().refunded("2026-03-09", 1).happens("2026-03-12", undone("re_1"));
    undone_late.is(Active, &[]).expires("2027-03-05");
    let undone_early = yearly().happens("2026-03-08", undone("re_1")).refunded("2026-03-09", 1);
    undone_early.is(Active, &[]);
    let another = yearly().happens("2026-03-08", undone("re_0")).refunded("2026-03-09", 1);
    another.is(Revoked, &[Refunded]);
}

#[test]
fn an_undone_refund_leaves_the_running_total() {
    let told = back(Some(euros(10_000)), Some(euros(10_000)), false);
    let life = yearly().happens("2026-03-09", told).is(Revoked, &[Refunded]);
    life.happens("2026-03-10", undone("re_1")).is(Active, &[]);
}

#[test]
fn absurd_amounts_are_only_large() {
    let least = Money { minor: i64::MIN, currency: "EUR".to_owned() };
    yearly().happens("2026-03-09", back(Some(least), None, false)).is(Revoked, &[Refunded]);
    let most = yearly().refunded_partly("2026-03-09", 1, "re_1", i64::MAX);
    most.refunded_partly("2026-03-09", 1, "re_2", i64::MAX).is(Revoked, &[Refunded]);
}

#[test]
fn a_refund_of_a_payment_nobody_told_of_waits() {
    let life = yearly().refunded("2026-03-09", 2);
    let waiting = &life.told[1];
    assert_eq!(life.fold().dangling.into_iter().collect::<Vec<_>>(), [waiting.digest]);
    let life = life.is(Active, &[]);
    let paid = life.renewed("2027-03-05").is(Active, &[Refunded]).expires("2027-03-05");
    assert!(paid.fold().dangling.is_empty());
}

#[test]
fn a_line_given_back_takes_its_license_and_no_other() {
    let lines = [line("a", "pro", 1), line("b", "lite", 1)];
    let shop = "[products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1Y\"";
    let life = Life::in_shop(shop, &lines).sold_once().paid("2026-03-05");
    let life = life.gives_back("2026-03-09", 1, "re_1", Some(3_000), &[("b", None)]);
    let states: Vec<_> = life.licenses().iter().map(|license| license.state).collect();
    assert_eq!(states, [Active, Revoked]);
}

#[test]
fn units_given_back_are_the_last_ones() {
    let shop = "[products.pro]\ninterval = \"P1Y\"";
    let life = Life::in_shop(shop, &[line("a", "pro", 3)]).sold_once().paid("2026-03-05");
    let two = life.gives_back("2026-03-09", 1, "re_1", Some(3_000), &[("a", Some(1))]);
    let states = |life: &Life| life.licenses().iter().map(|held| held.state).collect::<Vec<_>>();
    assert_eq!(states(&two), [Active, Active, Revoked]);
    let told_again = two.gives_back("2026-03-09", 1, "re_1", None, &[("a", Some(1))]);
    assert_eq!(states(&told_again), [Active, Active, Revoked]);
    let one = told_again.gives_back("2026-03-10", 1, "re_2", Some(3_000), &[("a", Some(1))]);
    assert_eq!(states(&one), [Active, Revoked, Revoked]);
    let none = one.gives_back("2026-03-11", 1, "re_3", None, &[("a", Some(9))]);
    assert_eq!(states(&none), [Revoked, Revoked, Revoked]);
}

#[test]
fn seats_given_back_are_fewer_seats() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\nquantity = \"seats\"\nmax_activations = 2";
    let life = Life::in_shop(shop, &[line("a", "pro", 5)]).sold_once().paid("2026-03-05");
    assert_eq!(life.license().max_activations, 10);
    let three = life.gives_back("2026-03-09", 1, "re_1", Some(4_000), &[("a", Some(2))]);
    let license = three.license();
    assert_eq!((license.state, license.quantity, license.max_activations), (Active, 3, 6));
    three.gives_back("2026-03-10", 1, "re_2", Some(6_000), &[("a", None)]).is(Revoked, &[Refunded]);
}

#[test]
fn reinstating_what_still_has_paid_time_gives_no_refunded_time_back() {
    let life = yearly().renewed("2027-03-05").refunded("2027-03-09", 2);
    let life = life.disputed("2027-03-10", 1, DisputeState::Opened);
    life.support("2027-03-11", Act::Reinstate)
        .expires("2027-03-05")
        .is(Active, &[Refunded, Disputed]);
}

#[test]
fn reinstated_by_support_what_went_back_before_counts_no_more() {
    let back = yearly().refunded("2026-03-09", 1).support("2026-03-20", Act::Reinstate);
    let back = back.is(Active, &[Refunded]).expires("2027-03-05");
    let again = back.renewed("2027-03-05").refunded("2027-03-08", 2).expires("2027-03-05");
    again.is(Active, &[Refunded]);
    yearly()
        .support("2026-03-08", Act::Reinstate)
        .refunded("2026-03-09", 1)
        .is(Revoked, &[Refunded]);
}

#[test]
fn a_refund_of_the_charge_finds_the_payment_that_the_invoice_told() {
    let charge = [Ref::charge("ch_1"), Ref::payment("pay_1")];
    let refunded = Kind::Refunded {
        refund: "re_1".to_owned(),
        payment: Ref::charge("ch_1"),
        amount: Some(euros(10_000)),
        total: None,
        full: false,
        lines: vec![],
    };
    let life = yearly().tell(notice("2026-03-09", &[Ref::charge("ch_1")], refunded));
    assert_eq!(life.fold().dangling.len(), 1);
    let tied = life.is(Active, &[]).tell(notice("2026-03-05", &charge, Kind::Linked));
    tied.is(Revoked, &[Refunded]);
}

#[test]
fn a_dispute_and_a_refund_of_one_payment_are_one_loss() {
    use keywright_providers::notice::DisputeState::{Lost, Opened};
    let life = yearly().renewed("2027-03-05").disputed("2027-03-07", 2, Opened);
    let life = life.refunded("2027-03-08", 2).disputed("2027-03-20", 2, Lost);
    life.is(Active, &[Refunded, Disputed]).expires("2027-03-05");
}

const PLANS: &str = "[products.lite]\ninterval = \"P1M\"\n[products.pro]\ninterval = \"P1M\"\n\
                     [products.team]\ninterval = \"P1M\"\nquantity = \"seats\"";

#[test]
fn what_a_refunded_payment_bought_is_taken_back_too() {
    let life = Life::in_shop(PLANS, &[line("si_1", "lite", 1)]).paid("2026-03-05");
    let more = life.with_lines(&[line("si_1", "pro", 1)]).paid("2026-03-10");
    assert_eq!(more.license().product.id, "pro");
    let back = more.refunded("2026-03-11", 2).is(Active, &[Refunded]).expires("2026-04-05");
    assert_eq!(back.license().product.id, "lite");

    let seats = Life::in_shop(PLANS, &[line("si_1", "team", 2)]).paid("2026-03-05");
    let more = seats.with_lines(&[line("si_1", "team", 10)]).paid("2026-03-10");
    assert_eq!(more.license().quantity, 10);
    assert_eq!(more.refunded("2026-03-11", 2).license().quantity, 2);
}

#[test]
fn so_are_the_keys_that_only_it_bought() {
    let two = Life::in_shop(PLANS, &[line("si_1", "pro", 2)]).paid("2026-03-05");
    let five = two.with_lines(&[line("si_1", "pro", 5)]).paid("2026-03-10");
    let back = five.refunded("2026-03-11", 2);
    let ends: Vec<String> = back.holds().into_iter().map(|(_, day, _)| day).collect();
    assert_eq!(ends, ["2026-04-05", "2026-04-05", "2026-03-10", "2026-03-10", "2026-03-10"]);
}

#[test]
fn what_the_provider_says_of_the_line_stands_all_the_same() {
    let life = Life::in_shop(PLANS, &[line("si_1", "lite", 1)]).paid("2026-03-05");
    let more = life.with_lines(&[line("si_1", "pro", 1)]).paid("2026-03-10");
    let changed = more.changed("2026-03-10", &[line("si_1", "pro", 1)]);
    assert_eq!(changed.refunded("2026-03-11", 2).license().product.id, "pro");
}
