//! PostgreSQL: what differs. Several nodes, row locks, the server's clock.
//!
//! It is spoken by tokio-postgres, under diesel's blocking traits: nothing to install, and TLS by
//! rustls.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Timestamptz};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::age::{self, Age};
use super::check::Unique;
use super::error::{Of, StoreError};
use super::prepared::Prepare as _;
use super::types::{Dedupe, Document, Moment};
use super::url::PostgresUrl;

pub(super) type Conn = AsyncConnectionWrapper<AsyncPgConnection, OwnRuntime>;

macro_rules! locked {
    ($query:expr) => {
        $query.for_no_key_update()
    };
}

macro_rules! skip_locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

#[path = "queries/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "compiled once for each database, on purpose")]
pub(super) mod queries;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number, as long as every node takes the same: «keywright» as letters of a telephone.
const MIGRATION_LOCK: i64 = 539_974_448;

/// How long a host of the address may take until a session with it stands: to be reached, to agree
/// on TLS, and to say that it is ready.
const CONNECTING: Duration = Duration::from_secs(5);

/// What an answer may take longer than the patience that the server itself keeps to.
const SLACK: Duration = Duration::from_secs(2);

/// A connection's own small runtime, which runs only while the connection is used: no query hops
/// threads.
#[derive(Debug)]
pub(super) struct OwnRuntime {
    runtime: Runtime,
    /// Of the task that speaks for the connection.
    driver: AbortHandle,
    /// How long anything on it may take. `None`: as long as it does.
    limit: Option<Duration>,
}

thread_local! {
    /// The runtime of the connection that is being made on this thread.
    static MAKING: std::cell::RefCell<Option<OwnRuntime>> = const { std::cell::RefCell::new(None) };
}

impl BlockOn for OwnRuntime {
    /// The server ends what takes too long; one that says nothing any more is not waited for. Then
    /// the connection is given up, and all that is done on it ends with an error.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let Some(limit) = self.limit else { return self.runtime.block_on(future) };
        self.runtime.block_on(async {
            let mut future = std::pin::pin!(future);
            match tokio::time::timeout(limit, future.as_mut()).await {
                Ok(output) => output,
                Err(_) => {
                    tracing::warn!(
                        "PostgreSQL is silent for {limit:?}; the connection is given up"
                    );
                    self.driver.abort();
                    future.await
                }
            }
        })
    }

    #[expect(clippy::expect_used, reason = "the trait has no error; `connect` puts it there")]
    fn get_runtime() -> Self {
        let runtime = MAKING.with_borrow_mut(Option::take);
        runtime.expect("a connection is made by connect()")
    }
}

/// Opens a connection. `patience` bounds every statement and every wait for a lock on it; `None`:
/// nothing does.
pub(super) fn connect(url: &PostgresUrl, patience: Option<Duration>) -> Result<Conn, StoreError> {
    let unreachable = |cause: String| {
        let hosts = url.hosts();
        StoreError::Unavailable(format!("PostgreSQL cannot be reached at {hosts}: {cause}"))
    };
    let tls = MakeRustlsConnect::new(tls(url.root_certificates.as_deref())?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unreachable(error.to_string()))?;
    let mut config = url.config.clone();
    config.connect_timeout(Duration::from_secs(3));
    config.tcp_user_timeout(Duration::from_secs(10));
    config.keepalives_idle(Duration::from_secs(30));
    if config.get_application_name().is_none() {
        config.application_name("keywright");
    }
    let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(1).max(1);
    let connecting = CONNECTING.saturating_mul(hosts);
    let (inner, driver) = runtime
        .block_on(async {
            let session = tokio::time::timeout(connecting, session(&config, tls)).await;
            session.unwrap_or_else(|_| Err(format!("it said nothing for {connecting:?}")))
        })
        .map_err(unreachable)?;
    let limit = patience.map(|patience| patience.saturating_add(SLACK));
    MAKING.set(Some(OwnRuntime { runtime, driver, limit }));
    let mut conn = Conn::from(inner);
    // 0: none.
    let patience_ms = patience.map_or(0, |patience| patience.as_millis());
    conn.batch_execute(&format!(
        "SET statement_timeout = {patience_ms};
         SET lock_timeout = {patience_ms};
         SET idle_in_transaction_session_timeout = '60s';"
    ))
    .of("session")?;
    // So that errors are told in words that are known here. Not everybody may.
    let _ = conn.batch_execute("SET lc_messages TO 'C'");
    Ok(conn)
}

/// The driver is a task of our own, so that it can be ended.
async fn session(
    config: &tokio_postgres::Config,
    tls: MakeRustlsConnect,
) -> Result<(AsyncPgConnection, AbortHandle), String> {
    let (client, connection) = config.connect(tls).await.map_err(|error| cause(&error))?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::info!("a session of PostgreSQL ended: {}", cause(&error));
        }
    });
    let conn = AsyncPgConnection::try_from(client).await.map_err(|error| error.to_string())?;
    Ok((conn, driver.abort_handle()))
}

