//! Who works on what: two nodes never share an event, and nobody's work is lost with him.

use std::collections::HashSet;

use keywright::store::rows::{EventFilter, EventRow, NewEvent, Settled};
use keywright::store::types::EventStatus;
use keywright::store::{Options, Store, StoreError, Tx};

use super::{event, keep, keep_many, noon, seconds};
use crate::support::databases::Database;

on_both! {
    async fn two_nodes_never_share_an_event(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let ids = keep_many(&nodes[0], "stripe", 100).await;
        let workers: Vec<_> = (0..8)
            .map(|n| {
                let store = nodes[n % 2].clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        let claimed = claim(&store, 5).await;
                        if claimed.is_empty() {
                            return mine;
                        }
                        mine.extend(claimed.into_iter().map(|event| event.id));
                    }
                })
            })
            .collect();
        let mut claimed = Vec::new();
        for worker in workers {
            claimed.extend(worker.await.unwrap());
        }
        assert_eq!(claimed.len(), 100);
        assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), ids.into_iter().collect());
    }

    async fn an_attempt_is_counted_and_carries_a_new_number(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 1).await;
        let claimed = claim(&store, 10).await;
        assert_eq!((claimed[0].attempts, claimed[0].fence), (1, 1));
        assert!(claimed[0].claimed_until.is_some());
        assert!(claimed[0].body.is_some());
        assert!(claim(&store, 10).await.is_empty());
    }

    async fn what_is_given_back_was_no_attempt_but_stays_in_the_line_of_what_was_tried(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 1).await;
        let first = claim(&store, 1).await.remove(0);
        give_back(&store, &first).await.unwrap();
        let given = by_id(&store, first.id).await;
        assert_eq!((given.attempts, given.message.as_deref()), (1, Some("no seat")));
        assert!(claim(&store, 1).await.is_empty(), "or it would be claimed again at once");
        assert_eq!(claim_again_at(&store, 0).await, None, "not before its time");
        for _ in 0..3 {
            let again = claim_again_at(&store, 1).await.unwrap();
            assert_eq!(again.attempts, 2, "however often");
            assert!(matches!(give_back(&store, &first).await, Err(StoreError::Conflict { .. })));
            give_back(&store, &again).await.unwrap();
        }
    }

    async fn a_claim_that_ran_out_is_taken_over_and_the_old_worker_is_refused(db: Database) {
        let (old, new) = (db.node().await, db.node().await);
        keep_many(&old, "stripe", 1).await;
        // Frozen from the start: the lease is over before the work is.
        let frozen = old
            .run("claim", |tx| tx.event_claim(1, seconds(-1), noon()))
            .await
            .unwrap()
            .remove(0);
        let taken = claim_again(&new, "").await.unwrap();
        assert_eq!((taken.id, taken.attempts, taken.fence), (frozen.id, 2, 2));
        let late = settle(&old, &frozen, EventStatus::Failed).await;
        assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
        settle(&new, &taken, EventStatus::Applied).await.unwrap();
        // What is settled is nobody's any more, not even his who settled it.
        assert!(settle(&new, &taken, EventStatus::Failed).await.is_err());
        assert_eq!(by_id(&new, taken.id).await.status, EventStatus::Applied);
    }

    async fn claims_that_run_out_are_counted_until_a_word_comes(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 1).await;
        let mut lapsed = Vec::new();
        lapsed.push(store.run("claim", |tx| tx.event_claim(1, seconds(-1), noon())).await.unwrap());
        for _ in 0..2 {
            let next = |tx: &mut Tx<'_>| tx.event_claim_again("", seconds(-1), noon());
            lapsed.push(store.run("claim", next).await.unwrap().into_iter().collect());
        }
        let lapsed: Vec<i32> = lapsed.into_iter().flatten().map(|event| event.lapsed).collect();
        assert_eq!(lapsed, [0, 1, 2]);
        let last = claim_again(&store, "").await.unwrap();
        assert_eq!(last.lapsed, 3);
        again(&store, &last, 0).await;
        assert_eq!(claim_again(&store, "").await.unwrap().lapsed, 0);
    }

    async fn a_claim_that_holds_is_not_taken_over(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 1).await;
        claim(&store, 1).await;
        assert_eq!(claim_again(&store, "").await, None);
    }

    async fn one_that_was_tried_before_comes_alone_and_when_it_is_due(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 3).await;
        for event in claim(&store, 3).await {
            again(&store, &event, 60).await;
        }
        assert!(claim(&store, 3).await.is_empty());
        let at = |seconds_later| {
            let store = store.clone();
            async move {
                let now = noon() + seconds(seconds_later);
                store
                    .run("claim", move |tx| tx.event_claim_again("", seconds(60), now))
                    .await
                    .unwrap()
            }
        };
        assert_eq!(at(59).await, None);
        assert!(at(60).await.is_some());
        assert!(at(60).await.is_some());
        assert!(at(60).await.is_some());
        assert_eq!(at(60).await, None);
    }

    async fn no_account_starves_another(db: Database) {
        let store = db.node().await;
        keep_many(&store, "flood", 50).await;
        keep_many(&store, "quiet", 2).await;
        let accounts: Vec<_> = claim(&store, 10).await.into_iter().map(|e| e.account).collect();
        assert_eq!(accounts.iter().filter(|account| *account == "quiet").count(), 2);
        assert_eq!(accounts.iter().filter(|account| *account == "flood").count(), 8);
        // Even where there is room for one only.
        keep(&store, vec![event("quiet", "late", "x")]).await;
        assert!(claim(&store, 1).await.iter().any(|event| event.account == "quiet"));
    }

    async fn retries_take_turns_between_accounts(db: Database) {
        let store = db.node().await;
        keep_many(&store, "a", 3).await;
        keep_many(&store, "B", 1).await;
        keep_many(&store, "c", 1).await;
        for event in claim(&store, 10).await {
            again(&store, &event, 0).await;
        }
        let mut turns = String::new();
        let mut last = String::new();
        while let Some(event) = claim_again(&store, &last).await {
            last = event.account;
            turns.push_str(&last);
        }
        // In the order of bytes, however the database sorts words.
        assert_eq!(turns, "Bacaa");
    }

    async fn replaying_voids_the_claim_and_the_attempts(db: Database) {
        let store = db.node().await;
        let id = keep_many(&store, "stripe", 1).await[0];
        let worked_on = claim(&store, 1).await.remove(0);
        store.run("replay", move |tx| tx.event_replay(id, noon())).await.unwrap();
        assert!(settle(&store, &worked_on, EventStatus::Failed).await.is_err());
        let anew = claim(&store, 1).await.remove(0);
        assert_eq!((anew.id, anew.attempts), (id, 1));
        let missing = store.run("replay", |tx| tx.event_replay(4711, noon())).await;
        assert_eq!(missing.unwrap_err().name(), "conflict");
    }

    async fn no_more_is_claimed_at_once_than_memory_is_meant_for_it(db: Database) {
        let store = db.node().await;
        for id in ["a", "b", "c"] {
            let body = vec![b' '; if id == "c" { 1 } else { 9 << 20 }];
            keep(&store, vec![NewEvent { body, ..event("stripe", id, id) }]).await;
        }
        // Two large ones are too much; what is small goes with one.
        assert_eq!(claim(&store, 10).await.len(), 1);
        assert_eq!(claim(&store, 10).await.len(), 2);
    }

    async fn replaying_by_filter_takes_what_matches(db: Database) {
        let store = db.node().await;
        keep_many(&store, "stripe", 4).await;
        for event in claim(&store, 3).await {
            let settled = Settled {
                status: EventStatus::Failed,
                reason: Some("unknown_product".to_owned()),
                message: Some("The price price_1 is in no product.".to_owned()),
                sale_id: None,
                live: None,
            };
            let run = move |tx: &mut Tx<'_>| {
                tx.event_settle(event.id, event.fence, &settled)
            };
            store.run("settle", run).await.unwrap();
        }
        let filter = EventFilter {
            status: Some(EventStatus::Failed),
            reason: Some("unknown_product".to_owned()),
            ..EventFilter::default()
        };
        // The newest two, and then what is left.
        let page = move |cursor| {
            let (store, filter) = (store.clone(), filter.clone());
            async move {
                let replay = move |tx: &mut Tx<'_>| {
                    tx.event_replay_where(&filter, cursor, 2, noon())
                };
                store.run("replay", replay).await.unwrap()
            }
        };
        let (count, next) = page(None).await;
        assert_eq!((count, next.is_some()), (2, true));
        assert_eq!(page(next).await, (1, None));
        assert_eq!(claim(&db.node().await, 10).await.len(), 4);
    }

    async fn counts_tell_what_stands_open(db: Database) {
        let store = db.node().await;
        let empty = store.read("count", |tx| tx.event_counts()).await.unwrap();
        assert_eq!((empty.pending, empty.oldest_pending), (0, None));
        keep_many(&store, "stripe", 4).await;
        let [failed, waiting, _retried] = claim(&store, 3).await.try_into().unwrap();
        settle(&store, &failed, EventStatus::Failed).await.unwrap();
        settle(&store, &waiting, EventStatus::Waiting).await.unwrap();
        let counts = store.read("count", |tx| tx.event_counts()).await.unwrap();
        assert_eq!((counts.pending, counts.failed, counts.waiting), (2, 1, 1));
        assert_eq!(counts.oldest_pending, Some(noon()));
        let newest = store.read("count", |tx| tx.event_newest_received()).await.unwrap();
        assert_eq!(newest, Some(noon()));
    }
}

