//! Gaps: events that a provider listed and did not tell while the service ran. They are made up
//! for, but the webhooks do not arrive as they should, and that is for a person to look at.
//!
//! Where a provider has no list, nobody can know what is missing; there only its silence tells.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Missed;
use crate::store::{StoreError, Tx};

/// What happened less than this ago may still be on its way.
const UNDERWAY: TimeDelta = TimeDelta::minutes(15);

/// When nothing more was missed for so long, it is over.
const OVER: TimeDelta = TimeDelta::days(1);

/// What was missed of one account, until nothing more is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When the first of these events happened.
    pub since: DateTime<Utc>,
    /// When the last of them were found.
    pub found_at: DateTime<Utc>,
    pub events: usize,
}

impl Gap {
    /// What is known when a list was read once more. Of an event that was told and reads otherwise
    /// in the list nothing is missing.
    #[must_use]
    fn after(before: Option<Self>, missed: &[Missed], now: DateTime<Utc>) -> Option<Self> {
        let late = |one: &&Missed| !one.differs && now - one.occurred_at > UNDERWAY;
        let late = missed.iter().filter(late).map(|one| one.occurred_at);
        let Some(first) = late.clone().min() else { return before };
        let open = before.filter(|before| before.is_open(now));
        Some(Self {
            since: open.map_or(first, |open| open.since.min(first)),
            found_at: now,
            events: open.map_or(0, |open| open.events).saturating_add(late.count()),
        })
    }

    fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.found_at < OVER
    }
}

/// The gap of that account, as long as it is open.
///
/// # Errors
/// [`StoreError`].
pub fn find(tx: &mut Tx<'_>, account: &str, now: DateTime<Utc>) -> Result<Option<Gap>, StoreError> {
    Ok(kept(tx, account)?.filter(|gap| gap.is_open(now)))
}

/// Notes what a pull of a running service has found.
///
/// # Errors
/// [`StoreError`].
pub(super) fn note(
    tx: &mut Tx<'_>,
    account: &str,
    missed: &[Missed],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let before = kept(tx, account)?;
    match Gap::after(before, missed, now) {
        Some(gap) if before != Some(gap) => {
            // Times and a number always have a JSON form.
            tx.meta_put(&key(account), &serde_json::to_string(&gap).unwrap_or_default())
        }
        _ => Ok(()),
    }
}

fn kept(tx: &mut Tx<'_>, account: &str) -> Result<Option<Gap>, StoreError> {
    // What cannot be read is begun anew.
    Ok(tx.meta_get(&key(account))?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Under which it stands in the store.
fn key(account: &str) -> String {
    format!("pull_gap:{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// Events that happened then.
    fn missed(minutes: &[i64]) -> Vec<Missed> {
        let one = |minutes: &i64| Missed {
            id: None,
            event_type: "invoice.paid".to_owned(),
            occurred_at: at(*minutes),
            differs: false,
        };
        minutes.iter().map(one).collect()
    }

    #[test]
    fn what_may_still_be_on_its_way_is_not_missing() {
        assert_eq!(Gap::after(None, &missed(&[50]), at(60)), None);
        let gap = Gap::after(None, &missed(&[30, 50]), at(60));
        assert_eq!(gap, Some(Gap { since: at(30), found_at: at(60), events: 1 }));
    }

    #[test]
    fn an_event_that_the_list_tells_otherwise_was_told() {
        let mut told = missed(&[0]);
        told[0].differs = true;
        assert_eq!(Gap::after(None, &told, at(60)), None);
    }

    #[test]
    fn a_gap_grows_until_nothing_was_missed_for_a_day() {
        let day = 24 * 60;
        let first = Gap::after(None, &missed(&[0, 10]), at(60)).unwrap();
        assert_eq!(Gap::after(Some(first), &[], at(120)), Some(first));
        assert!(first.is_open(at(59 + day)) && !first.is_open(at(60 + day)));
        let more = Gap::after(Some(first), &missed(&[70]), at(120)).unwrap();
        assert_eq!(more, Gap { since: at(0), found_at: at(120), events: 3 });
        let later = Gap::after(Some(more), &missed(&[3 * day]), at(3 * day + 60)).unwrap();
        assert_eq!((later.since, later.events), (at(3 * day), 1), "a new one");
    }
}
