//! What a check says.

use crate::fault::{Denial, Fault};
use crate::license::License;
use crate::reason::Reason;

/// May the application run?
#[derive(Debug)]
pub enum Status {
    /// Yes; the features say how far.
    Valid(License),
    /// Nothing was activated here: ask for a key, or offer a trial.
    Missing,
    /// A machine license is held, but does not hold. It is told where it is authentic: its end
    /// and product are worth showing.
    Refused { reason: Reason, license: Option<License> },
    /// The server took it back at the last refresh: revoked, suspended, the machine released ...
    /// A refresh that succeeds brings it back.
    Withdrawn(Denial),
    /// What is kept cannot be read; activate again.
    Unreadable(Fault),
}

impl Status {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.license().is_some()
    }

    /// The license, if it holds.
    #[must_use]
    pub fn license(&self) -> Option<&License> {
        match self {
            Self::Valid(license) => Some(license),
            Self::Missing | Self::Refused { .. } | Self::Withdrawn(_) | Self::Unreadable(_) => None,
        }
    }

    /// One word, for logs and support.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Valid(_) => "valid",
            Self::Missing => "missing",
            Self::Refused { reason, .. } => reason.as_str(),
            Self::Withdrawn(denial) => &denial.code,
            Self::Unreadable(_) => "unreadable",
        }
    }
}
