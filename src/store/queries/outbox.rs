//! Mail: owed, addressed, looked at. (How it is claimed and settled: `claims`.)

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable};

use super::super::{Conn, clock};
use super::{Result, at_most, hit, naming_row};
use crate::store::error::Of;
use crate::store::prepared::{fixed, hits};
use crate::store::rows::{MailCounts, MailRow, NewMail};
use crate::store::schema::outbox;
use crate::store::types::{At, Json, MailStatus};

/// The columns of a [`MailRow`] with nothing in place of the bytes.
macro_rules! without_message {
    () => {
        (
            outbox::id,
            outbox::key,
            outbox::template,
            outbox::license_id,
            outbox::sale_id,
            outbox::recipient,
            outbox::locale,
            outbox::status,
            outbox::attempts,
            outbox::next_at,
            outbox::claimed_until,
            outbox::fence,
            outbox::error,
            outbox::in_doubt,
            outbox::message_id,
            outbox::dated_at,
            outbox::data,
            outbox::created_at,
            outbox::sent_at,
            None::<Vec<u8>>.into_sql::<Nullable<Binary>>(),
        )
    };
}

pub(crate) fn outbox_owe(conn: &mut Conn, mail: &NewMail) -> Result<bool> {
    let insert = diesel::insert_into(outbox::table)
        .values((
            outbox::key.eq(&mail.key),
            outbox::template.eq(&mail.template),
            outbox::license_id.eq(mail.license_id.as_deref()),
            outbox::sale_id.eq(mail.sale_id),
            outbox::recipient.eq(mail.recipient.as_deref()),
            outbox::locale.eq(mail.locale.as_deref()),
            outbox::status.eq(mail.status),
            outbox::attempts.eq(0),
            outbox::next_at.eq(At(mail.next_at)),
            outbox::fence.eq(0_i64),
            outbox::in_doubt.eq(false),
            outbox::message_id.eq(&mail.message_id),
            outbox::dated_at.eq(At(mail.dated_at)),
            outbox::data.eq(Json(mail.data.clone())),
            outbox::created_at.eq(At(mail.created_at)),
        ))
        .on_conflict(outbox::key)
        .do_nothing();
    if fixed!(insert).execute(conn).of("outbox")? > 0 {
        return Ok(true);
    }
    // It was owed before, and called off before it went out: that was for as long as it was beside
    // the point. (To whom an address was erased, nothing is owed any more.)
    let called_off = outbox::table
        .filter(outbox::key.eq(&mail.key))
        .filter(outbox::canceled)
        .filter(outbox::recipient.is_not_null());
    let again = diesel::update(called_off).set((
        outbox::recipient.eq(mail.recipient.as_deref()),
        outbox::locale.eq(mail.locale.as_deref()),
        outbox::status.eq(mail.status),
        outbox::canceled.eq(false),
        outbox::error.eq(None::<String>),
        outbox::attempts.eq(0),
        outbox::next_at.eq(At(mail.next_at)),
        outbox::claimed_until.eq(None::<At>),
        outbox::fence.eq(outbox::fence + 1),
        outbox::message.eq(None::<Vec<u8>>),
        outbox::dated_at.eq(At(mail.dated_at)),
        outbox::data.eq(Json(mail.data.clone())),
        outbox::created_at.eq(At(mail.created_at)),
    ));
    Ok(hits!(again, conn).of("outbox")? > 0)
}

pub(crate) fn outbox_recipient(
    conn: &mut Conn,
    license_id: &str,
    recipient: &str,
    locale: Option<&str>,
) -> Result<usize> {
    let lacking = outbox::table
        .filter(outbox::license_id.eq(Some(license_id)))
        .filter(outbox::recipient.is_null())
        .filter(sql::<Bool>("status IN ('queued', 'held')"));
    let address = diesel::update(lacking)
        .set((outbox::recipient.eq(Some(recipient)), outbox::locale.eq(locale)));
    hits!(address, conn).of("outbox")
}

/// These mails, oldest first.
pub(super) fn without_messages(conn: &mut Conn, ids: &[i64]) -> Result<Vec<MailRow>> {
    let rows = outbox::table
        .filter(outbox::id.eq_any(ids))
        .order(outbox::id)
        .select(without_message!())
        .load(conn)
        .of("outbox");
    naming_row(conn, rows, ids, outbox_by_id)
}

pub(crate) fn outbox_by_id(conn: &mut Conn, id: i64) -> Result<Option<MailRow>> {
    outbox::table.find(id).select(MailRow::as_select()).first(conn).optional().of_row("outbox", id)
}

pub(crate) fn outbox_counts(conn: &mut Conn) -> Result<MailCounts> {
    let mut count = |condition: &str| {
        outbox::table.filter(sql::<Bool>(condition)).count().get_result::<i64>(conn).of("outbox")
    };
    let unaddressed = count("status = 'queued' AND recipient IS NULL")?;
    // The first condition is that of the index.
    let failed = count("status <> 'queued' AND status = 'failed'")?;
    let held = count("status <> 'queued' AND status = 'held'")?;
    let (queued, oldest): (i64, Option<At>) = outbox::table
        .filter(sql::<Bool>("status = 'queued'"))
        .select((count_star(), min(outbox::created_at)))
        .get_result(conn)
        .of("outbox")?;
    let oldest_queued = oldest.map(DateTime::from);
    Ok(MailCounts { queued, unaddressed, failed, held, oldest_queued })
}

pub(crate) fn outbox_unaddressed(
    conn: &mut Conn,
    older_than: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<MailRow>> {
    let ids: Vec<i64> = outbox::table
        .filter(sql::<Bool>("status = 'queued'"))
        .filter(outbox::recipient.is_null())
        .filter(outbox::created_at.lt(At(older_than)))
        .order(outbox::id)
        .limit(at_most(limit))
        .select(outbox::id)
        .load(conn)
        .of("outbox")?;
    without_messages(conn, &ids)
}

pub(crate) fn outbox_retry(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<bool> {
    let clock = clock(conn, now).of("outbox")?;
    let unsent = outbox::table
        .find(id)
        .filter(outbox::status.ne(MailStatus::Sent))
        // Its text is on the way at this moment: whoever sends it says how that ended.
        .filter(
            outbox::in_doubt
                .eq(false)
                .or(outbox::claimed_until.is_null())
                .or(outbox::claimed_until.le(Some(At(clock)))),
        )
        // Whose address was erased gets nothing any more.
        .filter(outbox::canceled.eq(false).or(outbox::recipient.is_not_null()));
    let rows = diesel::update(unsent)
        .set((
            outbox::status.eq(MailStatus::Queued),
            outbox::attempts.eq(0),
            outbox::next_at.eq(At(now)),
            outbox::claimed_until.eq(None::<At>),
            outbox::fence.eq(outbox::fence + 1),
            outbox::error.eq(None::<String>),
            outbox::canceled.eq(false),
        ))
        .execute(conn)
        .of("outbox")?;
    if rows == 0 {
        let there: i64 = outbox::table.find(id).count().get_result(conn).of("outbox")?;
        hit(usize::from(there > 0), "the mail", id)?;
    }
    Ok(rows > 0)
}
