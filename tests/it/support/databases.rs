//! A database for each test: an SQLite file of its own, or a schema of its own in the PostgreSQL
//! cluster that `.ci/test` starts.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use keywright::store::{DatabaseUrl, Options, Store};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Tells one story on both databases.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Database) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn story($db: Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story(Database::postgres().await).await;
            }
        }
    )+};
}

pub(crate) enum Database {
    Sqlite { folder: TempDir },
    Postgres { address: String, schema: String },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite { folder: TempDir::new().unwrap() }
    }

    pub(crate) async fn postgres() -> Self {
        let address = std::env::var("KEYWRIGHT_TEST_POSTGRES").expect(
            "KEYWRIGHT_TEST_POSTGRES must name a PostgreSQL server for tests; run .ci/test, which \
             starts one",
        );
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let schema = format!("t{:016x}", u64::from_be_bytes(random));
        postgres_sql(&address, &format!("CREATE SCHEMA {schema}")).await;
        Self::Postgres { address, schema }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// As it stands in a configuration.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}/kw.db", folder.path().display()),
            Self::Postgres { address, schema } => {
                format!("{address}?application_name={schema}&options=-c%20search_path%3D{schema}")
            }
        }
    }

    /// The file of the built-in database.
    pub(crate) fn file(&self) -> Option<std::path::PathBuf> {
        match self {
            Self::Sqlite { folder } => Some(folder.path().join("kw.db")),
            Self::Postgres { .. } => None,
        }
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        self.address().parse().unwrap()
    }

    /// A node: open, and with the schema brought up to date.
    pub(crate) async fn node(&self) -> Store {
        self.node_with(Options::default()).await
    }

    /// A node with few connections, unless the story says otherwise: many tests share a server.
    pub(crate) async fn node_with(&self, options: Options) -> Store {
        let store = self.open(options);
        store.migrate().await.unwrap();
        store
    }

    pub(crate) fn open(&self, options: Options) -> Store {
        let pg_connections = options.pg_connections.min(4);
        Store::open(&self.url(), Options { pg_connections, readers: 2, ..options }).unwrap()
    }

    /// Changes the database behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        match self {
            Self::Sqlite { folder } => {
                let file = folder.path().join("kw.db");
                let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 5000;").unwrap();
                conn.batch_execute(sql).unwrap();
            }
            Self::Postgres { address, schema } => {
                postgres_sql(address, &format!("SET search_path = {schema}; {sql}")).await;
            }
        }
    }
}

impl Database {
    /// Does anything that is stored hold this text, as it is or in base64? On SQLite the very files
    /// are read, free pages and the log too.
    pub(crate) async fn holds(&self, text: &str) -> bool {
        let mut held = self.holds_plain(text).await;
        for encoded in in_base64(text) {
            held |= self.holds_plain(&encoded).await;
        }
        held
    }

    async fn holds_plain(&self, text: &str) -> bool {
        let hex = data_encoding::HEXLOWER.encode(text.as_bytes());
        match self {
            Self::Sqlite { folder } => {
                let mut files = std::fs::read_dir(folder.path()).unwrap();
                files.any(|file| {
                    let bytes = std::fs::read(file.unwrap().path()).unwrap();
                    bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
                })
            }
            Self::Postgres { address, schema } => {
                let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
                let driver = tokio::spawn(connection);
                let tables = client
                    .query("SELECT tablename FROM pg_tables WHERE schemaname = $1", &[schema])
                    .await
                    .unwrap();
                let mut held = false;
                for table in tables {
                    let table: String = table.get(0);
                    let rows = client
                        .query(&format!("SELECT t::text FROM {schema}.{table} AS t"), &[])
                        .await
                        .unwrap();
                    held |= rows.iter().any(|row| {
                        let row: String = row.get(0);
                        let row = row.to_lowercase();
                        row.contains(&text.to_lowercase()) || row.contains(&hex)
                    });
                }
                drop(client);
                driver.await.unwrap().unwrap();
                held
            }
        }
    }

    /// The tables that were never swept: what was deleted from them may be there still, where no
    /// query sees it. On SQLite none, as [`Database::holds`] reads the very files.
    pub(crate) async fn unswept(&self) -> Vec<String> {
        let Self::Postgres { address, schema } = self else { return Vec::new() };
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let unswept = client
            .query(
                "SELECT relname::text FROM pg_class
                 WHERE relkind = 'r' AND relnamespace = $1::text::regnamespace
                   AND pg_stat_get_vacuum_count(oid) = 0",
                &[schema],
            )
            .await
            .unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
        unswept.iter().map(|row| row.get(0)).collect()
    }

    /// Ends every session of this test's nodes, as a restart of the server does.
    pub(crate) async fn cut_sessions(&self) {
        if let Self::Postgres { schema, .. } = self {
            self.tamper(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = '{schema}'"
            ))
            .await;
        }
    }
}

/// What a text comes to within a longer one, by where it begins in it.
fn in_base64(text: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let bytes = [&b"??"[..before], text.as_bytes()].concat();
        // Without the letters that hold a part of what stands around it.
        let whole = data_encoding::BASE64_NOPAD.encode(&bytes[..bytes.len() / 3 * 3]);
        whole.chars().skip((before * 8).div_ceil(6)).collect()
    })
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { address, schema } = self {
            let (address, drop_it) = (address.clone(), format!("DROP SCHEMA {schema} CASCADE"));
            // Off this thread, which may be driving a runtime. What fails goes with the cluster.
            let _ = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let limit = std::time::Duration::from_secs(2);
                    let _ = tokio::time::timeout(limit, postgres_sql(&address, &drop_it)).await;
                });
            })
            .join();
        }
    }
}

async fn postgres_sql(address: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}
