//! Keeping events: the one thing that must not fail, and must not happen twice.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::super::{Conn, event_insert};
use super::Result;
use crate::store::error::{Of, StoreError};
use crate::store::rows::{Kept, NewEvent, Outcome};
use crate::store::schema::events;
use crate::store::types::{At, Dedupe, Digest, EventStatus, JsonText};

/// An event as it is inserted.
#[derive(Debug, Insertable)]
#[diesel(table_name = events)]
#[diesel(treat_none_as_default_value = false)]
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
    pub(crate) attempts: i32,
    pub(crate) next_at: At,
    pub(crate) fence: i64,
    pub(crate) headers: JsonText,
    pub(crate) body: &'a [u8],
}

/// Keeps events: in the order given, but for the locks, which are taken in the order of
/// [`Dedupe`], so that two nodes that keep the same events do not wait for each other.
pub(crate) fn event_keep(conn: &mut Conn, new: &[NewEvent]) -> Result<Vec<Kept>> {
    let mut kept = vec![None; new.len()];
    keep_as(conn, new, &mut kept, As::Told)?;
    // The same event with another content: a second row, known by its content too, so that the
    // third copy is a duplicate of it.
    keep_as(conn, new, &mut kept, As::Conflicting)?;
    let all: Option<Vec<Kept>> = kept.into_iter().collect();
    all.ok_or_else(|| StoreError::Busy("an event came and went at the same moment".to_owned()))
}

/// How a row is to be known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Told,
    Conflicting,
}

fn keep_as(conn: &mut Conn, new: &[NewEvent], kept: &mut [Option<Kept>], how: As) -> Result<()> {
    // One row a name: what comes twice in one call is inserted once.
    let mut firsts = BTreeMap::new();
    for (position, event) in new.iter().enumerate() {
        if kept.get(position).is_some_and(Option::is_none) {
            firsts.entry(name(event, how)).or_insert(position);
        }
    }
    if firsts.is_empty() {
        return Ok(());
    }
    let records: Vec<_> = firsts
        .values()
        .filter_map(|position| new.get(*position))
        .map(|event| record(event, how))
        .collect();
    let inserted: HashMap<Dedupe, i64> =
        event_insert(conn, &records).of("events")?.into_iter().collect();
    let known = known(conn, firsts.keys().filter(|name| !inserted.contains_key(name)))?;
    for (position, (event, slot)) in new.iter().zip(kept).enumerate() {
        if slot.is_none() {
            let name = name(event, how);
            let first = firsts.get(&name) == Some(&position);
            *slot = match (inserted.get(&name), known.get(&name)) {
                (Some(id), _) if first => Some(how.fresh(*id)),
                (Some(id), _) => {
                    let as_first = firsts.get(&name).and_then(|first| new.get(*first));
                    as_first
                        .is_some_and(|first| first.content_digest == event.content_digest)
                        .then_some(Kept { id: *id, outcome: Outcome::Duplicate })
                }
                (None, Some((id, digest))) => (*digest == event.content_digest)
                    .then_some(Kept { id: *id, outcome: Outcome::Duplicate }),
                (None, None) => None,
            };
        }
    }
    Ok(())
}

impl As {
    fn fresh(self, id: i64) -> Kept {
        let outcome = match self {
            Self::Told => Outcome::Fresh,
            Self::Conflicting => Outcome::Conflict,
        };
        Kept { id, outcome }
    }
}

/// What there is under these names already.
fn known<'a>(
    conn: &mut Conn,
    names: impl Iterator<Item = &'a Dedupe>,
) -> Result<HashMap<Dedupe, (i64, Digest)>> {
    let names: Vec<Dedupe> = names.copied().collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Dedupe, i64, Digest)> = events::table
        .filter(events::dedupe.eq_any(names))
        .select((events::dedupe, events::id, events::content_digest))
        .load(conn)
        .of("events")?;
    Ok(rows.into_iter().map(|(name, id, digest)| (name, (id, digest))).collect())
}

fn name(event: &NewEvent, how: As) -> Dedupe {
    match how {
        As::Told => event.dedupe,
        As::Conflicting => {
            let hash =
                Sha256::new().chain_update(event.dedupe.0).chain_update(event.content_digest.0);
            crate::store::first_half(hash)
        }
    }
}

fn record(event: &NewEvent, how: As) -> EventRecord<'_> {
    let (status, reason, message) = match how {
        As::Told => (EventStatus::Pending, None, None),
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
        event_type: without_nul(&event.event_type),
        status,
        reason,
        message,
        received_at: At(event.received_at),
        occurred_at: At(event.occurred_at),
        live: event.live,
        attempts: 0,
        next_at: At(event.received_at),
        fence: 0,
        headers: JsonText(event.headers.to_string()),
        body: &event.body,
    }
}

/// PostgreSQL holds no NUL in a text, and what is authentic must be stored whatever it says.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
