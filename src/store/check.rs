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

/// The unique constraints without which something could be doubled.
const NEEDED: &[(&str, &[&str])] = &[
    ("events", &["dedupe"]),
    ("refs", &["ref", "account", "live"]),
    ("notices", &["event_id", "position"]),
    ("customers", &["account", "live", "provider_id"]),
    ("licenses", &["id"]),
    ("licenses", &["key"]),
    ("licenses", &["sale_id", "slot"]),
    ("activations", &["license_id", "fingerprint"]),
    ("history", &["subject", "seq"]),
    ("outbox", &["key"]),
    ("hooks_outbox", &["key"]),
    ("tokens", &["hash"]),
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
