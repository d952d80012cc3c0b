//! What the product's rules make of a license, as a machine is told it.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{Cursor, EventFilter, LicenseFilter, LicenseRow, NewEvent};
use keywright::store::{Store, dedupe};
use keywright_providers::sample::{Scene, Step};
use serde_json::{Value, json};

use super::machine::{activate, activated, claims, code};
use crate::support::databases::Database;
use crate::support::office::Office;

const RULES: &str = r#"
"price_grace" = "acme-grace"
"price_keep" = "acme-keep"
"price_start" = "acme-start"
"price_short" = { product = "acme-pro", max_offline = "P1D", grace = "P3D" }

[products.acme-grace]
interval = "P1Y"
buffer = "P1D"
grace = "P7D"

[products.acme-keep]
interval = "P1Y"
on_expiry = "maintain"
trial = "P14D"

[products.acme-start]
interval = "P1Y"
start = "activation"
max_activations = 2
"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A purchase of that item; the key.
async fn buys(office: &Office, tag: &str, item: &str) -> String {
    office.tell(Step::Purchase, tag, item).await;
    key_of(office, tag).await
}

/// A purchase without a subscription: the provider tells no period.
async fn buys_once(office: &Office, tag: &str, item: &str) -> String {
    let scene = office.scene(Step::Purchase, tag, item);
    office.deliver(&Scene { subscription: false, ..scene }).await;
    key_of(office, tag).await
}

async fn key_of(office: &Office, tag: &str) -> String {
    let found = office.get(&format!("/licenses?email={tag}@customer.example")).await.ok();
    found["items"][0]["key"].as_str().unwrap().to_owned()
}

/// Every license of a store, as its dates and names are.
async fn licenses(store: &Store, now: DateTime<Utc>) -> Vec<LicenseRow> {
    let filter = LicenseFilter::default();
    let mut rows =
        store.read("all", move |tx| tx.license_list(&filter, now, None, 100)).await.unwrap();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    // What is counted here, and when, is no matter of the events.
    rows.into_iter()
        .map(|row| LicenseRow {
            sale_id: 0,
            sequence: 0,
            version: 0,
            created_at: now,
            updated_at: now,
            ..row
        })
        .collect()
}

/// Tells every event of one office to another, whose database is empty.
async fn retold(office: &Office, empty: &Office) {
    let all = EventFilter::default();
    let events = office.support.store.read("events", move |tx| {
        let mut events = Vec::new();
        for row in tx.event_list(&all, Cursor::default(), 1_000)?.into_iter().rev() {
            events.extend(tx.event_by_id(row.id)?);
        }
        Ok(events)
    });
    for event in events.await.unwrap() {
        let id = event.provider_event_id.as_deref();
        let new = NewEvent {
            dedupe: dedupe(&event.account, id, &event.content_digest),
            provider_event_id: event.provider_event_id.clone(),
            account: event.account,
            kind: event.kind,
            content_digest: event.content_digest,
            event_type: event.event_type,
            received_at: event.received_at,
            occurred_at: event.occurred_at,
            live: event.live,
            headers: event.headers,
            body: event.body.unwrap(),
        };
        empty
            .support
            .store
            .run("told again", move |tx| tx.event_keep(std::slice::from_ref(&new)))
            .await
            .unwrap();
    }
    empty.settle().await;
}

