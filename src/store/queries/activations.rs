//! Seats: which machine holds one, how many are held, and what a license was told last.

use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::Conn;
use super::licenses::{activation_update, activations_of_license};
use super::{Result, hit};
use crate::store::error::{Of, StoreError};
use crate::store::rows::ActivationRow;
use crate::store::schema::{activations, licenses};
use crate::store::types::At;

pub(crate) fn activation_find(
    conn: &mut Conn,
    license_id: &str,
    fingerprint: &str,
) -> Result<Option<ActivationRow>> {
    activations::table
        .filter(activations::license_id.eq(license_id))
        .filter(activations::fingerprint.eq(fingerprint))
        .select(ActivationRow::as_select())
        .first(conn)
        .optional()
        .of("activations")
}

pub(crate) fn activations_held(conn: &mut Conn, license_id: &str) -> Result<i64> {
    activations::table
        .filter(activations::license_id.eq(license_id))
        .filter(activations::released_at.is_null())
        .count()
        .get_result(conn)
        .of("activations")
}

pub(crate) fn activation_seen(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<()> {
    // One that was released meanwhile, or seen later, stays as it is.
    let held = activations::table
        .find(id)
        .filter(activations::released_at.is_null())
        .filter(activations::last_at.lt(At(now)));
    diesel::update(held).set(activations::last_at.eq(At(now))).execute(conn).of("activations")?;
    Ok(())
}

pub(crate) fn license_sequence(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<i64> {
    let least = now.timestamp().into_sql::<BigInt>();
    let next = case_when(licenses::sequence.lt(least), least).otherwise(licenses::sequence + 1);
    let sequence = diesel::update(licenses::table.find(id))
        .set(licenses::sequence.eq(next))
        .returning(licenses::sequence)
        .get_result(conn)
        .optional()
        .of("licenses")?;
    sequence.ok_or_else(|| StoreError::conflict("the license", id))
}

pub(crate) fn license_succeed(conn: &mut Conn, from: &str, into: &str) -> Result<()> {
    let theirs = activations_of_license(conn, into)?;
    for mine in activations_of_license(conn, from)? {
        match theirs.iter().find(|one| one.fingerprint == mine.fingerprint) {
            None => {
                let moved = ActivationRow { license_id: into.to_owned(), ..mine };
                activation_update(conn, &moved)?;
            }
            // One machine under two keys: it holds a seat if it held one under either.
            Some(known) if known.released_at.is_some() && mine.released_at.is_none() => {
                let last_at = known.last_at.max(mine.last_at);
                let back = ActivationRow { released_at: None, last_at, ..known.clone() };
                activation_update(conn, &back)?;
            }
            Some(_) => {}
        }
    }
    let told: i64 =
        licenses::table.find(from).select(licenses::sequence).first(conn).of("licenses")?;
    let behind = licenses::table.find(into).filter(licenses::sequence.lt(told));
    diesel::update(behind).set(licenses::sequence.eq(told)).execute(conn).of("licenses")?;
    let there = licenses::table.find(into).count().get_result::<i64>(conn).of("licenses")?;
    hit(usize::from(there > 0), "the license", into)
}
