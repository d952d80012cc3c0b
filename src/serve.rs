//! The running service: store, workers and HTTP put together, started and stopped as one.
//!
//! - `parts`: what it is made of
//! - [`Reload`]: products and accounts anew, without a restart

mod parts;
mod reload;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub use reload::{Reload, ReloadError};

use parts::Parts;

use crate::books::Books;
use crate::chance::{self, NoChance};
use crate::clock::Clock;
use crate::config::Config;
use crate::fetch::FetchError;
use crate::keyring::{Keyring, KeyringError};
use crate::post::PostError;
use crate::store::rows::LicenseFilter;
use crate::store::{Options, Store, StoreError};
use crate::support::Support;
use crate::telemetry;

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
        let listen = config.server.listen;
        let books = Books::new(config, keyring);
        let parts = Parts::new(books, store.clone(), file, clock).await?;
        let (address, server) = parts
            .http(figures, listen)
            .map_err(|error| StartError::Listen { address: listen, error })?;
        let handle = server.handle();
        let (reload, support) = (parts.reload.clone(), parts.support.clone());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = parts.work(&stopped);
        tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the HTTP server ended: {error}");
            }
        });
        Ok(Self { address, store, reload, support, stop, server: handle, tasks })
    }

    /// Finishes what was accepted, and ends; within 25 s, even where the database or a mail server is
    /// away.
    pub async fn stop(self) {
        self.stop_within(STOP_MAX).await;
    }

    /// As [`Service::stop`], within that time.
    pub async fn stop_within(mut self, time: Duration) {
        let deadline = Instant::now() + time;
        let finish = async {
            self.server.stop(true).await;
            // The receivers live as long as the tasks; without any there is nobody to tell.
            let _ = self.stop.send(true);
            while self.tasks.join_next().await.is_some() {}
        };
        if timeout_at(deadline, finish).await.is_err() {
            tracing::warn!(
                "not everything is finished, and it ends all the same: what was claimed is taken up \
                 by the next start, or by another node when its time is over"
            );
            self.tasks.abort_all();
        }
        // A little time is always left for what the store's threads have in hand.
        let deadline = deadline.max(Instant::now() + CLOSE_MAX);
        if timeout_at(deadline, self.store.close()).await.is_err() {
            tracing::warn!("the database has not answered to the last: it is left as it is");
        }
    }
}

/// All stopping. The service's manager kills it after 30 s (`deploy/keywright.service`).
const STOP_MAX: Duration = Duration::from_secs(25);

/// For closing the store, where nothing is left of that.
const CLOSE_MAX: Duration = Duration::from_secs(2);

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
    // Who only looks is not to wait for whoever writes.
    let theirs = match store.read("seed fingerprint", |tx| tx.meta_get(SEED)).await? {
        Some(known) => known,
        None => {
            let ours = ours.clone();
            store.run("seed fingerprint", move |tx| tx.meta_first(SEED, &ours)).await?
        }
    };
    if ours != theirs {
        return Err(StartError::ForeignKeys(path.clone()));
    }
    Ok(keyring)
}
