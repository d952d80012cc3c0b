//! One question: has it happened?

use thiserror::Error;

/// Why the store did not do what it was asked to. Each says whether it may have happened all the
/// same ([`StoreError::outcome_unknown`]) and whether asking again can help
/// ([`StoreError::retryable`]).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Not now: a queue is full, a lock is held, a deadlock was broken, the time was up before
    /// the work began. Nothing happened.
    #[error("the database is busy ({0}); nothing was changed, try again")]
    Busy(String),
    /// The commit failed or was not answered: it may or may not stand. Asking again is safe,
    /// because everything is unique by what it is about.
    #[error("it is not known whether the database kept the change ({0}); try again")]
    Unknown(String),
    /// The database cannot be reached or cannot work. Nothing happened.
    #[error("the database is not available ({0})")]
    Unavailable(String),
    /// The disk is full or about to be. Nothing happened.
    #[error("the disk of the database is full ({0}); free some space")]
    Full(String),
    /// What is stored cannot be what this program wrote.
    #[error("{table}.{column} of {row} holds what cannot be ({message})")]
    Corrupt { table: String, column: String, row: String, message: String },
    /// The row changed or went away in the meantime: an UPDATE hit nothing.
    #[error("{what} {id} was changed by another in the meantime")]
    Conflict { what: &'static str, id: String },
    /// The database refuses this data for ever: a constraint, a value that it cannot hold.
    #[error("the database refuses the data ({0})")]
    Refused(String),
    /// Opened, but unsafe to work with: the sentence names the setting and what would be right.
    #[error("{0}")]
    Unsafe(String),
    /// The address of the database cannot be used.
    #[error("{0}")]
    Address(String),
    /// Another process serves from this file.
    #[error("{0}")]
    InUse(String),
    /// The work itself panicked. Its changes were taken back.
    #[error("the work {0:?} broke off in the middle; its changes were taken back")]
    Panicked(&'static str),
    /// The store was closed before this was accepted. Nothing happened.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// May it have happened, although this says that it did not?
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Busy(_)
            | Self::Unavailable(_)
            | Self::Full(_)
            | Self::Corrupt { .. }
            | Self::Conflict { .. }
            | Self::Refused(_)
            | Self::Unsafe(_)
            | Self::Address(_)
            | Self::InUse(_)
            | Self::Panicked(_)
            | Self::Closed => false,
        }
    }

    /// Can the very same request succeed later, without anybody changing the data?
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Unknown(_) | Self::Unavailable(_) | Self::Full(_) => true,
            Self::Corrupt { .. }
            | Self::Conflict { .. }
            | Self::Refused(_)
            | Self::Unsafe(_)
            | Self::Address(_)
            | Self::InUse(_)
            | Self::Panicked(_)
            | Self::Closed => false,
        }
    }

    /// The label of figures.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::Unknown(_) => "unknown",
            Self::Unavailable(_) => "unavailable",
            Self::Full(_) => "full",
            Self::Corrupt { .. } => "corrupt",
            Self::Conflict { .. } => "conflict",
            Self::Refused(_) => "refused",
            Self::Unsafe(_) => "unsafe",
            Self::Address(_) => "address",
            Self::InUse(_) => "in_use",
            Self::Panicked(_) => "panicked",
            Self::Closed => "closed",
        }
    }

    /// The row that an UPDATE should have hit.
    pub(super) fn conflict(what: &'static str, id: impl ToString) -> Self {
        Self::Conflict { what, id: id.to_string() }
    }
}
