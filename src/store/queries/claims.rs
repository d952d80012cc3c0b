//! Claims: who works on what, until when. A claim runs by the database's clock and carries a
//! number, the fence, that every later write must show.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{case_when, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::super::{Conn, clock};
use super::events::{AGAIN, FRESH, with_bodies};
use super::{Result, at_most, event_by_id, hit, hook_by_id, naming_row, outbox_by_id};
use crate::store::error::Of;
use crate::store::hold::NOT_ON_HOLD;
use crate::store::prepared::{Prepare as _, fixed, hits};
use crate::store::rows::{EventRow, HookRow, MailRow, Settled};
use crate::store::schema::{events, hooks_outbox, outbox, payloads};
use crate::store::types::{At, MailStatus};

// Written out rather than bound: a partial index is only used where its condition can be read.
const PENDING: &str = "status = 'pending'";
const QUEUED: &str = "status = 'queued'";

/// How much of bodies and answers is claimed at once: all of it is in memory until it is applied.
const BODIES_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// Both databases know it without reading them.
const BODY_BYTES: &str = "CAST(length(body) + coalesce(length(answers), 0) AS BIGINT)";

/// The event, if the claim of this number is the last one and still to be settled.
macro_rules! held_event {
    ($id:expr, $fence:expr) => {
        events::table
            .filter(events::id.eq($id))
            .filter(events::fence.eq($fence))
            .filter(sql::<Bool>(PENDING))
    };
}

/// The same for a row of a queue.
macro_rules! held {
    ($table:ident, $id:expr, $fence:expr) => {
        $table::table
            .filter($table::id.eq($id))
            .filter($table::fence.eq($fence))
            .filter(sql::<Bool>(QUEUED))
    };
}

/// What is done with every queue alike: mail, and messages to the vendor's hooks. `$address` says
/// where a row goes; one without is not claimed.
macro_rules! queue {
    ($name:ident: $table:ident, $row:ty, $by_id:ident, $address:ident, $what:literal) => {
        pub(super) mod $name {
            use super::*;

            pub(crate) fn claim(
                conn: &mut Conn,
                limit: usize,
                lease: TimeDelta,
                now: DateTime<Utc>,
            ) -> Result<Vec<$row>> {
                let clock = clock(conn, now).of(stringify!($table))?;
                let free =
                    $table::claimed_until.is_null().or($table::claimed_until.lt(Some(At(clock))));
                let query = $table::table
                    .filter(sql::<Bool>(QUEUED))
                    .filter(sql::<Bool>(NOT_ON_HOLD))
                    .filter($table::next_at.le(At(now)))
                    .filter($table::$address.is_not_null())
                    .filter(free)
                    .order(($table::next_at, $table::id))
                    .limit(at_most(limit))
                    .select($table::id);
                let ids = fixed!(skip_locked!(query)).load::<i64>(conn).of(stringify!($table))?;
                let claimed = diesel::update($table::table.filter($table::id.eq_any(&ids)))
                    .set((
                        $table::fence.eq($table::fence + 1),
                        $table::claimed_until.eq(Some(At(clock + lease))),
                    ))
                    .returning(<$row>::as_returning())
                    .prepared()
                    .get_results(conn)
                    .of(stringify!($table));
                let mut claimed = naming_row(conn, claimed, &ids, $by_id)?;
                claimed.sort_by_key(|row: &$row| row.id);
                Ok(claimed)
            }

            pub(crate) fn message(
                conn: &mut Conn,
                id: i64,
                fence: i64,
                message: &[u8],
            ) -> Result<Vec<u8>> {
                hits!(
                    diesel::update(held!($table, id, fence).filter($table::message.is_null()))
                        .set($table::message.eq(message)),
                    conn
                )
                .of(stringify!($table))?;
                let held = held!($table, id, fence).select($table::message);
                let fixed: Option<Option<Vec<u8>>> =
                    fixed!(held).get_result(conn).optional().of(stringify!($table))?;
                fixed.flatten().ok_or_else(|| crate::store::StoreError::conflict($what, id))
            }

            pub(crate) fn again(
                conn: &mut Conn,
                id: i64,
                fence: i64,
                next_at: DateTime<Utc>,
                error: &str,
                count_attempt: bool,
            ) -> Result<()> {
                let rows = hits!(
                    diesel::update(held!($table, id, fence)).set((
                        $table::attempts.eq($table::attempts + i32::from(count_attempt)),
                        $table::next_at.eq(At(next_at)),
                        $table::error.eq(Some(error)),
                        $table::claimed_until.eq(None::<At>),
                    )),
                    conn
                )
                .of(stringify!($table))?;
                hit(rows, $what, id)
            }

            pub(crate) fn give_up(
                conn: &mut Conn,
                id: i64,
                fence: i64,
                error: &str,
                attempts: i32,
            ) -> Result<()> {
                let rows = hits!(
                    diesel::update(held!($table, id, fence)).set((
                        $table::status.eq(MailStatus::Failed),
                        $table::attempts.eq($table::attempts + attempts),
                        $table::error.eq(Some(error)),
                        $table::claimed_until.eq(None::<At>),
                    )),
                    conn
                )
                .of(stringify!($table))?;
                hit(rows, $what, id)
            }
        }
    };
}

