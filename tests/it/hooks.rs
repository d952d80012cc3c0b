//! The vendor's own systems are told what becomes of licenses.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use keywright_providers::sample::Step;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::databases::Database;
use crate::support::listener::{Heard, Listener, Reply};
use crate::support::office::{Office, by_nobody};

const KEY: &str = "a2V5d3JpZ2h0LXRlc3QtaG9vay1zZWNyZXQtMTIz";

fn hook(name: &str, listener: &Listener, more: &str) -> String {
    let url = listener.url();
    format!("[hooks.{name}]\nurl = \"{url}\"\nsecret = \"whsec_{KEY}\"\n{more}\n")
}

/// An office with one hook that answers so, and then accepts everything.
async fn opened(db: &Database, replies: impl IntoIterator<Item = Reply>) -> (Office, Listener) {
    let (office, listener) = (Office::open(db).await, Listener::start(replies).await);
    office.configure(&hook("crm", &listener, ""));
    (office, listener)
}

/// Tells all that is due; what was heard, as types.
async fn heard(office: &Office, listener: &Listener) -> Vec<String> {
    office.hooks.run_once().await.unwrap();
    let mut types: Vec<String> =
        listener.heard().iter().map(|one| one.json()["type"].as_str().unwrap().into()).collect();
    types.sort();
    types
}