/// With what stands behind it: tokio-postgres tells only «error connecting to server» itself.
fn cause(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

fn tls(root_certificates: Option<&Path>) -> Result<rustls::ClientConfig, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    match root_certificates {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                StoreError::Address(format!(
                    "sslrootcert names {}, which holds no certificates in PEM form ({error})",
                    file.display()
                ))
            };
            for certificate in
                CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))?
            {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unavailable(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Nodes that start at once take turns; a node that is killed gives the lock back with its
/// session. Each step is a transaction of its own. On a connection with all the time there is.
pub(super) fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    conn.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).of("migrations")?;
    conn.run_pending_migrations(MIGRATIONS)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(format!("a migration failed: {error}")))
}

/// Asked of the table itself whether it is there: diesel would make it.
pub(super) fn age(conn: &mut Conn) -> Result<Age, StoreError> {
    let begun = sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    if diesel::select(begun).get_result(conn).of("migrations")? {
        age::age(conn, &MIGRATIONS)
    } else {
        Ok(Age::New)
    }
}

/// One table at a time: a VACUUM is a transaction of its own. It waits for nobody's lock long, and
/// takes none that stops readers or writers. All tables that there are: one that a list here left
/// out would keep what was deleted. On a connection with all the time there is.
pub(super) fn compact(conn: &mut Conn) -> Result<(), StoreError> {
    conn.batch_execute("SET lock_timeout = '4s'").of("session")?;
    let names =
        sql::<Text>("quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()");
    let tables: Vec<String> = diesel::select(names).load(conn).of("pg_tables")?;
    for table in tables {
        conn.batch_execute(&format!("VACUUM {table}")).of("session")?;
    }
    Ok(())
}

pub(super) fn check(conn: &mut Conn) -> Result<Vec<Unique>, StoreError> {
    for (setting, wrong, why) in [
        ("fsync", "off", "a power cut loses or damages what was answered for; set fsync = on"),
        (
            "synchronous_commit",
            "off",
            "a crash loses what was answered for; set synchronous_commit = on",
        ),
        ("full_page_writes", "off", "a power cut damages the database; set full_page_writes = on"),
        (
            "transaction_read_only",
            "on",
            "this server or this user cannot write; name the primary server",
        ),
    ] {
        let query = sql::<Text>("current_setting(").bind::<Text, _>(setting).sql(")");
        let value: String = diesel::select(query).get_result(conn).of("session")?;
        if value == wrong {
            return Err(StoreError::Unsafe(format!(
                "PostgreSQL works with {setting} = {value}: {why}"
            )));
        }
    }
    diesel::sql_query(
        "SELECT t.relname::text AS table_name,
             string_agg(a.attname::text, ',' ORDER BY a.attname) AS columns
         FROM pg_index AS i
         JOIN pg_class AS t ON t.oid = i.indrelid
         JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL
           AND t.relnamespace = current_schema()::regnamespace
         GROUP BY t.relname, i.indexrelid",
    )
    .load(conn)
    .of("pg_index")
}

/// The server's clock: one for all nodes.
pub(super) fn clock(conn: &mut Conn, _: DateTime<Utc>) -> QueryResult<DateTime<Utc>> {
    diesel::select(sql::<Timestamptz>("clock_timestamp()")).get_result(conn)
}

/// When the slot of that length, counted from 1970, began that the time in this column is in,
/// whatever zone the session is in.
pub(super) fn slot(column: &str, length: TimeDelta) -> String {
    let (seconds, zero) = (length.num_seconds(), "TIMESTAMPTZ '1970-01-01 00:00:00+00'");
    format!("date_bin(INTERVAL '{seconds} seconds', {column}, {zero})")
}

/// The time in this column, and that much more.
pub(super) fn later(column: &str, length: TimeDelta) -> String {
    format!("({column} + INTERVAL '{} seconds')", length.num_seconds())
}

/// Condition and order of a list by id, newest first: these columns are `$1`, `$2` ..., the id is
/// below the next parameter and above the one after. Comparisons of whole rows: no other index has
/// that order. Asked for equal columns in the order of ids, PostgreSQL may walk down the primary
/// key instead, past a million rows to three that are old.
pub(super) fn newest_of(columns: &[&str]) -> (String, String) {
    let parameters: Vec<String> =
        columns.iter().zip(1..).map(|(_, number)| format!("${number}")).collect();
    let (row, values) = (columns.join(", "), parameters.join(", "));
    let (below, above) = (columns.len() + 1, columns.len() + 2);
    let condition =
        format!("({row}, id) < ({values}, ${below}) AND ({row}, id) > ({values}, ${above})");
    let order: Vec<String> = columns.iter().map(|column| format!("{column} DESC")).collect();
    (condition, format!("{}, id DESC", order.join(", ")))
}

