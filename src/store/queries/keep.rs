//! Keeping events: the one thing that must not fail, and must not happen twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;

use super::super::{Conn, event_insert};
use super::Result;
use crate::store::error::{Of, StoreError};
use crate::store::rows::{Kept, NewEvent, Outcome, PULLED, TOLD_AGAIN};
use crate::store::schema::events;
use crate::store::types::{At, Dedupe, Digest, EventStatus, Json, JsonText};

/// What is kept of an event's type. It stands in indexes, which hold no text without end; no
/// provider has a type nearly as long.
const TYPE_CHARS_MAX: usize = 128;

/// An event as it is inserted.
#[derive(Debug)]
pub(crate) struct EventRecord<'a> {
    pub(crate) account: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) provider_event_id: Option<String>,
    pub(crate) dedupe: Dedupe,
    pub(crate) content_digest: Digest,
    pub(crate) event_type: String,
    pub(crate) status: EventStatus,
    pub(crate) reason: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) received_at: At,
    pub(crate) occurred_at: At,
    pub(crate) live: Option<bool>,
    pub(crate) headers: JsonText,
    /// In a table of its own: what an event comes to is written to its row again and again.
    pub(crate) body: &'a [u8],
}

/// Keeps events, sorted by [`Dedupe`]: two nodes that keep the same ones wait for each other in
/// a line, not in a circle.
pub(crate) fn event_keep(conn: &mut Conn, new: &[NewEvent]) -> Result<Vec<Kept>> {
    let mut kept = vec![None; new.len()];
    keep_as(conn, new, &mut kept, As::Told)?;
    // The same event with another content: a second row, known by its content too, so that the
    // third copy is a duplicate of it.
    keep_as(conn, new, &mut kept, As::Conflicting)?;
    let all: Option<Vec<Kept>> = kept.into_iter().collect();
    all.ok_or_else(|| StoreError::Refused("an event is known by another one's name".to_owned()))
}

/// How an event is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Told,
    Conflicting,
}

/// The row that a name stands for.
struct Holder {
    id: i64,
    content: Digest,
    /// The place in the call of the event that it was made for. `None`: it was there before.
    made_for: Option<usize>,
}

/// Keeps those that are not kept yet. What has another content than the row of its name stays
/// open.
fn keep_as(conn: &mut Conn, new: &[NewEvent], kept: &mut [Option<Kept>], how: As) -> Result<()> {
    let mut open: Vec<_> =
        new.iter().enumerate().zip(kept).filter(|(_, kept)| kept.is_none()).collect();
    // One row a name: what comes twice in one call is inserted once.
    let mut firsts = BTreeMap::new();
    for ((place, event), _) in &open {
        firsts.entry(name(event, how)).or_insert((*place, *event));
    }
    if firsts.is_empty() {
        return Ok(());
    }
    let holders = holders(conn, &firsts, how)?;
    for ((place, event), kept) in &mut open {
        let holder = holders.get(&name(event, how)).ok_or_else(|| {
            StoreError::Busy("an event came and went at the same moment".to_owned())
        })?;
        if holder.content != event.content_digest {
            continue;
        }
        let made_for_it = holder.made_for == Some(*place);
        let outcome = match how {
            As::Told if made_for_it => Outcome::Fresh,
            As::Conflicting if made_for_it => Outcome::Conflict,
            As::Told | As::Conflicting => Outcome::Duplicate,
        };
        **kept = Some(Kept { id: holder.id, outcome });
    }
    Ok(())
}

/// Inserts what is new, and gives the rows of all these names.
fn holders(
    conn: &mut Conn,
    firsts: &BTreeMap<Dedupe, (usize, &NewEvent)>,
    how: As,
) -> Result<HashMap<Dedupe, Holder>> {
    let pulled = match how {
        As::Told => HashSet::new(),
        As::Conflicting => pulled(conn, firsts.values().map(|(_, event)| event.dedupe))?,
    };
    let records: Vec<_> = firsts
        .values()
        .map(|(_, event)| record(event, how, event.pulled() || pulled.contains(&event.dedupe)))
        .collect();
    let mut holders = HashMap::with_capacity(firsts.len());
    for (name, id) in event_insert(conn, &records).of("events")? {
        if let Some((place, event)) = firsts.get(&name) {
            let content = event.content_digest;
            holders.insert(name, Holder { id, content, made_for: Some(*place) });
        }
    }
    let others: Vec<Dedupe> =
        firsts.keys().filter(|name| !holders.contains_key(name)).copied().collect();
    if others.is_empty() {
        return Ok(holders);
    }
    let known: Vec<(Dedupe, i64, Digest)> = events::table
        .filter(events::dedupe.eq_any(others))
        .select((events::dedupe, events::id, events::content_digest))
        .load(conn)
        .of("events")?;
    let known =
        known.into_iter().map(|(name, id, content)| (name, Holder { id, content, made_for: None }));
    holders.extend(known);
    Ok(holders)
}

/// Those of the events that were pulled, not sent. Asked only where two tellings differ.
fn pulled(conn: &mut Conn, names: impl Iterator<Item = Dedupe>) -> Result<HashSet<Dedupe>> {
    let rows: Vec<(Dedupe, Json)> = events::table
        .filter(events::dedupe.eq_any(names.collect::<Vec<_>>()))
        .select((events::dedupe, events::headers))
        .load(conn)
        .of("events")?;
    let marked = rows.into_iter().filter(|(_, headers)| headers.0.get(PULLED).is_some());
    Ok(marked.map(|(name, _)| name).collect())
}

fn name(event: &NewEvent, how: As) -> Dedupe {
    match how {
        As::Told => event.dedupe,
        As::Conflicting => event.second_name(),
    }
}

/// `pulled`: one of its tellings was pulled.
fn record(event: &NewEvent, how: As, pulled: bool) -> EventRecord<'_> {
    let (status, reason, message) = match how {
        As::Told => (EventStatus::Pending, None, None),
        // How a list is written is not how a webhook is: whoever applies it compares the two.
        As::Conflicting if pulled => (EventStatus::Pending, Some(TOLD_AGAIN), None),
        As::Conflicting => (
            EventStatus::Failed,
            Some("conflicting_body"),
            Some(
                "The provider sent this event before, under the same id, with another content. \
                 The first one was used. Compare the two; replay this one if it is the right one.",
            ),
        ),
    };
    EventRecord {
        account: &event.account,
        kind: &event.kind,
        provider_event_id: event.provider_event_id.as_deref().map(without_nul),
        dedupe: name(event, how),
        content_digest: event.content_digest,
        event_type: without_nul(&event.event_type).chars().take(TYPE_CHARS_MAX).collect(),
        status,
        reason,
        message,
        received_at: At(event.received_at),
        occurred_at: At(event.occurred_at),
        live: event.live,
        headers: JsonText(event.headers.to_string()),
        body: &event.body,
    }
}

/// PostgreSQL holds no NUL in a text, and what is authentic must be stored whatever it says.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
