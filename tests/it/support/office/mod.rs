//! A vendor's office: a service with a catalogue, one account, a clock that stands, and in front of
//! it support's API and the vendor's application. Every answer is held against the API's description.
//!
//! - `paper`: the catalogue, and changing it
//! - `calls`: what is asked over HTTP, and answered
//! - `hands`: time and chance

mod calls;
mod hands;
mod paper;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use chrono::TimeDelta;
use keywright::apply::Apply;
use keywright::books::Shelf;
use keywright::clock::Clock;
use keywright::config::Transport;
use keywright::due::Due;
use keywright::fetch::Fetch;
use keywright::hooks::Hooks;
use keywright::intake::{Intake, Refusal};
use keywright::machines::Machines;
use keywright::mailer::file_in;
use keywright::post::{self, Post};
use keywright::store::types::Role;
use keywright::store::{Options, Store};
use keywright::support::my::Links;
use keywright::support::{Asked, Support};
use keywright::web::app::Gate;
use keywright::web::console::Console;
use keywright::web::my::My;
use keywright::web::support::Desk;
use keywright::web::support::reload::Reload;
use keywright_providers::sample::{Sample, Scene, Step};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

pub(crate) use calls::{Answer, Call};
use hands::Counted;
pub(crate) use hands::Hands;
use paper::{Paper, books};

use super::databases::Database;

pub(crate) struct Office {
    pub(crate) support: Support,
    pub(crate) clock: Arc<Hands>,
    desk: web::Data<Desk>,
    gate: web::Data<Gate>,
    console: web::Data<Console>,
    paper: Arc<Paper>,
    my: web::Data<My>,
    /// Customers who asked for a link.
    pub(crate) links: Links,
    intake: web::Data<Intake>,
    figures: web::Data<PrometheusHandle>,
    apply: Apply,
    /// By role.
    tokens: BTreeMap<&'static str, String>,
    nodes: AtomicU64,
    folder: TempDir,
    address: String,
    pub(crate) due: Due,
    pub(crate) hooks: Hooks,
    /// Sends mail into a folder.
    pub(crate) post: web::Data<Post>,
    /// What was answered so far: `event_list 200`.
    seen: Mutex<BTreeSet<String>>,
}

/// Where it does not matter who asks.
pub(crate) fn by_nobody() -> Asked {
    Asked::default()
}

impl Office {
    pub(crate) async fn open(db: &Database) -> Self {
        Self::beside(db, db.node().await, Counted::default()).await
    }

    /// One that does not wait long for its database.
    pub(crate) async fn impatient(db: &Database) -> Self {
        let patience = Duration::from_secs(1);
        let store = db.node_with(Options { patience, ..Options::default() }).await;
        Self::beside(db, store, Counted::default()).await
    }

    /// A further node on the same database, with random numbers of its own.
    pub(crate) async fn another(&self, db: &Database) -> Self {
        let number = self.nodes.fetch_add(1, Ordering::Relaxed);
        let chance = Counted::after(number * 1_000_000);
        let mut node = Self::beside(db, db.node().await, chance).await;
        node.tokens.clone_from(&self.tokens);
        node
    }

    async fn beside(db: &Database, store: Store, chance: Counted) -> Self {
        let (folder, address) = (TempDir::new().unwrap(), db.address());
        let hands = Arc::new(Hands::at("2026-12-01T09:00:00Z"));
        let clock: Arc<dyn Clock> = Arc::<Hands>::clone(&hands);
        let shelf = Shelf::new(books(&folder, &address, ""));
        let (bell, post): (Arc<Notify>, Arc<Notify>) = Default::default();
        let fetch = || Fetch::new().unwrap();

        let mut support =
            Support::new(store.clone(), shelf.clone(), clock.clone(), bell.clone(), post.clone());
        support.chance = Arc::new(chance);
        let intake = Intake::new(
            store.clone(),
            shelf.clone(),
            clock.clone(),
            bell.clone(),
            post.clone(),
            fetch(),
        );
        let settings = settings(&shelf, mail_in(&folder));
        let worker = Post::new(store.clone(), settings, clock.clone(), post.clone());
        let paper = Arc::new(Paper::new(support.clone()));
        let reload: Arc<dyn Reload> = Arc::<Paper>::clone(&paper);
        let links = Links::new(support.clone());
        let mut office = Self {
            gate: web::Data::new(Gate::new(Machines::new(&support))),
            due: Due::new(store.clone(), shelf.clone(), clock.clone(), post.clone()),
            hooks: Hooks::new(store.clone(), shelf.clone(), clock.clone(), fetch()),
            desk: web::Data::new(Desk::new(support.clone(), Arc::clone(&reload))),
            console: web::Data::new(Console::new(support.clone(), reload)),
            paper,
            post: web::Data::new(worker),
            my: web::Data::new(My::new(support.clone(), links.clone())),
            links,
            intake: web::Data::new(intake.await.unwrap()),
            figures: web::Data::new(PrometheusBuilder::new().build_recorder().handle()),
            apply: Apply::new(store, shelf, clock, (bell, post), fetch()),
            support,
            clock: hands,
            tokens: BTreeMap::new(),
            nodes: AtomicU64::new(1),
            folder,
            address,
            seen: Mutex::default(),
        };
        office.hire("support", Role::Support).await;
        office.hire("admin", Role::Admin).await;
        office
    }

