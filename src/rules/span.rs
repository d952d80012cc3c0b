//! ISO 8601 intervals and calendar arithmetic, in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A calendar interval: months first, then days, then seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval {
    months: u32,
    days: u32,
    seconds: u32,
}

/// Why a text is no interval.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadInterval {
    #[error("is not an ISO 8601 duration; write P1Y, P3M, P14D, P2W or PT24H")]
    Syntax,
    #[error("mixes weeks with other units; write the days instead")]
    MixedWeeks,
    #[error("has a fraction; write whole units")]
    Fraction,
    #[error("is negative")]
    Negative,
    #[error("is longer than 100 years")]
    TooLong,
}

impl Interval {
    pub const ZERO: Self = Self { months: 0, days: 0, seconds: 0 };

    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { months: 0, days, seconds: 0 }
    }

    #[must_use]
    pub const fn months(months: u32) -> Self {
        Self { months, days: 0, seconds: 0 }
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// `anchor + count * interval`, counted from the anchor so that no day is ever lost: months
    /// before days, clamped to the month's end. Saturates at the end of the calendar.
    #[must_use]
    pub fn after(self, anchor: DateTime<Utc>, count: u32) -> DateTime<Utc> {
        let months = Months::new(self.months.saturating_mul(count));
        let time = anchor.checked_add_months(months);
        let time = time.and_then(|time| time.checked_add_signed(self.rest(count)?));
        time.filter(|time| *time < FAR).unwrap_or(FAR)
    }

    /// `end` less this interval: months before days, clamped to the month's end. `None` before the
    /// calendar begins.
    #[must_use]
    pub fn before(self, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
        end.checked_sub_months(Months::new(self.months))?.checked_sub_signed(self.rest(1)?)
    }

    /// As a fixed length, where the interval has no months.
    #[must_use]
    pub fn fixed(self) -> Option<TimeDelta> {
        if self.months == 0 { self.rest(1) } else { None }
    }

    /// What there is beside the months, so many times. `None`: longer than a length can be.
    fn rest(self, count: u32) -> Option<TimeDelta> {
        let times = |amount: u32| i64::from(amount).checked_mul(i64::from(count));
        let days = TimeDelta::try_days(times(self.days)?)?;
        days.checked_add(&TimeDelta::try_seconds(times(self.seconds)?)?)
    }
}

/// The latest time that is ever computed: 9999-12-31T23:59:59Z.
pub const FAR: DateTime<Utc> = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => match day.and_hms_opt(23, 59, 59) {
        Some(time) => time.and_utc(),
        None => DateTime::<Utc>::MAX_UTC,
    },
    None => DateTime::<Utc>::MAX_UTC,
};

impl FromStr for Interval {
    type Err = BadInterval;

    fn from_str(text: &str) -> Result<Self, BadInterval> {
        if text.contains(['.', ',']) {
            return Err(BadInterval::Fraction);
        }
        if !text.starts_with(['P', '-', '+']) {
            return Err(BadInterval::Syntax); // jiff also reads "1 year", which is not ISO 8601.
        }
        let span: jiff::Span = text.parse().map_err(|_| BadInterval::Syntax)?;
        if span.is_negative() {
            return Err(BadInterval::Negative);
        }
        let (years, months) = (i64::from(span.get_years()), i64::from(span.get_months()));
        let (weeks, days) = (i64::from(span.get_weeks()), i64::from(span.get_days()));
        let seconds =
            i64::from(span.get_hours()) * 3600 + span.get_minutes() * 60 + span.get_seconds();
        if weeks != 0 && (years, months, days, seconds) != (0, 0, 0, 0) {
            return Err(BadInterval::MixedWeeks);
        }
        let bounded = |value: i64, max: i64| {
            u32::try_from(value).ok().filter(|_| value <= max).ok_or(BadInterval::TooLong)
        };
        Ok(Self {
            months: bounded(years * 12 + months, 1_200)?,
            days: bounded(weeks * 7 + days, 36_525)?,
            seconds: bounded(seconds, 3_155_760_000)?,
        })
    }
}

