//! What is done about a license, with its reason, a way back, and two people at once.

use super::desk::Desk;
use crate::support::databases::Database;
use crate::support::process::licenses;

on_both! {
    async fn a_license_is_suspended_and_taken_back(db: Database) {
        let desk = Desk::open(&db).await;
        let purchase = desk.vendor.events("stripe", "ada", "purchase");
        desk.told(&purchase).await;
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.click("Licenses").await;
        browser.see("buyer.ada@customer.example").await;
        browser.page_is_sound().await;
        browser.press("j").await;
        browser.press("\u{e007}").await;
        browser.see("What to do").await;
        browser.click("Suspend").await;
        // Without a reason the browser itself does not send the form.
        browser.press_button("Suspend").await;
        browser.see("valid until").await;
        browser.fill("Reason", "a chargeback is announced").await;
        browser.submit("Suspend").await;
        browser.see("Undo: reinstate it").await;
        browser.page_is_sound().await;
        browser.submit("Undo: reinstate it").await;
        browser.see("valid until").await;
        browser.click("Audit").await;
        browser.see("a chargeback is announced").await;
        browser.see("Ann").await;
        browser.page_is_sound().await;
        browser.click("Verify the chain").await;
        browser.submit("Verify now").await;
        browser.see("entries").await;
        browser.page_is_sound().await;
        desk.close().await;
    }

    async fn of_two_at_once_the_second_is_told(db: Database) {
        let desk = Desk::open(&db).await;
        let purchase = desk.vendor.events("stripe", "ada", "purchase");
        desk.told(&purchase).await;
        let license = licenses(&desk.vendor.store(), "buyer.ada@customer.example").await.remove(0);
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.go(&format!("/console/licenses/{}", license.id)).await;
        browser.click("Revoke").await;
        browser.fill("Reason", "refunded by phone").await;
        let other = desk.vendor.run(&["licenses", "suspend", &license.id, "--reason", "asked to wait"]);
        assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stderr));
        browser.submit("Revoke").await;
        browser.see("Nothing was done").await;
        browser.see("asked to wait").await;
        browser.page_is_sound().await;
        browser.click("See the license as it is now").await;
        browser.see("suspended").await;
        desk.close().await;
    }

    async fn a_provider_is_looked_at_and_tried_out(db: Database) {
        let desk = Desk::open(&db).await;
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.click("Providers").await;
        browser.see("/webhooks/stripe").await;
        browser.page_is_sound().await;
        browser.click("stripe").await;
        browser.see("Send a test event").await;
        browser.page_is_sound().await;
        browser.submit("Send a test event").await;
        browser.see("The test event was answered 200 and is kept").await;
        browser.page_is_sound().await;
        desk.close().await;
    }
}
