//! One question: may this application have what it asks for?

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::chance::NoChance;
use crate::rules::machine::whole;
use crate::store::StoreError;

/// Why something was not done. Nothing was changed (or it is not known: see
/// [`StoreError::outcome_unknown`]).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NoChance(#[from] NoChance),
}

/// What was wrong, and what would be right. Says nothing that the key does not open.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no license with this key; look for a typing error, and copy it as a whole")]
    UnknownKey,
    #[error("the license expired {}; renew it, and the same key goes on", text(.0))]
    Expired(Option<DateTime<Utc>>),
    #[error("the license is suspended; its vendor can tell why")]
    Suspended,
    #[error("the license is revoked; its vendor can tell why")]
    Revoked,
    #[error("the license is not activated on this machine; activate it first")]
    NotActivated,
    #[error(
        "the license is in use on {held} of {max} machines; deactivate it on one of them, or let \
         support release one"
    )]
    TooManyActivations { held: i64, max: i32 },
    /// Of a product that is not there, too: what is planned is nobody's business.
    #[error("there is no trial of {0:?}; ask for one of a product that has one, by its id")]
    NoTrial(String),
    #[error("the trial was used {0} before; with a license that was bought it goes on")]
    TrialUsed(UsedBy),
    /// A value that cannot be.
    #[error("{field} {message}")]
    Field { field: &'static str, message: String },
}

/// Who had his trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UsedBy {
    #[error("on this machine")]
    Machine,
    #[error("by this customer")]
    Customer,
}

impl Failure {
    /// A refusal is an answer; only what failed takes the transaction back.
    pub(super) fn apart<T>(outcome: Result<T, Self>) -> Result<Result<T, Refusal>, StoreError> {
        match outcome {
            Ok(done) => Ok(Ok(done)),
            Err(Self::Refused(refusal)) => Ok(Err(refusal)),
            Err(Self::Store(error)) => Err(error),
            Err(Self::NoChance(error)) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// The label of figures.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.label(),
            Self::Store(_) | Self::NoChance(_) => "failed",
        }
    }
}

impl Refusal {
    /// Did somebody guess a key, or whose address tried what? Such answers are given slowly to whoever gets many of them.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        match self {
            Self::UnknownKey | Self::TrialUsed(UsedBy::Customer) => true,
            Self::Expired(_)
            | Self::Suspended
            | Self::Revoked
            | Self::NotActivated
            | Self::TooManyActivations { .. }
            | Self::NoTrial(_)
            | Self::TrialUsed(UsedBy::Machine)
            | Self::Field { .. } => false,
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::Expired(_) => "expired",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::NotActivated => "not_activated",
            Self::TooManyActivations { .. } => "too_many_activations",
            Self::NoTrial(_) => "no_trial",
            Self::TrialUsed(_) => "trial_used",
            Self::Field { .. } => "invalid_field",
        }
    }
}

fn text(at: &Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "before".to_owned(), |at| format!("on {}", whole(at).format("%F %T UTC")))
}
