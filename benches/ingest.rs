//! How fast webhooks become durable, and events become licenses, beside a bare server that only
//! reads the same bodies and answers 200. One run, one machine, one load generator: the ratio
//! counts, not the numbers.
//!
//! `.ci/with-postgres cargo bench --bench ingest` also measures PostgreSQL; without it, SQLite
//! alone.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a benchmark may stop at the first surprise, and prints"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use keywright::apply::Apply;
use keywright::books::{Books, Shelf};
use keywright::clock::{Clock, SystemClock};
use keywright::config::Config;
use keywright::fetch::Fetch;
use keywright::intake::Intake;
use keywright::keyring::Keyring;
use keywright::store::rows::EventCounts;
use keywright::store::{Options, Store};
use keywright::trigger::{scene, tell};
use keywright::web;
use keywright_providers::sample::Step;
use mimalloc::MiMalloc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

/// That of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Keep-alive connections of the load generator.
const CONNECTIONS: usize = 64;

/// Webhooks a round; the first round of each server is not counted.
const REQUESTS: usize = 16_000;

const ROUNDS: usize = 3;

/// No round lasts longer, whatever was done by then.
const ROUND_MAX: Duration = Duration::from_secs(20);

/// Events applied, each a new license with its history and its mail.
const APPLIED: i64 = 10_000;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut servers = vec![Bench::bare().await];
    let sqlite = format!("sqlite://{}/bench.db", folder.path().display());
    servers.push(Bench::keywright("SQLite", &sqlite, folder.path()).await);
    match std::env::var("KEYWRIGHT_TEST_POSTGRES") {
        Ok(address) => {
            servers.push(Bench::keywright("PostgreSQL", &address, folder.path()).await);
        }
        Err(_) => println!(
            "PostgreSQL: not measured; run `.ci/with-postgres cargo bench --bench ingest`\n"
        ),
    }
    println!(
        "durable webhooks: {CONNECTIONS} keep-alive connections, Stripe invoice.paid, {} bytes each",
        body_bytes(folder.path())
    );
    println!("{:12} {:>10} {:>8} {:>9} {:>9}", "", "per second", "of bare", "p50", "p99");
    let mut rounds: Vec<Vec<Round>> = vec![Vec::new(); servers.len()];
    for round in 0..=ROUNDS {
        let requests = Arc::new(requests(folder.path(), round * REQUESTS, REQUESTS));
        for (server, rounds) in servers.iter().zip(&mut rounds) {
            let measured = load(server.address, &requests).await;
            // The first warms up: caches, connections, the write-ahead log.
            if round > 0 {
                rounds.push(measured);
            }
        }
    }
    let bare = median(&rounds[0]).rate;
    for (server, rounds) in servers.iter().zip(&rounds) {
        let round = median(rounds);
        println!(
            "{:12} {:>10.0} {:>8.2} {:>6.2} ms {:>6.2} ms",
            server.name,
            round.rate,
            round.rate / bare,
            round.p50_ms,
            round.p99_ms
        );
    }
    println!("\napplied: event to license, history and owed mail");
    for server in servers {
        if let Some((apply, store)) = server.apply {
            let (events, seconds) = applied(apply, &store).await;
            println!(
                "{:12} {:>10.0} per second ({events} events)",
                server.name,
                events as f64 / seconds
            );
        }
    }
}

/// One server under load.
struct Bench {
    name: &'static str,
    address: SocketAddr,
    apply: Option<(Apply, Store)>,
}

impl Bench {
    /// Reads the body, answers 200.
    async fn bare() -> Self {
        let server = HttpServer::new(|| {
            App::new().default_service(actix_web::web::to(|body: Bytes| async move {
                std::hint::black_box(body.len());
                HttpResponse::Ok().finish()
            }))
        })
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        Self { name: "bare actix", address, apply: None }
    }

    /// The real intake and store; nothing is applied while webhooks are measured.
    async fn keywright(name: &'static str, database: &str, folder: &std::path::Path) -> Self {
        let config = config(folder);
        let store = Store::open(&database.parse().unwrap(), Options::default()).unwrap();
        store.migrate().await.unwrap();
        let entropy = keywright::chance::bytes().unwrap();
        let keyring = Keyring::open_or_create(&config.signing.key_file, true, &entropy).unwrap();
        let shelf = Shelf::new(Books::new(config, keyring));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (bell, post) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let intake = Intake::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&post),
            Fetch::new().unwrap(),
        )
        .await
        .unwrap();
        let data = (Data::new(intake), Data::new(shelf.clone()), Data::new(store.clone()));
        let server = HttpServer::new(move || {
            App::new()
                .wrap(web::headers())
                .app_data(data.0.clone())
                .app_data(data.1.clone())
                .app_data(data.2.clone())
                .configure(web::routes)
        })
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        let apply = Apply::new(store.clone(), shelf, clock, (bell, post), Fetch::new().unwrap());
        Self { name, address, apply: Some((apply, store)) }
    }
}

