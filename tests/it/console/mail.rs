//! Mail, seen before it goes and after, and sent again.

use chrono::TimeDelta;
use keywright::store::rows::{MailFilter, MailRow, NewMail};
use keywright::store::types::MailStatus;
use keywright_providers::sample::Step;
use serde_json::json;

use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};
use crate::support::tab::Tab;

/// A name that would be a script, if anything of it became markup.
const HOSTILE: &str = "Ada <img src=x onerror=alert(1)><script>alert(2)</script>";

/// The newest mail, with its bytes.
async fn newest(office: &Office) -> MailRow {
    let look = |tx: &mut keywright::store::Tx<'_>| {
        let id = tx.outbox_list(&MailFilter::default(), None, 1)?.remove(0).id;
        Ok(tx.outbox_by_id(id)?.unwrap())
    };
    office.support.store.read("newest", look).await.unwrap()
}

/// The text part, as the page shows it.
fn letter(tab: &Tab<'_>) -> String {
    let source = &tab.page.source;
    let start = source.find("<pre>").unwrap();
    source[start..source.find("</pre>").unwrap()].to_owned()
}

/// The newest mail is refused for good.
async fn give_up(office: &Office, why: &'static str) -> i64 {
    let (now, lease) = (office.support.clock.now(), TimeDelta::minutes(1));
    let fail = move |tx: &mut keywright::store::Tx<'_>| {
        let mail = tx.outbox_claim(9, lease, now)?.pop().unwrap();
        tx.outbox_failed(mail.id, mail.fence, why)?;
        Ok(mail.id)
    };
    office.support.store.run("fail", fail).await.unwrap()
}

