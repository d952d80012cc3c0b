//! Deliveries that were refused, by account and reason, since this process began: for those who
//! look why an account is silent. Nothing of it is stored, so forgers fill nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use keywright_providers::Reject;

/// The tally of one process. It has an entry an account and reason at most, and only configured
/// accounts refuse.
#[derive(Debug)]
pub struct Refused {
    since: DateTime<Utc>,
    counts: Mutex<BTreeMap<(String, &'static str), Refusals>>,
}

/// What was refused for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals {
    pub reject: Reject,
    pub count: u64,
    pub last_at: DateTime<Utc>,
}

impl Refused {
    #[must_use]
    pub(super) fn new(since: DateTime<Utc>) -> Self {
        Self { since, counts: Mutex::default() }
    }

    /// When counting began.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.since
    }

    pub(super) fn count(&self, account: &str, reject: Reject, now: DateTime<Utc>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.entry((account.to_owned(), reject.code())).or_insert(Refusals {
            reject,
            count: 0,
            last_at: now,
        });
        entry.count = entry.count.saturating_add(1);
        entry.last_at = now;
    }

    /// What was refused at this account, a reason each.
    #[must_use]
    pub fn at(&self, account: &str) -> Vec<Refusals> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = counts.iter().filter(|((name, _), _)| name == account);
        of_account.map(|(_, refusals)| *refusals).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_count_by_reason_and_its_last_time() {
        let at = |second: i64| DateTime::from_timestamp(1_764_000_000 + second, 0).unwrap();
        let refused = Refused::new(at(0));
        refused.count("shop", Reject::Wrong, at(1));
        refused.count("shop", Reject::Stale, at(2));
        refused.count("shop", Reject::Wrong, at(3));
        refused.count("other", Reject::Missing, at(4));
        let told: Vec<_> = refused.at("shop").iter().map(|one| (one.reject, one.count)).collect();
        assert_eq!(told, [(Reject::Stale, 1), (Reject::Wrong, 2)]);
        assert_eq!(refused.at("shop")[1].last_at, at(3));
        assert_eq!((refused.at("nobody"), refused.since()), (Vec::new(), at(0)));
    }
}
