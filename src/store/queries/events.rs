//! Events: looking at them, and what support does with them.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable};
use serde_json::{Map, Value};

use super::super::Conn;
use super::event_list::event_ids;
use super::lookup::{Found, find, or_none};
use super::{Db, Result, hit, naming_row};
use crate::store::error::Of;
use crate::store::prepared::hits;
use crate::store::rows::{Cursor, EventCounts, EventFilter, EventRow};
use crate::store::schema::{events, payloads};
use crate::store::types::{At, EventStatus, Json};

// Written out rather than bound: a partial index is only used where its condition can be read.
pub(super) const FRESH: &str = "status = 'pending' AND attempts = 0";
pub(super) const AGAIN: &str = "status = 'pending' AND attempts > 0";

/// The columns of an [`EventRow`] with nothing in place of the body.
macro_rules! without_body {
    () => {
        (
            events::id,
            events::account,
            events::kind,
            events::provider_event_id,
            events::dedupe,
            events::content_digest,
            events::event_type,
            events::status,
            events::reason,
            events::message,
            events::received_at,
            events::occurred_at,
            events::live,
            events::attempts,
            events::next_at,
            events::claimed_until,
            events::fence,
            events::lapsed,
            events::sale_id,
            events::headers,
            None::<Vec<u8>>.into_sql::<Nullable<Binary>>(),
            None::<Vec<u8>>.into_sql::<Nullable<Binary>>(),
        )
    };
}

/// As if just received; the claim of whoever works on it is void.
macro_rules! replayed {
    ($now:expr) => {
        (
            events::status.eq(EventStatus::Pending),
            events::reason.eq(None::<String>),
            events::message.eq(None::<String>),
            events::attempts.eq(0),
            events::lapsed.eq(0),
            events::next_at.eq(At($now)),
            events::claimed_until.eq(None::<At>),
            events::fence.eq(events::fence + 1),
        )
    };
}

/// Whole events.
#[diesel::dsl::auto_type]
pub(super) fn with_bodies() -> _ {
    let row: AsSelect<EventRow, Db> = EventRow::as_select();
    events::table.left_join(payloads::table).select(row)
}

/// Those that were not purged.
#[diesel::dsl::auto_type]
pub(super) fn with_body() -> _ {
    exists(payloads::table.filter(payloads::event_id.eq(events::id)))
}

pub(crate) fn event_by_id(conn: &mut Conn, id: i64) -> Result<Option<EventRow>> {
    with_bodies().filter(events::id.eq(id)).first(conn).optional().of_row("events", id)
}

/// Clears what these events said, all of it; the caller has locked them.
pub(super) fn clear(conn: &mut Conn, ids: &[i64]) -> Result<usize> {
    let payloads = payloads::table.filter(payloads::event_id.eq_any(ids));
    let cleared = diesel::delete(payloads).execute(conn).of("payloads")?;
    diesel::update(events::table.filter(events::id.eq_any(ids)))
        .set(events::headers.eq(Json(Value::Object(Map::new()))))
        .execute(conn)
        .of("events")?;
    Ok(cleared)
}

pub(crate) fn events_of_sale(conn: &mut Conn, sale_id: i64) -> Result<Vec<EventRow>> {
    let ids: Vec<i64> = events::table
        .filter(events::sale_id.eq(Some(sale_id)))
        .select(events::id)
        .load(conn)
        .of("events")?;
    without_bodies(conn, &ids)
}

/// These events, oldest first.
pub(super) fn without_bodies(conn: &mut Conn, ids: &[i64]) -> Result<Vec<EventRow>> {
    let rows = events::table
        .filter(events::id.eq_any(ids))
        .order(events::id)
        .select(without_body!())
        .load(conn)
        .of("events");
    naming_row(conn, rows, ids, event_by_id)
}

