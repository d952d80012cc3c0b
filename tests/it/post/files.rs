//! Mail into a folder.

use std::fs;

use keywright::mailer::Mailer;

use super::office::{Office, SENT};
use crate::support::databases::Database;

on_both! {
    async fn each_mail_is_one_whole_file(db: Database) {
        let office = Office::open(db, []).await;
        let (ada, bob) = (office.owe("ada").await, office.owe("bob").await);
        let place = tempfile::tempdir().unwrap();
        let mailer = Mailer::to_folder(place.path().to_owned()).unwrap();
        let post = office.another_post(Some(mailer)).await;
        assert_eq!(post.run_once().await.unwrap().sent, 2);
        for (id, name) in [(ada, "ada"), (bob, "bob")] {
            assert_eq!(office.state(id).await, SENT);
            let file = place.path().join(format!("issued-{name}@acme.example.eml"));
            assert_eq!(Some(fs::read(file).unwrap()), office.row(id).await.message);
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "and nothing else");
        assert_eq!(office.server.connections(), 0);
    }

    async fn a_mail_that_was_written_but_not_settled_is_still_one_file(db: Database) {
        let office = Office::open(db, []).await;
        let id = office.owe("ada").await;
        let place = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let mailer = Mailer::to_folder(place.path().to_owned()).unwrap();
            let post = office.another_post(Some(mailer)).await;
            assert_eq!(post.run_once().await.unwrap().sent, 1);
            // The file is there, and the commit that says so was lost.
            office.tamper("UPDATE outbox SET status = 'queued'").await;
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        assert!(!office.row(id).await.in_doubt, "a file is the same file");
    }
}