impl TryFrom<String> for Interval {
    type Error = BadInterval;

    fn try_from(text: String) -> Result<Self, BadInterval> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl fmt::Display for Interval {
    /// ISO 8601 again, in its shortest form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (years, months) = (self.months / 12, self.months % 12);
        let (hours, minutes) = (self.seconds / 3600, self.seconds / 60 % 60);
        let part = |value: u32, unit: char| match value {
            0 => String::new(),
            value => format!("{value}{unit}"),
        };
        let date = part(years, 'Y') + &part(months, 'M') + &part(self.days, 'D');
        let time = part(hours, 'H') + &part(minutes, 'M') + &part(self.seconds % 60, 'S');
        match (date.as_str(), time.as_str()) {
            ("", "") => f.write_str("P0D"),
            (date, "") => write!(f, "P{date}"),
            (date, time) => write!(f, "P{date}T{time}"),
        }
    }
}

/// A point in time as configuration writes it: RFC 3339, or a bare date, which ends that day in
/// the time zone given (IANA name).
///
/// # Errors
/// What would be right.
pub fn end_of(text: &str, time_zone: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    // Of a longer text jiff takes the date, and leaves the time that stands behind it.
    let date = Some(text).filter(|text| text.len() == "2027-12-31".len());
    let date: Option<jiff::civil::Date> = date.and_then(|text| text.parse().ok());
    let date = date.ok_or_else(|| {
        "is not a time; write 2027-12-31T23:59:59Z, or 2027-12-31 for the end of that day"
            .to_owned()
    })?;
    let zone = zone(time_zone)?;
    let end = date
        .at(23, 59, 59, 0)
        .to_zoned(zone)
        .map_err(|_| "is outside of the calendar".to_owned())?;
    DateTime::from_timestamp(end.timestamp().as_second(), 0)
        .ok_or_else(|| "is outside of the calendar".to_owned())
}

