//! What a walk has seen so far: how each purchase stands, whether the line holds the unit, and what
//! money came and went.

use chrono::{DateTime, Utc};

/// How one purchase stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) recurring: bool,
    pub(super) canceled: bool,
    pub(super) paused: bool,
    pub(super) paid_at: Option<DateTime<Utc>>,
    /// When money came that covers no time.
    pub(super) settled_at: Option<DateTime<Utc>>,
    pub(super) failed_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// Does the line still hold this unit?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It did not yet, at a time when something covered it.
    Never,
    Held,
    DroppedAt(DateTime<Utc>),
}

/// What came and went.
#[derive(Debug, Default)]
pub(super) struct Money {
    pub(super) came: bool,
    /// Some payment stands, or support gave the license.
    pub(super) stands: bool,
    pub(super) refunded: bool,
    pub(super) disputed: bool,
    /// A dispute is open that support did not override.
    pub(super) contested: bool,
    /// The same in a stack, where only its own time is taken meanwhile.
    pub(super) withheld: bool,
}

impl Standing {
    /// Until a later payment; at one instant the payment counts.
    pub(super) fn is_past_due(&self) -> bool {
        self.failed_at > self.paid_at.max(self.settled_at)
    }

    /// Until a later payment; at one instant the end counts.
    pub(super) fn is_over(&self) -> bool {
        self.ended_at.is_some() && self.ended_at >= self.paid_at
    }
}
