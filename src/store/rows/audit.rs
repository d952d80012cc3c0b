//! Which part of the history, and of everything that is exported.

use chrono::{DateTime, Utc};

/// Which entries of the history. Everything that is `Some` must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    /// `license:ID`, `event:ID`, `service` ...
    pub subject: Option<String>,
    /// At or after.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Entries that no person caused, too.
    pub all: bool,
}

/// A stretch of time; without an end on the side that is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct During {
    /// At or after.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}
