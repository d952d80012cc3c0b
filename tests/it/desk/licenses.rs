//! What support does about licenses.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::{Answer, Call, Office};

fn path(license: &Value, act: &str) -> String {
    format!("/licenses/{}{act}", license["id"].as_str().unwrap())
}

/// What an answer says of the license: status and expiry.
fn stands(answer: Answer) -> String {
    let license = answer.ok();
    let expires = license["expires_at"].as_str().unwrap_or("never");
    format!("{} {expires}", license["status"].as_str().unwrap())
}

on_both! {
    async fn renewing_adds_or_sets_and_payments_go_on_from_there(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        assert_eq!(license["expires_at"], "2027-12-01T09:00:00Z");
        let renew = path(&license, "/renew");
        assert_eq!(stands(office.post(&renew, json!({})).await), "active 2028-12-01T09:00:00Z");
        assert_eq!(
            stands(office.post(&renew, json!({ "interval": "P3M" })).await),
            "active 2029-03-01T09:00:00Z"
        );
        assert_eq!(
            stands(office.post(&renew, json!({ "expires_at": "2027-06-30" })).await),
            "active 2027-06-30T23:59:59Z"
        );
        // A clock that stands still does not make two acts one.
        assert_eq!(stands(office.post(&renew, json!({})).await), "active 2028-06-30T23:59:59Z");
        let dated = Call::to(Method::PATCH, &path(&license, "")).by(office.token("admin"));
        let dated = dated.with(&json!({ "expires_at": "2026-12-24T12:00:00Z" }));
        assert_eq!(stands(office.call(dated).await), "active 2026-12-24T12:00:00Z");
        let life = office.get(&path(&license, "")).await.ok();
        let steps: Vec<String> = life["explanation"].as_array().unwrap().iter()
            .map(|step| format!("{} → {}", step["text"].as_str().unwrap(), step["expires_at"]))
            .collect();
        insta::assert_snapshot!("explanation", steps.join("\n"));
        let entries: Vec<String> = life["history"].as_array().unwrap().iter()
            .map(|entry| format!("{} by {} [{}]", entry["text"].as_str().unwrap(),
                entry["actor"], entry["cause"]["type"].as_str().unwrap()))
            .collect();
        insta::assert_snapshot!("history", entries.join("\n"));
    }

    async fn a_license_that_cannot_be_read_is_never_shown_as_another(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        db.tamper("UPDATE licenses SET flags = '{\"no\": \"list\"}'").await;
        let shown = office.get(&path(&license, "")).await;
        assert_eq!((shown.status, &shown.json["code"]), (500, &json!("internal")));
        let key = json!({ "key": license["key"] });
        assert_eq!(office.ask("/licenses/validate", key).await.status, 500);
    }

    async fn an_act_counts_like_every_other_event(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.post(&path(&license, "/revoke"), json!({ "reason": "charged  back" })).await.ok();
        let events = office.get("/events?account=shop&type=support.revoke").await.ok();
        let event = &events["items"][0];
        assert_eq!((&event["status"], &event["kind"]), (&json!("applied"), &json!("support")));
        assert_eq!(event["sale_id"], license["sale_id"]);
        // Told again, it changes nothing.
        let again = format!("/events/{}/replay", event["id"].as_str().unwrap());
        let again = office.post(&again, json!({})).await.ok();
        assert_eq!((&again["status"], &again["changes"]), (&json!("applied"), &json!([])));
        let entry = office.get(&path(&license, "")).await.ok()["history"][1].clone();
        assert_eq!(entry["text"], "revoked (charged back)");
        assert_eq!(entry["actor"], "admin");
    }

    async fn a_suspension_is_taken_back_and_a_revocation_outlasts_renewals(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let act = async |name: &str| office.post(&path(&license, name), json!({})).await;
        assert_eq!(stands(act("/suspend").await), "suspended 2027-12-01T09:00:00Z");
        assert_eq!(stands(act("/reinstate").await), "active 2027-12-01T09:00:00Z");
        assert_eq!(act("/reinstate").await.word(), "409 not_suspended");
        assert_eq!(stands(act("/revoke").await), "revoked 2027-12-01T09:00:00Z");
        for refused in ["/renew", "/suspend", "/resend"] {
            assert_eq!(act(refused).await.word(), "409 license_revoked", "{refused}");
        }
        assert_eq!(stands(act("/reinstate").await), "active 2027-12-01T09:00:00Z");
    }

    async fn a_license_given_by_hand_is_like_a_bought_one(db: Database) {
        let office = Office::open(&db).await;
        let gift = json!({ "product": "acme-pro", "email": "Ann@Example.com", "name": "Ann",
            "company": "Example Ltd", "quantity": 2, "reason": "prize" });
        let given = office.post("/licenses", gift).await;
        assert_eq!(given.status, 201);
        let location = given.headers["location"].clone();
        let given = given.ok();
        assert_eq!(location, format!("/api/v1/licenses/{}", given["id"].as_str().unwrap()));
        assert_eq!(given["licenses"].as_array().unwrap().len(), 2);
        insta::assert_json_snapshot!("given", given["licenses"][0], { ".sale_id" => "[sale]" });
        let mail = office.get("/mail").await.ok();
        assert_eq!(mail["items"].as_array().unwrap().len(), 2);
        assert_eq!(mail["items"][0]["to"], "Ann@Example.com");
        let found = office.get("/licenses?email=ann@example.com").await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 2);
        assert_eq!(
            stands(office.post(&path(&given, "/renew"), json!({})).await),
            "active 2028-12-01T09:00:00Z"
        );
    }

    async fn a_bundle_given_by_hand_gives_each_of_its_products(db: Database) {
        let office = Office::open(&db).await;
        let gift = json!({ "product": "acme-suite", "email": "ann@example.com" });
        let given = office.post("/licenses", gift).await.ok();
        let products: Vec<&str> = given["licenses"].as_array().unwrap().iter()
            .map(|license| license["product"].as_str().unwrap()).collect();
        assert_eq!(products, ["acme-pro", "acme-ever"]);
    }

    async fn what_would_do_nothing_is_refused_with_what_would_help(db: Database) {
        let office = Office::open(&db).await;
        let mut told = Vec::new();
        for (product, body) in [
            ("acme-ever", json!({})),
            ("acme-ever", json!({ "interval": "P1Y" })),
            ("acme-2027", json!({})),
            ("acme-pro", json!({ "interval": "P0D" })),
            ("acme-pro", json!({ "interval": "P1Y", "expires_at": "2030-01-01" })),
        ] {
            let gift = json!({ "product": product, "email": "ann@example.com" });
            let license = office.post("/licenses", gift).await.ok();
            let answer = office.post(&path(&license, "/renew"), body.clone()).await;
            told.push(format!("{product} {body}: {} {}", answer.word(), answer.json["detail"]));
            let events = office.get("/events?type=support.renew").await.ok();
            assert_eq!(events["items"], json!([]), "nothing is stored of a refusal");
        }
        insta::assert_snapshot!("refused", told.join("\n"));
        let ended = json!({ "product": "acme-2027", "email": "ann@example.com" });
        let license = office.post("/licenses", ended).await.ok();
        let renewed = office.post(&path(&license, "/renew"), json!({ "interval": "P1M" })).await;
        assert_eq!(stands(renewed), "active 2028-01-31T23:59:59Z");
    }

    async fn support_may_renew_to_a_later_date_but_not_shorten(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let renew = |body: Value| {
            let call = Call::to(Method::POST, &path(&license, "/renew"));
            office.call(call.by(office.token("support")).with(&body))
        };
        let later = renew(json!({ "expires_at": "2028-01-31" })).await;
        assert_eq!(stands(later), "active 2028-01-31T23:59:59Z");
        let earlier = renew(json!({ "expires_at": "2027-01-31" })).await;
        assert_eq!((earlier.word().as_str(), &earlier.json["field"]),
            ("422 invalid_field", &json!("expires_at")));
    }

    async fn two_people_do_not_overwrite_each_other(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let seen = office.get(&path(&license, "")).await;
        let tag = seen.headers["etag"].clone();
        let suspend = |tag: &str| {
            let call = Call::to(Method::POST, &path(&license, "/suspend")).header("if-match", tag);
            office.call(call.by(office.token("admin")))
        };
        office.post(&path(&license, "/renew"), json!({})).await.ok();
        assert_eq!(suspend(&tag).await.word(), "409 changed_meanwhile");
        let version = seen.json["version"].as_i64().unwrap();
        let old = office.post(&path(&license, "/suspend"), json!({ "version": version })).await;
        assert_eq!(old.word(), "409 changed_meanwhile");
        let now = office.get(&path(&license, "")).await.headers["etag"].clone();
        assert_eq!(suspend(&now).await.status, 200);
        assert_eq!(suspend("seven").await.word(), "400 malformed");
    }

    async fn acts_of_two_nodes_all_count(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let nodes = [office.another(&db).await, office.another(&db).await];
        let name = license["id"].as_str().unwrap();
        let acts = (0..8).map(|n| {
            let support = nodes[n % 2].support.clone();
            let name = name.to_owned();
            let asked = keywright::support::Asked { by: "ann".into(), ..Default::default() };
            tokio::spawn(async move {
                support.act(&name, keywright::support::acts::Wish::Renew(None), asked).await
            })
        });
        for act in acts.collect::<Vec<_>>() {
            act.await.unwrap().unwrap();
        }
        let license = office.get(&path(&license, "")).await;
        assert_eq!(stands(license), "active 2035-12-01T09:00:00Z");
    }

    async fn a_license_is_found_by_what_people_know_of_it(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.sells("bob").await;
        let key = license["key"].as_str().unwrap();
        let typed = key.to_lowercase().replace('-', " ").replace('0', "o").replace(' ', "%20");
        let subscription = license["subscription"].as_str().unwrap();
        for query in [
            format!("key={key}"),
            format!("key={typed}"),
            "email=ADA@customer.example".to_owned(),
            format!("subscription={subscription}"),
            format!("q={key}"),
        ] {
            let found = office.get(&format!("/licenses?{query}")).await.ok();
            assert_eq!(found["items"], json!([license]), "{query}");
        }
        for (query, count) in [("status=active", 2), ("status=expired", 0), ("product=acme-pro", 2)] {
            let found = office.get(&format!("/licenses?{query}")).await.ok();
            assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
        }
        office.clock.advance(TimeDelta::days(500));
        let found = office.get("/licenses?status=expired").await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 2);
        assert_eq!(found["items"][0]["status"], "expired");
    }

    async fn a_license_that_was_merged_away_leads_to_the_one_that_stands_for_it(db: Database) {
        let office = Office::open(&db).await;
        let (stays, goes) = (office.sells("ada").await, office.sells("bob").await);
        let ids = [&goes, &stays].map(|license| license["id"].as_str().unwrap().to_owned());
        let merge = |tx: &mut keywright::store::Tx<'_>, ids: &[String; 2]| {
            let row = tx.license_by_id(&ids[0])?.unwrap();
            let merged = keywright::store::rows::LicenseRow {
                merged_into: Some(ids[1].clone()),
                ..row
            };
            tx.license_update(&merged, merged.version)
        };
        office.support.store.run("merge", move |tx| merge(tx, &ids)).await.unwrap();
        let shown = office.get(&path(&goes, "")).await.ok();
        assert_eq!((&shown["id"], &shown["key"]), (&stays["id"], &stays["key"]));
        let renewed = office.post(&path(&goes, "/renew"), json!({})).await.ok();
        assert_eq!((&renewed["id"], &renewed["expires_at"]),
            (&stays["id"], &json!("2028-12-01T09:00:00Z")));
        let key = goes["key"].as_str().unwrap();
        let found = office.get(&format!("/licenses?key={key}")).await.ok();
        assert_eq!(found["items"][0]["id"], stays["id"]);
        assert_eq!(office.get("/licenses").await.ok()["items"].as_array().unwrap().len(), 1);
    }

    async fn a_machine_gives_its_seat_back(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let (id, now) = (license["id"].as_str().unwrap().to_owned(), office.support.clock.now());
        let activation = keywright::store::rows::ActivationRow {
            id: "a-1".to_owned(),
            license_id: id.clone(),
            fingerprint: "f-1".to_owned(),
            name: Some("Ann's laptop".to_owned()),
            platform: None,
            version: None,
            first_at: now,
            last_at: now,
            released_at: None,
            sequence: 1,
        };
        office.support.store.run("activate", move |tx| tx.activation_insert(&activation)).await
            .unwrap();
        assert_eq!(office.get(&path(&license, "")).await.ok()["activations"], 1);
        let release = |aid: &str| {
            let call = Call::to(Method::DELETE, &path(&license, &format!("/activations/{aid}")));
            office.call(call.by(office.token("admin")))
        };
        assert_eq!(release("a-2").await.word(), "404 unknown_activation");
        // Doing it twice changes nothing more.
        assert_eq!((release("a-1").await.status, release("a-1").await.status), (204, 204));
        let life = office.get(&path(&license, "")).await.ok();
        assert_eq!(life["activations"], 0);
        let released = life["history"].as_array().unwrap().iter()
            .filter(|entry| entry["action"] == "activation_released").count();
        assert_eq!(released, 1);
        let machines = office.get(&path(&license, "/activations")).await.ok();
        assert_eq!(machines["items"][0]["released_at"], "2026-12-01T09:00:00Z");
    }

    async fn a_payment_after_an_act_extends_from_there(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.clock.advance(TimeDelta::days(1));
        office.post(&path(&license, "/suspend"), json!({})).await.ok();
        office.clock.advance(TimeDelta::days(1));
        office.tell(Step::Cancel, "ada", "price_pro").await;
        let license = office.get(&path(&license, "")).await.ok();
        assert_eq!((&license["status"], &license["flags"]), (&json!("suspended"), &json!(["canceled"])));
    }
}
