//! SQLite: what differs. One file, one writing connection, and readers beside it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::age::{self, Age};
use super::check::Unique;
use super::error::{Of, StoreError};
use super::schema::{events, payloads};
use super::types::{At, Dedupe, Document, Moment};

pub(super) type Conn = SqliteConnection;

/// There is one writer: nobody to lock rows against.
macro_rules! locked {
    ($query:expr) => {
        $query
    };
}

macro_rules! skip_locked {
    ($query:expr) => {
        $query
    };
}

#[path = "queries/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "compiled once for each database, on purpose")]
pub(super) mod queries;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Older ones have a fault in the write-ahead log that can lose what was committed.
const VERSION_MIN: [u32; 3] = [3, 51, 3];

/// What every connection is set to. No mmap: an I/O error there is a signal, not an error.
/// Small pages: keys come in no order, so nearly every row that is written touches a page of its
/// own in each index, and the whole page goes through the log (measured: 68 KB an applied event
/// instead of 158 KB with pages of 16 KiB). Checkpoints are done by a thread of their own
/// (`checkpoint`); the writer does one only when the log has grown to 256 MiB all the same. The
/// log's file is not cut below twice that: cutting it took up to 0.3 s of the writer's time.
/// A cache of 16 MiB: where a b-tree was balanced, each commit walks through all of the cache, which
/// at 64 MiB was a sixth of the writer's time; what is not in it is in the system's.
/// What is deleted is written over with zeros: a body that was purged is not to be read out of
/// free pages.
const SETTINGS: &str = "
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA secure_delete = ON;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 64000;
    PRAGMA journal_size_limit = 536870912;
";

/// How long the lock of another process (a command of the command line) is waited for.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 3000;";

/// Opens the connection that writes, making the file if there is none, readable by its owner
/// alone.
pub(super) fn open(path: &Path) -> Result<Conn, StoreError> {
    create(path).map_err(|error| {
        StoreError::Unavailable(format!("the file {} cannot be made: {error}", path.display()))
    })?;
    connect(path)
}

/// Opens a connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Conn, StoreError> {
    let mut conn = connect(path)?;
    conn.batch_execute("PRAGMA query_only = ON;").of("session")?;
    Ok(conn)
}

/// Opens a connection to the file that is there; makes none.
pub(super) fn connect(path: &Path) -> Result<Conn, StoreError> {
    if !path.exists() {
        return Err(StoreError::Unavailable(format!("the file {} is not there", path.display())));
    }
    let mut conn = Conn::establish(&file_name(path)?).map_err(|error| {
        StoreError::Unavailable(format!("the file {} cannot be opened: {error}", path.display()))
    })?;
    // First of all, so that the settings wait too.
    conn.batch_execute(BUSY_TIMEOUT).of("session")?;
    conn.batch_execute(SETTINGS).of("session")?;
    Ok(conn)
}

/// A path that is no URI to SQLite, whatever it begins with.
pub(super) fn file_name(path: &Path) -> Result<String, StoreError> {
    let path = if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() };
    path.into_os_string().into_string().map_err(|path| {
        StoreError::Address(format!("the path {} is not UTF-8", Path::new(&path).display()))
    })
}

