//! What uniqueness stands on: compared with the database at the start, whatever the migrations
//! say they did.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::error::StoreError;

/// A unique index that the database has: its table and its columns, joined by commas.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(super) struct Unique {
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) columns: String,
}

/// The unique constraints without which something could be doubled: all that the migrations make.
const NEEDED: &[(&str, &[&str])] = &[
    ("events", &["dedupe"]),
    ("events", &["id"]),
    ("payloads", &["event_id"]),
    ("sales", &["id"]),
    ("refs", &["ref", "account", "live"]),
    ("notices", &["id"]),
    ("notices", &["event_id", "position"]),
    ("customers", &["account", "live", "provider_id"]),
    ("licenses", &["id"]),
    ("licenses", &["key"]),
    ("licenses", &["sale_id", "slot"]),
    ("activations", &["id"]),
    ("activations", &["license_id", "fingerprint"]),
    ("history", &["id"]),
    ("history", &["subject", "seq"]),
    ("outbox", &["key"]),
    ("outbox", &["id"]),
    ("hooks_outbox", &["id"]),
    ("hooks_outbox", &["key"]),
    ("tokens", &["id"]),
    ("tokens", &["hash"]),
    ("users", &["name"]),
    ("sessions", &["hash"]),
    ("links", &["hash"]),
    ("idempotency", &["key"]),
    ("meta", &["key"]),
];

/// Names the first constraint that is missing.
pub(super) fn unique_constraints(there: &[Unique]) -> Result<(), StoreError> {
    for (table, columns) in NEEDED {
        let needed: BTreeSet<&str> = columns.iter().copied().collect();
        let found = there.iter().any(|unique| {
            unique.table_name == *table
                && unique.columns.split(',').collect::<BTreeSet<_>>() == needed
        });
        if !found {
            return Err(StoreError::Unsafe(format!(
                "the database lacks the unique constraint {table} ({}), without which something \
                 could happen twice; run the migrations, or restore the constraint",
                columns.join(", ")
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite;

    /// Diesel's own list of the steps that were made.
    const STEPS: &str = "__diesel_schema_migrations";

    #[test]
    fn all_that_the_migrations_make_unique_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = sqlite::open(&folder.path().join("kw.db")).unwrap();
        sqlite::migrate(&mut conn).unwrap();
        let there = sqlite::check(&mut conn).unwrap();
        let mut there: BTreeSet<(String, BTreeSet<String>)> = there
            .into_iter()
            .map(|one| (one.table_name, one.columns.split(',').map(str::to_owned).collect()))
            .collect();
        there.retain(|(table, _)| table != STEPS);
        let needed = NEEDED.iter().map(|(table, columns)| {
            ((*table).to_owned(), columns.iter().map(|column| (*column).to_owned()).collect())
        });
        assert_eq!(there, needed.collect());
    }
}
