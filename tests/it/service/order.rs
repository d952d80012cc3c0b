//! Any order, any duplication, any node: one state.

use keywright::chance::shuffle;
use keywright::store::rows::LicenseRow;
use keywright::store::types::EventStatus;

use crate::support::databases::Database;
use crate::support::process::{Vendor, events, licenses, mails, settled};

/// What a customer sees of a license; ids and keys are another matter.
fn seen(license: &LicenseRow) -> impl PartialEq + std::fmt::Debug {
    (
        license.product.clone(),
        license.state,
        license.expires_at,
        license.valid_until,
        license.flags.clone(),
        license.quantity,
    )
}

on_both! {
    async fn a_life_in_any_order_with_copies_ends_as_the_ordered_one(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let store = vendor.store();
        for kind in vendor.config().accounts.keys() {
            // Where the provider's API is asked, it knows the end of the story in both runs: then
            // the license is that of the end from the first event on.
            let ordered = vendor.events(kind, "ordered", "lifecycle");
            let asks = ordered.iter().any(|sample| !sample.answers.is_empty());
            for sample in ordered {
                assert_eq!(node.send(kind, &sample).await.status, 200, "{kind} {}", sample.title);
                settled(&store).await;
            }
            let mut told = vendor.events(kind, "shuffled", "lifecycle");
            let copies = told.clone();
            told.extend(copies.iter().cloned().chain(copies.iter().cloned()));
            shuffle(&mut told).unwrap();
            for sample in &told {
                assert_eq!(node.send(kind, sample).await.status, 200, "{kind} {}", sample.title);
            }
            settled(&store).await;

            let ordered = licenses(&store, "buyer.ordered@customer.example").await;
            let shuffled = licenses(&store, "buyer.shuffled@customer.example").await;
            let of_kind = |of: &[LicenseRow]| {
                of.iter().filter(|license| license.account == *kind).cloned().collect::<Vec<_>>()
            };
            let (ordered, shuffled) = (of_kind(&ordered), of_kind(&shuffled));
            assert_eq!((ordered.len(), shuffled.len()), (1, 1), "{kind}");
            assert!(same_but_for_seconds(&ordered[0], &shuffled[0]), "{kind}: {:?} {:?}", seen(&ordered[0]), seen(&shuffled[0]));
            let issued = |license: &LicenseRow| {
                let id = license.id.clone();
                let store = store.clone();
                async move {
                    mails(&store, &id).await.iter().filter(|mail| mail.template == "issued").count()
                }
            };
            assert!(asks || issued(&ordered[0]).await == 1, "{kind}");
            assert!(issued(&shuffled[0]).await <= 1, "{kind}");
        }
        assert_eq!(events(&store, EventStatus::Failed).await, []);
        assert_eq!(events(&store, EventStatus::Waiting).await, []);
        assert!(node.terminate());
    }

    async fn two_nodes_told_at_once_make_one_license_and_one_mail(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        // SQLite belongs to one process; there the copies come to the same one.
        let other = (!db.is_sqlite()).then(|| vendor.serve());
        let store = vendor.store();
        for kind in vendor.config().accounts.keys() {
            let told = vendor.events(kind, "twins", "renewal");
            for sample in &told {
                let there = other.as_ref().unwrap_or(&node);
                let (here, there) = tokio::join!(node.send(kind, sample), there.send(kind, sample));
                assert_eq!((here.status, there.status), (200, 200), "{kind} {}", sample.title);
            }
        }
        settled(&store).await;
        for kind in vendor.config().accounts.keys() {
            let all = licenses(&store, "buyer.twins@customer.example").await;
            let of_kind: Vec<_> = all.iter().filter(|license| license.account == *kind).collect();
            assert_eq!(of_kind.len(), 1, "{kind}");
            let mails = mails(&store, &of_kind[0].id).await;
            assert_eq!(mails.iter().filter(|mail| mail.template == "issued").count(), 1, "{kind}");
        }
    }
}

/// Times in samples come from the machine's clock; two lives begin some seconds apart.
fn same_but_for_seconds(one: &LicenseRow, other: &LicenseRow) -> bool {
    let near = |a: Option<chrono::DateTime<chrono::Utc>>,
                b: Option<chrono::DateTime<chrono::Utc>>| {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < chrono::TimeDelta::minutes(10),
            (a, b) => a == b,
        }
    };
    (one.product.as_str(), one.state, &one.flags, one.quantity)
        == (other.product.as_str(), other.state, &other.flags, other.quantity)
        && near(one.expires_at, other.expires_at)
        && near(one.valid_until, other.valid_until)
}
