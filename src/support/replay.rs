//! Events once more: applied again, or only looked at.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::audit::SERVICE;
use super::events::{find, seen};
use super::view::{EventView, text};
use super::words::{Change, MailOwed, changes};
use super::{Asked, Failure, Refusal, Support};
use crate::apply::{Applied, apply_again};
use crate::books::Books;
use crate::store::rows::{EventFilter, NewHistory};
use crate::store::types::EventStatus;
use crate::store::{StoreError, Tx};

/// Events looked at in one dry run.
pub const DRY_RUN_MAX: usize = 200;

/// Events put back in the line in one transaction.
const REPLAY_PAGE: usize = 1_000;

/// What came, or would come, of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    #[serde(flatten)]
    pub event: EventView,
    pub dry_run: bool,
    /// What changes for licenses; nothing where all was right already.
    pub changes: Vec<Change>,
    /// Mail that becomes owed.
    pub mail: Vec<MailOwed>,
}

/// What would come of replaying many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsed {
    /// Oldest first.
    pub items: Vec<Replayed>,
    /// More match than are looked at: these are the newest.
    pub more: bool,
}

impl Support {
    /// Reads and applies an event again, with the rules of now. What was right stays as it is.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`], [`Refusal::EventChanged`], [`Refusal::Purged`];
    /// [`Failure::Store`].
    pub async fn event_replay(&self, id: i64, asked: Asked) -> Result<Replayed, Failure> {
        let (books, clock) = (self.shelf.now(), Arc::clone(&self.clock));
        let replayed = self
            .write("event replay", move |tx| {
                let now = clock.now();
                seen(tx, id, &asked)?;
                tx.history_append(&NewHistory {
                    subject: format!("event:{id}"),
                    at: now,
                    action: "replayed".to_owned(),
                    cause_event: None,
                    actor: Some(asked.by.clone()),
                    detail: json!({ "reason": asked.reason() }),
                })?;
                again(tx, id, &books, now, false)
            })
            .await?;
        self.bell.notify_one();
        self.post.notify_one();
        Ok(replayed)
    }

