//! Lists of mail: as with events, the code says which index answers.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::super::{Conn, newest_of};
use super::lookup::find;
use super::outbox::without_messages;
use super::{Result, at_most};
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::rows::{Cursor, MailFilter, MailRow};
use crate::store::schema::outbox;
use crate::store::types::MailStatus;

/// How many mails are looked at in one go.
const CHUNK: usize = 500;

pub(crate) fn outbox_list(
    conn: &mut Conn,
    filter: &MailFilter,
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<MailRow>> {
    let before = cursor.unwrap_or(i64::MAX);
    let ids = newest(conn, filter, before, limit)?;
    let mut rows = without_messages(conn, &ids)?;
    rows.reverse();
    Ok(rows)
}

pub(crate) fn outbox_of_licenses(
    conn: &mut Conn,
    license_ids: &[String],
    each: usize,
) -> Result<Vec<MailRow>> {
    let mut all: Vec<(Option<String>, i64)> = outbox::table
        .filter(outbox::license_id.eq_any(license_ids.iter().map(Some)))
        .select((outbox::license_id, outbox::id))
        .load(conn)
        .of("outbox")?;
    all.sort_unstable_by(|a, b| (&a.0, b.1).cmp(&(&b.0, a.1)));
    let of_each = all.chunk_by(|a, b| a.0 == b.0);
    let ids: Vec<i64> = of_each.flat_map(|mails| mails.iter().take(each)).map(|m| m.1).collect();
    let mut rows = without_messages(conn, &ids)?;
    rows.sort_unstable_by(|a, b| (&a.license_id, b.id).cmp(&(&b.license_id, a.id)));
    Ok(rows)
}

/// The ids of the newest that match, newest first.
fn newest(conn: &mut Conn, filter: &MailFilter, before: i64, limit: usize) -> Result<Vec<i64>> {
    // All fields by name: a new one does not compile until it is thought of here.
    let MailFilter { status, license_id, recipient, q } = filter;
    let ids = match (q, license_id, recipient, status) {
        (Some(word), _, _, _) => of_word(conn, word)?,
        (None, Some(license_id), _, _) => outbox::table
            .filter(outbox::license_id.eq(Some(license_id)))
            .select(outbox::id)
            .load(conn)
            .of("outbox")?,
        (None, None, Some(recipient), _) => of_recipients(conn, &[recipient])?,
        (None, None, None, Some(MailStatus::Queued)) => outbox::table
            .filter(sql::<Bool>("status = 'queued'"))
            .select(outbox::id)
            .load(conn)
            .of("outbox")?,
        (None, None, None, Some(status)) => return of_status(conn, *status, before, limit),
        (None, None, None, None) => {
            return outbox::table
                .filter(outbox::id.lt(before))
                .order(outbox::id.desc())
                .limit(at_most(limit))
                .select(outbox::id)
                .load(conn)
                .of("outbox");
        }
    };
    screened(conn, ids, filter, before, limit)
}

/// Mail of whatever sale or license the word names, and mail to that address.
fn of_word(conn: &mut Conn, word: &str) -> Result<Vec<i64>> {
    let Some(found) = find(conn, Some(word))? else { return Ok(Vec::new()) };
    let word = word.trim();
    let mut ids: Vec<i64> = outbox::table
        .filter(outbox::sale_id.eq_any(found.sales.into_iter().map(Some)))
        .select(outbox::id)
        .load(conn)
        .of("outbox")?;
    ids.extend(of_recipients(conn, &[word, &word.to_lowercase()])?);
    Ok(ids)
}

fn of_recipients(conn: &mut Conn, recipients: &[&str]) -> Result<Vec<i64>> {
    outbox::table
        .filter(outbox::recipient.eq_any(recipients.iter().map(|recipient| Some(*recipient))))
        .select(outbox::id)
        .load(conn)
        .of("outbox")
}

/// What is not queued any more, by its status: mail that failed is not looked for among all that
/// was sent.
fn of_status(conn: &mut Conn, status: MailStatus, before: i64, limit: usize) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let (of_status, order) = newest_of(&["status"]);
    let ids: Vec<Id> = diesel::sql_query(format!(
        "SELECT id FROM outbox WHERE {of_status} AND status <> 'queued' ORDER BY {order} LIMIT $4"
    ))
    .bind::<Text, _>(status.as_str())
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(0_i64)
    .bind::<BigInt, _>(at_most(limit))
    .prepared()
    .load(conn)
    .of("outbox")?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Of these, the newest that match, looked at by their ids.
fn screened(
    conn: &mut Conn,
    mut ids: Vec<i64>,
    filter: &MailFilter,
    before: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    ids.retain(|id| *id < before);
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        if found.len() >= limit {
            break;
        }
        let mut seen: Vec<Seen> = outbox::table
            .filter(outbox::id.eq_any(chunk))
            .select(Seen::as_select())
            .load(conn)
            .of("outbox")?;
        seen.retain(|mail| mail.holds(filter));
        seen.sort_unstable_by_key(|mail| std::cmp::Reverse(mail.id));
        found.extend(seen.into_iter().map(|mail| mail.id));
    }
    found.truncate(limit);
    Ok(found)
}

/// What a filter looks at.
#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct Seen {
    id: i64,
    license_id: Option<String>,
    recipient: Option<String>,
    status: MailStatus,
}

impl Seen {
    fn holds(&self, filter: &MailFilter) -> bool {
        let MailFilter { status, license_id, recipient, q: _ } = filter;
        let same =
            |asked: &Option<String>, there: &Option<String>| asked.is_none() || asked == there;
        status.is_none_or(|status| status == self.status)
            && same(license_id, &self.license_id)
            && same(recipient, &self.recipient)
    }
}
