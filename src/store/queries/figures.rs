//! Figures: counted where the rows are, in whole hours and days of UTC.
//!
//! What happens rarely enough is counted in an index, one count a day: no row is sorted into its
//! day, which took eight times as long as finding it. So there is no table of counts to keep, and
//! nothing for those who write.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::{Conn, later, newest_of, slot};
use super::Result;
use super::arrival::{ids_after, ids_up_to, last_before};
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{AccountCount, DayCount, HourCount};
use crate::store::schema::events;
use crate::store::types::{At, EventStatus, Moment};

/// What the history says of lives.
const LIVES: &str = "VALUES ('issued'), ('renewed'), ('revoked'), ('withdrawn')";

/// Written out rather than bound: a partial index is only used where its condition can be read.
const STANDING: &str = "state = 'active' AND merged_into IS NULL";

#[derive(QueryableByName)]
struct Hour {
    #[diesel(sql_type = Moment)]
    slot: At,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    status: EventStatus,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = Moment)]
    slot: At,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub(crate) fn events_by_hour(
    conn: &mut Conn,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<HourCount>> {
    let hour = TimeDelta::hours(1);
    let (after, up_to) = (ids_after(conn, since)?, ids_up_to(conn, until)?);
    let counts: Vec<Hour> = diesel::sql_query(format!(
        "SELECT {} AS slot, account, status, count(*) AS count FROM events
         WHERE id > $1 AND id <= $2 AND received_at >= $3 AND received_at < $4
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        slot("received_at", hour)
    ))
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(up_to)
    .bind::<Moment, _>(At(since))
    .bind::<Moment, _>(At(until))
    .prepared()
    .load(conn)
    .of("events")?;
    let count = |row: Hour| HourCount {
        hour: row.slot.into(),
        account: row.account,
        status: row.status,
        count: row.count,
    };
    Ok(counts.into_iter().map(count).collect())
}

pub(crate) fn licenses_by_day(
    conn: &mut Conn,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<DayCount>> {
    let counts = format!(
        "{spans}, actions (action) AS ({LIVES})
         SELECT day AS slot, action, (
             SELECT count(*) FROM history
             WHERE history.action = actions.action
                 AND history.at >= spans.begins AND history.at < spans.ends) AS count
         FROM spans CROSS JOIN actions ORDER BY 1, 2",
        spans = days(),
    );
    by_day(conn, counts, (since, until))
}

pub(crate) fn licenses_expired_by_day(
    conn: &mut Conn,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<DayCount>> {
    let counts = format!(
        "{spans}
         SELECT day AS slot, 'expired' AS action, (
             SELECT count(*) FROM licenses
             WHERE {STANDING}
                 AND valid_until >= spans.begins AND valid_until < spans.ends) AS count
         FROM spans ORDER BY 1",
        spans = days(),
    );
    by_day(conn, counts, (since, until))
}

/// The days from `$1` to before `$2`, each with what of it is asked for.
fn days() -> String {
    let day = TimeDelta::days(1);
    let (first, next) = (slot("$1", day), later("day", day));
    format!(
        "WITH RECURSIVE days (day) AS (
             SELECT {first} UNION ALL SELECT {next} FROM days WHERE {next} < $2
         ), spans (day, begins, ends) AS (
             SELECT day, CASE WHEN day < $1 THEN $1 ELSE day END,
                 CASE WHEN {next} < $2 THEN {next} ELSE $2 END
             FROM days
         )"
    )
}

/// Days on which nothing happened are left out.
fn by_day(
    conn: &mut Conn,
    query: String,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<DayCount>> {
    let counts: Vec<Day> = diesel::sql_query(query)
        .bind::<Moment, _>(At(since))
        .bind::<Moment, _>(At(until))
        .prepared()
        .load(conn)
        .of("history")?;
    let some = counts.into_iter().filter(|row| row.count > 0);
    let count = |row: Day| DayCount { day: row.slot.into(), action: row.action, count: row.count };
    Ok(some.map(count).collect())
}

pub(crate) fn account_counts(
    conn: &mut Conn,
    accounts: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<AccountCount>> {
    let day = last_before(conn, now - TimeDelta::days(1))?;
    let week = last_before(conn, now - TimeDelta::weeks(1))?;
    accounts.iter().map(|account| account_count(conn, account, day, week)).collect()
}

/// The index by account alone answers this.
fn account_count(conn: &mut Conn, account: &str, day: i64, week: i64) -> Result<AccountCount> {
    let since = |conn: &mut Conn, id: i64| {
        events::table
            .filter(events::account.eq(account))
            .filter(events::id.gt(id))
            .count()
            .get_result::<i64>(conn)
            .of("events")
    };
    Ok(AccountCount {
        account: account.to_owned(),
        last_event_at: last_received(conn, account)?,
        last_day: since(conn, day)?,
        last_week: since(conn, week)?,
    })
}

fn last_received(conn: &mut Conn, account: &str) -> Result<Option<DateTime<Utc>>> {
    #[derive(QueryableByName)]
    struct Received {
        #[diesel(sql_type = Moment)]
        received_at: At,
    }
    let (of_account, order) = newest_of(&["account"]);
    let newest: Option<Received> = diesel::sql_query(format!(
        "SELECT received_at FROM events WHERE {of_account} ORDER BY {order} LIMIT 1"
    ))
    .bind::<Text, _>(account)
    .bind::<BigInt, _>(i64::MAX)
    .bind::<BigInt, _>(0_i64)
    .prepared()
    .get_result(conn)
    .optional()
    .of("events")?;
    Ok(newest.map(|row| row.received_at.into()))
}
