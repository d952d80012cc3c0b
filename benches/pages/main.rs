//! How long the pages of support take with a million events and 200,000 licenses stored, beside
//! `/healthz` in the same run. A page whose 95th percentile is over 100 ms fails the run.
//!
//! `.ci/with-postgres cargo bench --bench pages` also measures PostgreSQL; without it, SQLite
//! alone. From the environment:
//!
//! - `KEYWRIGHT_BENCH_EVENTS=50000`: a small store, to try it out
//! - `KEYWRIGHT_BENCH_FOLDER`: where there is room, up to 10 GB
//! - `KEYWRIGHT_BENCH_KEEP`: a folder in which the store stays (and in the schema `pages`), to be
//!   measured again by the next run
//! - `KEYWRIGHT_BENCH_ON=SQLite` or `PostgreSQL`: only that
//! - `KEYWRIGHT_BENCH_PAGES=/console/audit`: only pages with this in their address
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may stop at the first surprise, and prints"
)]

mod copies;
mod known;
mod pages;
mod served;
mod town;
mod visits;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use chrono::{DateTime, TimeDelta};
use mimalloc::MiMalloc;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use copies::{Plan, fill};
use known::Known;
use pages::{Who, YARDSTICK, pages};
use served::{Served, Times};
use town::Town;

/// That of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Events in the store, unless the environment says otherwise.
const EVENTS: i64 = 1_000_000;

/// What a page may take, in milliseconds: nineteen times in twenty.
const P95_MS_MAX: f64 = 100.0;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(run()) {
        0 => ExitCode::SUCCESS,
        slow => {
            println!("\n{slow} pages take longer than {P95_MS_MAX} ms");
            ExitCode::FAILURE
        }
    }
}

/// How many pages were too slow.
async fn run() -> usize {
    let kept = setting("KEEP").map(PathBuf::from);
    let room = setting("FOLDER").unwrap_or("/tmp".to_owned());
    let gone = kept.is_none().then(|| TempDir::new_in(room).unwrap());
    let folder = kept.as_deref().or(gone.as_ref().map(TempDir::path)).unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let wanted = |name: &str| setting("ON").is_none_or(|only| only == name);
    let mut slow = 0;
    if wanted("SQLite") {
        let file = format!("sqlite://{}/bench.db", folder.display());
        slow += measure("SQLite", &file, folder).await;
    }
    match std::env::var("KEYWRIGHT_TEST_POSTGRES") {
        Ok(address) if wanted("PostgreSQL") => {
            if kept.is_none() {
                sql(&address, "DROP SCHEMA IF EXISTS pages CASCADE").await;
            }
            sql(&address, "CREATE SCHEMA IF NOT EXISTS pages").await;
            let own = format!("{address}?options=-c%20search_path%3Dpages");
            slow += measure("PostgreSQL", &own, folder).await;
            if kept.is_none() {
                sql(&address, "DROP SCHEMA pages CASCADE").await;
            }
        }
        Ok(_) => {}
        Err(_) => {
            println!("PostgreSQL: not measured; run `.ci/with-postgres cargo bench --bench pages`")
        }
    }
    slow
}

fn setting(name: &str) -> Option<String> {
    std::env::var(format!("KEYWRIGHT_BENCH_{name}")).ok()
}

async fn measure(name: &str, database: &str, folder: &Path) -> usize {
    let events = setting("EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    let started = Instant::now();
    let (town, known) = build(database, folder, events).await;
    let counts = town.store.read("counts", |tx| tx.license_counts(DateTime::UNIX_EPOCH)).await;
    let licenses: i64 = counts.unwrap().iter().map(|count| count.count).sum();
    println!(
        "\n{name}: {events} events, {licenses} licenses, built in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    println!("{:80} {:>9} {:>9} {:>9}", "milliseconds", "p50", "p95", "max");
    let mut served = Served::open(&town).await;
    let (mut pages, mut slow) = (pages(&known), 0);
    if let Some(part) = setting("PAGES") {
        pages.retain(|page| page.path == YARDSTICK || page.path.contains(&part));
    }
    served.let_in(&town, &pages).await;
    let mut slowest: BTreeMap<String, Times> = BTreeMap::new();
    for page in pages {
        let times = served.times(&page).await;
        let Times { p50, p95, max } = times;
        let of_route = slowest.entry(page.route).or_insert(times);
        if p95 > of_route.p95 {
            *of_route = times;
        }
        let verdict = if p95 > P95_MS_MAX { "  TOO SLOW" } else { "" };
        slow += usize::from(p95 > P95_MS_MAX);
        let name = match &page.who {
            Who::Customer(email) => format!("{} of {email}", page.path),
            Who::Desk | Who::Nobody => page.path,
        };
        println!("{name:80} {p50:>9.2} {p95:>9.2} {max:>9.2}{verdict}");
    }
    println!("\n{name}, the slowest address of each page\n| page | p50 ms | p95 ms |");
    for (route, Times { p50, p95, .. }) in slowest {
        println!("| `{route}` | {p50:.1} | {p95:.1} |");
    }
    town.store.close().await;
    slow
}

/// A year of a town's life, up to this moment.
async fn build(database: &str, folder: &Path, events: i64) -> (Town, Known) {
    let now = keywright::clock::RELEASED_AT + TimeDelta::days(400);
    let year = TimeDelta::days(365);
    let town = Town::found(database, folder, now - year).await;
    if town.is_filled().await {
        town.clock.set(now);
        let known = Known::of(&town, now).await;
        return (town, known);
    }
    // About as many copies as it will take; known exactly only after the first life.
    let apart = year / i32::try_from((events / town::EVENTS_ABOUT).max(1) + 1).unwrap();
    let common = town.live(apart / 2).await;
    let all = town.live_once().await;
    assert!(all.events < copies::STRIDE, "{}", all.events);
    let copies = (events - all.events).max(0) / common.events + 1;
    fill(database, Plan { common, copies, apart: year / i32::try_from(copies + 1).unwrap() }).await;
    town.clock.set(now);
    // As upkeep does every few minutes.
    town.support.attention_note_days().await.unwrap();
    let known = Known::of(&town, now).await;
    (town, known)
}

async fn sql(address: &str, text: &str) {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(text).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}
