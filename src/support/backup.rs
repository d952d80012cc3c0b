//! A backup of the built-in database.

use std::path::PathBuf;

use serde_json::json;
use thiserror::Error;

use super::audit::SERVICE;
use super::{Asked, Failure, Support};
use crate::store::hold::Hold;
use crate::store::{Copied, CopyError};

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackupFailure {
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Support {
    /// Copies the database to a new file, also while a service works with it. Nothing goes out of
    /// the copy until [`Support::mail_release`]: the original has sent on since.
    ///
    /// # Errors
    /// [`BackupFailure`]: then there is no such file.
    pub async fn backup(&self, file: PathBuf, asked: Asked) -> Result<Copied, BackupFailure> {
        let now = self.clock.now();
        // Before the copy, so that the copy says what it is.
        self.write("backup", move |tx| {
            Ok(tx.history_append(&asked.note(SERVICE, "backup_begun", json!({}), now))?)
        })
        .await?;
        let why = "this is a backup of that time".to_owned();
        Ok(self.store.copy(file, Hold { since: Some(now), why }).await?)
    }
}
