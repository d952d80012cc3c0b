//! Who did what, and whether anybody wrote it anew.

use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use crate::support::databases::Database;
use crate::support::office::{Call, Office};
use crate::support::tab::Tab;

on_both! {
    async fn who_did_what_is_found_by_person_act_subject_and_day(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let id = license["id"].as_str().unwrap();
        let path = |act: &str| format!("/licenses/{id}/{act}");
        office.post(&path("suspend"), json!({ "reason": "chargeback <b>announced</b>" })).await.ok();
        office.clock.advance(TimeDelta::days(2));
        let renew = Call::to(Method::POST, &path("renew")).by(office.token("support"));
        office.call(renew.with(&json!({}))).await.ok();

        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/audit").await;
        tab.page.says("suspended (chargeback <b>announced</b>)");
        assert!(!tab.page.source.contains("<b>announced"));
        tab.page.says("renewed");
        tab.page.says("signed in to the console");
        tab.page.is_silent_about("issued for acme-pro");
        let about = tab.page.link(&format!("license:{id}"));
        assert_eq!(about, format!("/console/licenses/{id}"));

        tab.send("Show", &[("actor", "admin"), ("subject", id)]).await;
        tab.page.says("suspended");
        tab.page.is_silent_about("renewed");
        tab.send("Show", &[("actor", ""), ("action", "Suspended")]).await;
        tab.page.says("chargeback");
        tab.open("/console/audit?since=2026-12-02&until=2026-12-03").await;
        tab.page.says("renewed");
        tab.page.is_silent_about("suspended");
        assert!(tab.page.source.contains("name=\"since\" value=\"2026-12-02\""));
        tab.open("/console/audit?all=true").await;
        tab.page.says("issued for acme-pro");
        tab.page.says("an event");
        assert_eq!(tab.open("/console/audit?since=yesterday").await.status, 400);
    }

    async fn a_whole_history_says_so_and_a_changed_entry_is_named(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let id = license["id"].as_str().unwrap();
        let mut support = Tab::signed_in(&office, "support").await;
        support.open("/console/audit").await;
        assert!(!support.page.has_button("Verify now"));

        office.clock.advance(TimeDelta::hours(1));
        let head = office.support.audit_head().await.unwrap();
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open("/console/audit").await;
        tab.send("Verify now", &[]).await;
        assert_eq!(tab.page.status, 200, "{}", tab.page.text());
        tab.page.says("The history is whole");
        tab.open("/console/audit").await;
        tab.send("Verify now", &[("head", &head)]).await;
        tab.page.says("Compared with the head of");
        // The answer to a form, loaded again, does not look through everything anew.
        assert_eq!(tab.open("/console/audit/verify").await.address, "/console/audit");
        tab.send("Verify now", &[("head", "no head")]).await;
        assert_eq!(tab.page.status, 422);

        // The end of a chain, cut off: only the head knows.
        db.tamper("DELETE FROM history WHERE subject LIKE 'token:%'").await;
        tab.open("/console/audit").await;
        tab.send("Verify now", &[]).await;
        tab.page.says("The history is whole");
        tab.open("/console/audit").await;
        tab.send("Verify now", &[("head", &head)]).await;
        tab.page.says("The history is not whole");

        db.tamper(&format!("UPDATE history SET action = 'given' WHERE subject = 'license:{id}' AND seq = 1")).await;
        tab.open("/console/audit").await;
        tab.send("Verify now", &[]).await;
        tab.page.says("The history is not whole");
        tab.page.says("it was changed after it was written");
        assert_eq!(tab.page.link(&format!("license:{id}")), format!("/console/licenses/{id}"));
    }
}
