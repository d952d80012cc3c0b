//! The history as a list, and what a head of it is made of.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::Conn;
use super::history::history_by_id;
use super::{Result, at_most, naming_row};
use crate::store::error::Of;
use crate::store::rows::{Cursor, HistoryFilter, HistoryRow};
use crate::store::schema::history;
use crate::store::types::{At, Digest};

/// Written out rather than bound: a partial index is only used where its condition can be read.
const BY_PEOPLE: &str = "actor IS NOT NULL";

pub(crate) fn history_list(
    conn: &mut Conn,
    filter: &HistoryFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<HistoryRow>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let HistoryFilter { actor, action, subject, since, until, all } = filter;
    let mut query = history::table.select(history::id).into_boxed();
    if !all {
        query = query.filter(sql::<Bool>(BY_PEOPLE));
    }
    if let Some(actor) = actor {
        query = query.filter(history::actor.eq(Some(actor)));
    }
    if let Some(action) = action {
        query = query.filter(history::action.eq(action));
    }
    if let Some(subject) = subject {
        query = query.filter(history::subject.eq(subject));
    }
    if let Some(since) = since {
        query = query.filter(history::at.ge(At(*since)));
    }
    if let Some(until) = until {
        query = query.filter(history::at.lt(At(*until)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(history::id.lt(cursor));
    }
    let newest = query.order(history::id.desc()).limit(at_most(limit));
    let ids: Vec<i64> = newest.load(conn).of("history")?;
    let rows = history::table
        .filter(history::id.eq_any(&ids))
        .order(history::id.desc())
        .select(HistoryRow::as_select())
        .load(conn)
        .of("history");
    naming_row(conn, rows, &ids, history_by_id)
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
