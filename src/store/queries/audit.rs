//! The history as a list, and what a head of it is made of.
//!
//! As with events, the code says which index answers, so that what hardly ever happened is found
//! as quickly as what happens all day. Each of them ends with the time and the number of an entry,
//! and that is the order of the list.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::{Conn, latest_of};
use super::history::history_by_id;
use super::{Result, at_most, naming_row};
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{Cursor, HistoryFilter, HistoryRow};
use crate::store::schema::history;
use crate::store::types::{At, Digest, Moment};

/// Written out rather than bound: a partial index is only used where its condition can be read.
const BY_PEOPLE: &str = " AND actor IS NOT NULL";

/// Later than any entry: PostgreSQL does not take chrono's own last moment.
const END: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end) => end,
    None => DateTime::<Utc>::MAX_UTC,
};

/// Where an entry stands in the list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: DateTime<Utc>,
    id: i64,
}

/// Which part of the list is asked for.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Below this place.
    before: Place,
    /// At or after.
    since: DateTime<Utc>,
    limit: usize,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Moment)]
    at: At,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct Action {
    #[diesel(sql_type = Text)]
    action: String,
}

pub(crate) fn history_list(
    conn: &mut Conn,
    filter: &HistoryFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<HistoryRow>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let HistoryFilter { actor, action, subject, since, until, all } = filter;
    let Some(mut before) = place(conn, cursor)? else { return Ok(Vec::new()) };
    if let Some(until) = until {
        before = before.min(Place { at: *until, id: 0 });
    }
    let span = Span { before, since: since.unwrap_or(DateTime::UNIX_EPOCH), limit };
    let places = match (subject, actor, action) {
        (Some(subject), actor, action) => of_subject(conn, subject, (actor, action, *all), span)?,
        (None, Some(actor), Some(action)) => {
            newest(conn, &[("actor", actor), ("action", action)], BY_PEOPLE, span)?
        }
        (None, Some(actor), None) => {
            let actions = actions(conn, Some(actor))?;
            let lead = |action| [("actor", actor.as_str()), ("action", action)];
            newest_of_all(conn, &actions, lead, BY_PEOPLE, span)?
        }
        (None, None, Some(action)) => {
            newest(conn, &[("action", action)], if *all { "" } else { BY_PEOPLE }, span)?
        }
        (None, None, None) if *all => {
            let actions = actions(conn, None)?;
            newest_of_all(conn, &actions, |action| [("action", action)], "", span)?
        }
        (None, None, None) => newest(conn, &[], BY_PEOPLE, span)?,
    };
    rows(conn, &places)
}

/// Where the list goes on. `None`: there is nothing up to the cursor.
fn place(conn: &mut Conn, cursor: Cursor) -> Result<Option<Place>> {
    let Some(id) = cursor else { return Ok(Some(Place { at: END, id: 0 })) };
    let seen: Option<At> = history::table
        .filter(history::id.le(id))
        .order(history::id.desc())
        .select(history::at)
        .first(conn)
        .optional()
        .of("history")?;
    Ok(seen.map(|at| Place { at: at.into(), id }))
}

/// These entries, in this order.
fn rows(conn: &mut Conn, places: &[Place]) -> Result<Vec<HistoryRow>> {
    let ids: Vec<i64> = places.iter().map(|place| place.id).collect();
    let rows = history::table
        .filter(history::id.eq_any(&ids))
        .select(HistoryRow::as_select())
        .load::<HistoryRow>(conn)
        .of("history");
    let mut rows = naming_row(conn, rows, &ids, history_by_id)?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    Ok(rows)
}

