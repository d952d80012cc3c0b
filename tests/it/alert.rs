//! Somebody is written when something needs a person, once, and that all is well again.

use chrono::TimeDelta;
use keywright::store::rows::MailFilter;
use keywright::support::view::MailView;
use keywright::upkeep::Upkeep;
use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::office::Office;

async fn opened(db: &Database) -> Office {
    let office = Office::open(db).await;
    office.configure_with("[mail]\n", "[mail]\nalert_to = \"support@acme.example\"\n");
    office
}

/// Looks every five minutes for so long; says how many digests that owed.
async fn watched(office: &Office, time: TimeDelta) -> usize {
    let (upkeep, mut owed) = (Upkeep::new(office.support.clone()), 0);
    let mut left = time;
    while left > TimeDelta::zero() {
        owed += usize::from(upkeep.look().await.unwrap());
        office.clock.advance(TimeDelta::minutes(5));
        left -= TimeDelta::minutes(5);
    }
    owed
}

async fn digests(office: &Office) -> Vec<MailView> {
    let mut mails = office.support.mail_list(MailFilter::default(), None, 99).await.unwrap().items;
    mails.retain(|mail| mail.template == "alert");
    mails
}

/// The digests as they arrive, oldest first.
async fn arrived(office: &Office) -> Vec<String> {
    while office.post.run_once().await.unwrap().sent > 0 {}
    let mut texts = Vec::new();
    for mail in digests(office).await.into_iter().rev() {
        assert_eq!(mail.status, "sent", "{mail:?}");
        let whole = office.support.mail(mail.id.parse().unwrap()).await.unwrap();
        texts.push(whole.message.unwrap());
    }
    texts
}

on_both! {
    async fn the_first_trouble_is_told_soon_with_what_how_many_and_where(db: Database) {
        let office = opened(&db).await;
        assert_eq!(watched(&office, TimeDelta::hours(2)).await, 0, "all is well");
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        assert_eq!(watched(&office, TimeDelta::minutes(15)).await, 1);
        assert_eq!(watched(&office, TimeDelta::hours(20)).await, 0, "that was told");
        let [digest] = <[String; 1]>::try_from(arrived(&office).await).unwrap();
        assert!(digest.contains("support@acme.example"), "{digest}");
        let text = digest.replace("=\r\n", "").replace("=3D", "=");
        assert!(text.contains("failed events of shop (unknown_product): "), "{text}");
        let link = "https://licenses.acme.example/console/events?status=failed&account=shop&reason=unknown_product";
        assert!(text.contains(link), "{text}");
        for personal in ["ada@", "Ada Example", "customer.example"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }

    async fn two_nodes_write_one(db: Database) {
        let office = opened(&db).await;
        let other = office.another(&db).await;
        other.configure_with("[mail]\n", "[mail]\nalert_to = \"support@acme.example\"\n");
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        let (one, two) = tokio::join!(
            watched(&office, TimeDelta::minutes(30)),
            watched(&other, TimeDelta::minutes(30)),
        );
        assert_eq!(one + two, 1);
        assert_eq!(digests(&office).await.len(), 1);
    }

    async fn when_it_is_mended_that_is_told_once(db: Database) {
        let office = opened(&db).await;
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        watched(&office, TimeDelta::hours(1)).await;
        office.configure_with(
            "[mail]\n",
            "[mail]\nalert_to = \"support@acme.example\"\nalert_locale = \"de\"\n",
        );
        for event in office.get("/events?status=failed").await.ok()["items"].as_array().unwrap() {
            let path = format!("/events/{}/ignore", event["id"].as_str().unwrap());
            office.post(&path, serde_json::json!({})).await.ok();
        }
        assert_eq!(watched(&office, TimeDelta::hours(3)).await, 1);
        assert_eq!(watched(&office, TimeDelta::hours(20)).await, 0);
        let digests = arrived(&office).await;
        let well = digests[1].replace("=\r\n", "");
        assert!(well.contains("Alles ist wieder in Ordnung"), "{well}");
    }

    async fn without_anybody_to_write_to_nothing_is_owed(db: Database) {
        let office = Office::open(&db).await;
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        assert_eq!(watched(&office, TimeDelta::hours(2)).await, 0);
        assert!(digests(&office).await.is_empty());
    }
}
