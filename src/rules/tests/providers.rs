//! The life of a subscription as each provider tells it, in any order and any number of times.

use keywright_providers::sample::Step;
use keywright_providers::{
    ALL, Answers, Envelope, Event as Stored, Fetched, Notice, Provider, Sample, Scene, Settings,
};

use super::life::{ACCOUNT, at, catalogue, shuffle};
use super::world::{Event, World};
use crate::rules::fold::{Folded, Told, fold};
use crate::rules::license::State;
use crate::rules::product::Catalogue;

/// Failures are had again from this number and the turn that is named.
const SEED: u64 = 0x6b65_7977_7269_6768;

/// All of them in an optimised build (`cargo test --release rules::`), which does ten in the time
/// of one.
const SHUFFLES: u64 = if cfg!(debug_assertions) { 1_000 } else { 200_000 };

const SHOP: &str = r#"
    [products.pro]
    interval = "P1Y"
    [products.plus]
    interval = "P1Y"
    [items.price_pro]
    product = "pro"
    [items.price_plus]
    product = "plus"
"#;

/// Bought, renewed twice (at the second time only after a failure), moved to another plan,
/// canceled; the second renewal was paid back.
const LIFE: [(Step, u32, &str); 7] = [
    (Step::Purchase, 0, "2026-03-05"),
    (Step::Renewal, 1, "2027-03-05"),
    (Step::PlanChange, 1, "2027-06-06"),
    (Step::PaymentFailed, 2, "2028-03-05"),
    (Step::Renewal, 2, "2028-03-06"),
    (Step::Cancel, 2, "2028-03-10"),
    (Step::Refund, 2, "2028-03-12"),
];

fn scene((step, cycle, date): (Step, u32, &str)) -> Scene {
    let year = |n: u32| at(&format!("{}-03-05", 2026 + n));
    Scene {
        step,
        tag: "t1".to_owned(),
        cycle,
        at: at(date),
        period_start: year(cycle),
        period_end: year(cycle + 1),
        item: if date > "2027-06-06" { "price_plus" } else { "price_pro" }.to_owned(),
        item_next: "price_plus".to_owned(),
        quantity: 1,
        email: "ada@example.com".to_owned(),
        name: "Ada Example".to_owned(),
        company: None,
        country: "DE".to_owned(),
        locale: "de".to_owned(),
        live: true,
        subscription: true,
        amount_minor: 9_900,
        currency: "EUR".to_owned(),
    }
}

/// Each event of a step, signed, verified and read.
fn events(provider: &dyn Provider, scene: &Scene) -> Vec<Vec<Notice>> {
    let credentials =
        provider.facts().made_up_credentials("5e0123456789abcdef0123456789abcdef0123456789abcd");
    let mut events = Vec::new();
    for sample in provider.samples(scene) {
        let sample = provider.sign(sample, &credentials, scene.at);
        let request = sample.request();
        let delivery = provider.verify(&request, &credentials, scene.at).unwrap();
        for envelope in provider.envelopes(&request, &delivery).unwrap() {
            events.push(read(provider, &credentials.settings, &sample, &envelope, scene));
        }
    }
    events
}

/// With every question answered as the sample says that the provider's API would.
fn read(
    provider: &dyn Provider,
    settings: &Settings,
    sample: &Sample,
    envelope: &Envelope,
    scene: &Scene,
) -> Vec<Notice> {
    let mut answers = Answers::new();
    loop {
        let event = Stored { settings, answers: &answers, ..Stored::of(envelope, scene.at) };
        let asks = provider.asks(&event).unwrap();
        let open: Vec<_> = asks
            .into_iter()
            .filter(|ask| !ask.optional && !answers.contains_key(&ask.name))
            .collect();
        if open.is_empty() {
            return provider.read(&event).unwrap();
        }
        for ask in open {
            let told = sample.answers.iter().find(|(path, _)| *path == ask.path);
            let (_, told) = told.unwrap_or_else(|| panic!("no answer to {}", ask.path));
            let body = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
            answers.insert(ask.name, Fetched { status: 200, body: body.into_bytes() });
        }
    }
}