/// As a receiver verifies it, by the standard's own words.
fn genuine(one: &Heard) -> bool {
    let key = BASE64.decode(KEY.as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(
        format!("{}.{}.", one.header("webhook-id"), one.header("webhook-timestamp")).as_bytes(),
    );
    mac.update(&one.body);
    let signature = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
    one.header("webhook-signature") == signature
}

async fn messages(office: &Office, query: &str) -> Vec<Value> {
    office.get(&format!("/hooks{query}")).await.ok()["items"].as_array().unwrap().clone()
}

on_both! {
    async fn a_sale_is_told_once_signed_with_the_license_as_the_api_shows_it(db: Database) {
        let (office, listener) = opened(&db, []).await;
        let license = office.sells("ada").await;
        assert_eq!(heard(&office, &listener).await, ["license.issued"]);
        assert_eq!(office.hooks.run_once().await.unwrap(), 0, "and nothing is left");
        let one = listener.heard().remove(0);
        assert!(genuine(&one));
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(one.header("webhook-timestamp"), office.support.clock.now().timestamp().to_string());
        assert_eq!(one.json()["timestamp"], "2026-12-01T09:00:00Z");
        assert_eq!(one.json()["data"], license);
        let row = messages(&office, "?status=sent").await.remove(0);
        assert_eq!((&row["hook"], &row["attempts"]), (&json!("crm"), &json!(1)));
        assert_eq!(row["message_id"], one.header("webhook-id"));
    }

    async fn nothing_is_told_while_everything_is_on_hold(db: Database) {
        let (office, listener) = opened(&db, []).await;
        office.support.mail_hold(by_nobody()).await.unwrap();
        office.sells("ada").await;
        assert_eq!(heard(&office, &listener).await, [""; 0]);
        let waiting = messages(&office, "?status=queued").await;
        assert_eq!((waiting.len(), &waiting[0]["attempts"]), (1, &json!(0)));
        let released = office.support.mail_release(by_nobody()).await.unwrap();
        assert!(released.changed && released.hooks_queued);
        assert_eq!(heard(&office, &listener).await, ["license.issued"]);
    }

    async fn a_whole_life_is_told(db: Database) {
        let (office, listener) = opened(&db, []).await;
        let license = office.sells("ada").await;
        let path = |act: &str| format!("/licenses/{}/{act}", license["id"].as_str().unwrap());
        for act in ["renew", "suspend", "reinstate", "revoke"] {
            office.post(&path(act), json!({})).await.ok();
        }
        assert_eq!(heard(&office, &listener).await, [
            "license.issued", "license.reinstated", "license.renewed", "license.revoked",
            "license.suspended",
        ]);
        let ids: BTreeMap<_, _> =
            listener.heard().into_iter().map(|one| (one.header("webhook-id"), one)).collect();
        assert_eq!(ids.len(), 5, "each has a name of its own");
        assert!(ids.values().all(genuine));
    }

    async fn what_a_machine_does_is_told_by_the_history_alone(db: Database) {
        let (office, listener) = opened(&db, []).await;
        let license = office.sells("ada").await;
        let subject = format!("license:{}", license["id"].as_str().unwrap());
        for action in ["activated", "deactivated", "flagged"] {
            let entry = keywright::store::rows::NewHistory {
                subject: subject.clone(),
                at: office.support.clock.now(),
                action: action.to_owned(),
                cause_event: None,
                actor: None,
                detail: json!({}),
            };
            office.support.store.run("entry", move |tx| tx.history_append(&entry)).await.unwrap();
        }
        assert_eq!(heard(&office, &listener).await,
            ["license.activated", "license.deactivated", "license.issued"]);
    }

    async fn an_end_that_comes_is_told_once_and_one_that_is_past_already_too(db: Database) {
        let (office, listener) = opened(&db, []).await;
        office.due.pass().await.unwrap();
        office.sells("ada").await;
        office.clock.advance(TimeDelta::days(367));
        assert_eq!(office.due.pass().await.unwrap(), 1);
        assert_eq!(office.due.pass().await.unwrap(), 0);
        assert_eq!(heard(&office, &listener).await, ["license.expired", "license.issued"]);
        let ended = listener.heard().into_iter().find(|one| one.json()["type"] == "license.expired");
        assert_eq!(ended.unwrap().json()["data"]["status"], "expired");

        let license = office.sells("bob").await;
        let path = format!("/licenses/{}", license["id"].as_str().unwrap());
        let past = json!({ "expires_at": "2027-06-01T00:00:00Z" });
        office.call(crate::support::office::Call::to(actix_web::http::Method::PATCH, &path)
            .by(office.token("admin")).with(&past)).await.ok();
        office.due.pass().await.unwrap();
        let all = heard(&office, &listener).await;
        assert_eq!(all.iter().filter(|name| *name == "license.expired").count(), 2);
    }

    async fn refused_for_now_it_is_told_again_later_in_the_same_words(db: Database) {
        let (office, listener) = opened(&db, [Reply::Status(500), Reply::Status(302)]).await;
        let license = office.sells("ada").await;
        heard(&office, &listener).await;
        let row = messages(&office, "?status=queued").await.remove(0);
        assert_eq!(row["error"], "it answered 500");
        assert_eq!(office.hooks.run_once().await.unwrap(), 0, "not before its time");
        // What becomes of it meanwhile is a message of its own.
        let revoke = format!("/licenses/{}/revoke", license["id"].as_str().unwrap());
        office.post(&revoke, json!({})).await.ok();
        office.clock.advance(TimeDelta::minutes(1));
        heard(&office, &listener).await;
        office.clock.advance(TimeDelta::minutes(2));
        heard(&office, &listener).await;
        let first: Vec<Heard> = listener.heard().into_iter()
            .filter(|one| one.json()["type"] == "license.issued").collect();
        assert!(first.len() >= 2 && first.iter().all(genuine));
        assert!(first.iter().all(|one| one.body == first[0].body), "the same bytes");
        assert!(first.iter().all(|one| one.header("webhook-id") == first[0].header("webhook-id")));
        assert_eq!(listener.followed(), 0, "no redirect is followed");
        assert!(messages(&office, "?status=queued").await.is_empty());
    }

    async fn given_up_after_three_days_support_sees_it_and_tries_again(db: Database) {
        let (office, listener) = opened(&db, []).await;
        listener.always(Some(Reply::Status(503)));
        office.sells("ada").await;
        let begun = office.support.clock.now();
        office.hooks.run_once().await.unwrap();
        while let Some(row) = messages(&office, "?status=queued").await.pop() {
            let next: chrono::DateTime<chrono::Utc> = row["next_at"].as_str().unwrap().parse().unwrap();
            office.clock.advance(next - office.support.clock.now());
            office.hooks.run_once().await.unwrap();
        }
        assert_eq!(office.support.clock.now() - begun, TimeDelta::hours(72));
        let row = messages(&office, "?status=failed").await.remove(0);
        assert_eq!(row["error"], "given up after 3 days: it answered 503");
        listener.always(None);
        let retry = format!("/hooks/{}/retry", row["id"].as_str().unwrap());
        assert_eq!(office.post(&retry, json!({})).await.ok()["status"], "queued");
        office.hooks.run_once().await.unwrap();
        assert_eq!(messages(&office, "").await[0]["status"], "sent");
        // Lost where it was taken: told again, by the name under which it is known there.
        let before = listener.heard().len();
        assert_eq!(office.post(&retry, json!({})).await.ok()["status"], "queued");
        office.hooks.run_once().await.unwrap();
        let again = messages(&office, "").await.remove(0);
        assert_eq!((&again["status"], &again["message_id"]), (&json!("sent"), &row["message_id"]));
        assert_eq!(listener.heard().len(), before + 1);
        assert_eq!(office.post("/hooks/999/retry", json!({})).await.word(), "404 unknown_message");
    }

    async fn a_receiver_that_is_gone_is_told_no_more_and_one_that_is_slow_is_cut_off(db: Database) {
        let (office, _listener) = opened(&db, [Reply::Status(410)]).await;
        office.sells("ada").await;
        office.hooks.run_once().await.unwrap();
        let row = messages(&office, "?status=failed").await.remove(0);
        assert_eq!(row["error"], "it answered 410: it wants to be told no more");

        let slow = Listener::start([Reply::Never]).await;
        office.configure(&hook("slow", &slow, ""));
        office.sells("bob").await;
        office.hooks.run_once().await.unwrap();
        let row = messages(&office, "?hook=slow").await.remove(0);
        assert_eq!((&row["status"], &row["error"]),
            (&json!("queued"), &json!("127.0.0.1 cannot be reached (operation timed out)")));
    }

    async fn each_hook_is_told_what_it_wants_and_one_that_fails_holds_up_no_other(db: Database) {
        let office = Office::open(&db).await;
        let (deaf, ends, all) =
            (Listener::start([]).await, Listener::start([]).await, Listener::start([]).await);
        deaf.always(Some(Reply::Status(500)));
        office.configure(&[
            hook("deaf", &deaf, ""),
            hook("ends", &ends, "events = [\"license.revoked\", \"license.expired\"]"),
            hook("all", &all, ""),
        ].concat());
        office.tell(Step::Purchase, "ada", "price_pro").await;
        office.tell(Step::Refund, "ada", "price_pro").await;
        assert_eq!(heard(&office, &all).await, ["license.issued", "license.revoked"]);
        assert_eq!(heard(&office, &ends).await, ["license.revoked"]);
        assert_eq!(messages(&office, "?hook=deaf&status=queued").await.len(), 2);
    }

    async fn a_hook_that_gives_no_answer_rests_and_the_others_are_told(db: Database) {
        let office = Office::open(&db).await;
        let (dead, good) = (Listener::start([]).await, Listener::start([]).await);
        dead.always(Some(Reply::Never));
        office.configure(&[hook("dead", &dead, ""), hook("good", &good, "")].concat());
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
            office.sells(name).await;
        }
        office.hooks.run_once().await.unwrap();
        assert_eq!(good.heard().len(), 12);
        assert!(dead.heard().len() <= 8, "{}: one round", dead.heard().len());
        let waiting = messages(&office, "?hook=dead&status=queued").await;
        assert_eq!(waiting.len(), 12);
        assert!(waiting.iter().any(|row| row["attempts"] == 0), "what was not tried counts nothing");
        dead.always(None);
        office.clock.advance(TimeDelta::minutes(6));
        office.hooks.run_once().await.unwrap();
        assert!(messages(&office, "?hook=dead&status=queued").await.is_empty());
    }

    async fn a_hook_that_was_taken_out_is_told_nothing_and_a_new_one_nothing_old(db: Database) {
        let (office, listener) = opened(&db, [Reply::Status(500)]).await;
        office.sells("ada").await;
        office.hooks.run_once().await.unwrap();
        let new = Listener::start([]).await;
        office.configure(&hook("new", &new, ""));
        office.clock.advance(TimeDelta::minutes(1));
        office.hooks.run_once().await.unwrap();
        assert!(new.heard().is_empty());
        assert_eq!(listener.heard().len(), 1);
        let row = messages(&office, "?status=failed").await.remove(0);
        assert_eq!(row["error"], "there is no [hooks.crm] any more");
    }

    async fn two_nodes_tell_each_thing_once(db: Database) {
        let (office, listener) = opened(&db, []).await;
        let other = office.another(&db).await;
        other.configure(&hook("crm", &listener, ""));
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
            office.sells(name).await;
        }
        let (one, two) = tokio::join!(office.hooks.run_once(), other.hooks.run_once());
        let (one, two) = (one.unwrap(), two.unwrap());
        // Who came while the other was at it may have left the rest to him.
        let rest = office.hooks.run_once().await.unwrap();
        assert_eq!(one + two + rest, 12);
        let mut ids: Vec<_> =
            listener.heard().iter().map(|one| one.header("webhook-id")).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), listener.heard().len()), (12, 12));
    }

    async fn what_a_dead_process_had_claimed_is_told_when_its_time_is_over(db: Database) {
        let (office, listener) = opened(&db, []).await;
        office.sells("ada").await;
        let now = office.support.clock.now();
        let store = &office.support.store;
        let lost = store.run("claim", move |tx| {
            for owed in tx.hook_unaddressed(9)? {
                tx.hook_address(&owed, &["crm".to_owned()], now)?;
            }
            tx.hook_claim(9, TimeDelta::seconds(-1), now)
        }).await.unwrap().remove(0);
        assert_eq!(heard(&office, &listener).await, ["license.issued"]);
        let late = store.run("late", move |tx| tx.hook_sent(lost.id, lost.fence, now)).await;
        assert_eq!(late.unwrap_err().name(), "conflict", "the dead one has no say any more");
    }

    async fn what_is_taken_back_is_not_told(db: Database) {
        let (office, listener) = opened(&db, []).await;
        let license = office.sells("ada").await;
        heard(&office, &listener).await;
        let id = license["id"].as_str().unwrap().to_owned();
        let entry = keywright::store::rows::NewHistory {
            subject: format!("license:{id}"),
            at: office.support.clock.now(),
            action: "revoked".to_owned(),
            cause_event: None,
            actor: None,
            detail: json!({}),
        };
        let rehearsed = move |tx: &mut keywright::store::Tx<'_>| tx.history_append(&entry);
        office.support.store.rehearse("entry", rehearsed).await.unwrap();
        assert_eq!(heard(&office, &listener).await, ["license.issued"]);
    }
}
