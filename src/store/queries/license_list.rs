//! Lists of licenses: as with events, the code says which index answers, and row comparisons keep
//! the databases to it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::{Conn, PERPETUAL};
use super::licenses::license_by_id;
use super::lookup::{forms, or_none, order_forms, sales_by_ref, sales_by_refs};
use super::{Db, Result, at_most, naming_row};
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{LicenseFilter, LicenseRow};
use crate::store::schema::licenses;
use crate::store::types::{At, LicenseState, LicenseStatus, MaybeAt, Moment};

/// Where fewer licenses of a product are valid, all of them are looked at.
const FEW: usize = 1_000;

/// Where a license stands in a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: DateTime<Utc>,
    id: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Moment)]
    at: At,
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct Product {
    #[diesel(sql_type = Text)]
    product: String,
}

pub(crate) fn license_list(
    conn: &mut Conn,
    filter: &LicenseFilter,
    now: DateTime<Utc>,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Vec<LicenseRow>> {
    let Some(before) = begin(conn, filter, now, cursor)? else { return Ok(Vec::new()) };
    let mut places = match (filter.is_exact(), filter.status) {
        (true, _) => exact(conn, filter, now)?,
        (false, None) => created(conn, filter.product.as_deref(), &before, limit)?,
        (false, Some(status)) => {
            let products = match &filter.product {
                Some(product) => vec![product.clone()],
                None => products(conn)?,
            };
            let mut places = Vec::new();
            for product in products {
                places.extend(match status {
                    LicenseStatus::Expired => expired(conn, &product, &before, limit)?,
                    LicenseStatus::Active => active(conn, &product, &before, now, limit)?,
                    LicenseStatus::Suspended | LicenseStatus::Revoked | LicenseStatus::Pending => {
                        decided(conn, status.as_str(), &product, &before, limit)?
                    }
                });
            }
            places
        }
    };
    places.retain(|place| *place < before);
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.dedup();
    let ids: Vec<String> = places.into_iter().take(limit).map(|place| place.id).collect();
    rows(conn, &ids)
}

/// The list goes on below this. `None`: the license of the cursor is gone.
fn begin(
    conn: &mut Conn,
    filter: &LicenseFilter,
    now: DateTime<Utc>,
    cursor: Option<&str>,
) -> Result<Option<Place>> {
    let by_end = by_end(filter);
    let Some(id) = cursor else {
        let at = if by_end { now } else { END };
        return Ok(Some(Place { at, id: String::new() }));
    };
    let seen: Option<(At, MaybeAt)> = licenses::table
        .find(id)
        .select((licenses::created_at, licenses::valid_until))
        .first(conn)
        .optional()
        .of("licenses")?;
    Ok(seen.map(|(created_at, valid_until)| {
        let end: Option<DateTime<Utc>> = valid_until.into();
        // One that was renewed since it was seen is no place to go on from: from the top again.
        let at = if by_end { end.unwrap_or(now).min(now) } else { created_at.into() };
        Place { at, id: id.to_owned() }
    }))
}

/// Later than any license was made.
const END: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end) => end,
    None => DateTime::<Utc>::MAX_UTC,
};

/// What expired is told by its end, the latest first; everything else by when it was made.
fn by_end(filter: &LicenseFilter) -> bool {
    !filter.is_exact() && filter.status == Some(LicenseStatus::Expired)
}

/// These licenses, in this order.
fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<LicenseRow>> {
    let rows = licenses::table
        .filter(licenses::id.eq_any(ids))
        .select(LicenseRow::as_select())
        .load::<LicenseRow>(conn)
        .of("licenses");
    let mut rows = naming_row(conn, rows, ids, |conn, id| license_by_id(conn, &id))?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows)
}

/// Those that somebody can name: few, whatever else is asked.
fn exact(conn: &mut Conn, filter: &LicenseFilter, now: DateTime<Utc>) -> Result<Vec<Place>> {
    type Seen = (At, String, LicenseState, String, MaybeAt);
    let found: Vec<Seen> = named(conn, filter)?
        .select((
            licenses::created_at,
            licenses::id,
            licenses::state,
            licenses::product,
            licenses::valid_until,
        ))
        .load(conn)
        .of("licenses")?;
    let wanted = |(_, _, state, product, valid_until): &Seen| {
        let end: Option<DateTime<Utc>> = (*valid_until).into();
        let over = end.is_some_and(|end| end < now);
        filter.product.as_ref().is_none_or(|wanted| wanted == product)
            && filter.status.is_none_or(|status| match status {
                LicenseStatus::Active => *state == LicenseState::Active && !over,
                LicenseStatus::Expired => *state == LicenseState::Active && over,
                LicenseStatus::Suspended => *state == LicenseState::Suspended,
                LicenseStatus::Revoked => *state == LicenseState::Revoked,
                LicenseStatus::Pending => *state == LicenseState::Pending,
            })
    };
    let place = |(at, id, ..): Seen| Place { at: at.into(), id };
    Ok(found.into_iter().filter(wanted).map(place).collect())
}

