//! Times as people write them.

use std::str::FromStr;

use chrono::{DateTime, NaiveTime, Utc};
use serde::Deserialize;

use crate::rules::span::end_of;

/// A time; a bare date is the end of that day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct End(pub DateTime<Utc>);

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = end_of(text, "UTC")?;
        // What both databases keep: microseconds, and no 60th second.
        let kept = DateTime::from_timestamp_micros(time.timestamp_micros());
        kept.map(Self).ok_or_else(|| "is outside of the calendar".to_owned())
    }
}

impl TryFrom<String> for End {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A time; a bare date is the beginning of that day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Start(pub DateTime<Utc>);

impl FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let End(end) = text.parse().map_err(|fault: String| {
            fault.replace("the end of that day", "the beginning of that day")
        })?;
        let bare = !text.contains(['T', 't', ' ']);
        Ok(Self(if bare { end.date_naive().and_time(NaiveTime::MIN).and_utc() } else { end }))
    }
}

impl TryFrom<String> for Start {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_date_is_its_whole_day() {
        let end = |text: &str| text.parse::<End>().map(|end| end.0.to_rfc3339());
        let start = |text: &str| text.parse::<Start>().map(|start| start.0.to_rfc3339());
        assert_eq!(end("2027-01-31").unwrap(), "2027-01-31T23:59:59+00:00");
        assert_eq!(start("2027-01-31").unwrap(), "2027-01-31T00:00:00+00:00");
        for exact in ["2027-01-31T12:00:00Z", "2027-01-31T14:00:00+02:00"] {
            assert_eq!(end(exact).unwrap(), "2027-01-31T12:00:00+00:00");
            assert_eq!(start(exact), end(exact));
        }
        assert!(end("tomorrow").unwrap_err().contains("2027-12-31"));
        assert!(start("31.01.2027").unwrap_err().ends_with("for the beginning of that day"));
    }

    #[test]
    fn no_time_is_finer_than_the_databases_keep() {
        let end: End = "2027-01-31T12:00:00.123456789Z".parse().unwrap();
        assert_eq!(end.0.timestamp_subsec_nanos(), 123_456_000);
        let leap: End = "2016-12-31T23:59:60Z".parse().unwrap();
        assert_eq!(leap.0.to_rfc3339(), "2017-01-01T00:00:00+00:00");
    }
}
