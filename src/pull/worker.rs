//! By itself: every account with a list and a credential, at the start and every hour.
//!
//! Up to which moment an account's list was read stands in the store, so that no outage is longer
//! than what is looked back for, and no node looks again at what another has just seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

use super::{Pull, PullError, Pulled, gap, ready};
use crate::store::rows::EventFilter;

const EVERY: Duration = Duration::from_secs(3600);

/// What another node read so long ago is not read again.
const RECENT: TimeDelta = TimeDelta::minutes(50);

/// Looked at again each time: a list may show an event some time after its date.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

/// How a pass ended, and of which account.
type Ended = (String, Result<(), PullError>);

/// What is under way, and what the worker remembers.
#[derive(Default)]
struct Round {
    passes: JoinSet<Ended>,
    /// The accounts of these passes. Whose list is still being read is left out of the next round.
    busy: HashMap<Id, String>,
    /// Accounts whose list was read to its end since the service began.
    begun: BTreeSet<String>,
    /// The last fault of each account, which is told once.
    faults: BTreeMap<String, String>,
}

impl Pull {
    /// Looks at once, then every hour until told to stop; at every account by itself, so that a list
    /// that is slow or long holds up no other. A pull that is under way is let go of: what it kept is
    /// kept, and the next one begins where it did.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut round = Round::default();
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow() {
            tokio::select! {
                _ = due.tick() => self.begin(&mut round),
                Some(ended) = round.passes.join_next_with_id() => round.end(ended),
                _ = stop.changed() => break,
            }
        }
        round.passes.shutdown().await;
    }

    /// One account, from where its list was read to last, else from its newest event. `None`:
    /// another node has just read it (unless `always`), or nothing ever came: a new account
    /// begins with what it is told. What a service was not told while it did not run (`always`, at
    /// its start) is no [`gap`].
    ///
    /// # Errors
    /// [`PullError`]: the next pass begins where this one did. What was found before is noted.
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
        // Some clock was wrong that wrote of the future: nobody has read that far.
        let until = until.filter(|until| *until - now <= OVERLAP);
        if !always && until.is_some_and(|until| (now - until).abs() < RECENT) {
            return Ok(None);
        }
        let (pulled, fault) = match until.or(newest) {
            Some(from) => {
                let (pulled, fault) = self.read(account, from.min(now) - OVERLAP, true).await?;
                (Some(pulled), fault)
            }
            None => (None, None),
        };
        let whole = fault.is_none();
        let text = now.to_rfc3339();
        let missed = pulled.as_ref().filter(|_| !always).map(|pulled| pulled.missed.clone());
        let (name, missed) = (account.to_owned(), missed.unwrap_or_default());
        self.store
            .run("pulled until", move |tx| {
                gap::note(tx, &name, &missed, now)?;
                if whole { tx.meta_put(&mark, &text) } else { Ok(()) }
            })
            .await?;
        tell(account, pulled.as_ref());
        fault.map_or(Ok(pulled), Err)
    }

    /// A pass of every account that has a list and all that it needs. Those of which none has come to
    /// its end yet are looked at whoever looked just before.
    fn begin(&self, round: &mut Round) {
        let books = self.shelf.now();
        for account in books.config.accounts.values() {
            let Some(always) = round.turn(&account.name) else { continue };
            if ready(account, self.clock.now()).is_err() {
                continue;
            }
            let (pull, name) = (self.clone(), account.name.clone());
            let pass = round.passes.spawn(async move {
                let ended = pull.pass(&name, always).await.map(drop);
                (name, ended)
            });
            round.busy.insert(pass.id(), account.name.clone());
        }
    }
}

impl Round {
    /// Is it this account's turn? `None`: its list is still being read; `true`: it was never read to
    /// its end, and what another node saw does not matter.
    fn turn(&self, account: &str) -> Option<bool> {
        let busy = self.busy.values().any(|name| name == account);
        (!busy).then(|| !self.begun.contains(account))
    }

    fn end(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (name, ended) = match ended {
            Ok((id, ended)) => {
                self.busy.remove(&id);
                ended
            }
            Err(error) => {
                self.busy.remove(&error.id());
                tracing::error!(%error, "a pass of an account's list did not end: {error}");
                return;
            }
        };
        match ended {
            Ok(()) => {
                self.faults.remove(&name);
                self.begun.insert(name);
            }
            Err(error) => {
                let error = error.to_string();
                if self.faults.get(&name) != Some(&error) {
                    tracing::warn!(account = %name, %error, "missed events of {name} cannot be pulled now; it is tried every hour: {error}");
                }
                self.faults.insert(name, error);
            }
        }
    }
}

/// Under which the moment up to which a list was read stands in the store.
fn mark(account: &str) -> String {
    format!("pulled_until:{account}")
}

fn tell(account: &str, pulled: Option<&Pulled>) {
    let count = pulled.map_or(0, |pulled| pulled.kept.len());
    if count > 0 {
        tracing::warn!(
            account,
            events = count,
            "{count} events of {account} were missed and pulled from its list; do its webhooks reach this service?"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::FetchError;

    /// A pass that ended so, through the worker's hands.
    async fn ended(round: &mut Round, name: &str, ended: Result<(), PullError>) {
        let told = (name.to_owned(), ended);
        let pass = round.passes.spawn(async move { told });
        round.busy.insert(pass.id(), name.to_owned());
        let ended = round.passes.join_next_with_id().await.unwrap();
        round.end(ended);
        assert!(round.busy.is_empty());
    }

    fn away() -> Result<(), PullError> {
        let (host, why) = ("api.example.com".to_owned(), "it is away".to_owned());
        Err(PullError::Fetch(FetchError::Unreachable { host, why }))
    }

    #[tokio::test]
    async fn a_list_that_is_still_being_read_is_not_begun_again() {
        let mut round = Round::default();
        let pass = round.passes.spawn(async { ("pay".to_owned(), Ok(())) });
        round.busy.insert(pass.id(), "pay".to_owned());
        assert_eq!((round.turn("pay"), round.turn("other")), (None, Some(true)));
        let ended = round.passes.join_next_with_id().await.unwrap();
        round.end(ended);
        assert_eq!((round.turn("pay"), round.turn("other")), (Some(false), Some(true)));
    }

    #[tokio::test]
    async fn an_account_has_begun_when_its_list_was_read_once_and_mends_its_faults() {
        let mut round = Round::default();
        ended(&mut round, "pay", away()).await;
        assert_eq!(round.turn("pay"), Some(true));
        assert_eq!(round.faults["pay"], "api.example.com cannot be reached (it is away)");
        ended(&mut round, "pay", Ok(())).await;
        assert!(round.begun.contains("pay") && round.faults.is_empty());
        ended(&mut round, "pay", away()).await;
        assert!(round.begun.contains("pay"), "that it was down for an hour is no new start");
    }
}