fn create(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The lock of the one process that serves. It goes with the process, however that ends.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let refused = |error: &dyn std::fmt::Display| {
        StoreError::Unavailable(format!("{} cannot be locked: {error}", name.display()))
    };
    create(&name).map_err(|error| refused(&error))?;
    let file = OpenOptions::new().write(true).open(&name).map_err(|error| refused(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(format!(
            "another process serves from {} already; stop it first, or give this one a database \
             of its own",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(refused(&error)),
    }
}

/// Free bytes on the disk of this file.
pub(super) fn free_bytes(path: &Path) -> std::io::Result<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// All steps in one transaction, taken at once: of two processes the second waits and finds
/// nothing left to do.
pub(super) fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    conn.immediate_transaction(|conn| {
        conn.run_pending_migrations(MIGRATIONS)
            .map(drop)
            .map_err(|error| diesel::result::Error::QueryBuilderError(error.to_string().into()))
    })
    .of("migrations")
}

/// Asked of the table itself whether it is there: diesel would make it.
pub(super) fn age(conn: &mut Conn) -> Result<Age, StoreError> {
    let begun = "CAST(EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations') \
                 AS TEXT)";
    if one(conn, begun)? == "1" { age::age(conn, &MIGRATIONS) } else { Ok(Age::New) }
}

pub(super) fn check(conn: &mut Conn) -> Result<Vec<Unique>, StoreError> {
    let version = one(conn, "sqlite_version()")?;
    if parts(&version) < VERSION_MIN.to_vec() {
        return Err(StoreError::Unsafe(format!(
            "SQLite {version} can lose committed data; build with 3.51.3 or later"
        )));
    }
    setting(conn, "journal_mode", "wal")?;
    setting(conn, "synchronous", "2")?;
    setting(conn, "foreign_keys", "1")?;
    // A key that is a row's number has no index of its own, and is unique all the same.
    diesel::sql_query(
        "SELECT m.name AS table_name,
             (SELECT group_concat(i.name, ',') FROM pragma_index_info(l.name) AS i) AS columns
         FROM sqlite_schema AS m, pragma_index_list(m.name) AS l
         WHERE m.type = 'table' AND l.\"unique\" AND NOT l.partial
         UNION ALL
         SELECT m.name, (SELECT group_concat(c.name, ',') FROM pragma_table_info(m.name) AS c
                         WHERE c.pk > 0) AS columns
         FROM sqlite_schema AS m
         WHERE m.type = 'table' AND EXISTS (
             SELECT 1 FROM pragma_table_info(m.name) AS c WHERE c.pk > 0)",
    )
    .load(conn)
    .of("sqlite_schema")
}

fn setting(conn: &mut Conn, name: &str, right: &str) -> Result<(), StoreError> {
    let query = format!("CAST({name} AS TEXT) FROM pragma_{name}");
    let value = one(conn, &query)?;
    if value == right {
        Ok(())
    } else {
        Err(StoreError::Unsafe(format!("SQLite works with {name} = {value}; it must be {right}")))
    }
}

fn parts(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn one(conn: &mut Conn, expression: &str) -> Result<String, StoreError> {
    diesel::select(sql::<Text>(expression)).get_result(conn).of("session")
}

/// A passive checkpoint: copies what no reader needs any more out of the log, and waits for
/// nobody. Does nothing while less than `frames_min` pages wait.
pub(super) fn checkpoint(conn: &mut Conn, frames_min: i64) -> Result<(), StoreError> {
    let state = checkpoint_state(conn, "NOOP")?;
    // What is not in the file yet.
    if state.log - state.checkpointed >= frames_min {
        checkpoint_state(conn, "PASSIVE")?;
    }
    Ok(())
}

/// Writes the file anew without what was deleted, and empties the log.
///
/// # Errors
/// [`StoreError::Unsafe`] where others are in the way: what was deleted can still be read then.
pub(super) fn compact(conn: &mut Conn) -> Result<(), StoreError> {
    let left = |what: &str| {
        StoreError::Unsafe(format!(
            "it is taken out of all tables, but {what} and still holds it; do the same again"
        ))
    };
    // In a file, not in memory: it is as large as the database.
    let settings = "PRAGMA busy_timeout = 30000; PRAGMA temp_store = FILE; VACUUM;";
    conn.batch_execute(settings).of("session").map_err(|error| match error {
        StoreError::Busy(_) => left("the database was busy and could not be written anew,"),
        error => error,
    })?;
    match checkpoint_state(conn, "TRUNCATE")?.busy {
        0 => Ok(()),
        _ => Err(left("the database's log is being read by somebody")),
    }
}

#[derive(QueryableByName)]
struct CheckpointState {
    #[diesel(sql_type = BigInt)]
    busy: i64,
    #[diesel(sql_type = BigInt)]
    log: i64,
    #[diesel(sql_type = BigInt)]
    checkpointed: i64,
}

fn checkpoint_state(conn: &mut Conn, mode: &str) -> Result<CheckpointState, StoreError> {
    diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(conn).of("session")
}

/// The one process's own clock is the database's.
pub(super) fn clock(_: &mut Conn, now: DateTime<Utc>) -> QueryResult<DateTime<Utc>> {
    Ok(now)
}

/// When the slot of that length, counted from 1970, began that the time in this column is in.
pub(super) fn slot(column: &str, length: TimeDelta) -> String {
    let length_us = length.num_seconds().saturating_mul(1_000_000);
    format!("{column} / {length_us} * {length_us}")
}

/// The time in this column, and that much more.
pub(super) fn later(column: &str, length: TimeDelta) -> String {
    format!("({column} + {})", length.num_seconds().saturating_mul(1_000_000))
}

/// Condition and order of a list by id, newest first: these columns are `$1`, `$2` ..., the id is
/// below the next parameter and above the one after. Equalities: SQLite takes the index that has
/// most of them, and of a row comparison it would not see that the id ends it.
pub(super) fn newest_of(columns: &[&str]) -> (String, String) {
    let equal = columns.iter().zip(1..).map(|(column, number)| format!("{column} = ${number}"));
    let (below, above) = (columns.len() + 1, columns.len() + 2);
    let condition = equal.collect::<Vec<_>>().join(" AND ");
    (format!("{condition} AND id < ${below} AND id > ${above}"), "id DESC".to_owned())
}

/// Condition and order of a walk down the index of these columns, which are `$1`, `$2` ..., and the
/// id, which is below the next parameter. (On PostgreSQL it goes on into what equals them no more.)
pub(super) fn along(columns: &[&str]) -> (String, String) {
    let equal =
        columns.iter().zip(1..).map(|(column, number)| format!("{column} = ${number} AND "));
    (format!("{}id < ${}", equal.collect::<String>(), columns.len() + 1), "id DESC".to_owned())
}

/// What comes after these texts, along an index: the end of a condition that begins with its
/// columns. SQLite begins with what equals them and steps over it row by row, which can be all there
/// is; nothing equals the next text that there could be. (Of bare columns it would use the index for
/// the first alone.)
pub(super) fn behind(texts: &[&str]) -> String {
    let Some((last, before)) = texts.split_last() else { return String::new() };
    let before: String = before.iter().map(|text| format!("{text} || '', ")).collect();
    format!(">= ({before}{last} || char(1))")
}

/// Condition and order of a walk by time and id, newest first: below the time `$1` and the id `$2`,
/// these columns are `$3`, `$4` ... Equalities, as in [`newest_of`].
pub(super) fn latest_of(columns: &[&str]) -> (String, String) {
    let equal =
        columns.iter().zip(3..).map(|(column, number)| format!(" AND {column} = ${number}"));
    let span = "at <= $1 AND (at < $1 OR id < $2)";
    (format!("{span}{}", equal.collect::<String>()), "at DESC, id DESC".to_owned())
}

/// Condition and order for licenses of the product `$1` that have no end: by the index of ends.
pub(super) const PERPETUAL: (&str, &str) = ("product = $1 AND valid_until IS NULL", "id");

/// Prepared statements, run for each: there is no round trip to save. The number comes from us,
/// as nobody else writes meanwhile: to ask what SQLite gave would take a table of its own each time.
pub(super) fn event_insert(
    conn: &mut Conn,
    records: &[queries::EventRecord<'_>],
) -> QueryResult<Vec<(Dedupe, i64)>> {
    let last: Option<i64> = events::table.select(max(events::id)).get_result(conn)?;
    let mut id = last.unwrap_or_default() + 1;
    let mut inserted = Vec::with_capacity(records.len());
    for record in records {
        if (InsertEvent { id, record }).execute(conn)? > 0 {
            let payload = (payloads::event_id.eq(id), payloads::body.eq(record.body));
            diesel::insert_into(payloads::table).values(payload).execute(conn)?;
            inserted.push((record.dedupe, id));
            id += 1;
        }
    }
    Ok(inserted)
}

/// Written by hand: of all statements it is run most often while others wait, and a third of its time
/// was diesel walking through what it is made of.
struct InsertEvent<'a> {
    id: i64,
    record: &'a queries::EventRecord<'a>,
}

impl QueryId for InsertEvent<'_> {
    type QueryId = InsertEvent<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Sqlite> for InsertEvent<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // All fields by name: a new one does not compile until it is thought of here.
        let queries::EventRecord {
            account,
            kind,
            provider_event_id,
            dedupe,
            content_digest,
            event_type,
            status,
            reason,
            message,
            received_at,
            occurred_at,
            live,
            headers,
            body: _,
        } = self.record;
        out.push_sql(
            "INSERT INTO events (
                 id, account, kind, provider_event_id, dedupe, content_digest, type, status, reason,
                 message, received_at, next_at, occurred_at, live, headers, attempts, fence
             ) VALUES (",
        );
        out.push_bind_param::<BigInt, _>(&self.id)?;
        macro_rules! bind {
            ($($field:ident: $sql_type:ty,)*) => {
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$sql_type, _>($field)?;
                )*
            };
        }
        bind! {
            account: Text,
            kind: Text,
            provider_event_id: Nullable<Text>,
            dedupe: Binary,
            content_digest: Binary,
            event_type: Text,
            status: Text,
            reason: Nullable<Text>,
            message: Nullable<Text>,
            received_at: Moment,
            received_at: Moment,
            occurred_at: Moment,
            live: Nullable<Bool>,
            headers: Document,
        }
        out.push_sql(", 0, 0) ON CONFLICT (dedupe) DO NOTHING");
        Ok(())
    }
}

impl RunQueryDsl<Conn> for InsertEvent<'_> {}

/// Due again after 1, 4, then 9 seconds, so that one that kills the process does so ever less
/// often, and the others get on meanwhile.
pub(super) fn event_reclaim_all(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    diesel::sql_query(
        "UPDATE events
         SET claimed_until = NULL, fence = fence + 1, lapsed = lapsed + 1,
             next_at = ? + 1000000 * min(attempts * attempts, 9)
         WHERE status = 'pending' AND attempts > 0 AND claimed_until IS NOT NULL",
    )
    .bind::<Moment, _>(At(now))
    .execute(conn)
    .of("events")
}

pub(super) fn outbox_reclaim_all(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    queue_reclaim_all(conn, "outbox", now)
}

pub(super) fn hook_reclaim_all(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    queue_reclaim_all(conn, "hooks_outbox", now)
}

fn queue_reclaim_all(
    conn: &mut Conn,
    table: &'static str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    diesel::sql_query(format!(
        "UPDATE {table} SET claimed_until = NULL, fence = fence + 1, next_at = ?
         WHERE status = 'queued' AND claimed_until IS NOT NULL"
    ))
    .bind::<Moment, _>(At(now))
    .execute(conn)
    .of(table)
}
