//! Sales, their references, notices and customers.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::super::Conn;
use super::{Result, hit};
use crate::store::error::Of;
use crate::store::prepared::{Prepare as _, fixed, hits};
use crate::store::rows::{CustomerRow, NewNotice, NoticeRow, RefRow, SaleRow};
use crate::store::schema::{customers, events, licenses, notices, outbox, refs, sales};
use crate::store::types::{At, Digest, Json, JsonText};

pub(crate) fn refs_find(
    conn: &mut Conn,
    account: &str,
    live: bool,
    references: &[String],
) -> Result<Vec<RefRow>> {
    refs::table
        .filter(refs::reference.eq_any(references))
        .filter(refs::account.eq(account))
        .filter(refs::live.eq(live))
        .order(refs::reference)
        .select(RefRow::as_select())
        .prepared()
        .load(conn)
        .of("refs")
}

/// In sorted order: two nodes that tie the same references wait for each other in a line, not in
/// a circle.
pub(crate) fn refs_tie(
    conn: &mut Conn,
    account: &str,
    live: bool,
    references: &[String],
    sale_id: i64,
) -> Result<Vec<RefRow>> {
    let mut sorted: Vec<&String> = references.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut tied = 0;
    for reference in &sorted {
        let row =
            RefRow { account: account.to_owned(), live, reference: (*reference).clone(), sale_id };
        let insert = diesel::insert_into(refs::table).values(row).on_conflict_do_nothing();
        tied += fixed!(insert).execute(conn).of("refs")?;
    }
    if tied == sorted.len() {
        return Ok(Vec::new());
    }
    let mut owners = refs_find(conn, account, live, references)?;
    owners.retain(|row| row.sale_id != sale_id);
    Ok(owners)
}

pub(crate) fn refs_of_sale(conn: &mut Conn, sale_id: i64) -> Result<Vec<String>> {
    refs::table
        .filter(refs::sale_id.eq(sale_id))
        .order(refs::reference)
        .select(refs::reference)
        .load(conn)
        .of("refs")
}

