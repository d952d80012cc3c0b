//! Reminders: which license is near an end that nobody will move, and which letter says so.

use chrono::{DateTime, SecondsFormat, Utc};

use super::difference::Owed;
use super::license::Flag;
use super::span::Interval;

/// Will this end come, as far as is known? So it is with what was bought once, or is tried, and
/// with a subscription that was canceled. One that renews by itself needs no reminder, nor does its
/// trial: who was told to buy would buy twice.
#[must_use]
pub fn ends(flags: &[Flag], subscription: bool) -> bool {
    let over = |flag: &Flag| matches!(flag, Flag::Canceled | Flag::Ended);
    !subscription || flags.iter().any(over)
}

/// The reminder whose moment came after `after`, up to `now`, where it is the latest one: of
/// several that were missed only the one nearest to the end is sent, and after the end none. Nor any
/// whose moment was there before the license: a trial of two weeks begins without being over soon.
#[must_use]
pub fn due(
    (begin, end): (DateTime<Utc>, DateTime<Utc>),
    intervals: &[Interval],
    after: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Interval> {
    if end <= now {
        return None;
    }
    let come = intervals.iter().filter_map(|interval| Some((interval.before(end)?, *interval)));
    let (moment, interval) = come.filter(|(moment, _)| *moment <= now).max_by_key(|come| come.0)?;
    (moment > after.max(begin)).then_some(interval)
}

/// The letter, owed once for this license, this end and this interval.
#[must_use]
pub fn owed(license_id: &str, end: DateTime<Utc>, interval: Interval) -> Owed {
    let end = end.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    Owed {
        key: format!("license:{license_id}:remind:{end}:{interval}"),
        template: "remind",
        license_id: license_id.to_owned(),
        data: serde_json::json!({ "expires_at": end }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> DateTime<Utc> {
        format!("2026-06-{text}T12:00:00Z").parse().unwrap()
    }

    fn fortnight_and_three_days() -> [Interval; 2] {
        [Interval::days(14), Interval::days(3)]
    }

    #[test]
    fn what_was_bought_once_or_canceled_ends_and_a_running_subscription_does_not() {
        assert!(ends(&[], false));
        assert!(ends(&[Flag::Canceled], true));
        assert!(ends(&[Flag::Trial], false));
        assert!(!ends(&[Flag::Trial], true), "it will be paid by itself");
        assert!(ends(&[Flag::Trial, Flag::Canceled], true));
        assert!(ends(&[Flag::Ended], true));
        assert!(!ends(&[], true));
        assert!(!ends(&[Flag::PastDue], true), "the letter about the payment tells of that");
    }

    #[test]
    fn each_reminder_comes_at_its_moment_and_once() {
        let due = |after, now| {
            due((day("01"), day("30")), &fortnight_and_three_days(), day(after), day(now))
        };
        assert_eq!(due("14", "15"), None, "too early");
        assert_eq!(due("15", "16"), Some(Interval::days(14)), "to the second");
        assert_eq!(due("16", "17"), None, "that was told");
        assert_eq!(due("26", "27"), Some(Interval::days(3)));
    }

    #[test]
    fn after_a_long_stop_only_the_nearest_is_sent_and_nothing_after_the_end() {
        let due = |after, now| {
            due((day("01"), day("30")), &fortnight_and_three_days(), day(after), day(now))
        };
        assert_eq!(due("01", "28"), Some(Interval::days(3)));
        assert_eq!(due("01", "20"), Some(Interval::days(14)));
        assert_eq!(due("01", "30"), None);
    }

    #[test]
    fn what_begins_a_fortnight_before_its_end_is_not_said_to_end_soon() {
        let due = |begin, now| {
            due((day(begin), day("30")), &fortnight_and_three_days(), day("01"), day(now))
        };
        assert_eq!(due("16", "17"), None);
        assert_eq!(due("15", "17"), Some(Interval::days(14)));
        assert_eq!(due("16", "28"), Some(Interval::days(3)));
    }

    #[test]
    fn a_letter_is_known_by_license_end_and_interval() {
        let owed = owed("0192", day("30"), Interval::days(14));
        assert_eq!(owed.key, "license:0192:remind:2026-06-30T12:00:00Z:P14D");
    }
}