/// Only what an index leads to: by nothing else may the database begin.
fn named<'a>(conn: &mut Conn, filter: &'a LicenseFilter) -> Result<licenses::BoxedQuery<'a, Db>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let LicenseFilter { email, key, order, subscription, status: _, product: _, q } = filter;
    let mut query = licenses::table.into_boxed();
    if let Some(email) = email {
        query = query.filter(licenses::email.eq(Some(email.trim().to_lowercase())));
    }
    if let Some(key) = key {
        query = query.filter(licenses::key.eq(key));
    }
    if let Some(order) = order {
        let sales = or_none(sales_by_refs(conn, &order_forms(order))?);
        query = query.filter(
            licenses::order_ref
                .eq_any(with_and_without("order:", order))
                .or(licenses::sale_id.eq_any(sales).nullable()),
        );
    }
    if let Some(subscription) = subscription {
        let forms = with_and_without("subscription:", subscription);
        let sales = or_none(sales_by_refs(conn, &forms)?);
        query = query.filter(
            licenses::subscription_ref.eq_any(forms).or(licenses::sale_id.eq_any(sales).nullable()),
        );
    }
    if let Some(word) = q.as_deref().map(str::trim) {
        let sales = sales_by_ref(conn, word)?;
        query = query.filter(
            licenses::email
                .eq(Some(word.to_lowercase()))
                .or(licenses::order_ref.eq_any(forms(word)))
                .or(licenses::subscription_ref.eq_any(forms(word)))
                .or(licenses::key.eq(word).nullable())
                .or(licenses::id.eq(word).nullable())
                .or(licenses::sale_id.eq_any(or_none(sales)).nullable()),
        );
    }
    Ok(query)
}

fn with_and_without(prefix: &str, word: &str) -> [String; 2] {
    let word = word.trim();
    let bare = word.strip_prefix(prefix).unwrap_or(word);
    [bare.to_owned(), format!("{prefix}{bare}")]
}

/// By when they were made.
fn created(
    conn: &mut Conn,
    product: Option<&str>,
    before: &Place,
    limit: usize,
) -> Result<Vec<Place>> {
    let Some(product) = product else {
        return places(
            diesel::sql_query(
                "SELECT created_at AS at, id FROM licenses WHERE (created_at, id) < ($1, $2)
                 ORDER BY created_at DESC, id DESC LIMIT $3",
            )
            .bind::<Moment, _>(At(before.at))
            .bind::<Text, _>(&before.id)
            .bind::<BigInt, _>(at_most(limit))
            .prepared()
            .load(conn),
        );
    };
    places(
        diesel::sql_query(
            "SELECT created_at AS at, id FROM licenses
             WHERE (product, created_at, id) < ($1, $2, $3) AND (product, created_at, id) > ($1, $4, '')
             ORDER BY product DESC, created_at DESC, id DESC LIMIT $5",
        )
        .bind::<Text, _>(product)
        .bind::<Moment, _>(At(before.at))
        .bind::<Text, _>(&before.id)
        .bind::<Moment, _>(At(DateTime::UNIX_EPOCH))
        .bind::<BigInt, _>(at_most(limit))
        .prepared()
        .load(conn),
    )
}

/// Suspended, revoked or pending.
fn decided(
    conn: &mut Conn,
    state: &str,
    product: &str,
    before: &Place,
    limit: usize,
) -> Result<Vec<Place>> {
    places(
        diesel::sql_query(
            "SELECT created_at AS at, id FROM licenses
             WHERE state <> 'active' AND (state, product, created_at, id) < ($1, $2, $3, $4)
                 AND (state, product, created_at, id) > ($1, $2, $5, '')
             ORDER BY state DESC, product DESC, created_at DESC, id DESC LIMIT $6",
        )
        .bind::<Text, _>(state)
        .bind::<Text, _>(product)
        .bind::<Moment, _>(At(before.at))
        .bind::<Text, _>(&before.id)
        .bind::<Moment, _>(At(DateTime::UNIX_EPOCH))
        .bind::<BigInt, _>(at_most(limit))
        .prepared()
        .load(conn),
    )
}