on_both! {
    async fn a_mail_is_seen_before_it_goes_exactly_as_it_then_went(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail").await;
        tab.follow("issued").await;
        tab.page.says("It is in the queue.");
        tab.page.says("The message as it would be now");
        tab.page.says("Acme Licensing <licenses@acme.example>");
        tab.page.says(license["key"].as_str().unwrap());
        let before = letter(&tab);
        assert_eq!(newest(&office).await.message, None, "looking stores nothing");

        assert_eq!(office.post.run_once().await.unwrap().sent, 1);
        tab.open(&tab.page.address.clone()).await;
        tab.page.says("Sent now.");
        tab.page.is_silent_about("The message as it would be now");
        assert_eq!(letter(&tab), before);
        assert!(!tab.page.has_button("Try again now"));
        assert_eq!(tab.page.link("its license"), format!("/console/licenses/{}", license["id"].as_str().unwrap()));
    }

    async fn what_a_buyer_wrote_is_text_on_the_page_and_in_the_frame(db: Database) {
        let office = Office::open(&db).await;
        let scene = office.scene(Step::Purchase, "ada", "price_pro");
        office.deliver(&keywright_providers::sample::Scene { name: HOSTILE.to_owned(), ..scene }).await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail").await;
        tab.follow("issued").await;
        tab.page.says(HOSTILE);
        let hostile = |source: &str| source.contains("<img") || source.contains("<script>");
        assert!(!hostile(&tab.page.source));
        // The frame may do nothing: no word stands behind `sandbox`.
        let id = newest(&office).await.id;
        let frame = format!("sandbox title=\"The HTML of this mail\" src=\"/console/mail/{id}/html\">");
        assert!(tab.page.source.contains(&frame), "{}", tab.page.source);

        tab.open(&format!("/console/mail/{id}/html")).await;
        assert_eq!(tab.page.status, 200);
        let policy = &tab.page.headers["content-security-policy"];
        assert!(policy.contains("default-src 'none'") && policy.contains("; sandbox;"), "{policy}");
        assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
        assert_eq!(tab.page.headers["x-frame-options"], "SAMEORIGIN");
        tab.page.says(HOSTILE);
        assert!(!hostile(&tab.page.source), "{}", tab.page.source);
        // It is the HTML part alone, and none of the headers around it.
        assert!(!tab.page.source.contains("Message-ID") && !tab.page.source.contains("boundary="));
        // Its links ask for a window, which the sandbox refuses.
        assert!(tab.page.source.contains("<base target=\"_blank\">"));
    }

    async fn a_mail_that_was_given_up_goes_out_when_it_is_tried_again(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let id = give_up(&office, "550 no such user").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail?status=failed").await;
        tab.page.says("550 no such user");
        tab.follow("issued").await;
        tab.page.says("Not sent, and not tried again: 550 no such user.");
        tab.send("Try again now", &[]).await;
        assert_eq!(tab.page.address, format!("/console/mail/{id}?done=retried"));
        tab.page.says("The mail is at the head of the queue");
        assert_eq!(office.post.run_once().await.unwrap().sent, 1);
        tab.open(&format!("/console/mail/{id}")).await;
        tab.page.says("Sent now.");

        // Whoever had the page open still sees the button, and is told.
        let token = tab.token();
        tab.post(&format!("/console/mail/{id}/retry"), &[("form", &token)]).await;
        assert_eq!(tab.page.status, 409);
        tab.page.says("the mail was sent already");
        tab.open(&format!("/console/audit?subject=mail:{id}")).await;
        tab.page.says("the mail was put back in the queue");
        assert_eq!(tab.page.link(&format!("mail:{id}")), format!("/console/mail/{id}"));
        // A word of somebody else's link says nothing.
        tab.open(&format!("/console/mail/{id}?done=revoked")).await;
        assert_eq!(tab.page.status, 200);
        tab.page.is_silent_about("revoked");
    }

    async fn a_mail_without_an_address_says_what_it_waits_for(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let (id, now) = (license["id"].as_str().unwrap().to_owned(), office.support.clock.now());
        let mail = NewMail {
            key: "nobody".to_owned(),
            template: "issued".to_owned(),
            license_id: Some(id),
            sale_id: None,
            recipient: None,
            locale: None,
            status: MailStatus::Queued,
            next_at: now,
            message_id: "<nobody@acme.example>".to_owned(),
            dated_at: now,
            data: json!({}),
            created_at: now,
        };
        let letter = NewMail { key: "link".to_owned(), license_id: None, ..mail.clone() };
        for mail in [mail, letter] {
            office.support.store.run("owe", move |tx| tx.outbox_owe(&mail)).await.unwrap();
        }
        let mut tab = Tab::signed_in(&office, "support").await;
        let newest = newest(&office).await.id;
        tab.open(&format!("/console/mail/{}", newest - 1)).await;
        tab.page.says("It waits for an address.");
        tab.page.says("The message as it would be now");
        assert!(!tab.page.source.contains(".invalid"), "{}", tab.page.source);
        // What is about no license is nobody's to read.
        tab.open(&format!("/console/mail/{newest}")).await;
        tab.page.says("What it says is for its receiver alone.");
        assert!(!tab.page.source.contains("<pre>"));
    }

    async fn mail_is_found_by_license_address_and_status(db: Database) {
        let office = Office::open(&db).await;
        let ada = office.sells("ada").await;
        office.sells("bob").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail").await;
        for name in [&ada["key"], &ada["id"]] {
            tab.send("Show", &[("license", name.as_str().unwrap()), ("to", "")]).await;
            tab.page.says("ada@customer.example");
            tab.page.is_silent_about("bob@customer.example");
        }
        assert!(tab.page.address.contains("license="), "{}", tab.page.address);
        tab.send("Show", &[("license", ""), ("to", "Bob@Customer.example ")]).await;
        tab.page.says("bob@customer.example");
        tab.page.is_silent_about("ada@customer.example");
        tab.send("Show", &[("license", "ACME-NONE"), ("to", "")]).await;
        tab.page.says("There is no license ACME-NONE: write its key or its id.");
        tab.page.says("Nothing matches.");
        assert_eq!(tab.open("/console/mail?status=lost").await.status, 400);
        tab.page.says("queued, sent, failed");
    }

    async fn while_everything_is_on_hold_the_page_says_so(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/mail").await;
        tab.page.is_silent_about("Nothing goes out at the moment");
        office.support.mail_hold(by_nobody()).await.unwrap();
        for page in ["/console/mail", "/console/hooks"] {
            tab.open(page).await;
            tab.page.says("Nothing goes out at the moment, neither mail nor messages to hooks");
        }
    }
}
