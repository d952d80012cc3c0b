//! By itself: every account with a list and a credential, at the start and every hour.
//!
//! Up to which moment an account's list was read stands in the store, so that no outage is longer
//! than what is looked back for, and no node looks again at what another has just seen.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{Pull, PullError, Pulled, gap, ready};
use crate::config::Account;
use crate::store::rows::EventFilter;

const EVERY: Duration = Duration::from_secs(3600);

/// What another node read so long ago is not read again.
const RECENT: TimeDelta = TimeDelta::minutes(50);

/// Looked at again each time: a list may show an event some time after its date.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

/// The last fault of each account, which is told once.
type Faults = BTreeMap<String, String>;

impl Pull {
    /// Looks at once, then every hour until told to stop. A pull that is under way is let go of:
    /// what it kept is kept, and the next one begins where it did.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut faults = Faults::new();
        let mut first = true;
        while !*stop.borrow() {
            tokio::select! {
                () = self.round(first, &mut faults) => {}
                _ = stop.changed() => break,
            }
            first = false;
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// One account, from where its list was read to last, else from its newest event. `None`:
    /// another node has just read it (unless `always`), or nothing ever came: a new account
    /// begins with what it is told. What a service was not told while it did not run (`always`, at
    /// its start) is no [`gap`].
    ///
    /// # Errors
    /// [`PullError`]: the next pass begins where this one did.
    pub async fn pass(&self, account: &str, always: bool) -> Result<Option<Pulled>, PullError> {
        let now = self.clock.now();
        let (mark, read_mark) = (mark(account), mark(account));
        let filter = EventFilter { account: Some(account.to_owned()), ..EventFilter::default() };
        let (until, newest) = self
            .store
            .read("pulled until", move |tx| {
                let until = tx.meta_get(&read_mark)?;
                let newest = tx.event_list(&filter, None, 1)?;
                Ok((until, newest.first().map(|event| event.received_at)))
            })
            .await?;
        let until = until.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        if !always && until.is_some_and(|until| now - until < RECENT) {
            return Ok(None);
        }
        let pulled = match until.or(newest) {
            Some(from) => Some(self.since(account, from - OVERLAP, true).await?),
            None => None,
        };
        let text = now.to_rfc3339();
        let missed = pulled.as_ref().filter(|_| !always).map(|pulled| pulled.missed.clone());
        let (name, missed) = (account.to_owned(), missed.unwrap_or_default());
        self.store
            .run("pulled until", move |tx| {
                gap::note(tx, &name, &missed, now)?;
                tx.meta_put(&mark, &text)
            })
            .await?;
        Ok(pulled)
    }

    /// Every account once. At the start all are looked at, whoever looked just before.
    async fn round(&self, first: bool, faults: &mut Faults) {
        let books = self.shelf.now();
        for account in books.config.accounts.values() {
            if ready(account, self.clock.now()).is_err() {
                continue;
            }
            let name = &account.name;
            match self.pass(name, first).await {
                Ok(None) => {}
                Ok(Some(pulled)) => {
                    faults.remove(name);
                    told(account, &pulled);
                }
                Err(error) => {
                    let error = error.to_string();
                    if faults.get(name) != Some(&error) {
                        tracing::warn!(account = %name, %error, "missed events of {name} cannot be pulled now; it is tried every hour: {error}");
                    }
                    faults.insert(name.clone(), error);
                }
            }
        }
    }
}

/// Under which the moment up to which a list was read stands in the store.
fn mark(account: &str) -> String {
    format!("pulled_until:{account}")
}

fn told(account: &Account, pulled: &Pulled) {
    let (name, count) = (&account.name, pulled.kept.len());
    metrics::counter!("keywright_events_pulled_total", "account" => name.clone())
        .increment(u64::try_from(count).unwrap_or(u64::MAX));
    if count > 0 {
        tracing::warn!(account = %name, events = count, "{count} events of {name} were missed and pulled from its list; do its webhooks reach this service?");
    }
}
