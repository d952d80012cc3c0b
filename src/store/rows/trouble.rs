//! What needs a person, counted.

use chrono::{DateTime, Utc};

/// No count goes on beyond this: nobody looks through more, and counting takes time.
pub const COUNT_MAX: usize = 1_000;

/// How many there are of something, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// At most [`COUNT_MAX`].
    pub count: usize,
    /// There are more than were counted.
    pub more: bool,
    /// When the oldest came. `None`: there is none.
    pub oldest: Option<DateTime<Utc>>,
}

/// Events that stand open at one account for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTrouble {
    pub account: String,
    pub reason: String,
    pub tally: Tally,
}

/// Messages that one hook did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookTrouble {
    pub hook: String,
    pub tally: Tally,
}

/// A license that a person suspended or revoked, and that was paid for since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidInVain {
    pub license_id: String,
    /// The first of those payments.
    pub since: DateTime<Utc>,
}

impl Tally {
    /// Of a count that went one beyond the highest.
    pub(in crate::store) fn new(counted: i64, oldest: Option<DateTime<Utc>>) -> Self {
        let counted = usize::try_from(counted).unwrap_or_default();
        Self { count: counted.min(COUNT_MAX), more: counted > COUNT_MAX, oldest }
    }
}
