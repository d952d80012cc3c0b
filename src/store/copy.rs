//! A backup of the built-in database while it is in use: one file that is whole, checked, on disk,
//! and lets nothing go out until somebody agrees.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use thiserror::Error;

use super::error::{Of, StoreError};
use super::hold::Hold;
use super::sqlite::{self, Conn, queries};

/// What stays free on the disk of the copy: it may be that of the service.
const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// What the copy is written with: on disk when it is done, and no second file beside it.
const SETTINGS: &str = "
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = FULL;
    PRAGMA trusted_schema = OFF;
    PRAGMA foreign_keys = ON;
";

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub size_bytes: u64,
    pub events: i64,
    pub licenses: i64,
    pub history: i64,
    /// Mails that are owed in it.
    pub mail_queued: i64,
    /// Messages to hooks that are owed in it.
    pub hooks_queued: i64,
}

/// Why there is no copy. Nothing is left of it.
#[derive(Debug, Error)]
pub enum CopyError {
    #[error(
        "the database is PostgreSQL, which has its own: pg_dump --format=custom --file=FILE \
         DATABASE; and after a pg_restore `keywright mail hold`, before a service starts on it"
    )]
    NotBuiltIn,
    #[error("{} is there already and stays as it is; name a new file", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} is there: another backup is being made, or one was cut off; then remove it", 
        .0.display()
    )]
    Unfinished(PathBuf),
    #[error("{} cannot be {doing}: {error}", .path.display())]
    Io { path: PathBuf, doing: &'static str, error: io::Error },
    #[error(
        "the copy needs {needed} bytes and there are {free} on the disk of {}; name a file on \
         another", .path.display()
    )]
    NoSpace { path: PathBuf, needed: u64, free: u64 },
    #[error(
        "the copy is not sound and was removed again ({0}); the database itself may be damaged, or \
         a disk: `PRAGMA integrity_check` tells"
    )]
    Damaged(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies the database at `source`, as it is at one moment, to a new `file` of its owner alone.
pub(super) fn copy(source: &Path, file: &Path, hold: &Hold) -> Result<Copied, CopyError> {
    if fs::symlink_metadata(file).is_ok() {
        return Err(CopyError::Exists(file.to_owned()));
    }
    let part = beside(file);
    claim(&part)?;
    let copied = write(source, &part, hold).and_then(|copied| {
        publish(&part, file)?;
        Ok(copied)
    });
    if copied.is_err() {
        // It is of no use to anybody; where even that fails, the next backup says that it is there.
        let _ = fs::remove_file(&part);
    }
    copied
}

fn write(source: &Path, part: &Path, hold: &Hold) -> Result<Copied, CopyError> {
    let mut original = sqlite::open(source)?;
    let before = [count(&mut original, EVENTS)?, count(&mut original, HISTORY)?];
    enough_space(&mut original, part)?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(sqlite::file_name(part)?)
        .execute(&mut original)
        .of("backup")?;
    let mut copy = Conn::establish(&sqlite::file_name(part)?)
        .map_err(|error| CopyError::Damaged(error.to_string()))?;
    copy.batch_execute(SETTINGS).of("backup")?;
    queries::outgoing_hold_put(&mut copy, hold)?;
    sound(&mut copy)?;
    let copied = Copied {
        size_bytes: size(&mut copy)?,
        events: count(&mut copy, EVENTS)?,
        licenses: count(&mut copy, "licenses")?,
        history: count(&mut copy, HISTORY)?,
        mail_queued: count(&mut copy, "outbox WHERE status = 'queued'")?,
        hooks_queued: count(
            &mut copy,
            "hooks_outbox WHERE status = 'queued' AND hook IS NOT NULL",
        )?,
    };
    // Rows are only ever added to these two.
    for (there, before, what) in
        [(copied.events, before[0], EVENTS), (copied.history, before[1], HISTORY)]
    {
        if there < before {
            return Err(CopyError::Damaged(format!(
                "it has {there} rows of {what}, the database had {before}"
            )));
        }
    }
    Ok(copied)
}

const EVENTS: &str = "events";
const HISTORY: &str = "history";

/// Every page, index and constraint.
fn sound(copy: &mut Conn) -> Result<(), CopyError> {
    #[derive(QueryableByName)]
    struct Word {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let words: Vec<Word> =
        diesel::sql_query("PRAGMA integrity_check(1)").load(copy).of("backup")?;
    if let Some(Word { integrity_check: word }) = words.first()
        && word != "ok"
    {
        return Err(CopyError::Damaged(word.clone()));
    }
    match count(copy, "pragma_foreign_key_check")? {
        0 => Ok(()),
        lost => Err(CopyError::Damaged(format!("{lost} rows name others that are not there"))),
    }
}

fn size(conn: &mut Conn) -> Result<u64, StoreError> {
    let bytes = number(conn, "page_count * page_size", "pragma_page_count, pragma_page_size")?;
    Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn count(conn: &mut Conn, of: &str) -> Result<i64, StoreError> {
    number(conn, "count(*)", of)
}

fn number(conn: &mut Conn, value: &str, from: &str) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        value: i64,
    }
    let query = diesel::sql_query(format!("SELECT {value} AS value FROM {from}"));
    let number: Number = query.get_result(conn).of("backup")?;
    Ok(number.value)
}

/// Before the service has none left.
fn enough_space(original: &mut Conn, part: &Path) -> Result<(), CopyError> {
    let failed = failed(part, "written");
    let needed = size(original)?.saturating_add(FREE_BYTES_MIN);
    let free = sqlite::free_bytes(part).map_err(failed)?;
    if free >= needed {
        return Ok(());
    }
    Err(CopyError::NoSpace { path: part.to_owned(), needed, free })
}

/// SQLite fills an empty file that is there, and so leaves it its mode.
fn claim(part: &Path) -> Result<(), CopyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(part) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(CopyError::Unfinished(part.to_owned()))
        }
        Err(error) => Err(failed(part, "made")(error)),
    }
}

/// On disk, and only then under its name; never over another file.
fn publish(part: &Path, file: &Path) -> Result<(), CopyError> {
    File::open(part).and_then(|file| file.sync_all()).map_err(failed(part, "synced"))?;
    match fs::hard_link(part, file) {
        Ok(()) => fs::remove_file(part),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(CopyError::Exists(file.to_owned()));
        }
        // A disk without links (a memory stick).
        Err(_) if fs::symlink_metadata(file).is_err() => fs::rename(part, file),
        Err(error) => Err(error),
    }
    .and_then(|()| File::open(folder_of(file))?.sync_all())
    .map_err(failed(file, "put in its place"))
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |error| CopyError::Io { path: path.clone(), doing, error }
}
