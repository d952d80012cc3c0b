//! Figures of accounts, read as Prometheus reads them.

use std::sync::Arc;

use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use keywright::clock::Clock;
use keywright::config::Config;
use keywright::fetch::Fetch;
use keywright::pull::Pull;
use keywright::serve::Service;
use keywright::trigger::scene;
use keywright_providers::sample::Step;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::reconcile::page;
use crate::support::api::Api;
use crate::support::databases::Database;
use crate::support::office::{Call, Hands, Office, by_nobody};
use crate::support::process::until;

const MISSED: &str = "keywright_account_missed_events";
const SILENT: &str = "keywright_account_silent";

/// The value of that figure for that account.
fn value(figures: &str, name: &str, account: &str) -> Option<usize> {
    let head = format!("{name}{{account=\"{account}\"}} ");
    let mut values = figures.lines().filter_map(|line| line.strip_prefix(&head));
    let value = values.next().map(|value| value.parse().unwrap());
    assert_eq!(values.next(), None, "told once");
    value
}

/// A vendor with the account `pay`, whose provider has a list, and the account `shop`, whose
/// provider is not asked.
fn configuration(folder: &TempDir, db: &Database, api: &Api, with_pay: bool) -> std::path::PathBuf {
    let path = folder.path().display();
    let pay = format!(
        "[providers.pay]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_2\"\n\
         api_key = \"rk_test_officeReadsEvents1\"\napi_url = \"{}\"\n\
         [providers.pay.products]\nprice_pro = \"acme-pro\"\n",
        api.base
    );
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://licenses.acme.example\"\n\
         [database]\nurl = {}\n[signing]\nkey_file = \"{path}/signing.pem\"\n\
         [mail]\nfrom = \"Acme <licenses@acme.example>\"\ndirectory = \"{path}/mail\"\n\
         [products.acme-pro]\ninterval = \"P1Y\"\n\
         [providers.shop]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_1\"\n{}",
        json!(db.address()),
        if with_pay { pay.as_str() } else { "" }
    );
    let file = folder.path().join("keywright.toml");
    std::fs::write(&file, text).unwrap();
    file
}

async fn figures(service: &Service) -> String {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: keywright\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

/// As the office's own service tells them.
async fn told(office: &Office) -> String {
    let answer = office.visit(Call::at(Method::GET, "/metrics")).await;
    assert_eq!(answer.status, 200);
    answer.text
}

/// Until the worker of the service has looked once: what it finds then is no gap.
async fn looked(service: &Service) {
    until("the list was looked at", async || {
        let mark = service.store.read("mark", |tx| tx.meta_get("pulled_until:pay")).await;
        mark.unwrap().is_some()
    })
    .await;
}

/// Stripe lists what Ida bought, at that time.
fn sells(service: &Service, api: &Api, at: DateTime<Utc>) {
    let books = service.support.shelf.now();
    let account = books.account("pay").unwrap();
    let mut told = scene(account, &books.config.catalogue, "ida", at).unwrap();
    told.step = Step::Purchase;
    api.knows("/v1/events", page(&account.provider.samples(&told), false));
}

on_both! {
    async fn what_was_never_sent_is_a_figure_until_its_account_is_gone(db: Database) {
        let (folder, api) = (TempDir::new().unwrap(), Api::open([]).await);
        api.knows("/v1/events", page(&[], false));
        let file = configuration(&folder, &db, &api, true);
        let hands = Arc::new(Hands::at("2026-12-01T09:00:00Z"));
        let clock: Arc<dyn Clock> = Arc::<Hands>::clone(&hands);
        let config = Config::load_with(&file, []).unwrap();
        let service = Service::start(config, file, Arc::clone(&clock)).await.unwrap();
        looked(&service).await;
        let before = figures(&service).await;
        for account in ["pay", "shop"] {
            assert_eq!(value(&before, MISSED, account), Some(0), "{account}");
            assert_eq!(value(&before, SILENT, account), Some(0), "{account}");
        }

        // Ida buys, no webhook comes, and an hour later the list is looked at.
        sells(&service, &api, hands.now());
        hands.advance(TimeDelta::hours(1));
        let support = &service.support;
        let (store, shelf) = (service.store.clone(), support.shelf.clone());
        let pull = Pull::new(store, shelf, clock, Arc::<Notify>::default(), Fetch::new().unwrap());
        let missed = pull.pass("pay", false).await.unwrap().unwrap().missed.len();
        let after = figures(&service).await;
        assert!(missed > 0);
        assert_eq!(value(&after, MISSED, "pay"), Some(missed));
        assert_eq!(value(&after, MISSED, "shop"), Some(0));

        // A day without a gap, and it is over.
        hands.advance(TimeDelta::days(1));
        assert_eq!(value(&figures(&service).await, MISSED, "pay"), Some(0));

        // Of an account that is not there nothing is told, from the reload on.
        configuration(&folder, &db, &api, false);
        service.reload.now(by_nobody()).await.unwrap();
        let without = figures(&service).await;
        for family in [MISSED, SILENT] {
            assert_eq!(value(&without, family, "pay"), None, "{without}");
            assert_eq!(value(&without, family, "shop"), Some(0));
        }
        service.stop().await;
    }

    async fn whoever_looks_often_whether_it_is_ready_makes_it_write_no_more(db: Database) {
        let office = Office::open(&db).await;
        let store = &office.support.store;
        let written = async || {
            let beat = store.read("beat", |tx| tx.meta_get("health")).await.unwrap();
            beat.unwrap().parse::<u64>().unwrap()
        };
        let ready = async || office.visit(Call::at(Method::GET, "/readyz")).await.status;
        assert_eq!(ready().await, 200);
        let before = written().await;
        for _ in 0..40 {
            assert_eq!(ready().await, 200);
        }
        let writes = written().await - before;
        assert!(writes < 20, "{writes}: one in a second is enough");
    }

    async fn an_account_that_fell_silent_is_a_figure(db: Database) {
        let office = Office::open(&db).await;
        for day in 0..14 {
            office.tell(Step::Purchase, &format!("day{day}"), "price_pro").await;
            office.support.attention_note_days().await.unwrap();
            office.clock.advance(TimeDelta::days(1));
        }
        office.support.attention_note_days().await.unwrap();
        assert_eq!(value(&told(&office).await, SILENT, "shop"), Some(0));
        office.clock.advance(TimeDelta::hours(1));
        office.support.attention_note_days().await.unwrap();
        let silent = told(&office).await;
        assert_eq!(value(&silent, SILENT, "shop"), Some(1));

        // Each alert about an account asks for a figure that stands there, by its label.
        let alerts = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/alerts.yaml"));
        let alerts = alerts.unwrap();
        let about = alerts.lines().filter(|line| line.contains("expr: ") && line.contains("keywright_account_"));
        let mut asked: Vec<&str> = about.map(|line| {
            let name = line.split("by (account) (").nth(1).unwrap().split(')').next().unwrap();
            assert!(value(&silent, name, "shop").is_some(), "{line}");
            name
        }).collect();
        asked.sort_unstable();
        assert_eq!(asked, [MISSED, SILENT]);
    }
}
