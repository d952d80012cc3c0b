//! What the vendor's own systems did not take, and are told again.

use serde_json::json;

use crate::support::databases::Database;
use crate::support::listener::{Listener, Reply};
use crate::support::office::Office;
use crate::support::tab::Tab;

on_both! {
    async fn a_message_that_was_not_taken_is_told_again_at_a_button(db: Database) {
        let (office, crm) = (Office::open(&db).await, Listener::start([Reply::Status(410)]).await);
        let secret = "whsec_a2V5d3JpZ2h0LXRlc3QtaG9vay1zZWNyZXQtMTIz";
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail").await;
        tab.follow("Hooks").await;
        tab.page.says("None is configured: add [hooks.NAME]");
        office.configure(&format!("[hooks.crm]\nurl = \"{}\"\nsecret = \"{secret}\"\n", crm.url()));
        let license = office.sells("ada").await;
        office.hooks.run_once().await.unwrap();

        tab.open("/console/hooks?status=failed").await;
        tab.page.says("it answered 410: it wants to be told no more");
        assert!(!tab.page.source.contains(secret));
        let page = format!("/console/licenses/{}", license["id"].as_str().unwrap());
        assert_eq!(tab.page.link("license.issued"), page);
        tab.send("Try again now", &[]).await;
        tab.page.says("The message is at the head of the queue");
        tab.page.says("queued");
        assert_eq!(crm.heard().len(), 1);
        office.hooks.run_once().await.unwrap();
        assert_eq!(crm.heard().len(), 2);
        let taken = office.get("/hooks").await.ok()["items"][0]["status"].clone();
        assert_eq!(taken, json!("sent"));

        // Lost where it was taken: told once more.
        tab.open("/console/hooks?hook=crm").await;
        tab.send("Tell again", &[]).await;
        office.hooks.run_once().await.unwrap();
        assert_eq!(crm.heard().len(), 3);
        tab.open("/console/audit?action=hook_retried&actor=support").await;
        tab.page.says("hook:");
        assert_eq!(tab.page.link("its license"), page);
    }

    async fn what_is_no_message_is_a_page_that_says_so(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = Tab::signed_in(&office, "support").await;
        let token = tab.token();
        for id in ["999999", "x", "1%2F2"] {
            tab.post(&format!("/console/hooks/{id}/retry"), &[("form", &token)]).await;
            assert_eq!(tab.page.status, 404, "{id}");
        }
        assert_eq!(tab.open("/console/hooks?state=failed").await.status, 400);
    }
}
