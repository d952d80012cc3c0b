//! Calendar steps, for providers that tell how long a period is and not when it ends.

use chrono::{DateTime, Days, Months, Utc};

/// A whole number of days or months: `3 months` is [`Every::months`]`(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    days: u32,
    months: u32,
}

impl Every {
    /// `None` for nothing: time would stand still.
    #[must_use]
    pub fn days(days: u32) -> Option<Self> {
        (days > 0).then_some(Self { days, months: 0 })
    }

    /// As [`Every::days`].
    #[must_use]
    pub fn months(months: u32) -> Option<Self> {
        (months > 0).then_some(Self { days: 0, months })
    }

    /// As many of a unit, which is written in any case, in the singular, the plural or as an
    /// adverb (`month`, `months`, `monthly`).
    #[must_use]
    pub fn of(count: u32, unit: &str) -> Option<Self> {
        let unit = unit.to_ascii_lowercase();
        match unit.trim_end_matches("ly").trim_end_matches('s') {
            "day" | "dai" => Self::days(count),
            "week" => Self::days(count.checked_mul(7)?),
            "month" => Self::months(count),
            "year" => Self::months(count.checked_mul(12)?),
            _ => None,
        }
    }

    /// The moment that many steps later; the day of the month is kept where the month has it.
    /// `None` beyond what a calendar holds.
    #[must_use]
    pub fn after(self, start: DateTime<Utc>, steps: u32) -> Option<DateTime<Utc>> {
        let days = u64::from(self.days).checked_mul(u64::from(steps))?;
        let months = self.months.checked_mul(steps)?;
        start.checked_add_months(Months::new(months))?.checked_add_days(Days::new(days))
    }

    /// The first of the moments `start`, one step later, two steps later ... that lies behind
    /// `at`: counted from the start, so that no day of the month is lost.
    #[must_use]
    pub fn next(self, start: DateTime<Utc>, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let step_days = i64::from(self.days) + i64::from(self.months) * 31;
        let passed = (at - start).num_days().max(0) / step_days.max(1);
        let mut steps = u32::try_from(passed).ok()?;
        loop {
            let moment = self.after(start, steps)?;
            if moment > at {
                return Some(moment);
            }
            steps = steps.checked_add(1)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn units_are_read_in_all_their_forms() {
        for (count, unit, every) in [
            (14, "days", Every::days(14)),
            (1, "daily", Every::days(1)),
            (2, "weekly", Every::days(14)),
            (3, "months", Every::months(3)),
            (1, "Monthly", Every::months(1)),
            (1, "year", Every::months(12)),
            (0, "month", None),
            (1, "moon", None),
            (u32::MAX, "weeks", None),
        ] {
            assert_eq!(Every::of(count, unit), every, "{count} {unit}");
        }
    }

    #[test]
    fn the_day_of_the_month_comes_back_after_a_short_month() {
        let (start, month) = (at("2026-01-31T12:00:00Z"), Every::months(1).unwrap());
        assert_eq!(month.next(start, start), Some(at("2026-02-28T12:00:00Z")));
        assert_eq!(month.next(start, at("2026-02-28T12:00:00Z")), Some(at("2026-03-31T12:00:00Z")));
        assert_eq!(month.next(start, at("2025-12-01T00:00:00Z")), Some(start));
    }

    #[test]
    fn no_distance_is_too_far_to_be_counted() {
        let (start, end) = (at("1970-01-01T00:00:00Z"), at("9999-12-31T00:00:00Z"));
        assert!(Every::days(1).unwrap().next(start, end).unwrap() > end);
        assert!(Every::months(1).unwrap().next(start, end).unwrap() > end);
        assert_eq!(Every::months(u32::MAX).unwrap().next(start, end), None);
    }
}
