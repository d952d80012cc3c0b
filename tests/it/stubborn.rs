//! An event that never comes to an end: it breaks whoever works on it, and is given up after a while.
//! The others get on.

use std::sync::Arc;

use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use keywright_providers::notice::{Kind, Ref};
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{Event, Reading};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::odd::Odd;
use crate::support::office::{Office, by_nobody};
use crate::support::told::notice;

/// Claims in a row that may run out without a word.
const LAPSED_MAX: i32 = 10;

fn breaks(_: &Event<'_>) -> Reading {
    panic!("this event is not to be read")
}

/// A purchase at an account whose adapter breaks.
async fn breaking(office: &Office, api: &Api) -> Sample {
    office.configure(&format!(
        "[providers.odd]\nkind = \"mollie\"\nsecret = \"kw-mollie-secret-of-odd\"\n\
         api_key = \"live_kwMollieOfficeKey01\"\napi_url = \"{}\"\n\
         [providers.odd.products]\nprice_pro = \"acme-pro\"\n",
        api.base
    ));
    office.served_by("odd", Arc::new(Odd::like("mollie").reading(breaks)));
    office.samples("odd", Step::Purchase, "ida", "price_pro").remove(0)
}

/// Ten thousand letters that cannot be written shorter.
fn endless() -> String {
    let parts = (0..160_u32).map(|part| HEXLOWER.encode(&Sha256::digest(part.to_be_bytes())));
    parts.collect::<String>().chars().take(10_000).collect()
}

fn names_without_end(event: &Event<'_>) -> Reading {
    Ok(vec![notice(vec![Ref::order(endless())], Kind::Linked, event.occurred_at)])
}

async fn first_event(office: &Office) -> Value {
    office.get("/events").await.ok()["items"][0].clone()
}

async fn only_event(office: &Office) -> Value {
    let events = office.get("/events?account=odd").await.ok();
    let [event] = events["items"].as_array().unwrap().clone().try_into().unwrap();
    event
}

/// The claim of whoever was broken runs out.
async fn run_out(db: &Database, office: &Office) {
    let long_ago = if db.is_sqlite() { "1" } else { "'2000-01-01'" };
    db.tamper(&format!(
        "UPDATE events SET claimed_until = {long_ago} WHERE claimed_until IS NOT NULL"
    ))
    .await;
    office.clock.advance(TimeDelta::minutes(10));
}

/// That no word came of it, however often it was tried, and that it is so no more.
async fn is_given_up_after(db: &Database, office: &Office, more: i32) {
    for _ in 0..more {
        run_out(db, office).await;
        office.settle().await;
        assert_eq!(only_event(office).await["status"], "pending");
    }
    run_out(db, office).await;
    office.settle().await;
    let given_up = only_event(office).await;
    assert_eq!(given_up["status"], "failed", "{given_up}");
    assert_eq!(given_up["reason"], "never_finished", "{given_up}");
}

on_both! {
    async fn a_type_without_end_is_cut_short(db: Database) {
        let office = Office::open(&db).await;
        let mut sample = office.samples("shop", Step::Purchase, "ida", "price_pro").remove(0);
        let mut body: Value = serde_json::from_slice(&sample.body).unwrap();
        body["type"] = endless().into();
        sample.body = body.to_string().into_bytes();
        office.hand_in("shop", sample).await;
        office.settle().await;
        let event = first_event(&office).await;
        assert_eq!((&event["status"], &event["reason"]), (&json!("ignored"), &json!("no_effect")));
        assert_eq!(event["type"], endless().chars().take(128).collect::<String>());
    }

    async fn a_name_without_end_fails_and_is_told(db: Database) {
        let office = Office::open(&db).await;
        let api = Api::open([]).await;
        let sample = breaking(&office, &api).await;
        office.served_by("odd", Arc::new(Odd::like("mollie").reading(names_without_end)));
        office.hand_in("odd", sample).await;
        office.settle().await;
        let event = only_event(&office).await;
        let told = (&event["status"], &event["reason"], &event["message"]);
        let why = "the id of the order has a value that cannot be: it is 10000 bytes long, and at \
                   most 512 can be kept";
        assert_eq!(told, (&json!("failed"), &json!("impossible_value"), &json!(why)));
    }

    async fn what_the_database_has_already_is_not_tried_for_ever(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ida").await;
        // Nothing ties the purchase to its sale any more: told again it is a new one, and its license
        // would have the name of the first.
        db.tamper("DELETE FROM refs").await;
        let filter = keywright::store::rows::EventFilter::default();
        office.support.event_replay_where(filter, by_nobody()).await.unwrap();
        for _ in 0..4 {
            office.settle().await;
            office.clock.advance(TimeDelta::minutes(10));
        }
        let events = office.get("/events").await.ok();
        let failed = events["items"].as_array().unwrap().iter().find(|one| one["status"] == "failed");
        let message = failed.unwrap()["message"].as_str().unwrap();
        assert!(message.starts_with("the service failed on it (taken)"), "{message}");
        assert!(!events.to_string().contains("pending"), "{events}");
    }

    async fn an_event_that_breaks_its_worker_is_given_up_and_takes_nobody_with_it(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        let sample = breaking(&office, &api).await;
        office.hand_in("odd", sample).await;
        // Claimed together with the one that breaks, and after it.
        assert_eq!(office.sells("bob").await["status"], "active");
        assert_eq!(office.sells("cleo").await["status"], "active");
        is_given_up_after(&db, &office, LAPSED_MAX - 1).await;
        assert_eq!(office.sells("dora").await["status"], "active");
    }

    async fn a_word_said_once_does_not_keep_it_alive(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([Act::status(503)]).await);
        let mut sample = breaking(&office, &api).await;
        let mut body: Value = serde_json::from_slice(&sample.body).unwrap();
        let inside = body.as_object_mut().unwrap().remove("_embedded").unwrap();
        let path = format!("/v2/payments/{}", body["entityId"].as_str().unwrap());
        sample.body = body.to_string().into_bytes();
        office.hand_in("odd", sample).await;
        office.settle().await;
        let busy = only_event(&office).await;
        assert!(busy["message"].as_str().unwrap().contains("503"), "{busy}");

        api.knows(&path, inside["entity"].clone());
        office.clock.advance(TimeDelta::minutes(10));
        office.settle().await;
        is_given_up_after(&db, &office, LAPSED_MAX - 1).await;
    }
}
