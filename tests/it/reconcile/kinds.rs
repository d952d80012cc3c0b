//! Every kind that has a list: a purchase that was never told is pulled, and its webhooks come late.

use chrono::TimeDelta;
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{ALL, Inlet, list::Stretch};
use serde_json::{Value, json};

use super::{make_up, standing};
use crate::support::api::Api;
use crate::support::databases::Database;
use crate::support::office::Office;

const SECRET: &str = "6b6579777269676874206f66666963653a20706179206163636f756e742e2e2e";

/// An account of that kind, with all that its list needs.
fn configuration(kind: &str, base: &str) -> String {
    let facts = keywright_providers::by_kind(kind).unwrap().facts();
    let mut text = format!("[providers.pay]\nkind = \"{kind}\"\nsecrets = [\"{SECRET}\"]\n");
    let mut settings = facts.made_up(SECRET);
    let now = "2026-12-01T09:00:00Z".parse().unwrap();
    let none = keywright_providers::Settings::new();
    let stretch = Stretch { settings: &none, since: now, until: now, cursor: None };
    for name in (facts.list.unwrap().ask)(&stretch).unwrap().auth.settings() {
        if !settings.iter().any(|(known, _)| *known == name) {
            settings.push((name, SECRET.to_owned()));
        }
    }
    for (name, value) in settings {
        text += &format!("{name} = {}\n", json!(value));
    }
    format!("{text}api_url = \"{base}\"\n[providers.pay.products]\nprice_pro = \"acme-pro\"\n")
}

/// The samples as each provider lists them.
fn answer(kind: &str, samples: &[Sample]) -> Value {
    let bodies = || samples.iter().map(super::body);
    let batched = || -> Vec<Value> {
        bodies().flat_map(|body| body["events"].as_array().unwrap().clone()).collect()
    };
    match kind {
        "stripe" => json!({ "data": bodies().collect::<Vec<_>>(), "has_more": false }),
        "paddle" => json!({
            "data": bodies().collect::<Vec<_>>(),
            "meta": { "pagination": { "has_more": false, "next": "https://api.paddle.com/events" } },
        }),
        "chargebee" => json!({
            "list": bodies().map(|event| json!({ "event": event })).collect::<Vec<_>>(),
        }),
        "fastspring" => json!({ "action": "events.get", "result": "success", "events": batched() }),
        "gocardless" => json!({ "events": batched(), "meta": { "cursors": { "after": null } } }),
        "paypal" => json!({ "events": bodies().collect::<Vec<_>>(), "links": [] }),
        "maxio" => samples
            .iter()
            .map(|sample| {
                let body = std::str::from_utf8(&sample.body).unwrap();
                json!({ "webhook": { "created_at": "2026-12-01T04:00:00-05:00", "body": body } })
            })
            .collect(),
        other => panic!("how does {other} write its list?"),
    }
}

/// Where it is found.
fn paths(kind: &str) -> &'static [&'static str] {
    match kind {
        "stripe" => &["/v1/events"],
        "paddle" => &["/events"],
        "chargebee" => &["/api/v2/events"],
        "fastspring" => &["/events/unprocessed"],
        "gocardless" => &["/events?"],
        "paypal" => &["/v1/notifications/webhooks-events"],
        "maxio" => &["/webhooks.json"],
        other => panic!("where is the list of {other}?"),
    }
}

on_both! {
    async fn a_purchase_that_was_missed_is_pulled_and_late_webhooks_change_nothing(db: Database) {
        let kinds = ALL.iter().map(|provider| provider.facts()).filter(|facts| facts.list.is_some());
        let office = Office::open(&db).await;
        let mut licenses = 0;
        for kind in kinds.map(|facts| facts.kind) {
            let api = Api::open([]).await;
            office.configure(&configuration(kind, &api.base));
            let mut samples = office.samples("pay", Step::Purchase, &format!("ida{kind}").replace('-', ""), "price_pro");
            samples.retain(|sample| sample.inlet == Inlet::Webhook);
            // What happened after the payment is in the past too.
            office.clock.advance(TimeDelta::minutes(1));
            for (path, answer) in samples.iter().flat_map(|sample| sample.answers.clone()) {
                api.knows(&path, answer);
            }
            for body in samples.iter().filter(|_| kind == "chargebee").map(crate::reconcile::body) {
                let path = format!("/api/v2/events/{}", body["id"].as_str().unwrap());
                api.knows(&path, json!({ "event": body }));
            }
            api.knows("/v1/oauth2/token", json!({ "access_token": "t", "expires_in": 3600 }));
            api.knows("/events/processed", json!({ "events": [] }));
            for path in paths(kind) {
                api.knows(path.trim_end_matches('?'), answer(kind, &samples));
            }
            let done = make_up(&office).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert!(!done.kept.is_empty(), "{kind}");
            licenses += 1;
            let (here, mails, failed) = standing(&office).await;
            assert_eq!((here, failed), (licenses, 0), "{kind}");
            for sample in samples {
                office.hand_in("pay", sample).await;
            }
            office.settle().await;
            assert_eq!(standing(&office).await, (here, mails.max(licenses), 0), "{kind}, late");
            assert_eq!(make_up(&office).await.unwrap().missing, [], "{kind}");
        }
    }
}
