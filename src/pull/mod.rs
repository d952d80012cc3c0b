//! Pull: what a provider's list of events holds and was never told here, is kept like any webhook.
//!
//! - [`gap`]: that it was not told is told to a person
//! - `page`: which events of a page are missing
//! - `worker`: by itself, at the start and every hour
//!
//! One provider stops trying after 155 seconds, another after four hours; what falls into a longer
//! outage is in its list only. A pulled event is known by the same id as its webhook, so
//! whichever comes second changes nothing. Several nodes may pull at once.

pub mod gap;
mod page;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use keywright_providers::list::{self, List, Page, Stretch};
use keywright_providers::{Envelope, Unread};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;
use tokio::sync::Notify;

use crate::books::{Books, Shelf};
use crate::chance::NoChance;
use crate::clock::Clock;
use crate::config::Account;
use crate::fetch::{self, Fetch, FetchError};
use crate::intake::new_event;
use crate::store::rows::{NewEvent, PULLED};
use crate::store::types::Dedupe;
use crate::store::{Store, StoreError};

/// Pages of one pull. More is no list to be read in one go.
const PAGES_MAX: usize = 2_000;

/// How long keeping what a page brought may take.
const KEEPING: Duration = Duration::from_secs(10);

/// The type of what cannot be understood ([`keywright_providers::Provider::envelopes`]).
const UNKNOWN: &str = "unknown";

/// The setting that leads questions to another address than the provider's own.
const API_URL: &str = "api_url";

/// Pulls from the lists of accounts.
#[derive(Clone)]
pub struct Pull {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    /// To ring when events are to be applied.
    bell: Arc<Notify>,
    fetch: Fetch,
}

/// What a list held of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Events of types that lead to something.
    pub listed: usize,
    /// Those that were not here, each once, by their time.
    pub missed: Vec<Missed>,
    /// The rows of those that are here now; none where it was only looked.
    pub kept: Vec<i64>,
}

/// An event that was not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The provider's own.
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub event_type: String,
    pub occurred_at: DateTime<Utc>,
    /// It is here under this id, and says something else.
    pub differs: bool,
}

