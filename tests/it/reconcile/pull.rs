//! A webhook that was lost is found in the provider's list.

use chrono::TimeDelta;
use keywright::fetch::Fetch;
use keywright_providers::sample::Sample;
use serde_json::json;

use super::{KEY, list, look, make_up, page, purchase, shop, standing, stripe};
use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::office::Office;

on_both! {
    async fn a_lost_webhook_is_listed_and_then_made_up_for(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;

        let found = look(&office).await.unwrap();
        assert!(found.missing.iter().any(|missed| missed.event_type == "invoice.paid"));
        assert!(found.missing.iter().all(|missed| !missed.differs) && found.kept.is_empty());
        assert_eq!(api.asked()[0].authorization, format!("Bearer {KEY}"));
        office.settle().await;
        assert_eq!(standing(&office).await, (0, 0, 0), "to look changes nothing");

        let done = make_up(&office).await.unwrap();
        assert_eq!((&done.missing, done.kept.len()), (&found.missing, found.missing.len()));
        assert_eq!(standing(&office).await, (1, 1, 0), "a license and one mail");
        let event = office.get(&format!("/events/{}", done.kept[0])).await.ok();
        assert_eq!(event["headers"], json!({ "Keywright-Pulled": "GET /v1/events" }));
        assert_eq!(event["status"], "applied");
        let events = list(&office, "/events").await.len();
        assert_eq!(events, done.kept.len());

        // The webhooks come late: what was pulled is known, by its id.
        for sample in samples {
            office.hand_in("pay", sample).await;
        }
        office.settle().await;
        assert_eq!(standing(&office).await, (1, 1, 0));
        assert!(look(&office).await.unwrap().missing.is_empty());
        let ours = list(&office, "/events").await;
        let pulled: Vec<_> = done.missing.iter().map(|missed| json!(missed.id)).collect();
        for id in pulled {
            let copies = ours.iter().filter(|event| event["provider_event_id"] == id).count();
            assert_eq!(copies, 1, "{id}");
        }
    }

    async fn what_came_by_webhook_is_not_missing(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = shop(&office, "ida").await;
        for sample in samples {
            office.hand_in("pay", sample).await;
        }
        office.settle().await;
        let found = look(&office).await.unwrap();
        assert!(found.missing.is_empty() && found.listed > 0, "{found:?}");
        assert!(make_up(&office).await.unwrap().kept.is_empty());
        assert_eq!(standing(&office).await, (1, 1, 0));
    }

    async fn pages_are_followed_to_the_last(db: Database) {
        let office = Office::open(&db).await;
        let api = Api::open([]).await;
        stripe(&office, &api.base);
        let (ida, bob) = (purchase(&office, "ida"), purchase(&office, "bob"));
        let pages = [page(&ida, true), page(&bob, true), page(&[], false)];
        let api = Api::open(pages.iter().map(Act::json)).await;
        stripe(&office, &api.base);
        make_up(&office).await.unwrap();
        assert_eq!(standing(&office).await, (2, 2, 0));
        let last = |samples: &[_]| crate::reconcile::body(samples.last().unwrap())["id"].clone();
        let asked = api.asked();
        assert_eq!(asked.len(), 3);
        for (asked, last) in asked[1..].iter().zip([last(&ida), last(&bob)]) {
            let on = format!("&starting_after={}", last.as_str().unwrap());
            assert!(asked.path.ends_with(&on), "{asked:?}");
        }
    }

    async fn a_list_that_never_ends_is_left(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        api.knows("/v1/events", page(&samples, true));
        let told = look(&office).await.unwrap_err().to_string();
        assert!(told.contains("more than can be read in one go"), "{told}");
        assert_eq!(api.asked().len(), 2, "the second page is the first again");
    }

    async fn a_fault_is_told_and_what_was_kept_before_it_stays(db: Database) {
        let office = Office::open(&db).await;
        let api = Api::open([]).await;
        stripe(&office, &api.base);
        let (ida, bob) = (purchase(&office, "ida"), purchase(&office, "bob"));
        for (act, told) in [
            (Act::status(401), "the credential in [providers.pay] is wrong"),
            (Act::Answer(429, "Retry-After: 1", String::new()), "answered 429"),
            (Act::status(404), "is api_url in [providers.pay] right?"),
            (Act::json(&json!({ "data": 1 })), "is no page of events"),
            (Act::json(&json!({ "data": [], "has_more": 1 })), "is no page of events"),
            (Act::Answer(302, "Location: /v1/elsewhere", String::new()), "answered 302"),
        ] {
            let api = Api::open([Act::json(&page(&ida, true)), act]).await;
            stripe(&office, &api.base);
            let fault = make_up(&office).await.unwrap_err().to_string();
            assert!(fault.contains(told) && !fault.contains(KEY), "{fault}");
            assert_eq!(standing(&office).await, (1, 1, 0), "{told}");
        }
        let api = Api::open([&ida, &bob].map(|some| Act::json(&page(some, some == &ida)))).await;
        stripe(&office, &api.base);
        make_up(&office).await.unwrap();
        assert_eq!(standing(&office).await, (2, 2, 0), "the next one goes on");
        let store = &office.support.store;
        let acts = store.read("acts", |tx| tx.history_of("account:pay")).await.unwrap();
        assert_eq!(acts.len(), 2, "the first, which kept something, and the last: {acts:?}");
        assert!(acts.iter().all(|act| act.actor.as_deref() == Some("ann")), "{acts:?}");
    }

    async fn an_event_that_cannot_be_read_is_kept_for_a_person_and_holds_up_no_other(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        let mut listed = page(&samples, false);
        listed["data"].as_array_mut().unwrap().insert(0, json!({ "id": "evt_odd" }));
        api.knows("/v1/events", listed);
        let found = look(&office).await.unwrap().missing;
        assert_eq!(found.iter().filter(|missed| missed.event_type == "unknown").count(), 1);
        make_up(&office).await.unwrap();
        assert_eq!(standing(&office).await, (1, 1, 1));
        let failed = list(&office, "/events?status=failed").await;
        assert_eq!(failed[0]["reason"], "unreadable", "{failed:?}");
        assert!(make_up(&office).await.unwrap().missing.is_empty(), "it is known by its bytes");
    }

    async fn what_leads_to_nothing_is_left_in_the_list(db: Database) {
        let office = Office::open(&db).await;
        let (api, mut samples) = shop(&office, "ida").await;
        let other = |event_type: &str| {
            let mut event = crate::reconcile::body(&samples[0]);
            event["id"] = json!(format!("evt_{}", event_type.replace('.', "")));
            event["type"] = json!(event_type);
            Sample { body: event.to_string().into_bytes(), ..samples[0].clone() }
        };
        // One that no reader knows, and one that each refund is told by beside its own event.
        let others = [other("product.updated"), other("charge.refunded")];
        samples.extend(others);
        api.knows("/v1/events", page(&samples, false));
        let found = look(&office).await.unwrap();
        let types: Vec<&str> = found.missing.iter().map(|missed| missed.event_type.as_str()).collect();
        assert!(types.contains(&"invoice.paid"), "{types:?}");
        assert!(!types.contains(&"product.updated") && !types.contains(&"charge.refunded"), "{types:?}");
    }

    async fn an_event_that_is_shown_twice_is_kept_and_told_once_and_all_by_their_time(db: Database) {
        let office = Office::open(&db).await;
        let api = Api::open([]).await;
        stripe(&office, &api.base);
        let ida = purchase(&office, "ida");
        office.clock.advance(TimeDelta::minutes(5));
        let bob = purchase(&office, "bob");
        // Newest first; and the list grew meanwhile.
        let again = [bob.clone(), ida, bob.clone()].concat();
        let pages = [page(&bob, true), page(&again, false)];
        let api = Api::open([&pages[0], &pages[1], &pages[0], &pages[1]].map(Act::json)).await;
        stripe(&office, &api.base);
        let (looked, done) = (look(&office).await.unwrap(), make_up(&office).await.unwrap());
        assert_eq!(looked.missing, done.missing);
        assert_eq!(done.kept.len(), done.missing.len());
        let mut ids: Vec<_> = done.missing.iter().map(|missed| &missed.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), done.missing.len());
        let times: Vec<_> = done.missing.iter().map(|missed| missed.occurred_at).collect();
        assert!(times.is_sorted() && times.first() < times.last(), "{times:?}");
    }

    async fn what_cannot_be_understood_in_a_batch_is_kept_too(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        office.configure(&format!(
            "[providers.pay]\nkind = \"gocardless\"\nsecret = \"kw-gocardless-office-secret\"\n\
             api_token = \"live_kwGoCardlessOffice1\"\napi_url = \"{}\"\n\
             [providers.pay.products]\nprice_pro = \"acme-pro\"\n",
            api.base
        ));
        let cursors = json!({ "cursors": { "after": null } });
        api.knows("/events", json!({ "events": [{ "odd": true }], "meta": cursors }));
        assert_eq!(make_up(&office).await.unwrap().missing.len(), 1);
        let events = list(&office, "/events").await;
        assert_eq!((events.len(), &events[0]["type"]), (1, &json!("unknown")));
        assert_eq!(make_up(&office).await.unwrap().missing, []);
    }

    async fn nobody_asks_for_more_than_the_list_reaches_back(db: Database) {
        let office = Office::open(&db).await;
        let (api, _) = shop(&office, "ida").await;
        let (now, fetch) = (office.support.clock.now(), Fetch::new().unwrap());
        let long_ago = Some(now - TimeDelta::days(365));
        let found = office.support.reconcile("pay", long_ago, None, fetch).await.unwrap();
        assert_eq!((found.since, found.until), (now - TimeDelta::days(30), now));
        let asked = api.asked().remove(0).path;
        assert!(asked.contains(&format!("gte%5D={}", found.since.timestamp())), "{asked}");
    }

    async fn what_cannot_be_asked_says_what_would_be_right(db: Database) {
        let office = Office::open(&db).await;
        let reconcile = async |account: &str| {
            let fetch = Fetch::new().unwrap();
            let told = office.support.reconcile(account, None, None, fetch).await;
            told.unwrap_err().to_string()
        };
        assert_eq!(
            reconcile("shop").await,
            "Stripe has to be asked for GET /v1/events: set api_key in [providers.shop]"
        );
        assert_eq!(reconcile("nowhere").await, "there is no account nowhere");
        office.configure(
            "[providers.gum]\nkind = \"gumroad\"\nsecret = \"gumroad-secret-of-the-office\"\n\
             api_token = \"gumroad-token-of-the-office\"\n\
             [providers.bee]\nkind = \"chargebee\"\nusername = \"kwhook\"\n\
             secret = \"chargebee-secret-of-the-office\"\n",
        );
        let told = reconcile("gum").await;
        assert!(told.contains("Gumroad has no list") && told.contains("--file"), "{told}");
        let told = reconcile("bee").await;
        assert!(told.ends_with("set api_url and api_key in [providers.bee]"), "{told}");
    }
}
