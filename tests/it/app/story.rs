//! Years of one license, as its provider, its customer's machines and support see it.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use super::machine::{activate, activated, claims, code, deactivate, told};
use crate::support::databases::Database;
use crate::support::office::{Call, Office};

on_both! {
    async fn the_same_key_goes_through_renewals_until_the_money_goes_back(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();

        // Two machines, and no third.
        let laptop = activated(&office, key, "laptop").await;
        let desktop = activated(&office, &key.to_lowercase().replace('-', " "), "desktop").await;
        assert_eq!((&laptop["license_id"], &laptop["product"]), (&bought["id"], &json!("acme-pro")));
        assert_eq!((&laptop["status"], &laptop["expires_at"]),
            (&json!("active"), &json!("2027-12-01T09:00:00Z")));
        assert_ne!(laptop["activation_id"], desktop["activation_id"]);
        let third = activate(&office, key, "phone").await;
        assert_eq!(third.word(), "409 too_many_activations");
        let detail = third.json["detail"].as_str().unwrap();
        assert!(detail.contains("2 of 2 machines") && detail.contains("deactivate"), "{detail}");
        assert_eq!(code(&office, key, "phone").await, "not_activated");

        // The same machine again: the same activation, one seat, a newer proof.
        let again = activated(&office, key, "laptop").await;
        assert_eq!(again["activation_id"], laptop["activation_id"]);
        let (old, new) = (claims(&office, &laptop).await, claims(&office, &again).await);
        assert!(new.sequence > old.sequence, "{} {}", old.sequence, new.sequence);
        assert_eq!(new.fingerprint, "laptop");

        // Renewed: both have the new date with the same key.
        office.clock.advance(TimeDelta::days(364));
        assert_eq!(code(&office, key, "laptop").await, "valid");
        told(&office, Step::Renewal, 1).await;
        for machine in ["laptop", "desktop"] {
            let renewed = activated(&office, key, machine).await;
            assert_eq!(renewed["expires_at"], "2028-11-30T09:00:00Z", "{machine}");
            let proof = claims(&office, &renewed).await;
            assert_eq!(proof.expires_at, Some("2028-11-30T09:00:00Z".parse().unwrap()));
            assert_eq!(proof.issued_at, office.support.clock.now());
        }

        // A seat moves.
        assert_eq!(deactivate(&office, key, "desktop").await.status, 204);
        assert_eq!(deactivate(&office, key, "desktop").await.status, 204);
        assert_eq!(code(&office, key, "desktop").await, "not_activated");
        activated(&office, key, "phone").await;
        assert_eq!(activate(&office, key, "desktop").await.word(), "409 too_many_activations");
        assert_eq!(deactivate(&office, key, "phone").await.status, 204);
        let back = activated(&office, key, "desktop").await;
        assert_eq!(back["activation_id"], desktop["activation_id"]);

        // The renewal is refunded: a year less. The purchase is, too: nothing is left.
        told(&office, Step::Refund, 1).await;
        assert_eq!(activated(&office, key, "laptop").await["expires_at"], "2027-12-01T09:00:00Z");
        told(&office, Step::Refund, 0).await;
        for machine in ["laptop", "desktop"] {
            assert_eq!(activate(&office, key, machine).await.word(), "403 revoked");
            assert_eq!(code(&office, key, machine).await, "revoked");
        }
    }

    async fn a_database_put_back_from_a_backup_gives_no_number_twice(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let (key, id) = (bought["key"].as_str().unwrap(), bought["id"].as_str().unwrap());
        let store = &office.support.store;
        let (of_backup, of_restore) = (id.to_owned(), id.to_owned());
        let backup = store.read("backup", move |tx| tx.license_by_id(&of_backup)).await;
        office.clock.advance(TimeDelta::hours(1));
        let lost = claims(&office, &activated(&office, key, "laptop").await).await;

        let old = backup.unwrap().unwrap();
        store.run("restore", move |tx| {
            let version = tx.license_by_id(&of_restore)?.unwrap().version;
            tx.license_update(&old, version)
        }).await.unwrap();
        office.clock.advance(TimeDelta::minutes(1));
        let after = claims(&office, &activated(&office, key, "laptop").await).await;
        assert!(after.sequence > lost.sequence, "{} {}", lost.sequence, after.sequence);
    }

    async fn support_sees_the_machines_and_can_free_a_seat(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let (key, id) = (bought["key"].as_str().unwrap(), bought["id"].as_str().unwrap());
        let ask = json!({ "key": key, "fingerprint": "laptop", "name": "Ann's\nlaptop",
            "platform": "macOS 27", "version": "1.0" });
        let laptop = office.ask("/licenses/activate", ask).await.ok();
        office.clock.advance(TimeDelta::days(1));
        activated(&office, key, "desktop").await;
        office.clock.advance(TimeDelta::days(2));
        let ask = json!({ "key": key, "fingerprint": "laptop", "version": "2.0" });
        office.ask("/licenses/activate", ask).await.ok();
        let machines = office.get(&format!("/licenses/{id}/activations")).await.ok();
        let seen = &machines["items"][0];
        assert_eq!(
            (&seen["name"], &seen["platform"], &seen["version"], &seen["last_at"]),
            (&json!("Ann's laptop"), &json!("macOS 27"), &json!("2.0"),
                &json!("2026-12-04T09:00:00Z"))
        );
        let aid = laptop["activation_id"].as_str().unwrap();
        let release = Call::to(Method::DELETE, &format!("/licenses/{id}/activations/{aid}"));
        assert_eq!(office.call(release.by(office.token("admin"))).await.status, 204);
        activated(&office, key, "phone").await;
        assert_eq!(activate(&office, key, "laptop").await.word(), "409 too_many_activations");
        deactivate(&office, key, "phone").await;
        let whole = office.get(&format!("/licenses/{id}")).await.ok();
        assert_eq!(whole["activations"], 1);
        let entries: Vec<String> = whole["history"].as_array().unwrap().iter()
            .map(|entry| format!("{} by {}", entry["text"].as_str().unwrap(), entry["actor"]))
            .collect();
        insta::assert_snapshot!("history", entries.join("\n"));
        // What the history keeps for ever names no machine.
        let history = whole["history"].to_string();
        assert!(!history.contains("laptop") && !history.contains("phone"), "{history}");
    }

    async fn a_key_that_was_merged_away_opens_the_license_that_stands_for_it(db: Database) {
        let office = Office::open(&db).await;
        let (stays, goes) = (office.sells("ada").await, office.sells("bob").await);
        let ids = [&goes, &stays].map(|license| license["id"].as_str().unwrap().to_owned());
        let old = activated(&office, goes["key"].as_str().unwrap(), "laptop").await;
        let last = activated(&office, goes["key"].as_str().unwrap(), "laptop").await;
        let last = claims(&office, &last).await.sequence;
        office.support.store.run("merge", move |tx| {
            let row = tx.license_by_id(&ids[0])?.unwrap();
            let merged_into = Some(ids[1].clone());
            let merged = keywright::store::rows::LicenseRow { merged_into, ..row };
            tx.license_update(&merged, merged.version)?;
            tx.license_succeed(&ids[0], &ids[1])
        }).await.unwrap();
        // The machine runs on under either key, in the one seat that it has.
        for key in [&goes["key"], &stays["key"]] {
            let key = key.as_str().unwrap();
            assert_eq!(code(&office, key, "laptop").await, "valid");
            let again = activated(&office, key, "laptop").await;
            assert_eq!((&again["license_id"], &again["activation_id"]),
                (&stays["id"], &old["activation_id"]));
            assert!(claims(&office, &again).await.sequence > last);
        }
        let told = office.ask("/licenses/validate", json!({ "key": goes["key"] })).await.ok();
        assert_eq!(told["activations"], 1);
    }

    async fn asking_every_hour_writes_once_a_day(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        activated(&office, key, "laptop").await;
        let path = format!("/licenses/{}/activations", bought["id"].as_str().unwrap());
        let mut seen = Vec::new();
        for _ in 0..49 {
            office.clock.advance(TimeDelta::hours(1));
            assert_eq!(code(&office, key, "laptop").await, "valid");
            let machines: Value = office.get(&path).await.ok();
            seen.push(machines["items"][0]["last_at"].as_str().unwrap().to_owned());
        }
        seen.dedup();
        assert_eq!(seen, ["2026-12-01T09:00:00Z", "2026-12-02T09:00:00Z", "2026-12-03T09:00:00Z"]);
    }
}
