//! One answer for one idempotency key: remembered in the transaction of what it answers.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Failure, Refusal, Support};
use crate::store::rows::IdempotencyRow;
use crate::store::types::Digest;
use crate::store::{self, StoreError, Tx};

/// A key, and the request that it was given with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Unique among all callers: it names the token too.
    pub key: String,
    /// SHA-256 of everything that makes the request what it is.
    pub digest: [u8; 32],
    /// The status remembered beside the answer.
    pub status: u16,
}

impl Support {
    /// As [`Support::write`], but with a key at most once: a repetition gets the answer that the
    /// first one got. A refusal is not remembered; it changed nothing.
    pub(super) async fn write_once<T, F>(
        &self,
        name: &'static str,
        once: Option<Once>,
        mut work: F,
    ) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let Some(once) = once else { return self.write(name, work).await };
        let (now, known) = (self.clock.now(), once.clone());
        let outcome = self
            .write(name, move |tx| {
                if let Some(answer) = known.answer(tx)? {
                    return Ok(answer);
                }
                let answer = work(tx)?;
                known.remember(tx, &answer, now)?;
                Ok(answer)
            })
            .await;
        match outcome {
            // The same key was faster, on this node or another: its answer counts.
            Err(Failure::Store(StoreError::Conflict { what: RACE, .. })) => {
                let answer = self.read(name, move |tx| once.answer(tx)).await?;
                answer.ok_or_else(|| {
                    StoreError::Busy("the first request with this key is not done".to_owned())
                        .into()
                })
            }
            outcome => outcome,
        }
    }
}

/// What the loser of a race conflicts with.
const RACE: &str = "idempotency key";

impl Once {
    fn answer<T: DeserializeOwned>(&self, tx: &mut Tx<'_>) -> Result<Option<T>, Failure> {
        let Some(row) = tx.idempotency_find(&self.key)? else { return Ok(None) };
        if row.digest != Digest::from(self.digest) {
            return Err(Refusal::OtherRequest.into());
        }
        Ok(Some(store::json(&row.body, "idempotency.body", &row.key)?))
    }

    fn remember<T: Serialize>(
        &self,
        tx: &mut Tx<'_>,
        answer: &T,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let row = IdempotencyRow {
            key: self.key.clone(),
            digest: self.digest.into(),
            status: i32::from(self.status),
            // Our own views always have a JSON form.
            body: serde_json::to_value(answer).unwrap_or_default(),
            created_at: now,
        };
        match tx.idempotency_put(&row)? {
            true => Ok(()),
            false => Err(StoreError::Conflict { what: RACE, id: self.key.clone() }.into()),
        }
    }
}
