//! A customer is erased: pages to look for him in, and what is taken out of a row.
//!
//! What a row is known by stays: numbers, digests, the provider's ids.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::Value;

use super::super::Conn;
use super::events::{clear, with_bodies, with_body};
use super::{Result, at_most};
use crate::store::error::Of;
use crate::store::rows::{
    CustomerKey, CustomerRow, EventRow, HookRow, IdempotencyRow, MailRow, NoticeRow, RefKey,
};
use crate::store::schema::{
    customers, events, hooks_outbox, idempotency, licenses, links, notices, outbox, refs, sales,
};
use crate::store::types::{At, EventStatus, Json, MailStatus};

/// References made out of a customer's id or address begin so. (Not a range: where it would end
/// depends on how the database sorts.)
const STACKS: &str = "stack:%";

pub(crate) fn sales_of_email(conn: &mut Conn, email: &str) -> Result<Vec<i64>> {
    licenses::table
        .filter(licenses::email.eq(Some(email)))
        .order(licenses::sale_id)
        .select(licenses::sale_id)
        .distinct()
        .load(conn)
        .of("licenses")
}

macro_rules! page {
    ($name:ident, $table:ident, $row:ty) => {
        pub(crate) fn $name(conn: &mut Conn, after: i64, limit: usize) -> Result<Vec<$row>> {
            $table::table
                .filter($table::id.gt(after))
                .order($table::id)
                .limit(at_most(limit))
                .select(<$row>::as_select())
                .load(conn)
                .of(stringify!($table))
        }
    };
}

page!(notices_after, notices, NoticeRow);
page!(outbox_after, outbox, MailRow);
page!(hooks_after, hooks_outbox, HookRow);

pub(crate) fn events_after(conn: &mut Conn, after: i64, limit: usize) -> Result<Vec<EventRow>> {
    with_bodies()
        .filter(events::id.gt(after))
        .order(events::id)
        .limit(at_most(limit))
        .load(conn)
        .of("events")
}

pub(crate) fn customers_after(
    conn: &mut Conn,
    (account, live, provider_id): &CustomerKey,
    limit: usize,
) -> Result<Vec<CustomerRow>> {
    let later_id = customers::live.eq(live).and(customers::provider_id.gt(provider_id));
    let later = customers::account.eq(account).and(customers::live.gt(live).or(later_id));
    customers::table
        .filter(customers::account.gt(account).or(later))
        .order((customers::account, customers::live, customers::provider_id))
        .limit(at_most(limit))
        .select(CustomerRow::as_select())
        .load(conn)
        .of("customers")
}

pub(crate) fn idempotency_after(
    conn: &mut Conn,
    after: &str,
    limit: usize,
) -> Result<Vec<IdempotencyRow>> {
    idempotency::table
        .filter(idempotency::key.gt(after))
        .order(idempotency::key)
        .limit(at_most(limit))
        .select(IdempotencyRow::as_select())
        .load(conn)
        .of("idempotency")
}

pub(crate) fn stacks_after(
    conn: &mut Conn,
    after: Option<&RefKey>,
    limit: usize,
) -> Result<Vec<(RefKey, i64)>> {
    let blank = (String::new(), false, String::new());
    let (account, live, reference) = after.unwrap_or(&blank);
    let later_mode = refs::account.eq(account).and(refs::live.gt(live));
    let later = refs::reference.eq(reference).and(refs::account.gt(account).or(later_mode));
    let rows: Vec<(String, bool, String, i64)> = refs::table
        .filter(refs::reference.gt(reference).or(later))
        .filter(refs::reference.like(STACKS))
        .order((refs::reference, refs::account, refs::live))
        .limit(at_most(limit))
        .select((refs::account, refs::live, refs::reference, refs::sale_id))
        .load(conn)
        .of("refs")?;
    Ok(rows.into_iter().map(|(account, live, name, sale)| ((account, live, name), sale)).collect())
}

