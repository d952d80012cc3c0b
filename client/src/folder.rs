//! The one file, in the folder that the application gives: written whole or not at all, and for
//! its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::fault::Fault;
use crate::kept::Kept;

const NAME: &str = "keywright.json";

/// Longest file that is read, in bytes. A token has 16 KiB at most.
const BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// One thread at a time; the file's lock is between processes.
    threads: Mutex<()>,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, threads: Mutex::new(()) }
    }

    /// What is kept; nothing, where nothing was written yet.
    ///
    /// # Errors
    /// [`Fault::Damaged`], [`Fault::Storage`].
    pub(crate) fn read(&self) -> Result<Kept, Fault> {
        let path = self.file();
        let storage = |error| Fault::Storage { path: path.clone(), error };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(error) => return Err(storage(error)),
        };
        let mut text = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut text).map_err(storage)?;
        serde_json::from_slice(&text).map_err(|_| Fault::Damaged { path: path.clone() })
    }

    /// Changes what is kept, if the change succeeds. Readers see the old file or the new one.
    ///
    /// # Errors
    /// Those of the change; [`Fault::Storage`]. A damaged file is begun anew: it holds nothing
    /// that the server could not give again.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Kept) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _thread = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        make_folder(&self.path)
            .map_err(|error| Fault::Storage { path: self.path.clone(), error })?;
        let _process = self.lock();
        let mut kept = match self.read() {
            Ok(kept) => kept,
            Err(Fault::Damaged { .. }) => Kept::default(),
            Err(fault) => return Err(fault),
        };
        let done = change(&mut kept)?;
        let path = self.file();
        write(&path, &kept).map_err(|error| Fault::Storage { path, error })?;
        Ok(done)
    }

    fn file(&self) -> PathBuf {
        self.path.join(NAME)
    }

    /// Held until it is dropped. Some file systems cannot lock: then two processes at one moment
    /// may lose what one of them saw, which the next start sees again.
    fn lock(&self) -> Option<File> {
        let file = private().create(true).truncate(false).open(self.path.join("keywright.lock"));
        file.ok().filter(|file| file.lock().is_ok())
    }
}

/// A file beside it takes its place when all of it is on the disk.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) | Ok(()) => {}
    }
    let mut file = private().create_new(true).open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(kept)?)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    sync_folder(path)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(unix)]
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

// Elsewhere a user's own folder is private by what it inherits, and folders cannot be synced.
#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

#[cfg(not(unix))]
fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
