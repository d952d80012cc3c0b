//! Lines: their names, the items on them, and what cannot be.

use super::life::{Life, at, line, notice, until};
use crate::rules::fold::Problem;
use crate::rules::license::Flag::{Disputed, PastDue, Refunded};
use crate::rules::license::State::{Active, Suspended};
use keywright_providers::Notice;
use keywright_providers::notice::{DisputeState, Kind, Line, Ref};

const SHOP: &str = "[products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1M\"";

#[test]
fn a_line_told_under_another_name_is_the_same_line() {
    let alias = Line { alias: vec!["ord_1#0".to_owned()], ..line("si_1", "pro", 1) };
    let life = Life::in_shop(SHOP, &[line("ord_1#0", "pro", 1)]).paid("2026-03-05");
    let life = life.with_lines(&[alias]).renewed("2027-03-05").expires("2028-03-05");
    assert_eq!(life.slots().into_iter().collect::<Vec<_>>(), ["ord_1#0/0.1"]);
    life.with_lines(&[line("si_1", "pro", 1)]).renewed("2028-03-05").expires("2029-03-05");
}

#[test]
fn two_lines_are_two_licenses_and_what_befalls_the_one_leaves_the_other() {
    let lines = [line("a", "pro", 1), line("b", "lite", 1)];
    let life = Life::in_shop(SHOP, &lines).paid("2026-03-05");
    let refs = [Ref::subscription("sub_1")];
    let paused = Notice { line: Some("b".to_owned()), ..notice("2026-03-09", &refs, Kind::Paused) };
    let [pro, lite] = life.clone().tell(paused).licenses().try_into().unwrap();
    assert_eq!((pro.state, pro.expires_at), (Active, Some(at("2027-03-05"))));
    assert_eq!((lite.state, lite.expires_at), (Suspended, Some(at("2026-04-05"))));
    let all = life.happens("2026-03-09", Kind::Paused).licenses();
    assert!(all.iter().all(|license| license.state == Suspended));
}

#[test]
fn what_befalls_a_subscription_leaves_what_was_sold_once_beside_it() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\n[products.ever]";
    let lines = [until(line("a", "pro", 1), "2026-03-05", "2027-03-05"), line("b", "ever", 1)];
    let life = Life::in_shop(shop, &[]).paid_for("2026-03-05", lines.to_vec());
    for befalls in [
        Kind::Ended { at: at("2026-04-05") },
        Kind::Paused,
        Kind::PaymentFailed,
        Kind::Canceled { at: None },
    ] {
        let told = format!("{befalls:?}");
        let [pro, ever] =
            life.clone().happens("2026-04-05", befalls).licenses().try_into().unwrap();
        assert_eq!((ever.state, ever.expires_at), (Active, None), "{told}");
        assert!(ever.flags.is_empty(), "{told}");
        assert!(pro.state != Active || !pro.flags.is_empty(), "{told}");
    }
    // Where nothing recurs, it is told of all.
    let once = Life::in_shop("[products.ever]", &[line("b", "ever", 1)]).sold_once();
    let once = once.paid("2026-03-05").happens("2026-04-05", Kind::Ended { at: at("2026-04-05") });
    assert_eq!(once.license().expires_at, Some(at("2026-04-05")));
}

#[test]
fn money_for_no_time_makes_up_for_a_failure_and_can_go_back() {
    let life = Life::of("interval = \"P1Y\"").paid("2026-03-05");
    let late = life.happens("2026-04-05", Kind::PaymentFailed).is(Active, &[PastDue]);
    let paid = late.paid_for("2026-04-06", Vec::new()).is(Active, &[]).expires("2027-03-05");
    paid.clone().refunded("2026-04-09", 2).is(Active, &[Refunded]).expires("2027-03-05");
    paid.disputed("2026-04-09", 2, DisputeState::Opened).is(Suspended, &[Disputed]);
}

#[test]
fn the_most_specific_item_that_is_known_decides() {
    let items = |items: &[&str]| Line {
        item: items.iter().map(|item| (*item).to_owned()).collect(),
        ..line("a", "", 1)
    };
    let life = Life::in_shop(SHOP, &[items(&["price_9", "lite", "pro"])]).paid("2026-03-05");
    assert_eq!(life.license().product.id, "lite");
}

