//! Whatever others write shows as text, and does nothing.

use keywright::trigger::{Scenario, tell};
use keywright_providers::sample::Sample;

use super::desk::Desk;
use crate::support::databases::Database;
use crate::support::process::{Vendor, licenses, now};

/// Markup, a script, a formula, and a mark that turns text around.
const HOSTILE: &str = "=1+1<script>document.title='owned'</script>\
     <img src=x onerror=\"document.title='owned'\">\u{202e}txt";

fn purchase(vendor: &Vendor<'_>) -> Vec<Sample> {
    let config = vendor.config();
    let mut scene = vendor.scene("stripe", "mallory");
    HOSTILE.clone_into(&mut scene.name);
    scene.company = Some(HOSTILE.to_owned());
    let steps = Scenario::parse("purchase").unwrap().steps(false);
    let told = tell(&config.accounts["stripe"], &scene, &steps, now()).unwrap();
    told.into_iter().flat_map(|told| told.samples).collect()
}

on_both! {
    async fn what_a_buyer_calls_himself_is_text_on_every_page(db: Database) {
        let desk = Desk::open(&db).await;
        desk.told(&purchase(&desk.vendor)).await;
        let store = desk.vendor.store();
        let license = licenses(&store, "buyer.mallory@customer.example").await.remove(0);
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        for page in [
            "/console".to_owned(),
            "/console/licenses?q=buyer.mallory@customer.example".to_owned(),
            format!("/console/licenses/{}", license.id),
            "/console/events".to_owned(),
            "/console/events/1".to_owned(),
            "/console/mail".to_owned(),
            "/console/mail/1".to_owned(),
            "/console/mail/1/html".to_owned(),
            "/console/find?q=mallory".to_owned(),
            "/console/audit".to_owned(),
        ] {
            browser.go(&page).await;
            let title = browser.run("return document.title").await;
            assert_ne!(title, "owned", "{page}");
            let strangers = browser.run("return document.querySelectorAll('img').length").await;
            assert_eq!(strangers, 0, "{page}");
            if !page.ends_with("/html") {
                browser.page_is_sound().await;
            }
        }
        browser.go(&format!("/console/licenses/{}", license.id)).await;
        browser.see("<script>document.title='owned'</script>").await;
        browser.go("/console/events/1").await;
        browser.submit("Show personal data").await;
        browser.see("That you looked stands in the audit").await;
        assert_ne!(browser.run("return document.title").await, "owned");
        desk.close().await;
    }
}
