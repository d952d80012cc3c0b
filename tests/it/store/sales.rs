//! References tie notices to sales; two nodes that meet at one sale end in one.

use std::sync::{Arc, Barrier};

use chrono::{DateTime, Utc};
use keywright::store::rows::{CustomerRow, NewNotice};
use keywright::store::types::{Bytes, EventStatus};
use keywright::store::{Store, StoreError, Tx};
use serde_json::json;

use super::licenses::license;
use super::{digest, event, keep, mail, noon, seconds};
use crate::support::databases::Database;

on_both! {
    async fn a_race_of_two_nodes_for_a_reference_ends_in_one_owner(db: Database) {
        let nodes = [db.node().await, db.node().await];
        for round in 0..10 {
            let start = Arc::new(Barrier::new(2));
            let order = format!("order:{round}");
            let racers = [0, 1].map(|n| {
                let (store, start) = (nodes[n].clone(), Arc::clone(&start));
                // The same two references, named in opposite order.
                let mut refs = vec![order.clone(), format!("payment:{round}")];
                refs.rotate_left(n);
                tokio::spawn(async move {
                    tokio::task::spawn_blocking(move || start.wait()).await.unwrap();
                    own(&store, refs).await
                })
            });
            let mut owners = Vec::new();
            for racer in racers {
                owners.push(racer.await.unwrap());
            }
            assert_eq!(owners[0], owners[1], "round {round}");
        }
    }

    async fn references_of_another_account_or_mode_are_others(db: Database) {
        let store = db.node().await;
        let refs = vec!["order:1".to_owned()];
        store
            .run("sales", move |tx| {
                let mut owners = Vec::new();
                for (account, live) in [("eu", true), ("us", true), ("eu", false)] {
                    let sale = tx.sale_new(account, live, None, noon())?;
                    assert_eq!(tx.refs_tie(account, live, &refs, sale.id)?, []);
                    owners.push(tx.refs_find(account, live, &refs)?[0].sale_id);
                }
                owners.sort_unstable();
                owners.dedup();
                assert_eq!(owners.len(), 3);
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn merging_moves_everything_and_forgets_nothing(db: Database) {
        let store = db.node().await;
        let id = keep(&store, vec![event("eu", "evt_1", "x")]).await[0].id;
        store
            .run("merge", move |tx| {
                let [from, into, earlier] =
                    [sale(tx)?, sale(tx)?, sale(tx)?];
                tx.refs_tie("eu", true, &["order:1".to_owned()], from)?;
                tx.refs_tie("eu", true, &["invoice:1".to_owned()], into)?;
                tx.sale_merge(earlier, from)?;
                tx.sale_customer(from, "cus_1")?;
                tx.notices_replace(id, Some(from), &[notice("paid")])?;
                let claimed = tx.event_claim(1, seconds(60), noon())?.remove(0);
                let settled = keywright::store::rows::Settled {
                    status: EventStatus::Waiting,
                    reason: Some("nothing_known_yet".to_owned()),
                    message: None,
                    sale_id: Some(from),
                    live: None,
                };
                tx.event_settle(id, claimed.fence, &settled)?;
                tx.license_insert(&license("lic-1", from, "KEY-1"))?;
                let owed = keywright::store::rows::NewMail {
                    sale_id: Some(from),
                    ..mail("license:lic-1:issued", None)
                };
                tx.outbox_owe(&owed)?;

                assert_eq!(tx.sale_lock(&[into, from])?.len(), 2);
                tx.sale_merge(from, into)?;

                assert_eq!(tx.refs_of_sale(into)?, ["invoice:1", "order:1"]);
                assert_eq!(tx.refs_of_sale(from)?, Vec::<String>::new());
                assert_eq!(tx.notices_of_sale(into)?.len(), 1);
                assert_eq!(tx.licenses_of_sale(into)?.len(), 1);
                assert_eq!(tx.events_of_sale(into)?[0].id, id);
                assert_eq!(tx.outbox_list(&Default::default(), None, 9)?[0].sale_id, Some(into));
                // Whoever still has the number of a sale that went finds the one that stays.
                assert_eq!(tx.sale_by_id(from)?.unwrap().merged_into, Some(into));
                assert_eq!(tx.sale_by_id(earlier)?.unwrap().merged_into, Some(into));
                let of_customer = tx.sales_of_customer("eu", true, "cus_1")?;
                assert_eq!(of_customer.iter().map(|sale| sale.id).collect::<Vec<_>>(), [into]);
                // What waited for the other half has come.
                assert_eq!(tx.events_release(into)?, 1);
                assert_eq!(tx.event_by_id(id)?.unwrap().status, EventStatus::Applied);
                assert!(matches!(tx.sale_merge(from, into), Err(StoreError::Conflict { .. })));
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn reading_an_event_again_replaces_its_notices(db: Database) {
        let store = db.node().await;
        let id = keep(&store, vec![event("eu", "evt_1", "x")]).await[0].id;
        store
            .run("read", move |tx| {
                let sale = sale(tx)?;
                tx.notices_replace(id, Some(sale), &[notice("paid"), notice("linked")])?;
                tx.notices_replace(id, Some(sale), &[notice("refunded")])?;
                let notices = tx.notices_of_event(id)?;
                assert_eq!(notices.len(), 1);
                assert_eq!(notices[0].body, json!({"kind": "refunded"}));
                assert_eq!((notices[0].position, notices[0].sale_id), (0, Some(sale)));
                tx.notices_replace(id, None, &[])?;
                assert_eq!(tx.notices_of_sale(sale)?, []);
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn a_customer_is_made_once_and_corrected(db: Database) {
        let store = db.node().await;
        store
            .run("customer", |tx| {
                let blank = tx.customer_lock("eu", true, "cus_1", noon())?;
                assert_eq!(blank.details, json!({}));
                let told = CustomerRow { details: json!({"email": "a@b.example"}), ..blank };
                tx.customer_put(&told)?;
                assert_eq!(tx.customer_lock("eu", true, "cus_1", noon() + seconds(9))?, told);
                assert_eq!(tx.customer_lock("eu", false, "cus_1", noon())?.details, json!({}));
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn times_keep_their_microseconds(db: Database) {
        let store = db.node().await;
        let times = ["1970-01-01T00:00:00Z", "2026-02-28T23:59:59.999999Z", "9999-12-31T23:59:59Z"];
        for time in times {
            let time: DateTime<Utc> = time.parse().unwrap();
            let sale = store.run("sale", move |tx| tx.sale_new("eu", true, None, time)).await.unwrap();
            assert_eq!(sale.created_at, time);
        }
    }
}

/// Finds the owner of these references, or becomes it: what applying an event does.
async fn own(store: &Store, refs: Vec<String>) -> i64 {
    store
        .run("own", move |tx| {
            if let Some(known) = tx.refs_find("eu", true, &refs)?.first() {
                return Ok(known.sale_id);
            }
            let mine = sale(tx)?;
            let others = tx.refs_tie("eu", true, &refs, mine)?;
            Ok(others.first().map_or(mine, |other| other.sale_id))
        })
        .await
        .unwrap()
}

fn sale(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.sale_new("eu", true, None, noon())?.id)
}

fn notice(kind: &str) -> NewNotice {
    let Bytes(hash) = digest(kind);
    NewNotice { digest: Bytes(hash), occurred_at: noon(), body: json!({"kind": kind}).to_string() }
}
