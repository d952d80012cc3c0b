//! What the vendor's hooks are owed: noted with its cause, addressed, looked at. (How it is
//! claimed and settled: `claims`.)

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::Conn;
use super::{Result, at_most, hit, naming_row};
use crate::store::error::Of;
use crate::store::rows::{Cursor, HookFilter, HookRow, NewHook};
use crate::store::schema::hooks_outbox;
use crate::store::types::{At, MailStatus};

// Written out rather than bound: a partial index is only used where its condition can be read.
const UNADDRESSED: &str = "status = 'queued' AND hook IS NULL";

pub(crate) fn hook_owe(conn: &mut Conn, owed: &NewHook) -> Result<bool> {
    let NewHook { key, event_type, license_id, message_id, dated_at } = owed;
    let event_type = event_type.as_str();
    let record = Record { key, hook: None, event_type, license_id, message_id };
    insert(conn, &record, *dated_at, *dated_at)
}

pub(crate) fn hook_unaddressed(conn: &mut Conn, limit: usize) -> Result<Vec<HookRow>> {
    let query = hooks_outbox::table
        .filter(sql::<Bool>(UNADDRESSED))
        .order((hooks_outbox::next_at, hooks_outbox::id))
        .limit(at_most(limit))
        .select(HookRow::as_select());
    skip_locked!(query).load(conn).of("hooks_outbox")
}

pub(crate) fn hook_address(
    conn: &mut Conn,
    owed: &HookRow,
    hooks: &[String],
    now: DateTime<Utc>,
) -> Result<usize> {
    let HookRow { id, event_type, license_id, message_id, .. } = owed;
    let mut new = 0;
    for hook in hooks {
        let key = format!("{}:{hook}", owed.key);
        let row = Record { key: &key, hook: Some(hook), event_type, license_id, message_id };
        new += usize::from(insert(conn, &row, owed.dated_at, now)?);
    }
    diesel::delete(hooks_outbox::table.find(id).filter(hooks_outbox::hook.is_null()))
        .execute(conn)
        .of("hooks_outbox")?;
    Ok(new)
}

/// What tells one message from another.
struct Record<'a> {
    key: &'a str,
    hook: Option<&'a str>,
    event_type: &'a str,
    license_id: &'a str,
    message_id: &'a str,
}

fn insert(
    conn: &mut Conn,
    &Record { key, hook, event_type, license_id, message_id }: &Record<'_>,
    dated_at: DateTime<Utc>,
    next_at: DateTime<Utc>,
) -> Result<bool> {
    let rows = diesel::insert_into(hooks_outbox::table)
        .values((
            hooks_outbox::key.eq(key),
            hooks_outbox::hook.eq(hook),
            hooks_outbox::event_type.eq(event_type),
            hooks_outbox::license_id.eq(license_id),
            hooks_outbox::status.eq(MailStatus::Queued),
            hooks_outbox::attempts.eq(0),
            hooks_outbox::next_at.eq(At(next_at)),
            hooks_outbox::fence.eq(0_i64),
            hooks_outbox::message_id.eq(message_id),
            hooks_outbox::dated_at.eq(At(dated_at)),
        ))
        .on_conflict(hooks_outbox::key)
        .do_nothing()
        .execute(conn)
        .of("hooks_outbox")?;
    Ok(rows > 0)
}

pub(crate) fn hook_list(
    conn: &mut Conn,
    filter: &HookFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<HookRow>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let HookFilter { status, hook, license_id } = filter;
    let addressed = hooks_outbox::hook.is_not_null();
    let mut query = hooks_outbox::table.filter(addressed).select(hooks_outbox::id).into_boxed();
    if let Some(status) = status {
        query = query.filter(hooks_outbox::status.eq(*status));
    }
    if let Some(hook) = hook {
        query = query.filter(hooks_outbox::hook.eq(Some(hook)));
    }
    if let Some(license_id) = license_id {
        query = query.filter(hooks_outbox::license_id.eq(license_id));
    }
    if let Some(cursor) = cursor {
        query = query.filter(hooks_outbox::id.lt(cursor));
    }
    let newest = query.order(hooks_outbox::id.desc()).limit(at_most(limit));
    let ids: Vec<i64> = newest.load(conn).of("hooks_outbox")?;
    let rows = hooks_outbox::table
        .filter(hooks_outbox::id.eq_any(&ids))
        .order(hooks_outbox::id.desc())
        .select(HookRow::as_select())
        .load(conn)
        .of("hooks_outbox");
    naming_row(conn, rows, &ids, hook_by_id)
}

pub(crate) fn hook_by_id(conn: &mut Conn, id: i64) -> Result<Option<HookRow>> {
    hooks_outbox::table
        .find(id)
        .select(HookRow::as_select())
        .first(conn)
        .optional()
        .of_row("hooks_outbox", id)
}

/// One that was taken already too: a receiver may have lost it.
pub(crate) fn hook_retry(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<()> {
    let rows = diesel::update(hooks_outbox::table.find(id))
        .set((
            hooks_outbox::status.eq(MailStatus::Queued),
            hooks_outbox::attempts.eq(0),
            hooks_outbox::next_at.eq(At(now)),
            hooks_outbox::claimed_until.eq(None::<At>),
            hooks_outbox::fence.eq(hooks_outbox::fence + 1),
            hooks_outbox::error.eq(None::<String>),
            hooks_outbox::sent_at.eq(None::<At>),
        ))
        .execute(conn)
        .of("hooks_outbox")?;
    hit(rows, "the message", id)
}

pub(crate) fn hook_sent(conn: &mut Conn, id: i64, fence: i64, now: DateTime<Utc>) -> Result<()> {
    let held = hooks_outbox::table
        .filter(hooks_outbox::id.eq(id))
        .filter(hooks_outbox::fence.eq(fence))
        .filter(hooks_outbox::status.eq(MailStatus::Queued));
    let rows = diesel::update(held)
        .set((
            hooks_outbox::status.eq(MailStatus::Sent),
            hooks_outbox::attempts.eq(hooks_outbox::attempts + 1),
            hooks_outbox::sent_at.eq(Some(At(now))),
            hooks_outbox::error.eq(None::<String>),
            hooks_outbox::claimed_until.eq(None::<At>),
            // It names a customer, and nobody needs it here any more.
            hooks_outbox::message.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .of("hooks_outbox")?;
    hit(rows, "the message", id)
}