queue!(mail: outbox, MailRow, outbox_by_id, recipient, "the mail");
queue!(hook: hooks_outbox, HookRow, hook_by_id, hook, "the message");

pub(crate) use hook::{again as hook_again, claim as hook_claim, message as hook_message};
pub(crate) use mail::{again as outbox_again, claim as outbox_claim, message as outbox_message};

pub(crate) fn event_claim(
    conn: &mut Conn,
    limit: usize,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<EventRow>> {
    // Each account with the last of its events that was taken.
    let mut line: Vec<(String, i64)> =
        accounts(conn, FRESH)?.into_iter().map(|account| (account, 0)).collect();
    // Everybody gets one, even where there are more accounts than `limit`.
    let limit = limit.max(line.len());
    let mut ids: Vec<i64> = Vec::new();
    while !line.is_empty() && ids.len() < limit {
        // Whoever has less than his share leaves the rest to the next round.
        let share = (limit - ids.len()).checked_div(line.len()).unwrap_or(1).max(1);
        let mut with_more = Vec::new();
        for (account, after) in line {
            let share = share.min(limit - ids.len());
            let taken = fresh_ids(conn, &account, after, share)?;
            if let Some(last) = taken.last().filter(|_| taken.len() == share) {
                with_more.push((account, *last));
            }
            ids.extend(taken);
        }
        line = with_more;
    }
    let ids = with_bodies_of(conn, ids, BODIES_BYTES_MAX)?;
    claim(conn, ids, lease, now)
}

/// The first of these whose bodies and answers together are no larger; at least one.
fn with_bodies_of(conn: &mut Conn, mut ids: Vec<i64>, bytes_max: i64) -> Result<Vec<i64>> {
    let sizes: Vec<(i64, i64)> = payloads::table
        .filter(payloads::event_id.eq_any(&ids))
        .select((payloads::event_id, sql::<BigInt>(BODY_BYTES)))
        .prepared()
        .load(conn)
        .of("payloads")?;
    let sizes: HashMap<i64, i64> = sizes.into_iter().collect();
    let mut bytes = 0_i64;
    let fits = ids.iter().take_while(|id| {
        bytes = bytes.saturating_add(sizes.get(id).copied().unwrap_or_default());
        bytes <= bytes_max
    });
    let count = fits.count().max(1);
    ids.truncate(count);
    Ok(ids)
}

fn fresh_ids(conn: &mut Conn, account: &str, after: i64, limit: usize) -> Result<Vec<i64>> {
    let query = events::table
        .filter(sql::<Bool>(FRESH))
        .filter(events::account.eq(account))
        .filter(events::id.gt(after))
        .order(events::id)
        .limit(at_most(limit))
        .select(events::id);
    fixed!(skip_locked!(query)).load(conn).of("events")
}

pub(crate) fn event_claim_again(
    conn: &mut Conn,
    after: &str,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<EventRow>> {
    let clock = clock(conn, now).of("events")?;
    let mut accounts = accounts(conn, AGAIN)?;
    // As we sort, whatever the database does.
    accounts.sort_unstable();
    let turn = accounts.iter().position(|account| account.as_str() > after).unwrap_or(0);
    accounts.rotate_left(turn);
    for account in accounts {
        let query = events::table
            .filter(sql::<Bool>(AGAIN))
            .filter(events::account.eq(account))
            .filter(events::next_at.le(At(now)))
            .filter(events::claimed_until.is_null().or(events::claimed_until.lt(Some(At(clock)))))
            .order((events::next_at, events::id))
            .limit(1)
            .select(events::id);
        let ids = fixed!(skip_locked!(query)).load::<i64>(conn).of("events")?;
        if !ids.is_empty() {
            return Ok(claim(conn, ids, lease, now)?.pop());
        }
    }
    Ok(None)
}

/// `next_at` moves to the end of the lease, so that what is worked on does not stand first in
/// the line of those who look for work.
fn claim(
    conn: &mut Conn,
    ids: Vec<i64>,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<EventRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let until = clock(conn, now).of("events")? + lease;
    let lapsed = case_when(events::claimed_until.is_not_null(), events::lapsed + 1)
        .otherwise(events::lapsed);
    let claimed: Vec<i64> = diesel::update(events::table.filter(events::id.eq_any(&ids)))
        .set((
            events::attempts.eq(events::attempts + 1),
            events::fence.eq(events::fence + 1),
            events::lapsed.eq(lapsed),
            events::claimed_until.eq(Some(At(until))),
            events::next_at.eq(At(now + lease)),
        ))
        .returning(events::id)
        .prepared()
        .get_results(conn)
        .of("events")?;
    let rows = with_bodies()
        .filter(events::id.eq_any(&claimed))
        .order(events::id)
        .prepared()
        .load(conn)
        .of("events");
    naming_row(conn, rows, &claimed, event_by_id)
}

pub(crate) fn event_settle(conn: &mut Conn, id: i64, fence: i64, settled: &Settled) -> Result<()> {
    let held = diesel::update(held_event!(id, fence));
    let end = (
        events::status.eq(settled.status),
        events::reason.eq(&settled.reason),
        events::message.eq(&settled.message),
        events::sale_id.eq(settled.sale_id),
        events::claimed_until.eq(None::<At>),
    );
    let rows = match settled.live {
        Some(live) => hits!(held.set((end, events::live.eq(Some(live)))), conn),
        None => hits!(held.set(end), conn),
    };
    hit(rows.of("events")?, "the event", id)
}

pub(crate) fn event_answers(conn: &mut Conn, id: i64, fence: i64, answers: &[u8]) -> Result<()> {
    let held = locked!(held_event!(id, fence).select(events::id));
    let held: Vec<i64> = fixed!(held).load(conn).of("events")?;
    hit(held.len(), "the event", id)?;
    diesel::update(payloads::table.find(id))
        .set(payloads::answers.eq(answers))
        .execute(conn)
        .of("payloads")?;
    Ok(())
}

pub(crate) fn event_again(
    conn: &mut Conn,
    id: i64,
    fence: i64,
    next_at: DateTime<Utc>,
    message: Option<&str>,
) -> Result<()> {
    let rows = hits!(
        diesel::update(held_event!(id, fence)).set((
            events::message.eq(message),
            events::lapsed.eq(0),
            events::next_at.eq(At(next_at)),
            events::claimed_until.eq(None::<At>),
        )),
        conn
    )
    .of("events")?;
    hit(rows, "the event", id)
}

pub(crate) fn event_give_back(
    conn: &mut Conn,
    id: i64,
    fence: i64,
    next_at: DateTime<Utc>,
    message: &str,
) -> Result<()> {
    // Never back to none: what was never tried is claimed at once, whatever `next_at` says.
    let attempts = sql::<Integer>("CASE WHEN attempts > 1 THEN attempts - 1 ELSE attempts END");
    let rows = hits!(
        diesel::update(held_event!(id, fence)).set((
            events::attempts.eq(attempts),
            events::message.eq(Some(message)),
            events::lapsed.eq(0),
            events::next_at.eq(At(next_at)),
            events::claimed_until.eq(None::<At>),
        )),
        conn
    )
    .of("events")?;
    hit(rows, "the event", id)
}

pub(crate) fn outbox_renew(
    conn: &mut Conn,
    claims: &[(i64, i64)],
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<usize> {
    let until = clock(conn, now).of("outbox")? + lease;
    let mut renewed = 0;
    for (id, fence) in claims {
        // What was settled has no claim, and what holds longer is not cut short.
        let shorter = held!(outbox, *id, *fence).filter(outbox::claimed_until.lt(Some(At(until))));
        renewed +=
            hits!(diesel::update(shorter).set(outbox::claimed_until.eq(Some(At(until)))), conn)
                .of("outbox")?;
    }
    Ok(renewed)
}

pub(crate) fn outbox_doubt(
    conn: &mut Conn,
    id: i64,
    fence: i64,
    in_doubt: bool,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<()> {
    let clock = clock(conn, now).of("outbox")?;
    let rows = hits!(
        diesel::update(held!(outbox, id, fence)).set((
            outbox::in_doubt.eq(in_doubt),
            outbox::claimed_until.eq(Some(At(clock + lease)))
        )),
        conn
    )
    .of("outbox")?;
    hit(rows, "the mail", id)
}

pub(crate) fn outbox_sent(
    conn: &mut Conn,
    id: i64,
    fence: i64,
    now: DateTime<Utc>,
    in_doubt: bool,
) -> Result<()> {
    let rows = hits!(
        diesel::update(held!(outbox, id, fence)).set((
            outbox::status.eq(MailStatus::Sent),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::sent_at.eq(Some(At(now))),
            outbox::in_doubt.eq(in_doubt),
            outbox::error.eq(None::<String>),
            outbox::claimed_until.eq(None::<At>),
        )),
        conn
    )
    .of("outbox")?;
    hit(rows, "the mail", id)
}

pub(crate) fn outbox_failed(conn: &mut Conn, id: i64, fence: i64, error: &str) -> Result<()> {
    mail::give_up(conn, id, fence, error, 1)
}

pub(crate) fn outbox_cancel(conn: &mut Conn, id: i64, fence: i64, reason: &str) -> Result<()> {
    mail::give_up(conn, id, fence, reason, 0)?;
    let rows = hits!(diesel::update(outbox::table.find(id)).set(outbox::canceled.eq(true)), conn)
        .of("outbox")?;
    hit(rows, "the mail", id)
}

pub(crate) fn hook_failed(conn: &mut Conn, id: i64, fence: i64, error: &str) -> Result<()> {
    hook::give_up(conn, id, fence, error, 1)
}

/// The accounts that have events of this condition: from one to the next along the index, however
/// many events each has.
pub(super) fn accounts(conn: &mut Conn, condition: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        account: String,
    }
    let names: Vec<Name> = diesel::sql_query(format!(
        "WITH RECURSIVE names (account) AS (
             SELECT (SELECT account FROM events WHERE {condition} ORDER BY account LIMIT 1)
             UNION ALL
             SELECT (SELECT events.account FROM events
                     WHERE {condition} AND events.account > names.account
                     ORDER BY events.account LIMIT 1)
             FROM names WHERE names.account IS NOT NULL
         )
         SELECT account FROM names WHERE account IS NOT NULL"
    ))
    .prepared()
    .load(conn)
    .of("events")?;
    Ok(names.into_iter().map(|name| name.account).collect())
}