pub(crate) fn event_replay(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<()> {
    let rows =
        diesel::update(events::table.find(id)).set(replayed!(now)).execute(conn).of("events")?;
    hit(rows, "the event", id)
}

pub(crate) fn event_replay_where(
    conn: &mut Conn,
    filter: &EventFilter,
    cursor: Cursor,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<(usize, Cursor)> {
    let mut page = event_ids(conn, filter, cursor, limit)?;
    let next = page.last().copied().filter(|_| page.len() >= limit);
    page.sort_unstable();
    let lock = events::table.filter(events::id.eq_any(&page)).order(events::id).select(events::id);
    let _: Vec<i64> = locked!(lock).load(conn).of("events")?;
    // They may have become something else while we waited for them.
    let found = find(conn, filter.q.as_deref())?;
    let ids: Vec<i64> = matching(events::table.select(events::id).into_boxed(), filter, found)
        .filter(events::id.eq_any(page))
        .load(conn)
        .of("events")?;
    // What was purged cannot be read again: it stays as it ended.
    let whole = events::table.filter(events::id.eq_any(ids)).filter(with_body());
    let count = diesel::update(whole).set(replayed!(now)).execute(conn).of("events")?;
    Ok((count, next))
}

pub(crate) fn event_ignore(conn: &mut Conn, id: i64, message: &str) -> Result<()> {
    let rows = diesel::update(events::table.find(id))
        .set((
            events::status.eq(EventStatus::Ignored),
            events::reason.eq(Some("set_aside")),
            events::message.eq(Some(message)),
            events::fence.eq(events::fence + 1),
            events::claimed_until.eq(None::<At>),
        ))
        .execute(conn)
        .of("events")?;
    hit(rows, "the event", id)
}

pub(crate) fn events_release(conn: &mut Conn, sale_id: i64) -> Result<usize> {
    let waiting = events::table
        .filter(events::sale_id.eq(Some(sale_id)))
        .filter(sql::<Bool>("status = 'waiting'"));
    let release = diesel::update(waiting).set((
        events::status.eq(EventStatus::Applied),
        events::reason.eq(None::<String>),
        events::message.eq(None::<String>),
    ));
    hits!(release, conn).of("events")
}

pub(crate) fn event_counts(conn: &mut Conn) -> Result<EventCounts> {
    let mut count = |condition: &str| {
        events::table.filter(sql::<Bool>(condition)).count().get_result::<i64>(conn).of("events")
    };
    let pending = count(FRESH)? + count(AGAIN)?;
    let failed = count("status = 'failed'")?;
    let waiting = count("status = 'waiting'")?;
    let oldest_pending = [FRESH, AGAIN].into_iter().map(|condition| oldest(conn, condition));
    let oldest_pending = oldest_pending.collect::<Result<Vec<_>>>()?.into_iter().flatten().min();
    Ok(EventCounts { pending, failed, waiting, oldest_pending: oldest_pending.map(|(_, at)| at) })
}

/// The first event of this condition, by its id. The sum keeps the database from walking through
/// all events in the order of their ids: the condition's own index holds nothing else.
fn oldest(conn: &mut Conn, condition: &str) -> Result<Option<(i64, DateTime<Utc>)>> {
    let first: Option<i64> = events::table
        .filter(sql::<Bool>(condition))
        .select(sql::<Nullable<BigInt>>("min(id + 0)"))
        .first(conn)
        .of("events")?;
    let Some(id) = first else { return Ok(None) };
    let at: Option<At> =
        events::table.find(id).select(events::received_at).first(conn).optional().of("events")?;
    Ok(at.map(|at| (id, at.into())))
}

pub(crate) fn event_newest_received(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    let newest: Option<At> = events::table
        .order(events::id.desc())
        .select(events::received_at)
        .first(conn)
        .optional()
        .of("events")?;
    Ok(newest.map(DateTime::from))
}

pub(super) fn matching<'a, ST>(
    mut query: events::BoxedQuery<'a, Db, ST>,
    filter: &'a EventFilter,
    found: Option<Found>,
) -> events::BoxedQuery<'a, Db, ST> {
    // All fields by name: a new one does not compile until it is thought of here.
    let EventFilter { status, account, event_type, reason, q: _, since, until, sale_id } = filter;
    if let Some(status) = status {
        query = match status {
            // Written out, for the partial index.
            EventStatus::Failed => query.filter(sql::<Bool>("status = 'failed'")),
            EventStatus::Waiting => query.filter(sql::<Bool>("status = 'waiting'")),
            EventStatus::Pending | EventStatus::Applied | EventStatus::Ignored => {
                query.filter(events::status.eq(*status))
            }
        };
    }
    if let Some(account) = account {
        query = query.filter(events::account.eq(account));
    }
    if let Some(event_type) = event_type {
        query = query.filter(events::event_type.eq(event_type));
    }
    if let Some(reason) = reason {
        query = query.filter(events::reason.eq(Some(reason)));
    }
    if let Some(found) = found {
        let of_sale = events::sale_id.eq_any(or_none(found.sales));
        query = query.filter(events::dedupe.eq_any(found.dedupes).or(of_sale));
    }
    if let Some(since) = since {
        query = query.filter(events::received_at.ge(At(*since)));
    }
    if let Some(until) = until {
        query = query.filter(events::received_at.lt(At(*until)));
    }
    if let Some(sale_id) = sale_id {
        query = query.filter(events::sale_id.eq(Some(*sale_id)));
    }
    query
}
