//! Every query, once. This folder is compiled twice: as a child of `pg` and of `sqlite`.
//!
//! What differs comes from the parent: the connection's type ([`Conn`]), its clock, the insertion
//! of a batch of events, and two macros, `locked!` and `skip_locked!`, which add row locks where
//! there are rows to lock.

mod activations;
mod arrival;
mod audit;
mod claims;
mod events;
mod export;
mod figures;
mod history;
mod hold;
mod hooks;
mod keep;
mod licenses;
mod lookup;
mod outbox;
mod people;
mod sales;
mod sessions;
mod trouble;

pub(in crate::store) use activations::*;
pub(in crate::store) use audit::*;
pub(in crate::store) use claims::*;
pub(in crate::store) use events::*;
pub(in crate::store) use export::*;
pub(in crate::store) use figures::*;
pub(in crate::store) use history::*;
pub(in crate::store) use hold::*;
pub(in crate::store) use hooks::*;
pub(in crate::store) use keep::{EventRecord, event_keep};
pub(in crate::store) use licenses::*;
pub(in crate::store) use outbox::*;
pub(in crate::store) use people::*;
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
