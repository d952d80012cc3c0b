//! Seats hold, whoever asks at the same moment, on whatever node.

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use keywright::rules::machine::MachineLicense;
use keywright::store::rows::LicenseRow;
use keywright::store::types::LicenseState;
use serde_json::json;
use tokio::sync::Notify;

use super::machine::{activate, activated, all, claims, proven};
use crate::support::databases::Database;
use crate::support::office::Office;

on_both! {
    async fn sixteen_machines_at_once_on_two_nodes_get_two_seats(db: Database) {
        let office = Office::open(&db).await;
        // SQLite belongs to one process; there both stand on the same file.
        let other = office.another(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let names: Vec<String> = (0..16).map(|n| format!("machine-{n}")).collect();
        let answers = all(names.iter().enumerate().map(|(n, name)| {
            activate(if n % 2 == 0 { &office } else { &other }, key, name)
        })).await;
        let words: Vec<String> = answers.iter().map(|answer| answer.word()).collect();
        let seated = words.iter().filter(|word| *word == "200").count();
        let refused = words.iter().filter(|word| *word == "409 too_many_activations").count();
        assert_eq!((seated, refused), (2, 14), "{words:?}");
        let told = office.ask("/licenses/validate", json!({ "key": key })).await.ok();
        assert_eq!((&told["activations"], &told["max_activations"]), (&json!(2), &json!(2)));
    }

    async fn one_machine_at_once_on_two_nodes_has_one_seat_and_rising_numbers(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let answers = all((0..16).map(|n| {
            activated(if n % 2 == 0 { &office } else { &other }, key, "laptop")
        })).await;
        let ids: BTreeSet<&str> =
            answers.iter().map(|answer| answer["activation_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 1);
        let proofs = all(answers.iter().map(|answer| claims(&office, answer))).await;
        let numbers: BTreeSet<i64> = proofs.iter().map(|proof: &MachineLicense| proof.sequence).collect();
        let first = *numbers.first().unwrap();
        assert_eq!(numbers, (first..first + 16).collect());
        let told = office.ask("/licenses/validate", json!({ "key": key })).await.ok();
        assert_eq!(told["activations"], 1);
    }

    async fn no_activation_overtakes_a_revocation(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let id = bought["id"].as_str().unwrap().to_owned();
        let begun = Arc::new(Notify::new());
        let (answered, answer) = mpsc::channel();
        let begins = Arc::clone(&begun);
        // Whoever changes a license holds its sale. He gives the other node all the time that it
        // needs to answer too early.
        let revoking = office.support.store.run("revoke slowly", move |tx| {
            let row = tx.license_by_id(&id)?.unwrap();
            tx.sale_lock(&[row.sale_id])?;
            begins.notify_one();
            let _ = answer.recv_timeout(Duration::from_millis(500));
            let revoked = LicenseRow { state: LicenseState::Revoked, ..row };
            tx.license_update(&revoked, revoked.version)
        });
        let racing = async {
            begun.notified().await;
            let refused = activate(&other, key, "laptop").await;
            let _ = answered.send(());
            refused
        };
        let (revoked, refused) = tokio::join!(revoking, racing);
        revoked.unwrap();
        assert_eq!(refused.word(), "403 revoked");
    }

    async fn activating_and_telling_at_once_loses_neither(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let renew = format!("/licenses/{}/renew", bought["id"].as_str().unwrap());
        let renewals = async {
            for _ in 0..8 {
                office.post(&renew, json!({ "interval": "P1M" })).await.ok();
            }
        };
        let asks = async {
            let mut numbers = Vec::new();
            for _ in 0..16 {
                let answer = activated(&other, key, "laptop").await;
                let proof = proven(&other, answer["license"].as_str().unwrap()).await;
                numbers.push(proof.sequence);
            }
            numbers
        };
        let ((), numbers) = tokio::join!(renewals, asks);
        assert_eq!(numbers, (numbers[0]..numbers[0] + 16).collect::<Vec<i64>>());
        let last = activated(&office, key, "laptop").await;
        assert_eq!(last["expires_at"], "2028-08-01T09:00:00Z");
    }
}
