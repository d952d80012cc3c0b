//! The axis: dates at even steps of the calendar, never closer than they can be read.

use chrono::{DateTime, Datelike as _, Months, NaiveTime, TimeDelta, Utc};
use serde::Serialize;

use super::{RIGHT, Scale, length};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tick {
    pub x: i64,
    pub label: String,
}

/// From one tick to the next.
#[derive(Debug, Clone, Copy)]
enum Pace {
    Hours(i64),
    Days(i64),
    Months(u32),
}

/// From the finest on; the first that leaves room for its labels is taken.
const PACES: [Pace; 16] = [
    Pace::Hours(1),
    Pace::Hours(3),
    Pace::Hours(6),
    Pace::Hours(12),
    Pace::Days(1),
    Pace::Days(2),
    Pace::Days(7),
    Pace::Days(14),
    Pace::Months(1),
    Pace::Months(3),
    Pace::Months(6),
    Pace::Months(12),
    Pace::Months(24),
    Pace::Months(60),
    Pace::Months(120),
    Pace::Months(600),
];

const TICKS_MAX: i64 = 9;

pub(super) fn ticks(scale: Scale) -> Vec<Tick> {
    let fits = |pace: &&Pace| scale.span().num_seconds() <= pace.least_s() * TICKS_MAX;
    let pace = *PACES.iter().find(fits).unwrap_or(&Pace::Months(1_200));
    let mut ticks = Vec::new();
    let mut next = Some(pace.start(scale.from));
    while let Some(at) = next.filter(|at| *at <= scale.until) {
        let label = pace.label(at);
        let x = scale.x(at);
        if at >= scale.from && x + length(&label) / 2 <= RIGHT + 8 {
            ticks.push(Tick { x, label });
        }
        next = pace.next(at);
    }
    ticks
}

impl Pace {
    /// How long one step is at least.
    fn least_s(self) -> i64 {
        match self {
            Self::Hours(hours) => hours * 3_600,
            Self::Days(days) => days * 86_400,
            Self::Months(months) => i64::from(months) * 28 * 86_400,
        }
    }

    /// An even time before, or at, this one.
    fn start(self, from: DateTime<Utc>) -> DateTime<Utc> {
        let midnight = from.date_naive().and_time(NaiveTime::MIN).and_utc();
        match self {
            Self::Hours(_) | Self::Days(1) => midnight,
            // From a Monday on.
            Self::Days(_) => {
                midnight - TimeDelta::days(i64::from(from.weekday().num_days_from_monday()))
            }
            Self::Months(months) => {
                let year = if months > 12 {
                    from.year() - from.year().rem_euclid(10)
                } else {
                    from.year()
                };
                let first = from.date_naive().with_ordinal(1).and_then(|day| day.with_year(year));
                first.map_or(midnight, |day| day.and_time(NaiveTime::MIN).and_utc())
            }
        }
    }

    fn next(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Hours(hours) => at.checked_add_signed(TimeDelta::hours(hours)),
            Self::Days(days) => at.checked_add_signed(TimeDelta::days(days)),
            Self::Months(months) => at.checked_add_months(Months::new(months)),
        }
    }

    fn label(self, at: DateTime<Utc>) -> String {
        let format = match self {
            Self::Hours(_) => "%m-%d %H:%M",
            Self::Days(_) => "%Y-%m-%d",
            Self::Months(..12) => "%Y-%m",
            Self::Months(_) => "%Y",
        };
        at.format(format).to_string()
    }
}
