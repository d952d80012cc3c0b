//! The service looks by itself: at its start, and every hour.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright::clock::Clock;
use keywright::fetch::Fetch;
use keywright::pull::Pull;
use keywright::pull::gap::Gap;
use keywright::support::attention::MissedEvents;
use keywright_providers::sample::Step;
use tokio::sync::watch;

use super::{page, purchase, shop, standing};
use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::office::Office;

fn pull(office: &Office) -> Pull {
    let support = &office.support;
    Pull::new(
        support.store.clone(),
        support.shelf.clone(),
        Arc::clone(&support.clock),
        Arc::clone(&support.bell),
        Fetch::new().unwrap(),
    )
}

/// From when it was asked, in order.
fn since(api: &Api) -> Vec<DateTime<Utc>> {
    let since = |path: &str| {
        let seconds = path.split("created%5Bgte%5D=").nth(1)?.split('&').next()?.parse().ok()?;
        DateTime::from_timestamp(seconds, 0)
    };
    api.asked().iter().map(|asked| since(&asked.path).unwrap()).collect()
}

on_both! {
    async fn it_looks_from_where_it_looked_last_and_never_further_than_needed(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        let pull = pull(&office);
        let began = office.clock.now();
        assert_eq!(pull.pass("pay", true).await.unwrap(), None);
        assert_eq!(api.asked(), [], "a new account begins with what it is told");

        // An outage of two days, in which Ida bought.
        office.clock.advance(TimeDelta::days(2));
        let pulled = pull.pass("pay", true).await.unwrap().unwrap();
        assert!(!pulled.kept.is_empty() && pulled.kept.len() <= samples.len());
        let rung = tokio::time::timeout(Duration::ZERO, office.support.bell.notified());
        rung.await.expect("who applies events is rung for");
        office.settle().await;
        assert_eq!(standing(&office).await, (1, 1, 0));
        assert_eq!(since(&api), [began - TimeDelta::hours(1)]);

        // Another node, a little later, leaves it; an hour later it goes on.
        office.clock.advance(TimeDelta::minutes(30));
        assert_eq!(pull.pass("pay", false).await.unwrap(), None);
        office.clock.advance(TimeDelta::minutes(30));
        assert!(pull.pass("pay", false).await.unwrap().unwrap().kept.is_empty());
        assert_eq!(since(&api)[1], began + TimeDelta::days(2) - TimeDelta::hours(1));
        assert!(pull.pass("pay", true).await.unwrap().is_some(), "who starts looks in any case");
    }

    async fn what_was_never_sent_while_it_ran_needs_a_person_until_nothing_is_missed_for_a_day(
        db: Database
    ) {
        let office = Office::open(&db).await;
        let (_api, _) = shop(&office, "ida").await;
        let pull = pull(&office);
        pull.pass("pay", true).await.unwrap();

        office.clock.advance(TimeDelta::hours(1));
        let pulled = pull.pass("pay", false).await.unwrap().unwrap();
        let (since, events) = (pulled.missed[0].occurred_at, pulled.missed.len());
        let gap = Gap { since, found_at: office.clock.now(), events };
        let missed = MissedEvents { account: "pay".to_owned(), gap };
        assert_eq!(office.support.attention().await.unwrap().missed, [missed]);
        assert!(!office.support.attention().await.unwrap().is_empty());

        for _ in 0..23 {
            office.clock.advance(TimeDelta::hours(1));
            assert!(pull.pass("pay", false).await.unwrap().unwrap().kept.is_empty());
            assert_eq!(office.support.attention().await.unwrap().missed.len(), 1);
        }
        office.clock.advance(TimeDelta::hours(1));
        assert_eq!(office.support.attention().await.unwrap().missed, []);
    }

    async fn what_happened_while_it_stood_still_or_a_moment_ago_needs_nobody(db: Database) {
        let office = Office::open(&db).await;
        let (api, _) = shop(&office, "ida").await;
        let pull = pull(&office);
        pull.pass("pay", true).await.unwrap();
        office.clock.advance(TimeDelta::days(2));
        assert!(!pull.pass("pay", true).await.unwrap().unwrap().kept.is_empty());
        assert_eq!(office.support.attention().await.unwrap().missed, []);

        office.clock.advance(TimeDelta::minutes(50));
        api.knows("/v1/events", page(&purchase(&office, "bob"), false));
        office.clock.advance(TimeDelta::minutes(10));
        assert!(!pull.pass("pay", false).await.unwrap().unwrap().kept.is_empty());
        assert_eq!(office.support.attention().await.unwrap().missed, []);
    }

    async fn without_a_mark_it_looks_from_the_newest_event(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        let told = office.clock.now();
        office.hand_in("pay", samples[0].clone()).await;
        office.clock.advance(TimeDelta::days(3));
        pull(&office).pass("pay", true).await.unwrap().unwrap();
        assert_eq!(since(&api), [told - TimeDelta::hours(1)]);
    }

    async fn a_fault_leaves_the_mark_where_it_was(db: Database) {
        let office = Office::open(&db).await;
        let (_, samples) = shop(&office, "ida").await;
        let began = office.clock.now();
        let pull = pull(&office);
        pull.pass("pay", true).await.unwrap();
        let api = Api::open([Act::status(503), Act::status(401)]).await;
        crate::reconcile::stripe(&office, &api.base);
        api.knows("/v1/events", page(&samples, false));
        for _ in 0..2 {
            office.clock.advance(TimeDelta::hours(1));
            pull.pass("pay", false).await.unwrap_err();
        }
        office.clock.advance(TimeDelta::hours(1));
        pull.pass("pay", false).await.unwrap().unwrap();
        assert_eq!(since(&api), [began - TimeDelta::hours(1); 3]);
        office.settle().await;
        assert_eq!(standing(&office).await, (1, 1, 0));
    }

    async fn two_nodes_that_pull_at_once_make_one_license(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        office.hand_in("pay", samples[0].clone()).await;
        let other = office.another(&db).await;
        crate::reconcile::stripe(&other, &api.base);
        let (one, two) = (pull(&office), pull(&other));
        let (one, two) = tokio::join!(one.pass("pay", true), two.pass("pay", true));
        assert!(one.unwrap().is_some() && two.unwrap().is_some());
        office.settle().await;
        other.settle().await;
        assert_eq!(standing(&office).await, (1, 1, 0));
    }

    async fn it_begins_at_once_and_ends_when_it_is_told(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        office.hand_in("pay", samples[0].clone()).await;
        api.knows("/v1/events", page(&purchase(&office, "ida"), false));
        let (stop, stopped) = watch::channel(false);
        let worker = pull(&office);
        let running = tokio::spawn(async move { worker.run(stopped).await });
        let kept = async {
            while office.get("/events").await.ok()["items"].as_array().unwrap().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), kept).await.unwrap();
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
    }

    async fn a_gap_that_was_found_before_a_fault_is_told_and_counted_once(db: Database) {
        let office = Office::open(&db).await;
        let (_, samples) = shop(&office, "ida").await;
        let (began, pull) = (office.clock.now(), pull(&office));
        pull.pass("pay", true).await.unwrap();
        office.clock.advance(TimeDelta::hours(1));
        let bob = purchase(&office, "bob");
        let first = Act::json(&page(&samples, true));
        let api = Api::open([first, Act::status(503)]).await;
        crate::reconcile::stripe(&office, &api.base);
        api.knows("/v1/events", page(&[samples, bob].concat(), false));
        pull.pass("pay", false).await.unwrap_err();
        let gap = async || office.support.attention().await.unwrap().missed.remove(0).gap;
        let found = gap().await;
        assert!(found.events > 0 && found.since <= began, "{found:?}");

        // What Bob bought just now is not late yet; what Ida bought is here.
        let pulled = pull.pass("pay", false).await.unwrap().unwrap();
        assert!(!pulled.kept.is_empty());
        assert_eq!(gap().await, found);
        assert_eq!(since(&api)[2], began - TimeDelta::hours(1), "from where the first one began");
        office.settle().await;
        assert_eq!(standing(&office).await, (2, 2, 0));
    }

    async fn a_moment_that_has_not_come_is_none_to_begin_at(db: Database) {
        let office = Office::open(&db).await;
        let (api, samples) = shop(&office, "ida").await;
        let told = office.clock.now();
        office.hand_in("pay", samples[0].clone()).await;
        api.knows("/v1/events", page(&[], false));
        // For once the clock was a year ahead, and what was looked at then left its mark.
        office.clock.advance(TimeDelta::days(365));
        pull(&office).pass("pay", true).await.unwrap();
        office.clock.advance(TimeDelta::days(2 - 365));
        pull(&office).pass("pay", false).await.unwrap().unwrap();
        assert_eq!(since(&api)[1], told - TimeDelta::hours(1));
    }

    async fn a_list_that_is_silent_holds_up_no_other(db: Database) {
        let office = Office::open(&db).await;
        let (silent, quick) = (Api::open(vec![Act::Silent; 8]).await, Api::open([]).await);
        let account = |name: &str, api: &Api, number: usize| format!(
            "[providers.{name}]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_{number}\"\n\
             api_key = \"rk_test_officeReadsEvents{number}\"\napi_url = \"{}\"\n\
             [providers.{name}.products]\nprice_pro = \"acme-pro\"\n",
            api.base
        );
        // The one that is silent stands first.
        office.configure(&(account("any", &silent, 2) + &account("pay", &quick, 3)));
        quick.knows("/v1/events", page(&purchase(&office, "ida"), false));
        for name in ["any", "pay"] {
            let told = office.samples(name, Step::Purchase, "bob", "price_pro").remove(0);
            office.hand_in(name, told).await;
        }
        let support = &office.support;
        let (store, shelf) = (support.store.clone(), support.shelf.clone());
        let patient = Fetch::with_call_max(Duration::from_secs(3600)).unwrap();
        let worker =
            Pull::new(store, shelf, Arc::clone(&support.clock), Arc::clone(&support.bell), patient);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { worker.run(stopped).await });
        let pulled = async {
            while office.get("/events").await.ok()["items"].as_array().unwrap().len() < 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), pulled).await.unwrap();
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
        assert_eq!(silent.asked().len(), 1);
    }
}
