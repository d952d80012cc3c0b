//! Is a license valid now?

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::given::{Fingerprint, Key, Nonce, ReleasedAt};
use super::{Failure, Machines, find};
use crate::rules::machine::whole;
use crate::rules::validity::Code;
use crate::store::StoreError;
use crate::store::rows::{ActivationRow, LicenseRow};

/// What an application is told. Where the key is unknown, nothing but the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validated {
    pub valid: bool,
    pub code: &'static str,
    pub license_id: Option<String>,
    pub product: Option<String>,
    pub status: Option<&'static str>,
    pub starts_at: Option<DateTime<Utc>>,
    /// The end of what was paid. `None`: perpetual, or not begun.
    pub expires_at: Option<DateTime<Utc>>,
    /// With buffer and grace.
    pub valid_until: Option<DateTime<Utc>>,
    /// Seats in use.
    pub activations: Option<i64>,
    pub max_activations: Option<i32>,
    pub features: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub key: Key,
    /// Then this machine must hold a seat.
    pub fingerprint: Option<Fingerprint>,
    pub released_at: Option<ReleasedAt>,
    pub nonce: Option<Nonce>,
}

/// A machine that was heard of within this is not noted again: most questions only read.
const SEEN: TimeDelta = TimeDelta::days(1);

impl Machines {
    /// Says what the license of a key is at this moment. Changes nothing but, once a day, when
    /// the machine was heard of.
    ///
    /// # Errors
    /// [`Failure::Store`]. An unknown key is an answer.
    pub async fn validate(&self, question: Question) -> Result<Validated, Failure> {
        let (wanted, books, now) = (question.key.wanted(), self.shelf.now(), self.clock.now());
        let Question { fingerprint, released_at, nonce, .. } = question;
        let released_at = released_at.map(|ReleasedAt(at)| at);
        let (told, machine) = self
            .store
            .read("validate", move |tx| {
                let Some(row) = find::by_key(tx, &wanted)? else {
                    return Ok((Validated::unknown(), None));
                };
                let terms = find::terms(tx, &row, &books)?;
                let code = find::standing(&row)?.code(&terms, now, released_at);
                let machine = match &fingerprint {
                    Some(machine) => tx.activation_find(&row.id, machine.as_str())?,
                    None => None,
                };
                let machine = machine.filter(|machine| machine.released_at.is_none());
                let bound = fingerprint.is_none() || machine.is_some();
                let code = if code.is_valid() && !bound { Code::NotActivated } else { code };
                let held = tx.activations_held(&row.id)?;
                Ok((Validated::new(code, &row, held, now)?, machine))
            })
            .await?;
        metrics::counter!("keywright_validations_total", "code" => told.code).increment(1);
        if let Some(machine) = machine {
            self.note(machine, now).await;
        }
        Ok(Validated { nonce: nonce.map(Nonce::into_text), ..told })
    }

    /// Notes that a machine was heard of. The answer does not depend on it.
    async fn note(&self, machine: ActivationRow, now: DateTime<Utc>) {
        if now - machine.last_at < SEEN {
            return;
        }
        let id = machine.id.clone();
        let noted =
            self.store.run("machine seen", move |tx| tx.activation_seen(&machine.id, now)).await;
        if let Err(error) = noted {
            tracing::warn!(activation.id = id, %error, "activation {id} was not noted: {error}");
        }
    }
}

impl Validated {
    fn new(
        code: Code,
        row: &LicenseRow,
        held: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            valid: code.is_valid(),
            code: code.as_str(),
            license_id: Some(row.id.clone()),
            product: Some(row.product.clone()),
            status: Some(find::standing(row)?.status(now).as_str()),
            starts_at: Some(whole(row.starts_at)),
            expires_at: row.expires_at.map(whole),
            valid_until: row.valid_until.map(whole),
            activations: Some(held),
            max_activations: Some(row.max_activations),
            features: find::features(row)?,
            nonce: None,
        })
    }

    fn unknown() -> Self {
        let code = Code::UnknownKey;
        Self {
            valid: code.is_valid(),
            code: code.as_str(),
            license_id: None,
            product: None,
            status: None,
            starts_at: None,
            expires_at: None,
            valid_until: None,
            activations: None,
            max_activations: None,
            features: Vec::new(),
            nonce: None,
        }
    }

    /// Did somebody guess?
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.license_id.is_none()
    }
}
