//! Holds the machine license of one application on one machine, and says at every start, without
//! a network, whether it may run.
//!
//! - [`Application`]: what an application calls; activates, checks, refreshes, releases.
//! - [`verify`], [`authentic`], [`decide`]: the pure core; time is an argument.
//! - [`Reason`]: why a machine license does not hold. [`Status`]: what a check says.
//! - [`Transport`]: how the server is reached; by `ureq` unless you bring another.
//!
//! The format, the order of the checks and their reasons are those of `docs/machine-license.md`.
//! What is deliberately absent: no public key is ever fetched (the application embeds them), no
//! machine is looked at (the application gives the fingerprint), nothing is hidden from a person
//! who owns the machine (no program can).

mod application;
mod clock;
mod decide;
mod fault;
mod fingerprint;
mod folder;
mod fresh;
mod kept;
mod keys;
mod license;
mod reason;
mod seen;
mod server;
mod setup;
mod status;
mod token;
mod transport;

pub use application::Application;
pub use clock::{Clock, SystemClock};
pub use decide::{Place, decide, verify};
pub use fault::{Denial, Fault};
pub use fingerprint::fingerprint;
pub use fresh::KeepFresh;
pub use keys::{KeysError, PublicKeys};
pub use license::{License, OnExpiry};
pub use reason::Reason;
pub use seen::Seen;
pub use setup::{Builder, SetupError};
pub use status::Status;
pub use token::authentic;
#[cfg(feature = "ureq")]
pub use transport::Https;
pub use transport::{Answer, Transport, Unreachable};

/// The times of a license are chrono's.
pub use chrono;

/// The example there compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
