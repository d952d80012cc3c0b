//! The running service: store, workers and HTTP put together, started and stopped as one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::apply::Apply;
use crate::books::{Books, Shelf};
use crate::chance::{self, NoChance};
use crate::clock::Clock;
use crate::config::{Config, Faults};
use crate::due::Due;
use crate::fetch::{Fetch, FetchError};
use crate::hooks::Hooks;
use crate::intake::Intake;
use crate::keyring::{Keyring, KeyringError};
use crate::machines::Machines;
use crate::post::{self, Post, PostError};
use crate::pull::Pull;
use crate::store::rows::LicenseFilter;
use crate::store::{Options, Store, StoreError};
use crate::support::my::Links;
use crate::support::{Asked, Failure, Support};
use crate::upkeep::Upkeep;
use crate::web::app::Gate;
use crate::web::console::Console;
use crate::web::my::My;
use crate::web::support::Desk;
use crate::web::support::reload::{Reload as Reloads, ReloadDone, Reloading};
use crate::{telemetry, web};

/// Requests that are being answered get this long when the service stops.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// A sender that is slower than this with its headers is cut off.
const HEADERS_TIME_MAX: Duration = Duration::from_secs(5);

const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A running service. Dropping it does not stop it; [`Service::stop`] does.
#[derive(Debug)]
pub struct Service {
    /// Where it listens: with the real port where the configuration said 0.
    pub address: SocketAddr,
    pub store: Store,
    pub reload: Reload,
    pub support: Support,
    stop: watch::Sender<bool>,
    server: ServerHandle,
    tasks: JoinSet<()>,
}

/// Why the service did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Post(#[from] PostError),
    #[error(transparent)]
    Chance(#[from] NoChance),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(
        "the signing key {} is not the one that this database was begun with; use the same file \
         on every node, and restore it from the backup where it was lost", .0.display()
    )]
    ForeignKeys(PathBuf),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
}

impl Service {
    /// Opens and migrates the store, starts the workers, and listens. `file` is what a reload
    /// reads again.
    ///
    /// # Errors
    /// [`StartError`]: nothing is left running.
    pub async fn start(
        config: Config,
        file: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let figures = telemetry::figures();
        let store =
            Store::open(&config.database.url, Options { exclusive: true, ..Options::default() })?;
        store.migrate().await?;
        store.check().await?;
        let now = clock.now();
        store
            .run("reclaim", move |tx| {
                tx.event_reclaim_all(now)?;
                tx.hook_reclaim_all(now)?;
                tx.outbox_reclaim_all(now)
            })
            .await?;
        let keyring = open_keyring(&config, &store).await?;
        let (listen, mail) = (config.server.listen, config.mail.clone());
        let public_url = config.server.public_url.clone();
        let shelf = Shelf::new(Books::new(config, keyring));
        let (bell, post_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let names = shelf.clone();
        let product = move |id: &str| {
            let books = names.now();
            let offer = books.config.catalogue.products.get(id)?;
            offer.first().map(|product| product.name.clone())
        };
        let seeds = shelf.clone();
        let secret = move |name: &str| seeds.now().link_secret(name);
        let settings =
            post::Settings::open(&mail, &public_url, Arc::new(product), Arc::new(secret))?;
        let post = Post::new(store.clone(), settings, Arc::clone(&clock), Arc::clone(&post_bell));
        let fetch = Fetch::new()?;
        let intake = Intake::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&post_bell),
            fetch.clone(),
        )
        .await?;
        let support = Support::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&post_bell),
        );
        let due =
            Due::new(store.clone(), shelf.clone(), Arc::clone(&clock), Arc::clone(&post_bell));
        let hooks = Hooks::new(store.clone(), shelf.clone(), Arc::clone(&clock), fetch.clone());
        let upkeep = Upkeep::new(support.clone());
        let links = Links::new(support.clone());
        let reload = Reload { file, shelf: shelf.clone(), support: support.clone() };
        let pull = Pull::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            fetch.clone(),
        );
        let apply = Apply::new(store.clone(), shelf.clone(), clock, (bell, post_bell), fetch);
        let data = (
            Data::new(intake),
            Data::new(store.clone()),
            Data::new(shelf),
            Data::new(figures),
            Data::new(Desk::new(support.clone(), Arc::new(reload.clone()))),
            Data::new(Console::new(support.clone(), Arc::new(reload.clone()))),
            Data::new(Gate::new(Machines::new(&support))),
            Data::new(post.clone()),
            Data::new(My::new(support.clone(), links.clone())),
        );
        let server = HttpServer::new(move || {
            App::new()
                .wrap(web::headers())
                .app_data(data.0.clone())
                .app_data(data.1.clone())
                .app_data(data.2.clone())
                .app_data(data.3.clone())
                .app_data(data.4.clone())
                .app_data(data.5.clone())
                .app_data(data.6.clone())
                .app_data(data.7.clone())
                .configure(web::routes)
        })
        .client_request_timeout(HEADERS_TIME_MAX)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN.as_secs())
        .disable_signals()
        .bind(listen)
        .map_err(|error| StartError::Listen { address: listen, error })?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        let server = server.run();
        let handle = server.handle();

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the HTTP server ended: {error}");
            }
        });
        let (apply_stop, due_stop, hooks_stop) =
            (stopped.clone(), stopped.clone(), stopped.clone());
        let pull_stop = stopped.clone();
        tasks.spawn(async move { pull.run(pull_stop).await });
        let upkeep_stop = stopped.clone();
        tasks.spawn(async move { upkeep.run(upkeep_stop).await });
        let links_stop = stopped.clone();
        tasks.spawn(async move { links.run(links_stop).await });
        tasks.spawn(async move { due.run(due_stop).await });
        tasks.spawn(async move { hooks.run(hooks_stop).await });
        tasks.spawn(async move { apply.run(apply_stop).await });
        tasks.spawn(async move { post.run(stopped).await });
        Ok(Self { address, store, reload, support, stop, server: handle, tasks })
    }

    /// Finishes what was accepted, and ends.
    pub async fn stop(mut self) {
        self.server.stop(true).await;
        // The receivers live as long as the tasks; without any there is nobody to tell.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.store.close().await;
    }
}

