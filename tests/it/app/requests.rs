//! What cannot be read, and what is answered to it.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::machine::{activate, activated, code, read_keys};
use crate::support::databases::Database;
use crate::support::office::{Call, Office};

on_both! {
    async fn what_cannot_be_read_is_answered_with_what_would_be_right(db: Database) {
        let office = Office::open(&db).await;
        let long = "f".repeat(257);
        let mut told = Vec::new();
        for (path, body) in [
            ("/licenses/activate", json!({})),
            ("/licenses/activate", json!([])),
            ("/licenses/activate", json!({ "key": "K" })),
            ("/licenses/activate", json!({ "key": 7, "fingerprint": "f" })),
            ("/licenses/activate", json!({ "key": "K", "fingerprint": "" })),
            ("/licenses/activate", json!({ "key": "K", "fingerprint": long })),
            ("/licenses/activate", json!({ "key": "K", "fingerprint": "a b" })),
            ("/licenses/activate", json!({ "key": "K", "fingerprint": "f", "fingerprints": 1 })),
            ("/licenses/activate", json!({ "key": "K", "fingerprint": "f", "name": "n".repeat(201) })),
            ("/licenses/activate", json!({ "key": "K".repeat(4_097), "fingerprint": "f" })),
            ("/licenses/validate", json!({ "key": "K", "released_at": "soon" })),
            ("/licenses/validate", json!({ "key": "K", "nonce": "a\nb" })),
            ("/licenses/deactivate", json!({ "key": "K" })),
            ("/licenses/trial", json!({ "fingerprint": "f" })),
            ("/licenses/other", json!({})),
        ] {
            let answer = office.ask(path, body).await;
            told.push(format!("{path} {}: {}", answer.word(), answer.json["detail"].as_str().unwrap()));
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        let get = office.call(Call::of_app(Method::GET, "/licenses/activate")).await;
        told.push(format!("GET {} (allow {})", get.word(), get.headers["allow"]));
        let query = Call::of_app(Method::POST, "/licenses/validate?key=K").with(&json!({ "key": "K" }));
        let query = office.call(query).await;
        told.push(format!("query {}: {}", query.word(), query.json["detail"].as_str().unwrap()));
        let large = Call::of_app(Method::POST, "/licenses/activate");
        let large = office.call(large.with(&json!({ "key": "K".repeat(20_000) }))).await;
        told.push(format!("large {}: {}", large.word(), large.json["detail"].as_str().unwrap()));
        insta::assert_snapshot!("problems", told.join("\n"));
    }

    async fn whatever_is_wrong_with_a_key_the_answer_is_one(db: Database) {
        let office = Office::open(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let last = if key.ends_with('0') { "1" } else { "0" };
        let wrong_check = format!("{}{last}", key.strip_suffix(|_: char| true).unwrap());
        let other = key.replacen("ACME", "ACMF", 1);
        let mut answers = Vec::new();
        for wrong in ["", "x", &wrong_check, &other, "ACME-e30.e30.e30", "a.b\0c", "ACME-ä.b", "'; --"] {
            let refused = activate(&office, wrong, "laptop").await;
            assert_eq!(refused.word(), "404 unknown_key", "{wrong:?}");
            answers.push(refused.text);
            let told = office.ask("/licenses/validate", json!({ "key": wrong, "nonce": "n-1" })).await;
            assert_eq!(told.ok(), json!({
                "valid": false, "code": "unknown_key", "license_id": null, "product": null,
                "status": null, "starts_at": null, "expires_at": null, "valid_until": null,
                "activations": null, "max_activations": null, "features": [], "nonce": "n-1",
            }), "{wrong:?}");
            office.clock.advance(chrono::TimeDelta::minutes(10));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    async fn the_answers_are_what_every_client_reads(db: Database) {
        let office = Office::open(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let mut activated = activated(&office, &key, "laptop").await;
        let body = json!({ "key": key, "fingerprint": "laptop", "nonce": "n-1" });
        let validated = office.ask("/licenses/validate", body).await.ok();
        activated["license"] = Value::from("[license]");
        insta::assert_json_snapshot!("activated", activated);
        insta::assert_json_snapshot!("validated", validated);
    }

    async fn the_public_keys_may_be_kept_an_hour_and_nothing_else(db: Database) {
        let office = Office::open(&db).await;
        let keys = office.call(Call::of_app(Method::GET, "/keys")).await;
        assert_eq!(keys.headers["cache-control"], "public, max-age=3600");
        assert_eq!(read_keys(&keys.ok()).len(), 1);
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        assert_eq!(activate(&office, &key, "laptop").await.headers["cache-control"], "no-store");
    }

    async fn a_database_that_is_away_is_never_an_unknown_key(db: Database) {
        let office = Office::impatient(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        activated(&office, &key, "laptop").await;
        db.tamper("ALTER TABLE licenses RENAME TO licenses_away").await;
        for path in ["activate", "validate", "deactivate"] {
            let body = json!({ "key": key, "fingerprint": "laptop" });
            let answer = office.ask(&format!("/licenses/{path}"), body).await;
            assert_eq!(answer.word(), "503 unavailable", "{path}");
            assert!(answer.headers.contains_key("retry-after"));
            assert!(!answer.text.contains("licenses_away"), "{}", answer.text);
        }
        db.tamper("ALTER TABLE licenses_away RENAME TO licenses").await;
        assert_eq!(code(&office, &key, "laptop").await, "valid");
    }
}
