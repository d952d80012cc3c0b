//! A mail server that answers, and says no.

use chrono::TimeDelta;
use keywright::post::Done;
use keywright::store::rows::{MailRow, NewMail};
use keywright::store::types::{LicenseState, MailStatus};

use super::office::{Office, SENT, WAITS, another};
use crate::support::databases::Database;
use crate::support::smtp::Act;

const LATER: Act = Act::Rcpt("450 4.2.0 greylisted, come back");

on_both! {
    async fn refused_for_now_it_is_tried_again_with_growing_waits(db: Database) {
        let script = [LATER, Act::Text("451 4.3.0 not now"), Act::Data("452 4.3.1 full")];
        let office = Office::open(db, script).await;
        let id = office.owe("ada").await;
        assert_eq!(office.work().await, Done { again: 1, ..Done::default() });
        let first = office.row(id).await;
        assert_eq!((first.status, first.attempts), (MailStatus::Queued, 1));
        assert_eq!(first.next_at, office.now() + TimeDelta::minutes(1));
        assert!(first.error.unwrap().contains("greylisted, come back"));
        assert_eq!(office.post.paused_until(), None, "others may go");
        assert_eq!(office.work().await, Done::default(), "not before its time");

        for minutes in [1, 2, 4] {
            office.advance(TimeDelta::minutes(minutes));
            assert_eq!(office.work().await.all(), 1);
        }
        assert_eq!(office.state(id).await, (MailStatus::Sent, 4, false));
        assert_eq!(office.copies_of(id).await.len(), 1);
        let last = office.row(id).await;
        assert_eq!((last.message, last.error), (first.message, None), "the same bytes throughout");
    }

    async fn refused_for_72_hours_it_is_given_up_and_support_can_try_again(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        let begun = office.now();
        loop {
            office.server.will([LATER]);
            if office.work().await.failed == 1 {
                break;
            }
            office.advance(office.row(id).await.next_at - office.now());
        }
        assert_eq!(office.now() - begun, TimeDelta::hours(72));
        let row = office.row(id).await;
        assert_eq!(row.status, MailStatus::Failed);
        assert!(row.error.unwrap().starts_with("given up after 3 days: refused for now:"));

        office.retry(id).await;
        assert_eq!(office.work().await.sent, 1);
        assert_eq!(office.copies_of(id).await.len(), 1);
        assert_eq!(office.row(id).await.message, row.message);
    }

    async fn refused_for_good_it_has_failed_and_the_next_goes_out(db: Database) {
        for no in [Act::Rcpt("550 5.1.1 no such user"), Act::Text("554 5.7.1 no such user")] {
            let office = Office::open(another(&db).await, [no]).await;
            office.owe("ada").await;
            office.owe("bob").await;
            let done = office.work().await;
            assert_eq!(done, Done { sent: 1, failed: 1, ..Done::default() });
            let failed = |mail: &&MailRow| mail.status == MailStatus::Failed;
            let mails = office.mails().await;
            let failed: Vec<_> = mails.iter().filter(failed).collect();
            assert_eq!((failed.len(), failed[0].attempts, failed[0].in_doubt), (1, 1, false));
            assert!(failed[0].error.as_ref().unwrap().contains("no such user"));
            assert_eq!(office.post.paused_until(), None);
            assert_eq!(office.server.copies().len(), 1);
        }
    }

    async fn a_license_revoked_meanwhile_gets_no_mail(db: Database) {
        let office = Office::open(db, [LATER]).await;
        let id = office.owe("ada").await;
        office.work().await;
        office.revoke("ada").await;
        office.advance(TimeDelta::minutes(1));
        let connections = office.server.connections();
        assert_eq!(office.work().await, Done { canceled: 1, ..Done::default() });
        assert_eq!(office.state(id).await, (MailStatus::Failed, 1, false));
        assert!(office.error(id).await.contains("revoked before the mail went out"));
        assert!(office.server.copies().is_empty());
        assert_eq!(office.server.connections(), connections, "nobody was bothered with it");
    }

    async fn one_that_lives_again_gets_the_mail_that_was_called_off(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        office.revoke("ada").await;
        assert_eq!(office.work().await.canceled, 1);
        office.change("ada", |license| license.state = LicenseState::Active).await;
        let again = office.owe("ada").await;
        assert_eq!(again, id);
        assert_eq!(office.work().await, Done { sent: 1, ..Done::default() });
        assert_eq!(office.copies_of(id).await.len(), 1);
        assert_eq!(office.state(id).await, SENT);
    }

    async fn a_license_revoked_at_the_last_moment_gets_no_mail(db: Database) {
        let office = Office::open(db, [Act::Hold]).await;
        let id = office.owe("ada").await;
        let post = office.post.clone();
        let work = tokio::spawn(async move { post.run_once().await.unwrap() });
        office.server.holds().await;
        office.revoke("ada").await;
        office.server.release();
        assert_eq!(work.await.unwrap(), Done { canceled: 1, ..Done::default() });
        assert_eq!(office.state(id).await, (MailStatus::Failed, 0, false));
        assert!(office.server.copies().is_empty());
    }

    async fn what_cannot_be_a_mail_has_failed_and_says_why(db: Database) {
        let office = Office::open(db, []).await;
        let unknown = NewMail { template: "birthday".to_owned(), ..office.mail("ada", "birthday") };
        let unknown = office.owe_mail("ada", unknown).await;
        let orphan = NewMail { license_id: None, ..office.mail("bob", "issued") };
        let orphan = office.owe_mail("bob", orphan).await;
        let wrong = office.owe_to("eve", Some("eve@example.com, all@example.com")).await;
        assert_eq!(office.work().await, Done { failed: 3, ..Done::default() });
        assert_eq!(office.error(unknown).await, "there is no letter named birthday");
        assert_eq!(office.error(orphan).await, "the license that it tells of is not there");
        assert_eq!(office.error(wrong).await, "the recipient's address is not one mail address");
        assert_eq!(office.server.connections(), 0);
    }

    async fn a_row_that_cannot_be_read_fails_alone(db: Database) {
        let office = Office::open(db, []).await;
        let (bad, good) = (office.owe("ada").await, office.owe("bob").await);
        office.tamper("UPDATE licenses SET features = '{}' WHERE slot = 'ada'").await;
        assert_eq!(office.work().await, Done { sent: 1, failed: 1, ..Done::default() });
        assert_eq!(office.state(good).await, SENT);
        let error = office.error(bad).await;
        assert!(error.contains("licenses.features") && error.contains("license-ada"), "{error}");
    }

    async fn a_mail_is_not_sent_before_its_time(db: Database) {
        let office = Office::open(db, []).await;
        let later = NewMail {
            next_at: office.now() + TimeDelta::hours(1),
            ..office.mail("ada", "issued")
        };
        let id = office.owe_mail("ada", later).await;
        assert_eq!(office.work().await, Done::default());
        assert_eq!(office.state(id).await, WAITS);
    }
}
