//! The files of the embedded database, taken away from under it.

use std::fs::{remove_file, rename};

use keywright::store::rows::EventFilter;
use keywright::store::{Store, StoreError};

use super::{event, keep, later};
use crate::support::databases::Database;

async fn refused(store: &Store, id: &str) -> String {
    match store.keep(vec![event("stripe", id, id)], later()).await {
        Err(StoreError::Unavailable(told)) => told,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_moved_away_is_written_no_more_until_it_is_put_back() {
    let db = Database::sqlite();
    let (store, file) = (db.node().await, db.file().unwrap());
    keep(&store, vec![event("stripe", "evt_1", "told")]).await;
    let away = file.with_extension("away");
    rename(&file, &away).unwrap();
    let told = refused(&store, "evt_2").await;
    assert!(told.contains("is not the one that was opened"), "{told}");
    assert!(!file.exists(), "nothing is made in its place");

    // Another in its place is another.
    std::fs::copy(&away, &file).unwrap();
    refused(&store, "evt_2").await;
    rename(&away, &file).unwrap();
    keep(&store, vec![event("stripe", "evt_2", "told")]).await;
    let all = store.read("test", |tx| tx.event_list(&EventFilter::default(), None, 9)).await;
    assert_eq!(all.unwrap().len(), 2);
}

#[tokio::test]
async fn without_its_log_nothing_is_kept() {
    let db = Database::sqlite();
    let (store, file) = (db.node().await, db.file().unwrap());
    keep(&store, vec![event("stripe", "evt_1", "told")]).await;
    remove_file(file.with_extension("db-wal")).unwrap();
    assert!(refused(&store, "evt_2").await.contains("kw.db-wal"));
}
