//! What came in, and trying it again.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright_providers::Inlet;
use keywright_providers::sample::{Sample, Step};
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::{Call, Office};

const NEW_ITEM: &str = r#""price_new" = "acme-ever""#;

/// A purchase of something that nobody mapped: the one event of it that failed.
async fn failed(office: &Office) -> Value {
    office.tell(Step::Purchase, "eve", "price_new").await;
    let failed = office.get("/events?status=failed").await.ok();
    assert!(!failed["items"].as_array().unwrap().is_empty());
    failed["items"][0].clone()
}

fn path(event: &Value, act: &str) -> String {
    format!("/events/{}{act}", event["id"].as_str().unwrap())
}

const FASTSPRING: &str = "[providers.fs]\nkind = \"fastspring\"\nsecret = \"kwFastSpringSecret123\"\n\
     private_key = \"kwFastSpringPrivate01\"\n\
     [providers.fs.products]\nprice_pro = \"acme-pro\"\n";

/// An event of that name cannot be kept.
const NO_E64_SQLITE: &str = "CREATE TRIGGER no_e64 BEFORE INSERT ON events \
     WHEN NEW.provider_event_id = 'e64' BEGIN SELECT RAISE(ABORT, 'no'); END";
const NO_E64_PG: &str = "CREATE FUNCTION no_e64() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     IF NEW.provider_event_id = 'e64' THEN RAISE 'no'; END IF; RETURN NEW; END $$; \
     CREATE TRIGGER no_e64 BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION no_e64()";

/// Signed and sent to the account `fs`; the status of the answer.
async fn sent(office: &Office, sample: &Sample) -> u16 {
    let account = office.support.shelf.now().account("fs").unwrap().clone();
    let now = office.support.clock.now();
    let signed = account.provider.sign(sample.clone(), &account.credentials, now);
    let inlet = if signed.inlet == Inlet::Fulfil { "fulfil" } else { "webhooks" };
    let call = Call::at(Method::POST, &format!("/{inlet}/fs")).with_bytes(&signed.body);
    let headers = signed.headers.iter();
    let call = headers.fold(call, |call, (name, value)| call.header(name, value));
    office.visit(call).await.status
}