/// Why a list could not be read to its end. What was kept by then stays.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PullError {
    #[error("there is no account {0}")]
    UnknownAccount(String),
    #[error(
        "{title} has no list of what it sent, so nothing can be pulled; compare with an export \
         instead: --file EXPORT"
    )]
    NoList { title: &'static str },
    #[error(
        "{title} has to be asked for {list}: set {} in [providers.{account}]",
        settings.join(" and ")
    )]
    Needs { title: &'static str, list: &'static str, account: String, settings: Vec<&'static str> },
    /// The account is set up so that it has none.
    #[error("{0}")]
    NotSo(Unread),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{list} is not there; is api_url in [providers.{account}] right?")]
    NotThere { list: &'static str, account: String },
    #[error("what {list} answered is no page of events: {unread}")]
    Page { list: &'static str, unread: Unread },
    #[error("{list} holds more than can be read in one go; begin later (--since)")]
    Endless { list: &'static str },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NoChance(#[from] NoChance),
}

/// One pull, as far as it has come.
struct Run<'a> {
    account: &'a Account,
    list: &'static List,
    books: &'a Arc<Books>,
    keep: bool,
    pulled: Pulled,
    /// By the name of each telling: pages may show one twice.
    missed: BTreeMap<Dedupe, Missed>,
}

impl std::fmt::Debug for Pull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Pull {
    /// `bell` wakes the worker that applies.
    #[must_use]
    pub fn new(
        store: Store,
        shelf: Shelf,
        clock: Arc<dyn Clock>,
        bell: Arc<Notify>,
        fetch: Fetch,
    ) -> Self {
        Self { store, shelf, clock, bell, fetch }
    }

    /// What the account's list holds since then and is not here. With `keep` it is kept, page by
    /// page, as webhooks are; else it is only told. A fault on the way stands beside what was found
    /// until then.
    ///
    /// # Errors
    /// [`PullError`] where nothing could be asked.
    pub async fn read(
        &self,
        account: &str,
        since: DateTime<Utc>,
        keep: bool,
    ) -> Result<(Pulled, Option<PullError>), PullError> {
        let (books, until) = (self.shelf.now(), self.clock.now());
        let unknown = || PullError::UnknownAccount(account.to_owned());
        let account = books.account(account).ok_or_else(unknown)?;
        let list = ready(account, until)?;
        let since = since.max(until - list.reach);
        let pulled = Pulled { since, until, listed: 0, missed: Vec::new(), kept: Vec::new() };
        let missed = BTreeMap::new();
        let mut run = Run { account, list, books: &books, keep, pulled, missed };
        let fault = self.pages(&mut run).await.err();
        Ok((run.end(), fault))
    }

    /// Page after page, to the last.
    async fn pages(&self, run: &mut Run<'_>) -> Result<(), PullError> {
        let (account, list) = (run.account, run.list);
        let (since, until) = (run.pulled.since, run.pulled.until);
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let settings = &account.credentials.settings;
            let stretch = Stretch { settings, since, until, cursor: cursor.as_deref() };
            let page = self.page(account, list, &stretch).await?;
            self.take(run, page.deliveries).await?;
            match page.next {
                None => return Ok(()),
                Some(next) if cursor.as_ref() == Some(&next) => break,
                next => cursor = next,
            }
        }
        Err(PullError::Endless { list: list.title })
    }

    async fn page(
        &self,
        account: &Account,
        list: &'static List,
        stretch: &Stretch<'_>,
    ) -> Result<Page, PullError> {
        let ask = (list.ask)(stretch).map_err(PullError::NotSo)?;
        let answer = self.fetch.ask(&ask, account).await?;
        if !answer.found() {
            return Err(PullError::NotThere { list: list.title, account: account.name.clone() });
        }
        (list.page)(&answer.body, stretch)
            .map_err(|unread| PullError::Page { list: list.title, unread })
    }

    /// Looks through one page, and keeps what is missing. A delivery whose frame cannot be read is kept
    /// as it is, as if it had been sent, and holds up no other.
    async fn take(&self, run: &mut Run<'_>, deliveries: Vec<Vec<u8>>) -> Result<(), PullError> {
        let mut told = Vec::new();
        for delivery in deliveries {
            match list::envelopes(&*run.account.provider, &delivery) {
                Ok(envelopes) => {
                    for envelope in envelopes.into_iter().filter(|envelope| run.wants(envelope)) {
                        told.push(self.event(run, envelope)?);
                    }
                }
                Err(_) => told.push(self.event(run, Envelope::new(UNKNOWN, &delivery))?),
            }
        }
        run.pulled.listed += told.len();
        let missing = self.missing(told, run.books).await?;
        let fresh = run.fresh(missing);
        if run.keep && !fresh.is_empty() {
            let events = fresh.iter().map(|(event, _)| event.clone()).collect();
            let kept = self.store.keep(events, Instant::now() + KEEPING).await?;
            run.pulled.kept.extend(kept.iter().map(|kept| kept.id));
            metrics::counter!("keywright_events_pulled_total", "account" => run.account.name.clone())
                .increment(u64::try_from(kept.len()).unwrap_or(u64::MAX));
            self.bell.notify_one();
        }
        run.note(fresh);
        Ok(())
    }

    fn event(&self, run: &Run<'_>, envelope: Envelope) -> Result<NewEvent, NoChance> {
        let headers = json!({ PULLED: run.list.title });
        new_event(run.account, envelope, headers, None, self.clock.now())
    }
}

impl Run<'_> {
    /// Does it lead to anything? A list holds types that no webhook was ever to be sent. What cannot
    /// be understood may be anything, and is for a person.
    fn wants(&self, envelope: &Envelope) -> bool {
        let event_type = envelope.event_type.as_str();
        let leads = self.account.provider.facts().events.contains(&event_type);
        (leads && !self.list.skips.contains(&event_type)) || event_type == UNKNOWN
    }

    /// Without those that were on a page before: a list that grows meanwhile shows some twice.
    fn fresh(&self, missing: Vec<(NewEvent, bool)>) -> Vec<(NewEvent, bool)> {
        let mut seen = BTreeSet::new();
        let mut fresh = missing;
        fresh.retain(|(event, differs)| {
            let name = name(event, *differs);
            !self.missed.contains_key(&name) && seen.insert(name)
        });
        fresh
    }

    fn note(&mut self, fresh: Vec<(NewEvent, bool)>) {
        for (event, differs) in fresh {
            let missed = Missed {
                id: event.provider_event_id.clone(),
                event_type: event.event_type.clone(),
                occurred_at: event.occurred_at,
                differs,
            };
            self.missed.insert(name(&event, differs), missed);
        }
    }

    fn end(self) -> Pulled {
        let mut missed: Vec<Missed> = self.missed.into_values().collect();
        missed.sort_by(|a, b| (a.occurred_at, &a.id).cmp(&(b.occurred_at, &b.id)));
        Pulled { missed, ..self.pulled }
    }
}

/// Under which this telling is known.
fn name(event: &NewEvent, differs: bool) -> Dedupe {
    if differs { event.second_name() } else { event.dedupe }
}

/// The account's list, where all that it needs is configured.
fn ready(account: &Account, now: DateTime<Utc>) -> Result<&'static List, PullError> {
    let facts = account.provider.facts();
    let list = facts.list.ok_or(PullError::NoList { title: facts.title })?;
    let settings = &account.credentials.settings;
    let stretch = Stretch { settings, since: now, until: now, cursor: None };
    let ask = (list.ask)(&stretch).map_err(PullError::NotSo)?;
    let mut missing = fetch::missing(&ask, account);
    if list.own_host && !settings.contains_key(API_URL) {
        missing.insert(0, API_URL);
    }
    if missing.is_empty() {
        return Ok(list);
    }
    Err(PullError::Needs {
        title: facts.title,
        list: list.title,
        account: account.name.clone(),
        settings: missing,
    })
}