fn expired(conn: &mut Conn, product: &str, before: &Place, limit: usize) -> Result<Vec<Place>> {
    places(
        diesel::sql_query(
            "SELECT valid_until AS at, id FROM licenses
             WHERE state = 'active' AND merged_into IS NULL
                 AND (product, valid_until, id) < ($1, $2, $3)
                 AND (product, valid_until, id) > ($1, $4, '')
             ORDER BY product DESC, valid_until DESC, id DESC LIMIT $5",
        )
        .bind::<Text, _>(product)
        .bind::<Moment, _>(At(before.at))
        .bind::<Text, _>(&before.id)
        .bind::<Moment, _>(At(DateTime::UNIX_EPOCH))
        .bind::<BigInt, _>(at_most(limit))
        .prepared()
        .load(conn),
    )
}

/// Few of a product that is sold no more: they are looked at one by one. Many of one that is
/// sold: then the newest are among the first that are met.
fn active(
    conn: &mut Conn,
    product: &str,
    before: &Place,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Place>> {
    let few = valid(conn, product, now)?;
    if few.len() < FEW {
        return Ok(few);
    }
    places(
        diesel::sql_query(
            "SELECT created_at AS at, id FROM licenses
             WHERE (product, created_at, id) < ($1, $2, $3)
                 AND (product, created_at, id) > ($1, $4, '')
                 AND state = 'active' AND merged_into IS NULL
                 AND (valid_until IS NULL OR valid_until >= $5)
             ORDER BY product DESC, created_at DESC, id DESC LIMIT $6",
        )
        .bind::<Text, _>(product)
        .bind::<Moment, _>(At(before.at))
        .bind::<Text, _>(&before.id)
        .bind::<Moment, _>(At(DateTime::UNIX_EPOCH))
        .bind::<Moment, _>(At(now))
        .bind::<BigInt, _>(at_most(limit))
        .prepared()
        .load(conn),
    )
}

/// Up to [`FEW`] of the valid licenses of a product, in no order.
fn valid(conn: &mut Conn, product: &str, now: DateTime<Utc>) -> Result<Vec<Place>> {
    let dated = diesel::sql_query(
        "SELECT created_at AS at, id FROM licenses
         WHERE state = 'active' AND merged_into IS NULL
             AND (product, valid_until, id) >= ($1, $2, '') AND (product, valid_until, id) < ($1, $3, '')
         ORDER BY product, valid_until, id LIMIT $4",
    )
    .bind::<Text, _>(product)
    .bind::<Moment, _>(At(now))
    .bind::<Moment, _>(At(END))
    .bind::<BigInt, _>(at_most(FEW))
    .prepared()
    .load(conn);
    let (of_product, order) = PERPETUAL;
    let perpetual = diesel::sql_query(format!(
        "SELECT created_at AS at, id FROM licenses
         WHERE state = 'active' AND merged_into IS NULL AND {of_product}
         ORDER BY {order} LIMIT $2"
    ))
    .bind::<Text, _>(product)
    .bind::<BigInt, _>(at_most(FEW))
    .prepared()
    .load(conn);
    let mut valid = places(dated)?;
    valid.extend(places(perpetual)?);
    valid.truncate(FEW);
    Ok(valid)
}

/// Every product that a license was ever made for: from one to the next along the index.
fn products(conn: &mut Conn) -> Result<Vec<String>> {
    let products: Vec<Product> = diesel::sql_query(
        "WITH RECURSIVE names (product) AS (
             SELECT (SELECT product FROM licenses ORDER BY product LIMIT 1)
             UNION ALL
             SELECT (SELECT licenses.product FROM licenses WHERE licenses.product > names.product
                     ORDER BY licenses.product LIMIT 1)
             FROM names WHERE names.product IS NOT NULL
         )
         SELECT product FROM names WHERE product IS NOT NULL",
    )
    .prepared()
    .load(conn)
    .of("licenses")?;
    Ok(products.into_iter().map(|row| row.product).collect())
}

fn places(found: QueryResult<Vec<Found>>) -> Result<Vec<Place>> {
    let place = |found: Found| Place { at: found.at.into(), id: found.id };
    Ok(found.of("licenses")?.into_iter().map(place).collect())
}
