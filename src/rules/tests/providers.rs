//! The life of a subscription as each provider tells it, in any order and any number of times.

use chrono::TimeDelta;
use keywright_providers::sample::{Step, answers_to};
use keywright_providers::{
    ALL, Answers, Ask, Credentials, Envelope, Event as Stored, Fetched, Need, Notice, Provider,
    Sample, Scene,
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

/// Those that go through the store's stand-in, one event at a time.
const STORED_SHUFFLES: u64 = if cfg!(debug_assertions) { 20 } else { 2_000 };

const SHOP: &str = r#"
    [products.pro]
    interval = "P1Y"
    [products.plus]
    interval = "P1Y"
    [items."price-pro"]
    product = "pro"
    [items."price-plus"]
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

/// Who has no event for a change of plan sells one product all along.
fn scene(provider: &dyn Provider, told: &(Step, u32, &str)) -> Scene {
    let [_, _, change, ..] = &LIFE;
    let scene = scene_of(*told);
    match provider.samples(&scene_of(*change)).is_empty() {
        true => Scene { item: "price-pro".to_owned(), ..scene },
        false => scene,
    }
}

fn scene_of((step, cycle, date): (Step, u32, &str)) -> Scene {
    let year = |n: u32| at(&format!("{}-03-05", 2026 + n));
    Scene {
        step,
        tag: "t1".to_owned(),
        cycle,
        at: at(date),
        period_start: year(cycle),
        period_end: year(cycle + 1),
        item: if date > "2027-06-06" { "price-plus" } else { "price-pro" }.to_owned(),
        item_next: "price-plus".to_owned(),
        item_first: "price-pro".to_owned(),
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
        settings: keywright_providers::Settings::new(),
    }
}

/// Each event of a step, signed, verified and read.
fn events(provider: &dyn Provider, scene: &Scene) -> Vec<Vec<Notice>> {
    let mut credentials = provider
        .facts()
        .made_up_credentials("5e0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd");
    if provider.facts().made_up_asks() {
        let url = "https://api.example".to_owned();
        credentials.settings.insert("api_url".to_owned(), url);
    }
    let mut events = Vec::new();
    let settings = credentials.settings.clone();
    for sample in provider.samples(&Scene { settings, ..scene.clone() }) {
        let sample = provider.sign(sample, &credentials, scene.at);
        let request = sample.request();
        let delivery = provider.verify(&request, &credentials, scene.at).unwrap();
        for envelope in provider.envelopes(&request, &delivery).unwrap() {
            events.push(read(provider, &credentials, &sample, &envelope, scene));
        }
    }
    events
}

/// With every question answered as the sample says that the provider's API would.
fn read(
    provider: &dyn Provider,
    credentials: &Credentials,
    sample: &Sample,
    envelope: &Envelope,
    scene: &Scene,
) -> Vec<Notice> {
    let known = |name: &&str| {
        credentials.keys.contains_key(*name) || credentials.settings.contains_key(*name)
    };
    let configured = |ask: &Ask| ask.need == Need::Always || ask.auth.settings().iter().all(known);
    let mut answers = Answers::new();
    loop {
        let settings = &credentials.settings;
        let event = Stored { settings, answers: &answers, ..Stored::of(envelope, scene.at) };
        let asks = provider.asks(&event).unwrap();
        let open: Vec<_> = asks
            .into_iter()
            .filter(|ask| configured(ask) && !answers.contains_key(&ask.name))
            .collect();
        if open.is_empty() {
            return provider.read(&event).unwrap();
        }
        for ask in open {
            let question = ask.body.as_ref().map_or(&[][..], |(_, body)| body);
            let mut told = sample.answers.iter();
            let told = told.find(|(name, _)| answers_to(name, &ask.path, question));
            let (_, told) = told.unwrap_or_else(|| panic!("no answer to {}", ask.path));
            let body = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
            answers.insert(ask.name, Fetched { status: 200, body: body.into_bytes() });
        }
    }
}

fn life(provider: &dyn Provider) -> Vec<Vec<Notice>> {
    let life = LIFE.iter().flat_map(|step| events(provider, &scene(provider, step)));
    life.filter(|notices| !notices.is_empty()).collect()
}

fn told(life: &[Vec<Notice>]) -> Vec<Told> {
    let each = (1..).zip(life).flat_map(|(event, notices)| {
        notices.iter().map(move |notice| Told::new(notice.clone(), event))
    });
    each.filter(|told| !told.notice.refs.is_empty()).collect()
}

/// What the story says that the customer holds: the plan he moved to, to the end of the renewal
/// that he did not get back. A provider tells as much of the story as it has events for.
fn told_otherwise(provider: &dyn Provider, folded: &Folded) -> Option<String> {
    let tells = |step: &(Step, u32, &str)| !provider.samples(&scene(provider, step)).is_empty();
    let [_, renewal, plan_change, .., refund] = &LIFE;
    let (renews, refunds) = (tells(renewal), tells(refund));
    let [license] = folded.licenses.as_slice() else { return Some(format!("{folded:#?}")) };
    let (state, end) = match (renews, refunds) {
        (true, true) => (State::Active, Some(at("2028-03-05"))),
        (true, false) => (State::Active, Some(at("2029-03-05"))),
        // Without subscriptions it is the one payment that goes back.
        (false, true) => (State::Revoked, None),
        (false, false) => (State::Active, Some(at("2027-03-05"))),
    };
    // Some providers tell only days.
    let right_end = end.is_none_or(|end| {
        license.expires_at.is_some_and(|told| (told - end).abs() <= TimeDelta::days(1))
    });
    let product = if tells(plan_change) { "plus" } else { "pro" };
    let right = license.product.id == product
        && license.state == state
        && right_end
        && folded.problems.is_empty()
        && folded.dangling.is_empty();
    (!right).then(|| {
        format!(
            "{} {:?} {:?} instead of {product} {state:?} {end:?}: {:?} {:?} {} dangling",
            license.product.id,
            license.state,
            license.expires_at,
            license.steps,
            folded.problems,
            folded.dangling.len()
        )
    })
}

/// Looks at each on a thread of its own; fails once, with all that was found.
fn each_provider(check: impl Fn(&dyn Provider, &Catalogue) -> Option<String> + Sync) {
    assert!(!ALL.is_empty(), "there is no provider to prove");
    let (catalogue, check) = (&catalogue(SHOP), &check);
    let found: Vec<String> = std::thread::scope(|threads| {
        let looks: Vec<_> = ALL
            .iter()
            .map(|provider| {
                let kind = provider.facts().kind;
                (kind, threads.spawn(move || check(*provider, catalogue)))
            })
            .collect();
        let ended = looks.into_iter().filter_map(|(kind, look)| match look.join() {
            Ok(fault) => fault.map(|fault| format!("{kind}: {fault}")),
            Err(_) => Some(format!("{kind}: panicked")),
        });
        ended.collect()
    });
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_life_in_order_is_what_its_story_says() {
    each_provider(|provider, catalogue| {
        told_otherwise(provider, &fold(&told(&life(provider)), catalogue, ACCOUNT))
    });
}

#[test]
fn every_shuffle_with_copies_folds_to_one_state() {
    each_provider(|provider, catalogue| {
        let once = told(&life(provider));
        let expected = fold(&once, catalogue, ACCOUNT);
        for turn in 0..SHUFFLES {
            let seed = SEED ^ turn;
            // In every turn other notices come twice.
            let copies =
                once.iter().enumerate().filter(|(index, _)| (turn >> (index % 17)) & 1 == 1);
            let mut told: Vec<&Told> = once.iter().chain(copies.map(|(_, told)| told)).collect();
            shuffle(&mut told, seed);
            let folded = crate::rules::fold::fold_all(&told, catalogue, ACCOUNT);
            if folded != expected {
                return Some(format!("seed {SEED:#x}, turn {turn}"));
            }
        }
        None
    });
}

fn arrive<'a>(catalogue: &'a Catalogue, events: impl IntoIterator<Item = &'a Event>) -> World<'a> {
    let mut world = World::new(catalogue);
    events.into_iter().for_each(|event| world.deliver(event));
    world.every_key_stands();
    world
}

/// The events of one step come in any order among themselves, each twice: no second license is
/// made even for a moment, so no second key and no second mail. (A renewal that is told before its
/// purchase may be known by no name that the purchase has; then two become one in the end.)
#[test]
fn each_step_in_any_order_makes_no_second_license() {
    each_provider(|provider, catalogue| {
        let steps: Vec<Vec<Event>> = LIFE
            .iter()
            .scan(0, |first, step| {
                let told = events(provider, &scene(provider, step));
                let told: Vec<_> = told.into_iter().filter(|told| !told.is_empty()).collect();
                let events = World::events_from(catalogue, &told, *first);
                *first += events.len();
                Some(events)
            })
            .collect();
        (0..STORED_SHUFFLES).find_map(|turn| {
            let mut order: Vec<&Event> = Vec::new();
            for step in &steps {
                let mut twice: Vec<&Event> = step.iter().chain(step).collect();
                shuffle(&mut twice, SEED ^ turn);
                order.extend(twice);
            }
            let world = arrive(catalogue, order);
            (world.made.len() != 1).then(|| format!("turn {turn}: {:?}", world.made))
        })
    });
}

#[test]
fn shuffled_events_with_copies_leave_one_license_in_the_store() {
    each_provider(|provider, catalogue| {
        let life = World::events(catalogue, &life(provider));
        let expected = arrive(catalogue, &life).holds();
        if expected.len() != 1 {
            return Some(format!("{} licenses", expected.len()));
        }
        (0..STORED_SHUFFLES).find_map(|turn| {
            let mut events: Vec<&Event> = life.iter().chain(&life).collect();
            shuffle(&mut events, SEED ^ turn);
            let holds = arrive(catalogue, events).holds();
            (holds != expected).then(|| format!("seed {SEED:#x}, turn {turn}: {holds:?}"))
        })
    });
}
