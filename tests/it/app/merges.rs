//! Two sales that turn out to be one: whoever runs under either key goes on running.

use chrono::TimeDelta;
use keywright_providers::notice::{Kind, Period, Ref};
use serde_json::json;

use super::machine::{activate, activated, claims, code};
use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::told::{notice, paid, told};

on_both! {
    async fn two_keys_of_one_payment_become_one_license_and_no_machine_stops(db: Database) {
        let office = Office::open(&db).await;
        let now = office.support.clock.now();
        let (invoice, charge) = (Ref::invoice("in_1"), Ref::charge("ch_1"));
        let one = told(&office, "a", paid("A-1", invoice.clone(), now, None)).await.remove(0);
        let year = Period { start: Some(now), end: now + TimeDelta::days(365) };
        let two = told(&office, "b", paid("B-1", charge.clone(), now, Some(year))).await.remove(0);
        assert_ne!(one, two);
        activated(&office, &one, "laptop").await;
        for _ in 0..5 {
            activated(&office, &two, "desktop").await;
        }
        let last = claims(&office, &activated(&office, &two, "laptop").await).await.sequence;

        // Both told of one payment.
        let refs = vec![Ref::order("A-1"), Ref::order("B-1"), invoice, charge];
        told(&office, "c", notice(refs, Kind::Linked, now)).await;
        for key in [&one, &two] {
            let body = json!({ "key": key });
            let license = office.ask("/licenses/validate", body).await.ok();
            assert_eq!((&license["activations"], &license["valid"]), (&json!(2), &json!(true)));
            for machine in ["laptop", "desktop"] {
                assert_eq!(code(&office, key, machine).await, "valid", "{machine}");
                let proof = claims(&office, &activated(&office, key, machine).await).await;
                assert_eq!(json!(proof.license_id), license["license_id"]);
                // Above every number that was given under either key.
                assert!(proof.sequence > last, "{}", proof.sequence);
            }
            assert_eq!(activate(&office, key, "phone").await.word(), "409 too_many_activations");
        }
    }
}