    /// The file that a mail went into.
    pub(crate) fn mail_file(&self, message_id: &str) -> PathBuf {
        file_in(&mail_in(&self.folder), message_id)
    }

    async fn hire(&mut self, name: &'static str, role: Role) {
        let (token, _) = self.support.token_new(name, role, by_nobody()).await.unwrap();
        self.tokens.insert(name, token.expose().to_owned());
    }

    pub(crate) fn token(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    /// A customer does something, and the provider tells of it.
    pub(crate) async fn tell(&self, step: Step, tag: &str, item: &str) {
        self.deliver(&self.scene(step, tag, item)).await;
    }

    /// What a customer does now: the first payment of a subscription of years.
    pub(crate) fn scene(&self, step: Step, tag: &str, item: &str) -> Scene {
        let now = self.clock.now();
        Scene {
            step,
            tag: tag.to_owned(),
            cycle: 0,
            at: now,
            period_start: now,
            period_end: now + TimeDelta::days(365),
            item: item.to_owned(),
            item_next: item.to_owned(),
            item_first: item.to_owned(),
            quantity: 1,
            email: format!("{tag}@customer.example"),
            name: "Ada Example".to_owned(),
            company: None,
            country: "DE".to_owned(),
            locale: "en".to_owned(),
            live: true,
            subscription: true,
            amount_minor: 4_900,
            currency: "EUR".to_owned(),
            settings: keywright_providers::Settings::new(),
        }
    }

    /// What the provider of that account sends for one step, unsigned.
    pub(crate) fn samples(&self, account: &str, step: Step, tag: &str, item: &str) -> Vec<Sample> {
        let account = self.support.shelf.now().account(account).unwrap().clone();
        account.provider.samples(&self.scene(step, tag, item))
    }

    /// The provider tells of it, and all that was told is applied.
    pub(crate) async fn deliver(&self, scene: &Scene) {
        let account = self.support.shelf.now().account("shop").unwrap().clone();
        for sample in account.provider.samples(scene) {
            self.hand_in("shop", sample).await;
        }
        self.settle().await;
    }

    /// Signed, and kept; not applied yet. What cannot be kept now is sent again, as providers do: on
    /// a machine that is busy a few seconds are soon over.
    pub(crate) async fn hand_in(&self, name: &str, sample: Sample) {
        let account = self.support.shelf.now().account(name).unwrap().clone();
        let signed = account.provider.sign(sample, &account.credentials, self.clock.now());
        for _ in 0..8 {
            match self.intake.deliver(name, &signed.request()).await {
                Err(Refusal::NotNow) => {}
                taken => return drop(taken.unwrap()),
            }
        }
        panic!("{name} could not hand in an event");
    }

    /// A purchase; the license that it gives, as the API shows it.
    pub(crate) async fn sells(&self, tag: &str) -> Value {
        self.tell(Step::Purchase, tag, "price_pro").await;
        let found = self.get(&format!("/licenses?email={tag}@customer.example")).await;
        found.json["items"][0].clone()
    }

    /// Everything that was kept is applied.
    pub(crate) async fn settle(&self) {
        self.apply.settle().await.unwrap();
    }
}

/// How its mail is sent: into a folder, when it is told to.
fn settings(shelf: &Shelf, directory: PathBuf) -> post::Settings {
    let config = shelf.now().config.clone();
    let mut mail = config.mail;
    mail.transport = Transport::File { directory };
    let names = shelf.clone();
    let product = move |id: &str| {
        let books = names.now();
        books.config.catalogue.products.get(id)?.first().map(|product| product.name.clone())
    };
    let books = shelf.clone();
    let secret = move |name: &str| books.now().link_secret(name);
    let url = &config.server.public_url;
    post::Settings::open(&mail, url, Arc::new(product), Arc::new(secret)).unwrap()
}

fn mail_in(folder: &TempDir) -> PathBuf {
    folder.path().join("mail")
}
