//! A backup of the built-in database.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Asked;
use super::audit::SERVICE;
use crate::store::hold::Hold;
use crate::store::{Copied, CopyError, Store};

/// Copies the database to a new file, also while a service works with it. Nothing goes out of the
/// copy until [`super::Support::mail_release`]: the original has sent on since. It asks for neither
/// keys nor a schema of this program: a backup comes before an upgrade.
///
/// # Errors
/// [`CopyError`]: then there is no such file.
pub async fn backup(
    store: &Store,
    file: PathBuf,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<Copied, CopyError> {
    // Before the copy, so that the copy says what it is.
    store
        .run("backup", move |tx| {
            tx.history_append(&asked.note(SERVICE, "backup_begun", json!({}), now))
        })
        .await?;
    let why = "this is a backup of that time".to_owned();
    store.copy(file, Hold { since: Some(now), why }).await
}
