//! Every page there is, as a person with any eyes and any screen meets it; and what is done on those
//! that no other story comes by.

use actix_web::http::Method;
use keywright::store::rows::EventFilter;
use keywright::web::console::table::TABLE;

use super::desk::{Desk, map_again, unmap};
use crate::support::databases::Database;
use crate::support::process::{Vendor, licenses, until};

/// A hook where nobody answers.
const HOOK: &str = "[hooks.erp]\nurl = \"http://127.0.0.1:9/licenses\"\n\
     secret = \"whsec_YmVuY2htYXJrYmVuY2htYXJrYmVuY2htYXJr\"\n";

/// The addresses of the events that failed, oldest first.
async fn failed(desk: &Desk<'_>) -> Vec<String> {
    let filter =
        EventFilter { reason: Some("unknown_product".to_owned()), ..EventFilter::default() };
    let store = desk.vendor.store();
    let events = store.read("failed", move |tx| tx.event_list(&filter, None, 100)).await.unwrap();
    events.iter().rev().map(|event| format!("/console/events/{}", event.id)).collect()
}

on_both! {
    async fn every_page_is_fit_for_everybody(db: Database) {
        let vendor = Vendor::new(&db);
        let lost = vendor.events("stripe", "bob", "purchase");
        let sold = vendor.events("paddle", "ada", "purchase");
        unmap(&vendor);
        vendor.edit(|text| text + HOOK);
        let desk = Desk::with(vendor).await;
        desk.told(&lost).await;
        for sample in &sold {
            assert_eq!(desk.node.send("paddle", sample).await.status, 200);
        }
        let store = desk.vendor.store();
        let sold = async || licenses(&store, "buyer.ada@customer.example").await.pop();
        until("the license is there", async || sold().await.is_some()).await;
        let license = sold().await.unwrap().id;
        let event = failed(&desk).await.remove(0);
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        // What no hook took stands there with its button.
        until("the hook was tried", async || {
            browser.go("/console/hooks").await;
            browser.text().await.contains("Try again now")
        })
        .await;
        for cell in TABLE.iter().filter(|cell| cell.method == Method::GET) {
            let path = match cell.path {
                "/events/replay" => "/console/events/replay?reason=unknown_product".to_owned(),
                path if path.starts_with("/events/{id}") => path.replace("/events/{id}", &event),
                path if path.starts_with("/licenses/{id}") => {
                    format!("/console{}", path.replace("{id}", &license))
                }
                path => format!(
                    "/console{}",
                    path.replace("{id}", "1").replace("{account}", "stripe")
                ),
            };
            assert!(!path.contains('{'), "say what stands for the part of {}", cell.path);
            browser.go(&path).await;
            let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
            assert_eq!(browser.run(status).await, 200, "{path}");
            // The customer's own letter: what a mail program shows.
            if !path.ends_with("/html") {
                browser.page_is_sound().await;
            }
        }
        desk.close().await;
    }

    async fn what_was_set_aside_is_looked_at_dry_and_applied(db: Database) {
        let vendor = Vendor::new(&db);
        let purchase = vendor.events("stripe", "ada", "purchase");
        unmap(&vendor);
        let desk = Desk::with(vendor).await;
        desk.told(&purchase).await;
        let event = failed(&desk).await.remove(0);
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.go(&event).await;
        browser.click("Set it aside").await;
        browser.fill("Reason", "bought by our own tests").await;
        browser.submit("Set aside").await;
        browser.see("set_aside").await;
        browser.page_is_sound().await;

        // It was a customer after all. A reload leaves it alone: a person took it out.
        map_again(&desk.vendor);
        browser.go("/console/reload").await;
        browser.submit("Reload the configuration").await;
        browser.see("The configuration was loaded anew").await;
        browser.go(&event).await;
        browser.submit("Dry run").await;
        browser.see("issued for acme-pro").await;
        browser.page_is_sound().await;
        assert_eq!(licenses(&desk.vendor.store(), "buyer.ada@customer.example").await.len(), 0);
        browser.fill("Reason (if there is one to tell)", "she wrote to us").await;
        browser.submit("Replay").await;
        browser.see("changed it").await;
        browser.page_is_sound().await;
        let licenses = licenses(&desk.vendor.store(), "buyer.ada@customer.example").await;
        assert_eq!(licenses.len(), 1);
        browser.click("Audit").await;
        browser.see("bought by our own tests").await;
        browser.see("she wrote to us").await;
        desk.close().await;
    }

    async fn all_that_failed_for_one_reason_are_replayed_together(db: Database) {
        let vendor = Vendor::new(&db);
        let purchases = ["ada", "bob"].map(|tag| vendor.events("stripe", tag, "purchase"));
        unmap(&vendor);
        let desk = Desk::with(vendor).await;
        desk.told(&purchases.concat()).await;
        let failed = failed(&desk).await;
        assert_eq!(failed.len(), 2);
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.go(&failed[0]).await;
        browser.click("All that failed for this reason").await;
        browser.see("A dry run of 2 events").await;
        browser.page_is_sound().await;
        // Without a reason the browser itself does not send the form.
        browser.press_button("Replay all that match").await;
        browser.see("A dry run of 2 events").await;
        browser.fill("Reason", "the shop was down").await;
        browser.submit("Replay all that match").await;
        browser.page_is_sound().await;
        browser.click("Audit").await;
        browser.see("the shop was down").await;
        desk.close().await;
    }

    async fn a_license_is_given_by_hand_and_mailed(db: Database) {
        let desk = Desk::open(&db).await;
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.click("Licenses").await;
        browser.click("Give a license").await;
        browser.page_is_sound().await;
        browser.fill("E-mail", "partner@trade.example").await;
        browser.fill("Reason (for the audit)", "a prize").await;
        browser.submit("Give it").await;
        browser.see("Its life").await;
        browser.see("partner@trade.example").await;
        browser.page_is_sound().await;
        let given = licenses(&desk.vendor.store(), "partner@trade.example").await;
        assert_eq!(given.len(), 1);
        until("the key was mailed", async || {
            std::fs::read_dir(desk.vendor.mail_folder()).is_ok_and(|mails| mails.count() == 1)
        })
        .await;
        desk.close().await;
    }
}