    /// What [`Support::event_replay`] would do.
    ///
    /// # Errors
    /// As [`Support::event_replay`].
    pub async fn event_rehearse(&self, id: i64) -> Result<Replayed, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.rehearse("event replay, dry", move |tx| again(tx, id, &books, now, true)).await
    }

    /// Puts all that match back in the line; whoever applies events does the rest. Says how many.
    /// The history keeps who did it, why, and for which events: an entry for each page of them, so
    /// that it is right wherever this is broken off.
    ///
    /// # Errors
    /// [`Failure::Store`]: what is left is put back by the next run.
    pub async fn event_replay_where(
        &self,
        filter: EventFilter,
        asked: Asked,
    ) -> Result<usize, Failure> {
        let (now, detail) = (self.clock.now(), told(&filter));
        self.replay_pages("event replay many", filter, now, move |tx, count, is_first| {
            if count == 0 && !is_first {
                return Ok(());
            }
            let detail = json!({ "count": count, "filter": detail });
            tx.history_append(&asked.note(SERVICE, "events_replayed", detail, now)).map(drop)
        })
        .await
    }

    /// Page after page, each a transaction with what `note` writes in it: nobody is held up by many.
    async fn replay_pages<N>(
        &self,
        name: &'static str,
        filter: EventFilter,
        now: DateTime<Utc>,
        note: N,
    ) -> Result<usize, Failure>
    where
        N: Fn(&mut Tx<'_>, usize, bool) -> Result<(), StoreError> + Clone + Send + 'static,
    {
        let (mut cursor, mut all) = (None, 0);
        loop {
            let (filter, note) = (filter.clone(), note.clone());
            let page = move |tx: &mut Tx<'_>| {
                let (count, next) = tx.event_replay_where(&filter, cursor, REPLAY_PAGE, now)?;
                note(tx, count, cursor.is_none())?;
                Ok((count, next))
            };
            let (count, next) = self.write(name, page).await?;
            self.bell.notify_one();
            all += count;
            match next {
                Some(_) => cursor = next,
                None => return Ok(all),
            }
        }
    }

    /// What [`Support::event_replay_where`] would come to, for the newest `limit` that match.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_rehearse_where(
        &self,
        filter: EventFilter,
        limit: usize,
    ) -> Result<Rehearsed, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.rehearse("event replay many, dry", move |tx| {
            let mut events = tx.event_list(&filter, None, limit + 1)?;
            let more = events.len() > limit;
            events.truncate(limit);
            let mut items = Vec::with_capacity(events.len());
            // Each on top of those before it, as it would be.
            for event in events.iter().rev() {
                match again(tx, event.id, &books, now, true) {
                    Err(Failure::Refused(Refusal::Purged)) => {}
                    replayed => items.push(replayed?),
                }
            }
            Ok(Rehearsed { items, more })
        })
        .await
    }

    /// After new books, which were asked for: events that failed for want of a product or an
    /// account are tried again.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_replay_unmapped(&self, asked: Asked) -> Result<usize, Failure> {
        let now = self.clock.now();
        let mut count = 0;
        for (status, reason) in UNMAPPED {
            let filter = EventFilter {
                status: Some(status),
                reason: Some(reason.to_owned()),
                ..EventFilter::default()
            };
            let name = "event replay unmapped";
            count += self.replay_pages(name, filter, now, |_, _, _| Ok(())).await?;
        }
        self.write("reloaded", move |tx| {
            let detail = json!({ "replayed": count });
            Ok(tx.history_append(&asked.note(SERVICE, "reloaded", detail, now)).map(drop)?)
        })
        .await?;
        Ok(count)
    }
}

/// What another configuration may mend.
const UNMAPPED: [(EventStatus, &str); 4] = [
    (EventStatus::Failed, "unknown_product"),
    (EventStatus::Failed, "unknown_account"),
    (EventStatus::Failed, "api_refused"),
    (EventStatus::Waiting, "needs_setting"),
];

/// What was chosen, for the audit: without the free word, which may be an address or a key.
fn told(filter: &EventFilter) -> serde_json::Value {
    // All fields by name: a new one does not compile until it is thought of here.
    let EventFilter { status, account, event_type, reason, q, since, until, sale_id } = filter;
    json!({
        "status": status.map(EventStatus::as_str),
        "account": account,
        "type": event_type,
        "reason": reason,
        "by_word": q.is_some(),
        "since": since.map(text),
        "until": until.map(text),
        "sale_id": sale_id,
    })
}

/// As if the event had just been received, up to its end; but where the provider has to be asked
/// first, it is left `pending`. One whose content is gone stays as it is: what it told stands in
/// its notices.
fn again(
    tx: &mut Tx<'_>,
    id: i64,
    books: &Books,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Replayed, Failure> {
    if find(tx, id)?.body.is_none() {
        return Err(Refusal::Purged.into());
    }
    tx.event_replay(id, now)?;
    let event = find(tx, id)?;
    let fence = event.fence;
    let Some(applied) = apply_again(tx, event, books, now)? else {
        // It is in the line again: whoever applies events asks the provider and does the rest.
        let event = EventView::from(&find(tx, id)?);
        return Ok(Replayed { event, dry_run, changes: Vec::new(), mail: Vec::new() });
    };
    let Applied { settled, difference, .. } = applied;
    tx.event_settle(id, fence, &settled)?;
    let mail = difference.mail.iter().map(|owed| MailOwed {
        license_id: owed.license_id.clone(),
        template: owed.template.to_owned(),
    });
    Ok(Replayed {
        event: EventView::from(&find(tx, id)?),
        dry_run,
        changes: changes(&difference),
        mail: mail.collect(),
    })
}
