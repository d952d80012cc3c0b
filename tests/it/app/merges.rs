//! Two sales that turn out to be one: whoever runs under either key goes on running.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use keywright_providers::notice::{Kind, Notice, Period, Ref};
use serde_json::json;

use super::machine::{activate, activated, claims, code};
use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::told::{notice, paid, told};

/// That payment, of the line that others tell of too.
fn of_the_line(notice: Notice) -> Notice {
    match notice.kind {
        Kind::Paid { payment, amount, mut lines } => {
            lines[0].line = "li_1".to_owned();
            Notice { kind: Kind::Paid { payment, amount, lines }, ..notice }
        }
        kind => Notice { kind, ..notice },
    }
}

on_both! {
    async fn two_licenses_of_one_line_stand_side_by_side_until_all_of_it_is_understood(db: Database) {
        let office = Office::open(&db).await;
        let now = office.support.clock.now();
        let day = TimeDelta::days(1);
        let orders = [Ref::order("A-1"), Ref::order("B-1")];
        // The older sale has the younger license.
        told(&office, "first", notice(vec![orders[0].clone()], Kind::Linked, now)).await;
        let of_b = of_the_line(paid("B-1", Ref::invoice("in_b"), now, None));
        let one = told(&office, "b", of_b).await.remove(0);
        office.clock.advance(day);
        let of_a = of_the_line(paid("A-1", Ref::invoice("in_a"), now + day, None));
        let two = told(&office, "a", of_a).await.remove(0);
        let mut unknown = paid("A-1", Ref::invoice("in_c"), now + day, None);
        if let Kind::Paid { lines, .. } = &mut unknown.kind {
            lines[0].item = vec!["price_unknown".to_owned()];
        }
        told(&office, "unknown", unknown).await;

        // That both are one purchase is told before what else was bought is mapped.
        told(&office, "tied", notice(orders.to_vec(), Kind::Linked, now + day)).await;
        let licenses = office.get("/licenses").await.ok();
        let keys: BTreeSet<&str> =
            licenses["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert_eq!(keys, BTreeSet::from([one.as_str(), two.as_str()]));

        office.configure_with("\"price_pro\" = \"acme-pro\"", "\"price_pro\" = \"acme-pro\"\nprice_unknown = \"acme-ever\"");
        told(&office, "again", notice(orders.to_vec(), Kind::Linked, now + day)).await;
        let body = |key: &str| json!({ "key": key });
        let [of_one, of_two] = [
            office.ask("/licenses/validate", body(&one)).await.ok(),
            office.ask("/licenses/validate", body(&two)).await.ok(),
        ];
        assert_eq!(of_one["license_id"], of_two["license_id"]);
        // Support acts on what is left.
        let path = format!("/licenses/{}/suspend", of_one["license_id"].as_str().unwrap());
        assert_eq!(office.post(&path, json!({})).await.ok()["status"], "suspended");
    }

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
