//! Licenses, found by what support is told, and changed by one at a time.

use std::sync::Arc;

use keywright::store::rows::{ActivationRow, EventFilter, LicenseFilter, LicenseRow, Settled};
use keywright::store::types::{EventStatus, LicenseState, LicenseStatus};
use keywright::store::{Store, StoreError, Tx};
use serde_json::json;

use super::{event, keep, noon, seconds};
use crate::support::databases::Database;

/// A license of this sale; its slot is its id.
pub(super) fn license(id: &str, sale_id: i64, key: &str) -> LicenseRow {
    LicenseRow {
        id: id.to_owned(),
        sale_id,
        slot: id.to_owned(),
        account: "eu".to_owned(),
        live: true,
        key: key.to_owned(),
        product: "acme-pro".to_owned(),
        state: LicenseState::Active,
        starts_at: noon(),
        expires_at: Some(noon() + seconds(100)),
        valid_until: Some(noon() + seconds(200)),
        max_activations: 2,
        quantity: 1,
        features: json!(["export"]),
        flags: json!([]),
        email: Some("ada@example.com".to_owned()),
        customer: json!({"name": "Ada"}),
        order_ref: Some("order:77".to_owned()),
        subscription_ref: None,
        merged_into: None,
        sequence: 0,
        version: 1,
        created_at: noon(),
        updated_at: noon(),
    }
}

