//! The audit: what people did, newest first, and the proof that nobody wrote it anew.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::view::{Page, text};
use super::{Asked, Failure, Refusal, Support};
use crate::rules::head::{Head, Tally};
use crate::rules::plain::counted;
use crate::store::history::{Chain, HistoryFault};
use crate::store::rows::{Cursor, HistoryFilter, HistoryRow, NewHistory};
use crate::store::{StoreError, Tx};

/// What is about no single license, event or mail.
pub const SERVICE: &str = "service";

/// Entries looked at in one transaction.
const PAGE: usize = 2_000;

/// A head covers no entry that is younger. Entries get their numbers before they are committed, so
/// a smaller number may still come to light; no transaction lives that long, and the clocks of nodes
/// differ by less.
const HEAD_AGE_MIN: TimeDelta = TimeDelta::minutes(10);

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditView {
    pub id: String,
    pub at: DateTime<Utc>,
    /// Who did it: the name of a token or a person, or `command line`. `None`: nobody, it followed
    /// from an event.
    pub actor: Option<String>,
    pub action: String,
    /// The same for people.
    pub text: String,
    /// What it was done to: `license:ID`, `event:ID`, `mail:ID`, `token:ID`, `service` ...
    pub subject: String,
    pub reason: Option<String>,
    pub detail: Value,
}

/// What becomes of a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAct {
    Made,
    Retired,
}

/// What came of looking through the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditVerified {
    /// Entries that are right; all of them, where there is no fault.
    pub entries: u64,
    /// How many licenses, events ... they are about.
    pub subjects: u64,
    /// The first entry that is not what was written. Behind it nothing was looked at.
    pub fault: Option<FaultView>,
    /// The head that it was compared with.
    pub head: Option<HeadView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultView {
    pub id: String,
    pub subject: String,
    /// Which entry of its subject, from 1.
    pub number: i32,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadView {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// How many entries it counts.
    pub entries: u64,
    /// What of them is not there any more as it was. `None`: all is.
    pub fault: Option<String>,
}

impl Support {
    /// What people did, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn audit_list(
        &self,
        filter: HistoryFilter,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Page<AuditView>, Failure> {
        self.read("audit list", move |tx| {
            let rows = tx.history_list(&filter, cursor, limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.to_string());
            Ok(page.map(AuditView::from))
        })
        .await
    }

    /// Looks through all chains, and, where there is a head, whether everything that it covers is
    /// still there. A part a transaction: how long the history is makes it slower, not larger.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a head that none of our keys signed; [`Failure::Store`].
    pub async fn audit_verify(&self, head: Option<&str>) -> Result<AuditVerified, Failure> {
        let keys = self.shelf.now().keyring.public_keys();
        let head = head.map(|line| Head::verify(line, &keys)).transpose();
        let head = head.map_err(|refusal| Refusal::field("head", refusal.to_string()))?;
        let mut chain = Chain::default();
        let fault = loop {
            let (next, looked, fault) =
                self.read("audit verify", move |tx| Ok(followed(tx, chain)?)).await?;
            chain = next;
            if fault.is_some() || looked < PAGE {
                break fault;
            }
        };
        let head = match head {
            None => None,
            Some(head) => {
                let today = self.tally(head.id).await?.head(head.at);
                let fault = head.differs(&today);
                Some(HeadView { at: head.at, entries: head.entries, fault })
            }
        };
        Ok(AuditVerified {
            entries: chain.entries() - u64::from(fault.is_some()),
            subjects: chain.subjects(),
            fault: fault.map(FaultView::from),
            head,
        })
    }

    /// A head of the history, signed: one line to be kept where whoever can write to the database
    /// cannot. The newest ten minutes are left to the next one.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn audit_head(&self) -> Result<String, Failure> {
        let now = self.clock.now();
        let newest =
            self.read("audit head", move |tx| Ok(tx.history_newest(now - HEAD_AGE_MIN)?)).await?;
        let head = self.tally(newest.unwrap_or(0)).await?.head(now);
        let books = self.shelf.now();
        Ok(head.sign(books.keyring.signing_key(), books.keyring.kid()))
    }

    /// Writes down what was done to a signing key: its file knows nothing of who did it.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn key_noted(&self, kid: &str, act: KeyAct, asked: Asked) -> Result<(), Failure> {
        let (now, subject) = (self.clock.now(), format!("key:{kid}"));
        let act = match act {
            KeyAct::Made => "key_made",
            KeyAct::Retired => "key_retired",
        };
        self.write("key note", move |tx| {
            tx.history_append(&asked.note(subject.clone(), act, json!({}), now))?;
            Ok(())
        })
        .await
    }

    async fn tally(&self, upto: i64) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        loop {
            let after = tally.last();
            let hashes = self
                .read("audit tally", move |tx| Ok(tx.history_hashes(after, upto, PAGE)?))
                .await?;
            for (id, hash) in &hashes {
                tally.add(*id, &hash.0);
            }
            if hashes.len() < PAGE {
                return Ok(tally);
            }
        }
    }
}

/// Follows one part further; says how many entries it had.
fn followed(
    tx: &mut Tx<'_>,
    mut chain: Chain,
) -> Result<(Chain, usize, Option<HistoryFault>), StoreError> {
    let rows = tx.history_walk(chain.place(), PAGE)?;
    let fault = rows.iter().find_map(|row| chain.follow(row));
    Ok((chain, rows.len(), fault))
}

impl AuditVerified {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.fault.is_none() && self.head.as_ref().is_none_or(|head| head.fault.is_none())
    }
}

/// In a sentence: what is right, or the first thing that is wrong.
impl fmt::Display for AuditVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, subjects, fault, head } = self;
        if let Some(FaultView { id, subject, number, message }) = fault {
            return write!(f, "entry {id} of the history ({subject}, number {number}): {message}");
        }
        if let Some(HeadView { at, fault: Some(fault), .. }) = head {
            return write!(f, "not all that the head of {} covers is there: {fault}", text(*at));
        }
        let entries = counted(*entries, "entry", "entries");
        let subjects = counted(*subjects, "subject", "subjects");
        write!(f, "the history is whole: {entries} about {subjects}")?;
        match head {
            Some(HeadView { at, entries, .. }) => {
                write!(f, ", with all {entries} that the head of {} covers", text(*at))
            }
            None => Ok(()),
        }
    }
}

impl From<HistoryRow> for AuditView {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.id.to_string(),
            at: row.at,
            text: super::words::history(&row.action, &row.detail),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.detail.get("reason").and_then(Value::as_str).map(str::to_owned),
            detail: row.detail,
        }
    }
}

impl From<HistoryFault> for FaultView {
    fn from(fault: HistoryFault) -> Self {
        let HistoryFault { id, subject, seq, message } = fault;
        Self { id: id.to_string(), subject, number: seq, message }
    }
}

impl Asked {
    /// What was done, as it is written down: by whom and why, and never for whom. `detail` is an
    /// object without personal data and without secrets.
    pub(super) fn note(
        &self,
        subject: impl Into<String>,
        action: &str,
        mut detail: Value,
        at: DateTime<Utc>,
    ) -> NewHistory {
        if let (Some(reason), Some(fields)) = (self.reason(), detail.as_object_mut()) {
            fields.insert("reason".to_owned(), reason.into());
        }
        NewHistory {
            subject: subject.into(),
            at,
            action: action.to_owned(),
            cause_event: None,
            actor: Some(self.by.clone()),
            detail,
        }
    }
}
