//! What needs a person. Each answer comes from an index alone and is bounded, however many events
//! are stored and however many of them failed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::Conn;
use super::Result;
use crate::rules::acts::SUPPORT;
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{COUNT_MAX, EventTrouble, HookTrouble, PaidInVain, Tally};
use crate::store::schema::events;
use crate::store::types::{At, EventStatus, Moment};

/// Accounts times reasons, or hooks: more kinds of trouble than this are not told apart.
const KINDS_MAX: usize = 100;

/// So many acts of support after the last event of its provider hide it.
const ACTS_MAX: i64 = 100;

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = Nullable<Moment>)]
    oldest: Option<At>,
}

impl Counted {
    fn tally(self) -> Tally {
        Tally::new(self.counted, self.oldest.map(DateTime::from))
    }
}

pub(crate) fn event_troubles(
    conn: &mut Conn,
    status: EventStatus,
    until: DateTime<Utc>,
) -> Result<Vec<EventTrouble>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        account: String,
        #[diesel(sql_type = Text)]
        reason: String,
        #[diesel(sql_type = BigInt)]
        counted: i64,
        #[diesel(sql_type = Moment)]
        oldest: At,
    }
    // From the first event of one account and reason to that of the next, along the index. In two
    // steps: of a pair that is to be greater SQLite looks for the account alone.
    let rows: Vec<Row> = diesel::sql_query(format!(
        "WITH RECURSIVE firsts (id) AS (
             SELECT (SELECT id FROM events WHERE status = '{status}'
                     ORDER BY account, reason, id LIMIT 1)
             UNION ALL
             SELECT coalesce(
                 (SELECT next.id FROM events AS next
                  WHERE next.status = '{status}' AND next.account = last.account
                    AND next.reason > last.reason
                  ORDER BY next.reason, next.id LIMIT 1),
                 (SELECT next.id FROM events AS next
                  WHERE next.status = '{status}' AND next.account > last.account
                  ORDER BY next.account, next.reason, next.id LIMIT 1))
             FROM firsts JOIN events AS last ON last.id = firsts.id
         )
         SELECT first.account, first.reason, first.received_at AS oldest,
             (SELECT count(*) FROM (
                  SELECT 1 FROM events AS one
                  WHERE one.status = '{status}' AND one.account = first.account
                    AND one.reason = first.reason AND one.received_at <= $1
                  LIMIT {beyond}) AS found) AS counted
         FROM firsts JOIN events AS first ON first.id = firsts.id
         ORDER BY first.account, first.reason
         LIMIT {KINDS_MAX}",
        beyond = COUNT_MAX + 1,
    ))
    .bind::<Moment, _>(At(until))
    .prepared()
    .load(conn)
    .of("events")?;
    let troubles = rows.into_iter().filter(|row| row.counted > 0).map(|row| EventTrouble {
        account: row.account,
        reason: row.reason,
        tally: Tally::new(row.counted, Some(row.oldest.into())),
    });
    Ok(troubles.collect())
}

pub(crate) fn outbox_given_up(conn: &mut Conn) -> Result<Tally> {
    let row: Counted = diesel::sql_query(format!(
        "SELECT count(*) AS counted, min(created_at) AS oldest FROM (
             SELECT created_at FROM outbox WHERE status = 'failed' AND NOT canceled
             ORDER BY created_at LIMIT {beyond}) AS found",
        beyond = COUNT_MAX + 1,
    ))
    .prepared()
    .get_result(conn)
    .of("outbox")?;
    Ok(row.tally())
}

pub(crate) fn sales_without_address(conn: &mut Conn, until: DateTime<Utc>) -> Result<Tally> {
    let row: Counted = diesel::sql_query(format!(
        "SELECT count(DISTINCT sale_id) AS counted, min(created_at) AS oldest FROM (
             SELECT created_at, sale_id FROM outbox
             WHERE status = 'queued' AND recipient IS NULL AND created_at <= $1
             ORDER BY created_at LIMIT {beyond}) AS found",
        beyond = COUNT_MAX + 1,
    ))
    .bind::<Moment, _>(At(until))
    .prepared()
    .get_result(conn)
    .of("outbox")?;
    Ok(row.tally())
}

