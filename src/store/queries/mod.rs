//! Every query, once. This folder is compiled twice: as a child of `pg` and of `sqlite`.
//!
//! What differs comes from the parent: the connection's type ([`Conn`]), its clock, the insertion
//! of a batch of events, and two macros, `locked!` and `skip_locked!`, which add row locks where
//! there are rows to lock.

/// The newest row of a table from before a moment; 0: there is none. Numbers grow with time, so the
/// border is found by halving, without an index on the time.
macro_rules! id_before {
    ($name:ident, $table:ident, $time:ident) => {
        pub(crate) fn $name(
            conn: &mut super::super::Conn,
            moment: chrono::DateTime<chrono::Utc>,
        ) -> super::Result<i64> {
            let newest: Option<i64> = $table::table
                .order($table::id.desc())
                .select($table::id)
                .first(conn)
                .optional()
                .of(stringify!($table))?;
            let (mut before, mut beyond) = (0, newest.unwrap_or_default() + 1);
            while beyond - before > 1 {
                let middle = before + (beyond - before) / 2;
                let found: Option<(i64, crate::store::types::At)> = $table::table
                    .filter($table::id.ge(middle))
                    .order($table::id)
                    .select(($table::id, $table::$time))
                    .first(conn)
                    .optional()
                    .of(stringify!($table))?;
                match found {
                    Some((id, at)) if at.0 < moment => before = id,
                    Some(_) | None => beyond = middle,
                }
            }
            Ok(before)
        }
    };
}

mod activations;
mod arrival;
mod audit;
mod claims;
mod erase;
mod event_list;
mod events;
mod export;
mod facets;
mod figures;
mod history;
mod hold;
mod hooks;
mod keep;
mod known;
mod license_list;
mod licenses;
mod lookup;
mod mail_list;
mod outbox;
mod people;
mod retention;
mod sales;
mod sessions;
mod trouble;

pub(in crate::store) use activations::*;
pub(in crate::store) use arrival::clock_trust;
pub(in crate::store) use audit::*;
pub(in crate::store) use claims::*;
pub(in crate::store) use erase::*;
pub(in crate::store) use event_list::*;
pub(in crate::store) use events::*;
pub(in crate::store) use export::*;
pub(in crate::store) use figures::*;
pub(in crate::store) use history::*;
pub(in crate::store) use hold::*;
pub(in crate::store) use hooks::*;
pub(in crate::store) use keep::{EventRecord, event_keep};
pub(in crate::store) use known::*;
pub(in crate::store) use license_list::*;
pub(in crate::store) use licenses::*;
pub(in crate::store) use mail_list::*;
pub(in crate::store) use outbox::*;
pub(in crate::store) use people::*;
pub(in crate::store) use retention::*;
pub(in crate::store) use sales::*;
pub(in crate::store) use sessions::*;
pub(in crate::store) use trouble::*;

use super::Conn;
pub(in crate::store) use super::{event_reclaim_all, hook_reclaim_all, outbox_reclaim_all};
use crate::store::error::StoreError;

type Db = <Conn as diesel::Connection>::Backend;

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An UPDATE that hit nothing is an error.
fn hit(rows: usize, what: &'static str, id: impl ToString) -> Result<()> {
    if rows == 0 { Err(StoreError::conflict(what, id)) } else { Ok(()) }
}

/// A limit as SQL takes it.
fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Where a list cannot be read, reads its rows one by one, so that the error names the one.
fn naming_row<T, I: Clone, R>(
    conn: &mut Conn,
    list: Result<T>,
    ids: &[I],
    one: impl Fn(&mut Conn, I) -> Result<R>,
) -> Result<T> {
    if let Err(StoreError::Corrupt { .. }) = &list {
        for id in ids {
            one(conn, id.clone())?;
        }
    }
    list
}
