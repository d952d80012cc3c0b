//! «The customer paid and has no key»: from the first page to the mended cause, and the key.

use super::desk::{Desk, map_again, unmap};
use crate::support::databases::Database;
use crate::support::process::Vendor;

on_both! {
    async fn a_product_that_nobody_mapped_is_found_mapped_and_applied(db: Database) {
        let vendor = Vendor::new(&db);
        let purchase = vendor.events("stripe", "ada", "purchase");
        unmap(&vendor);
        let desk = Desk::with(vendor).await;
        desk.told(&purchase).await;
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.see("What needs a person").await;
        browser.page_is_sound().await;
        desk.picture("today").await;

        browser.click("Events of stripe failed: unknown product").await;
        browser.see("unknown_product").await;
        browser.page_is_sound().await;
        // The list keeps its place: its address says all of it, and the way back leads there.
        let list = browser.address().await;
        assert_eq!(list, "/console/events?status=failed&account=stripe&reason=unknown_product");
        browser.press("j").await;
        browser.press("\u{e007}").await;
        browser.see("Why it failed, and what to do").await;
        browser.see("\"stripe-item\" = \"PRODUCT\"").await;
        browser.page_is_sound().await;
        desk.picture("event").await;
        let event = browser.address().await;

        map_again(&desk.vendor);
        browser.submit("Reload the configuration").await;
        browser.see("The configuration was loaded anew").await;
        browser.page_is_sound().await;
        browser.go(&list).await;
        browser.see("Nothing matches.").await;
        browser.go(&event).await;
        browser.see("What it led to").await;
        browser.submit("Dry run").await;
        browser.see("What a replay would do").await;
        browser.see("Nothing would change for any license").await;
        browser.page_is_sound().await;
        browser.submit("Replay").await;
        browser.see("What it led to").await;
        browser.page_is_sound().await;

        // What the reload tried again was applied; another replay changed nothing.
        browser.find("buyer.ada@customer.example").await;
        browser.see("Found for").await;
        browser.page_is_sound().await;
        browser.press("j").await;
        browser.press("\u{e007}").await;
        browser.see("Its life").await;
        browser.see("valid until").await;
        browser.page_is_sound().await;
        desk.picture("license").await;
        browser.click("issued").await;
        browser.see("This is your activation key").await;
        browser.page_is_sound().await;
        desk.close().await;
    }
}
