//! How long the pure steps of one event take: verify and read (each provider), fold (short and
//! long sales), difference. Nanoseconds, median and best of many rounds; bounded in time.
//!
//! `cargo bench --bench pure`

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use keywright::rules::difference::{Held, difference};
use keywright::rules::fold::{Told, digest, fold};
use keywright::rules::gather::ties;
use keywright::rules::product::{Catalogue, ProductSettings};
use keywright_providers::notice::{Kind, Line, Money, Notice, Period, Ref};
use keywright_providers::sample::Step;
use keywright_providers::{ALL, Credentials, Event, Provider, Sample, Scene};

/// How long each line of the table is measured.
const TIME: Duration = Duration::from_millis(400);
/// Rounds whose median counts.
const ROUNDS: u32 = 20;
const ACCOUNT: &str = "shop";

fn main() {
    println!("{:34} {:>12} {:>12}", "", "median ns", "best ns");
    for provider in ALL {
        signed(*provider);
    }
    let catalogue = catalogue();
    for notices in [2, 10, 100] {
        sale(notices, &catalogue);
    }
}

fn signed(provider: &dyn Provider) {
    let (credentials, scene) = (credentials(provider), scene());
    let samples = provider.samples(&scene).into_iter();
    let signed = samples.map(|sample| provider.sign(sample, &credentials, scene.at));
    let read = |sample: &Sample| read(provider, sample, &credentials, scene.at);
    let Some(sample) = signed.into_iter().find(|sample| read(sample) > 0) else { return };
    let name = provider.facts().kind;
    let bytes = sample.body.len();
    measure(&format!("{name}: verify {bytes} bytes"), || {
        let request = sample.request();
        provider.verify(black_box(&request), &credentials, scene.at).is_ok()
    });
    measure(&format!("{name}: verify, part and read"), || read(black_box(&sample)));
}

/// How many notices a delivery is read into.
fn read(
    provider: &dyn Provider,
    sample: &Sample,
    credentials: &Credentials,
    at: DateTime<Utc>,
) -> usize {
    let request = sample.request();
    let Ok(delivery) = provider.verify(&request, credentials, at) else { return 0 };
    let envelopes = provider.envelopes(&request, &delivery).unwrap_or_default();
    let notices =
        envelopes.iter().filter_map(|envelope| provider.read(&Event::of(envelope, at)).ok());
    notices.map(|notices| notices.len()).sum()
}

fn sale(count: u32, catalogue: &Catalogue) {
    let notices: Vec<Notice> = (0..count).map(notice).collect();
    let told: Vec<Told> = (0..).zip(&notices).map(|(id, n)| Told::new(n.clone(), id)).collect();
    let folded = fold(&told, catalogue, ACCOUNT);
    let make = |slot: &str| (format!("id of {slot}"), format!("key of {slot}"));
    let stored: Vec<Held> = difference(&[], &folded, |license| make(&license.slot)).created;
    measure(&format!("{count} notices: ties"), || ties(black_box(&notices), catalogue, ACCOUNT));
    measure(&format!("{count} notices: digests"), || {
        black_box(&notices).iter().map(digest).collect::<Vec<_>>()
    });
    measure(&format!("{count} notices: fold"), || fold(black_box(&told), catalogue, ACCOUNT));
    measure(&format!("{count} notices: difference, first"), || {
        difference(&[], black_box(&folded), |license| make(&license.slot))
    });
    measure(&format!("{count} notices: difference, none"), || {
        difference(black_box(&stored), &folded, |license| make(&license.slot))
    });
}

/// Purchase and renewals of a monthly subscription, told twice over, with its changes between.
fn notice(index: u32) -> Notice {
    let (cycle, kind) = (i64::from(index / 4), index % 4);
    let start = begin() + TimeDelta::days(30) * i32::try_from(cycle).unwrap_or(0);
    let period = Period { start: Some(start), end: start + TimeDelta::days(30) };
    let lines = |period| {
        let (line, item) = ("si_1Nabcdefghijklmnop".to_owned(), vec!["price_pro".to_owned()]);
        vec![Line { line, alias: vec![], item, quantity: 1, period }]
    };
    let (invoice, payment) =
        (Ref::invoice(format!("in_{cycle}")), Ref::payment(format!("pi_{cycle}")));
    let subscription = Ref::subscription("sub_1Nabcdefghijklmnop");
    let amount = Some(Money { minor: 4_900, currency: "EUR".to_owned() });
    let (refs, kind) = match kind {
        0 => (
            vec![subscription, invoice.clone()],
            Kind::Paid { payment: invoice, amount, lines: lines(Some(period)) },
        ),
        1 => (vec![subscription], Kind::Changed { lines: lines(None), whole: true }),
        2 => (vec![invoice, payment], Kind::Linked),
        _ => (vec![subscription], Kind::Uncanceled),
    };
    Notice { refs, occurred_at: start, line: None, kind, customer: None }
}

/// Measures in rounds of as many turns as fit.
fn measure<T>(name: &str, mut turn: impl FnMut() -> T) {
    let started = Instant::now();
    let mut turns = 0_u32;
    while started.elapsed() < TIME / (2 * ROUNDS) {
        black_box(turn());
        turns += 1;
    }
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            (0..turns).for_each(|_| _ = black_box(turn()));
            started.elapsed().as_nanos() / u128::from(turns.max(1))
        })
        .collect();
    rounds.sort_unstable();
    let best = rounds.first().copied().unwrap_or_default();
    let median = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    println!("{name:34} {median:>12} {best:>12}");
}

fn credentials(provider: &dyn Provider) -> Credentials {
    provider
        .facts()
        .made_up_credentials("5e0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd")
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
}

fn scene() -> Scene {
    Scene {
        step: Step::Renewal,
        tag: "bench1".to_owned(),
        cycle: 1,
        at: begin(),
        period_start: begin(),
        period_end: begin() + TimeDelta::days(365),
        item: "price_pro".to_owned(),
        item_next: "price_pro".to_owned(),
        item_first: "price_pro".to_owned(),
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

fn catalogue() -> Catalogue {
    let settings = ProductSettings { interval: "P1M".parse().ok(), ..ProductSettings::default() };
    let offer: Vec<_> = settings.resolve("pro").into_iter().map(Arc::new).collect();
    let items = BTreeMap::from([("price_pro".to_owned(), offer.clone())]);
    Catalogue {
        products: BTreeMap::from([("pro".to_owned(), offer)]),
        items: BTreeMap::from([(ACCOUNT.to_owned(), items)]),
        ..Catalogue::default()
    }
}
