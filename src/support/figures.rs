//! Figures for those who look after the service: what came in hour by hour, what became of
//! licenses day by day, which account went silent. Hours and days are those of UTC.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Failure, Support};
use crate::store::rows::{DayCount, HourCount};
use crate::store::types::EventStatus;

/// No chart has more columns: a month of hours, two years of days.
const SLOTS_MAX: i64 = 744;

/// What came from one account, hour by hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountHours {
    pub account: String,
    /// One an hour, in order, also where nothing came.
    pub hours: Vec<EventsOfHour>,
}

/// The events of one hour, by how they stand now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EventsOfHour {
    /// When the hour began.
    pub at: DateTime<Utc>,
    /// All of them: the sum of the others.
    pub received: i64,
    pub pending: i64,
    pub applied: i64,
    pub ignored: i64,
    pub waiting: i64,
    pub failed: i64,
}

/// What became of licenses on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LicensesOfDay {
    /// When the day began.
    pub at: DateTime<Utc>,
    pub issued: i64,
    pub renewed: i64,
    /// By a refund, a lost dispute or support; or because nothing stands for them any more.
    pub revoked: i64,
    /// Their end came, with buffer and grace, and nobody has renewed them since.
    pub expired: i64,
    /// Revoked and expired.
    pub lost: i64,
}

/// How one configured account does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountFigures {
    pub account: String,
    /// Of provider, as configured.
    pub kind: String,
    /// `None`: nothing ever came from it.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of the last 24 hours.
    pub last_day: i64,
    /// Events of the last seven days.
    pub last_week: i64,
}

impl Support {
    /// What came from each account in each hour from that of `since` to that before `until`, or
    /// the last 744 of them. Every configured account is there, however silent, and every other
    /// one that was heard.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn events_by_hour(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<AccountHours>, Failure> {
        let books = self.shelf.now();
        let accounts: Vec<String> = books.config.accounts.keys().cloned().collect();
        let hours = slots(since, until, TimeDelta::hours(1));
        self.read("events by hour", move |tx| {
            let counts = match hours.first() {
                Some(since) => tx.events_by_hour(*since, until)?,
                None => Vec::new(),
            };
            Ok(by_account(accounts, &hours, &counts))
        })
        .await
    }

    /// What became of licenses on each day from that of `since` to that before `until`, or the
    /// last 744 of them.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn licenses_by_day(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<LicensesOfDay>, Failure> {
        let days = slots(since, until, TimeDelta::days(1));
        // What will expire is not lost yet.
        let until_now = until.min(self.clock.now());
        self.read("licenses by day", move |tx| {
            let Some(since) = days.first() else { return Ok(Vec::new()) };
            let mut counts = tx.licenses_by_day(*since, until)?;
            counts.extend(tx.licenses_expired_by_day(*since, until_now)?);
            Ok(by_day(&days, &counts))
        })
        .await
    }

    /// How each configured account does, by name. Events are counted in the order in which they
    /// were stored.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account_figures(&self) -> Result<Vec<AccountFigures>, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.read("account figures", move |tx| {
            let accounts = &books.config.accounts;
            let names: Vec<String> = accounts.keys().cloned().collect();
            let counts = tx.account_counts(&names, now)?;
            let figures = accounts.values().zip(counts).map(|(account, count)| AccountFigures {
                account: count.account,
                kind: account.provider.facts().kind.to_owned(),
                last_event_at: count.last_event_at,
                last_day: count.last_day,
                last_week: count.last_week,
            });
            Ok(figures.collect())
        })
        .await
    }
}

/// When each slot of that length begins, from the one that holds `since` to the last one before
/// `until`; of too many the last ones.
fn slots(since: DateTime<Utc>, until: DateTime<Utc>, length: TimeDelta) -> Vec<DateTime<Utc>> {
    let number = |at: DateTime<Utc>| at.timestamp().div_euclid(length.num_seconds());
    let last = number(until - TimeDelta::microseconds(1));
    let first = number(since).max(last - SLOTS_MAX + 1);
    let begin = |slot: i64| DateTime::from_timestamp(slot * length.num_seconds(), 0);
    (first..=last).filter_map(begin).collect()
}

