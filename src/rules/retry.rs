//! When work is tried again: events, mail, and how long the mail queue rests.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// How long a mail that is refused for now is tried: three days of waiting.
pub const MAIL_TRIED: TimeDelta = TimeDelta::hours(72);

const MAIL_WAIT_MIN_S: i64 = 60;
const MAIL_WAIT_MAX_S: i64 = 4 * 3600;
const PAUSE_MAX_S: i64 = 300;
const EVENT_WAIT_MAX_S: i64 = 60;
const API_WAIT_MAX_S: i64 = 900;

/// No API is obeyed that wants to be left alone for longer than this.
const API_ASKED_MAX: TimeDelta = TimeDelta::hours(1);

/// When an API wants to be asked again (`Retry-After`, RFC 9110, 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds from now.
    Seconds(u32),
    At(DateTime<Utc>),
}

/// The wait after so many attempts (from 1) at an event that the database was not able to take:
/// 1, 2, 4 ... seconds, at most a minute. An event is never given up for this.
#[must_use]
pub fn event_wait(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(doubled(1, attempts, EVENT_WAIT_MAX_S))
}

/// The wait after so many attempts (from 1) at which a provider's API gave no answer: 2, 4, 8 ...
/// seconds, at most 15 minutes; longer where the API asked for it, but not for more than an hour.
/// An event is never given up for this.
#[must_use]
pub fn api_wait(attempts: u32, asked: Option<RetryAfter>, now: DateTime<Utc>) -> TimeDelta {
    let own = TimeDelta::seconds(doubled(2, attempts, API_WAIT_MAX_S));
    let asked = asked.map_or(own, |asked| asked.wait(now));
    own.max(asked.min(API_ASKED_MAX))
}

impl RetryAfter {
    /// Seconds, or a date in one of the three forms that HTTP knows; nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More than fits is as good as for ever.
            return Some(Self::Seconds(text.parse().unwrap_or(u32::MAX)));
        }
        // That of today, and the two that were before it.
        let forms =
            ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let mut dates = forms.iter().map(|form| NaiveDateTime::parse_from_str(text, form));
        dates.find_map(Result::ok).map(|date| Self::At(date.and_utc()))
    }

    /// How long that is; nothing, or less, where the time has come.
    fn wait(self, now: DateTime<Utc>) -> TimeDelta {
        match self {
            Self::Seconds(seconds) => TimeDelta::seconds(i64::from(seconds)),
            Self::At(at) => at - now,
        }
    }
}

/// The wait after so many attempts (from 1) that a mail server refused for now: 1, 2, 4 ...
/// minutes, then 4 hours each, until [`MAIL_TRIED`] was waited. After that `None`: given up.
///
/// It counts attempts, not days, so that days in which the whole queue stood still are not taken
/// from a mail's chances.
#[must_use]
pub fn mail_wait(attempts: u32) -> Option<TimeDelta> {
    let mut left_s = MAIL_TRIED.num_seconds();
    for attempt in 1..attempts {
        left_s -= mail_step_s(attempt);
        if left_s <= 0 {
            return None;
        }
    }
    Some(TimeDelta::seconds(mail_step_s(attempts).min(left_s)))
}

/// How long the queue rests after so many faults of the mail server in a row (from 1): 1, 2, 4 ...
/// seconds, at most 5 minutes. Short enough that mail flows again soon, long enough that a wrong
/// password does not lock the account.
#[must_use]
pub fn mail_pause(faults: u32) -> TimeDelta {
    TimeDelta::seconds(doubled(1, faults, PAUSE_MAX_S))
}

fn mail_step_s(attempt: u32) -> i64 {
    doubled(MAIL_WAIT_MIN_S, attempt, MAIL_WAIT_MAX_S)
}

/// `first`, doubled at every step from 1, at most `max`.
fn doubled(first: i64, step: u32, max: i64) -> i64 {
    let doublings = step.saturating_sub(1).min(30);
    (first << doublings).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_for_72_hours_with_growing_waits() {
        let waits: Vec<_> = (1..).map_while(mail_wait).collect();
        assert_eq!(waits.iter().sum::<TimeDelta>(), MAIL_TRIED);
        assert_eq!(
            waits.iter().take(10).map(TimeDelta::num_minutes).collect::<Vec<_>>(),
            [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]
        );
        let (last, growing) = waits.split_last().unwrap();
        assert!(growing.is_sorted());
        assert_eq!(last.num_minutes(), 225, "the rest of the three days");
    }

    #[test]
    fn a_count_from_nowhere_is_over_or_first() {
        assert_eq!(mail_wait(0), mail_wait(1));
        assert_eq!(mail_wait(u32::MAX), None);
    }

    fn noon() -> DateTime<Utc> {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_api_without_an_answer_is_asked_again_with_growing_waits() {
        let waits: Vec<_> =
            (1..=11).map(|attempts| api_wait(attempts, None, noon()).num_seconds()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn an_api_that_asks_for_patience_gets_it_but_never_more_than_an_hour() {
        let wait = |text: &str| api_wait(3, RetryAfter::parse(text), noon()).num_seconds();
        for (text, seconds) in [
            ("120", 120),
            ("8", 8),
            ("0", 8),
            ("7", 8),
            ("3600", 3600),
            ("3601", 3600),
            ("99999999999999999999", 3600),
            ("Tue, 01 Dec 2026 12:02:00 GMT", 120),
            ("Tuesday, 01-Dec-26 12:02:00 GMT", 120),
            ("Tue Dec  1 12:02:00 2026", 120),
            ("Wed, 02 Dec 2026 12:00:00 GMT", 3600),
            ("Tue, 01 Dec 2026 11:00:00 GMT", 8),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ] {
            assert_eq!(wait(text), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_asks_for_nothing() {
        for text in [
            "",
            " 2",
            "-1",
            "1.5",
            "2s",
            "soon",
            "2026-12-01T12:02:00Z",
            "Tue, 01 Dec 2026 12:02:00",
            "Tue, 01 Dec 2026 12:02:00 CET",
            "Tue, 31 Feb 2026 12:02:00 GMT",
        ] {
            assert_eq!(RetryAfter::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_queue_rests_longer_with_every_fault_up_to_five_minutes() {
        let pauses: Vec<_> = (1..=11).map(|faults| mail_pause(faults).num_seconds()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(mail_pause(u32::MAX).num_seconds(), 300);
    }
}
