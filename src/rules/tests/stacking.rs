//! Stacked products: purchases of one product by one customer are one license.

use super::life::{Life, at, line, notice, until};
use crate::rules::license::Flag::{Canceled, Disputed, Ended, PastDue, Paused, Refunded};
use crate::rules::license::State::{Active, Revoked, Suspended};
use keywright_providers::Notice;
use keywright_providers::notice::{DisputeState, Kind, Line, Ref};

const SHOP: &str = r#"
    [products.pro]
    interval = "P30D"
    stack = true
    [products.year]
    interval = "P1Y"
    stack = true
    [products.addon]
    interval = "P30D"
    [items.pro90]
    product = "pro"
    interval = "P90D"
    [products.both]
    bundle = ["pro", "addon"]
"#;

/// The n-th purchase, of its own order or subscription.
fn buys(n: u32, date: &str, item: &str) -> Notice {
    paid(n, 0, date, line(&format!("li_{n}"), item, 1))
}

fn paid(n: u32, cycle: u32, date: &str, line: Line) -> Notice {
    let payment = Ref::payment(format!("pay_{n}_{cycle}"));
    notice(date, &[sub(n)], Kind::Paid { payment, amount: None, lines: vec![line] })
}

fn sub(n: u32) -> Ref {
    Ref::subscription(format!("sub_{n}"))
}

fn happens(n: u32, date: &str, kind: Kind) -> Notice {
    notice(date, &[sub(n)], kind)
}

/// All of the first purchase's payment.
fn all_back() -> Kind {
    Kind::Refunded {
        refund: "re_1".to_owned(),
        payment: Ref::payment("pay_1_0"),
        amount: None,
        total: None,
        full: true,
        lines: vec![],
    }
}

fn story(notices: impl IntoIterator<Item = Notice>) -> Life {
    notices.into_iter().fold(Life::in_shop(SHOP, &[]), Life::tell)
}

/// A month of a subscription, by the provider's period.
fn month(n: u32, cycle: u32, start: &str, end: &str) -> Notice {
    paid(n, cycle, start, until(line(&format!("li_{n}"), "pro", 1), start, end))
}

#[test]
fn time_adds_up_in_the_order_of_its_start_whatever_the_order_of_telling() {
    let bought = [
        buys(1, "2026-01-01", "pro"),
        buys(2, "2026-03-01", "pro"),
        buys(3, "2026-01-20", "pro90"),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        story(order.map(|index| bought[index].clone())).expires("2026-05-31");
    }
}

#[test]
fn who_changes_to_a_stacked_product_keeps_what_he_has_until_he_pays_for_it() {
    let of = |item: &str, start: &str, end: &str| until(line("li_1", item, 1), start, end);
    let bought = paid(1, 0, "2026-01-01", of("addon", "2026-01-01", "2026-02-01"));
    let changes = Kind::Changed { lines: vec![line("li_1", "pro", 1)], whole: true };
    let changed = story([bought, happens(1, "2026-01-15", changes)]);
    let held = |product: &str, end: &str| (product.to_owned(), end.to_owned(), Active);
    assert_eq!(changed.holds(), [held("addon", "2026-02-01")]);
    let renewed = changed.tell(paid(1, 1, "2026-02-01", of("pro", "2026-02-01", "2026-03-01")));
    assert_eq!(renewed.holds(), [held("addon", "2026-02-01"), held("pro", "2026-03-01")]);
}

#[test]
fn a_gap_is_no_time() {
    story([buys(1, "2026-01-01", "pro"), buys(2, "2026-06-01", "pro")]).expires("2026-07-01");
}

#[test]
fn periods_of_the_provider_add_their_length() {
    let first = month(1, 0, "2026-01-01", "2026-02-01");
    let second = month(2, 0, "2026-01-15", "2026-02-15");
    story([first, second]).expires("2026-03-04");
}

#[test]
fn time_counts_from_when_it_was_bought_for_and_not_from_when_it_was_paid() {
    let early = until(line("li_1", "pro", 1), "2026-03-01", "2026-03-31");
    let early = paid(1, 0, "2026-01-01", early);
    // Paid later, for an earlier month: it comes first, and they overlap by two days.
    story([early, month(2, 0, "2026-02-01", "2026-03-03")]).expires("2026-04-02");
}

#[test]
fn calendar_intervals_lose_no_day() {
    let years = [
        buys(1, "2024-02-29", "year"),
        buys(2, "2024-03-01", "year"),
        buys(3, "2024-03-02", "year"),
        buys(4, "2024-03-03", "year"),
    ];
    story(years).expires("2028-02-29");
}

#[test]
fn a_refunded_purchase_takes_only_its_own_time() {
    let two = story([buys(1, "2026-01-01", "pro"), buys(2, "2026-01-20", "pro90")]);
    let two = two.expires("2026-05-01").tell(happens(1, "2026-01-25", all_back()));
    two.expires("2026-04-20").is(Active, &[Refunded]);
    story([buys(1, "2026-01-01", "pro")])
        .tell(happens(1, "2026-01-25", all_back()))
        .is(Revoked, &[Refunded]);
}

