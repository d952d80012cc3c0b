//! What follows from the calendar alone: reminders, and ends.

use chrono::TimeDelta;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::Office;

/// A month, bought at the shop or given by hand, with two reminders.
const MONTH: &str = r#""price_month" = "acme-month"
[products.acme-month]
name = "Acme for a month"
interval = "P30D"
remind = ["P14D", "P3D"]
"#;

async fn opened(db: &Database) -> Office {
    let office = Office::open(db).await;
    office.configure(MONTH);
    look(&office).await;
    office
}

/// What a minute's look finds.
async fn look(office: &Office) -> usize {
    office.clock.advance(TimeDelta::minutes(1));
    office.due.pass().await.unwrap()
}

async fn days_later(office: &Office, days: i64) -> usize {
    office.clock.advance(TimeDelta::days(days));
    look(office).await
}

/// A license that ends: it was given, so nothing renews it.
async fn given(office: &Office, name: &str) -> Value {
    let gift = json!({ "product": "acme-month", "email": format!("{name}@customer.example") });
    office.post("/licenses", gift).await.ok()
}

/// The letters owed to this customer beside his key, oldest first.
async fn letters(office: &Office, name: &str) -> Vec<String> {
    let mails = office.get(&format!("/mail?to={name}@customer.example")).await.ok();
    let mut names: Vec<String> = mails["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| mail["template"].as_str().unwrap().to_owned())
        .collect();
    names.reverse();
    names.retain(|name| name != "issued");
    names
}

on_both! {
    async fn each_reminder_is_owed_once_at_its_time(db: Database) {
        let office = opened(&db).await;
        given(&office, "ada").await;
        assert_eq!(days_later(&office, 15).await, 0, "too early");
        assert_eq!(days_later(&office, 1).await, 1);
        assert_eq!(look(&office).await, 0, "that was told");
        assert_eq!(letters(&office, "ada").await, ["remind"]);
        assert_eq!(days_later(&office, 11).await, 1);
        assert_eq!(letters(&office, "ada").await, ["remind", "remind"]);
        assert_eq!(days_later(&office, 30).await, 0, "nothing after the end");
    }

    async fn two_nodes_that_look_at_once_owe_one(db: Database) {
        let office = opened(&db).await;
        let other = office.another(&db).await;
        other.configure(MONTH);
        given(&office, "ada").await;
        office.clock.advance(TimeDelta::days(16) + TimeDelta::minutes(5));
        other.clock.advance(TimeDelta::days(16) + TimeDelta::minutes(6));
        let (one, two) = tokio::join!(office.due.pass(), other.due.pass());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(letters(&office, "ada").await, ["remind"]);
    }

    async fn after_a_long_stop_only_the_nearest_is_sent(db: Database) {
        let office = opened(&db).await;
        given(&office, "ada").await;
        assert_eq!(days_later(&office, 28).await, 1);
        assert_eq!(letters(&office, "ada").await, ["remind"]);
        let keys = office.support.store.read("mails", |tx| {
            tx.outbox_list(&keywright::store::rows::MailFilter::default(), None, 9)
        }).await.unwrap();
        assert!(keys[0].key.ends_with(":P3D"), "{}", keys[0].key);
    }

    async fn a_clock_that_once_ran_ahead_stops_no_reminder(db: Database) {
        let office = opened(&db).await;
        given(&office, "ada").await;
        // Noted by a clock that stood ten years ahead for a moment.
        let ahead = office.support.clock.now() + TimeDelta::days(3_650);
        let note = move |tx: &mut keywright::store::Tx<'_>| {
            tx.meta_put("due_seen_until", &ahead.to_rfc3339())
        };
        office.support.store.run("ahead", note).await.unwrap();
        assert_eq!(days_later(&office, 16).await, 1);
        assert_eq!(letters(&office, "ada").await, ["remind"]);
        assert_eq!(look(&office).await, 0, "and it goes on from here");
    }

    async fn what_renews_by_itself_is_not_reminded_until_it_is_canceled(db: Database) {
        let office = opened(&db).await;
        // The provider's periods are of a year.
        office.tell(Step::Purchase, "ada", "price_month").await;
        office.tell(Step::Purchase, "bob", "price_month").await;
        office.tell(Step::Cancel, "bob", "price_month").await;
        days_later(&office, 364).await;
        assert_eq!(letters(&office, "ada").await, Vec::<String>::new());
        assert_eq!(letters(&office, "bob").await, ["remind"]);
    }

    async fn a_service_that_is_new_here_writes_to_nobody_at_once(db: Database) {
        let office = Office::open(&db).await;
        office.configure(MONTH);
        given(&office, "ada").await;
        assert_eq!(days_later(&office, 20).await, 0);
        assert_eq!(days_later(&office, 8).await, 1, "from then on as always");
    }

    async fn more_than_a_page_that_ends_at_one_moment_is_seen_whole(db: Database) {
        let office = opened(&db).await;
        let gift = json!({
            "product": "acme-month", "email": "ada@customer.example", "quantity": 250
        });
        office.post("/licenses", gift).await.ok();
        assert_eq!(days_later(&office, 16).await, 250);
        assert_eq!(look(&office).await, 0);
    }

    async fn a_payment_that_failed_is_written_about_once_and_a_refund_too(db: Database) {
        let office = opened(&db).await;
        office.tell(Step::Purchase, "ada", "price_month").await;
        for _ in 0..2 {
            office.clock.advance(TimeDelta::days(1));
            office.tell(Step::PaymentFailed, "ada", "price_month").await;
        }
        assert_eq!(letters(&office, "ada").await, ["payment_failed"]);
        office.tell(Step::Purchase, "bob", "price_month").await;
        office.tell(Step::Refund, "bob", "price_month").await;
        assert_eq!(letters(&office, "bob").await, ["revoked"]);
    }
}
