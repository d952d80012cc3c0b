//! What is old is cleared, and everything that stands on it stays.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright::support::retention::Cleared;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::{Call, Office};

const ALL: &str = r#"
[retention]
event_bodies = "P90D"
mail_bodies = "P60D"
hooks = "P30D"
released_activations = "P1Y"
idempotency = "P7D"
"#;

async fn opened(db: &Database) -> Office {
    let office = Office::open(db).await;
    office.configure(ALL);
    office
}

async fn cleared(office: &Office) -> Cleared {
    office.support.retention(false).await.unwrap()
}

async fn days_later(office: &Office, days: i64) -> Cleared {
    office.clock.advance(TimeDelta::days(days));
    cleared(office).await
}

async fn events(office: &Office, query: &str) -> Vec<Value> {
    office.get(&format!("/events{query}")).await.ok()["items"].as_array().unwrap().clone()
}

async fn body(office: &Office, event: &Value) -> Value {
    let whole = office.get(&format!("/events/{}", event["id"].as_str().unwrap())).await.ok();
    whole["body"].clone()
}

on_both! {
    async fn old_events_lose_their_bodies_and_licenses_keep_their_explanation(db: Database) {
        let office = opened(&db).await;
        let license = office.sells("ada").await;
        let path = format!("/licenses/{}", license["id"].as_str().unwrap());
        let before = office.get(&path).await.ok();
        let stored = events(&office, "").await;
        assert_eq!(days_later(&office, 89).await.event_bodies, 0);
        office.sells("bob").await;
        assert_eq!(days_later(&office, 2).await.event_bodies, stored.len());
        assert_eq!(cleared(&office).await.event_bodies, 0, "once");
        for event in &stored {
            assert_eq!(body(&office, event).await, Value::Null);
            let path = format!("/events/{}/replay", event["id"].as_str().unwrap());
            assert_eq!(office.post(&path, json!({})).await.word(), "409 event_purged");
        }
        assert_eq!(office.get(&path).await.ok(), before);
        for event in events(&office, "?q=bob@customer.example").await {
            assert_ne!(body(&office, &event).await, Value::Null, "it is young");
        }
    }

    async fn what_may_have_to_be_read_again_is_kept(db: Database) {
        let office = opened(&db).await;
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        office.tell(Step::Refund, "bob", "price_pro").await;
        let sample = office.samples("shop", Step::Purchase, "eve", "price_pro").remove(0);
        office.hand_in("shop", sample).await;
        let open = ["failed", "waiting", "pending"];
        for status in open {
            assert!(!events(&office, &format!("?status={status}")).await.is_empty(), "{status}");
        }
        let settled = events(&office, "?status=applied").await.len()
            + events(&office, "?status=ignored").await.len();
        assert_eq!(days_later(&office, 400).await.event_bodies, settled);
        for status in open {
            for event in events(&office, &format!("?status={status}")).await {
                let whole = office.get(&format!("/events/{}", event["id"].as_str().unwrap())).await;
                assert_ne!(whole.ok()["body"], Value::Null, "{status}");
            }
        }
    }

    async fn mails_that_went_out_lose_their_text_and_others_do_not(db: Database) {
        let office = opened(&db).await;
        for name in ["ada", "bob"] {
            office.sells(name).await;
        }
        let (now, store) = (office.support.clock.now(), &office.support.store);
        let claimed = store.run("claim", move |tx| {
            let claimed = tx.outbox_claim(2, TimeDelta::minutes(1), now)?;
            for mail in &claimed {
                tx.outbox_message(mail.id, mail.fence, b"To: somebody")?;
            }
            Ok(claimed)
        }).await.unwrap();
        let [sent, failed] = [&claimed[0], &claimed[1]].map(|mail| (mail.id, mail.fence));
        store.run("send", move |tx| {
            tx.outbox_sent(sent.0, sent.1, now, false)?;
            tx.outbox_failed(failed.0, failed.1, "550")
        }).await.unwrap();
        assert_eq!(days_later(&office, 59).await.mail_bodies, 0);
        assert_eq!(days_later(&office, 2).await.mail_bodies, 1);
        let text = async |id| {
            store.read("mail", move |tx| tx.outbox_by_id(id)).await.unwrap().unwrap().message
        };
        assert_eq!(text(sent.0).await, None);
        assert!(text(failed.0).await.is_some());
    }

    async fn messages_machines_and_answers_go_by_the_row(db: Database) {
        let office = opened(&db).await;
        let license = office.sells("ada").await;
        let machine = |name: &str| json!({ "key": license["key"], "fingerprint": name });
        for name in ["machine-one-1", "machine-two-2"] {
            office.ask("/licenses/activate", machine(name)).await.ok();
        }
        office.ask("/licenses/deactivate", machine("machine-one-1")).await;
        let path = format!("/licenses/{}/renew", license["id"].as_str().unwrap());
        let renew = || {
            let call = Call::to(Method::POST, &path).by(office.token("admin"));
            office.call(call.header("idempotency-key", "renew-1").with(&json!({})))
        };
        let once = renew().await.ok();
        assert_eq!(renew().await.ok(), once);
        let told = "UPDATE hooks_outbox SET hook = 'crm', status = 'sent', sent_at = dated_at";
        db.tamper(&format!("{told} WHERE type = 'license.issued'")).await;
        let week = days_later(&office, 8).await;
        assert_eq!((week.idempotency, week.hooks, week.released_activations), (1, 0, 0));
        assert_eq!(days_later(&office, 30).await.hooks, 1);
        assert_eq!(days_later(&office, 366).await.released_activations, 1);
        let id = license["id"].as_str().unwrap().to_owned();
        let held = office.support.store.read("seats", move |tx| tx.activations_of_license(&id));
        let held = held.await.unwrap();
        assert_eq!(held.iter().map(|one| one.fingerprint.as_str()).collect::<Vec<_>>(), ["machine-two-2"]);
    }

    async fn a_dry_run_counts_and_changes_nothing(db: Database) {
        let office = opened(&db).await;
        for count in 0..3 {
            office.sells(&format!("ada{count}")).await;
        }
        office.clock.advance(TimeDelta::days(91));
        let counted = office.support.retention(true).await.unwrap();
        assert!(counted.event_bodies > 2, "{counted:?}");
        assert_eq!(cleared(&office).await, counted);
        assert_eq!(office.support.retention(true).await.unwrap(), Cleared::default());
    }

    async fn without_a_word_everything_is_kept(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        assert_eq!(days_later(&office, 3_650).await, Cleared::default());
    }

    async fn more_than_a_page_is_cleared_by_two_nodes_at_once(db: Database) {
        let office = opened(&db).await;
        let other = office.another(&db).await;
        other.configure(ALL);
        office.sells("ada").await;
        // As many as would come in years, told by one.
        let columns = "account, kind, content_digest, type, status, received_at, occurred_at, \
                       attempts, next_at, fence, headers";
        let dedupe = if db.is_sqlite() { "randomblob(16)" } else { "decode(md5(n::text), 'hex')" };
        let many = if db.is_sqlite() {
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500) \
             SELECT n FROM c".to_owned()
        } else {
            "SELECT generate_series(1, 500) AS n".to_owned()
        };
        db.tamper(&format!(
            "INSERT INTO events ({columns}, dedupe) SELECT {columns}, {dedupe}
             FROM (SELECT * FROM events ORDER BY id LIMIT 1) AS one, ({many}) AS many"
        )).await;
        db.tamper(
            "INSERT INTO payloads (event_id, body)
             SELECT e.id, p.body FROM events AS e,
                 (SELECT body FROM payloads ORDER BY event_id LIMIT 1) AS p
             WHERE e.id NOT IN (SELECT event_id FROM payloads)",
        ).await;
        office.clock.advance(TimeDelta::days(91));
        let all = office.support.retention(true).await.unwrap().event_bodies;
        assert!(all > 500);
        other.clock.advance(TimeDelta::days(91));
        let (one, two) =
            tokio::join!(office.support.retention(false), other.support.retention(false));
        let sum = one.unwrap().event_bodies + two.unwrap().event_bodies;
        assert_eq!(sum, all, "each once");
        assert_eq!(office.support.retention(true).await.unwrap().event_bodies, 0);
    }
}
