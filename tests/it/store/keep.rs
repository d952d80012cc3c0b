//! Authentic means stored, once, whatever is sent however often.

use std::time::Instant;

use keywright::store::rows::{EventFilter, NewEvent, Outcome};
use keywright::store::types::EventStatus;
use keywright::store::{Options, StoreError, dedupe};

use super::{digest, event, keep, later, noon};
use crate::support::databases::Database;

on_both! {
    async fn an_event_is_kept_as_it_came(db: Database) {
        let store = db.node().await;
        let new = event("stripe-eu", "evt_1", "{\"n\": \u{1F511}}");
        let kept = keep(&store, vec![new.clone()]).await;
        let id = kept[0].id;
        let row = store.read("test", move |tx| tx.event_by_id(id)).await.unwrap().unwrap();
        assert_eq!(row.body, Some(new.body));
        assert_eq!(row.headers, new.headers);
        assert_eq!(row.provider_event_id.as_deref(), Some("evt_1"));
        assert_eq!((row.received_at, row.occurred_at), (new.received_at, new.occurred_at));
        assert_eq!((row.status, row.attempts, row.fence), (EventStatus::Pending, 0, 0));
        assert_eq!(row.live, Some(true));
        assert_eq!(row.content_digest, new.content_digest);
    }

    async fn parallel_copies_on_two_nodes_give_one_row(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let calls = (0..40).map(|n| {
            let store = nodes[n % 2].clone();
            // Each call names the same three events, in another order.
            let mut events: Vec<_> =
                (0..3).map(|n| event("stripe", &format!("evt_{n}"), "same")).collect();
            events.rotate_left(n % 3);
            tokio::spawn(async move { keep(&store, events).await })
        });
        let mut fresh = 0;
        for call in calls.collect::<Vec<_>>() {
            let kept = call.await.unwrap();
            assert_eq!(kept.len(), 3);
            fresh += kept.iter().filter(|kept| kept.outcome == Outcome::Fresh).count();
            assert!(kept.iter().all(|kept| kept.outcome != Outcome::Conflict));
        }
        assert_eq!(fresh, 3);
        assert_eq!(all(&db).await.len(), 3);
    }

    async fn the_same_id_with_another_content_is_kept_beside_it_and_failed(db: Database) {
        let store = db.node().await;
        let told = keep(&store, vec![event("stripe", "evt_1", "told")]).await[0];
        let other = keep(&store, vec![event("stripe", "evt_1", "other")]).await[0];
        assert_eq!((told.outcome, other.outcome), (Outcome::Fresh, Outcome::Conflict));
        assert_ne!(told.id, other.id);
        // However often each comes again, there are these two.
        for content in ["told", "other", "other", "told"] {
            let again = keep(&store, vec![event("stripe", "evt_1", content)]).await[0];
            assert_eq!(again.outcome, Outcome::Duplicate);
            assert_eq!(again.id, if content == "told" { told.id } else { other.id });
        }
        let row = store.read("test", move |tx| tx.event_by_id(other.id)).await.unwrap().unwrap();
        assert_eq!(row.status, EventStatus::Failed);
        assert_eq!(row.reason.as_deref(), Some("conflicting_body"));
        assert_eq!(row.body.as_deref(), Some(&b"other"[..]));
        assert_eq!(all(&db).await.len(), 2);
    }

    async fn copies_and_contradictions_in_one_delivery_are_told_apart(db: Database) {
        let store = db.node().await;
        let contents = ["a", "a", "b", "b", "c"];
        let delivery = contents.map(|content| event("stripe", "evt_1", content)).to_vec();
        let outcomes: Vec<_> =
            keep(&store, delivery).await.iter().map(|kept| kept.outcome).collect();
        use Outcome::{Conflict, Duplicate, Fresh};
        assert_eq!(outcomes, [Fresh, Duplicate, Conflict, Duplicate, Conflict]);
        assert_eq!(all(&db).await.len(), 3);
    }

    async fn accounts_never_share_an_id(db: Database) {
        let store = db.node().await;
        let kept = keep(&store, vec![event("eu", "1", "x"), event("us", "1", "x")]).await;
        assert!(kept.iter().all(|kept| kept.outcome == Outcome::Fresh));
    }

    async fn without_an_id_the_content_is_the_id(db: Database) {
        let store = db.node().await;
        let nameless = |content: &str| NewEvent {
            provider_event_id: None,
            dedupe: dedupe("shop", None, &digest(content)),
            ..event("shop", "", content)
        };
        let kept = keep(&store, ["x", "x", "y"].map(nameless).to_vec()).await;
        assert_eq!(kept[0].id, kept[1].id);
        assert_ne!(kept[0].id, kept[2].id);
    }

    async fn a_nul_is_no_reason_to_lose_an_event(db: Database) {
        let store = db.node().await;
        let odd = NewEvent {
            event_type: "a\0b".to_owned(),
            headers: serde_json::json!({"x": "\0"}),
            body: vec![0, 255, 0],
            ..event("stripe", "evt\0", "x")
        };
        let id = keep(&store, vec![odd.clone()]).await[0].id;
        let row = store.read("test", move |tx| tx.event_by_id(id)).await.unwrap().unwrap();
        assert_eq!(row.event_type, "a\u{fffd}b");
        assert_eq!((row.body, row.headers), (Some(odd.body), odd.headers));
    }

    async fn an_empty_delivery_is_kept_too(db: Database) {
        let store = db.node().await;
        assert_eq!(keep(&store, Vec::new()).await, []);
    }

    async fn a_call_whose_time_is_up_has_not_happened(db: Database) {
        let store = db.node().await;
        let late = store.keep(vec![event("stripe", "evt_1", "x")], Instant::now()).await;
        assert!(matches!(late, Err(StoreError::Busy(_))), "{late:?}");
        // Whatever stands behind it in the line is done, so it would have been too.
        keep(&store, vec![event("stripe", "evt_2", "x")]).await;
        assert_eq!(all(&db).await.len(), 1);
    }

    async fn one_that_the_database_refuses_takes_no_other_with_it(db: Database) {
        let store = db.node().await;
        db.tamper("CREATE TABLE bystander (id INTEGER)").await;
        let refuse = if db.is_sqlite() {
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.account = 'cursed'
             BEGIN INSERT INTO events (id) VALUES (NULL); END;"
        } else {
            "ALTER TABLE events ADD CONSTRAINT refuse CHECK (account <> 'cursed')"
        };
        db.tamper(refuse).await;
        let calls: Vec<_> = (0..20)
            .map(|n| {
                let (store, account) = (store.clone(), if n == 7 { "cursed" } else { "shop" });
                let new = event(account, &format!("evt_{n}"), "x");
                tokio::spawn(async move { store.keep(vec![new], later()).await })
            })
            .collect();
        for (n, call) in calls.into_iter().enumerate() {
            let outcome = call.await.unwrap();
            assert_eq!(outcome.is_err(), n == 7, "{n}: {outcome:?}");
        }
        assert_eq!(all(&db).await.len(), 19);
    }
}

async fn all(db: &Database) -> Vec<keywright::store::rows::EventRow> {
    let store = db.open(Options::default());
    let list = move |tx: &mut keywright::store::Tx<'_>| {
        tx.event_list(
            &EventFilter { until: Some(noon() + super::seconds(1)), ..Default::default() },
            None,
            100,
        )
    };
    store.read("test", list).await.unwrap()
}
