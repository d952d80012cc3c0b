//! Any order, any duplication, any split: one state.

use std::collections::BTreeSet;

use keywright_providers::Notice;
use keywright_providers::notice::{Act, DisputeState, Kind, Line, Ref};
use proptest::prelude::*;

use super::life::{at, catalogue, euros, line, notice, until};
use super::world::{Event, World};
use crate::rules::difference::Held;
use crate::rules::license::{Flag, State};
use crate::rules::product::Catalogue;

const SHOP: &str = r#"
    [products.pro]
    interval = "P1Y"
    [products.lite]
    interval = "P1Y"
    [products.suite]
    bundle = ["pro", "lite"]
    [products.pass]
    interval = "P30D"
    stack = true
"#;

fn sub(n: u32) -> Ref {
    Ref::subscription(format!("sub_{n}"))
}

fn paid(date: &str, refs: &[Ref], payment: Ref, lines: Vec<Line>) -> Notice {
    notice(date, refs, Kind::Paid { payment, amount: Some(euros(10_000)), lines })
}

fn refunded(date: &str, payment: Ref, minor: i64) -> Notice {
    let kind = Kind::Refunded {
        refund: format!("re_{}_{minor}", payment.id),
        payment: payment.clone(),
        amount: Some(euros(minor)),
        total: None,
        full: false,
        lines: vec![],
    };
    notice(date, &[payment], kind)
}

/// A life of eight events: an order that names its line in its own way, the invoice of it with
/// the period, what ties the two, a renewal, more keys, its refund, a dispute, the end of it.
fn life() -> [Vec<Notice>; 8] {
    let pay = |n: u32| Ref::payment(format!("pay_{n}"));
    let invoice = |n: u32| Ref::invoice(format!("in_{n}"));
    let term = |line, year: u32| {
        until(line, &format!("{}-03-05", 2026 + year), &format!("{}-03-05", 2027 + year))
    };
    let order = [Ref::order("ord_1"), pay(1)];
    let dispute =
        Kind::Disputed { dispute: "dp_1".to_owned(), payment: pay(1), state: DisputeState::Opened };
    [
        vec![paid("2026-03-05", &order, pay(1), vec![line("ord_1#0", "pro", 1)])],
        vec![paid(
            "2026-03-05",
            &[sub(1), invoice(1)],
            invoice(1),
            vec![term(line("si_1", "pro", 1), 0)],
        )],
        vec![notice("2026-03-05", &[sub(1), invoice(1), pay(1)], Kind::Linked)],
        vec![paid(
            "2027-03-05",
            &[sub(1), invoice(2)],
            invoice(2),
            vec![term(line("si_1", "pro", 2), 1)],
        )],
        vec![notice(
            "2026-09-09",
            &[sub(1)],
            Kind::Changed { lines: vec![line("si_1", "pro", 2)], whole: false },
        )],
        vec![refunded("2027-03-09", invoice(2), 10_000)],
        vec![notice("2026-04-01", &[pay(1)], dispute)],
        vec![
            notice("2027-05-05", &[sub(1)], Kind::Canceled { at: None }),
            notice("2027-05-05", &[sub(1)], Kind::Ended { at: at("2027-05-05") }),
        ],
    ]
}

#[test]
fn all_40320_orders_of_a_life_of_eight_events_end_in_one_state() {
    let catalogue = catalogue(SHOP);
    let life = life();
    let expected = arrive(&catalogue, &life);
    assert_eq!(expected.len(), 2);
    for held in &expected {
        assert_eq!((held.state, held.expires_at), (State::Suspended, Some(at("2027-03-05"))));
        assert_eq!(
            held.flags,
            BTreeSet::from([Flag::Canceled, Flag::Ended, Flag::Refunded, Flag::Disputed])
        );
    }
    let (events, mut orders) = (World::events(&catalogue, &life), 0);
    every_order(&World::new(&catalogue), &events, 0, &mut |world| {
        orders += 1;
        assert_eq!(world.holds(), expected);
        world.every_key_stands();
        assert!(world.made.len() <= 3, "two keys, and one for an order not yet tied to them");
    });
    assert_eq!(orders, 40_320);
}

/// Walks the tree of orders, so that orders that begin alike share their beginning.
fn every_order<'a>(
    world: &World<'a>,
    life: &'a [Event],
    arrived: u32,
    check: &mut impl FnMut(&World<'a>),
) {
    if arrived + 1 == 1 << life.len() {
        return check(world);
    }
    for (index, event) in life.iter().enumerate().filter(|(index, _)| arrived & (1 << index) == 0) {
        let mut world = world.clone();
        world.deliver(event);
        every_order(&world, life, arrived | (1 << index), check);
    }
}

fn arrive(catalogue: &Catalogue, life: &[Vec<Notice>]) -> Vec<Held> {
    let events = World::events(catalogue, life);
    let mut world = World::new(catalogue);
    events.iter().for_each(|event| world.deliver(event));
    world.holds()
}