#[test]
fn what_nobody_mapped_is_a_problem_that_names_the_items() {
    let unknown =
        Line { item: vec!["price_9".to_owned(), "prod_9".to_owned()], ..line("b", "", 1) };
    let folded = Life::in_shop(SHOP, &[line("a", "pro", 1), unknown]).paid("2026-03-05").fold();
    assert_eq!(folded.licenses.len(), 1, "the line that is known is served");
    let problem = folded.problems.first().unwrap();
    assert_eq!(problem.code(), "unknown_product");
    assert_eq!(
        problem.message("stripe-eu"),
        "no product is configured for \"price_9\" or \"prod_9\": add a line for one of these to \
         [providers.stripe-eu.products] and reload"
    );
}

#[test]
fn an_impossible_quantity_is_a_problem_and_no_license() {
    for quantity in [0, 1_001, u32::MAX] {
        let folded = Life::in_shop(SHOP, &[line("a", "pro", quantity)]).paid("2026-03-05").fold();
        assert_eq!(folded.licenses, []);
        assert_eq!(
            folded.problems.into_iter().collect::<Vec<_>>(),
            [Problem::Quantity { quantity }]
        );
    }
    let most = Life::in_shop(SHOP, &[line("a", "pro", 1_000)]).paid("2026-03-05");
    assert_eq!(most.licenses().len(), 1_000);
}

#[test]
fn a_one_off_item_beside_a_subscription_expects_no_renewal() {
    let subscribed = until(line("a", "pro", 1), "2026-03-05", "2026-04-05");
    let life =
        Life::in_shop(SHOP, &[]).paid_for("2026-03-05", vec![subscribed, line("b", "pro", 1)]);
    let [renewing, once] = life.licenses().try_into().unwrap();
    assert_eq!(renewing.valid_until, Some(at("2026-04-06")));
    assert_eq!(
        (once.expires_at, once.valid_until),
        (Some(at("2027-03-05")), Some(at("2027-03-05")))
    );
}

#[test]
fn the_sale_knows_its_order_its_subscription_and_its_customer() {
    use keywright_providers::notice::Customer;
    let who = |id: &str, email: Option<&str>, name: Option<&str>| {
        Some(Customer {
            provider_id: Some(id.to_owned()),
            email: email.map(str::to_owned),
            name: name.map(str::to_owned),
            ..Customer::default()
        })
    };
    let refs = [Ref::order("ord_1"), Ref::subscription("sub_1")];
    let told = |date, customer| Notice { customer, ..notice(date, &refs, Kind::Linked) };
    let life = Life::in_shop(SHOP, &[line("a", "pro", 1)])
        .tell(told("2026-03-06", who("cus_2", Some("new@example.com"), Some("  "))))
        .tell(told("2026-03-05", who("cus_1", Some("old@example.com"), Some("Ada"))));
    let folded = life.fold();
    assert_eq!(
        (folded.order.as_deref(), folded.subscription.as_deref()),
        (Some("ord_1"), Some("sub_1"))
    );
    assert_eq!(folded.customer_ids, ["cus_2", "cus_1"]);
    let customer = folded.customer(&Default::default());
    assert_eq!(customer.provider_id.as_deref(), Some("cus_2"));
    assert_eq!(customer.email.as_deref(), Some("new@example.com"));
    assert_eq!(customer.name.as_deref(), Some("Ada"), "a blank tells nothing");
}

#[test]
fn a_payment_that_does_not_say_what_for_is_for_what_stands_on_the_line() {
    let nameless = Line { item: vec![], ..line("a", "", 1) };
    let life = Life::in_shop(SHOP, &[line("a", "lite", 3)]).paid("2026-03-05");
    let life = life.with_lines(&[nameless]).renewed("2026-04-05");
    let licenses = life.licenses();
    assert_eq!(licenses.len(), 3, "the quantity stays as it was told");
    for license in licenses {
        assert_eq!(
            (license.product.id.as_str(), license.expires_at),
            ("lite", Some(at("2026-05-05")))
        );
    }
}

#[test]
fn a_line_that_nobody_named_yet_gives_no_license() {
    let nameless = Line { item: vec![], ..line("a", "", 1) };
    let folded = Life::in_shop(SHOP, &[nameless]).paid("2026-03-05").fold();
    assert_eq!((folded.licenses, folded.problems.len()), (vec![], 0));
}

#[test]
fn seats_are_one_license_however_many_and_keys_are_not() {
    let shop = "[products.site]\nquantity = \"seats\"\n[products.pro]";
    let bought = |item: &str| Life::in_shop(shop, &[line("si_1", item, 1_500)]).paid("2026-03-05");
    assert_eq!(bought("site").license().max_activations, 1_500);
    assert_eq!(bought("pro").fold().problems.len(), 1);
}