on_both! {
    async fn nobody_notices_the_buffer_and_the_grace_is_told(db: Database) {
        let office = Office::open(&db).await;
        office.configure(RULES);
        let key = buys(&office, "ada", "price_grace").await;
        let proof = claims(&office, &activated(&office, &key, "laptop").await).await;
        assert_eq!(proof.valid_until, Some(at("2027-12-09T09:00:00Z")));
        let canceled = buys(&office, "bob", "price_grace").await;
        activated(&office, &canceled, "laptop").await;
        office.clock.advance(TimeDelta::days(1));
        office.tell(Step::Cancel, "bob", "price_grace").await;
        for (instant, renewing, ending) in [
            ("2027-12-01T09:00:00Z", "valid", "valid"),
            ("2027-12-01T09:00:01Z", "valid", "in_grace"),
            ("2027-12-02T09:00:00Z", "valid", "in_grace"),
            ("2027-12-02T09:00:01Z", "in_grace", "in_grace"),
            ("2027-12-08T09:00:00Z", "in_grace", "in_grace"),
            ("2027-12-08T09:00:01Z", "in_grace", "expired"),
            ("2027-12-09T09:00:00Z", "in_grace", "expired"),
            ("2027-12-09T09:00:01Z", "expired", "expired"),
        ] {
            office.clock.advance(at(instant) - office.support.clock.now());
            let told = (code(&office, &key, "laptop").await, code(&office, &canceled, "laptop").await);
            assert_eq!(told, (renewing.to_owned(), ending.to_owned()), "{instant}");
        }
        assert_eq!(activate(&office, &key, "laptop").await.word(), "403 expired");
    }

    async fn what_was_released_before_the_end_goes_on_where_the_rules_maintain_it(db: Database) {
        let office = Office::open(&db).await;
        office.configure(RULES);
        let key = buys(&office, "ada", "price_keep").await;
        activated(&office, &key, "laptop").await;
        office.clock.advance(TimeDelta::days(400));
        let ask = async |released: Option<&str>| {
            let mut body = json!({ "key": key, "fingerprint": "laptop" });
            if let Some(released) = released {
                body["released_at"] = json!(released);
            }
            let told = office.ask("/licenses/validate", body).await.ok();
            format!("{} {} {}", told["valid"], told["code"].as_str().unwrap(), told["status"])
        };
        assert_eq!(ask(Some("2027-11-30")).await, "true valid \"expired\"");
        assert_eq!(ask(Some("2027-12-01T09:00:00Z")).await, "true valid \"expired\"");
        assert_eq!(ask(Some("2027-12-01T09:00:01Z")).await, "false expired \"expired\"");
        assert_eq!(ask(None).await, "false expired \"expired\"");
        // A new machine still gets its license, which says what it is for.
        office.post(&format!("/licenses/{}/renew", id_of(&office, &key).await),
            json!({ "interval": "P1D" })).await.ok();
        let again = activated(&office, &key, "laptop").await;
        assert_eq!(again["status"], "expired");
        let proof = claims(&office, &again).await;
        let value = serde_json::to_value(&proof).unwrap();
        assert_eq!((&value["on_expiry"], &value["expires_at"]),
            (&json!("maintain"), &json!("2027-12-02T09:00:00Z")));
        assert!(proof.offline_until > office.support.clock.now());
    }

    async fn a_trial_of_it_leaves_nothing_behind(db: Database) {
        let office = Office::open(&db).await;
        office.configure(RULES);
        let body = json!({ "product": "acme-keep", "fingerprint": "laptop" });
        let trial = office.ask("/licenses/trial", body.clone()).await.ok();
        let value = serde_json::to_value(claims(&office, &trial).await).unwrap();
        assert_eq!((&value["trial"], &value["on_expiry"]), (&json!(true), &json!("restrict")));
        office.clock.advance(TimeDelta::days(15));
        assert_eq!(office.ask("/licenses/trial", body).await.word(), "409 trial_used");
    }

    async fn the_time_runs_from_the_first_activation_and_a_replay_gives_the_same_dates(db: Database) {
        let office = Office::open(&db).await;
        office.configure(RULES);
        let key = buys_once(&office, "ada", "price_start").await;
        let told = office.ask("/licenses/validate", json!({ "key": key })).await.ok();
        assert_eq!((&told["code"], &told["status"], &told["expires_at"]),
            (&json!("not_activated"), &json!("pending"), &Value::Null));
        office.clock.advance(TimeDelta::days(100));
        let first = activated(&office, &key, "laptop").await;
        assert_eq!((&first["status"], &first["expires_at"]),
            (&json!("active"), &json!("2028-03-11T09:00:00Z")));
        let proof = claims(&office, &first).await;
        assert_eq!(proof.starts_at, at("2027-03-11T09:00:00Z"));
        // Later ones move nothing, on this machine or another.
        office.clock.advance(TimeDelta::days(10));
        for machine in ["laptop", "desktop"] {
            let later = activated(&office, &key, machine).await;
            assert_eq!(later["expires_at"], "2028-03-11T09:00:00Z", "{machine}");
        }
        let events = office.get("/events?type=support.activate").await.ok();
        assert_eq!(events["items"].as_array().unwrap().len(), 1);
        // Told again here, it changes nothing; told to an empty database, it is the same license.
        let event = events["items"][0]["id"].as_str().unwrap();
        let again = office.post(&format!("/events/{event}/replay"), json!({})).await.ok();
        assert_eq!((&again["status"], &again["changes"]), (&json!("applied"), &json!([])));
        let other = Database::sqlite();
        let empty = Office::open(&other).await;
        empty.configure(RULES);
        retold(&office, &empty).await;
        let now = office.support.clock.now();
        let (here, there) =
            (licenses(&office.support.store, now).await, licenses(&empty.support.store, now).await);
        assert_eq!((here.len(), &here), (1, &there));
    }

    async fn two_first_activations_at_once_begin_it_once(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        for node in [&office, &other] {
            node.configure(RULES);
        }
        let key = buys_once(&office, "ada", "price_start").await;
        let (one, two) = tokio::join!(
            activated(&office, &key, "laptop"),
            activated(&other, &key, "desktop"),
        );
        assert_eq!(one["expires_at"], two["expires_at"]);
        let events = office.get("/events?type=support.activate").await.ok();
        assert_eq!(events["items"].as_array().unwrap().len(), 1);
    }

    async fn a_license_that_begins_later_says_so(db: Database) {
        let office = Office::open(&db).await;
        let scene = office.scene(Step::Purchase, "ada", "price_pro");
        let begins = scene.period_start + TimeDelta::days(10);
        office.deliver(&Scene { period_start: begins, ..scene }).await;
        let key = key_of(&office, "ada").await;
        let early = activated(&office, &key, "laptop").await;
        assert_eq!(claims(&office, &early).await.starts_at, begins);
        assert_eq!(code(&office, &key, "laptop").await, "not_started");
        office.clock.advance(TimeDelta::days(10));
        assert_eq!(code(&office, &key, "laptop").await, "valid");
    }

    async fn each_item_may_set_its_own_terms(db: Database) {
        let office = Office::open(&db).await;
        office.configure(RULES);
        let mut offline = Vec::new();
        for (tag, item) in [("ada", "price_pro"), ("bob", "price_short")] {
            let key = buys(&office, tag, item).await;
            let proof = claims(&office, &activated(&office, &key, "laptop").await).await;
            offline.push((proof.offline_until - proof.issued_at).num_days());
            assert!(proof.refresh_at <= proof.issued_at + TimeDelta::days(1));
            assert!(proof.refresh_at <= proof.offline_until);
        }
        assert_eq!(offline, [30, 1]);
        office.clock.advance(TimeDelta::days(368));
        let codes = [
            code(&office, &key_of(&office, "ada").await, "laptop").await,
            code(&office, &key_of(&office, "bob").await, "laptop").await,
        ];
        assert_eq!(codes, ["expired", "in_grace"]);
    }

    async fn what_support_decides_counts_at_once(db: Database) {
        let office = Office::open(&db).await;
        let key = buys(&office, "ada", "price_pro").await;
        activated(&office, &key, "laptop").await;
        let id = id_of(&office, &key).await;
        office.post(&format!("/licenses/{id}/suspend"), json!({})).await.ok();
        assert_eq!(code(&office, &key, "laptop").await, "suspended");
        assert_eq!(activate(&office, &key, "laptop").await.word(), "403 suspended");
        office.post(&format!("/licenses/{id}/reinstate"), json!({})).await.ok();
        assert_eq!(code(&office, &key, "laptop").await, "valid");
        office.post(&format!("/licenses/{id}/revoke"), json!({})).await.ok();
        assert_eq!(code(&office, &key, "laptop").await, "revoked");
    }
}

async fn id_of(office: &Office, key: &str) -> String {
    let told = office.ask("/licenses/validate", json!({ "key": key })).await.ok();
    told["license_id"].as_str().unwrap().to_owned()
}