pub(crate) fn hook_troubles(conn: &mut Conn) -> Result<Vec<HookTrouble>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        hook: String,
        #[diesel(embed)]
        tally: Counted,
    }
    // From one hook to the next along the index, so that one with many failures hides no other.
    let rows: Vec<Row> = diesel::sql_query(format!(
        "WITH RECURSIVE names (hook) AS (
             SELECT (SELECT hook FROM hooks_outbox
                     WHERE status = 'failed' AND hook IS NOT NULL ORDER BY hook LIMIT 1)
             UNION ALL
             SELECT (SELECT next.hook FROM hooks_outbox AS next
                     WHERE next.status = 'failed' AND next.hook > names.hook
                     ORDER BY next.hook LIMIT 1)
             FROM names WHERE names.hook IS NOT NULL
         )
         SELECT names.hook,
             (SELECT count(*) FROM (
                  SELECT 1 FROM hooks_outbox AS one
                  WHERE one.status = 'failed' AND one.hook = names.hook LIMIT {beyond}) AS found
             ) AS counted,
             (SELECT one.dated_at FROM hooks_outbox AS one
              WHERE one.status = 'failed' AND one.hook = names.hook
              ORDER BY one.dated_at LIMIT 1) AS oldest
         FROM names WHERE names.hook IS NOT NULL ORDER BY names.hook LIMIT {KINDS_MAX}",
        beyond = COUNT_MAX + 1,
    ))
    .prepared()
    .load(conn)
    .of("hooks_outbox")?;
    let trouble = |row: Row| HookTrouble { hook: row.hook, tally: row.tally.tally() };
    Ok(rows.into_iter().map(trouble).collect())
}

pub(crate) fn licenses_paid_in_vain(
    conn: &mut Conn,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<PaidInVain>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        license_id: String,
        #[diesel(sql_type = Moment)]
        since: At,
    }
    // What people did is little and has an index of its own; from there each step is by a key.
    // (CROSS: SQLite joins in this order. By itself it would begin with all renewals ever.)
    // Whoever looked at the license since, and did anything about it, knows. So does who paid
    // the money back: that shortens it.
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT licenses.id AS license_id, min(paid.at) AS since
         FROM history AS act CROSS JOIN licenses CROSS JOIN history AS paid
         WHERE act.actor IS NOT NULL AND act.action IN ('suspended', 'revoked')
           AND licenses.id = substr(act.subject, 9)
           AND licenses.state IN ('suspended', 'revoked') AND licenses.merged_into IS NULL
           AND licenses.expires_at > $1
           AND paid.subject = act.subject AND paid.seq > act.seq
           AND paid.action = 'renewed' AND paid.actor IS NULL
           AND NOT EXISTS (
               SELECT 1 FROM history AS later
               WHERE later.subject = paid.subject AND later.seq > paid.seq
                 AND (later.action IN ('shortened', 'reinstated')
                   OR later.actor IS NOT NULL
                     AND later.action IN ('suspended', 'revoked', 'renewed')))
         GROUP BY licenses.id ORDER BY since, licenses.id LIMIT $2",
    )
    .bind::<Moment, _>(At(now))
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .prepared()
    .load(conn)
    .of("history")?;
    let paid = |row: Row| PaidInVain { license_id: row.license_id, since: row.since.into() };
    Ok(rows.into_iter().map(paid).collect())
}

pub(crate) fn event_last_heard(conn: &mut Conn, account: &str) -> Result<Option<DateTime<Utc>>> {
    // Support's own acts stand among the account's events.
    let newest: Vec<(String, At)> = events::table
        .filter(events::account.eq(account))
        .order(events::id.desc())
        .limit(ACTS_MAX)
        .select((events::kind, events::received_at))
        .load(conn)
        .of("events")?;
    let heard = newest.into_iter().find(|(kind, _)| kind != SUPPORT);
    Ok(heard.map(|(_, at)| at.into()))
}

id_before!(event_id_before, events, received_at);

pub(crate) fn event_heard_between(
    conn: &mut Conn,
    account: &str,
    borders: &[i64],
) -> Result<Vec<bool>> {
    let mut heard = Vec::with_capacity(borders.len());
    for (after, until) in borders.iter().zip(borders.iter().skip(1)) {
        let some = events::table
            .filter(events::account.eq(account))
            .filter(events::id.gt(after))
            .filter(events::id.le(until));
        heard.push(diesel::select(diesel::dsl::exists(some)).get_result(conn).of("events")?);
    }
    Ok(heard)
}
