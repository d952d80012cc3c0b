//! The same event twice, once sent and once pulled: in other words the same, or not the same.

use keywright::fetch::Fetch;
use keywright_providers::sample::Sample;
use serde_json::{Value, json};

use super::{KEY, body, list, look, make_up, page, shop, standing};
use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};

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

/// The account of these stories, with the key or without.
fn paper(api: &Api, with_key: bool) -> String {
    let key = if with_key { format!("api_key = \"{KEY}\"\n") } else { String::new() };
    format!(
        "[providers.pay]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_2\"\n{key}\
         api_url = \"{}\"\n[providers.pay.products]\nprice_pro = \"acme-pro\"\n",
        api.base
    )
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

    async fn when_to_whom_and_of_what_type_count_as_well_as_how_much(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        hand_in(&office, &samples, Sample::clone).await;
        let paid = samples.iter().find(|sample| sample.title == "invoice.paid").unwrap();
        let with = |change: fn(&mut Value)| {
            let mut event = body(paid);
            change(&mut event);
            Sample { body: event.to_string().into_bytes(), ..paid.clone() }
        };
        for (other, told) in [
            (with(|event| event["created"] = json!(event["created"].as_i64().unwrap() - 60)), "when"),
            (with(|event| event["data"]["object"]["customer_email"] = json!("eve@customer.example")), "to whom"),
            (with(|event| event["data"]["object"]["customer"] = json!("cus_eve")), "to whom"),
            (with(|event| event["type"] = json!("invoice.payment_failed")), "of what type"),
            (with(|event| event["data"]["object"]["id"] = json!("in_other")), "of which"),
        ] {
            api.knows("/v1/events", page(&[other], false));
            let missing = look(&office).await.unwrap().missing;
            assert!(missing.len() == 1 && missing[0].differs, "{told}: {missing:?}");
        }
        let same = with(|event| event["pending_webhooks"] = json!(7));
        api.knows("/v1/events", page(&[same], false));
        assert_eq!(look(&office).await.unwrap().missing, []);
    }

    async fn what_cannot_be_used_for_one_reason_is_not_what_cannot_be_used_for_another(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        let paid = samples.iter().find(|sample| sample.title == "invoice.paid").unwrap();
        let unreadable = changed(paid, serde_json::Map::clear);
        api.knows("/v1/events", page(std::slice::from_ref(&unreadable), false));
        make_up(&office).await.unwrap();
        assert_eq!(reasons(&office).await, [("unreadable".to_owned(), 1)]);
        api.knows("/v1/events", page(&[rendered(&unreadable)], false));
        assert_eq!(look(&office).await.unwrap().missing, []);
        let mut ahead = body(paid);
        ahead["created"] = json!(ahead["created"].as_i64().unwrap() + 7 * 86_400);
        let ahead = Sample { body: ahead.to_string().into_bytes(), ..paid.clone() };
        api.knows("/v1/events", page(&[ahead], false));
        assert!(look(&office).await.unwrap().missing[0].differs);
    }

    async fn what_was_purged_cannot_be_held_against_it(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        hand_in(&office, &samples, Sample::clone).await;
        let others: Vec<Sample> = samples.iter().map(dearer).collect();
        api.knows("/v1/events", page(&others, false));
        assert!(!look(&office).await.unwrap().missing.is_empty());
        db.tamper("DELETE FROM payloads").await;
        assert_eq!(look(&office).await.unwrap().missing, []);
    }

    async fn the_answer_about_the_first_telling_holds_for_the_second(db: Database) {
        let office = Office::open(&db).await;
        let (api, _) = shop(&office, "ida").await;
        let (session, path) = crate::asking::session(&office, None);
        api.knows(&path, crate::asking::lines(&[("price_pro", 2)]));
        api.knows("/v1/events", page(std::slice::from_ref(&session), false));
        make_up(&office).await.unwrap();
        assert_eq!(list(&office, "/licenses").await.len(), 2);
        api.knows("/v1/events", page(&[rendered(&session)], false));
        assert_eq!(look(&office).await.unwrap().missing, []);
        hand_in(&office, &[session], rendered).await;
        assert_eq!(reasons(&office).await, [("-".to_owned(), 1), ("told_before".to_owned(), 1)]);
        assert_eq!(api.asked().iter().filter(|asked| asked.path == path).count(), 1);
    }

    async fn as_long_as_the_first_telling_cannot_be_read_nobody_says_that_the_second_is_the_same(
        db: Database
    ) {
        let office = Office::open(&db).await;
        let (api, _) = shop(&office, "ida").await;
        let (session, path) = crate::asking::session(&office, None);
        let busy = Act::status(503);
        api.knows("/v1/events", page(std::slice::from_ref(&session), false));
        make_up(&office).await.unwrap();
        // Stripe has no such session yet: the first failed. It is replayed while the API is busy.
        let first = list(&office, "/events").await.remove(0);
        api.knows(&path, crate::asking::lines(&[("price_pro", 2)]));
        api.acts(busy);
        let replay = format!("/events/{}/replay", first["id"].as_str().unwrap());
        office.post(&replay, json!({})).await.ok();
        office.settle().await;
        assert_eq!(list(&office, "/events").await[0]["status"], "pending");
        hand_in(&office, &[session], dearer).await;
        let open = list(&office, "/events?status=pending").await;
        assert_eq!(open.len(), 2, "{open:?}");

        office.clock.advance(chrono::TimeDelta::minutes(1));
        office.settle().await;
        office.clock.advance(chrono::TimeDelta::minutes(1));
        office.settle().await;
        assert_eq!(reasons(&office).await, [("-".to_owned(), 1), ("conflicting_body".to_owned(), 1)]);
        assert_eq!(list(&office, "/licenses").await.len(), 2, "the first one counts");
    }

    async fn where_the_first_telling_waits_the_second_waits_with_it(db: Database) {
        let office = Office::open(&db).await;
        let (api, _) = shop(&office, "ida").await;
        let (session, path) = crate::asking::session(&office, None);
        api.knows("/v1/events", page(std::slice::from_ref(&session), false));
        // Kept, and not applied before the key is gone.
        let asked = by_nobody();
        office.support.reconcile("pay", None, Some(asked), Fetch::new().unwrap()).await.unwrap();
        let (with, without) = (paper(&api, true), paper(&api, false));
        office.configure(&without);
        hand_in(&office, &[session], dearer).await;
        assert_eq!(list(&office, "/events?status=waiting").await.len(), 1);
        assert_eq!(list(&office, "/events?status=pending").await.len(), 1);

        api.knows(&path, crate::asking::lines(&[("price_pro", 1)]));
        office.configure(&with);
        assert_eq!(office.support.event_replay_unmapped(by_nobody()).await.unwrap(), 1);
        office.settle().await;
        office.clock.advance(chrono::TimeDelta::minutes(1));
        office.settle().await;
        assert_eq!(reasons(&office).await, [("-".to_owned(), 1), ("conflicting_body".to_owned(), 1)]);
    }
}