#[test]
fn what_befalls_one_subscription_leaves_the_other_alone() {
    let two =
        story([month(1, 0, "2026-01-01", "2026-02-01"), month(2, 0, "2026-01-15", "2026-02-15")]);
    let two = two.expires("2026-03-04").valid_until("2026-03-05");
    let one_left = two.clone().tell(happens(1, "2026-01-20", Kind::Canceled { at: None }));
    one_left.clone().is(Active, &[]).valid_until("2026-03-05");
    let none_left = one_left.tell(happens(2, "2026-01-21", Kind::Canceled { at: None }));
    none_left.is(Active, &[Canceled]).valid_until("2026-03-04");
    let paused = two.tell(happens(1, "2026-01-20", Kind::Paused)).is(Active, &[Paused]);
    paused.tell(happens(2, "2026-01-21", Kind::Paused)).is(Suspended, &[Paused]);
}

#[test]
fn an_end_cuts_the_time_of_its_own_purchase_only() {
    let two = [month(1, 0, "2026-01-01", "2026-02-01"), month(2, 0, "2026-01-15", "2026-02-15")];
    let over = happens(1, "2026-01-11", Kind::Ended { at: at("2026-01-11") });
    // Ten days of the first, a gap, and the whole of the second.
    let one = story(two).tell(over).expires("2026-02-15").is(Active, &[]);
    let over = happens(2, "2026-01-25", Kind::Ended { at: at("2026-01-25") });
    one.tell(over).expires("2026-01-25").is(Active, &[Ended]);
    let bought_again = story([buys(1, "2026-01-01", "pro")])
        .tell(happens(1, "2026-01-11", Kind::Ended { at: at("2026-01-11") }))
        .expires("2026-01-11")
        .tell(paid(1, 1, "2026-01-20", line("li_1", "pro", 1)));
    bought_again.expires("2026-02-19").is(Active, &[]);
}

#[test]
fn a_late_payment_for_an_earlier_period_clears_the_failure() {
    let paid_late =
        paid(1, 1, "2026-02-03", until(line("li_1", "pro", 1), "2026-02-01", "2026-03-01"));
    let due = story([month(1, 0, "2026-01-01", "2026-02-01")]).tell(happens(
        1,
        "2026-02-01T12:00:00Z",
        Kind::PaymentFailed,
    ));
    due.is(Active, &[PastDue]).tell(paid_late).is(Active, &[]).expires("2026-03-01");
}

#[test]
fn a_smaller_purchase_takes_no_key_from_a_larger() {
    let three = paid(1, 0, "2026-01-01", line("li_1", "pro", 3));
    let life = story([three, buys(2, "2026-01-10", "pro")]);
    let days: Vec<String> = life.holds().into_iter().map(|(_, day, _)| day).collect();
    assert_eq!(days, ["2026-03-02", "2026-01-31", "2026-01-31"]);
}

#[test]
fn beside_a_stacked_product_each_line_keeps_its_own_license() {
    let two = story([buys(1, "2026-01-01", "both"), buys(2, "2026-01-10", "both")]);
    let two = two.tell(happens(1, "2026-01-11", Kind::Ended { at: at("2026-01-11") }));
    let mut holds: Vec<(String, String)> =
        two.holds().into_iter().map(|(product, day, _)| (product, day)).collect();
    holds.sort();
    let held = |product: &str, day: &str| (product.to_owned(), day.to_owned());
    assert_eq!(
        holds,
        [held("addon", "2026-01-11"), held("addon", "2026-02-09"), held("pro", "2026-02-10")]
    );
}

#[test]
fn a_dispute_takes_only_the_time_of_its_own_purchase() {
    let disputed = |n: u32, state| {
        let (dispute, payment) = (format!("dp_{n}"), Ref::payment(format!("pay_{n}_0")));
        happens(n, "2026-01-25", Kind::Disputed { dispute, payment, state })
    };
    let two = [buys(1, "2026-01-01", "pro"), buys(2, "2026-01-20", "pro")];
    let both = story(two.clone()).expires("2026-03-02");
    let one = both.tell(disputed(2, DisputeState::Opened));
    let one = one.is(Active, &[Disputed]).expires("2026-01-31");
    one.clone().tell(disputed(2, DisputeState::Won)).is(Active, &[]).expires("2026-03-02");
    one.tell(disputed(1, DisputeState::Opened)).is(Suspended, &[Disputed]);
}

#[test]
fn seats_of_a_time_that_is_over_or_paid_back_do_not_count_for_another() {
    let shop = "[products.team]\ninterval = \"P30D\"\nstack = true\nquantity = \"seats\"";
    let bought =
        |n: u32, date: &str, seats: u32| paid(n, 0, date, line(&format!("li_{n}"), "team", seats));
    let life = Life::in_shop(shop, &[]).tell(bought(1, "2026-01-01", 10));
    assert_eq!(life.clone().tell(bought(2, "2026-01-20", 1)).license().quantity, 10);
    assert_eq!(life.clone().tell(bought(2, "2026-11-10", 1)).license().quantity, 1);
    let back = life.tell(happens(1, "2026-01-05", all_back()));
    assert_eq!(back.tell(bought(2, "2026-01-20", 1)).license().quantity, 1);
}
