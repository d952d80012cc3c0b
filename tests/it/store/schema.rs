//! The schema: the same on both databases, brought up to date by anybody at any time, and not
//! trusted blindly.

use std::collections::{BTreeMap, BTreeSet};

use keywright::store::rows::{EventFilter, Outcome};
use keywright::store::{Age, Options, StoreError, Tx};

use crate::support::databases::Database;

on_both! {
    async fn nodes_that_start_at_once_take_turns(db: Database) {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let store = db.open(Options::default());
                tokio::spawn(async move {
                    store.migrate().await.unwrap();
                    store.check().await.unwrap();
                })
            })
            .collect();
        for start in starts {
            start.await.unwrap();
        }
        db.node().await.check().await.unwrap();
    }

    async fn a_database_without_its_schema_is_not_safe(db: Database) {
        let refusal = db.open(Options::default()).check().await.unwrap_err();
        assert!(matches!(&refusal, StoreError::Unsafe(_)), "{refusal}");
        assert!(refusal.to_string().contains("events (dedupe)"), "{refusal}");
    }

    async fn a_missing_constraint_stops_the_start_and_is_named(db: Database) {
        let store = db.node().await;
        let sabotage = if db.is_sqlite() {
            "CREATE TABLE other AS SELECT * FROM outbox; DROP TABLE outbox;
             ALTER TABLE other RENAME TO outbox;"
        } else {
            "ALTER TABLE outbox DROP CONSTRAINT outbox_key"
        };
        db.tamper(sabotage).await;
        let refusal = store.check().await.unwrap_err().to_string();
        assert!(refusal.contains("lacks the unique constraint outbox (key)"), "{refusal}");
    }

    async fn a_schema_is_as_old_as_the_steps_that_were_done(db: Database) {
        let store = db.open(Options::default());
        assert_eq!(store.age().await.unwrap(), Age::New);
        assert_eq!(store.age().await.unwrap(), Age::New, "nothing was made by looking");
        store.migrate().await.unwrap();
        assert_eq!(store.age().await.unwrap(), Age::Current);
        let steps = "__diesel_schema_migrations";
        db.tamper(&format!("INSERT INTO {steps} (version) VALUES ('9999')")).await;
        assert_eq!(store.age().await.unwrap(), Age::Newer);
        db.tamper(&format!("DELETE FROM {steps} WHERE version IN ('0009', '9999')")).await;
        assert_eq!(store.age().await.unwrap(), Age::Older);
    }

    async fn bodies_from_before_they_had_a_table_are_moved_into_it(db: Database) {
        let store = db.node().await;
        let told = super::super::event("stripe", "evt_1", "said before");
        let id = super::super::keep(&store, vec![told.clone()]).await[0].id;
        let gone = super::super::keep_many(&store, "paddle", 1).await[0];
        let bytes = if db.is_sqlite() { "BLOB" } else { "BYTEA" };
        db.tamper(&format!(
            "DELETE FROM payloads WHERE event_id = {gone};
             ALTER TABLE events ADD COLUMN body {bytes};
             ALTER TABLE events ADD COLUMN answers {bytes};
             UPDATE events SET body = (SELECT body FROM payloads WHERE event_id = events.id);
             UPDATE events SET answers = body;
             DROP TABLE payloads;
             DELETE FROM __diesel_schema_migrations WHERE version = '0008'"
        ))
        .await;
        store.migrate().await.unwrap();
        store.check().await.unwrap();
        let row = store.read("event", move |tx| tx.event_by_id(id)).await.unwrap().unwrap();
        assert_eq!((row.body.as_ref(), row.answers.as_ref()), (Some(&told.body), Some(&told.body)));
        let row = store.read("event", move |tx| tx.event_by_id(gone)).await.unwrap().unwrap();
        assert_eq!((row.body, row.answers), (None, None), "it was purged");
        // It is known again.
        let again = super::super::keep(&store, vec![told]).await[0];
        assert_eq!((again.id, again.outcome), (id, Outcome::Duplicate));
    }

    async fn what_no_program_wrote_is_named(db: Database) {
        let store = db.node().await;
        let id = super::super::keep_many(&store, "stripe", 9).await[6];
        db.tamper(&format!("UPDATE events SET status = 'lost' WHERE id = {id}")).await;
        let list = |tx: &mut Tx<'_>| tx.event_list(&EventFilter::default(), None, 100);
        let error = store.read("event", list).await.unwrap_err();
        let StoreError::Corrupt { table, column, row, message } = &error else { panic!("{error}") };
        assert_eq!((table.as_str(), column.as_str()), ("events", "status"));
        assert_eq!(row, &id.to_string());
        assert!(message.contains("\"lost\" is none of pending"), "{message}");
    }
}

/// An unsafe setting of the server, as a session of this program meets it.
#[tokio::test]
async fn a_server_that_does_not_sync_is_refused_by_name() {
    let db = Database::postgres().await;
    db.node().await;
    for (setting, word) in [
        ("synchronous_commit%3Doff", "synchronous_commit = on"),
        ("default_transaction_read_only%3Don", "primary"),
    ] {
        let address = db.address().replace("options=", &format!("options=-c%20{setting}%20"));
        let options = Options { pg_connections: 2, ..Options::default() };
        let store = keywright::store::Store::open(&address.parse().unwrap(), options).unwrap();
        let refusal = store.check().await.unwrap_err();
        assert!(matches!(refusal, StoreError::Unsafe(_)), "{refusal}");
        assert!(refusal.to_string().contains(word), "{refusal}");
    }
}

/// Read from the migrations themselves: what is in one is in the other.
#[test]
fn both_databases_have_the_same_steps_tables_and_columns() {
    let [sqlite, postgres] = ["sqlite", "postgres"].map(steps);
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    assert!(!sqlite.is_empty());
    for (step, text) in &sqlite {
        assert_eq!(definitions(text), definitions(&postgres[step]), "{step}");
        assert!(definitions(text).len() > 100 || step != "0001_base");
    }
}

fn steps(database: &str) -> BTreeMap<String, String> {
    let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_dir(folder)
        .unwrap()
        .map(|step| {
            let path = step.unwrap().path();
            let text = std::fs::read_to_string(path.join("up.sql")).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
        })
        .collect()
}

/// Tables with their columns, whether each may be NULL, the named constraints, the indexes.
fn definitions(text: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["CREATE", "TABLE", name, ..] => (*name).clone_into(&mut table),
            ["CREATE", "INDEX" | "UNIQUE", ..] => drop(found.insert(line.to_owned())),
            ["CONSTRAINT" | "PRIMARY", ..] => drop(found.insert(format!("{table}: {line}"))),
            [");" | ")", ..] | ["--", ..] | [] => table.clear(),
            [name, ..] if !table.is_empty() => {
                let null = !line.contains("NOT NULL") && !line.contains("IDENTITY");
                found.insert(format!("{table}.{name} null: {null}"));
            }
            _ => {}
        }
    }
    found
}
