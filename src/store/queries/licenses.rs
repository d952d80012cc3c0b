//! Licenses and the machines that they are bound to.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::Conn;
use super::{Result, at_most, hit};
use crate::store::error::Of;
use crate::store::prepared::{fixed, hits};
use crate::store::rows::{ActivationRow, Ending, LicenseCount, LicenseRow};
use crate::store::schema::{activations, licenses};
use crate::store::types::{At, LicenseState, LicenseStatus};

pub(crate) fn license_insert(conn: &mut Conn, license: &LicenseRow) -> Result<()> {
    let insert = diesel::insert_into(licenses::table).values(license.clone());
    fixed!(insert).execute(conn).of("licenses")?;
    Ok(())
}

pub(crate) fn license_update(conn: &mut Conn, license: &LicenseRow, expected: i64) -> Result<()> {
    let row = LicenseRow { version: expected + 1, ..license.clone() };
    let standing =
        licenses::table.filter(licenses::id.eq(&license.id)).filter(licenses::version.eq(expected));
    let rows = hits!(diesel::update(standing).set(row), conn).of("licenses")?;
    hit(rows, "the license", &license.id)
}

pub(crate) fn license_lock(conn: &mut Conn, id: &str) -> Result<Option<LicenseRow>> {
    let query = licenses::table.find(id).select(LicenseRow::as_select());
    locked!(query).first(conn).optional().of("licenses")
}

pub(crate) fn licenses_of_sale(conn: &mut Conn, sale_id: i64) -> Result<Vec<LicenseRow>> {
    licenses::table
        .filter(licenses::sale_id.eq(sale_id))
        .order(licenses::slot)
        .select(LicenseRow::as_select())
        .load(conn)
        .of("licenses")
}

pub(crate) fn licenses_merged(conn: &mut Conn, sale_id: i64, into: &str) -> Result<Vec<String>> {
    licenses::table
        .filter(licenses::sale_id.eq(sale_id))
        .filter(licenses::merged_into.eq(Some(into)))
        .order(licenses::slot)
        .select(licenses::id)
        .load(conn)
        .of("licenses")
}

pub(crate) fn license_by_id(conn: &mut Conn, id: &str) -> Result<Option<LicenseRow>> {
    licenses::table
        .find(id)
        .select(LicenseRow::as_select())
        .first(conn)
        .optional()
        .of_row("licenses", id)
}

pub(crate) fn license_by_key(conn: &mut Conn, key: &str) -> Result<Option<LicenseRow>> {
    licenses::table
        .filter(licenses::key.eq(key))
        .select(LicenseRow::as_select())
        .first(conn)
        .optional()
        .of("licenses")
}

/// Written out rather than bound: a partial index is only used where its condition can be read.
const STANDING: &str = "state = 'active' AND merged_into IS NULL";

pub(crate) fn licenses_ending(
    conn: &mut Conn,
    ending: Ending,
    after: DateTime<Utc>,
    last: Option<&str>,
    until: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<LicenseRow>> {
    macro_rules! ending_by {
        ($column:expr) => {{
            let mut query = licenses::table
                .filter(sql::<Bool>(STANDING))
                .filter($column.le(Some(At(until))))
                .order(($column, licenses::id))
                .limit(at_most(limit))
                .select(LicenseRow::as_select())
                .into_boxed();
            query = match last {
                None => query.filter($column.gt(Some(At(after)))),
                Some(last) => query
                    .filter($column.ge(Some(At(after))))
                    .filter($column.gt(Some(At(after))).or(licenses::id.gt(last).nullable())),
            };
            query.load(conn).of("licenses")
        }};
    }
    match ending {
        Ending::Paid => ending_by!(licenses::expires_at),
        Ending::Valid => ending_by!(licenses::valid_until),
    }
}

pub(crate) fn license_counts(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<LicenseCount>> {
    let decided: Vec<(String, LicenseState, i64)> = licenses::table
        .filter(sql::<Bool>("state <> 'active' AND merged_into IS NULL"))
        .group_by((licenses::product, licenses::state))
        .select((licenses::product, licenses::state, count_star()))
        .load(conn)
        .of("licenses")?;
    let standing: Vec<(String, i64)> = licenses::table
        .filter(sql::<Bool>(STANDING))
        .group_by(licenses::product)
        .select((licenses::product, count_star()))
        .load(conn)
        .of("licenses")?;
    let mut counts = Vec::new();
    for (product, state, count) in decided {
        let status = match state {
            LicenseState::Active => LicenseStatus::Active,
            LicenseState::Pending => LicenseStatus::Pending,
            LicenseState::Suspended => LicenseStatus::Suspended,
            LicenseState::Revoked => LicenseStatus::Revoked,
        };
        counts.push(LicenseCount { product, status, count });
    }
    for (product, count) in standing {
        let expired: i64 = licenses::table
            .filter(sql::<Bool>(STANDING))
            .filter(licenses::product.eq(&product))
            .filter(licenses::valid_until.lt(Some(At(now))))
            .count()
            .get_result(conn)
            .of("licenses")?;
        let (over, status) = (LicenseStatus::Expired, LicenseStatus::Active);
        counts.push(LicenseCount { product: product.clone(), status: over, count: expired });
        counts.push(LicenseCount { product, status, count: count - expired });
    }
    counts.sort_by(|a, b| (&a.product, a.status.as_str()).cmp(&(&b.product, b.status.as_str())));
    Ok(counts)
}

pub(crate) fn activations_of_license(
    conn: &mut Conn,
    license_id: &str,
) -> Result<Vec<ActivationRow>> {
    activations::table
        .filter(activations::license_id.eq(license_id))
        .order((activations::first_at, activations::id))
        .select(ActivationRow::as_select())
        .load(conn)
        .of("activations")
}

pub(crate) fn activations_held_by(
    conn: &mut Conn,
    license_ids: &[String],
) -> Result<Vec<(String, i64)>> {
    activations::table
        .filter(activations::license_id.eq_any(license_ids))
        .filter(activations::released_at.is_null())
        .group_by(activations::license_id)
        .select((activations::license_id, count_star()))
        .load(conn)
        .of("activations")
}

pub(crate) fn activation_insert(conn: &mut Conn, activation: &ActivationRow) -> Result<()> {
    let insert = diesel::insert_into(activations::table).values(activation.clone());
    fixed!(insert).execute(conn).of("activations")?;
    Ok(())
}

pub(crate) fn activation_update(conn: &mut Conn, activation: &ActivationRow) -> Result<()> {
    let update = diesel::update(activations::table.find(&activation.id)).set(activation.clone());
    hit(hits!(update, conn).of("activations")?, "the activation", &activation.id)
}

pub(crate) fn activation_release(
    conn: &mut Conn,
    license_id: &str,
    activation_id: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let held = activations::table
        .filter(activations::id.eq(activation_id))
        .filter(activations::license_id.eq(license_id))
        .filter(activations::released_at.is_null());
    let release = diesel::update(held).set(activations::released_at.eq(Some(At(now))));
    Ok(hits!(release, conn).of("activations")? > 0)
}