on_both! {
    async fn a_license_is_stored_whole(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        let issued = license("lic-1", sale, "KEY-1");
        insert(&store, issued.clone()).await;
        let read = move |tx: &mut Tx<'_>| {
            Ok((tx.license_by_id("lic-1")?, tx.license_by_key("KEY-1")?, tx.license_lock("none")?))
        };
        let (by_id, by_key, none) = store.run("read", read).await.unwrap();
        assert_eq!((by_id, by_key, none), (Some(issued.clone()), Some(issued), None));
    }

    async fn of_two_changes_to_one_version_the_second_is_refused(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        insert(&store, license("lic-1", sale, "KEY-1")).await;
        let perpetual =
            LicenseRow { expires_at: None, valid_until: None, ..license("lic-1", sale, "KEY-1") };
        let change = move |tx: &mut Tx<'_>| tx.license_update(&perpetual, 1);
        store.run("change", change.clone()).await.unwrap();
        let second = store.run("change", change).await;
        assert!(matches!(second, Err(StoreError::Conflict { .. })), "{second:?}");
        let row = store.read("read", |tx| tx.license_by_id("lic-1")).await.unwrap().unwrap();
        assert_eq!((row.version, row.expires_at), (2, None));
    }

    async fn a_slot_of_a_sale_holds_one_license(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        insert(&store, license("lic-1", sale, "KEY-1")).await;
        let twin = LicenseRow { slot: "lic-1".to_owned(), ..license("lic-2", sale, "KEY-2") };
        assert!(store.run("insert", move |tx| tx.license_insert(&twin)).await.is_err());
        let same_key = license("lic-3", sale, "KEY-1");
        assert!(store.run("insert", move |tx| tx.license_insert(&same_key)).await.is_err());
    }

    async fn support_finds_a_license_by_what_it_is_told(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        store
            .run("tie", move |tx| tx.refs_tie("eu", true, &["invoice:in_9".to_owned()], sale))
            .await
            .unwrap();
        insert(&store, license("lic-1", sale, "KEY-1")).await;
        let elsewhere = self::sale(&store).await;
        let other = LicenseRow {
            email: Some("bob@example.com".to_owned()),
            order_ref: None,
            subscription_ref: Some("subscription:sub_1".to_owned()),
            ..license("lic-2", elsewhere, "KEY-2")
        };
        insert(&store, other).await;
        let word = |q: &str| LicenseFilter { q: Some(q.to_owned()), ..Default::default() };
        for q in ["KEY-1", " Ada@Example.com", "77", "order:77", "in_9", "invoice:in_9", "lic-1"] {
            assert_eq!(found(&store, word(q)).await, ["lic-1"], "{q}");
        }
        assert_eq!(found(&store, word("sub_1")).await, ["lic-2"]);
        assert_eq!(found(&store, word("nobody")).await, Vec::<String>::new());
        let email = LicenseFilter { email: Some("BOB@example.com".to_owned()), ..Default::default() };
        assert_eq!(found(&store, email).await, ["lic-2"]);
        let order = LicenseFilter { order: Some("77".to_owned()), ..Default::default() };
        assert_eq!(found(&store, order).await, ["lic-1"]);
        let subscription =
            LicenseFilter { subscription: Some("subscription:sub_1".to_owned()), ..Default::default() };
        assert_eq!(found(&store, subscription).await, ["lic-2"]);
        assert_eq!(found(&store, LicenseFilter::default()).await, ["lic-2", "lic-1"]);
    }

    async fn a_status_is_that_of_the_moment(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        let ends_at = |id: &str, seconds_left: Option<i64>, state| LicenseRow {
            state,
            valid_until: seconds_left.map(|left| noon() + seconds(left)),
            ..license(id, sale, id)
        };
        // At the instant of its end a license is valid still.
        insert(&store, ends_at("at-its-end", Some(0), LicenseState::Active)).await;
        insert(&store, ends_at("over", Some(-1), LicenseState::Active)).await;
        insert(&store, ends_at("perpetual", None, LicenseState::Active)).await;
        insert(&store, ends_at("suspended", Some(-1), LicenseState::Suspended)).await;
        insert(&store, ends_at("waiting", None, LicenseState::Pending)).await;
        let with = |status| LicenseFilter { status: Some(status), ..Default::default() };
        assert_eq!(found(&store, with(LicenseStatus::Active)).await, ["perpetual", "at-its-end"]);
        assert_eq!(found(&store, with(LicenseStatus::Expired)).await, ["over"]);
        assert_eq!(found(&store, with(LicenseStatus::Suspended)).await, ["suspended"]);
        assert_eq!(found(&store, with(LicenseStatus::Pending)).await, ["waiting"]);
        assert_eq!(found(&store, with(LicenseStatus::Revoked)).await, Vec::<String>::new());
        // Where another license stands for it, it is counted once.
        let merged = LicenseRow {
            merged_into: Some("suspended".to_owned()),
            ..ends_at("merged", None, LicenseState::Suspended)
        };
        insert(&store, merged).await;
        let counts = store.read("count", |tx| tx.license_counts(noon())).await.unwrap();
        let count = |status| {
            counts.iter().find(|line| line.status == status).map_or(0, |line| line.count)
        };
        let counted = LicenseStatus::ALL.iter().map(|status| count(*status)).collect::<Vec<_>>();
        assert_eq!(counted, [2, 1, 1, 0, 1]);
    }

    async fn a_list_goes_on_where_it_stopped(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        for n in 0..5 {
            insert(&store, license(&format!("lic-{n}"), sale, &format!("KEY-{n}"))).await;
        }
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let after = cursor.clone();
            let page = store
                .read("list", move |tx| {
                    tx.license_list(&LicenseFilter::default(), noon(), after.as_deref(), 2)
                })
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            cursor = Some(last.id.clone());
            seen.extend(page.into_iter().map(|row| row.id));
        }
        assert_eq!(seen, ["lic-4", "lic-3", "lic-2", "lic-1", "lic-0"]);
    }

    async fn support_finds_an_event_by_what_it_is_told(db: Database) {
        let store = db.node().await;
        let sale = sale(&store).await;
        insert(&store, license("lic-1", sale, "KEY-1")).await;
        let ids: Vec<i64> = keep(&store, vec![event("eu", "evt_1", "x"), event("us", "evt_2", "x")])
            .await
            .into_iter()
            .map(|kept| kept.id)
            .collect();
        store
            .run("settle", move |tx| {
                tx.refs_tie("eu", true, &["order:77".to_owned()], sale)?;
                tx.sale_customer(sale, "cus_1")?;
                let settled = Settled {
                    status: EventStatus::Applied,
                    reason: None,
                    message: None,
                    sale_id: Some(sale),
                    live: None,
                };
                for event in tx.event_claim(9, seconds(60), noon())? {
                    if event.account == "eu" {
                        tx.event_settle(event.id, event.fence, &settled)?;
                    }
                }
                Ok(())
            })
            .await
            .unwrap();
        let word = |q: &str| EventFilter { q: Some(q.to_owned()), ..Default::default() };
        for q in ["evt_1", "77", "order:77", "ada@example.com", "KEY-1", "cus_1"] {
            assert_eq!(events(&store, word(q)).await, [ids[0]], "{q}");
        }
        assert_eq!(events(&store, word("evt_2")).await, [ids[1]]);
        assert_eq!(events(&store, word("evt_3")).await, Vec::<i64>::new());
        let pending = EventFilter { status: Some(EventStatus::Pending), ..Default::default() };
        assert_eq!(events(&store, pending).await, [ids[1]]);
        let of_us = EventFilter { account: Some("us".to_owned()), ..Default::default() };
        assert_eq!(events(&store, of_us).await, [ids[1]]);
        let early = EventFilter { until: Some(noon()), ..Default::default() };
        assert_eq!(events(&store, early).await, Vec::<i64>::new());
        let since = EventFilter { since: Some(noon()), ..Default::default() };
        assert_eq!(events(&store, since).await, [ids[1], ids[0]]);
    }

    async fn seats_hold_under_parallel_activations(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let sale = sale(&nodes[0]).await;
        insert(&nodes[0], license("lic-1", sale, "KEY-1")).await;
        let start = Arc::new(tokio::sync::Barrier::new(10));
        let machines: Vec<_> = (0..10)
            .map(|n| {
                let (store, start) = (nodes[n % 2].clone(), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    store.run("activate", move |tx| activate(tx, &format!("machine {n}"))).await
                })
            })
            .collect();
        let mut seated = 0;
        for machine in machines {
            seated += usize::from(machine.await.unwrap().unwrap());
        }
        assert_eq!(seated, 2);
        let release = |tx: &mut Tx<'_>| {
            let first = tx.activations_of_license("lic-1")?.remove(0);
            assert!(!tx.activation_release("lic-2", &first.id, noon())?);
            assert!(tx.activation_release("lic-1", &first.id, noon())?);
            assert!(!tx.activation_release("lic-1", &first.id, noon())?);
            activate(tx, "one more")
        };
        assert!(nodes[0].run("release", release).await.unwrap());
    }
}

