//! Which events are here, by the names that repetitions are known by.

use diesel::prelude::*;

use super::super::Conn;
use super::Result;
use super::events::with_bodies;
use crate::store::error::Of;
use crate::store::rows::{EventRow, Known};
use crate::store::schema::events;
use crate::store::types::Dedupe;

pub(crate) fn events_known(conn: &mut Conn, names: &[Dedupe]) -> Result<Vec<Known>> {
    events::table
        .filter(events::dedupe.eq_any(names.to_vec()))
        .select(Known::as_select())
        .load(conn)
        .of("events")
}

pub(crate) fn event_by_name(conn: &mut Conn, name: Dedupe) -> Result<Option<EventRow>> {
    with_bodies().filter(events::dedupe.eq(name)).first(conn).optional().of("events")
}