fn life(provider: &dyn Provider) -> Vec<Vec<Notice>> {
    let life = LIFE.iter().flat_map(|step| events(provider, &scene(*step)));
    life.filter(|notices| !notices.is_empty()).collect()
}

fn told(life: &[Vec<Notice>]) -> Vec<Told> {
    let each = (1..).zip(life).flat_map(|(event, notices)| {
        notices.iter().map(move |notice| Told::new(notice.clone(), event))
    });
    each.filter(|told| !told.notice.refs.is_empty()).collect()
}

/// What the story says that the customer holds: the plan he moved to, to the end of the renewal
/// that he did not get back.
fn is_told_right(folded: &Folded, kind: &str) {
    let [license] = folded.licenses.as_slice() else { panic!("{kind}: {folded:#?}") };
    assert_eq!(license.product.id, "plus", "{kind}: {:#?}", license.steps);
    assert_eq!(license.state, State::Active, "{kind}: {:#?}", license.steps);
    assert_eq!(license.expires_at, Some(at("2028-03-05")), "{kind}: {:#?}", license.steps);
    assert!(folded.problems.is_empty() && folded.dangling.is_empty(), "{kind}: {folded:#?}");
}

/// Each on a thread of its own.
fn each_provider(check: impl Fn(&dyn Provider, &Catalogue) + Sync) {
    assert!(!ALL.is_empty(), "there is no provider to prove");
    let (catalogue, check) = (&catalogue(SHOP), &check);
    std::thread::scope(|threads| {
        for provider in ALL {
            threads.spawn(move || check(*provider, catalogue));
        }
    });
}

#[test]
fn a_life_in_order_is_what_its_story_says() {
    each_provider(|provider, catalogue| {
        let folded = fold(&told(&life(provider)), catalogue, ACCOUNT);
        is_told_right(&folded, provider.facts().kind);
    });
}

#[test]
fn every_shuffle_with_copies_folds_to_one_state() {
    each_provider(|provider, catalogue| {
        let kind = provider.facts().kind;
        let once = told(&life(provider));
        let expected = fold(&once, catalogue, ACCOUNT);
        is_told_right(&expected, kind);
        for turn in 0..SHUFFLES {
            let seed = SEED ^ turn;
            // In every turn other notices come twice.
            let copies =
                once.iter().enumerate().filter(|(index, _)| (turn >> (index % 17)) & 1 == 1);
            let mut told: Vec<&Told> = once.iter().chain(copies.map(|(_, told)| told)).collect();
            shuffle(&mut told, seed);
            let folded = crate::rules::fold::fold_all(&told, catalogue, ACCOUNT);
            assert_eq!(folded, expected, "{kind}: seed {SEED:#x}, turn {turn}");
        }
    });
}

fn arrive<'a>(catalogue: &'a Catalogue, events: impl IntoIterator<Item = &'a Event>) -> World<'a> {
    let mut world = World::new(catalogue);
    events.into_iter().for_each(|event| world.deliver(event));
    world.every_key_stands();
    world
}

#[test]
fn shuffled_events_with_copies_leave_one_license_in_the_store() {
    each_provider(|provider, catalogue| {
        let kind = provider.facts().kind;
        let life = World::events(catalogue, &life(provider));
        let expected = arrive(catalogue, &life).holds();
        assert_eq!(expected.len(), 1, "{kind}");
        for turn in 0..200 {
            let mut events: Vec<&Event> = life.iter().chain(&life).collect();
            shuffle(&mut events, SEED ^ turn);
            let world = arrive(catalogue, events);
            assert_eq!(world.holds(), expected, "{kind}: seed {SEED:#x}, turn {turn}");
            assert_eq!(
                world.made.len(),
                1,
                "{kind}: seed {SEED:#x}, turn {turn}: {:?}",
                world.made
            );
        }
    });
}