/// On SQLite the one process knows at its start that nobody else works.
#[tokio::test]
async fn after_a_crash_on_sqlite_work_is_due_again_soon_and_ever_less_often() {
    let db = Database::sqlite();
    let store = db.node_with(Options { exclusive: true, ..Options::default() }).await;
    keep_many(&store, "stripe", 1).await;
    claim(&store, 1).await;
    store.close().await;

    let store = db.node_with(Options { exclusive: true, ..Options::default() }).await;
    let reclaimed = store.run("start", |tx| tx.event_reclaim_all(noon())).await.unwrap();
    assert_eq!(reclaimed, 1);
    assert_eq!(claim_again_at(&store, 0).await, None);
    let second = claim_again_at(&store, 1).await.unwrap();
    assert_eq!(second.attempts, 2);
    store.run("start", |tx| tx.event_reclaim_all(noon())).await.unwrap();
    assert_eq!(claim_again_at(&store, 3).await, None);
    assert!(claim_again_at(&store, 4).await.is_some());
}

/// On PostgreSQL other nodes live.
#[tokio::test]
async fn a_starting_node_on_postgres_leaves_the_claims_of_others() {
    let db = Database::postgres().await;
    let store = db.node().await;
    keep_many(&store, "stripe", 1).await;
    let claimed = claim(&store, 1).await.remove(0);
    assert_eq!(store.run("start", |tx| tx.event_reclaim_all(noon())).await.unwrap(), 0);
    settle(&store, &claimed, EventStatus::Applied).await.unwrap();
}

