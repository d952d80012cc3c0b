//! A vendor's office: a service with a catalogue, one account, a clock that stands, and in front of
//! it support's API and the vendor's application. Every answer is held against the API's description.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use chrono::{DateTime, TimeDelta, Utc};
use keywright::apply::Apply;
use keywright::books::{Books, Shelf};
use keywright::chance::{Chance, NoChance};
use keywright::clock::Clock;
use keywright::config::{Config, Transport};
use keywright::due::Due;
use keywright::fetch::Fetch;
use keywright::hooks::Hooks;
use keywright::intake::Intake;
use keywright::keyring::Keyring;
use keywright::machines::Machines;
use keywright::post::{self, Post};
use keywright::store::types::Role;
use keywright::store::{Options, Store};
use keywright::support::Support;
use keywright::support::my::Links;
use keywright::web::app::Gate;
use keywright::web::console::Console;
use keywright::web::my::My;
use keywright::web::support::Desk;
use keywright::web::support::reload::{Reload, ReloadDone, Reloading};
use keywright_providers::sample::{Sample, Scene, Step};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::databases::Database;
use super::description::{Asked, DESCRIPTION};

const CATALOGUE: &str = r#"
[server]
public_url = "https://licenses.acme.example"
trusted_proxies = ["10.0.0.1"]

[mail]
from = "Acme Licensing <licenses@acme.example>"

[products.acme-pro]
name = "Acme Pro"
interval = "P1Y"
max_activations = 2
key_prefix = "ACME"

[products.acme-ever]
name = "Acme for ever"

[products.acme-2027]
expires_at = "2027-12-31T23:59:59Z"

[products.acme-suite]
bundle = ["acme-pro", "acme-ever"]

[providers.shop]
kind = "stripe"
secrets = ["whsec_office_office_office_1"]
[providers.shop.products]
"price_pro" = "acme-pro"
"#;

pub(crate) struct Office {
    pub(crate) support: Support,
    pub(crate) clock: Arc<Hands>,
    desk: web::Data<Desk>,
    gate: web::Data<Gate>,
    console: web::Data<Console>,
    mended: Arc<Mutex<Option<Books>>>,
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

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    /// Null where there is no body, or none of JSON.
    pub(crate) json: Value,
    pub(crate) text: String,
}

/// A clock that goes only when it is moved.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Random numbers that are the same in every run.
#[derive(Debug, Default)]
struct Counted(AtomicU64);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        for part in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let hash = Sha256::digest(number.to_be_bytes());
            part.copy_from_slice(&hash[..part.len()]);
        }
        Ok(())
    }
}

/// Where it does not matter who asks.
pub(crate) fn by_nobody() -> keywright::support::Asked {
    keywright::support::Asked::default()
}

/// A configuration that is faulty, until somebody mends it.
struct Paper {
    support: Support,
    mended: Arc<Mutex<Option<Books>>>,
}

impl Reload for Paper {
    fn reload(&self, asked: keywright::support::Asked) -> Reloading<'_> {
        Box::pin(async {
            let Some(books) = self.mended.lock().unwrap().take() else {
                return Err(vec!["keywright.toml: products: is empty".to_owned()]);
            };
            let (accounts, products) =
                (books.config.accounts.len(), books.config.catalogue.products.len());
            self.support.shelf.swap(books);
            let replayed = self.support.event_replay_unmapped(asked).await.unwrap();
            Ok(ReloadDone { accounts, products, replayed, warnings: Vec::new() })
        })
    }
}

impl Office {
    pub(crate) async fn open(db: &Database) -> Self {
        Self::beside(db, db.node().await, Counted::default()).await
    }

    /// One that does not wait long for its database.
    pub(crate) async fn impatient(db: &Database) -> Self {
        let patience = std::time::Duration::from_secs(1);
        let store = db.node_with(Options { patience, ..Options::default() }).await;
        Self::beside(db, store, Counted::default()).await
    }

    /// A further node on the same database, with random numbers of its own.
    pub(crate) async fn another(&self, db: &Database) -> Self {
        let number = self.nodes.fetch_add(1, Ordering::Relaxed);
        let chance = Counted(AtomicU64::new(number * 1_000_000));
        let mut node = Self::beside(db, db.node().await, chance).await;
        node.tokens.clone_from(&self.tokens);
        node
    }

