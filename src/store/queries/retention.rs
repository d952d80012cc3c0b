//! What is old: found a page at a time, and cleared where it is still so.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::Conn;
use super::events::{clear, with_body};
use super::{Result, at_most, event_id_before};
use crate::store::error::Of;
use crate::store::schema::{activations, events, hooks_outbox, idempotency, outbox};
use crate::store::types::At;

// What failed, waits or is to be applied may have to be read again.
const SETTLED: &str = "status IN ('applied', 'ignored')";

const OVER: &str = "(status = 'sent' OR canceled)";

/// What is old of a table, for looking it up and for clearing it alike.
macro_rules! old {
    (events, $until:expr) => {
        events::table
            .filter(sql::<Bool>(SETTLED))
            .filter(events::received_at.lt(At($until)))
            .filter(with_body())
    };
    (outbox, $until:expr) => {
        outbox::table
            .filter(sql::<Bool>(OVER))
            .filter(outbox::created_at.lt(At($until)))
            .filter(outbox::sent_at.is_null().or(outbox::sent_at.lt(Some(At($until)))))
            .filter(outbox::message.is_not_null())
    };
    (hooks_outbox, $until:expr) => {
        hooks_outbox::table
            .filter(sql::<Bool>("status = 'sent'"))
            .filter(hooks_outbox::sent_at.lt(Some(At($until))))
    };
    (activations, $until:expr) => {
        activations::table.filter(activations::released_at.lt(Some(At($until))))
    };
    (idempotency, $until:expr) => {
        idempotency::table.filter(idempotency::created_at.lt(At($until)))
    };
}

id_before!(mail_id_before, outbox, created_at);

// Not past the border: behind it is all that is young, with its contents.
macro_rules! find_old_before {
    ($name:ident, $table:ident, $border:ident) => {
        pub(crate) fn $name(
            conn: &mut Conn,
            after: i64,
            until: DateTime<Utc>,
            limit: usize,
        ) -> Result<Vec<i64>> {
            let border = $border(conn, until)?;
            old!($table, until)
                .filter($table::id.gt(after).and($table::id.le(border)))
                .order($table::id)
                .limit(at_most(limit))
                .select($table::id)
                .load(conn)
                .of(stringify!($table))
        }
    };
}

macro_rules! find_old {
    ($name:ident, $table:ident, $key:ident, $after:ty, $found:ty) => {
        pub(crate) fn $name(
            conn: &mut Conn,
            after: $after,
            until: DateTime<Utc>,
            limit: usize,
        ) -> Result<Vec<$found>> {
            old!($table, until)
                .filter($table::$key.gt(after))
                .order($table::$key)
                .limit(at_most(limit))
                .select($table::$key)
                .load(conn)
                .of(stringify!($table))
        }
    };
}

find_old_before!(events_old, events, event_id_before);
find_old_before!(outbox_old, outbox, mail_id_before);
find_old!(hooks_old, hooks_outbox, id, i64, i64);
find_old!(activations_old, activations, id, &str, String);
find_old!(idempotency_old, idempotency, key, &str, String);

pub(crate) fn event_purge(conn: &mut Conn, ids: &[i64], until: DateTime<Utc>) -> Result<usize> {
    let old = old!(events, until).filter(events::id.eq_any(ids)).select(events::id);
    let old: Vec<i64> = locked!(old.order(events::id)).load(conn).of("events")?;
    clear(conn, &old)
}

pub(crate) fn outbox_purge(conn: &mut Conn, ids: &[i64], until: DateTime<Utc>) -> Result<usize> {
    diesel::update(old!(outbox, until).filter(outbox::id.eq_any(ids)))
        .set(outbox::message.eq(None::<Vec<u8>>))
        .execute(conn)
        .of("outbox")
}

pub(crate) fn hook_delete(conn: &mut Conn, ids: &[i64], until: DateTime<Utc>) -> Result<usize> {
    diesel::delete(old!(hooks_outbox, until).filter(hooks_outbox::id.eq_any(ids)))
        .execute(conn)
        .of("hooks_outbox")
}

pub(crate) fn activation_delete(
    conn: &mut Conn,
    ids: &[String],
    until: DateTime<Utc>,
) -> Result<usize> {
    diesel::delete(old!(activations, until).filter(activations::id.eq_any(ids)))
        .execute(conn)
        .of("activations")
}

pub(crate) fn idempotency_delete(
    conn: &mut Conn,
    keys: &[String],
    until: DateTime<Utc>,
) -> Result<usize> {
    diesel::delete(old!(idempotency, until).filter(idempotency::key.eq_any(keys)))
        .execute(conn)
        .of("idempotency")
}