/// The newest entries whose columns have these values, by the index that begins with them.
fn newest(
    conn: &mut Conn,
    equal: &[(&str, &str)],
    condition: &str,
    Span { before, since, limit }: Span,
) -> Result<Vec<Place>> {
    let columns: Vec<&str> = equal.iter().map(|(column, _)| *column).collect();
    let (of_columns, order) = latest_of(&columns);
    let named: String = columns.iter().map(|column| format!(", {column}")).collect();
    let inside =
        columns.iter().zip(3..).map(|(column, number)| format!("{column} = ${number} AND "));
    // SQLite numbers its parameters as it meets them.
    let query = diesel::sql_query(format!(
        "WITH few AS (
             SELECT at, id{named} FROM history WHERE {of_columns}{condition}
             ORDER BY {order} LIMIT ${last}
         )
         SELECT at, id FROM few WHERE {inside}at >= ${since} ORDER BY {order}",
        inside = inside.collect::<String>(),
        last = equal.len() + 3,
        since = equal.len() + 4,
    ))
    .bind::<Moment, _>(At(before.at))
    .bind::<BigInt, _>(before.id);
    let (limit, since) = (at_most(limit), At(since));
    let found: QueryResult<Vec<Found>> = match equal {
        [] => query.bind::<BigInt, _>(limit).bind::<Moment, _>(since).prepared().load(conn),
        [(_, one)] => query
            .bind::<Text, _>(*one)
            .bind::<BigInt, _>(limit)
            .bind::<Moment, _>(since)
            .prepared()
            .load(conn),
        [(_, one), (_, other), ..] => query
            .bind::<Text, _>(*one)
            .bind::<Text, _>(*other)
            .bind::<BigInt, _>(limit)
            .bind::<Moment, _>(since)
            .prepared()
            .load(conn),
    };
    let place = |found: Found| Place { at: found.at.into(), id: found.id };
    Ok(found.of("history")?.into_iter().map(place).collect())
}

/// The newest of several actions together. There are dozens of them at most.
fn newest_of_all<'a, const N: usize>(
    conn: &mut Conn,
    actions: &'a [String],
    lead: impl Fn(&'a str) -> [(&'static str, &'a str); N],
    condition: &str,
    mut span: Span,
) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for action in actions {
        places.extend(newest(conn, &lead(action), condition, span)?);
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.truncate(span.limit);
        // Of the others only what is newer counts.
        if let Some(last) = places.get(span.limit.saturating_sub(1)) {
            span.since = span.since.max(last.at);
        }
    }
    Ok(places)
}

/// All of a subject is looked at: the entries of a license are few.
fn of_subject(
    conn: &mut Conn,
    subject: &str,
    (actor, action, all): (&Option<String>, &Option<String>, bool),
    Span { before, since, limit }: Span,
) -> Result<Vec<Place>> {
    type Seen = (At, i64, Option<String>, String);
    let seen: Vec<Seen> = history::table
        .filter(history::subject.eq(subject))
        .select((history::at, history::id, history::actor, history::action))
        .load(conn)
        .of("history")?;
    let wanted = |(_, _, by, what): &Seen| {
        (all || by.is_some())
            && actor.as_ref().is_none_or(|actor| Some(actor) == by.as_ref())
            && action.as_ref().is_none_or(|action| action == what)
    };
    let place = |(at, id, ..): Seen| Place { at: at.into(), id };
    let mut places: Vec<Place> = seen.into_iter().filter(wanted).map(place).collect();
    places.retain(|place| *place < before && place.at >= since);
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(limit);
    Ok(places)
}

/// What was ever done, by anybody or by this one: from one to the next along the index.
fn actions(conn: &mut Conn, actor: Option<&str>) -> Result<Vec<String>> {
    let of_actor = match actor {
        Some(_) => "history.actor = $1 AND history.actor IS NOT NULL",
        None => "history.action IS NOT NULL",
    };
    let query = diesel::sql_query(format!(
        "WITH RECURSIVE names (action) AS (
             SELECT (SELECT action FROM history WHERE {of_actor} ORDER BY action LIMIT 1)
             UNION ALL
             SELECT (SELECT history.action FROM history
                     WHERE {of_actor} AND history.action > names.action
                     ORDER BY history.action LIMIT 1)
             FROM names WHERE names.action IS NOT NULL
         )
         SELECT action FROM names WHERE action IS NOT NULL"
    ));
    let actions: QueryResult<Vec<Action>> = match actor {
        Some(actor) => query.bind::<Text, _>(actor).prepared().load(conn),
        None => query.prepared().load(conn),
    };
    Ok(actions.of("history")?.into_iter().map(|row| row.action).collect())
}

pub(crate) fn history_newest(conn: &mut Conn, before: DateTime<Utc>) -> Result<Option<i64>> {
    history::table
        .filter(history::at.lt(At(before)))
        .order(history::id.desc())
        .select(history::id)
        .first(conn)
        .optional()
        .of("history")
}

pub(crate) fn history_hashes(
    conn: &mut Conn,
    after: i64,
    upto: i64,
    limit: usize,
) -> Result<Vec<(i64, Digest)>> {
    history::table
        .filter(history::id.gt(after))
        .filter(history::id.le(upto))
        .order(history::id)
        .limit(at_most(limit))
        .select((history::id, history::hash))
        .load(conn)
        .of("history")
}