    async fn beside(db: &Database, store: Store, chance: Counted) -> Self {
        let (folder, address) = (TempDir::new().unwrap(), db.address());
        let clock = Arc::new(Hands(Mutex::new("2026-12-01T09:00:00Z".parse().unwrap())));
        let shelf = Shelf::new(books(&folder, &address, ""));
        let (bell, post) = (Arc::default(), Arc::default());
        let worker = postman(&store, &shelf, &clock, &post, &folder);
        let mut support = Support::new(
            store.clone(),
            shelf.clone(),
            Arc::<Hands>::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&post),
        );
        support.chance = Arc::new(chance);
        let intake = Intake::new(
            store.clone(),
            shelf.clone(),
            Arc::<Hands>::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&post),
            Fetch::new().unwrap(),
        );
        let due =
            Due::new(store.clone(), shelf.clone(), Arc::<Hands>::clone(&clock), Arc::clone(&post));
        let hooks = Hooks::new(
            store.clone(),
            shelf.clone(),
            Arc::<Hands>::clone(&clock),
            Fetch::new().unwrap(),
        );
        let mended = Arc::default();
        let paper: Arc<dyn Reload> =
            Arc::new(Paper { support: support.clone(), mended: Arc::clone(&mended) });
        let links = Links::new(support.clone());
        let mut office = Self {
            gate: web::Data::new(Gate::new(Machines::new(&support))),
            due,
            hooks,
            desk: web::Data::new(Desk::new(support.clone(), Arc::clone(&paper))),
            console: web::Data::new(Console::new(support.clone(), paper)),
            mended,
            post: web::Data::new(worker),
            my: web::Data::new(My::new(support.clone(), links.clone())),
            links,
            intake: web::Data::new(intake.await.unwrap()),
            figures: web::Data::new(PrometheusBuilder::new().build_recorder().handle()),
            apply: Apply::new(
                store,
                shelf,
                Arc::<Hands>::clone(&clock),
                (bell, post),
                Fetch::new().unwrap(),
            ),
            support,
            clock,
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

    async fn hire(&mut self, name: &'static str, role: Role) {
        let (token, _) = self.support.token_new(name, role, by_nobody()).await.unwrap();
        self.tokens.insert(name, token.expose().to_owned());
    }

    pub(crate) fn token(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    /// Adds to the configuration, as a reload does.
    pub(crate) fn configure(&self, more: &str) {
        self.support.shelf.swap(books(&self.folder, &self.address, more));
    }

    /// Writes the same into the file; the next reload finds it.
    pub(crate) fn mend(&self, more: &str) {
        *self.mended.lock().unwrap() = Some(books(&self.folder, &self.address, more));
    }

    /// The configuration with one text in it in place of another, as a reload does.
    pub(crate) fn configure_with(&self, from: &str, to: &str) {
        let text = CATALOGUE.replacen(from, to, 1);
        assert_ne!(text, CATALOGUE, "{from} stands in it");
        self.support.shelf.swap(books_of(&self.folder, &self.address, &text));
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

    /// Signed, and kept; not applied yet.
    pub(crate) async fn hand_in(&self, name: &str, sample: Sample) {
        let account = self.support.shelf.now().account(name).unwrap().clone();
        let signed = account.provider.sign(sample, &account.credentials, self.clock.now());
        self.intake.deliver(name, &signed.request()).await.unwrap();
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

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Call::to(Method::GET, path).by(self.token("admin"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Call::to(Method::POST, path).by(self.token("admin")).with(&body)).await
    }

    /// The vendor's application asks, on a customer's machine.
    pub(crate) async fn ask(&self, path: &str, body: Value) -> Answer {
        self.call(Call::of_app(Method::POST, path).with(&body)).await
    }

    pub(crate) async fn call(&self, call: Call) -> Answer {
        let (method, uri, body) = (call.method.clone(), call.uri.clone(), call.body.clone());
        let answer = self.visit(call).await;
        let asked = Asked { method: method.as_str(), uri: &uri, body: body.as_ref() };
        self.seen.lock().unwrap().extend(DESCRIPTION.hold(&asked, &answer));
        answer
    }

    /// As a browser calls: what is answered are pages, which the API's description has nothing of.
    pub(crate) async fn visit(&self, call: Call) -> Answer {
        let app = init_service(self.app()).await;
        let response = call_service(&app, call.request.to_request()).await;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let (status, headers) = (response.status().as_u16(), headers.collect());
        let bytes = read_body(response).await;
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, headers, json, text }
    }

    /// What was answered so far, as in `event_list 200`.
    pub(crate) fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Every address that leads somewhere, with its parameters in braces.
    pub(crate) async fn addresses(&self) -> BTreeSet<String> {
        let app = init_service(self.app()).await;
        let response = call_service(&app, TestRequest::get().uri("/healthz").to_request()).await;
        patterns(&format!("{:#?}", response.request().resource_map()))
    }

    fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        App::new()
            .app_data(web::Data::new(self.support.store.clone()))
            .app_data(web::Data::new(self.support.shelf.clone()))
            .app_data(web::Data::clone(&self.intake))
            .app_data(web::Data::clone(&self.figures))
            .app_data(web::Data::clone(&self.desk))
            .app_data(web::Data::clone(&self.gate))
            .app_data(web::Data::clone(&self.console))
            .app_data(web::Data::clone(&self.post))
            .app_data(web::Data::clone(&self.my))
            .wrap(keywright::web::headers())
            .configure(keywright::web::routes)
    }
}

/// The whole patterns in a printed map of resources: each stands deeper than what it is part of.
fn patterns(map: &str) -> BTreeSet<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let lines: Vec<&str> = map.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[0].trim() == "patterns: Single(") {
        let text = pair[1].trim_start();
        let depth = pair[1].len() - text.len();
        let around = found.iter().rev().find(|(outer, _)| *outer < depth);
        let around = around.map_or("", |(_, pattern)| pattern);
        found.push((depth, format!("{around}{}", text.trim_end_matches(',').trim_matches('"'))));
    }
    let ends = found
        .iter()
        .enumerate()
        .filter(|(place, (depth, _))| found.get(place + 1).is_none_or(|(next, _)| next <= depth));
    ends.map(|(_, (_, pattern))| pattern.clone()).collect()
}

