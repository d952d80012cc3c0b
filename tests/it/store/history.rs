//! What is written stays as it was written, and whoever changes it is found out.

use keywright::store::history::{HISTORY_ROOT, HistoryFault, history_hash};
use keywright::store::rows::NewHistory;
use keywright::store::{Store, Tx};
use serde_json::json;

use super::noon;
use crate::support::databases::Database;

on_both! {
    async fn entries_are_chained_each_to_the_one_before(db: Database) {
        let store = db.node().await;
        write(&store, "license:1", 3).await;
        let rows = store.read("read", |tx| tx.history_of("license:1")).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(rows[0].prev_hash, HISTORY_ROOT);
        assert_eq!(rows[1].prev_hash, rows[0].hash);
        assert_eq!(rows[2].hash, history_hash(&rows[1].hash, 3, &entry("license:1", 2)));
    }

    async fn two_nodes_that_write_about_one_thing_make_one_chain(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let store = nodes[n % 2].clone();
                tokio::spawn(async move { write(&store, "license:1", 5).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let rows = nodes[0].read("read", |tx| tx.history_of("license:1")).await.unwrap();
        assert_eq!(rows.len(), 20);
        assert_eq!(verify(&nodes[0], None).await, None);
    }

    async fn a_change_by_hand_is_named(db: Database) {
        let store = db.node().await;
        for subject in ["license:1", "license:2", "license:3"] {
            write(&store, subject, 3).await;
        }
        assert_eq!(verify(&store, None).await, None);
        db.tamper(
            "UPDATE history SET action = 'renewed for ever' WHERE subject = 'license:2' AND seq = 2",
        )
        .await;
        let fault = verify(&store, None).await.unwrap();
        assert_eq!((fault.subject.as_str(), fault.seq), ("license:2", 2));
        assert_eq!(fault.message, "it was changed after it was written");
        assert_eq!(verify(&store, Some("license:2")).await.unwrap(), fault);
        assert_eq!(verify(&store, Some("license:3")).await, None);
    }

    async fn an_entry_that_was_taken_out_is_missed(db: Database) {
        let store = db.node().await;
        write(&store, "license:1", 3).await;
        db.tamper("DELETE FROM history WHERE seq = 2").await;
        let fault = verify(&store, None).await.unwrap();
        assert_eq!((fault.seq, fault.message.as_str()), (3, "entry 2 is missing; 3 follows"));
    }

    async fn an_entry_rewritten_with_its_own_hash_does_not_fit_the_next(db: Database) {
        let store = db.node().await;
        write(&store, "license:1", 2).await;
        let forged = NewHistory { action: "revoked".to_owned(), ..entry("license:1", 0) };
        let hash = data_encoding::HEXLOWER.encode(&history_hash(&HISTORY_ROOT, 1, &forged).0);
        let hash = if db.is_sqlite() { format!("X'{hash}'") } else { format!("'\\x{hash}'") };
        db.tamper(&format!("UPDATE history SET action = 'revoked', hash = {hash} WHERE seq = 1"))
            .await;
        let fault = verify(&store, None).await.unwrap();
        assert_eq!((fault.seq, fault.message.as_str()), (2, "it does not follow from the entry before"));
    }
}

#[test]
fn no_two_entries_have_one_hash() {
    let plain = entry("license:1", 0);
    let variants = [
        plain.clone(),
        NewHistory {
            subject: "license:1r".to_owned(),
            action: "enewed".to_owned(),
            ..plain.clone()
        },
        NewHistory { actor: None, ..plain.clone() },
        NewHistory { cause_event: Some(0), ..plain.clone() },
        NewHistory { at: plain.at + super::seconds(1), ..plain.clone() },
        NewHistory { detail: json!({"to": 0, "n": "0"}), ..plain.clone() },
    ];
    let hashes: std::collections::HashSet<_> =
        variants.iter().map(|entry| history_hash(&HISTORY_ROOT, 1, entry)).collect();
    assert_eq!(hashes.len(), variants.len());
    assert_ne!(history_hash(&HISTORY_ROOT, 1, &plain), history_hash(&HISTORY_ROOT, 2, &plain));
}

fn entry(subject: &str, n: usize) -> NewHistory {
    NewHistory {
        subject: subject.to_owned(),
        at: noon(),
        action: "renewed".to_owned(),
        cause_event: None,
        actor: Some("support".to_owned()),
        detail: json!({"n": n, "to": "2027-01-01T00:00:00Z", "nested": {"b": 1.5, "a": [null, "ü"]}}),
    }
}

async fn write(store: &Store, subject: &'static str, count: usize) {
    for n in 0..count {
        let append = move |tx: &mut Tx<'_>| tx.history_append(&entry(subject, n));
        store.run("write", append).await.unwrap();
    }
}

async fn verify(store: &Store, subject: Option<&'static str>) -> Option<HistoryFault> {
    store.read("verify", move |tx| tx.history_verify(subject)).await.unwrap()
}