/// Loads products and accounts anew, as a whole or not at all.
#[derive(Clone)]
pub struct Reload {
    file: PathBuf,
    shelf: Shelf,
    support: Support,
}

/// Why the old configuration stays in force.
#[derive(Debug, Error)]
pub enum ReloadError {
    #[error("{0}")]
    Faults(Faults),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Support(#[from] Failure),
}

impl Reload {
    /// Reads the configuration again; events that failed for want of a product or account are
    /// tried again.
    ///
    /// # Errors
    /// [`ReloadError`]: nothing has changed.
    pub async fn now(&self, asked: Asked) -> Result<ReloadDone, ReloadError> {
        let config = Config::load(&self.file).map_err(ReloadError::Faults)?;
        let keyring = Keyring::open(&config.signing.key_file)?;
        let (accounts, products) = (config.accounts.len(), config.catalogue.products.len());
        let warnings = config.warnings();
        self.shelf.swap(Books::new(config, keyring));
        let replayed = self.support.event_replay_unmapped(asked).await?;
        tracing::info!(
            events = replayed,
            "the configuration was loaded anew; {replayed} events are tried again"
        );
        Ok(ReloadDone { accounts, products, replayed, warnings })
    }
}

impl Reloads for Reload {
    fn reload(&self, asked: Asked) -> Reloading<'_> {
        Box::pin(async move {
            self.now(asked).await.map_err(|error| match error {
                ReloadError::Faults(faults) => faults.0.iter().map(ToString::to_string).collect(),
                other => vec![other.to_string()],
            })
        })
    }
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Under which the fingerprint of the seed stands in the store.
const SEED: &str = "seed_fingerprint";

/// The signing keys; made on the first start, never while there are licenses. Those of another
/// service are refused: with them one purchase would get another key on each node.
pub(crate) async fn open_keyring(config: &Config, store: &Store) -> Result<Keyring, StartError> {
    let (filter, now) = (LicenseFilter::default(), chrono::DateTime::UNIX_EPOCH);
    let licenses =
        store.read("first license", move |tx| tx.license_list(&filter, now, None, 1)).await?;
    let entropy = chance::bytes()?;
    let path = &config.signing.key_file;
    let keyring = Keyring::open_or_create(path, licenses.is_empty(), &entropy)?;
    let ours = keyring.seed_fingerprint();
    let known = ours.clone();
    let theirs = store
        .run("seed fingerprint", move |tx| match tx.meta_get(SEED)? {
            Some(known) => Ok(known),
            None => tx.meta_put(SEED, &known).map(|()| known.clone()),
        })
        .await?;
    if ours != theirs {
        return Err(StartError::ForeignKeys(path.clone()));
    }
    Ok(keyring)
}
