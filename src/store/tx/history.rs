//! The history: written, walked through, held against a head.

use chrono::{DateTime, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::history::HistoryFault;
use crate::store::rows::{Cursor, HistoryFilter, HistoryRow, NewHistory};
use crate::store::types::Digest;
use crate::store::{pg, sqlite};

functions! {
    /// Adds an entry to the chain of its subject. What it tells the vendor's hooks is owed with it.
    history_append(entry: &NewHistory) -> HistoryRow;
    /// The history of a subject, oldest first.
    history_of(subject: &str) -> Vec<HistoryRow>;
    /// The histories of all these subjects, by subject, each oldest first.
    history_of_all(subjects: &[String]) -> Vec<HistoryRow>;
    /// Of the histories of all these subjects only what this event caused.
    history_caused(subjects: &[String], event_id: i64) -> Vec<HistoryRow>;
    /// When this actor did this to a subject, since then, oldest first.
    history_times(
        subject: &str,
        action: &str,
        actor: &str,
        since: DateTime<Utc>,
    ) -> Vec<DateTime<Utc>>;
    /// The first entry that is not what was written, of one subject or of all.
    history_verify(subject: Option<&str>) -> Option<HistoryFault>;
    /// Entries in the order of subjects and numbers, behind this one: the next part of what
    /// [`super::history::Chain`] follows.
    history_walk(after: (&str, i32), limit: usize) -> Vec<HistoryRow>;
    /// Entries, newest first: by their time, then by their id. The cursor is an id.
    history_list(filter: &HistoryFilter, cursor: Cursor, limit: usize) -> Vec<HistoryRow>;
    /// The largest id of an entry from before that moment.
    history_newest(before: DateTime<Utc>) -> Option<i64>;
    /// The ids and hashes of entries behind `after` up to `upto`, in the order of ids.
    history_hashes(after: i64, upto: i64, limit: usize) -> Vec<(i64, Digest)>;
}