/// Takes a seat if one is free: what activating does.
fn activate(tx: &mut Tx<'_>, fingerprint: &str) -> Result<bool, StoreError> {
    let license = tx.license_lock("lic-1")?.unwrap();
    let taken = tx.activations_of_license("lic-1")?;
    let held = taken.iter().filter(|activation| activation.released_at.is_none()).count();
    if held >= usize::try_from(license.max_activations).unwrap() {
        return Ok(false);
    }
    tx.activation_insert(&ActivationRow {
        id: format!("act {fingerprint}"),
        license_id: "lic-1".to_owned(),
        fingerprint: fingerprint.to_owned(),
        name: None,
        platform: None,
        version: None,
        first_at: noon(),
        last_at: noon(),
        released_at: None,
        sequence: 1,
    })?;
    Ok(true)
}

async fn sale(store: &Store) -> i64 {
    store.run("sale", |tx| tx.sale_new("eu", true, None, noon())).await.unwrap().id
}

async fn insert(store: &Store, license: LicenseRow) {
    store.run("insert", move |tx| tx.license_insert(&license)).await.unwrap();
}

async fn found(store: &Store, filter: LicenseFilter) -> Vec<String> {
    let list = move |tx: &mut Tx<'_>| tx.license_list(&filter, noon(), None, 100);
    store.read("list", list).await.unwrap().into_iter().map(|row| row.id).collect()
}

async fn events(store: &Store, filter: EventFilter) -> Vec<i64> {
    let list = move |tx: &mut Tx<'_>| tx.event_list(&filter, None, 100);
    store.read("list", list).await.unwrap().into_iter().map(|row| row.id).collect()
}
