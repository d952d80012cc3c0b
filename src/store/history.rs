//! The hash chain of the history: what is hashed, in which form, and what a broken chain is.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::rows::{HistoryRow, NewHistory};
use super::types::{Bytes, Digest};

/// What comes before the first entry.
pub const HISTORY_ROOT: Digest = Bytes([0; 32]);

/// The first entry that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryFault {
    pub id: i64,
    pub subject: String,
    pub seq: i32,
    /// What is wrong with it, as a sentence.
    pub message: String,
}

/// Follows all entries, in the order of subjects and numbers, from the first to the last. Nothing
/// but the last one that was right is remembered, so it can be fed page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    subject: String,
    seq: i32,
    prev: Digest,
    entries: u64,
    subjects: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self { subject: String::new(), seq: 0, prev: HISTORY_ROOT, entries: 0, subjects: 0 }
    }
}

impl Chain {
    /// The next entry; says what is wrong with it.
    #[must_use]
    pub fn follow(&mut self, row: &HistoryRow) -> Option<HistoryFault> {
        if row.subject != self.subject || self.entries == 0 {
            let Self { entries, subjects, .. } = *self;
            let subject = row.subject.clone();
            *self = Self { subject, entries, subjects: subjects + 1, ..Self::default() };
        }
        self.entries += 1;
        self.seq += 1;
        let fault = fault(&self.prev, self.seq, row);
        self.prev = row.hash;
        fault.map(|message| HistoryFault {
            id: row.id,
            subject: row.subject.clone(),
            seq: row.seq,
            message,
        })
    }

    /// Behind which entry it goes on: its subject and its number.
    #[must_use]
    pub fn place(&self) -> (&str, i32) {
        (&self.subject, self.seq)
    }

    /// How many entries were right so far.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many subjects they are about.
    #[must_use]
    pub fn subjects(&self) -> u64 {
        self.subjects
    }
}

/// The hash of an entry: SHA-256 over the hash before and every field, each with its length
/// before it, so that no two entries are the same bytes.
#[must_use]
pub fn history_hash(prev: &Digest, seq: i32, entry: &NewHistory) -> Digest {
    let mut hash = Sha256::new();
    let mut field = |tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    field(0, &prev.0);
    field(1, entry.subject.as_bytes());
    field(2, &seq.to_be_bytes());
    field(3, &entry.at.timestamp_micros().to_be_bytes());
    field(4, entry.action.as_bytes());
    if let Some(event) = entry.cause_event {
        field(5, &event.to_be_bytes());
    }
    if let Some(actor) = &entry.actor {
        field(6, actor.as_bytes());
    }
    field(7, canonical(&entry.detail).as_bytes());
    Bytes(hash.finalize().into())
}

/// What is wrong with an entry that follows one of this hash; `None`: nothing.
fn fault(prev: &Digest, seq: i32, row: &HistoryRow) -> Option<String> {
    if row.seq != seq {
        return Some(format!("entry {seq} is missing; {} follows", row.seq));
    }
    if row.prev_hash != *prev {
        return Some("it does not follow from the entry before".to_owned());
    }
    let entry = NewHistory {
        subject: row.subject.clone(),
        at: row.at,
        action: row.action.clone(),
        cause_event: row.cause_event,
        actor: row.actor.clone(),
        detail: row.detail.clone(),
    };
    (history_hash(prev, seq, &entry) != row.hash)
        .then(|| "it was changed after it was written".to_owned())
}

/// JSON without space and with sorted keys, however the value came by its order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
