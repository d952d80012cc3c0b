//! What the service is made of: each part with what it needs, none of them running yet.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::StartError;
use super::reload::Reload;
use crate::apply::Apply;
use crate::books::{Books, Shelf};
use crate::clock::Clock;
use crate::due::Due;
use crate::fetch::Fetch;
use crate::hooks::Hooks;
use crate::intake::Intake;
use crate::machines::Machines;
use crate::post::{Post, PostError, Settings};
use crate::pull::Pull;
use crate::store::Store;
use crate::support::Support;
use crate::support::my::Links;
use crate::upkeep::Upkeep;
use crate::web;
use crate::web::app::Gate;
use crate::web::console::Console;
use crate::web::my::My;
use crate::web::support::Desk;

/// Requests that are being answered get this long when the service stops.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// A sender that is slower than this with its headers is cut off.
const HEADERS_TIME_MAX: Duration = Duration::from_secs(5);

/// Connections that one worker keeps open; further ones wait to be accepted. Bodies are gathered in
/// memory, so this, `server.max_body` and the time that a body may take bound what all of them hold;
/// and each is a file, of which a process has some ten thousand. Applications keep theirs for a
/// minute after each call, so that some fifty new ones come in a second before any has to wait.
const CONNECTIONS_MAX: usize = 4_096;

const KEEP_ALIVE: Duration = Duration::from_secs(75);

pub(super) struct Parts {
    pub(super) reload: Reload,
    pub(super) support: Support,
    store: Store,
    shelf: Shelf,
    intake: Intake,
    apply: Apply,
    post: Post,
    due: Due,
    hooks: Hooks,
    pull: Pull,
    upkeep: Upkeep,
    links: Links,
}

impl Parts {
    pub(super) async fn new(
        books: Books,
        store: Store,
        file: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let shelf = Shelf::new(books);
        let settings = settings(&shelf)?;
        let fetch = Fetch::new()?;
        // Rung when events are kept, and when mail is owed.
        let (bell, post_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let all = || (store.clone(), shelf.clone(), Arc::clone(&clock));
        let intake = {
            let ((store, shelf, clock), fetch) = (all(), fetch.clone());
            let (bell, post_bell) = (Arc::clone(&bell), Arc::clone(&post_bell));
            Intake::new(store, shelf, clock, bell, post_bell, fetch).await?
        };
        let support = {
            let (store, shelf, clock) = all();
            Support::new(store, shelf, clock, Arc::clone(&bell), Arc::clone(&post_bell))
        };
        let due = {
            let (store, shelf, clock) = all();
            Due::new(store, shelf, clock, Arc::clone(&post_bell))
        };
        let hooks = {
            let (store, shelf, clock) = all();
            Hooks::new(store, shelf, clock, fetch.clone())
        };
        let pull = {
            let (store, shelf, clock) = all();
            Pull::new(store, shelf, clock, Arc::clone(&bell), fetch.clone())
        };
        let post = Post::new(store.clone(), settings, Arc::clone(&clock), Arc::clone(&post_bell));
        let apply = {
            let (store, shelf, clock) = all();
            Apply::new(store, shelf, clock, (bell, post_bell), fetch)
        };
        let reload = Reload { file, shelf: shelf.clone(), support: support.clone() };
        let (upkeep, links) = (Upkeep::new(support.clone()), Links::new(support.clone()));
        Ok(Self {
            reload,
            support,
            store,
            shelf,
            intake,
            apply,
            post,
            due,
            hooks,
            pull,
            upkeep,
            links,
        })
    }

    /// All addresses with what their handlers need, and where they are listened at: with the real
    /// port where `listen` says 0.
    pub(super) fn http(
        &self,
        figures: PrometheusHandle,
        listen: SocketAddr,
    ) -> std::io::Result<(SocketAddr, Server)> {
        let Self { reload, support, store, shelf, intake, post, links, .. } = self;
        let (intake, store) = (Data::new(intake.clone()), Data::new(store.clone()));
        let (shelf, figures) = (Data::new(shelf.clone()), Data::new(figures));
        let (reload, post) = (Arc::new(reload.clone()), Data::new(post.clone()));
        let desk = Data::new(Desk::new(support.clone(), reload.clone()));
        let console = Data::new(Console::new(support.clone(), reload));
        let gate = Data::new(Gate::new(Machines::new(support)));
        let my = Data::new(My::new(support.clone(), links.clone()));
        let server = HttpServer::new(move || {
            App::new()
                .wrap(web::headers())
                .wrap(from_fn(web::unread::held))
                .app_data(intake.clone())
                .app_data(store.clone())
                .app_data(shelf.clone())
                .app_data(figures.clone())
                .app_data(desk.clone())
                .app_data(console.clone())
                .app_data(gate.clone())
                .app_data(post.clone())
                .app_data(my.clone())
                .configure(web::routes)
        })
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEADERS_TIME_MAX)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN.as_secs())
        .disable_signals()
        .bind(listen)?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        Ok((address, server.run()))
    }

    /// Sets the workers to work, each until it is told to stop.
    pub(super) fn work(self, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
        let Self { apply, post, due, hooks, pull, upkeep, links, .. } = self;
        let mut tasks = JoinSet::new();
        let stop = stopped.clone();
        tasks.spawn(async move { apply.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { post.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { due.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { hooks.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { pull.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { upkeep.run(stop).await });
        let stop = stopped.clone();
        tasks.spawn(async move { links.run(stop).await });
        tasks
    }
}

/// How mail is written and sent, with what it has to know of products and links.
fn settings(shelf: &Shelf) -> Result<Settings, PostError> {
    let config = &shelf.now().config;
    let (names, seeds) = (shelf.clone(), shelf.clone());
    let product = move |id: &str| {
        let books = names.now();
        let offer = books.config.catalogue.products.get(id)?;
        offer.first().map(|product| product.name.clone())
    };
    let secret = move |name: &str| seeds.now().link_secret(name);
    let (product, secret) = (Arc::new(product), Arc::new(secret));
    Settings::open(&config.mail, &config.server.public_url, product, secret)
}