pub(crate) fn sale_new(
    conn: &mut Conn,
    account: &str,
    live: bool,
    customer_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<SaleRow> {
    let insert = diesel::insert_into(sales::table)
        .values((
            sales::account.eq(account),
            sales::live.eq(live),
            sales::customer_id.eq(customer_id),
            sales::created_at.eq(At(now)),
        ))
        .returning(SaleRow::as_returning());
    fixed!(insert).get_result(conn).of("sales")
}

pub(crate) fn sale_lock(conn: &mut Conn, ids: &[i64]) -> Result<Vec<SaleRow>> {
    let query =
        sales::table.filter(sales::id.eq_any(ids)).order(sales::id).select(SaleRow::as_select());
    locked!(query).prepared().load(conn).of("sales")
}

pub(crate) fn sale_by_id(conn: &mut Conn, id: i64) -> Result<Option<SaleRow>> {
    sales::table.find(id).select(SaleRow::as_select()).first(conn).optional().of("sales")
}

pub(crate) fn sale_merge(conn: &mut Conn, from: i64, into: i64) -> Result<()> {
    let gone = sales::table.filter(sales::id.eq(from)).filter(sales::merged_into.is_null());
    let rows =
        diesel::update(gone).set(sales::merged_into.eq(Some(into))).execute(conn).of("sales")?;
    hit(rows, "the sale", from)?;
    diesel::update(sales::table.filter(sales::merged_into.eq(Some(from))))
        .set(sales::merged_into.eq(Some(into)))
        .execute(conn)
        .of("sales")?;
    diesel::update(refs::table.filter(refs::sale_id.eq(from)))
        .set(refs::sale_id.eq(into))
        .execute(conn)
        .of("refs")?;
    diesel::update(notices::table.filter(notices::sale_id.eq(Some(from))))
        .set(notices::sale_id.eq(Some(into)))
        .execute(conn)
        .of("notices")?;
    diesel::update(events::table.filter(events::sale_id.eq(Some(from))))
        .set(events::sale_id.eq(Some(into)))
        .execute(conn)
        .of("events")?;
    diesel::update(licenses::table.filter(licenses::sale_id.eq(from)))
        .set(licenses::sale_id.eq(into))
        .execute(conn)
        .of("licenses")?;
    diesel::update(outbox::table.filter(outbox::sale_id.eq(Some(from))))
        .set(outbox::sale_id.eq(Some(into)))
        .execute(conn)
        .of("outbox")?;
    inherit_customer(conn, from, into)
}

/// The customer of the sale that went, where the one that stays knows none.
fn inherit_customer(conn: &mut Conn, from: i64, into: i64) -> Result<()> {
    let known: Option<String> =
        sales::table.find(from).select(sales::customer_id).first(conn).of("sales")?;
    diesel::update(sales::table.find(into).filter(sales::customer_id.is_null()))
        .set(sales::customer_id.eq(known))
        .execute(conn)
        .of("sales")?;
    Ok(())
}

pub(crate) fn sale_customer(conn: &mut Conn, sale_id: i64, provider_id: &str) -> Result<()> {
    let named =
        diesel::update(sales::table.find(sale_id)).set(sales::customer_id.eq(Some(provider_id)));
    hit(hits!(named, conn).of("sales")?, "the sale", sale_id)
}

pub(crate) fn sales_of_customer(
    conn: &mut Conn,
    account: &str,
    live: bool,
    provider_id: &str,
) -> Result<Vec<SaleRow>> {
    sales::table
        .filter(sales::account.eq(account))
        .filter(sales::customer_id.eq(Some(provider_id)))
        .filter(sales::live.eq(live))
        .filter(sales::merged_into.is_null())
        .order(sales::id)
        .select(SaleRow::as_select())
        .load(conn)
        .of("sales")
}

pub(crate) fn notices_replace(
    conn: &mut Conn,
    event_id: i64,
    sale_id: Option<i64>,
    new: &[NewNotice],
) -> Result<()> {
    diesel::delete(notices::table.filter(notices::event_id.eq(event_id)))
        .execute(conn)
        .of("notices")?;
    for (position, notice) in (0..).zip(new) {
        let row = NoticeRecord {
            event_id,
            position,
            sale_id,
            digest: notice.digest,
            occurred_at: At(notice.occurred_at),
            body: JsonText(notice.body.clone()),
        };
        diesel::insert_into(notices::table).values(row).execute(conn).of("notices")?;
    }
    Ok(())
}

#[derive(Debug, Insertable)]
#[diesel(table_name = notices)]
#[diesel(treat_none_as_default_value = false)]
struct NoticeRecord {
    event_id: i64,
    position: i32,
    sale_id: Option<i64>,
    digest: Digest,
    occurred_at: At,
    body: JsonText,
}

pub(crate) fn notices_of_sale(conn: &mut Conn, sale_id: i64) -> Result<Vec<NoticeRow>> {
    notices::table
        .filter(notices::sale_id.eq(Some(sale_id)))
        .order((notices::event_id, notices::position))
        .select(NoticeRow::as_select())
        .load(conn)
        .of("notices")
}

pub(crate) fn notices_of_event(conn: &mut Conn, event_id: i64) -> Result<Vec<NoticeRow>> {
    notices::table
        .filter(notices::event_id.eq(event_id))
        .order(notices::position)
        .select(NoticeRow::as_select())
        .load(conn)
        .of("notices")
}

pub(crate) fn notices_of_events(conn: &mut Conn, event_ids: &[i64]) -> Result<Vec<NoticeRow>> {
    notices::table
        .filter(notices::event_id.eq_any(event_ids))
        .order((notices::event_id, notices::position))
        .select(NoticeRow::as_select())
        .load(conn)
        .of("notices")
}

pub(crate) fn customer_find(
    conn: &mut Conn,
    account: &str,
    live: bool,
    provider_id: &str,
) -> Result<Option<CustomerRow>> {
    customers::table
        .find((account, live, provider_id))
        .select(CustomerRow::as_select())
        .first(conn)
        .optional()
        .of("customers")
}

pub(crate) fn customer_lock(
    conn: &mut Conn,
    account: &str,
    live: bool,
    provider_id: &str,
    now: DateTime<Utc>,
) -> Result<CustomerRow> {
    let blank = CustomerRow {
        account: account.to_owned(),
        live,
        provider_id: provider_id.to_owned(),
        details: Value::Object(serde_json::Map::new()),
        updated_at: now,
    };
    let insert =
        diesel::insert_into(customers::table).values(blank.clone()).on_conflict_do_nothing();
    if fixed!(insert).execute(conn).of("customers")? > 0 {
        return Ok(blank);
    }
    let query =
        customers::table.find((account, live, provider_id)).select(CustomerRow::as_select());
    fixed!(locked!(query)).get_result(conn).of("customers")
}

pub(crate) fn customer_put(conn: &mut Conn, customer: &CustomerRow) -> Result<()> {
    let put = diesel::insert_into(customers::table)
        .values(customer.clone())
        .on_conflict((customers::account, customers::live, customers::provider_id))
        .do_update()
        .set((
            customers::details.eq(Json(customer.details.clone())),
            customers::updated_at.eq(At(customer.updated_at)),
        ));
    fixed!(put).execute(conn).of("customers")?;
    Ok(())
}
