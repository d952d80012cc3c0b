//! What becomes of a mail after a try: decided without a store or a clock, then written down.

use chrono::{DateTime, TimeDelta, Utc};

use super::done::End;
use crate::mailer::SendError;
use crate::rules::retry::mail_wait;
use crate::store::rows::MailRow;
use crate::store::{StoreError, Tx};

/// How long a mail in doubt rests before it goes out once more.
const DOUBT_WAIT: TimeDelta = TimeDelta::minutes(1);

/// What to write into the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Sent {
        at: DateTime<Utc>,
        /// There may be a second copy.
        in_doubt: bool,
    },
    Again {
        next_at: DateTime<Utc>,
        error: String,
        /// False: the mail had no part in the fault, it counts nothing.
        counts: bool,
        in_doubt: bool,
    },
    Failed {
        error: String,
        in_doubt: bool,
    },
}

/// What this result means for a mail that was so when it was claimed.
pub(super) fn verdict(
    mail: &MailRow,
    result: &Result<(), SendError>,
    now: DateTime<Utc>,
) -> Verdict {
    let in_doubt = mail.in_doubt;
    let again = |next_at, error: &SendError, counts, in_doubt| Verdict::Again {
        next_at,
        error: error.to_string(),
        counts,
        in_doubt,
    };
    match result {
        Ok(()) => Verdict::Sent { at: now, in_doubt },
        Err(error @ SendError::Temporary(_)) => {
            let attempts = u32::try_from(mail.attempts).unwrap_or_default().saturating_add(1);
            match mail_wait(attempts) {
                Some(wait) => again(now + wait, error, true, in_doubt),
                None => {
                    Verdict::Failed { error: format!("given up after 3 days: {error}"), in_doubt }
                }
            }
        }
        Err(error @ SendError::Refused(_)) => {
            Verdict::Failed { error: error.to_string(), in_doubt }
        }
        // Due at once: it is the queue that rests. Behind the others that are due, so that a
        // mail at which a server breaks down does not stop them.
        Err(error @ (SendError::Blocked(_) | SendError::TakenBack)) => {
            again(now, error, false, in_doubt)
        }
        Err(error @ SendError::InDoubt(_)) if in_doubt => Verdict::Failed {
            error: format!("sent a second time, it may have arrived twice or not at all: {error}"),
            in_doubt: true,
        },
        Err(error @ SendError::InDoubt(_)) => again(now + DOUBT_WAIT, error, true, true),
    }
}

impl Verdict {
    pub(super) fn end(&self) -> End {
        match self {
            Self::Sent { .. } => End::Sent,
            Self::Again { counts: true, .. } => End::Again,
            Self::Again { counts: false, .. } => End::Blocked,
            Self::Failed { .. } => End::Failed,
        }
    }

    /// Under the claim's number: nothing is written when another has taken over.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        id: i64,
        fence: i64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let settle_doubt = |tx: &mut Tx<'_>, in_doubt: bool| {
            // The claim ends with what is written next.
            tx.outbox_doubt(id, fence, in_doubt, TimeDelta::zero(), now)
        };
        match self {
            Self::Sent { at, in_doubt } => tx.outbox_sent(id, fence, *at, *in_doubt),
            Self::Again { next_at, error, counts, in_doubt } => {
                settle_doubt(tx, *in_doubt)?;
                tx.outbox_again(id, fence, *next_at, error, *counts)
            }
            Self::Failed { error, in_doubt } => {
                settle_doubt(tx, *in_doubt)?;
                tx.outbox_failed(id, fence, error)
            }
        }
    }

    /// One line, without whose mail it is.
    pub(super) fn log(&self, mail: &MailRow) {
        let (id, license, template) = (mail.id, mail.license_id.as_deref(), &mail.template);
        match self {
            Self::Sent { in_doubt, .. } => {
                tracing::info!(
                    mail.id = id,
                    license.id = license,
                    template,
                    in_doubt,
                    "mail {id} is sent"
                );
            }
            Self::Again { next_at, .. } => {
                tracing::warn!(mail.id = id, license.id = license, template, %next_at, "mail {id} is tried again");
            }
            Self::Failed { .. } => {
                tracing::error!(
                    mail.id = id,
                    license.id = license,
                    template,
                    "mail {id} has failed; the console says why"
                );
            }
        }
    }
}