fn config(folder: &std::path::Path) -> Config {
    let file = folder.join("keywright.toml");
    if !file.exists() {
        let path = folder.display();
        let text = format!(
            "[signing]\nkey_file = \"{path}/signing.pem\"\n[mail]\ndirectory = \"{path}/mail\"\n\
             [products.pro]\ninterval = \"P1Y\"\n\
             [providers.stripe]\nkind = \"stripe\"\nsecrets = [\"whsec_benchmark_0123456789\"]\n\
             [providers.stripe.products]\n\"price_1Pro\" = \"pro\"\n"
        );
        std::fs::write(&file, text).unwrap();
    }
    Config::load_with(&file, []).unwrap()
}

/// Signed HTTP requests, each a purchase of its own.
fn requests(folder: &std::path::Path, first: usize, count: usize) -> Vec<Vec<u8>> {
    let config = config(folder);
    let account = &config.accounts["stripe"];
    let now = SystemClock.now();
    (first..first + count)
        .map(|number| {
            let scene = scene(account, &config.catalogue, &format!("b{number}"), now).unwrap();
            let told = tell(account, &scene, &[Step::Purchase], now).unwrap();
            let mut samples = told.into_iter().flat_map(|told| told.samples);
            let sample = samples.find(|sample| sample.title == "invoice.paid").unwrap();
            let mut request = format!(
                "POST /webhooks/stripe HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n",
                sample.body.len()
            );
            for (name, value) in &sample.headers {
                request += &format!("{name}: {value}\r\n");
            }
            request += "\r\n";
            let mut request = request.into_bytes();
            request.extend(sample.body);
            request
        })
        .collect()
}

fn body_bytes(folder: &std::path::Path) -> usize {
    let request = requests(folder, 0, 1).remove(0);
    let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    request.len() - head - 4
}

#[derive(Debug, Clone, Copy)]
struct Round {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Posts all requests over the connections, and times each.
async fn load(address: SocketAddr, requests: &Arc<Vec<Vec<u8>>>) -> Round {
    let started = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let requests = Arc::clone(requests);
        connections.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (mut times, mut answer) = (Vec::new(), vec![0; 4096]);
            for request in requests.iter().skip(connection).step_by(CONNECTIONS) {
                if started.elapsed() > ROUND_MAX {
                    break;
                }
                let sent = Instant::now();
                stream.write_all(request).await.unwrap();
                let read = stream.read(&mut answer).await.unwrap();
                let answer = &answer[..read];
                assert!(
                    answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"\r\n\r\n"),
                    "{}",
                    String::from_utf8_lossy(answer)
                );
                times.push(sent.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = connections.join_all().await.into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
    Round { rate: times.len() as f64 / seconds, p50_ms: at(50), p99_ms: at(99) }
}

fn median(rounds: &[Round]) -> Round {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rounds[rounds.len() / 2]
}

/// Lets the worker apply what was kept, until enough was.
async fn applied(apply: Apply, store: &Store) -> (i64, f64) {
    let (stop, stopped) = watch::channel(false);
    let before = counted(store).await.pending;
    let started = Instant::now();
    let worker = tokio::spawn(async move { apply.run(stopped).await });
    let (applied, seconds) = loop {
        // Not oftener: to count a backlog of tens of thousands takes time that is measured.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let counts = counted(store).await;
        assert_eq!(counts.failed, 0, "a benchmark of failures says nothing");
        let (applied, time) = (before - counts.pending, started.elapsed());
        if applied >= APPLIED || counts.pending == 0 || time > ROUND_MAX {
            break (applied, time.as_secs_f64());
        }
    };
    stop.send(true).unwrap();
    worker.await.unwrap();
    (applied, seconds)
}

async fn counted(store: &Store) -> EventCounts {
    store.read("counts", |tx| tx.event_counts()).await.unwrap()
}
