//! The key file on the disk: ours alone, and written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::KeyringError;
use super::pem::Text;

/// Largest key file that is read, in bytes; a key takes about 120.
const BYTES_MAX: u64 = 256 * 1024;

/// Reads the file, if nobody else can.
pub(super) fn read(path: &Path) -> Result<Text, KeyringError> {
    let failed = failed(path, "read");
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(KeyringError::Missing(path.to_owned()));
        }
        result => result.map_err(&failed)?,
    };
    ours_alone(path, &file)?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(&failed)?;
    // A part of it would pass for the whole, and the next change would write only that back.
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes <= BYTES_MAX) {
        return Ok(text);
    }
    let message = format!("is larger than {} KiB; name the right file", BYTES_MAX / 1024);
    Err(KeyringError::Content { path: path.to_owned(), message })
}

/// Makes the file. Another process that was quicker keeps its own.
pub(super) fn create(path: &Path, text: &str) -> Result<(), KeyringError> {
    let failed = failed(path, "made");
    fs::create_dir_all(folder_of(path)).map_err(&failed)?;
    let folder = locked(path).map_err(&failed)?;
    if path.exists() {
        return Ok(());
    }
    replace(path, text, &folder).map_err(&failed)
}

/// Changes the file; one process at a time. Where the change is refused, nothing is written.
pub(super) fn rewrite(
    path: &Path,
    change: impl FnOnce(&str) -> Result<Text, KeyringError>,
) -> Result<(), KeyringError> {
    let failed = failed(path, "written");
    if !path.exists() {
        return Err(KeyringError::Missing(path.to_owned()));
    }
    let folder = locked(path).map_err(&failed)?;
    let text = change(&read(path)?)?;
    replace(path, &text, &folder).map_err(&failed)
}

/// Writes beside the file, makes it durable, and only then puts it in its place.
fn replace(path: &Path, text: &str, folder: &File) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    // What stands there was left behind by a process that was killed: the folder is locked.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = private().create_new(true).write(true).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    folder.sync_all()
}

/// The folder of the file, opened and locked until it is dropped.
fn locked(path: &Path) -> io::Result<File> {
    let folder = File::open(folder_of(path))?;
    folder.lock()?;
    Ok(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> KeyringError {
    let path: PathBuf = path.to_owned();
    move |error| KeyringError::Io { path: path.clone(), doing, error }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn ours_alone(path: &Path, file: &File) -> Result<(), KeyringError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(failed(path, "read"))?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyringError::Exposed { path: path.to_owned(), mode })
    }
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(not(unix))]
fn ours_alone(_: &Path, _: &File) -> Result<(), KeyringError> {
    Ok(())
}
