//! The only reader of the time.

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, Utc};

/// Where the time comes from: the system, or a test.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock, to the microsecond: what both databases keep.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        Utc::now().trunc_subsecs(6)
    }
}

/// This program is not older than this: a clock that says otherwise is wrong.
pub const RELEASED_AT: DateTime<Utc> = match NaiveDate::from_ymd_opt(2026, 11, 1) {
    Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
    None => DateTime::UNIX_EPOCH,
};
