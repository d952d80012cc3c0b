//! What the vendor's application asks for: no HTTP here. Its credential is the key.
//!
//! - [`activate`]: a license bound to a machine, and what is signed for it
//! - [`validate`]: is it valid now?
//! - [`deactivate`]: a seat given back
//! - [`trial`]: an evaluation, once a customer and machine
//! - [`licensee`]: all that a customer holds with one key, as NetLicensing's clients ask for it
//! - [`given`]: what applications send, bounded
//! - `find`: the license that a key stands for, and the rules that count for it
//! - [`refusal`]: what is not done, and what would be right
//!
//! Whoever binds a machine holds the lock of the license's sale, as everyone does who changes the
//! license: what he read then is what counts, whoever else asks at the same moment, on whatever
//! node. So seats are never overbooked, and a revocation is never overtaken.

pub mod activate;
pub mod deactivate;
mod find;
pub mod given;
pub mod licensee;
pub mod refusal;
pub mod trial;
pub mod validate;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::Value;
use tokio::sync::Notify;

pub use refusal::{Failure, Refusal};

use crate::books::Shelf;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::store::{Store, Tx};
use crate::support::Support;

/// How long the store is waited for: an application that gets no answer goes by what it has.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that applications' calls need; clones are one.
#[derive(Clone)]
pub struct Machines {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    /// To ring when mail is owed.
    post: Arc<Notify>,
}

/// Names that nothing else has, made before the work that may be run twice.
#[derive(Debug, Clone)]
struct Names {
    activation: String,
    event: String,
}

impl Machines {
    /// Beside support, on the same store.
    #[must_use]
    pub fn new(support: &Support) -> Self {
        Self {
            store: support.store.within(PATIENCE),
            shelf: support.shelf.clone(),
            clock: Arc::clone(&support.clock),
            chance: Arc::clone(&support.chance),
            post: Arc::clone(&support.post),
        }
    }

    /// The public keys, by which machine licenses are verified.
    #[must_use]
    pub fn keys(&self) -> Value {
        self.shelf.now().keyring.jwks()
    }

    /// The books and the clock, for those who ask on an application's behalf.
    #[must_use]
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// A named write transaction. What is refused, is refused before anything is written.
    async fn write<T, F>(&self, name: &'static str, mut work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let outcome = self.store.run(name, move |tx| Failure::apart(work(tx))).await?;
        outcome.map_err(Failure::Refused)
    }

    fn names(&self) -> Result<Names, Failure> {
        let (mut activation, mut event) = ([0; 16], [0; 16]);
        self.chance.fill(&mut activation)?;
        self.chance.fill(&mut event)?;
        let activation = uuid::Builder::from_random_bytes(activation).into_uuid().to_string();
        Ok(Names { activation, event: HEXLOWER.encode(&event) })
    }
}

impl fmt::Debug for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machines").field("store", &self.store).finish_non_exhaustive()
    }
}
