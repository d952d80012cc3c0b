//! What became of a mail, and of many.

use crate::mailer::SendError;

/// What became of the mails that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub sent: usize,
    /// Refused for now; or in doubt, and to be sent once more.
    pub again: usize,
    pub failed: usize,
    /// Their cause was gone.
    pub canceled: usize,
    /// Met a fault of the way itself; nothing is counted against them.
    pub blocked: usize,
    /// Another worker has them, or the store could not be asked: claimed again later.
    pub left: usize,
}

/// What became of one mail, and what it says of the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) end: End,
    pub(super) way: Way,
}

/// One field of [`Done`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Sent,
    Again,
    Failed,
    Canceled,
    Blocked,
    Left,
}

/// How the way of all mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The mail was taken or refused.
    Answers,
    Faulty,
    /// It did not come so far.
    Untried,
}

impl Done {
    /// How many mails were claimed.
    #[must_use]
    pub fn all(&self) -> usize {
        let Self { sent, again, failed, canceled, blocked, left } = self;
        sent + again + failed + canceled + blocked + left
    }

    pub(super) fn add(&mut self, other: &Self) {
        let Self { sent, again, failed, canceled, blocked, left } = other;
        self.sent += sent;
        self.again += again;
        self.failed += failed;
        self.canceled += canceled;
        self.blocked += blocked;
        self.left += left;
    }

    pub(super) fn count(&mut self, end: End) {
        match end {
            End::Sent => self.sent += 1,
            End::Again => self.again += 1,
            End::Failed => self.failed += 1,
            End::Canceled => self.canceled += 1,
            End::Blocked => self.blocked += 1,
            End::Left => self.left += 1,
        }
    }
}

impl End {
    /// The label of figures.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Again => "again",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Blocked => "blocked",
            Self::Left => "left",
        }
    }
}

impl Way {
    pub(super) fn of(result: &Result<(), SendError>) -> Self {
        match result {
            Ok(()) | Err(SendError::Temporary(_) | SendError::Refused(_)) => Self::Answers,
            Err(SendError::Blocked(_) | SendError::InDoubt(_)) => Self::Faulty,
            Err(SendError::TakenBack) => Self::Untried,
        }
    }
}