/// A call of the API.
pub(crate) struct Call {
    request: TestRequest,
    method: Method,
    uri: String,
    /// Where it is JSON.
    body: Option<Value>,
}

impl Call {
    pub(crate) fn to(method: Method, path: &str) -> Self {
        Self::at(method, &format!("/api/v1{path}"))
    }

    /// By the vendor's application.
    pub(crate) fn of_app(method: Method, path: &str) -> Self {
        Self::at(method, &format!("/v1{path}"))
    }

    /// By an application that was made for NetLicensing.
    pub(crate) fn of_licensee(number: &str) -> Self {
        Self::at(Method::POST, &format!("/core/v2/rest/licensee/{number}/validate"))
    }

    /// By anybody, with its whole address.
    pub(crate) fn at(method: Method, uri: &str) -> Self {
        let request = TestRequest::default().method(method.clone()).uri(uri);
        let request = request.peer_addr("203.0.113.7:40000".parse().unwrap());
        Self { request, method, uri: uri.to_owned(), body: None }
    }

    pub(crate) fn by(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.append_header((name, value)), ..self }
    }

    pub(crate) fn with(self, body: &Value) -> Self {
        Self { request: self.request.set_json(body), body: Some(body.clone()), ..self }
    }

    pub(crate) fn with_form(self, fields: &[(&str, &str)]) -> Self {
        Self { request: self.request.set_form(fields), ..self }
    }

    pub(crate) fn with_bytes(self, body: &[u8]) -> Self {
        Self { request: self.request.set_payload(body.to_vec()), ..self }
    }

    pub(crate) fn from(self, address: &str) -> Self {
        Self { request: self.request.peer_addr(address.parse().unwrap()), ..self }
    }
}

impl Answer {
    /// The stable word of a problem, with its status; else the status alone.
    pub(crate) fn word(&self) -> String {
        match self.json["code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    /// A body that has to have come.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.json);
        self.json
    }
}

/// The worker that sends what is owed, when it is told to.
fn postman(
    store: &Store,
    shelf: &Shelf,
    clock: &Arc<Hands>,
    bell: &Arc<tokio::sync::Notify>,
    folder: &TempDir,
) -> Post {
    let config = shelf.now().config.clone();
    let mut mail = config.mail;
    mail.transport = Transport::File { directory: folder.path().join("mail") };
    let names = shelf.clone();
    let product = move |id: &str| {
        let books = names.now();
        books.config.catalogue.products.get(id)?.first().map(|product| product.name.clone())
    };
    let books = shelf.clone();
    let secret = move |name: &str| books.now().link_secret(name);
    let settings =
        post::Settings::open(&mail, &config.server.public_url, Arc::new(product), Arc::new(secret));
    Post::new(store.clone(), settings.unwrap(), Arc::<Hands>::clone(clock), Arc::clone(bell))
}

fn books(folder: &TempDir, address: &str, more: &str) -> Books {
    books_of(folder, address, &format!("{CATALOGUE}{more}"))
}

fn books_of(folder: &TempDir, address: &str, text: &str) -> Books {
    let file = folder.path().join("keywright.toml");
    let text = format!("{text}\n[database]\nurl = {}\n", json!(address));
    std::fs::write(&file, text).unwrap();
    let config = Config::load_with(&file, []).unwrap();
    let keys = folder.path().join("signing.pem");
    Books::new(config, Keyring::open_or_create(&keys, true, &[7; 64]).unwrap())
}
