//! Everything that goes out, mail and messages to hooks, on hold or not: one value in `meta`. What
//! claims them looks at it (`claims`).

use diesel::prelude::*;

use super::super::Conn;
use super::{Result, meta_get, meta_put};
use crate::store::error::Of;
use crate::store::hold::{Hold, KEY};
use crate::store::schema::meta;

pub(crate) fn outgoing_hold(conn: &mut Conn) -> Result<Option<Hold>> {
    Ok(meta_get(conn, KEY)?.map(|text| Hold::of_text(&text)))
}

pub(crate) fn outgoing_hold_put(conn: &mut Conn, hold: &Hold) -> Result<()> {
    meta_put(conn, KEY, &hold.to_string())
}

pub(crate) fn outgoing_release(conn: &mut Conn) -> Result<()> {
    diesel::delete(meta::table.find(KEY)).execute(conn).of("meta")?;
    Ok(())
}
