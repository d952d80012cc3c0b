//! Whoever tries keys is slowed down, and nobody else.

use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use super::machine::code;
use crate::support::databases::Database;
use crate::support::office::{Answer, Call, Office};

async fn from(office: &Office, address: &str, key: &str) -> Answer {
    let call = Call::of_app(Method::POST, "/licenses/validate").from(address);
    office.call(call.with(&json!({ "key": key }))).await
}

on_both! {
    async fn trying_keys_is_slow_and_hits_only_who_tries(db: Database) {
        let office = Office::open(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let guesser = "[2001:db8::1]:4711";
        for _ in 0..12 {
            assert_eq!(from(&office, guesser, "ACME-GUESS").await.json["code"], "unknown_key");
        }
        let slowed = from(&office, guesser, "ACME-GUESS").await;
        assert_eq!(slowed.word(), "429 too_many_requests");
        let wait: i64 = slowed.headers["retry-after"].parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        // Another address of the same customer's network is the same guesser; others are not.
        assert_eq!(from(&office, "[2001:db8::2]:4711", &key).await.word(), "429 too_many_requests");
        assert_eq!(from(&office, "[2001:db8:0:1::1]:4711", &key).await.json["code"], "valid");
        office.clock.advance(TimeDelta::seconds(wait));
        assert_eq!(from(&office, guesser, &key).await.json["code"], "valid");
    }

    async fn an_office_behind_one_address_is_not_hindered(db: Database) {
        let office = Office::open(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        for _ in 0..300 {
            assert_eq!(from(&office, "203.0.113.9:4711", &key).await.json["code"], "valid");
        }
        assert_eq!(code(&office, &key, "laptop").await, "not_activated");
    }
}
