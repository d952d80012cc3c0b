//! A mail server that is no help: the queue rests, and nothing is counted against the mails.

use chrono::TimeDelta;
use keywright::mailer::{Mailer, PATIENCE};
use keywright::post::Done;
use keywright::store::types::MailStatus;

use super::office::{IMPATIENCE, Office, SENT, WAITS, another};
use crate::support::databases::Database;
use crate::support::smtp::Act;

on_both! {
    async fn the_queue_rests_after_a_fault_and_costs_no_attempts(db: Database) {
        for fault in [
            Act::Greeting("554 no service"),
            Act::Greeting("421 too many connections"),
            Act::Login("535 5.7.8 wrong password"),
            Act::Mail("530 5.7.0 must issue STARTTLS"),
            Act::Mail("553 5.7.1 not your address"),
            Act::CutInText,
        ] {
            let office = Office::open(another(&db).await, [fault, fault, fault]).await;
            let id = office.owe("ada").await;
            for (round, pause_s) in [1, 2, 4].into_iter().enumerate() {
                assert_eq!(office.work().await, Done { blocked: 1, ..Done::default() });
                assert_eq!(office.state(id).await, WAITS, "{fault:?}");
                let until = office.now() + TimeDelta::seconds(pause_s);
                assert_eq!(office.post.paused_until(), Some(until));

                office.advance(TimeDelta::milliseconds(pause_s * 1000 - 1));
                assert_eq!(office.work().await, Done::default());
                assert_eq!(office.server.connections(), round + 1, "nobody is bothered");
                office.advance(TimeDelta::milliseconds(1));
            }
            assert!(office.error(id).await.starts_with("the mail server is no help: "));
            assert_eq!(office.work().await.sent, 1);
            assert_eq!(office.state(id).await, SENT);
            assert_eq!(office.copies_of(id).await.len(), 1, "{fault:?}");
        }
    }

    async fn a_server_that_is_not_there_or_never_greets_is_waited_for(db: Database) {
        let office = Office::with_patience(db, IMPATIENCE, [Act::Silent]).await;
        let id = office.owe("ada").await;
        assert_eq!(office.work().await.blocked, 1);
        assert!(office.error(id).await.contains("no answer within"));

        office.server.stop();
        office.advance(TimeDelta::seconds(1));
        assert_eq!(office.work().await.blocked, 1);
        assert!(office.error(id).await.contains("cannot be reached"));
        assert_eq!(office.state(id).await, WAITS);
        office.advance(TimeDelta::days(30));
        assert_eq!(office.work().await.blocked, 1);
        assert_eq!(office.state(id).await, WAITS, "a month costs nothing, either");
    }

    async fn after_a_fault_one_mail_finds_out_for_all(db: Database) {
        let down = Act::Login("454 4.7.0 not now");
        let office = Office::open(db, [down; 5]).await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c", "d", "e", "f"] {
            ids.push(office.owe(name).await);
        }
        assert_eq!(office.work().await.blocked, 4, "as many as go side by side");
        office.advance(TimeDelta::seconds(1));
        assert_eq!(office.work().await.blocked, 1, "then a single one");
        office.advance(TimeDelta::seconds(2));
        assert_eq!(office.work().await.sent, 6);
        for id in ids {
            assert_eq!(office.state(id).await, SENT);
            assert_eq!(office.copies_of(id).await.len(), 1);
        }
    }

    async fn a_mail_at_which_the_server_breaks_down_does_not_stop_the_others(db: Database) {
        let office = Office::open(db, [Act::CutInText]).await;
        let poison = office.owe("ada").await;
        assert_eq!(office.work().await.blocked, 1);
        office.advance(TimeDelta::seconds(1));
        // Owed later, and yet first: the poison goes to the end of what is due.
        let mail = office.mail("bob", "issued");
        let mail = keywright::store::rows::NewMail {
            next_at: mail.next_at - TimeDelta::seconds(2),
            ..mail
        };
        let bob = office.owe_mail("bob", mail).await;
        assert_eq!(office.work().await.sent, 2);
        let order: Vec<_> = office.server.copies().into_iter().map(|copy| copy.to).collect();
        assert_eq!(order, ["bob@example.com", "ada@example.com"]);
        assert_eq!((office.state(poison).await, office.state(bob).await), (SENT, SENT));
    }

    async fn a_worker_that_lost_its_claim_sends_nothing(db: Database) {
        let office = Office::open(db, [Act::Hold]).await;
        let id = office.owe("ada").await;
        let post = office.post.clone();
        let frozen = tokio::spawn(async move { post.run_once().await.unwrap() });
        office.server.holds().await;
        // Frozen for so long that another took over and finished.
        office.let_claims_run_out().await;
        let other = office.another_post(None).await;
        assert_eq!(other.run_once().await.unwrap().sent, 1);
        office.server.release();
        assert_eq!(frozen.await.unwrap(), Done { left: 1, ..Done::default() });
        assert_eq!(office.state(id).await, SENT);
        assert_eq!(office.copies_of(id).await.len(), 1);
    }

    async fn a_slow_server_does_not_cost_a_living_worker_its_claim(db: Database) {
        let office = Office::open(db, [Act::Hold]).await;
        let id = office.owe("ada").await;
        let post = office.post.clone();
        let slow = tokio::spawn(async move { post.run_once().await.unwrap() });
        office.server.holds().await;
        let claimed = office.row(id).await.claimed_until;
        office.advance(TimeDelta::seconds(7));
        let renewed = async { while office.row(id).await.claimed_until == claimed {} };
        tokio::time::timeout(PATIENCE, renewed).await.expect("a pulse renews the claim");
        office.advance(TimeDelta::seconds(7));
        let other = office.another_post(None).await;
        assert_eq!(other.run_once().await.unwrap(), Done::default());
        office.server.release();
        assert_eq!(slow.await.unwrap().sent, 1);
        assert_eq!(office.copies_of(id).await.len(), 1);
    }

    async fn a_fault_of_one_kind_of_way_is_not_told_to_the_mail_server(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        let place = tempfile::tempdir().unwrap();
        let mailer = Mailer::to_folder(place.path().join("mail")).unwrap();
        std::fs::remove_dir(place.path().join("mail")).unwrap();
        let post = office.another_post(Some(mailer)).await;
        assert_eq!(post.run_once().await.unwrap().blocked, 1);
        assert!(office.error(id).await.contains("the mail folder"));
        assert_eq!(office.state(id).await, (MailStatus::Queued, 0, false));
        assert_eq!(office.server.connections(), 0);
    }
}
