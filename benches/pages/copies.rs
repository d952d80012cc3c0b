//! A town, copied over and over, each copy a little later than the one before: by the database
//! itself, which takes a minute where living through it would take hours.

use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use tokio_postgres::NoTls;

use crate::town::Filled;

/// What the copies are made of, and after what they are put.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Up to here the tables are copied.
    pub(crate) common: Filled,
    pub(crate) copies: i64,
    /// From one copy to the next.
    pub(crate) apart: TimeDelta,
}

/// Between the numbers of a row and of its copy: more than there are originals of anything.
pub(crate) const STRIDE: i64 = 10_000;

/// One table: its columns as they stand in a copy.
struct Table {
    name: &'static str,
    /// Which rows are copied.
    rows: &'static str,
    columns: &'static [(&'static str, Copied)],
}

#[derive(Clone, Copy)]
enum Copied {
    Same,
    /// Later.
    At,
    /// A row's number, or that of a row of another table.
    Number,
    /// A text that is unique.
    Text,
    /// A license's id: still one.
    Id,
    /// `license:ID`.
    Subject,
    /// Sixteen bytes that are unique.
    Name,
    /// The address of somebody else, unless the customer is known everywhere.
    Address,
}

use Copied::{Address, At, Id, Name, Number, Same, Subject, Text};

const SALES: &str = "t.id <= {sales}";
const OF_SALES: &str = "t.sale_id <= {sales}";
const OF_LICENSES: &str =
    "t.license_id IN (SELECT l.id FROM licenses AS l WHERE l.sale_id <= {sales})";

const TABLES: [Table; 10] = [
    Table {
        name: "sales",
        rows: SALES,
        columns: &[
            ("id", Number),
            ("account", Same),
            ("live", Same),
            ("customer_id", Text),
            ("merged_into", Number),
            ("created_at", At),
        ],
    },
    Table {
        name: "events",
        rows: "t.id <= {events}",
        columns: &[
            ("id", Number),
            ("account", Same),
            ("kind", Same),
            ("provider_event_id", Text),
            ("dedupe", Name),
            ("content_digest", Same),
            ("type", Same),
            ("status", Same),
            ("reason", Same),
            ("message", Same),
            ("received_at", At),
            ("occurred_at", At),
            ("live", Same),
            ("attempts", Same),
            ("next_at", At),
            ("claimed_until", Same),
            ("fence", Same),
            ("sale_id", Number),
            ("headers", Same),
        ],
    },
    Table {
        name: "payloads",
        rows: "t.event_id <= {events}",
        columns: &[("event_id", Number), ("body", Same), ("answers", Same)],
    },
    Table {
        name: "refs",
        rows: OF_SALES,
        columns: &[("account", Same), ("live", Same), ("ref", Text), ("sale_id", Number)],
    },
    Table {
        name: "notices",
        rows: "t.event_id <= {events}",
        columns: &[
            ("id", Number),
            ("event_id", Number),
            ("position", Same),
            ("sale_id", Number),
            ("digest", Same),
            ("occurred_at", At),
            ("body", Same),
        ],
    },
    Table {
        name: "licenses",
        rows: OF_SALES,
        columns: &[
            ("id", Id),
            ("sale_id", Number),
            ("slot", Same),
            ("account", Same),
            ("live", Same),
            ("key", Text),
            ("product", Same),
            ("state", Same),
            ("starts_at", At),
            ("expires_at", At),
            ("valid_until", At),
            ("max_activations", Same),
            ("quantity", Same),
            ("features", Same),
            ("flags", Same),
            ("email", Address),
            ("customer", Same),
            ("order_ref", Text),
            ("subscription_ref", Text),
            ("merged_into", Id),
            ("sequence", Same),
            ("version", Same),
            ("created_at", At),
            ("updated_at", At),
        ],
    },
    Table {
        name: "activations",
        rows: OF_LICENSES,
        columns: &[
            ("id", Id),
            ("license_id", Id),
            ("fingerprint", Same),
            ("name", Same),
            ("platform", Same),
            ("version", Same),
            ("first_at", At),
            ("last_at", At),
            ("released_at", At),
            ("sequence", Same),
        ],
    },
    Table {
        name: "history",
        rows: "substr(t.subject, 9) IN (SELECT l.id FROM licenses AS l WHERE l.sale_id <= {sales})",
        columns: &[
            ("id", Number),
            ("subject", Subject),
            ("seq", Same),
            ("at", At),
            ("action", Same),
            ("cause_event", Number),
            ("actor", Same),
            ("detail", Same),
            ("prev_hash", Same),
            ("hash", Same),
        ],
    },
    Table {
        name: "outbox",
        rows: OF_SALES,
        columns: &[
            ("id", Number),
            ("key", Text),
            ("template", Same),
            ("license_id", Id),
            ("sale_id", Number),
            ("recipient", Address),
            ("locale", Same),
            ("status", Same),
            ("attempts", Same),
            ("next_at", At),
            ("claimed_until", Same),
            ("fence", Same),
            ("error", Same),
            ("in_doubt", Same),
            ("message_id", Text),
            ("dated_at", At),
            ("data", Same),
            ("created_at", At),
            ("sent_at", At),
            ("message", Same),
        ],
    },
    Table {
        name: "hooks_outbox",
        rows: OF_LICENSES,
        columns: &[
            ("id", Number),
            ("key", Text),
            ("hook", Same),
            ("type", Same),
            ("license_id", Id),
            ("status", Same),
            ("attempts", Same),
            ("next_at", At),
            ("claimed_until", Same),
            ("fence", Same),
            ("error", Same),
            ("message_id", Text),
            ("dated_at", At),
            ("sent_at", At),
            ("message", Same),
        ],
    },
];

