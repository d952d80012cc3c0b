//! One question: is what was asked for covered by the rules?

use thiserror::Error;

use crate::chance::NoChance;
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

/// What was wrong, and what would be right. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no event {0}")]
    UnknownEvent(String),
    #[error("there is no license {0}")]
    UnknownLicense(String),
    #[error("the license has no activation {0}")]
    UnknownActivation(String),
    #[error("there is no mail {0}")]
    UnknownMail(String),
    #[error("there is no message {0} to a hook")]
    UnknownMessage(String),
    #[error("there is no token {0}")]
    UnknownToken(String),
    #[error("there is no user {0}")]
    UnknownUser(String),
    /// A value that cannot be.
    #[error("{field} {message}")]
    Field { field: &'static str, message: String },
    /// The license is not any more what the caller saw.
    #[error(
        "the license was changed meanwhile: it has version {now} now; look at it and decide again"
    )]
    Changed { now: i64 },
    /// The event is not any more what the caller saw.
    #[error("the event was changed meanwhile: it is {now} now; look at it and decide again")]
    EventChanged { now: &'static str },
    #[error("the license is revoked; reinstate it first")]
    Revoked,
    #[error("the license is {0}, so there is nothing to reinstate")]
    NotSuspended(&'static str),
    /// The expiry would not move; the sentence says why, and what would.
    #[error("{0}")]
    NothingToAdd(String),
    #[error("the content of the event was purged after its time, so it cannot be read again")]
    Purged,
    #[error("the event is {0}; only events that failed or wait can be ignored")]
    NotOpen(&'static str),
    #[error(
        "licenses stand on what the event told, so it cannot be ignored; where an item is nothing \
         of yours, map it to false in [providers.{account}.products], reload and replay the event"
    )]
    Bears { account: String },
    #[error("no e-mail address is known for the license; give one as email")]
    NoAddress,
    #[error("the mail was sent already; to send the key again, use resend on its license")]
    AlreadySent,
    #[error("the mail is being sent at this moment; look at it again in a minute")]
    BeingSent,
    #[error("the customer was erased: there is no address to send it to")]
    Erased,
    /// More often than a customer may; the sentence says when it goes on.
    #[error("{0}")]
    TooOften(String),
    /// Of those who come at the same moment.
    #[error("too many people sign in at this moment; try again in a few seconds")]
    Crowded,
    #[error("this Idempotency-Key was used for another request; take a new one")]
    OtherRequest,
}

impl Refusal {
    pub(super) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field { field, message: message.into() }
    }
}
