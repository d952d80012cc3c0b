//! One payment told by several events.

use super::life::{Life, at, euros, line, notice, until};
use crate::rules::license::State::Active;
use keywright_providers::Notice;
use keywright_providers::notice::{Kind, Line, Money, Ref};

fn shop() -> Life {
    let shop = r#"
        [products.pro]
        interval = "P1Y"
        [products.tool]
        [items.price_pro]
        product = "pro"
        [items.sku_pro]
        product = "pro"
    "#;
    Life::in_shop(shop, &[])
}

fn paid(date: &str, refs: &[Ref], payment: Ref, amount: Option<Money>, lines: &[Line]) -> Notice {
    notice(date, refs, Kind::Paid { payment, amount, lines: lines.to_vec() })
}

/// The order's own telling: no period, and its own name for the line.
fn by_order(line: Line) -> Notice {
    let refs = [Ref::order("ord_1"), Ref::payment("pay_1")];
    paid("2026-03-05", &refs, Ref::payment("pay_1"), Some(euros(10_000)), &[line])
}

/// The invoice's telling: with the period, and another name for the line.
fn by_invoice(line: Line) -> Notice {
    let refs = [Ref::subscription("sub_1"), Ref::invoice("in_1")];
    let line = until(line, "2026-03-05", "2026-04-05");
    paid("2026-03-05T10:00:02Z", &refs, Ref::invoice("in_1"), Some(euros(10_000)), &[line])
}

fn linked() -> Notice {
    let refs = [Ref::invoice("in_1"), Ref::payment("pay_1")];
    notice("2026-03-05T10:00:01Z", &refs, Kind::Linked)
}

#[test]
fn two_tellings_that_a_third_links_are_one_payment_and_the_period_wins() {
    let story = [by_order(line("si_1", "pro", 1)), by_invoice(line("si_1", "pro", 1)), linked()];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let life = order.into_iter().fold(shop(), |life, index| life.tell(story[index].clone()));
        life.expires("2026-04-05").is(Active, &[]);
    }
}

#[test]
fn until_they_are_linked_they_are_two() {
    let life =
        shop().tell(by_order(line("ord_1#0", "pro", 1))).tell(by_invoice(line("si_1", "pro", 1)));
    assert_eq!(life.licenses().len(), 2);
    let license = life.tell(linked()).license();
    assert_eq!(license.expires_at, Some(at("2026-04-05")));
    let names: Vec<&str> = license.names.iter().map(String::as_str).collect();
    assert_eq!(names, ["ord_1#0/0.1", "si_1/0.1"], "it is known by both names of its line");
}

#[test]
fn a_line_that_two_tellings_name_and_price_differently_is_one_line() {
    let life = shop().tell(by_order(line("ord_1#0", "sku_pro", 1)));
    let life = life.tell(by_invoice(line("si_1", "price_pro", 1))).tell(linked());
    life.expires("2026-04-05");
}

#[test]
fn what_support_did_to_a_line_stays_when_another_name_of_it_is_told() {
    use keywright_providers::notice::Act;
    let set = Act::SetExpiry { expires_at: at("2026-12-31") };
    let life = shop().tell(by_order(line("ord_1#0", "pro", 1)));
    let life = life.support_on("2026-03-06", "ord_1#0/0.1", set).expires("2026-12-31");
    life.tell(by_invoice(line("si_1", "pro", 1))).tell(linked()).expires("2026-12-31");
}

#[test]
fn a_line_that_only_the_telling_without_a_period_knows_is_not_lost() {
    let both = [line("ord_1#0", "pro", 1), line("ord_1#1", "tool", 1)];
    let refs = [Ref::order("ord_1"), Ref::payment("pay_1")];
    let order = paid("2026-03-05", &refs, Ref::payment("pay_1"), None, &both);
    let life = shop().tell(order).tell(by_invoice(line("si_1", "pro", 1))).tell(linked());
    let holds: Vec<(String, String)> =
        life.holds().into_iter().map(|(product, day, _)| (product, day)).collect();
    let held = |product: &str, day: &str| (product.to_owned(), day.to_owned());
    assert_eq!(holds, [held("pro", "2026-04-05"), held("tool", "never")]);
}

#[test]
fn two_lines_of_one_product_stay_two() {
    let refs = [Ref::order("ord_1"), Ref::payment("pay_1")];
    let lines = [line("ord_1#0", "pro", 1), line("ord_1#1", "pro", 1)];
    let order = paid("2026-03-05", &refs, Ref::payment("pay_1"), None, &lines);
    let periods =
        ["si_1", "si_2"].map(|name| until(line(name, "pro", 1), "2026-03-05", "2026-04-05"));
    let refs = [Ref::subscription("sub_1"), Ref::invoice("in_1")];
    let invoice = paid("2026-03-05", &refs, Ref::invoice("in_1"), None, &periods);
    let life = shop().tell(order).tell(invoice).tell(linked());
    let names: Vec<Vec<String>> =
        life.licenses().into_iter().map(|license| license.names.into_iter().collect()).collect();
    assert_eq!(names, [["ord_1#0/0.1", "si_1/0.1"], ["ord_1#1/0.1", "si_2/0.1"]]);
}

#[test]
fn lines_asked_for_one_by_one_add_up() {
    let refs = [Ref::order("ord_1"), Ref::payment("pay_1")];
    let one = |name: &str| {
        paid("2026-03-05", &refs, Ref::payment("pay_1"), None, &[line(name, "pro", 1)])
    };
    let life = shop().tell(one("ord_1#0")).tell(one("ord_1#1"));
    assert_eq!(life.licenses().len(), 2);
}

#[test]
fn of_two_periods_of_one_payment_the_later_telling_wins() {
    let early = by_invoice(line("si_1", "pro", 1));
    let corrected = Notice {
        occurred_at: at("2026-03-06"),
        kind: Kind::Paid {
            payment: Ref::invoice("in_1"),
            amount: None,
            lines: vec![until(line("si_1", "pro", 1), "2026-03-05", "2026-03-20")],
        },
        ..early.clone()
    };
    shop().tell(early).tell(corrected).expires("2026-03-20");
}

#[test]
fn a_period_wins_even_over_a_later_telling_without_one() {
    let refs = [Ref::order("ord_1"), Ref::payment("pay_1")];
    let later = [line("si_1", "pro", 1)];
    let later = paid("2026-03-06", &refs, Ref::payment("pay_1"), None, &later);
    let life = shop().tell(by_invoice(line("si_1", "pro", 1))).tell(linked()).tell(later);
    life.expires("2026-04-05");
}

#[test]
fn a_payment_that_an_order_names_is_one_by_all_names_of_the_order() {
    let refs = [Ref::order("ord_1"), Ref::order("SHOP-1")];
    let bought =
        paid("2026-03-05", &refs, Ref::order("ord_1"), Some(euros(10_000)), &[line("a", "pro", 1)]);
    let again = paid("2026-03-05", &refs, Ref::order("SHOP-1"), None, &[line("a", "pro", 1)]);
    shop().tell(bought).tell(again).expires("2027-03-05");
}

#[test]
fn two_renewals_of_one_order_stay_two_payments() {
    let refs =
        |invoice: &str| [Ref::order("ord_1"), Ref::subscription("sub_1"), Ref::invoice(invoice)];
    let first =
        paid("2026-03-05", &refs("in_1"), Ref::invoice("in_1"), None, &[line("a", "pro", 1)]);
    let second =
        paid("2027-03-05", &refs("in_2"), Ref::invoice("in_2"), None, &[line("a", "pro", 1)]);
    shop().tell(first).tell(second).expires("2028-03-05");
}
