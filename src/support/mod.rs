//! What support does, for the API and for the command line alike: no HTTP here, no terminal.
//!
//! Licenses, and whose they are:
//! - [`licenses`]: search, one license, its machines; [`life`]: all that it went through, in order
//! - [`acts`]: renew, set an expiry, suspend, reinstate, revoke; [`issue`]: a license by hand
//! - [`my`]: what a customer does himself, on a page of his own
//! - [`erase`]: a customer's personal data taken out
//!
//! What came in:
//! - [`events`]: search, one event, set one aside; [`replay`]: try again, or only look
//! - [`inspect`]: events as people look at them; [`told`]: notices as sentences; [`remedy`]: what to
//!   do about a reason; [`payload`] and [`mask`]: a provider's bytes, with personal data masked
//! - [`accounts`]: the connections to providers, and how they do
//! - [`reconcile`]: what a provider sent and was never heard; [`compare`]: its export against the
//!   licenses
//!
//! What goes out:
//! - [`mail`]: what is owed and what went out; [`resend`]: a key once more
//! - [`hooks`]: what the vendor's own systems were told
//! - [`hold`]: nothing goes out until a person agrees
//!
//! The service as a whole:
//! - [`attention`]: what needs a person; [`alert`]: that is told by mail
//! - [`figures`]: what came in hour by hour, what became of licenses day by day; [`gauges`]: accounts
//!   as figures for `/metrics`
//! - [`audit`]: what people did, and the proof that nobody wrote it anew
//! - [`trust`]: a clock that ran ahead, and is right now
//! - [`retention`]: what is old is cleared; [`backup`]: a copy of the built-in database
//! - [`export`]: everything of one sort, for a spreadsheet or a program
//!
//! Who may:
//! - [`tokens`]: for the API; [`users`]: by a password, for the console; [`vouched`]: by the word of
//!   a proxy; [`sessions`]: who is signed in; [`actors`]: who is nobody by name
//!
//! What all of them use:
//! - [`view`]: what people and programs read; [`words`]: changes as sentences; [`when`]: times as
//!   people write them
//! - [`once`]: one answer for one idempotency key
//! - [`refusal`]: what is not done, and what would be right
//!
//! Acts on licenses are events like any other: stored under the license's account, read, folded
//! and settled in one transaction, so that the answer shows what came of them.

pub mod accounts;
pub mod actors;
pub mod acts;
pub mod alert;
pub mod attention;
pub mod audit;
pub mod backup;
pub mod compare;
pub mod erase;
pub mod events;
pub mod export;
pub mod figures;
pub mod gauges;
pub mod hold;
pub mod hooks;
pub mod inspect;
pub mod issue;
pub mod licenses;
pub mod life;
pub mod mail;
pub mod mask;
pub mod my;
pub mod once;
pub mod payload;
pub mod reconcile;
pub mod refusal;
pub mod remedy;
pub mod replay;
pub mod resend;
pub mod retention;
pub mod sessions;
pub mod tokens;
pub mod told;
pub mod trust;
pub mod users;
pub mod view;
pub mod vouched;
pub mod when;
pub mod words;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use tokio::sync::Notify;

pub use once::Once;
pub use refusal::{Failure, Refusal};

use crate::books::Shelf;
use crate::chance::{Chance, SystemChance};
use crate::clock::Clock;
use crate::store::{Store, StoreError, Tx};

/// Everything that support's work needs; clones are one.
#[derive(Clone)]
pub struct Support {
    pub store: Store,
    pub shelf: Shelf,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    /// To ring when events are to be applied.
    pub bell: Arc<Notify>,
    /// To ring when mail is owed.
    pub post: Arc<Notify>,
}

/// Who asks for something to be done, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The name of a token, or `command line`.
    pub by: String,
    pub reason: Option<String>,
    /// Only if the license still has this version: two people then never overwrite each other.
    pub version: Option<i64>,
    /// A repetition gets the first answer again.
    pub once: Option<Once>,
}

/// The longest reason, in characters.
const REASON_CHARS: usize = 500;

impl fmt::Debug for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Support").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Support {
    #[must_use]
    pub fn new(
        store: Store,
        shelf: Shelf,
        clock: Arc<dyn Clock>,
        bell: Arc<Notify>,
        post: Arc<Notify>,
    ) -> Self {
        Self { store, shelf, clock, chance: Arc::new(SystemChance), bell, post }
    }

    /// A named write transaction. Whatever is not `Ok`, a refusal too, takes everything back.
    async fn write<T, F>(&self, name: &'static str, mut work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let refused = Arc::new(Mutex::new(None));
        let note = Arc::clone(&refused);
        let outcome = self.store.run(name, move |tx| told(work(tx), &note)).await;
        concluded(outcome, &refused)
    }

    /// As [`Support::write`], but nothing is kept: what would happen?
    async fn rehearse<T, F>(&self, name: &'static str, mut work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let refused = Arc::new(Mutex::new(None));
        let note = Arc::clone(&refused);
        let outcome = self.store.rehearse(name, move |tx| told(work(tx), &note)).await;
        concluded(outcome, &refused)
    }

    async fn read<T, F>(&self, name: &'static str, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let refused = Arc::new(Mutex::new(None));
        let note = Arc::clone(&refused);
        let outcome = self.store.read(name, move |tx| told(work(tx), &note)).await;
        concluded(outcome, &refused)
    }

    /// A name that nothing else has: 128 random bits in hex.
    ///
    /// # Errors
    /// [`Failure::NoChance`].
    pub fn name(&self) -> Result<String, Failure> {
        let mut bytes = [0; 16];
        self.chance.fill(&mut bytes)?;
        Ok(HEXLOWER.encode(&bytes))
    }
}

type Refused = Mutex<Option<Failure>>;

/// Keeps a refusal beside the error that makes the store take everything back.
fn told<T>(outcome: Result<T, Failure>, note: &Refused) -> Result<T, StoreError> {
    let mut note = note.lock().unwrap_or_else(PoisonError::into_inner);
    *note = None;
    outcome.map_err(|failure| match failure {
        Failure::Store(error) => error,
        refused @ (Failure::Refused(_) | Failure::NoChance(_)) => {
            *note = Some(refused);
            StoreError::Refused("support's own rules".to_owned())
        }
    })
}

fn concluded<T>(outcome: Result<T, StoreError>, note: &Refused) -> Result<T, Failure> {
    let note = note.lock().unwrap_or_else(PoisonError::into_inner).take();
    outcome.map_err(|error| match error {
        StoreError::Refused(_) => note.unwrap_or(Failure::Store(error)),
        _ => Failure::Store(error),
    })
}
