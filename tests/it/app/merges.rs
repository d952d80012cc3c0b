//! Two sales that turn out to be one: whoever runs under either key goes on running.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::apply::sale;
use keywright::store::dedupe;
use keywright::store::rows::NewEvent;
use keywright::store::types::Digest;
use keywright_providers::notice::{Kind, Line, Notice, Period, Ref};
use serde_json::json;

use super::machine::{activate, activated, claims, code};
use crate::support::databases::Database;
use crate::support::office::Office;

fn notice(refs: Vec<Ref>, kind: Kind, at: DateTime<Utc>) -> Notice {
    Notice { refs, occurred_at: at, line: None, kind, customer: None }
}

/// A payment for a year, as an order tells of it; some know its period.
fn paid(order: &str, payment: Ref, at: DateTime<Utc>, period: Option<Period>) -> Notice {
    let order = Ref::order(order);
    let line = Line {
        line: Line::at(&order, 0),
        alias: Vec::new(),
        item: vec!["price_pro".to_owned()],
        quantity: 1,
        period,
    };
    notice(vec![order], Kind::Paid { payment, amount: None, lines: vec![line] }, at)
}

/// Applies a notice as an event of the shop; the keys of the licenses that it tells of.
async fn told(office: &Office, name: &'static str, notice: Notice) -> Vec<String> {
    let (books, now) = (office.support.shelf.now(), office.support.clock.now());
    let content_digest = Digest::from([name.as_bytes()[0]; 32]);
    let event = NewEvent {
        account: "shop".to_owned(),
        kind: "stripe".to_owned(),
        provider_event_id: Some(name.to_owned()),
        dedupe: dedupe("shop", Some(name), &content_digest),
        content_digest,
        event_type: "told".to_owned(),
        received_at: now,
        occurred_at: now,
        live: Some(true),
        headers: json!({}),
        body: Vec::new(),
    };
    let applied = office.support.store.run("told", move |tx| {
        let kept = tx.event_keep(std::slice::from_ref(&event))?;
        let row = tx.event_by_id(kept[0].id)?.unwrap();
        let applied = sale::apply(tx, &row, true, std::slice::from_ref(&notice), &books, now)?;
        tx.event_settle(row.id, row.fence, &applied.settled)?;
        Ok(applied)
    });
    applied.await.unwrap().licenses.into_iter().map(|row| row.key).collect()
}

on_both! {
    async fn two_keys_of_one_payment_become_one_license_and_no_machine_stops(db: Database) {
        let office = Office::open(&db).await;
        let now = office.support.clock.now();
        let (invoice, charge) = (Ref::invoice("in_1"), Ref::charge("ch_1"));
        let one = told(&office, "a", paid("A-1", invoice.clone(), now, None)).await.remove(0);
        let year = Period { start: Some(now), end: now + TimeDelta::days(365) };
        let two = told(&office, "b", paid("B-1", charge.clone(), now, Some(year))).await.remove(0);
        assert_ne!(one, two);
        activated(&office, &one, "laptop").await;
        for _ in 0..5 {
            activated(&office, &two, "desktop").await;
        }
        activated(&office, &two, "laptop").await;

        // Both told of one payment.
        let refs = vec![Ref::order("A-1"), Ref::order("B-1"), invoice, charge];
        told(&office, "c", notice(refs, Kind::Linked, now)).await;
        for key in [&one, &two] {
            let body = json!({ "key": key });
            let license = office.ask("/licenses/validate", body).await.ok();
            assert_eq!((&license["activations"], &license["valid"]), (&json!(2), &json!(true)));
            for machine in ["laptop", "desktop"] {
                assert_eq!(code(&office, key, machine).await, "valid", "{machine}");
                let proof = claims(&office, &activated(&office, key, machine).await).await;
                assert_eq!(json!(proof.license_id), license["license_id"]);
                // Above every number that was given under either key.
                assert!(proof.sequence > 6, "{}", proof.sequence);
            }
            assert_eq!(activate(&office, key, "phone").await.word(), "409 too_many_activations");
        }
    }
}
