//! Cut between the final dot and its answer: one more copy, the same to the byte, and flagged.

use chrono::TimeDelta;
use keywright::post::Done;
use keywright::store::types::MailStatus;

use super::office::{IMPATIENCE, Office, Process, SENT, another};
use crate::support::databases::Database;
use crate::support::smtp::Act;

on_both! {
    async fn a_mail_in_doubt_goes_out_once_more_and_says_so(db: Database) {
        for (cut, copies) in [(Act::CutAfterDot, 2), (Act::LoseAfterDot, 1)] {
            let office = Office::open(another(&db).await, [cut]).await;
            let id = office.owe("ada").await;
            assert_eq!(office.work().await, Done { again: 1, ..Done::default() });
            assert_eq!(office.state(id).await, (MailStatus::Queued, 1, true));
            assert!(office.post.paused_until().is_some());
            office.advance(TimeDelta::minutes(1));
            assert_eq!(office.work().await.sent, 1);
            assert_eq!(office.state(id).await, (MailStatus::Sent, 2, true));
            assert_eq!(office.copies_of(id).await.len(), copies, "{cut:?}");
        }
    }

    async fn a_server_that_is_silent_after_the_dot_leaves_the_same_doubt(db: Database) {
        let office = Office::with_patience(db, IMPATIENCE, [Act::SilentAfterDot]).await;
        let id = office.owe("ada").await;
        assert_eq!(office.work().await.again, 1);
        office.advance(TimeDelta::minutes(1));
        assert_eq!(office.work().await.sent, 1);
        assert_eq!(office.state(id).await, (MailStatus::Sent, 2, true));
        assert_eq!(office.copies_of(id).await.len(), 2);
    }

    async fn twice_in_doubt_it_is_for_a_person_and_no_third_copy_goes_out(db: Database) {
        let office = Office::open(db, [Act::CutAfterDot, Act::CutAfterDot]).await;
        let id = office.owe("ada").await;
        office.work().await;
        office.advance(TimeDelta::minutes(1));
        assert_eq!(office.work().await, Done { failed: 1, ..Done::default() });
        for _ in 0..3 {
            office.advance(TimeDelta::days(1));
            assert_eq!(office.work().await, Done::default());
        }
        assert_eq!(office.state(id).await, (MailStatus::Failed, 2, true));
        assert!(office.error(id).await.contains("may have arrived twice or not at all"));
        assert_eq!(office.copies_of(id).await.len(), 2);
    }

    async fn doubt_stays_through_refusals_of_the_second_try(db: Database) {
        let script = [Act::CutAfterDot, Act::Rcpt("450 later"), Act::Text("451 later")];
        let office = Office::open(db, script).await;
        let id = office.owe("ada").await;
        for minutes in [1, 2, 4] {
            assert_eq!(office.work().await.again, 1);
            office.advance(TimeDelta::minutes(minutes));
        }
        assert_eq!(office.work().await.sent, 1);
        assert_eq!(office.state(id).await, (MailStatus::Sent, 4, true));
        assert_eq!(office.copies_of(id).await.len(), 2);
    }

    async fn an_answer_takes_the_doubt_away(db: Database) {
        let office = Office::open(db, [Act::Text("451 later"), Act::Text("554 no")]).await;
        let id = office.owe("ada").await;
        office.work().await;
        assert_eq!(office.state(id).await, (MailStatus::Queued, 1, false));
        office.advance(TimeDelta::minutes(1));
        office.work().await;
        assert_eq!(office.state(id).await, (MailStatus::Failed, 2, false));
    }

    async fn a_process_killed_after_the_text_leaves_doubt_and_not_silence(db: Database) {
        let office = Office::open(db, [Act::SilentAfterDot]).await;
        let id = office.owe("ada").await;
        let process = Process::start(office.post.clone());
        office.server.kept(1).await;
        process.kill().await;
        office.let_claims_run_out().await;
        let heir = office.another_post(None).await;
        assert_eq!(heir.run_once().await.unwrap().sent, 1);
        assert_eq!(office.state(id).await, (MailStatus::Sent, 1, true));
        assert_eq!(office.copies_of(id).await.len(), 2);
    }

    async fn a_process_killed_before_the_text_leaves_none(db: Database) {
        let office = Office::open(db, [Act::Hold]).await;
        let id = office.owe("ada").await;
        let process = Process::start(office.post.clone());
        office.server.holds().await;
        process.kill().await;
        office.server.release();
        office.let_claims_run_out().await;
        let heir = office.another_post(None).await;
        assert_eq!(heir.run_once().await.unwrap().sent, 1);
        assert_eq!(office.state(id).await, SENT);
        assert_eq!(office.copies_of(id).await.len(), 1);
    }
}
