//! Where the database's file lies, and whether it still is the one that was opened.
//!
//! A file that is moved away or removed is written on by whoever has it open, and all of it is lost
//! with him. Whoever copies another in its place has begun something that only a restart can end.

use std::path::{Path, PathBuf};

use super::error::StoreError;

/// The files that the writing connection has open.
#[derive(Debug, Default)]
pub(super) struct Place {
    database: Option<Identity>,
    /// Its log is made anew whenever the last connection is closed.
    log: Option<Identity>,
}

/// Device and number of a file.
type Identity = (u64, u64);

impl Place {
    /// Are the files at `path` those that were opened? Those that are open now, or for `log: false`
    /// the database alone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], with what to do.
    pub(super) fn check(&self, path: &Path, log: bool) -> Result<(), StoreError> {
        let moved =
            |opened: Option<Identity>, path: &Path| opened.is_some() && opened != identity(path);
        let wrong = match path {
            path if moved(self.database, path) => path.to_owned(),
            path if log && moved(self.log, &log_of(path)) => log_of(path),
            _ => return Ok(()),
        };
        Err(StoreError::Unavailable(format!(
            "the file {} is not the one that was opened (it was moved, removed or replaced); put it \
             back, or restart the service with the one that is there",
            wrong.display()
        )))
    }

    /// A connection was opened, and has its log.
    pub(super) fn opened(&mut self, path: &Path) {
        self.database = self.database.or_else(|| identity(path));
        self.log = identity(&log_of(path));
    }

    pub(super) fn is_known(&self) -> bool {
        self.database.is_some()
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Files that are open cannot be moved there.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}