/// # Errors
/// What would be right.
pub fn zone(name: &str) -> Result<jiff::tz::TimeZone, String> {
    jiff::tz::TimeZone::get(name).map_err(|_| {
        "is not a time zone; write an IANA name such as UTC or Europe/Berlin".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}T10:00:00Z").parse().unwrap()
    }

    #[test]
    fn no_day_is_lost_at_month_ends_and_leap_days() {
        for (anchor, interval, ends) in [
            (
                "2026-01-31",
                "P1M",
                ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"],
            ),
            (
                "2024-01-31",
                "P1M",
                ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"],
            ),
            (
                "2026-12-31",
                "P1M",
                ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"],
            ),
            (
                "2026-08-30",
                "P6M",
                ["2027-02-28", "2027-08-30", "2028-02-29", "2028-08-30", "2029-02-28"],
            ),
            (
                "2024-02-29",
                "P1Y",
                ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"],
            ),
            (
                "2025-02-28",
                "P1Y",
                ["2026-02-28", "2027-02-28", "2028-02-28", "2029-02-28", "2030-02-28"],
            ),
            (
                "2026-11-30",
                "P3M",
                ["2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30", "2028-02-29"],
            ),
            (
                "2026-01-31",
                "P1M1D",
                ["2026-03-01", "2026-04-02", "2026-05-03", "2026-06-04", "2026-07-05"],
            ),
            (
                "2026-03-28",
                "P30D",
                ["2026-04-27", "2026-05-27", "2026-06-26", "2026-07-26", "2026-08-25"],
            ),
            (
                "2026-03-28",
                "P2W",
                ["2026-04-11", "2026-04-25", "2026-05-09", "2026-05-23", "2026-06-06"],
            ),
            (
                "2096-02-29",
                "P4Y",
                ["2100-02-28", "2104-02-29", "2108-02-29", "2112-02-29", "2116-02-29"],
            ),
        ] {
            let interval: Interval = interval.parse().unwrap();
            for (count, end) in (1..).zip(ends) {
                assert_eq!(
                    interval.after(at(anchor), count),
                    at(end),
                    "{anchor} + {count} * {interval}"
                );
            }
        }
    }

    #[test]
    fn beyond_the_calendar_there_is_only_its_end() {
        let most = Interval { months: u32::MAX, days: u32::MAX, seconds: u32::MAX };
        let days = Interval::days(u32::MAX);
        let seconds = Interval { months: 0, days: 0, seconds: u32::MAX };
        for anchor in [at("2026-01-31"), DateTime::UNIX_EPOCH, FAR] {
            for interval in [most, days, Interval::months(u32::MAX), seconds] {
                assert_eq!(interval.after(anchor, u32::MAX), FAR, "{anchor} + {interval}");
            }
        }
        let longest: Interval = "P100YT876600H".parse().unwrap();
        assert_eq!(longest.after(at("2026-01-31"), u32::MAX), FAR);
        assert!(longest.after(at("2026-01-31"), 39) < FAR);
        assert_eq!(most.before(at("2026-01-31")), None);
        assert!(days.fixed().is_some());
    }

    #[test]
    fn a_time_without_its_offset_is_no_date() {
        assert!(end_of("2027-02-28", "UTC").is_ok());
        assert!(end_of("2027-02-28T10:00:00+09:00", "UTC").is_ok());
        for text in
            ["2027-02-28T10:00:00", "2027-02-28 10:00", "2027-02-28T10:00+09:00[Asia/Tokyo]"]
        {
            assert!(end_of(text, "UTC").unwrap_err().starts_with("is not a time"), "{text}");
        }
    }

    #[test]
    fn intervals_are_read_strictly_and_written_back() {
        for (text, again) in [
            ("P1Y", "P1Y"),
            ("P12M", "P1Y"),
            ("P14D", "P14D"),
            ("P2W", "P14D"),
            ("PT24H", "PT24H"),
            ("P0D", "P0D"),
            ("P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6S"),
        ] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), again);
        }
        for (text, why) in [
            ("", BadInterval::Syntax),
            ("1Y", BadInterval::Syntax),
            ("1 year", BadInterval::Syntax),
            ("P", BadInterval::Syntax),
            ("P1.5M", BadInterval::Fraction),
            ("PT0,5H", BadInterval::Fraction),
            ("P1W1D", BadInterval::MixedWeeks),
            ("-P1D", BadInterval::Negative),
            ("P101Y", BadInterval::TooLong),
            ("P1D trailing", BadInterval::Syntax),
        ] {
            assert_eq!(text.parse::<Interval>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_bare_date_ends_that_day_in_its_time_zone() {
        assert_eq!(end_of("2027-12-31", "UTC").unwrap().to_rfc3339(), "2027-12-31T23:59:59+00:00");
        assert_eq!(
            end_of("2027-06-30", "Europe/Berlin").unwrap().to_rfc3339(),
            "2027-06-30T21:59:59+00:00"
        );
        assert_eq!(
            end_of("2027-12-31T12:00:00+02:00", "UTC").unwrap().to_rfc3339(),
            "2027-12-31T10:00:00+00:00"
        );
        assert!(end_of("31.12.2027", "UTC").is_err());
        assert!(end_of("2027-12-31", "Mars/Olympus").is_err());
    }

    #[test]
    fn an_interval_before_a_time_is_clamped_to_the_months_end() {
        for (end, interval, start) in [
            ("2026-03-31", "P1M", "2026-02-28"),
            ("2028-02-29", "P1Y", "2027-02-28"),
            ("2026-03-01", "P3D", "2026-02-26"),
            ("2026-03-31", "P1M1D", "2026-02-27"),
        ] {
            let interval: Interval = interval.parse().unwrap();
            assert_eq!(interval.before(at(end)), Some(at(start)), "{end} - {interval}");
        }
        assert_eq!(Interval::days(1).before(DateTime::<Utc>::MIN_UTC), None);
    }

    #[test]
    fn the_calendar_never_overflows() {
        let century: Interval = "P100Y".parse().unwrap();
        assert_eq!(century.after(at("2026-01-01"), u32::MAX), FAR);
    }
}
