//! Where nothing goes wrong.

use std::collections::BTreeMap;

use keywright::post::Done;
use keywright::store::rows::NewMail;
use serde_json::json;
use tokio::sync::watch;

use super::office::{Office, SENT, WAITS};
use crate::support::databases::Database;
use crate::support::smtp::Act;

on_both! {
    async fn a_key_is_mailed_once(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        assert_eq!(office.work().await, Done { sent: 1, ..Done::default() });
        assert_eq!(office.work().await, Done::default());
        assert_eq!(office.state(id).await, SENT);
        assert_eq!(office.row(id).await.sent_at, Some(office.now()));

        let copies = office.copies_of(id).await;
        assert_eq!(copies.len(), 1);
        let text = &copies[0].text;
        assert_eq!(copies[0].from, "keys@acme.example");
        assert!(text.contains("Subject: Your key for Acme Pro\r\n"), "{text}");
        assert!(text.contains("\r\n    ACME-ADA\r\n"), "{text}");
        assert!(text.contains("Valid until:  2027-05-01 08:00 UTC\r\n"), "{text}");
        assert!(text.contains("Order:        A-1\r\n"), "{text}");
    }

    async fn what_was_given_here_has_no_order_that_its_holder_could_know(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        office.tamper("UPDATE licenses SET account = 'support'").await;
        office.work().await;
        let text = office.copies_of(id).await.remove(0).text;
        assert!(text.contains("\r\n    ACME-ADA\r\n") && !text.contains("Order:"), "{text}");
    }

    async fn a_renewal_tells_the_end_before(db: Database) {
        let office = Office::open(db, []).await;
        let mail = NewMail {
            data: json!({"previous_expires_at": "2026-05-01T08:00:00Z"}),
            ..office.mail("ada", "renewed")
        };
        let id = office.owe_mail("ada", mail).await;
        office.work().await;
        let text = office.copies_of(id).await.remove(0).text;
        assert!(text.contains("Subject: Your license for Acme Pro was renewed\r\n"), "{text}");
        assert!(text.contains("Before:       2026-05-01 08:00 UTC\r\n"), "{text}");
    }

    async fn a_mail_without_an_address_waits_for_one(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe_to("ada", None).await;
        assert_eq!(office.work().await, Done::default());
        assert_eq!(office.state(id).await, WAITS);
        let told = |tx: &mut keywright::store::Tx<'_>| {
            tx.outbox_recipient("license-ada", "ada@example.com", None)
        };
        office.store.run("told", told).await.unwrap();
        assert_eq!(office.work().await.sent, 1);
        assert_eq!(office.copies_of(id).await.len(), 1);
    }

    async fn many_mails_go_side_by_side_from_two_nodes_and_each_arrives_once(db: Database) {
        const NAMES: [&str; 24] = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
            "r", "s", "t", "u", "v", "w", "x",
        ];
        let office = Office::open(db, []).await;
        for name in NAMES {
            office.owe(name).await;
        }
        let other = office.another_post(None).await;
        let (one, two) = tokio::join!(office.post.run_once(), other.run_once());
        assert_eq!(one.unwrap().sent + two.unwrap().sent, NAMES.len());
        let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
        for copy in office.server.copies() {
            *arrived.entry(copy.to).or_default() += 1;
        }
        assert_eq!(arrived.len(), NAMES.len());
        assert!(arrived.values().all(|copies| *copies == 1), "{arrived:?}");
        assert!(office.server.connections() <= 8, "connections are used again");
    }

    async fn the_worker_wakes_at_the_bell_and_finishes_when_told_to_stop(db: Database) {
        let office = Office::open(db, [Act::Hold]).await;
        let (stop, stopped) = watch::channel(false);
        let post = office.post.clone();
        let worker = tokio::spawn(async move { post.run(stopped).await });
        let id = office.owe("ada").await;
        office.bell.notify_one();
        office.server.holds().await;
        stop.send(true).unwrap();
        office.server.release();
        worker.await.unwrap();
        assert_eq!(office.state(id).await, SENT, "what was under way is finished");
        assert_eq!(office.server.commands().last().map(String::as_str), Some("QUIT"));
    }

    async fn a_worker_that_nobody_can_stop_any_more_stops(db: Database) {
        let office = Office::open(db, []).await;
        let (stop, stopped) = watch::channel(false);
        drop(stop);
        // Returns; a loop that spins would hang here.
        office.post.run(stopped).await;
    }
}
