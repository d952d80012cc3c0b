//! What the vendor's hooks are owed: noted with its cause, addressed, looked at. (How it is
//! claimed and settled: `claims`.)

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::super::{Conn, newest_of};
use super::{Result, at_most, hit, naming_row};
use crate::store::error::Of;
use crate::store::prepared::{Prepare as _, fixed};
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
    hook_unwanted(conn, &[*id])?;
    Ok(new)
}

pub(crate) fn hook_unwanted(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    let noted = hooks_outbox::table
        .filter(hooks_outbox::id.eq_any(ids))
        .filter(hooks_outbox::hook.is_null());
    diesel::delete(noted).execute(conn).of("hooks_outbox")?;
    Ok(())
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
    let insert = diesel::insert_into(hooks_outbox::table)
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
        .do_nothing();
    Ok(fixed!(insert).execute(conn).of("hooks_outbox")? > 0)
}

pub(crate) fn hook_list(
    conn: &mut Conn,
    filter: &HookFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<HookRow>> {
    let ids = newest(conn, filter, cursor.unwrap_or(i64::MAX), limit)?;
    let rows = hooks_outbox::table
        .filter(hooks_outbox::id.eq_any(&ids))
        .order(hooks_outbox::id.desc())
        .select(HookRow::as_select())
        .load(conn)
        .of("hooks_outbox");
    naming_row(conn, rows, &ids, hook_by_id)
}

/// The ids of the newest that match, newest first; as with events, the code says which index
/// answers.
fn newest(conn: &mut Conn, filter: &HookFilter, before: i64, limit: usize) -> Result<Vec<i64>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let HookFilter { status, hook, license_id } = filter;
    let mut ids: Vec<i64> = match (license_id, status, hook) {
        (Some(license_id), ..) => of_license(conn, license_id, filter)?,
        (None, None, None) => {
            return hooks_outbox::table
                .filter(hooks_outbox::hook.is_not_null())
                .filter(hooks_outbox::id.lt(before))
                .order(hooks_outbox::id.desc())
                .limit(at_most(limit))
                .select(hooks_outbox::id)
                .load(conn)
                .of("hooks_outbox");
        }
        (None, status, hook) => {
            let hooks = match hook {
                Some(hook) => vec![hook.clone()],
                None => names(conn)?,
            };
            let statuses = match status {
                Some(status) => vec![*status],
                None => MailStatus::ALL.to_vec(),
            };
            let mut ids = Vec::new();
            for hook in &hooks {
                for status in &statuses {
                    ids.extend(of_hook(conn, hook, *status, before, limit)?);
                }
            }
            ids
        }
    };
    ids.retain(|id| *id < before);
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(limit);
    Ok(ids)
}

/// All messages about a license are looked at: they are few.
fn of_license(conn: &mut Conn, license_id: &str, filter: &HookFilter) -> Result<Vec<i64>> {
    let messages: Vec<(i64, MailStatus, Option<String>)> = hooks_outbox::table
        .filter(hooks_outbox::license_id.eq(license_id))
        .filter(hooks_outbox::hook.is_not_null())
        .select((hooks_outbox::id, hooks_outbox::status, hooks_outbox::hook))
        .load(conn)
        .of("hooks_outbox")?;
    let wanted = messages.into_iter().filter(|(_, status, hook)| {
        filter.status.is_none_or(|wanted| wanted == *status)
            && filter.hook.as_ref().is_none_or(|wanted| Some(wanted) == hook.as_ref())
    });
    Ok(wanted.map(|(id, ..)| id).collect())
}

fn of_hook(
    conn: &mut Conn,
    hook: &str,
    status: MailStatus,
    before: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let (of_hook, order) = newest_of(&["hook", "status"]);
    let ids: Vec<Id> = diesel::sql_query(format!(
        "SELECT id FROM hooks_outbox WHERE {of_hook} AND hook IS NOT NULL
         ORDER BY {order} LIMIT $5"
    ))
    .bind::<Text, _>(hook)
    .bind::<Text, _>(status.as_str())
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(0_i64)
    .bind::<BigInt, _>(at_most(limit))
    .prepared()
    .load(conn)
    .of("hooks_outbox")?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Every hook that was ever owed something: from one to the next along the index.
fn names(conn: &mut Conn) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        hook: String,
    }
    let names: Vec<Name> = diesel::sql_query(
        "WITH RECURSIVE names (hook) AS (
             SELECT (SELECT hook FROM hooks_outbox WHERE hook IS NOT NULL ORDER BY hook LIMIT 1)
             UNION ALL
             SELECT (SELECT next.hook FROM hooks_outbox AS next
                     WHERE next.hook IS NOT NULL AND next.hook > names.hook
                     ORDER BY next.hook LIMIT 1)
             FROM names WHERE names.hook IS NOT NULL
         )
         SELECT hook FROM names WHERE hook IS NOT NULL",
    )
    .prepared()
    .load(conn)
    .of("hooks_outbox")?;
    Ok(names.into_iter().map(|row| row.hook).collect())
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
