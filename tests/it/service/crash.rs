//! `kill -9` at any moment: nothing answered 200 is lost, no second key, no second mail.

use std::collections::BTreeSet;
use std::time::Duration;

use keywright::chance;
use keywright::store::rows::{EventFilter, LicenseFilter};
use keywright::store::types::EventStatus;
use keywright_providers::sample::Sample;

use crate::support::databases::Database;
use crate::support::process::{Vendor, events, files, mails, now, settled};

/// How often the process is killed, on each database.
const KILLS: usize = 12;

/// Purchases told between two kills.
const PURCHASES: usize = 12;

on_both! {
    async fn killed_again_and_again_it_loses_and_doubles_nothing(db: Database) {
        let vendor = Vendor::new(&db);
        // Every kind: some tell all at once, of some the address comes in another event, some send
        // batches, some are asked.
        let kinds: Vec<String> = vendor.config().accounts.into_keys().collect();
        let mut buyers = BTreeSet::new();
        for round in 0..KILLS {
            let node = vendor.serve();
            let mut telling = tokio::task::JoinSet::new();
            for purchase in 0..PURCHASES {
                let kind = kinds[(round * PURCHASES + purchase) % kinds.len()].clone();
                let tag = format!("r{round}p{purchase}");
                buyers.insert(format!("buyer.{tag}@customer.example"));
                let told = vendor.events(&kind, &tag, "renewal");
                let sender = node.sender();
                telling.spawn(async move {
                    // A provider tells again whatever was not answered 200.
                    let mut untold: Vec<(String, Sample)> = Vec::new();
                    for sample in told {
                        match sender.send(&kind, &sample).await {
                            Ok(answered) if answered.status == 200 => {}
                            _ => untold.push((kind.clone(), sample)),
                        }
                    }
                    untold
                });
            }
            let [delay] = chance::bytes::<1>().unwrap();
            tokio::time::sleep(Duration::from_millis(u64::from(delay))).await;
            node.kill();
            let untold: Vec<_> = telling.join_all().await.into_iter().flatten().collect();
            let node = vendor.serve();
            for (kind, sample) in untold {
                assert_eq!(node.send(&kind, &sample).await.status, 200);
            }
            node.kill();
        }

        let node = vendor.serve();
        let store = vendor.store();
        settled(&store).await;
        assert_eq!(events(&store, EventStatus::Failed).await, []);
        assert_eq!(events(&store, EventStatus::Waiting).await, []);
        let licenses = store
            .read("all licenses", |tx| tx.license_list(&LicenseFilter::default(), now(), None, 1_000))
            .await
            .unwrap();
        let holders: BTreeSet<String> =
            licenses.iter().filter_map(|license| license.email.clone()).collect();
        let lost: Vec<_> = buyers.difference(&holders).collect();
        assert!(lost.is_empty() && holders.is_subset(&buyers), "lost: {lost:?}");
        // Events that were told late, behind a renewal that knows nothing of them, may have made
        // two of what is one: then one stands.
        let standing = licenses.iter().filter(|license| license.merged_into.is_none());
        assert_eq!(standing.count(), buyers.len(), "no second key");
        let mut ids = BTreeSet::new();
        for license in &licenses {
            let issued: Vec<_> = mails(&store, &license.id)
                .await
                .into_iter()
                .filter(|mail| mail.template == "issued")
                .collect();
            assert!(issued.len() <= 1, "no second mail");
            ids.extend(issued.into_iter().map(|mail| mail.message_id));
        }
        assert!((buyers.len()..=licenses.len()).contains(&ids.len()), "a mail for everyone");
        assert!(files(&vendor.mail_folder()).len() >= buyers.len());
        let broken = store.read("history", |tx| tx.history_verify(None)).await.unwrap();
        assert_eq!(broken, None);
        let unsettled = EventFilter { status: Some(EventStatus::Pending), ..EventFilter::default() };
        let pending = store.read("pending", move |tx| tx.event_list(&unsettled, None, 1)).await;
        assert!(pending.unwrap().is_empty());
        assert!(node.terminate());
    }

    async fn what_was_accepted_is_finished_before_an_orderly_end(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        for sample in vendor.events("stripe", "orderly", "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        assert!(node.terminate());
        let node = vendor.serve();
        let store = vendor.store();
        settled(&store).await;
        let filter = LicenseFilter::default();
        let licenses =
            store.read("all", move |tx| tx.license_list(&filter, now(), None, 10)).await.unwrap();
        assert_eq!(licenses.len(), 1);
        assert!(node.terminate());
    }
}
