//! Whatever a customer tells on the phone leads to what is known of him.

use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::tab::Tab;

on_both! {
    async fn a_key_an_order_and_an_address_lead_to_the_license(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.sells("bob").await;
        let text = |name: &str| license[name].as_str().unwrap().to_owned();
        let page = format!("/console/licenses/{}", text("id"));
        let mut tab = Tab::signed_in(&office, "support").await;
        // As it stands in the mail, and as it is read out.
        let spoken = text("key").to_lowercase().replace('-', "%20");
        for name in [text("id"), text("key"), spoken] {
            tab.open(&format!("/console/find?q={name}")).await;
            assert_eq!(tab.page.address, page, "{name}");
        }
        for known in ["ada@customer.example".to_owned(), "ADA@customer.example".to_owned(), text("subscription")] {
            tab.open(&format!("/console/find?q={known}")).await;
            assert_eq!(tab.page.link(&text("id")), page, "{known}");
            tab.page.says("Payment of 49.00 EUR for price_pro");
            tab.page.says("issued");
            tab.page.is_silent_about("bob@customer.example");
        }
    }

    async fn an_event_is_found_by_the_providers_id_and_by_ours(db: Database) {
        let office = Office::open(&db).await;
        office.tell(Step::Purchase, "eve", "price_new").await;
        let event = office.get("/events?status=failed").await.ok()["items"][0].clone();
        let page = format!("/console/events/{}", event["id"].as_str().unwrap());
        let mut tab = Tab::signed_in(&office, "support").await;
        for known in ["provider_event_id", "id"] {
            tab.open(&format!("/console/find?q={}", event[known].as_str().unwrap())).await;
            assert_eq!(tab.page.address, page, "{known}");
        }
    }

    async fn what_nobody_knows_says_where_else_to_look(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/find").await;
        tab.page.says("Type what the customer tells you");
        tab.open("/console/find?q=%20no-such-order%20").await;
        tab.page.says("Nothing is known of “no-such-order”");
        assert_eq!(tab.page.link("what failed"), "/console/events?status=failed");
        let page = tab.open("/console/find?q=a&q=b").await;
        assert_eq!(page.status, 400);
        page.says("q stands twice");
    }

    async fn more_than_a_few_lead_to_the_whole_list(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        for cycle in 1..4 {
            let mut scene = office.scene(Step::Renewal, "ada", "price_pro");
            scene.cycle = cycle;
            office.deliver(&scene).await;
        }
        tab.open("/console/find?q=ada@customer.example").await;
        tab.follow("All events that match").await;
        assert_eq!(tab.page.address, "/console/events?q=ada%40customer.example");
        tab.page.says("Payment of 49.00 EUR");
    }
}
