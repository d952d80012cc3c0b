//! One question: has it happened?

use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, DeserializeFieldError};
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
    /// What is unique is there already. Everything unique is written with ON CONFLICT or under a
    /// lock, so somebody else was first by a moment, and a second run sees what he did; or it never
    /// will: then asking again and again is of no use. Nothing happened.
    #[error("the database has it already ({0}); nothing was changed, try again")]
    Taken(String),
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
    #[error("{table}.{column} of row {row} holds what cannot be ({message})")]
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
            | Self::Taken(_)
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
            Self::Busy(_)
            | Self::Taken(_)
            | Self::Unknown(_)
            | Self::Unavailable(_)
            | Self::Full(_) => true,
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
            Self::Taken(_) => "taken",
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

/// Gives what diesel says its meaning here, and bad data the name of its table.
pub(super) trait Of<T> {
    fn of(self, table: &'static str) -> Result<T, StoreError>;

    /// The same where it is known which row was read.
    fn of_row(self, table: &'static str, row: impl ToString) -> Result<T, StoreError>;
}

impl<T> Of<T> for QueryResult<T> {
    fn of(self, table: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::from_query(table, &error))
    }

    fn of_row(self, table: &'static str, id: impl ToString) -> Result<T, StoreError> {
        self.of(table).map_err(|error| match error {
            StoreError::Corrupt { table, column, row: _, message } => {
                StoreError::Corrupt { table, column, row: id.to_string(), message }
            }
            other => other,
        })
    }
}

impl StoreError {
    /// What it means that a statement failed: nothing is committed.
    fn from_query(table: &str, error: &DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, info) => from_database(kind, info.as_ref()),
            DieselError::DeserializationError(cause) => corrupt(table, cause.as_ref()),
            other => Self::Unavailable(format!("{table}: {other}")),
        }
    }

    /// What it means that BEGIN, ROLLBACK or a setting failed.
    pub(super) fn from_session(error: &DieselError) -> Self {
        Self::from_query("session", error)
    }

    /// What it means that COMMIT failed. Only a refusal for a conflict is certain; after anything
    /// else the change may stand.
    pub(super) fn from_commit(error: &DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Busy(info.message().to_owned())
            }
            other => Self::Unknown(format!("the commit failed: {other}")),
        }
    }
}

fn from_database(kind: &DatabaseErrorKind, info: &dyn DatabaseErrorInformation) -> StoreError {
    let message = info.message();
    match kind {
        DatabaseErrorKind::UniqueViolation => StoreError::Taken(message.to_owned()),
        DatabaseErrorKind::SerializationFailure => StoreError::Busy(message.to_owned()),
        DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::ExclusionViolation => StoreError::Refused(message.to_owned()),
        _ => from_words(message),
    }
}

/// Of the last two PostgreSQL's index takes no text that is so long.
const REFUSALS: [&str; 6] = [
    "invalid byte sequence",
    "out of range",
    "too big",
    "datatype mismatch",
    "index row size",
    "index row requires",
];

/// Diesel keeps no code of the other faults, only the words. SQLite's never change; PostgreSQL's
/// may be translated, and what is not known counts as «not available»: tried again.
fn from_words(message: &str) -> StoreError {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let message = message.to_owned();
    if says(&["is locked", "deadlock detected", "lock timeout", "statement timeout"]) {
        StoreError::Busy(message)
    } else if says(&["disk is full", "No space left", "Disk quota"]) {
        StoreError::Full(message)
    } else if says(&["is malformed", "not a database", "invalid page in block"]) {
        corrupt_file(message)
    } else if says(&REFUSALS) {
        StoreError::Refused(message)
    } else {
        StoreError::Unavailable(message)
    }
}

fn corrupt_file(message: String) -> StoreError {
    let [table, column, row] = ["the database", "file", "?"].map(str::to_owned);
    StoreError::Corrupt { table, column, row, message }
}

fn corrupt(table: &str, cause: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreError {
    let (column, message) = match cause.downcast_ref::<DeserializeFieldError>() {
        Some(field) => {
            (field.field_name.clone().unwrap_or_else(|| "?".to_owned()), field.error.to_string())
        }
        None => ("?".to_owned(), cause.to_string()),
    };
    StoreError::Corrupt { table: table.to_owned(), column, row: "?".to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: DatabaseErrorKind, message: &str) -> DieselError {
        DieselError::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn a_commit_that_broke_off_may_stand_and_a_refused_one_does_not() {
        let cut = failed(DatabaseErrorKind::UnableToSendCommand, "connection closed");
        assert!(StoreError::from_commit(&cut).outcome_unknown());
        let io = failed(DatabaseErrorKind::Unknown, "disk I/O error");
        assert!(StoreError::from_commit(&io).outcome_unknown());
        let refused = failed(DatabaseErrorKind::SerializationFailure, "could not serialize");
        assert!(!StoreError::from_commit(&refused).outcome_unknown());
    }

    #[test]
    fn a_statement_that_failed_is_never_in_doubt() {
        let of = |message| {
            let error = failed(DatabaseErrorKind::Unknown, message);
            QueryResult::<()>::Err(error).of("events").unwrap_err()
        };
        assert_eq!(of("database is locked").name(), "busy");
        assert_eq!(of("deadlock detected").name(), "busy");
        assert_eq!(of("database or disk is full").name(), "full");
        assert_eq!(of("file is not a database").name(), "corrupt");
        assert_eq!(of("disk I/O error").name(), "unavailable");
        let long = "index row size 10032 exceeds btree version 4 maximum 2704 for index \"refs\"";
        assert_eq!(of(long).name(), "refused");
        assert_eq!(of("arrêt de la connexion").name(), "unavailable");
    }
}