pub(crate) fn event_erase(conn: &mut Conn, ids: &[i64]) -> Result<usize> {
    let settled = || {
        events::table.filter(events::id.eq_any(ids)).filter(events::status.ne(EventStatus::Pending))
    };
    // It cannot be replayed any more, so it is nothing that a person could mend.
    diesel::update(settled().filter(sql::<Bool>("status = 'failed'")))
        .set((
            events::status.eq(EventStatus::Ignored),
            events::reason.eq(Some("erased")),
            events::message.eq(Some("its customer was erased before it was applied")),
        ))
        .execute(conn)
        .of("events")?;
    let whole = settled().filter(with_body()).select(events::id).order(events::id);
    let whole: Vec<i64> = locked!(whole).load(conn).of("events")?;
    clear(conn, &whole)
}

pub(crate) fn notice_put(conn: &mut Conn, id: i64, body: &Value) -> Result<()> {
    diesel::update(notices::table.find(id))
        .set(notices::body.eq(Json(body.clone())))
        .execute(conn)
        .of("notices")?;
    Ok(())
}

pub(crate) fn outbox_of_sale(conn: &mut Conn, sale_id: i64) -> Result<Vec<i64>> {
    outbox::table
        .filter(outbox::sale_id.eq(Some(sale_id)))
        .select(outbox::id)
        .load(conn)
        .of("outbox")
}

pub(crate) fn outbox_erase(conn: &mut Conn, ids: &[i64]) -> Result<usize> {
    let these = || outbox::table.filter(outbox::id.eq_any(ids));
    diesel::update(these().filter(outbox::status.ne(MailStatus::Sent)))
        .set((
            outbox::status.eq(MailStatus::Failed),
            outbox::canceled.eq(true),
            outbox::error.eq(Some("not sent: the customer was erased")),
        ))
        .execute(conn)
        .of("outbox")?;
    diesel::update(these().filter(outbox::status.eq(MailStatus::Sent)))
        .set(outbox::error.eq(None::<String>))
        .execute(conn)
        .of("outbox")?;
    diesel::update(these())
        .set((
            outbox::recipient.eq(None::<String>),
            outbox::locale.eq(None::<String>),
            outbox::data.eq(Json(Value::Object(serde_json::Map::new()))),
            outbox::message.eq(None::<Vec<u8>>),
            // Whoever is about to send it cannot settle it any more.
            outbox::fence.eq(outbox::fence + 1),
            outbox::claimed_until.eq(None::<At>),
        ))
        .execute(conn)
        .of("outbox")
}

pub(crate) fn hook_forget(conn: &mut Conn, ids: &[i64]) -> Result<usize> {
    diesel::update(hooks_outbox::table.filter(hooks_outbox::id.eq_any(ids)))
        .set((
            hooks_outbox::message.eq(None::<Vec<u8>>),
            // With its bytes goes the claim of whoever is about to send them.
            hooks_outbox::fence.eq(hooks_outbox::fence + 1),
            hooks_outbox::claimed_until.eq(None::<At>),
        ))
        .execute(conn)
        .of("hooks_outbox")
}

pub(crate) fn idempotency_redact(conn: &mut Conn, key: &str, body: &Value) -> Result<()> {
    diesel::update(idempotency::table.find(key))
        .set(idempotency::body.eq(Json(body.clone())))
        .execute(conn)
        .of("idempotency")?;
    Ok(())
}

pub(crate) fn links_drop(conn: &mut Conn, email: &str) -> Result<()> {
    diesel::delete(links::table.filter(links::email.eq(email))).execute(conn).of("links")?;
    Ok(())
}

pub(crate) fn ref_drop(conn: &mut Conn, (account, live, reference): &RefKey) -> Result<()> {
    diesel::delete(refs::table.find((reference, account, live))).execute(conn).of("refs")?;
    Ok(())
}

pub(crate) fn sale_forget_customer(conn: &mut Conn, sale_id: i64) -> Result<()> {
    diesel::update(sales::table.find(sale_id))
        .set(sales::customer_id.eq(None::<String>))
        .execute(conn)
        .of("sales")?;
    Ok(())
}

pub(crate) fn customer_drop(
    conn: &mut Conn,
    (account, live, provider_id): &CustomerKey,
) -> Result<()> {
    diesel::delete(customers::table.find((account, live, provider_id)))
        .execute(conn)
        .of("customers")?;
    Ok(())
}
