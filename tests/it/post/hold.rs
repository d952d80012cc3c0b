//! Everything on hold: nothing goes out until somebody agrees, and then all that is owed, once.

use chrono::TimeDelta;
use keywright::post::Done;
use keywright::store::hold::Hold;

use super::office::{Office, SENT, WAITS};
use crate::support::databases::Database;
use crate::support::smtp::Act;

async fn hold(office: &Office) {
    let hold = Hold { since: Some(office.now()), why: "this is a backup".to_owned() };
    office.store.run("hold", move |tx| tx.outgoing_hold_put(&hold)).await.unwrap();
}

async fn release(office: &Office) {
    office.store.run("release", |tx| tx.outgoing_release()).await.unwrap();
}

on_both! {
    async fn what_is_owed_waits_and_goes_once_it_is_released(db: Database) {
        let office = Office::open(db, []).await;
        let before = office.owe("ada").await;
        hold(&office).await;
        let after = office.owe("bob").await;
        for _ in 0..3 {
            assert_eq!(office.work().await, Done::default());
            office.advance(TimeDelta::days(1));
        }
        assert_eq!((office.state(before).await, office.state(after).await), (WAITS, WAITS));
        assert_eq!(office.server.connections(), 0, "the mail server is not even called");
        release(&office).await;
        assert_eq!(office.work().await, Done { sent: 2, ..Done::default() });
        for id in [before, after] {
            assert_eq!(office.state(id).await, SENT);
            assert_eq!(office.copies_of(id).await.len(), 1);
        }
    }

    async fn another_node_claims_nothing_either(db: Database) {
        let office = Office::open(db, []).await;
        office.owe("ada").await;
        let other = office.another_post(None).await;
        hold(&office).await;
        assert_eq!(other.run_once().await.unwrap(), Done::default());
        release(&office).await;
        assert_eq!(other.run_once().await.unwrap().sent, 1);
    }

    async fn whatever_stands_there_holds(db: Database) {
        let office = Office::open(db, []).await;
        office.owe("ada").await;
        office.tamper("INSERT INTO meta (key, value) VALUES ('outgoing_hold', '')").await;
        assert_eq!(office.work().await, Done::default());
        let told = office.store.read("hold", |tx| tx.outgoing_hold()).await.unwrap();
        assert_eq!(told, Some(Hold { since: None, why: String::new() }));
    }

    async fn a_single_mail_that_is_held_is_something_else(db: Database) {
        let office = Office::open(db, [Act::Accept]).await;
        let id = office.owe("ada").await;
        office.tamper("UPDATE outbox SET status = 'held'").await;
        release(&office).await;
        assert_eq!(office.work().await, Done::default(), "it is not what a release lets go");
        office.retry(id).await;
        assert_eq!(office.work().await.sent, 1);
    }
}
