//! Lists of events: each way of asking has an index, and the code says which. Left to itself, a
//! database that is asked for the newest few of something walks down from the newest of all, and
//! reads a million events where the few are old, or do not exist.

use chrono::DateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::super::{Conn, newest_of};
use super::arrival::{ids_after, ids_up_to};
use super::events::{AGAIN, FRESH, matching, without_bodies};
use super::facets::{self, END, Facet, Lead, Span};
use super::lookup::find;
use super::{Result, at_most};
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{AccountWord, Cursor, EventFilter, EventRow};
use crate::store::schema::events;
use crate::store::types::{At, EventStatus, Moment};

/// How many events are looked at in one go.
const CHUNK: usize = 500;

/// How many that are not settled are named in one go.
const PENDING_PAGE: usize = 10_000;

pub(crate) fn event_list(
    conn: &mut Conn,
    filter: &EventFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<EventRow>> {
    let ids = event_ids(conn, filter, cursor, limit)?;
    let mut rows = without_bodies(conn, &ids)?;
    rows.reverse();
    Ok(rows)
}

/// The ids of the newest that match, newest first.
pub(super) fn event_ids(
    conn: &mut Conn,
    filter: &EventFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<i64>> {
    let span = span(conn, filter, cursor)?;
    newest(conn, filter, span, limit)
}

pub(crate) fn event_types(conn: &mut Conn) -> Result<Vec<AccountWord>> {
    let (facets, _) = facets::facets(conn, Lead::Status)?;
    Ok(words(facets, |facet| facet.event_type))
}

pub(crate) fn event_reasons(conn: &mut Conn) -> Result<Vec<AccountWord>> {
    let (facets, _) = facets::facets(conn, Lead::Reason)?;
    Ok(words(facets, |facet| facet.lead))
}

fn words(facets: Vec<Facet>, word: impl Fn(Facet) -> String) -> Vec<AccountWord> {
    let word = |facet: Facet| AccountWord { account: facet.account.clone(), word: word(facet) };
    let mut words: Vec<AccountWord> = facets.into_iter().map(word).collect();
    words.sort();
    words.dedup();
    words
}

/// The part of the list that is asked for. Times become ids where that can be done, so that what
/// is far back is reached at once.
fn span(conn: &mut Conn, filter: &EventFilter, cursor: Cursor) -> Result<Span> {
    let (mut after, mut before) = (0, cursor.unwrap_or(i64::MAX));
    if let Some(since) = filter.since {
        after = ids_after(conn, since)?;
    }
    if let Some(until) = filter.until {
        before = before.min(ids_up_to(conn, until)?.saturating_add(1));
    }
    let since = filter.since.unwrap_or(DateTime::UNIX_EPOCH);
    Ok(Span { after, before, since, until: filter.until.unwrap_or(END) })
}

/// As [`event_ids`], of a part of the list.
fn newest(conn: &mut Conn, filter: &EventFilter, span: Span, limit: usize) -> Result<Vec<i64>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let EventFilter { status, account, event_type, reason, q, since: _, until: _, sale_id } =
        filter;
    let found = find(conn, q.as_deref())?;
    if found.is_some() || sale_id.is_some() {
        let mut ids = of_sales(
            conn,
            &found
                .as_ref()
                .map_or_else(|| sale_id.iter().copied().collect(), |found| found.sales.clone()),
        )?;
        if let Some(found) = found {
            ids.extend(
                events::table
                    .filter(events::dedupe.eq_any(found.dedupes))
                    .select(events::id)
                    .load::<i64>(conn)
                    .of("events")?,
            );
        }
        return screened(conn, ids, filter, &span, limit);
    }
    match (status, account, event_type, reason) {
        (None, None, None, None) => of_all(conn, &span, limit),
        (None, Some(account), None, None) => of_account(conn, account, &span, limit),
        (Some(EventStatus::Pending), _, _, _) => of_pending(conn, filter, &span, limit),
        _ => of_facets(conn, filter, span, limit),
    }
}

fn of_all(conn: &mut Conn, span: &Span, limit: usize) -> Result<Vec<i64>> {
    events::table
        .filter(events::id.gt(span.after))
        .filter(events::id.lt(span.before))
        .filter(events::received_at.ge(At(span.since)))
        .filter(events::received_at.lt(At(span.until)))
        .order(events::id.desc())
        .limit(at_most(limit))
        .select(events::id)
        .load(conn)
        .of("events")
}

fn of_account(conn: &mut Conn, account: &str, span: &Span, limit: usize) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let (of_account, order) = newest_of(&["account"]);
    let ids: Vec<Id> = diesel::sql_query(format!(
        "SELECT id FROM events WHERE {of_account} AND received_at >= $4 AND received_at < $5
         ORDER BY {order} LIMIT $6"
    ))
    .bind::<Text, _>(account)
    .bind::<BigInt, _>(span.before)
    .bind::<BigInt, _>(span.after)
    .bind::<Moment, _>(At(span.since))
    .bind::<Moment, _>(At(span.until))
    .bind::<BigInt, _>(at_most(limit))
    .prepared()
    .load(conn)
    .of("events")?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

fn of_sales(conn: &mut Conn, sales: &[i64]) -> Result<Vec<i64>> {
    events::table
        .filter(events::sale_id.eq_any(sales.iter().copied().map(Some)))
        .select(events::id)
        .load(conn)
        .of("events")
}

/// What is not settled yet: a page at a time, of which there may be many after an outage.
fn of_pending(
    conn: &mut Conn,
    filter: &EventFilter,
    span: &Span,
    limit: usize,
) -> Result<Vec<i64>> {
    let (mut found, mut before) = (Vec::new(), span.before);
    loop {
        let ids = pending(conn, span.after, before)?;
        let last = ids.last().copied().filter(|_| ids.len() >= PENDING_PAGE);
        let more = limit.saturating_sub(found.len());
        found.extend(screened(conn, ids, filter, span, more)?);
        match last {
            Some(last) if found.len() < limit => before = last,
            Some(_) | None => return Ok(found),
        }
    }
}

/// The newest that are not settled, newest first: the two indexes that claims are made by. The sums
/// keep the database from walking through all events in the order of their ids.
fn pending(conn: &mut Conn, after: i64, before: i64) -> Result<Vec<i64>> {
    let mut ids: Vec<i64> = Vec::new();
    for condition in [FRESH, AGAIN] {
        let waiting = events::table
            .filter(sql::<Bool>(condition))
            .filter(sql::<BigInt>("id + 0").gt(after))
            .filter(sql::<BigInt>("id + 0").lt(before))
            .order(sql::<BigInt>("id + 0").desc())
            .limit(at_most(PENDING_PAGE))
            .select(events::id);
        ids.extend(waiting.load::<i64>(conn).of("events")?);
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(PENDING_PAGE);
    Ok(ids)
}

/// By status, type and reason, alone or together.
fn of_facets(
    conn: &mut Conn,
    filter: &EventFilter,
    mut span: Span,
    limit: usize,
) -> Result<Vec<i64>> {
    let (lead, first) = match &filter.reason {
        Some(reason) => (Lead::Reason, Some(reason.as_str())),
        None => (Lead::Status, filter.status.map(EventStatus::as_str)),
    };
    let facets = match (first, &filter.account, &filter.event_type) {
        (Some(lead), Some(account), Some(event_type)) => {
            let (account, event_type) = (account.clone(), event_type.clone());
            vec![Facet { lead: lead.to_owned(), account, event_type }]
        }
        _ => match facets::facets(conn, lead)? {
            (facets, true) => facets,
            (_, false) => return as_planned(conn, filter, &span, limit),
        },
    };
    let wanted = |asked: Option<&str>, there: &str| asked.is_none_or(|asked| asked == there);
    let facets = facets.iter().filter(|facet| {
        wanted(first, &facet.lead)
            && wanted(filter.account.as_deref(), &facet.account)
            && wanted(filter.event_type.as_deref(), &facet.event_type)
    });
    let mut ids = Vec::new();
    if first.is_none() {
        ids = of_pending(conn, filter, &span, limit)?;
    }
    for facet in facets {
        ids.extend(facets::newest(conn, (lead, facet), filter.status, &span, limit)?);
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.truncate(limit);
        // Of the others only what is newer counts.
        if let Some(last) = ids.get(limit.saturating_sub(1)) {
            span.after = span.after.max(*last);
        }
    }
    Ok(ids)
}

/// As the database sees fit.
fn as_planned(
    conn: &mut Conn,
    filter: &EventFilter,
    span: &Span,
    limit: usize,
) -> Result<Vec<i64>> {
    matching(events::table.select(events::id).into_boxed(), filter, None)
        .filter(events::id.gt(span.after))
        .filter(events::id.lt(span.before))
        .order(events::id.desc())
        .limit(at_most(limit))
        .load(conn)
        .of("events")
}

/// Of these, the newest that match. Looked at by their ids alone: no other index is of use then.
fn screened(
    conn: &mut Conn,
    mut ids: Vec<i64>,
    filter: &EventFilter,
    span: &Span,
    limit: usize,
) -> Result<Vec<i64>> {
    ids.retain(|id| span.after < *id && *id < span.before);
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        if found.len() >= limit {
            break;
        }
        let mut seen: Vec<Seen> = events::table
            .filter(events::id.eq_any(chunk))
            .select(Seen::as_select())
            .load(conn)
            .of("events")?;
        seen.retain(|event| event.holds(filter, span));
        seen.sort_unstable_by_key(|event| std::cmp::Reverse(event.id));
        found.extend(seen.into_iter().map(|event| event.id));
    }
    found.truncate(limit);
    Ok(found)
}

/// What a filter looks at.
#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct Seen {
    id: i64,
    account: String,
    event_type: String,
    status: EventStatus,
    reason: Option<String>,
    received_at: At,
    sale_id: Option<i64>,
}

impl Seen {
    fn holds(&self, filter: &EventFilter, span: &Span) -> bool {
        let EventFilter { status, account, event_type, reason, q: _, since: _, until: _, sale_id } =
            filter;
        let received_at = DateTime::from(self.received_at);
        status.is_none_or(|status| status == self.status)
            && account.as_ref().is_none_or(|account| *account == self.account)
            && event_type.as_ref().is_none_or(|event_type| *event_type == self.event_type)
            && reason.as_ref().is_none_or(|reason| Some(reason) == self.reason.as_ref())
            && sale_id.is_none_or(|sale_id| Some(sale_id) == self.sale_id)
            && (span.since..span.until).contains(&received_at)
    }
}
