//! The history: only ever added to.

use chrono::{DateTime, SubsecRound as _, Utc};
use diesel::prelude::*;

use super::super::Conn;
use super::{Result, at_most, hook_owe, naming_row};
use crate::rules::hook::{HookEvent, message_id};
use crate::store::error::Of;
use crate::store::history::{self, Chain, HISTORY_ROOT, HistoryFault};
use crate::store::prepared::fixed;
use crate::store::rows::{HistoryRow, NewHistory, NewHook};
use crate::store::schema::history as entries;
use crate::store::types::{At, Digest, JsonText};

/// How many entries are looked at in one go.
const PAGE: usize = 1_000;

/// How many subjects are asked for in one go.
const SUBJECTS: usize = 500;

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
    let hash = history::history_hash(&prev, seq, entry);
    let insert = diesel::insert_into(entries::table)
        .values((
            entries::subject.eq(&entry.subject),
            entries::seq.eq(seq),
            entries::at.eq(At(entry.at)),
            entries::action.eq(&entry.action),
            entries::cause_event.eq(entry.cause_event),
            entries::actor.eq(entry.actor.as_deref()),
            entries::detail.eq(JsonText(entry.detail.to_string())),
            entries::prev_hash.eq(prev),
            entries::hash.eq(hash),
        ))
        .returning(entries::id);
    let row = HistoryRow {
        id: fixed!(insert).get_result(conn).of("history")?,
        subject: entry.subject.clone(),
        seq,
        // As it is stored: in microseconds.
        at: entry.at.trunc_subsecs(6),
        action: entry.action.clone(),
        cause_event: entry.cause_event,
        actor: entry.actor.clone(),
        detail: entry.detail.clone(),
        prev_hash: prev,
        hash,
    };
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

pub(crate) fn history_walk(
    conn: &mut Conn,
    (subject, seq): (&str, i32),
    limit: usize,
) -> Result<Vec<HistoryRow>> {
    // The first condition alone lets the index begin at the right place.
    let ids: Vec<i64> = entries::table
        .filter(entries::subject.ge(subject))
        .filter(entries::subject.gt(subject).or(entries::seq.gt(seq)))
        .order((entries::subject, entries::seq))
        .limit(at_most(limit))
        .select(entries::id)
        .load(conn)
        .of("history")?;
    let rows = entries::table
        .filter(entries::id.eq_any(&ids))
        .order((entries::subject, entries::seq))
        .select(HistoryRow::as_select())
        .load(conn)
        .of("history");
    naming_row(conn, rows, &ids, history_by_id)
}

pub(crate) fn history_of_all(conn: &mut Conn, subjects: &[String]) -> Result<Vec<HistoryRow>> {
    let mut rows: Vec<HistoryRow> = Vec::new();
    // An order may have more licenses than a statement may have parameters.
    for subjects in subjects.chunks(SUBJECTS) {
        rows.extend(
            entries::table
                .filter(entries::subject.eq_any(subjects))
                .select(HistoryRow::as_select())
                .load::<HistoryRow>(conn)
                .of("history")?,
        );
    }
    rows.sort_by(|a, b| (&a.subject, a.seq).cmp(&(&b.subject, b.seq)));
    Ok(rows)
}

pub(crate) fn history_caused(
    conn: &mut Conn,
    subjects: &[String],
    event_id: i64,
) -> Result<Vec<HistoryRow>> {
    let mut rows: Vec<HistoryRow> = Vec::new();
    for subjects in subjects.chunks(SUBJECTS) {
        rows.extend(
            entries::table
                .filter(entries::subject.eq_any(subjects))
                .filter(entries::cause_event.eq(Some(event_id)))
                .select(HistoryRow::as_select())
                .load::<HistoryRow>(conn)
                .of("history")?,
        );
    }
    rows.sort_by(|a, b| (&a.subject, a.seq).cmp(&(&b.subject, b.seq)));
    Ok(rows)
}

pub(crate) fn history_verify(
    conn: &mut Conn,
    subject: Option<&str>,
) -> Result<Option<HistoryFault>> {
    let mut chain = Chain::default();
    if let Some(subject) = subject {
        let rows = history_of(conn, subject)?;
        return Ok(rows.iter().find_map(|row| chain.follow(row)));
    }
    loop {
        let page = history_walk(conn, chain.place(), PAGE)?;
        if page.is_empty() {
            return Ok(None);
        }
        if let Some(fault) = page.iter().find_map(|row| chain.follow(row)) {
            return Ok(Some(fault));
        }
    }
}

pub(super) fn history_by_id(conn: &mut Conn, id: i64) -> Result<Option<HistoryRow>> {
    entries::table
        .find(id)
        .select(HistoryRow::as_select())
        .first(conn)
        .optional()
        .of_row("history", id)
}
