//! The history: only ever added to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::Conn;
use super::{Result, hook_owe};
use crate::rules::hook::{HookEvent, message_id};
use crate::store::error::Of;
use crate::store::history::{self, HISTORY_ROOT, HistoryFault};
use crate::store::prepared::Prepare as _;
use crate::store::rows::{HistoryRow, NewHistory, NewHook};
use crate::store::schema::history as entries;
use crate::store::types::{At, Digest, Json};

/// How many entries are looked at in one go.
const PAGE: i64 = 1_000;

pub(crate) fn history_append(conn: &mut Conn, entry: &NewHistory) -> Result<HistoryRow> {
    let last: Option<(i32, Digest)> = entries::table
        .filter(entries::subject.eq(&entry.subject))
        .order(entries::seq.desc())
        .select((entries::seq, entries::hash))
        .first(conn)
        .optional()
        .of("history")?;
    let (seq, prev) = last.map_or((1, HISTORY_ROOT), |(seq, hash)| (seq + 1, hash));
    // Whoever else writes about this subject at this moment gets the same number, and the later
    // one runs again: the number is unique.
    let row: HistoryRow = diesel::insert_into(entries::table)
        .values((
            entries::subject.eq(&entry.subject),
            entries::seq.eq(seq),
            entries::at.eq(At(entry.at)),
            entries::action.eq(&entry.action),
            entries::cause_event.eq(entry.cause_event),
            entries::actor.eq(entry.actor.as_deref()),
            entries::detail.eq(Json(entry.detail.clone())),
            entries::prev_hash.eq(prev),
            entries::hash.eq(history::history_hash(&prev, seq, entry)),
        ))
        .returning(HistoryRow::as_returning())
        .prepared()
        .get_result(conn)
        .of("history")?;
    if let Some(owed) = told_to_hooks(&row) {
        hook_owe(conn, &owed)?;
    }
    Ok(row)
}

/// The vendor's hooks are owed a word with the very entry, whoever writes it.
fn told_to_hooks(row: &HistoryRow) -> Option<NewHook> {
    let license_id = row.subject.strip_prefix("license:")?;
    Some(NewHook {
        key: format!("{}:history:{}", row.subject, row.seq),
        event_type: HookEvent::of_action(&row.action)?,
        license_id: license_id.to_owned(),
        message_id: message_id(&row.hash.0),
        dated_at: row.at,
    })
}

pub(crate) fn history_of(conn: &mut Conn, subject: &str) -> Result<Vec<HistoryRow>> {
    entries::table
        .filter(entries::subject.eq(subject))
        .order(entries::seq)
        .select(HistoryRow::as_select())
        .load(conn)
        .of("history")
}

pub(crate) fn history_times(
    conn: &mut Conn,
    subject: &str,
    action: &str,
    actor: &str,
    since: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>> {
    let times: Vec<At> = entries::table
        .filter(entries::subject.eq(subject))
        .filter(entries::action.eq(action))
        .filter(entries::actor.eq(Some(actor)))
        .filter(entries::at.ge(At(since)))
        .order(entries::seq)
        .select(entries::at)
        .load(conn)
        .of("history")?;
    Ok(times.into_iter().map(DateTime::from).collect())
}

pub(crate) fn history_verify(
    conn: &mut Conn,
    subject: Option<&str>,
) -> Result<Option<HistoryFault>> {
    let mut chain = Chain { subject: String::new(), seq: 0, prev: HISTORY_ROOT };
    loop {
        let mut query = entries::table
            .filter(
                entries::subject
                    .gt(chain.subject.clone())
                    .or(entries::subject.eq(chain.subject.clone()).and(entries::seq.gt(chain.seq))),
            )
            .into_boxed();
        if let Some(subject) = subject {
            query = query.filter(entries::subject.eq(subject));
        }
        let page: Vec<HistoryRow> = query
            .order((entries::subject, entries::seq))
            .limit(PAGE)
            .select(HistoryRow::as_select())
            .load(conn)
            .of("history")?;
        if page.is_empty() {
            return Ok(None);
        }
        for row in page {
            if let Some(fault) = chain.follow(row) {
                return Ok(Some(fault));
            }
        }
    }
}

/// The last entry that was right.
struct Chain {
    subject: String,
    seq: i32,
    prev: Digest,
}

impl Chain {
    fn follow(&mut self, row: HistoryRow) -> Option<HistoryFault> {
        if row.subject != self.subject {
            *self = Self { subject: row.subject.clone(), seq: 0, prev: HISTORY_ROOT };
        }
        self.seq += 1;
        let fault = history::fault(&self.prev, self.seq, &row);
        self.prev = row.hash;
        fault.map(|message| HistoryFault {
            id: row.id,
            subject: row.subject,
            seq: row.seq,
            message,
        })
    }
}
