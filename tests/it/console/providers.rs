//! Accounts: how they do, what they lack, and how they are set up.

use actix_web::http::Method;

use crate::support::databases::Database;
use crate::support::office::{Call, Office};
use crate::support::tab::Tab;

on_both! {
    async fn each_account_tells_how_it_does_and_where_its_webhooks_go(db: Database) {
        let office = Office::open(&db).await;
        office.configure(
            "[providers.other]\nkind = \"lemonsqueezy\"\nsecrets = [\"another_secret_of_office\"]\n\
             mode = \"test\"\n",
        );
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/providers").await;
        tab.page.says("other Lemon Squeezy 1 to look at test never 0 0 0 none by our mail");
        office.sells("ada").await;
        office.tell(keywright_providers::sample::Step::Purchase, "bob", "price_unknown").await;
        office.clock.advance(chrono::TimeDelta::minutes(5));
        for _ in 0..2 {
            let forged = Call::at(Method::POST, "/webhooks/shop").with_bytes(b"{}");
            assert_eq!(office.visit(forged).await.status, 401);
        }
        tab.open("/console/providers").await;
        tab.page.says("shop Stripe live 5 min ago 20 20");
        tab.page.says("2 signature_missing");
        let address = "https://licenses.acme.example/webhooks/shop";
        let source = tab.page.source.replace("&#x2f;", "/");
        assert!(source.contains(&format!("data-copy=\"{address}\"")), "{source}");
        tab.page.says(address);

        tab.follow("shop").await;
        tab.page.says("the signature is missing signature_missing 2 now");
        tab.page.says("price_pro acme-pro");
        assert!(!tab.page.source.contains("whsec_office"), "no secret is on the page");
        // Its own guide, with its own address in it, and one title.
        tab.page.says("Copy the signing secret");
        tab.page.says(&format!("Webhook address: {address}, where shop is the name in [providers.shop]"));
        assert!(!tab.page.source.contains("YOUR-HOST"));
        assert_eq!(tab.page.source.matches("<h1").count(), 1);
        // What a test leads to is an administrator's to begin.
        assert!(!tab.page.has_button("Send a test event"));

        tab.open("/console/providers/other").await;
        tab.page.says("providers.other.products maps nothing to a product");
        tab.page.says("Nothing has come from it yet.");
        let mut admin = Tab::signed_in(&office, "admin").await;
        admin.open("/console/providers/other").await;
        admin.page.says("Nothing is mapped to a product: add a line to [providers.other.products]");
        assert!(!admin.page.has_button("Send a test event"));
        assert_eq!(admin.open("/console/providers/nobody").await.status, 404);
        admin.page.says("there is no account nobody in the configuration");
        let token = admin.token();
        let forced = admin.post("/console/providers/other/test", &[("form", &token)]).await;
        assert_eq!(forced.status, 422, "{}", forced.text());
    }
}
