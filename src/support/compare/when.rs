//! Dates as exports write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// The forms that are understood, for `--help` and faults.
pub(super) const FORMS: &str =
    "2026-01-31, 2026-01-31 12:00:00, 2026-01-31T12:00:00Z, 31.01.2026 or unix seconds";

/// Clocks and roundings of two systems: as good as equal.
const CLOSE: TimeDelta = TimeDelta::minutes(2);

/// A moment, or a whole day. UTC where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    pub(super) at: DateTime<Utc>,
    pub(super) whole_day: bool,
}

impl When {
    /// # Errors
    /// What would be right. `01/02/2026` is not: nobody can tell its day from its month.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let at = |at: NaiveDateTime| Self { at: at.and_utc(), whole_day: false };
        let day =
            |day: NaiveDate| Self { at: day.and_time(NaiveTime::MIN).and_utc(), whole_day: true };
        let bare = text.trim().trim_end_matches("UTC").trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(bare) {
            return Ok(Self { at: time.to_utc(), whole_day: false });
        }
        for form in
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%d.%m.%Y %H:%M"]
        {
            if let Ok(time) = NaiveDateTime::parse_from_str(bare, form) {
                return Ok(at(time));
            }
        }
        for form in ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"] {
            if let Ok(date) = NaiveDate::parse_from_str(bare, form) {
                return Ok(day(date));
            }
        }
        // Ten digits: 2001 to 2286. A shorter number is none that anybody means.
        let seconds = bare.parse::<i64>().ok().filter(|_| bare.len() == 10);
        let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let time = time.map(|at| Self { at, whole_day: false });
        time.ok_or_else(|| format!("{text:?} is no date that can be told for sure; write {FORMS}"))
    }

    /// Is that the same? A whole day is every moment of it, and its very end.
    pub(super) fn is(self, at: DateTime<Utc>) -> bool {
        if self.whole_day {
            self.at <= at && at <= self.last()
        } else {
            (self.at - at).abs() <= CLOSE
        }
    }

    /// The last moment of it.
    pub(super) fn last(self) -> DateTime<Utc> {
        if self.whole_day { self.at + TimeDelta::days(1) } else { self.at }
    }

    /// As it was meant.
    pub(super) fn written(self) -> String {
        if self.whole_day {
            self.at.format("%Y-%m-%d").to_string()
        } else {
            self.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_forms_are_read_and_what_may_mean_two_days_is_not() {
        for (text, written) in [
            ("2026-01-31", "2026-01-31"),
            ("31.01.2026", "2026-01-31"),
            ("2026/01/31", "2026-01-31"),
            (" 2026-01-31 12:00:00 UTC ", "2026-01-31T12:00:00Z"),
            ("2026-01-31 12:00", "2026-01-31T12:00:00Z"),
            ("2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z"),
            ("1769860800", "2026-01-31T12:00:00Z"),
        ] {
            assert_eq!(When::parse(text).unwrap().written(), written, "{text}");
        }
        for wrong in ["", "01/02/2026", "soon", "2026-02-30", "20260131"] {
            assert!(When::parse(wrong).unwrap_err().contains("2026-01-31"), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_all_of_it_and_a_moment_is_close() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = When::parse("2026-01-31").unwrap();
        assert!(day.is(at("2026-01-31T00:00:00Z")) && day.is(at("2026-01-31T23:59:59Z")));
        assert!(day.is(at("2026-02-01T00:00:00Z")), "its end");
        assert!(!day.is(at("2026-02-01T00:00:01Z")) && !day.is(at("2026-01-30T23:59:59Z")));
        let moment = When::parse("2026-01-31 12:00").unwrap();
        assert!(moment.is(at("2026-01-31T12:02:00Z")) && !moment.is(at("2026-01-31T12:02:01Z")));
    }
}
