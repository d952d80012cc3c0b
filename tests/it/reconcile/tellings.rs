//! The same event twice, once sent and once pulled: in other words the same, or not the same.

use keywright_providers::sample::Sample;
use serde_json::{Value, json};

use super::{body, list, look, make_up, page, shop, standing};
use crate::support::databases::Database;
use crate::support::office::Office;

/// As Stripe writes it for another version of its API: more in it, and nothing that is read differs.
fn rendered(sample: &Sample) -> Sample {
    changed(sample, |object| {
        object.insert("kw_new_in_this_version".to_owned(), json!({ "as": "never seen" }));
    })
}

/// Another amount under the same id.
fn dearer(sample: &Sample) -> Sample {
    changed(sample, |object| {
        for name in ["amount_paid", "amount_total"] {
            if object.contains_key(name) {
                object.insert(name.to_owned(), json!(1));
            }
        }
    })
}

fn changed(sample: &Sample, change: impl Fn(&mut serde_json::Map<String, Value>)) -> Sample {
    let mut event = body(sample);
    change(event["data"]["object"].as_object_mut().unwrap());
    Sample { body: event.to_string().into_bytes(), ..sample.clone() }
}

/// Each event's reason, sorted, with how often it is that.
async fn reasons(office: &Office) -> Vec<(String, usize)> {
    let mut reasons = std::collections::BTreeMap::new();
    for event in list(office, "/events?limit=200").await {
        let reason = event["reason"].as_str().unwrap_or("-").to_owned();
        *reasons.entry(reason).or_insert(0) += 1;
    }
    reasons.into_iter().collect()
}

async fn hand_in(office: &Office, samples: &[Sample], change: fn(&Sample) -> Sample) {
    for sample in samples {
        office.hand_in("pay", change(sample)).await;
    }
    office.settle().await;
}

on_both! {
    async fn a_list_in_other_words_is_no_news_and_no_alarm(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        hand_in(&office, &samples, rendered).await;
        assert_eq!(look(&office).await.unwrap().missing, []);
        assert!(make_up(&office).await.unwrap().kept.is_empty());
        assert_eq!(standing(&office).await, (1, 1, 0));
    }

    async fn a_late_webhook_in_other_words_is_no_news_and_no_alarm(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        let pulled = make_up(&office).await.unwrap().kept.len();
        for _ in 0..2 {
            hand_in(&office, &samples, rendered).await;
            assert_eq!(standing(&office).await, (1, 1, 0));
            let told = reasons(&office).await;
            assert!(told.contains(&("told_before".to_owned(), pulled)), "{told:?}");
        }
    }

    async fn white_space_alone_makes_no_other_telling(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        make_up(&office).await.unwrap();
        let before = list(&office, "/events?limit=200").await.len();
        let pulled: Vec<&Sample> = samples.iter().filter(|sample| sample.title == "invoice.paid").collect();
        assert!(!pulled.is_empty());
        for sample in pulled {
            let body = serde_json::to_vec_pretty(&body(sample)).unwrap();
            office.hand_in("pay", Sample { body, ..sample.clone() }).await;
        }
        office.settle().await;
        assert_eq!(list(&office, "/events?limit=200").await.len(), before);
    }

    async fn a_list_that_says_something_else_is_an_alarm(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        hand_in(&office, &samples, Sample::clone).await;
        let license = list(&office, "/licenses").await;

        let others: Vec<Sample> = samples.iter().map(dearer).collect();
        api.knows("/v1/events", page(&others, false));
        let found = look(&office).await.unwrap();
        let differ = found.missing.len();
        assert!(differ > 0 && found.missing.iter().all(|missed| missed.differs), "{found:?}");
        make_up(&office).await.unwrap();
        assert_eq!(standing(&office).await, (1, 1, differ), "stored, failed, and for a person");
        let failed = list(&office, "/events?status=failed").await;
        assert!(failed.iter().all(|event| event["reason"] == "conflicting_body"), "{failed:?}");
        assert_eq!(list(&office, "/licenses").await, license, "the first telling counts");

        // It is told once.
        assert_eq!(make_up(&office).await.unwrap().missing, []);
        assert_eq!(standing(&office).await.2, differ);

        // Whoever has looked at both can have the other one.
        let replay = format!("/events/{}/replay", failed[0]["id"].as_str().unwrap());
        assert_eq!(office.post(&replay, json!({})).await.ok()["status"], "applied");
    }

    async fn a_late_webhook_that_says_something_else_is_an_alarm(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        make_up(&office).await.unwrap();
        let license = list(&office, "/licenses").await;
        hand_in(&office, &samples, dearer).await;
        let (licenses, mails, failed) = standing(&office).await;
        assert!((licenses, mails) == (1, 1) && failed > 0, "{failed}");
        assert_eq!(list(&office, "/licenses").await, license);
    }

    async fn no_webhook_can_pass_for_a_pulled_event(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        let paid = samples.iter().find(|sample| sample.title == "invoice.paid").unwrap();
        let marked = |sample: Sample| sample.with_header("keywright-pulled", "GET /v1/events");
        office.hand_in("pay", marked(paid.clone())).await;
        office.hand_in("pay", marked(rendered(paid))).await;
        office.settle().await;
        let reasons = reasons(&office).await;
        assert!(reasons.contains(&("conflicting_body".to_owned(), 1)), "{reasons:?}");
    }
}
