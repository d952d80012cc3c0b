//! Events: search, one with everything about it, one set aside.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::view::{EventView, EventWhole, HistoryView, Page};
use super::{Asked, Failure, Refusal, Support};
use crate::apply;
use crate::books::Books;
use crate::rules::fold::{Folded, fold};
use crate::store::Tx;
use crate::store::rows::{AccountWord, Cursor, EventFilter, EventRow, HistoryRow, NewHistory};
use crate::store::types::EventStatus;

impl Support {
    /// Events, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_list(
        &self,
        filter: EventFilter,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Page<EventView>, Failure> {
        self.read("event list", move |tx| {
            let rows = tx.event_list(&filter, cursor, limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.to_string());
            Ok(page.map(|row| EventView::from(&row)))
        })
        .await
    }

    /// The types of events that came, by account: what a filter can be set to.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_types(&self) -> Result<Vec<AccountWord>, Failure> {
        self.read("event types", |tx| Ok(tx.event_types()?)).await
    }

    /// The reasons for which events failed, wait or were ignored, by account.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_reasons(&self) -> Result<Vec<AccountWord>, Failure> {
        self.read("event reasons", |tx| Ok(tx.event_reasons()?)).await
    }

    /// One event, with headers, body, notices and what it led to.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`]; [`Failure::Store`].
    pub async fn event(&self, id: i64) -> Result<EventWhole, Failure> {
        self.read("event show", move |tx| {
            let row = find(tx, id)?;
            let notices = tx.notices_of_event(id)?;
            Ok(EventWhole {
                event: EventView::from(&row),
                headers: row.headers.clone(),
                body: row.body.as_deref().map_or(Value::Null, content),
                notices: notices.into_iter().map(|notice| notice.body).collect(),
                history: history(tx, &row)?,
            })
        })
        .await
    }

    /// Sets an event aside: what it told does not count, until it is replayed.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`], [`Refusal::EventChanged`], [`Refusal::NotOpen`],
    /// [`Refusal::Bears`]; [`Failure::Store`].
    pub async fn event_ignore(&self, id: i64, asked: Asked) -> Result<EventView, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.write("event ignore", move |tx| {
            let row = seen(tx, id, &asked)?;
            match row.status {
                EventStatus::Failed | EventStatus::Waiting => {}
                EventStatus::Pending | EventStatus::Applied | EventStatus::Ignored => {
                    return Err(Refusal::NotOpen(row.status.as_str()).into());
                }
            }
            forget(tx, &row, &books)?;
            let reason = asked.reason();
            let message = match &reason {
                Some(reason) => format!("set aside by {}: {reason}", asked.by),
                None => format!("set aside by {}", asked.by),
            };
            tx.event_ignore(id, &message)?;
            tx.history_append(&NewHistory {
                subject: format!("event:{id}"),
                at: now,
                action: "ignored".to_owned(),
                cause_event: None,
                actor: Some(asked.by.clone()),
                detail: json!({ "reason": reason }),
            })?;
            Ok(EventView::from(&find(tx, id)?))
        })
        .await
    }
}

/// One event with its body.
pub(super) fn find(tx: &mut Tx<'_>, id: i64) -> Result<EventRow, Failure> {
    Ok(tx.event_by_id(id)?.ok_or_else(|| Refusal::UnknownEvent(id.to_string()))?)
}

/// The same, if it is still what the caller saw.
pub(super) fn seen(tx: &mut Tx<'_>, id: i64, asked: &Asked) -> Result<EventRow, Failure> {
    let row = find(tx, id)?;
    match asked.version {
        Some(version) if version != row.fence => {
            Err(Refusal::EventChanged { now: row.status.as_str() }.into())
        }
        Some(_) | None => Ok(row),
    }
}

/// Takes the event's notices out of its sale. Refused where licenses stand on them: they would
/// be left with nothing that explains them.
fn forget(tx: &mut Tx<'_>, row: &EventRow, books: &Books) -> Result<(), Failure> {
    let Some(sale_id) = row.sale_id else { return Ok(()) };
    tx.sale_lock(&[sale_id])?;
    let mut told = apply::told(&tx.notices_of_sale(sale_id)?)?;
    let with = licenses(&fold(&told, &books.config.catalogue, &row.account));
    told.retain(|one| one.event_id != row.id);
    let without = licenses(&fold(&told, &books.config.catalogue, &row.account));
    if with != without {
        return Err(Refusal::Bears { account: row.account.clone() }.into());
    }
    tx.notices_replace(row.id, None, &[])?;
    Ok(())
}

/// What the fold says of licenses, without how it came about.
fn licenses(folded: &Folded) -> Vec<crate::rules::fold::License> {
    let mut licenses = folded.licenses.clone();
    licenses.iter_mut().for_each(|license| license.steps.clear());
    licenses
}

/// What was done to the event, and what it did to licenses of its sale.
fn history(tx: &mut Tx<'_>, row: &EventRow) -> Result<Vec<HistoryView>, Failure> {
    let mut entries = tx.history_of(&format!("event:{}", row.id))?;
    let licenses = match row.sale_id {
        Some(sale_id) => tx.licenses_of_sale(sale_id)?,
        None => Vec::new(),
    };
    let subjects: Vec<String> =
        licenses.iter().map(|license| format!("license:{}", license.id)).collect();
    let of_licenses = tx.history_of_all(&subjects)?;
    entries.extend(of_licenses.into_iter().filter(|entry| entry.cause_event == Some(row.id)));
    entries.sort_by_key(|entry| (entry.at, entry.id));
    let view = |entry: &HistoryRow| HistoryView::new(entry, entry.cause_event.map(|_| row));
    Ok(entries.iter().map(view).collect())
}

/// The body as it reads best.
fn content(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    }
}