/// Something that may happen to one of three purchases of two customers: what, to which, by
/// which payment, when, with what on the line.
type Happening = (u32, u32, u32, String, &'static str, u32);

fn happening() -> impl Strategy<Value = Happening> {
    let item = prop_oneof![Just("pro"), Just("lite"), Just("suite"), Just("pass")];
    let date = (0_u32..36, 1_u32..28)
        .prop_map(|(month, day)| format!("{}-{:02}-{day:02}", 2026 + month / 12, 1 + month % 12));
    (0_u32..13, 1_u32..4, 1_u32..4, date, item, 1_u32..4)
}

fn event((kind, n, payment, date, item, quantity): &Happening) -> Vec<Notice> {
    let payment = Ref::payment(format!("pay_{n}_{payment}"));
    let lines = vec![line(&format!("si_{n}"), item, *quantity)];
    let refs = [sub(*n), payment.clone()];
    let one = |kind| notice(date, &[sub(*n)], kind);
    let dispute =
        |state| Kind::Disputed { dispute: "dp".to_owned(), payment: payment.clone(), state };
    let act = |act| Kind::Adjusted { act, by: "ann".to_owned(), reason: None };
    let mut told = match kind {
        0 | 1 => paid(date, &refs, payment.clone(), lines),
        2 | 3 => {
            let end = (at(date) + chrono::TimeDelta::days(40)).to_rfc3339();
            let lines = lines.into_iter().map(|line| until(line, date, &end)).collect();
            paid(date, &refs, payment.clone(), lines)
        }
        4 => one(Kind::Changed { lines, whole: false }),
        5 => refunded(date, payment.clone(), 10_000),
        6 => refunded(date, payment.clone(), 4_000),
        7 => notice(date, &refs, dispute(DisputeState::Opened)),
        8 => notice(date, &refs, dispute(DisputeState::Won)),
        9 => one(Kind::Trial { until: at(date) + chrono::TimeDelta::days(14), lines }),
        10 => one(Kind::Canceled { at: None }),
        11 => one(Kind::Ended { at: at(date) }),
        _ => one(act(Act::Renew { interval: Some("P1M".to_owned()) })),
    };
    told.customer = Some(keywright_providers::notice::Customer {
        provider_id: Some(format!("cus_{}", n % 2)),
        ..Default::default()
    });
    vec![told]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_arrives_in_any_order_and_any_number_of_times(
        happenings in prop::collection::vec(happening(), 1..9),
        seed in any::<u64>(),
    ) {
        let events: Vec<_> = happenings.iter().map(event).collect();
        let catalogue = catalogue(SHOP);
        let expected = arrive(&catalogue, &events);
        let once = World::events(&catalogue, &events);
        let mut copies: Vec<Event> = once.iter().chain(&once).cloned().collect();
        super::life::shuffle(&mut copies, seed);
        let mut world = World::new(&catalogue);
        copies.iter().for_each(|event| world.deliver(event));
        prop_assert_eq!(world.holds(), expected);
        world.every_key_stands();
    }

    #[test]
    fn events_that_come_together_come_to_the_same_as_one_by_one(
        happenings in prop::collection::vec(happening(), 2..9),
        together in 1_usize..9,
    ) {
        let catalogue = catalogue(SHOP);
        let of_one_purchase = happenings.into_iter().map(|(kind, _, payment, date, item, count)| {
            event(&(kind, 1, payment, date, item, count))
        });
        let events: Vec<Vec<Notice>> = of_one_purchase.collect();
        let batches: Vec<Vec<Notice>> = events.chunks(together).map(<[_]>::concat).collect();
        prop_assert_eq!(arrive(&catalogue, &batches), arrive(&catalogue, &events));
    }
}

#[test]
fn a_renewal_that_comes_before_its_purchase_is_issued_once() {
    let catalogue = catalogue(SHOP);
    let events = World::events(&catalogue, &life());
    let (purchase, renewal) = (&events[1], &events[3]);
    let mut world = World::new(&catalogue);
    world.deliver(renewal);
    assert_eq!((world.made.len(), world.issued()), (2, 2));
    world.deliver(purchase);
    world.deliver(renewal);
    assert_eq!((world.made.len(), world.issued()), (2, 2));
    assert_eq!(world.outbox.len(), 2, "nothing was renewed that a customer had held before");
}

#[test]
fn a_refund_that_comes_before_its_purchase_owes_no_mail() {
    let catalogue = catalogue(SHOP);
    let pay = Ref::payment("pay_1");
    let refs = std::slice::from_ref(&pay);
    let refund = refunded("2026-03-09", pay.clone(), 10_000);
    let purchase = paid("2026-03-05", refs, pay.clone(), vec![line("a", "pro", 1)]);
    let mut world = World::new(&catalogue);
    let events = World::events(&catalogue, &[vec![refund], vec![purchase]]);
    events.iter().for_each(|event| world.deliver(event));
    assert_eq!(world.holds().iter().map(|held| held.state).collect::<Vec<_>>(), [State::Revoked]);
    assert!(world.outbox.is_empty());
}