fn by_account(
    accounts: Vec<String>,
    hours: &[DateTime<Utc>],
    counts: &[HourCount],
) -> Vec<AccountHours> {
    let silent = |at: &DateTime<Utc>| (*at, EventsOfHour { at: *at, ..EventsOfHour::default() });
    let heard = counts.iter().map(|count| count.account.clone());
    let mut figures: BTreeMap<String, BTreeMap<DateTime<Utc>, EventsOfHour>> = accounts
        .into_iter()
        .chain(heard)
        .map(|account| (account, hours.iter().map(silent).collect()))
        .collect();
    for count in counts {
        let hour = figures.get_mut(&count.account).and_then(|hours| hours.get_mut(&count.hour));
        let Some(hour) = hour else { continue };
        hour.received += count.count;
        *match count.status {
            EventStatus::Pending => &mut hour.pending,
            EventStatus::Applied => &mut hour.applied,
            EventStatus::Ignored => &mut hour.ignored,
            EventStatus::Waiting => &mut hour.waiting,
            EventStatus::Failed => &mut hour.failed,
        } += count.count;
    }
    figures
        .into_iter()
        .map(|(account, hours)| AccountHours { account, hours: hours.into_values().collect() })
        .collect()
}

fn by_day(days: &[DateTime<Utc>], counts: &[DayCount]) -> Vec<LicensesOfDay> {
    let day = |at: &DateTime<Utc>| {
        let sum = |actions: &[&str]| -> i64 {
            let of_day = counts.iter().filter(|count| count.day == *at);
            of_day.filter(|count| actions.contains(&&*count.action)).map(|count| count.count).sum()
        };
        let (revoked, expired) = (sum(&["revoked", "withdrawn"]), sum(&["expired"]));
        LicensesOfDay {
            at: *at,
            issued: sum(&["issued"]),
            renewed: sum(&["renewed"]),
            revoked,
            expired,
            lost: revoked + expired,
        }
    };
    days.iter().map(day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn hours_begin_with_that_of_the_first_instant_and_end_before_the_last() {
        let hour = TimeDelta::hours(1);
        let hours = slots(at("2026-12-01T09:59:59Z"), at("2026-12-01T12:00:00Z"), hour);
        assert_eq!(hours, ["09", "10", "11"].map(|h| at(&format!("2026-12-01T{h}:00:00Z"))));
        let one_more = slots(at("2026-12-01T10:00:00Z"), at("2026-12-01T12:00:00.000001Z"), hour);
        assert_eq!(one_more.last(), Some(&at("2026-12-01T12:00:00Z")));
        assert!(slots(at("2026-12-01T10:00:00Z"), at("2026-12-01T10:00:00Z"), hour).is_empty());
    }

    #[test]
    fn of_too_many_days_the_last_ones_are_told() {
        let days =
            slots(at("1971-01-01T00:00:00Z"), at("2026-12-01T00:30:00Z"), TimeDelta::days(1));
        assert_eq!(days.len(), 744);
        assert_eq!(days.last(), Some(&at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn an_hour_without_events_is_zero_and_not_missing() {
        let hours =
            slots(at("2026-12-01T09:00:00Z"), at("2026-12-01T11:00:00Z"), TimeDelta::hours(1));
        let count = |account: &str, status, count| HourCount {
            hour: at("2026-12-01T10:00:00Z"),
            account: account.to_owned(),
            status,
            count,
        };
        let counts = [
            count("gone", EventStatus::Failed, 1),
            count("shop", EventStatus::Applied, 5),
            count("shop", EventStatus::Waiting, 2),
        ];
        let told = by_account(vec!["shop".to_owned(), "silent".to_owned()], &hours, &counts);
        let names: Vec<&str> = told.iter().map(|one| one.account.as_str()).collect();
        assert_eq!(names, ["gone", "shop", "silent"]);
        let received = |account: usize| -> Vec<i64> {
            told[account].hours.iter().map(|hour| hour.received).collect()
        };
        assert_eq!((received(0), received(1), received(2)), (vec![0, 1], vec![0, 7], vec![0, 0]));
        let busy = told[1].hours[1];
        assert_eq!((busy.applied, busy.waiting, busy.failed), (5, 2, 0));
        assert_eq!(told[2].hours[0].at, at("2026-12-01T09:00:00Z"));
    }

    #[test]
    fn what_was_lost_is_what_was_revoked_withdrawn_or_expired() {
        let days =
            slots(at("2026-12-01T00:00:00Z"), at("2026-12-03T00:00:00Z"), TimeDelta::days(1));
        let count = |action: &str, count| DayCount {
            day: at("2026-12-02T00:00:00Z"),
            action: action.to_owned(),
            count,
        };
        let counts = [
            count("issued", 9),
            count("renewed", 4),
            count("revoked", 2),
            count("withdrawn", 1),
            count("expired", 3),
        ];
        let told = by_day(&days, &counts);
        assert_eq!(told[0], LicensesOfDay { at: days[0], ..LicensesOfDay::default() });
        let LicensesOfDay { issued, renewed, revoked, expired, lost, .. } = told[1];
        assert_eq!([issued, renewed, revoked, expired, lost], [9, 4, 3, 3, 6]);
    }
}
