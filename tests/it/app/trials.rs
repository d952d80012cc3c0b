//! Evaluations: once a customer and machine.

use chrono::TimeDelta;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use super::machine::{activate, all, claims, code};
use crate::support::databases::Database;
use crate::support::office::{Answer, Office};

const TRIALS: &str = r#"
[products.acme-try]
name = "Acme to try"
interval = "P1Y"
trial = "P14D"
grace = "P1D"

[products.acme-pass]
interval = "P1M"
trial = "P7D"
stack = true
"#;

async fn tries(office: &Office, machine: &str, email: Option<&str>) -> Answer {
    let mut body = json!({ "product": "acme-try", "fingerprint": machine });
    if let Some(email) = email {
        body["email"] = json!(email);
    }
    office.ask("/licenses/trial", body).await
}

async fn mails(office: &Office) -> Vec<Value> {
    office.get("/mail").await.ok()["items"].as_array().unwrap().clone()
}

on_both! {
    async fn a_machine_tries_once_and_a_customer_once(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        let trial = tries(&office, "laptop", Some("Ada@Example.com")).await.ok();
        assert_eq!((&trial["product"], &trial["status"], &trial["expires_at"]),
            (&json!("acme-try"), &json!("active"), &json!("2026-12-15T09:00:00Z")));
        let proof = claims(&office, &trial).await;
        assert!(proof.trial);
        assert_eq!(proof.valid_until, Some("2026-12-16T09:00:00Z".parse().unwrap()));
        assert_eq!(proof.offline_until, proof.valid_until.unwrap());

        // The machine has its license; asking again, with or without the address, is no second.
        office.clock.advance(TimeDelta::days(1));
        for email in [None, Some("ada@example.com"), Some("other@example.com")] {
            let again = tries(&office, "laptop", email).await.ok();
            assert_eq!((&again["license_id"], &again["activation_id"], &again["expires_at"]),
                (&trial["license_id"], &trial["activation_id"], &trial["expires_at"]));
        }
        // The customer had his, in whatever case he writes his address.
        assert_eq!(tries(&office, "desktop", Some("ADA@example.com")).await.word(), "409 trial_used");
        // Another customer, or nobody known, on another machine: another trial.
        let other = tries(&office, "desktop", None).await.ok();
        assert_ne!(other["license_id"], trial["license_id"]);
        let licenses = office.get("/licenses").await.ok();
        assert_eq!(licenses["items"].as_array().unwrap().len(), 2);
        assert_eq!(licenses["items"][1]["flags"], json!(["trial"]));

        // One letter: whoever told no address is owed none.
        let mails = mails(&office).await;
        assert_eq!(mails.len(), 1);
        assert_eq!((&mails[0]["to"], &mails[0]["template"]), (&json!("Ada@Example.com"), &json!("issued")));

        // Over is over, on the machine and with the key.
        office.clock.advance(TimeDelta::days(15));
        let used = tries(&office, "laptop", None).await;
        assert_eq!(used.word(), "409 trial_used");
        assert!(used.json["detail"].as_str().unwrap().contains("on this machine"));
        let key = licenses["items"][1]["key"].as_str().unwrap();
        assert_eq!(code(&office, key, "laptop").await, "expired");
        assert_eq!(activate(&office, key, "laptop").await.word(), "403 expired");
    }

    async fn one_machine_asking_two_nodes_at_once_gets_one_license(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        for node in [&office, &other] {
            node.configure(TRIALS);
        }
        let answers = all((0..8).map(|n| {
            tries(if n % 2 == 0 { &office } else { &other }, "laptop", Some("ada@example.com"))
        })).await;
        let ids: Vec<Value> =
            answers.into_iter().map(|answer| answer.ok()["license_id"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(office.get("/licenses").await.ok()["items"].as_array().unwrap().len(), 1);
        assert_eq!(mails(&office).await.len(), 1);
        let events = office.get("/events?type=support.trial").await.ok();
        assert_eq!(events["items"].as_array().unwrap().len(), 1);
    }

    async fn one_customer_on_many_machines_at_once_gets_one(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        for node in [&office, &other] {
            node.configure(TRIALS);
        }
        let machines: Vec<String> = (0..6).map(|n| format!("machine-{n}")).collect();
        let answers = all(machines.iter().enumerate().map(|(n, machine)| {
            tries(if n % 2 == 0 { &office } else { &other }, machine, Some("ada@example.com"))
        })).await;
        let mut words: Vec<String> = answers.iter().map(Answer::word).collect();
        words.sort();
        assert_eq!(words[0], "200");
        assert!(words[1..].iter().all(|word| word == "409 trial_used"), "{words:?}");
    }

    async fn who_buys_has_a_license_of_his_own(db: Database) {
        let office = Office::open(&db).await;
        office.configure(&format!("\"price_try\" = \"acme-try\"\n{TRIALS}"));
        let trial = tries(&office, "laptop", Some("ada@customer.example")).await.ok();
        office.tell(Step::Purchase, "ada", "price_try").await;
        let found = office.get("/licenses?email=ada@customer.example").await.ok();
        let bought = found["items"].as_array().unwrap().iter()
            .find(|license| license["id"] != trial["license_id"]).unwrap();
        assert_eq!(bought["flags"], json!([]));
        let key = bought["key"].as_str().unwrap();
        let own = activate(&office, key, "laptop").await.ok();
        assert!(!claims(&office, &own).await.trial);
    }

    async fn what_has_no_trial_has_none_and_says_nothing_of_what_there_is(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        for product in ["acme-pro", "acme-suite", "acme-secret-plan", ""] {
            let body = json!({ "product": product, "fingerprint": "laptop" });
            let refused = office.ask("/licenses/trial", body).await;
            assert_eq!(refused.word(), "403 no_trial", "{product}");
            let detail = refused.json["detail"].as_str().unwrap().replace(product, "X");
            assert!(!detail.contains("acme"), "{detail}");
        }
        let body = json!({ "product": "acme-try", "fingerprint": "laptop", "email": "ada" });
        let refused = office.ask("/licenses/trial", body).await;
        assert_eq!((refused.word().as_str(), &refused.json["field"]),
            ("422 invalid_field", &json!("email")));
        assert_eq!(office.get("/events").await.ok()["items"], json!([]));
    }

    async fn a_stacked_product_is_tried_alike(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        let ask = async |machine: &str| {
            let body = json!({ "product": "acme-pass", "fingerprint": machine,
                "email": "ada@example.com" });
            office.ask("/licenses/trial", body).await
        };
        let trial = ask("laptop").await.ok();
        assert_eq!(trial["expires_at"], "2026-12-08T09:00:00Z");
        assert!(claims(&office, &trial).await.trial);
        assert_eq!(ask("laptop").await.ok()["license_id"], trial["license_id"]);
        assert_eq!(ask("desktop").await.word(), "409 trial_used");
    }

    async fn what_is_kept_of_a_trial_names_no_machine(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        tries(&office, "serial-4711", Some("ada@example.com")).await.ok();
        let events = office.get("/events?type=support.trial").await.ok();
        let id = events["items"][0]["id"].as_str().unwrap();
        let event = office.get(&format!("/events/{id}")).await.ok();
        assert_eq!(event["status"], "applied");
        assert!(!event.to_string().contains("4711"), "{event}");
        // Told again, it is the license that there is.
        let again = office.post(&format!("/events/{id}/replay"), json!({})).await.ok();
        assert_eq!((&again["status"], &again["changes"]), (&json!("applied"), &json!([])));
    }
}
