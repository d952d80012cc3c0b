//! How old the schema of a database is: only the service brings it up to date, so whatever else
//! works on it has to look first.

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::error::StoreError;

/// The schema that is there, beside the one of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// There is none: nothing was ever kept here.
    New,
    /// It lacks steps of this program.
    Older,
    Current,
    /// It has steps that this program does not know.
    Newer,
}

/// Compares the steps that were done with those that there are. Nothing is changed.
pub(super) fn age<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    steps: &EmbeddedMigrations,
) -> Result<Age, StoreError> {
    let unread =
        |error| StoreError::Unavailable(format!("the age of its schema cannot be read: {error}"));
    let done = conn.applied_migrations().map_err(unread)?;
    let steps = MigrationSource::<DB>::migrations(steps).map_err(unread)?;
    let known = |version| steps.iter().any(|step| step.name().version() == version);
    if done.is_empty() {
        Ok(Age::New)
    } else if !done.iter().all(|version| known(version.as_owned())) {
        Ok(Age::Newer)
    } else if done.len() < steps.len() {
        Ok(Age::Older)
    } else {
        Ok(Age::Current)
    }
}
