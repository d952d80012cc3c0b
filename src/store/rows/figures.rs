//! Figures, as they are counted.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::types::EventStatus;

/// Events of one account that came in one hour and stand so now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCount {
    /// When the hour began.
    pub hour: DateTime<Utc>,
    pub account: String,
    pub status: EventStatus,
    pub count: i64,
}

/// How many licenses something became of on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// When the day began.
    pub day: DateTime<Utc>,
    /// As in the history: `issued`, `renewed`, `revoked`, `withdrawn`; or `expired`.
    pub action: String,
    pub count: i64,
}

/// A word that events of an account carry: a type, a reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccountWord {
    pub account: String,
    pub word: String,
}

/// What comes from one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCount {
    pub account: String,
    /// When the newest event was received. `None`: none ever was.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of the last 24 hours.
    pub last_day: i64,
    /// Events of the last seven days.
    pub last_week: i64,
}