async fn claim(store: &Store, limit: usize) -> Vec<EventRow> {
    store.run("claim", move |tx| tx.event_claim(limit, seconds(60), noon())).await.unwrap()
}

async fn claim_again(store: &Store, after: &str) -> Option<EventRow> {
    let after = after.to_owned();
    // Past the lease by the given clock: only the database's own may say that it is over.
    let now = noon() + seconds(1);
    store.run("claim", move |tx| tx.event_claim_again(&after, seconds(60), now)).await.unwrap()
}

async fn claim_again_at(store: &Store, later: i64) -> Option<EventRow> {
    let now = noon() + seconds(later);
    store.run("claim", move |tx| tx.event_claim_again("", seconds(60), now)).await.unwrap()
}

async fn again(store: &Store, event: &EventRow, later: i64) {
    let (id, fence, next_at) = (event.id, event.fence, noon() + seconds(later));
    store.run("again", move |tx| tx.event_again(id, fence, next_at, None)).await.unwrap();
}

async fn give_back(store: &Store, event: &EventRow) -> Result<(), StoreError> {
    let (id, fence, next_at) = (event.id, event.fence, noon() + seconds(1));
    store.run("give back", move |tx| tx.event_give_back(id, fence, next_at, "no seat")).await
}

async fn settle(store: &Store, event: &EventRow, status: EventStatus) -> Result<(), StoreError> {
    let (id, fence) = (event.id, event.fence);
    let settled = Settled { status, reason: None, message: None, sale_id: None, live: None };
    store.run("settle", move |tx| tx.event_settle(id, fence, &settled)).await
}

async fn by_id(store: &Store, id: i64) -> EventRow {
    store.read("event", move |tx| tx.event_by_id(id)).await.unwrap().unwrap()
}