on_both! {
    async fn a_failed_event_says_what_is_wrong_and_what_would_be_right(db: Database) {
        let office = Office::open(&db).await;
        let event = failed(&office).await;
        assert_eq!(event["reason"], "unknown_product");
        assert!(event["message"].as_str().unwrap().contains("[providers.shop.products]"));
        let whole = office.get(&path(&event, "")).await.ok();
        for (field, value) in event.as_object().unwrap() {
            assert_eq!(&whole[field], value);
        }
        assert!(whole["body"].is_object(), "JSON is shown as JSON");
        assert_eq!(whole["notices"][0]["kind"]["kind"], "paid");
        assert!(whole["headers"].is_object());
    }

    async fn a_delivery_whose_frame_cannot_be_read_fails_and_says_where(db: Database) {
        let office = Office::open(&db).await;
        office.configure(
            "[providers.pad]\nkind = \"paddle\"\n\
             secret = \"pdl_ntfset_01kwtestsecret_AbCdEf0123456789\"\n\
             [providers.pad.products]\nprice_pro = \"acme-pro\"\n",
        );
        let mut samples = office.samples("pad", Step::Purchase, "ida", "price_pro");
        let place = samples.iter().position(|one| one.title == "transaction.completed").unwrap();
        let mut paid = samples.remove(place);
        let mut body: Value = serde_json::from_slice(&paid.body).unwrap();
        body["occurred_at"] = json!("2026-13-01T00:00:00Z");
        paid.body = body.to_string().into_bytes();
        office.hand_in("pad", paid).await;
        office.settle().await;
        for _ in 0..2 {
            let events = office.get("/events?account=pad").await.ok();
            let event = &events["items"][0];
            assert_eq!(event["status"], "failed", "{event}");
            assert_eq!(event["reason"], "unreadable", "{event}");
            assert!(event["message"].as_str().unwrap().contains("occurred_at"), "{event}");
            let replay = format!("/events/{}/replay", event["id"].as_str().unwrap());
            office.post(&replay, json!({})).await.ok();
        }
    }

    async fn a_batch_of_more_events_than_one_delivery_may_hold_is_too_large(db: Database) {
        let office = Office::open(&db).await;
        office.configure(
            "[providers.fs]\nkind = \"fastspring\"\nsecret = \"kwFastSpringSecret123\"\n\
             [providers.fs.products]\nprice_pro = \"acme-pro\"\n",
        );
        let mut samples = office.samples("fs", Step::Purchase, "ida", "price_pro").into_iter();
        let mut batch = samples.find(|one| one.inlet == Inlet::Webhook).unwrap();
        for (count, status) in [(4_097, 413), (1, 200)] {
            batch.body = json!({ "events": vec![json!({ "id": "e", "type": "t" }); count] })
                .to_string()
                .into_bytes();
            let account = office.support.shelf.now().account("fs").unwrap().clone();
            let now = office.support.clock.now();
            let signed = account.provider.sign(batch.clone(), &account.credentials, now);
            let call = Call::at(Method::POST, "/webhooks/fs").with_bytes(&signed.body);
            let call = signed.headers.iter().fold(call, |call, (name, value)| {
                call.header(name, value)
            });
            assert_eq!(office.call(call).await.status, status, "{count}");
            let kept = office.get("/events?account=fs").await.ok();
            assert_eq!(kept["items"].as_array().unwrap().len(), usize::from(status == 200));
        }
    }

    async fn whatever_is_kept_counts_for_the_clock_however_it_was_answered(db: Database) {
        let office = Office::open(&db).await;
        office.configure(FASTSPRING);
        let samples = office.samples("fs", Step::Purchase, "ida", "price_pro");
        let ready = async |node: &Office| {
            node.visit(Call::at(Method::GET, "/readyz")).await.status
        };
        let asking = samples.iter().find(|one| one.inlet == Inlet::Fulfil).unwrap();
        assert_eq!(sent(&office, asking).await, 200);
        office.clock.advance(TimeDelta::days(-3));
        assert_eq!(ready(&office).await, 503, "the keys were given by a later clock");

        // The second part of this batch is not kept, the first one is.
        let other = office.another(&db).await;
        other.configure(FASTSPRING);
        other.clock.advance(TimeDelta::days(30));
        let told = samples.iter().find(|one| one.inlet == Inlet::Webhook).unwrap();
        let batch: Vec<Value> =
            (0..65).map(|id| json!({ "id": format!("e{id}"), "type": "t" })).collect();
        let batch = Sample { body: json!({ "events": batch }).to_string().into(), ..told.clone() };
        db.tamper(if db.is_sqlite() { NO_E64_SQLITE } else { NO_E64_PG }).await;
        assert_eq!(sent(&other, &batch).await, 202, "those that were kept are named");
        other.clock.advance(TimeDelta::days(-3));
        assert_eq!(ready(&other).await, 503);
    }

    async fn a_null_in_a_filter_is_no_filter(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ida").await;
        failed(&office).await;
        let all = "/events/replay?dry_run=true";
        let failed = office.post(all, json!({})).await.ok();
        assert!(!failed["items"].as_array().unwrap().is_empty());
        assert_eq!(office.post(all, json!({ "status": null })).await.ok(), failed);
    }

    async fn a_license_is_found_by_every_name_of_its_sale(db: Database) {
        let office = Office::open(&db).await;
        let id = office.sells("ida").await["id"].clone();
        office.sells("bob").await;
        let events = office.get("/events?limit=200").await.ok();
        let mut asked = 0;
        for event in events["items"].as_array().unwrap() {
            let whole = office.get(&path(event, "")).await.ok();
            let notices = whole["notices"].as_array().cloned().unwrap_or_default();
            for name in notices.iter().flat_map(|notice| notice["refs"].as_array().unwrap()) {
                let (thing, name) = (name["thing"].as_str().unwrap(), name["id"].as_str().unwrap());
                let of = if thing == "subscription" { thing } else { "order" };
                let found = office.get(&format!("/licenses?{of}={name}")).await.ok();
                let found = found["items"].as_array().unwrap();
                assert_eq!(found.len(), 1, "{thing} {name}");
                asked += usize::from(found[0]["id"] == id);
            }
        }
        assert!(asked > 2);
        assert_eq!(office.get("/licenses?cursor=x").await.status, 400);
        assert_eq!(office.get("/events?cursor=-1").await.status, 400);
    }

    async fn a_dry_run_tells_what_would_change_and_changes_nothing(db: Database) {
        let office = Office::open(&db).await;
        let event = failed(&office).await;
        office.configure(NEW_ITEM);
        let dry = office.post(&path(&event, "/replay?dry_run=true"), json!({})).await.ok();
        assert_eq!((&dry["status"], &dry["dry_run"]), (&json!("applied"), &json!(true)));
        assert_eq!(dry["changes"][0]["text"], "issued for acme-ever, until 2027-12-01T09:00:00Z");
        assert_eq!(dry["mail"][0]["template"], "issued");
        let all = office.post("/events/replay?dry_run=true", json!({ "status": "failed" })).await;
        assert_eq!(all.ok()["items"][0]["changes"][0]["action"], "issued");
        assert_eq!(office.get(&path(&event, "")).await.ok()["status"], "failed");
        for empty in ["/licenses", "/mail"] {
            assert_eq!(office.get(empty).await.ok()["items"], json!([]), "{empty}");
        }
    }

    async fn a_replay_does_at_once_what_was_missing_and_then_nothing_more(db: Database) {
        let office = Office::open(&db).await;
        let event = failed(&office).await;
        let still = office.post(&path(&event, "/replay"), json!({})).await.ok();
        assert_eq!((&still["status"], &still["changes"]), (&json!("failed"), &json!([])));
        office.configure(NEW_ITEM);
        let done = office.post(&path(&event, "/replay"), json!({ "reason": "mapped" })).await.ok();
        assert_eq!((&done["status"], &done["changes"][0]["action"]), (&json!("applied"), &json!("issued")));
        let again = office.post(&path(&event, "/replay"), json!({})).await.ok();
        assert_eq!((&again["changes"], &again["mail"]), (&json!([]), &json!([])));
        let licenses = office.get("/licenses").await.ok();
        assert_eq!(licenses["items"].as_array().unwrap().len(), 1);
        let history = office.get(&path(&event, "")).await.ok()["history"].clone();
        let told: Vec<&str> = history.as_array().unwrap().iter()
            .map(|entry| entry["text"].as_str().unwrap()).collect();
        assert_eq!(told, ["replayed", "replayed (mapped)",
            "issued for acme-ever, until 2027-12-01T09:00:00Z", "replayed"]);
    }

    async fn all_that_failed_are_replayed_in_one_go(db: Database) {
        let office = Office::open(&db).await;
        failed(&office).await;
        let failed = office.get("/events?status=failed").await.ok()["items"].clone();
        office.configure(NEW_ITEM);
        let other = office.post("/events/replay", json!({ "reason": "purged" })).await.ok();
        assert_eq!(other, json!({ "replayed": 0 }));
        let replayed = office.post("/events/replay", json!({})).await.ok();
        assert_eq!(replayed["replayed"], failed.as_array().unwrap().len());
        office.settle().await;
        assert_eq!(office.get("/events?status=failed").await.ok()["items"], json!([]));
        assert_eq!(office.get("/licenses").await.ok()["items"].as_array().unwrap().len(), 1);
    }

    async fn what_is_set_aside_does_not_count(db: Database) {
        let office = Office::open(&db).await;
        office.tell(Step::Refund, "zoe", "price_pro").await;
        let waiting = office.get("/events?status=waiting").await.ok()["items"].clone();
        let waiting = waiting.as_array().unwrap();
        assert!(!waiting.is_empty());
        for event in waiting {
            let reason = json!({ "reason": "sent by mistake" });
            let ignored = office.post(&path(event, "/ignore"), reason).await.ok();
            assert_eq!((&ignored["status"], &ignored["message"]),
                (&json!("ignored"), &json!("set aside by admin: sent by mistake")));
            let again = office.post(&path(event, "/ignore"), json!({})).await;
            assert_eq!(again.word(), "409 event_not_open");
        }
        // The purchase comes late, and is not refunded.
        let license = office.sells("zoe").await;
        assert_eq!(license["status"], "active");
        // Whoever replays it takes it back.
        for event in waiting {
            office.post(&path(event, "/replay"), json!({})).await.ok();
        }
        let license = office.get("/licenses").await.ok()["items"][0].clone();
        assert_eq!(license["status"], "revoked");
    }

    async fn events_are_found_by_what_people_know_of_them(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.tell(Step::PaymentFailed, "ada", "price_pro").await;
        let all = office.get("/events").await.ok()["items"].as_array().unwrap().len();
        let one = office.get("/events?type=invoice.payment_failed").await.ok();
        let event = &one["items"][0];
        let count = async |query: String| {
            let found = office.get(&format!("/events?{query}")).await.ok();
            found["items"].as_array().unwrap().len()
        };
        let id = event["provider_event_id"].as_str().unwrap();
        assert_eq!(count(format!("q={id}")).await, 1);
        let of_sale = count(format!("sale_id={}", license["sale_id"].as_str().unwrap())).await;
        assert!(1 < of_sale && of_sale < all);
        let subscription = license["subscription"].as_str().unwrap();
        assert_eq!(count(format!("q={subscription}")).await, of_sale);
        assert_eq!(count("account=shop".to_owned()).await, all);
        assert_eq!(count("account=elsewhere".to_owned()).await, 0);
        assert_eq!(count("since=2026-12-01&until=2026-12-01".to_owned()).await, all);
        assert_eq!(count("since=2026-12-02".to_owned()).await, 0);
        assert_eq!(count("until=2026-11-30".to_owned()).await, 0);
    }

    async fn what_was_purged_stays_as_it_is(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        db.tamper("DELETE FROM payloads").await;
        let events = office.get("/events?status=applied").await.ok();
        let event = &events["items"][0];
        for replay in ["/replay", "/replay?dry_run=true"] {
            let answer = office.post(&path(event, replay), json!({})).await;
            assert_eq!(answer.word(), "409 event_purged");
        }
        let dry = office.post("/events/replay?dry_run=true&account=shop", json!({})).await.ok();
        assert_eq!(dry, json!({ "items": [], "more": false }));
        let whole = office.get(&path(event, "")).await.ok();
        assert_eq!((&whole["status"], &whole["body"]), (&json!("applied"), &Value::Null));
        assert_eq!(office.get("/licenses").await.ok()["items"], json!([license]));
    }

    async fn unknown_ids_look_alike_whatever_they_are(db: Database) {
        let office = Office::open(&db).await;
        for (path, word) in [
            ("/events/1", "404 unknown_event"),
            ("/events/-1", "404 unknown_event"),
            ("/events/0x1", "404 unknown_event"),
            ("/events/%FF%00", "404 unknown_event"),
            ("/events/99999999999999999999", "404 unknown_event"),
            ("/mail/1", "404 unknown_mail"),
            ("/mail/%00", "404 unknown_mail"),
            ("/licenses/1", "404 unknown_license"),
            ("/licenses/%00", "404 unknown_license"),
            ("/licenses/%00/activations", "404 unknown_license"),
            ("/licenses/00000000-0000-7000-8000-000000000000", "404 unknown_license"),
            ("/licenses/ACME-00000-00000-00000-00000-00000", "404 unknown_license"),
            ("/elsewhere", "404 not_found"),
        ] {
            assert_eq!(office.get(path).await.word(), word, "{path}");
        }
        let deleted = Call::to(Method::DELETE, "/events/1").by(office.token("admin"));
        let deleted = office.call(deleted).await;
        assert_eq!(deleted.word(), "405 method_not_allowed");
        assert_eq!(deleted.headers["allow"], "GET");
    }
}
