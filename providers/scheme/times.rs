//! Times as signatures write them.

use chrono::{DateTime, Utc};

use crate::reject::Reject;

/// Plain integer unix seconds: digits only, so that nothing else is signed than what is read.
///
/// # Errors
/// [`Reject::Malformed`].
pub fn unix_seconds(text: &str) -> Result<DateTime<Utc>, Reject> {
    if text.is_empty() || text.len() > 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reject::Malformed);
    }
    let seconds: i64 = text.parse().map_err(|_| Reject::Malformed)?;
    DateTime::from_timestamp(seconds, 0).ok_or(Reject::Malformed)
}

/// As [`unix_seconds`], of milliseconds.
///
/// # Errors
/// [`Reject::Malformed`].
pub fn unix_milliseconds(text: &str) -> Result<DateTime<Utc>, Reject> {
    if text.is_empty() || text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reject::Malformed);
    }
    let milliseconds: i64 = text.parse().map_err(|_| Reject::Malformed)?;
    DateTime::from_timestamp_millis(milliseconds).ok_or(Reject::Malformed)
}
