//! Times as ranges of ids: events are numbered as they come.
//!
//! An index by the time of arrival would be written to three times for every event (it is kept,
//! claimed, settled), to answer what the primary key knows already: of two events the later one
//! has the higher number, but for [`RECEIVED_BEHIND_MAX`].

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::Conn;
use super::Result;
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::RECEIVED_BEHIND_MAX;
use crate::store::schema::{events, hooks_outbox, outbox};
use crate::store::types::{At, EventStatus, MailStatus, Moment};

/// Every event received at or after `since` has a higher id than this.
pub(super) fn ids_after(conn: &mut Conn, since: DateTime<Utc>) -> Result<i64> {
    last_before(conn, since - RECEIVED_BEHIND_MAX)
}

/// No event received before `until` has a higher id than this.
pub(super) fn ids_up_to(conn: &mut Conn, until: DateTime<Utc>) -> Result<i64> {
    last_before(conn, until + RECEIVED_BEHIND_MAX)
}

/// The id of the last event received before `at`, give or take those whose clocks disagreed; 0
/// where there is none. Halves its steps, like a search in a book: 41 looks at the primary key,
/// in one statement, for any number of events up to 2^41.
pub(super) fn last_before(conn: &mut Conn, at: DateTime<Utc>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let place: Place = diesel::sql_query(
        "WITH RECURSIVE search (id, step) AS (
             SELECT CAST(0 AS BIGINT), CAST(1099511627776 AS BIGINT)
             UNION ALL
             SELECT CASE
                 WHEN (SELECT received_at FROM events WHERE events.id >= search.id + step
                       ORDER BY events.id LIMIT 1) < $1
                 THEN search.id + step ELSE search.id END, step / 2
             FROM search WHERE step > 0
         )
         SELECT id FROM search WHERE step = 0",
    )
    .bind::<Moment, _>(At(at))
    .prepared()
    .get_result(conn)
    .of("events")?;
    Ok(place.id)
}

/// What a clock that ran ahead has written, as if it came now; what waits for a time that is not
/// near, waits no longer. Says how many events there were.
pub(crate) fn clock_trust(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let ahead = events::table.filter(events::received_at.gt(At(now)));
    let redated =
        diesel::update(ahead).set(events::received_at.eq(At(now))).execute(conn).of("events")?;
    let waits = events::table
        .filter(events::next_at.gt(At(now)))
        .filter(events::status.eq(EventStatus::Pending));
    diesel::update(waits).set(events::next_at.eq(At(now))).execute(conn).of("events")?;
    let mail = outbox::table
        .filter(outbox::next_at.gt(At(now)))
        .filter(outbox::status.eq(MailStatus::Queued));
    diesel::update(mail).set(outbox::next_at.eq(At(now))).execute(conn).of("outbox")?;
    let hooks = hooks_outbox::table
        .filter(hooks_outbox::next_at.gt(At(now)))
        .filter(hooks_outbox::status.eq(MailStatus::Queued));
    diesel::update(hooks)
        .set(hooks_outbox::next_at.eq(At(now)))
        .execute(conn)
        .of("hooks_outbox")?;
    Ok(redated)
}
