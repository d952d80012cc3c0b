//! What somebody has to mend, and that all is as it should be afterwards: a product that is missing, a
//! faulty configuration, a clock that ran ahead.

use keywright::keyring::Keyring;
use keywright::store::types::EventStatus;
use keywright_providers::Inlet;

use crate::support::databases::Database;
use crate::support::process::{Vendor, events, licenses, settled, until};

on_both! {
    async fn an_unknown_product_is_applied_by_the_reload_that_maps_it(db: Database) {
        let vendor = Vendor::new(&db);
        let told: Vec<_> = vendor
            .config()
            .accounts
            .keys()
            .map(|kind| (kind.clone(), vendor.events(kind, "early", "renewal")))
            .collect();
        vendor.configure("\"something-else\" = \"acme-pro\"");
        let node = vendor.serve();
        for (kind, samples) in &told {
            for sample in samples {
                let status = node.send(kind, sample).await.status;
                // Asked for keys, there are none to answer; everything else is accepted.
                assert!(status == 200 || sample.inlet == Inlet::Fulfil, "{kind} {}", sample.title);
            }
        }
        let store = vendor.store();
        settled(&store).await;
        let failed = events(&store, EventStatus::Failed).await;
        assert!(!failed.is_empty());
        for (of, reason) in failed {
            assert_eq!(reason.as_deref(), Some("unknown_product"), "{of}");
        }

        vendor.configure("\"ITEM\" = \"acme-pro\"");
        node.hang_up();
        until("no event has failed any more", async || {
            events(&store, EventStatus::Failed).await.is_empty()
        })
        .await;
        settled(&store).await;
        assert_eq!(events(&store, EventStatus::Waiting).await, []);
        let made = licenses(&store, "buyer.early@customer.example").await;
        assert_eq!(made.len(), told.len(), "one license of each kind");
    }

    async fn the_key_of_another_service_is_not_taken_by_a_reload(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let keys = node.get("/v1/keys");
        let other = vendor.file().with_file_name("other.pem");
        Keyring::open_or_create(&other, true, &[7; 64]).unwrap();
        vendor.edit(|text| text.replace("signing.pem", "other.pem"));
        node.hang_up();
        until("it was refused", async || {
            vendor.log().contains("is not the one that the service runs with")
        })
        .await;
        assert_eq!(node.get("/v1/keys"), keys);
        let store = vendor.store();
        for sample in &vendor.events("stripe", "kept", "purchase") {
            assert_eq!(node.send("stripe", sample).await.status, 200);
        }
        settled(&store).await;
        let key = licenses(&store, "buyer.kept@customer.example").await.remove(0).key;
        assert!(node.terminate());

        vendor.edit(|text| text.replace("other.pem", "signing.pem"));
        let again = vendor.run(&["licenses", "show", &key]);
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    }

    async fn after_a_clock_that_ran_ahead_webhooks_are_taken_once_it_is_trusted(db: Database) {
        let vendor = Vendor::new(&db);
        let (early, late) = (
            vendor.events("stripe", "early", "purchase"),
            vendor.events("stripe", "late", "purchase"),
        );
        let node = vendor.serve();
        for sample in &early {
            assert_eq!(node.send("stripe", sample).await.status, 200);
        }
        let store = vendor.store();
        settled(&store).await;
        assert!(node.terminate());
        let ahead = if db.is_sqlite() { "7258118400000000" } else { "'2200-01-01T00:00:00Z'" };
        db.tamper(&format!(
            "UPDATE events SET received_at = {ahead}; UPDATE outbox SET next_at = {ahead};"
        ))
        .await;

        let node = vendor.serve();
        assert_eq!(node.get("/readyz").0, 503);
        assert_eq!(node.send("stripe", &late[0]).await.status, 503);
        assert!(vendor.log().contains("--trust-clock"), "{}", vendor.log());
        assert!(node.terminate());

        let node = vendor.serve_trusting_its_clock();
        for sample in early.iter().chain(&late) {
            assert_eq!(node.send("stripe", sample).await.status, 200);
        }
        settled(&store).await;
        for tag in ["early", "late"] {
            assert_eq!(licenses(&store, &format!("buyer.{tag}@customer.example")).await.len(), 1);
        }
        assert!(node.terminate());
        // Once is enough.
        let node = vendor.serve();
        assert_eq!(node.get("/readyz").0, 200);
    }

    async fn a_faulty_configuration_is_refused_and_the_old_one_stays_in_force(db: Database) {
        let vendor = Vendor::new(&db);
        let told = vendor.events("stripe", "steady", "purchase");
        let node = vendor.serve();
        vendor.configure("\"ITEM\" = \"no-such-product\"");
        node.hang_up();
        until("the refusal is logged", async || vendor.log().contains("not reloaded")).await;
        // As an editor leaves it for a moment.
        vendor.edit(|_| String::new());
        node.hang_up();
        until("this one, too", async || vendor.log().contains("is empty")).await;
        for sample in &told {
            assert_eq!(node.send("stripe", sample).await.status, 200);
        }
        let store = vendor.store();
        settled(&store).await;
        assert_eq!(licenses(&store, "buyer.steady@customer.example").await.len(), 1);
    }
}
