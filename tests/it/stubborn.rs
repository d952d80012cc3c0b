//! An event that never comes to an end: it breaks whoever works on it, and is given up after a while.
//! The others get on.

use std::sync::Arc;

use chrono::TimeDelta;
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{Event, Reading};
use serde_json::Value;

use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::odd::Odd;
use crate::support::office::Office;

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