/// Condition and order of a walk down the index of these columns, which are `$1`, `$2` ..., and the
/// id, which is below the next parameter. It goes on into what equals them no more: whoever walks
/// takes so many steps and looks where he is. (Told where to stop, PostgreSQL 15 would only stop
/// where the first column is another one.)
pub(super) fn along(columns: &[&str]) -> (String, String) {
    let values: Vec<String> = (1..=columns.len() + 1).map(|number| format!("${number}")).collect();
    let condition = format!("({}, id) < ({})", columns.join(", "), values.join(", "));
    let order: String = columns.iter().map(|column| format!("{column} DESC, ")).collect();
    (condition, format!("{order}id DESC"))
}

/// What comes after these texts, along an index: the end of a condition that begins with its
/// columns.
pub(super) fn behind(texts: &[&str]) -> String {
    format!("> ({})", texts.join(", "))
}

/// Condition and order of a walk by time and id, newest first: below the time `$1` and the id `$2`,
/// these columns are `$3`, `$4` ... As [`along`].
pub(super) fn latest_of(columns: &[&str]) -> (String, String) {
    let (mut row, mut values, mut order) = (String::new(), String::new(), String::new());
    for (column, number) in columns.iter().zip(3..) {
        row += &format!("{column}, ");
        values += &format!("${number}, ");
        order += &format!("{column} DESC, ");
    }
    let condition = format!("({row}at, id) < ({values}$1, $2)");
    (condition, format!("{order}at DESC, id DESC"))
}

/// Condition and order for licenses of the product `$1` that have no end: by the index of ends,
/// which begins with them when read backwards. (As in [`newest_of`], an equality would let
/// PostgreSQL walk through all licenses in the order of their ids.)
pub(super) const PERPETUAL: (&str, &str) = (
    "product >= $1 AND product <= $1 AND valid_until IS NULL",
    "product DESC, valid_until DESC, id DESC",
);

/// One statement for the whole batch, however large.
pub(super) fn event_insert(
    conn: &mut Conn,
    records: &[queries::EventRecord<'_>],
) -> QueryResult<Vec<(Dedupe, i64)>> {
    #[derive(QueryableByName)]
    struct Inserted {
        #[diesel(sql_type = Binary)]
        dedupe: Dedupe,
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    macro_rules! column {
        ($field:ident) => {
            records.iter().map(|record| &record.$field).collect::<Vec<_>>()
        };
    }
    let inserted: Vec<Inserted> = diesel::sql_query(
        "WITH kept AS (
             INSERT INTO events (
                 account, kind, provider_event_id, dedupe, content_digest, type, status, reason,
                 message, received_at, occurred_at, live, attempts, next_at, fence, headers
             )
             SELECT account, kind, provider_event_id, dedupe, content_digest, type, status, reason,
                 message, received_at, occurred_at, live, 0, received_at, 0, headers
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS new (
                 account, kind, provider_event_id, dedupe, content_digest, type, status, reason,
                 message, received_at, occurred_at, live, headers
             )
             ON CONFLICT (dedupe) DO NOTHING
             RETURNING dedupe, id
         ), told AS (
             INSERT INTO payloads (event_id, body)
             SELECT kept.id, new.body FROM unnest($4, $14) AS new (dedupe, body)
             JOIN kept ON kept.dedupe = new.dedupe
         )
         SELECT dedupe, id FROM kept",
    )
    .bind::<Array<Text>, _>(column!(account))
    .bind::<Array<Text>, _>(column!(kind))
    .bind::<Array<Nullable<Text>>, _>(column!(provider_event_id))
    .bind::<Array<Binary>, _>(column!(dedupe))
    .bind::<Array<Binary>, _>(column!(content_digest))
    .bind::<Array<Text>, _>(column!(event_type))
    .bind::<Array<Text>, _>(column!(status))
    .bind::<Array<Nullable<Text>>, _>(column!(reason))
    .bind::<Array<Nullable<Text>>, _>(column!(message))
    .bind::<Array<Moment>, _>(column!(received_at))
    .bind::<Array<Moment>, _>(column!(occurred_at))
    .bind::<Array<Nullable<Bool>>, _>(column!(live))
    .bind::<Array<Document>, _>(column!(headers))
    .bind::<Array<Binary>, _>(column!(body))
    .prepared()
    .load(conn)?;
    Ok(inserted.into_iter().map(|row| (row.dedupe, row.id)).collect())
}

/// Other nodes live, and their claims hold; those of the dead run out.
pub(super) fn event_reclaim_all(_: &mut Conn, _: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(0)
}

/// As [`event_reclaim_all`].
pub(super) fn hook_reclaim_all(_: &mut Conn, _: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(0)
}

/// As [`event_reclaim_all`].
pub(super) fn outbox_reclaim_all(_: &mut Conn, _: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(0)
}
