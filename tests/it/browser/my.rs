//! The customer's own page: from his address to a machine that he releases.

use serde_json::json;

use super::desk::Desk;
use crate::support::databases::Database;
use crate::support::process::{files, licenses, until};

/// The link in the newest letter, without the host that stands in the configuration.
fn link(desk: &Desk<'_>) -> Option<String> {
    let folder = desk.vendor.mail_folder();
    files(&folder).into_iter().find_map(|file| {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        // As quoted-printable has it.
        let text = text.replace("=\r\n", "").replace("=3D", "=");
        let (_, rest) = text.split_once("/my/in?link=")?;
        let secret: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        Some(format!("/my/in?link={secret}"))
    })
}

on_both! {
    async fn a_customer_releases_a_machine_by_himself(db: Database) {
        let desk = Desk::open(&db).await;
        let purchase = desk.vendor.events("stripe", "ada", "purchase");
        desk.told(&purchase).await;
        let license = licenses(&desk.vendor.store(), "buyer.ada@customer.example").await.remove(0);
        let machine = json!({ "key": license.key, "fingerprint": "0123456789abcdef0123456789abcdef",
            "name": "Office laptop", "platform": "linux" });
        let activate = format!("{}/v1/licenses/activate", desk.node.address);
        let answer = reqwest::Client::new().post(activate).json(&machine).send().await.unwrap();
        assert_eq!(answer.status(), 200);

        let browser = &desk.browser;
        browser.go("/my").await;
        browser.see("Enter the e-mail address").await;
        browser.page_is_sound().await;
        browser.fill("E-mail address", "nobody@customer.example").await;
        browser.submit("Send me a link").await;
        browser.see("a link is on its way").await;
        let answered = browser.text().await;
        browser.go("/my").await;
        browser.fill("E-mail address", "Buyer.Ada@customer.example").await;
        browser.submit("Send me a link").await;
        browser.see("a link is on its way").await;
        assert_eq!(browser.text().await, answered, "whether the address is known is not told");
        browser.page_is_sound().await;
        until("the letter with the link has come", async || link(&desk).is_some()).await;

        browser.go(&link(&desk).unwrap()).await;
        browser.page_is_sound().await;
        browser.submit("Continue").await;
        browser.see("Office laptop").await;
        browser.see(&license.key).await;
        browser.page_is_sound().await;
        browser.look("light", true).await;
        desk.picture("my").await;
        browser.look("light", false).await;
        browser.click("Release Office laptop").await;
        browser.submit("Yes, release it").await;
        browser.see("0 of ").await;
        browser.page_is_sound().await;
        browser.click("Activate offline").await;
        browser.see("Make the license").await;
        browser.page_is_sound().await;
        browser.submit("Sign out").await;
        browser.see("Enter the e-mail address").await;
        desk.close().await;
    }
}
