//! How long the pages of support take with a million events and 200,000 licenses stored, beside
//! `/healthz` in the same run. A page whose 95th percentile is over 100 ms fails the run.
//!
//! `.ci/with-postgres cargo bench --bench pages` also measures PostgreSQL; without it, SQLite
//! alone. `KEYWRIGHT_BENCH_EVENTS=20000` makes it small, to try it out.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may stop at the first surprise, and prints"
)]

mod copies;
mod pages;
mod served;
mod town;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use mimalloc::MiMalloc;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use copies::{Plan, fill};
use pages::{Known, pages};
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
    let folder =
        TempDir::new_in(std::env::var("KEYWRIGHT_BENCH_FOLDER").unwrap_or("/tmp".into())).unwrap();
    let sqlite = format!("sqlite://{}/bench.db", folder.path().display());
    let mut slow = measure("SQLite", &sqlite, folder.path()).await;
    match std::env::var("KEYWRIGHT_TEST_POSTGRES") {
        Ok(address) => {
            sql(&address, "DROP SCHEMA IF EXISTS pages CASCADE; CREATE SCHEMA pages").await;
            let own = format!("{address}?options=-c%20search_path%3Dpages");
            slow += measure("PostgreSQL", &own, folder.path()).await;
            sql(&address, "DROP SCHEMA pages CASCADE").await;
        }
        Err(_) => {
            println!("PostgreSQL: not measured; run `.ci/with-postgres cargo bench --bench pages`")
        }
    }
    slow
}

async fn measure(name: &str, database: &str, folder: &Path) -> usize {
    let events = std::env::var("KEYWRIGHT_BENCH_EVENTS");
    let events = events.map_or(EVENTS, |text| text.parse().unwrap());
    let started = Instant::now();
    let (town, known) = build(database, folder, events).await;
    let counts = town.store.read("counts", |tx| tx.license_counts(DateTime::UNIX_EPOCH)).await;
    let licenses: i64 = counts.unwrap().iter().map(|count| count.count).sum();
    println!(
        "\n{name}: {events} events, {licenses} licenses, built in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    println!("{:56} {:>9} {:>9} {:>9}", "milliseconds", "p50", "p95", "max");
    let served = Served::open(&town).await;
    let mut slow = 0;
    for page in pages(&known) {
        let Times { p50, p95, max } = served.times(&page).await;
        let verdict = if p95 > P95_MS_MAX { "  TOO SLOW" } else { "" };
        slow += usize::from(p95 > P95_MS_MAX);
        println!("{:56} {p50:>9.2} {p95:>9.2} {max:>9.2}{verdict}", page.path);
    }
    town.store.close().await;
    slow
}

/// A year of a town's life, up to this moment.
async fn build(database: &str, folder: &Path, events: i64) -> (Town, Known) {
    let now = keywright::clock::RELEASED_AT + TimeDelta::days(400);
    let year = TimeDelta::days(365);
    let town = Town::found(database, folder, now - year).await;
    // About as many copies as it will take; known exactly only after the first life.
    let apart = year / i32::try_from((events / town::EVENTS_ABOUT).max(1) + 1).unwrap();
    let common = town.live(apart / 2).await;
    let all = town.live_once().await;
    assert!(all.events < copies::STRIDE, "{}", all.events);
    let copies = (events - all.events).max(0) / common.events + 1;
    fill(database, Plan { common, copies, apart: year / i32::try_from(copies + 1).unwrap() }).await;
    town.clock.set(now);
    let known = Known::of(&town, copies, now).await;
    (town, known)
}

async fn sql(address: &str, text: &str) {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(text).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

/// How a moment reads in a query.
fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
