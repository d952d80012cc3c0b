//! The configuration read again while the service runs.

use std::path::PathBuf;

use thiserror::Error;

use crate::books::{Books, Shelf};
use crate::config::{Config, Faults};
use crate::keyring::{Keyring, KeyringError};
use crate::rules::plain::counted;
use crate::support::{Asked, Failure, Support};
use crate::web::support::reload::{NotReloaded, Reload as Reloads, ReloadDone, Reloading};

/// Loads products and accounts anew, as a whole or not at all.
#[derive(Clone)]
pub struct Reload {
    pub(super) file: PathBuf,
    pub(super) shelf: Shelf,
    pub(super) support: Support,
}

/// Why the old configuration stays in force.
#[derive(Debug, Error)]
pub enum ReloadError {
    #[error("{0}")]
    Faults(Faults),
    /// As it is for a moment while an editor writes it.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(
        "the signing key {} is not the one that the service runs with; put that one back",
        .0.display()
    )]
    ForeignKeys(PathBuf),
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
        if std::fs::read_to_string(&self.file).is_ok_and(|text| text.trim().is_empty()) {
            return Err(ReloadError::Empty(self.file.clone()));
        }
        let config = Config::load(&self.file).map_err(ReloadError::Faults)?;
        let keyring = Keyring::open(&config.signing.key_file)?;
        if keyring.seed_fingerprint() != self.shelf.now().keyring.seed_fingerprint() {
            return Err(ReloadError::ForeignKeys(config.signing.key_file));
        }
        let (accounts, products) = (config.accounts.len(), config.catalogue.products.len());
        let warnings = config.warnings(self.support.clock.now());
        // Events are tried again by what is in force.
        let before = self.shelf.swap(Books::new(config, keyring));
        let replayed = match self.support.event_replay_unmapped(asked).await {
            Ok(replayed) => replayed,
            Err(failure) => {
                self.shelf.swap(before);
                return Err(failure.into());
            }
        };
        tracing::info!(
            events = replayed,
            "the configuration was loaded anew; tried again: {}",
            counted(replayed, "event", "events")
        );
        Ok(ReloadDone { accounts, products, replayed, warnings })
    }
}

impl Reloads for Reload {
    fn reload(&self, asked: Asked) -> Reloading<'_> {
        Box::pin(async move {
            self.now(asked).await.map_err(|error| match error {
                ReloadError::Faults(faults) => {
                    NotReloaded::Faulty(faults.0.iter().map(ToString::to_string).collect())
                }
                ReloadError::Support(failure) => NotReloaded::Failed(failure),
                other => NotReloaded::Faulty(vec![other.to_string()]),
            })
        })
    }
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").field("file", &self.file).finish_non_exhaustive()
    }
}
