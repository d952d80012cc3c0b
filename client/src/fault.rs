//! What can go wrong on the way to a machine license.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::reason::Reason;
use crate::transport::Unreachable;

/// Why something could not be done. A license that is held stays as it is, unless it says
/// otherwise.
#[derive(Debug, Error)]
pub enum Fault {
    /// Try again later; until `offline_until` nothing is lost.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server, or something before it, cannot answer now. Try again later.
    #[error("the license server cannot answer now (status {status}); try again later")]
    Unavailable { status: u16 },
    /// The server's own no.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// What came is no license for this application on this machine.
    #[error("what came is no license for this machine: {0}")]
    Unusable(Reason),
    /// Nothing is held that could be refreshed or given back.
    #[error("no license was activated on this machine; enter a key first")]
    NotActivated,
    /// A trial has no key, and no seat that another machine could take.
    #[error("a trial stays with its machine; only a license with a key can be given back")]
    Trial,
    #[error("{path}: {error}", path = path.display())]
    Storage { path: PathBuf, error: io::Error },
    #[error("{path}: is damaged; activate again, which writes it anew", path = path.display())]
    Damaged { path: PathBuf },
    #[error("no random bytes could be had from the system: {0}")]
    Chance(String),
}

/// What the server answered instead of a license.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message} ({code})")]
pub struct Denial {
    /// Stable, for programs: `unknown_key`, `expired`, `suspended`, `revoked`,
    /// `too_many_activations`, `no_trial`, `trial_used` ...
    pub code: String,
    /// For people.
    pub message: String,
}

impl Denial {
    /// Does it end a license that was given before? `unknown_key` does not: a key that was known
    /// once is not forgotten, so rather the server is not the right one, or lost its data; the
    /// license then holds as long as it does offline.
    pub(crate) fn ends_what_was_given(&self) -> bool {
        ["expired", "suspended", "revoked", "too_many_activations"].contains(&self.code.as_str())
    }
}
