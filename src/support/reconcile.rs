//! What a provider sent and was never heard here: looked for, and made up for.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use super::view::EventView;
use super::{Asked, Failure, Support};
use crate::fetch::Fetch;
use crate::pull::{Missed, Pull, PullError, Pulled};
use crate::store::rows::NewHistory;

/// How far back it is looked where nobody says.
pub const SINCE: TimeDelta = TimeDelta::days(7);

/// What was found, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    pub account: String,
    /// Not before what the list reaches back to.
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Events in the list that lead to something.
    pub listed: usize,
    /// Those of them that were not here, oldest first.
    pub missing: Vec<Missed>,
    /// The ids of those that are here now; none where it was only looked.
    #[serde(skip)]
    pub kept: Vec<i64>,
}

/// Why nothing was found out, or not all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Support {
    /// Compares the account's list of events with what is here. With `keep` the missing ones are
    /// kept, as webhooks are; whoever applies events does the rest.
    ///
    /// # Errors
    /// [`ReconcileError`]. What was kept before a fault stays.
    pub async fn reconcile(
        &self,
        account: &str,
        since: Option<DateTime<Utc>>,
        keep: Option<Asked>,
        fetch: Fetch,
    ) -> Result<Reconciled, ReconcileError> {
        let since = since.unwrap_or_else(|| self.clock.now() - SINCE);
        let pull = Pull::new(
            self.store.clone(),
            self.shelf.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.bell),
            fetch,
        );
        let (pulled, fault) = pull.read(account, since, keep.is_some()).await?;
        // What was kept before a fault is somebody's act as well.
        if let Some(asked) = keep.filter(|_| fault.is_none() || !pulled.kept.is_empty()) {
            self.note(account, &pulled, asked).await?;
        }
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        let Pulled { since, until, listed, missed, kept } = pulled;
        Ok(Reconciled { account: account.to_owned(), since, until, listed, missing: missed, kept })
    }

    /// The events of these ids, as they stand now.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn events_by_ids(&self, ids: Vec<i64>) -> Result<Vec<EventView>, Failure> {
        self.read("events by ids", move |tx| {
            let mut events = Vec::with_capacity(ids.len());
            for id in ids {
                events.extend(tx.event_by_id(id)?.map(|row| EventView::from(&row)));
            }
            Ok(events)
        })
        .await
    }

    /// That a person did it stands in the account's history.
    async fn note(&self, account: &str, pulled: &Pulled, asked: Asked) -> Result<(), Failure> {
        let entry = NewHistory {
            subject: format!("account:{account}"),
            at: self.clock.now(),
            action: "reconciled".to_owned(),
            cause_event: None,
            actor: Some(asked.by),
            detail: json!({
                "since": pulled.since,
                "until": pulled.until,
                "listed": pulled.listed,
                "kept": pulled.kept.len(),
            }),
        };
        self.write("reconciled", move |tx| Ok(tx.history_append(&entry).map(drop)?)).await
    }
}
