//! Whole tables, oldest first, part by part: each part begins behind the row before it, by an index,
//! so that the last costs as little as the first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::Conn;
use super::events::without_bodies;
use super::licenses::license_by_id;
use super::outbox::without_messages;
use super::{Result, at_most, naming_row};
use crate::store::error::Of;
use crate::store::rows::{During, EventRow, LicenseRow, MailRow};
use crate::store::schema::{events, licenses, outbox};
use crate::store::types::At;

pub(crate) fn license_export(
    conn: &mut Conn,
    during: During,
    after: Option<(DateTime<Utc>, &str)>,
    limit: usize,
) -> Result<Vec<LicenseRow>> {
    let During { since, until } = during;
    // What was merged away is told by the license that stands for it.
    let standing = licenses::table.filter(licenses::merged_into.is_null());
    let mut query = standing.select(licenses::id).into_boxed();
    if let Some(until) = until {
        query = query.filter(licenses::created_at.lt(At(until)));
    }
    // One lower bound alone: the index begins at it. Behind the first part it is the last row.
    let begin = after.map(|(at, _)| at).or(since);
    if let Some(begin) = begin {
        query = query.filter(licenses::created_at.ge(At(begin)));
    }
    if let Some((at, id)) = after {
        query = query.filter(licenses::created_at.gt(At(at)).or(licenses::id.gt(id)));
    }
    let oldest = query.order((licenses::created_at, licenses::id)).limit(at_most(limit));
    let ids: Vec<String> = oldest.load(conn).of("licenses")?;
    let rows = licenses::table
        .filter(licenses::id.eq_any(&ids))
        .order((licenses::created_at, licenses::id))
        .select(LicenseRow::as_select())
        .load(conn)
        .of("licenses");
    naming_row(conn, rows, &ids, |conn, id| license_by_id(conn, &id))
}

pub(crate) fn event_export(
    conn: &mut Conn,
    during: During,
    after: i64,
    limit: usize,
) -> Result<Vec<EventRow>> {
    let During { since, until } = during;
    let mut query = events::table.filter(events::id.gt(after)).select(events::id).into_boxed();
    if let Some(since) = since {
        query = query.filter(events::received_at.ge(At(since)));
    }
    if let Some(until) = until {
        query = query.filter(events::received_at.lt(At(until)));
    }
    let oldest = query.order(events::id).limit(at_most(limit));
    let ids: Vec<i64> = oldest.load(conn).of("events")?;
    without_bodies(conn, &ids)
}

pub(crate) fn outbox_export(
    conn: &mut Conn,
    during: During,
    after: i64,
    limit: usize,
) -> Result<Vec<MailRow>> {
    let During { since, until } = during;
    let mut query = outbox::table.filter(outbox::id.gt(after)).select(outbox::id).into_boxed();
    if let Some(since) = since {
        query = query.filter(outbox::created_at.ge(At(since)));
    }
    if let Some(until) = until {
        query = query.filter(outbox::created_at.lt(At(until)));
    }
    let oldest = query.order(outbox::id).limit(at_most(limit));
    let ids: Vec<i64> = oldest.load(conn).of("outbox")?;
    without_messages(conn, &ids)
}