/// The one hook took all that it was told.
const BEFORE: &str = "
    UPDATE hooks_outbox SET hook = 'erp', key = key || ':erp', status = 'sent', attempts = 1,
        sent_at = dated_at;
";

/// Rare and recent things, after all copies: mail that waits or failed, an event that waits for
/// its turn, types and reasons that hardly ever occur.
const AFTER: &str = "
    UPDATE outbox SET status = 'failed', error = 'the server refused the address', sent_at = NULL
        WHERE id % 5000 = 7;
    UPDATE outbox SET status = 'queued', sent_at = NULL WHERE id > (SELECT max(id) - 40 FROM outbox);
    UPDATE hooks_outbox SET status = 'failed', error = 'erp answered 500', sent_at = NULL
        WHERE id % 5000 = 7;
    UPDATE events SET type = 'seldom.told' WHERE id IN (11, 12, 13);
    UPDATE events SET status = 'ignored', reason = 'hardly_ever' WHERE id IN (21, 22, 23);
    UPDATE licenses SET state = 'suspended' WHERE id IN (
        SELECT id FROM licenses WHERE state = 'active' ORDER BY created_at LIMIT 3);
    UPDATE licenses SET state = 'pending', valid_until = NULL, expires_at = NULL WHERE id IN (
        SELECT id FROM licenses WHERE state = 'active' ORDER BY created_at LIMIT 3);
";

/// Fills the database behind its store's back.
pub(crate) async fn fill(database: &str, plan: Plan) {
    if let Some(file) = database.strip_prefix("sqlite://") {
        let mut conn = SqliteConnection::establish(file).unwrap();
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
             PRAGMA cache_size = -500000; PRAGMA wal_autocheckpoint = 16000;",
        )
        .unwrap();
        for statement in plan.statements(&SQLITE) {
            conn.batch_execute(&statement).unwrap();
        }
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    } else {
        let (client, connection) = tokio_postgres::connect(database, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let quick = "SET synchronous_commit = off; SET session_replication_role = replica;";
        client.batch_execute(quick).await.unwrap();
        for statement in plan.statements(&POSTGRES) {
            client.batch_execute(&statement).await.unwrap();
        }
        // As autovacuum leaves it.
        client.batch_execute("VACUUM (ANALYZE)").await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    }
}

impl Plan {
    fn statements(&self, dialect: &Dialect) -> impl Iterator<Item = String> {
        let plan = *self;
        let originals = TABLES.iter().map(move |table| table.original(&plan));
        let copies = (1..=plan.copies).map(move |k| {
            let rows: Vec<String> =
                TABLES.iter().map(|table| table.copy(k, dialect, &plan)).collect();
            format!("BEGIN; {} COMMIT;", rows.concat())
        });
        let before = std::iter::once(BEFORE.to_owned());
        before.chain(originals).chain(copies).chain([AFTER.to_owned()])
    }
}

/// Where the two databases differ.
struct Dialect {
    overriding: &'static str,
    later: fn(&str, i64) -> String,
    name: fn(&str, &str) -> String,
}

const SQLITE: Dialect = Dialect {
    overriding: "",
    later: |column, micros| format!("{column} + {micros}"),
    name: |column, digits| format!("unhex(substr(hex({column}), 1, 24) || '{digits}')"),
};

const POSTGRES: Dialect = Dialect {
    overriding: " OVERRIDING SYSTEM VALUE",
    later: |column, micros| format!("{column} + interval '{micros} microseconds'"),
    name: |column, digits| format!("substr({column}, 1, 12) || decode('{digits}', 'hex')"),
};

impl Table {
    /// What is copied, set apart: the table itself grows.
    fn original(&self, plan: &Plan) -> String {
        let (sales, events) = (plan.common.sales.to_string(), plan.common.events.to_string());
        let rows = self.rows.replace("{sales}", &sales).replace("{events}", &events);
        format!("CREATE TEMP TABLE o_{0} AS SELECT * FROM {0} AS t WHERE {rows};", self.name)
    }

    fn copy(&self, k: i64, dialect: &Dialect, plan: &Plan) -> String {
        let digits = format!("{k:08x}");
        let shift = k * plan.apart.num_microseconds().unwrap();
        let value = |(name, copied): &(&str, Copied)| match copied {
            Same => (*name).to_owned(),
            At => (dialect.later)(name, shift),
            Number => format!("{name} + {}", k * STRIDE),
            Text => format!("{name} || '-{k}'"),
            Id => format!("substr({name}, 1, 28) || '{digits}'"),
            Subject => format!("substr({name}, 1, 36) || '{digits}'"),
            Name => (dialect.name)(name, &digits),
            Address => {
                format!("CASE WHEN {name} LIKE 'reseller%' THEN {name} ELSE '{k}.' || {name} END")
            }
        };
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<String> = self.columns.iter().map(value).collect();
        format!(
            "INSERT INTO {0} ({1}){2} SELECT {3} FROM o_{0} ORDER BY {4};",
            self.name,
            names.join(", "),
            dialect.overriding,
            values.join(", "),
            names[0],
        )
    }
}
