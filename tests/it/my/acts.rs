//! What a customer does to what is his, how often, and that nothing else is touched.

use chrono::TimeDelta;
use keywright::support::{Failure, Refusal};
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use super::{Call, Mailbox, Method, SITE, sent_by};
use crate::app::machine::{activate, activated, code, told};
use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::tab::Tab;

const ADA: &str = "ada@customer.example";

async fn history(office: &Office, license: &Value) -> Vec<(String, Option<String>)> {
    let id = license["id"].as_str().unwrap();
    let whole = office.get(&format!("/licenses/{id}")).await.ok();
    let entries = whole["history"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            assert!(!entry.to_string().contains('@'), "{entry}");
            let actor = entry["actor"].as_str().map(str::to_owned);
            (entry["action"].as_str().unwrap().to_owned(), actor)
        })
        .collect()
}

/// The ids of the machines that hold a seat.
async fn machines(office: &Office, license: &Value) -> Vec<String> {
    let id = license["id"].as_str().unwrap();
    let list = office.support.activation_list(id).await.unwrap().items;
    list.into_iter().filter(|one| one.released_at.is_none()).map(|one| one.id).collect()
}

on_both! {
    async fn a_machine_is_released_and_the_next_one_takes_its_place(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        for (machine, name) in [("m-1", "Ada's <b>desk</b>"), ("m-2", "Laptop")] {
            let body = json!({ "key": key, "fingerprint": machine, "name": name, "platform": "Linux" });
            office.ask("/licenses/activate", body).await.ok();
            office.clock.advance(TimeDelta::minutes(1));
        }
        assert_eq!(activate(&office, key, "m-3").await.word(), "409 too_many_activations");
        let mailbox = Mailbox::of(&office);
        let mut tab = mailbox.signed_in(ADA).await;
        tab.page.says("2 of 2 in use");
        tab.page.says("Ada's <b>desk</b>");
        assert!(!tab.page.source.contains("<b>desk"), "{}", tab.page.source);
        tab.page.says("You can release 3 more for now.");
        tab.send("Yes, release it", &[]).await.says("The machine is released");
        tab.page.says("1 of 2 in use");
        tab.page.says("You can release 2 more for now.");
        tab.page.is_silent_about("desk");
        assert_eq!(code(&office, key, "m-1").await, "not_activated");
        assert_eq!(code(&office, key, "m-2").await, "valid");
        activated(&office, key, "m-3").await;
        let released = ("activation_released".to_owned(), Some("customer".to_owned()));
        assert!(history(&office, &bought).await.contains(&released));
    }

    async fn a_key_is_sent_again_to_the_address_on_file_three_times_a_day(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        let mut tab = mailbox.signed_in(ADA).await;
        let again = "Send me the key again of Acme Pro";
        for _ in 0..3 {
            tab.send(again, &[]).await.says("The key is on its way to your address.");
        }
        assert!(!tab.page.has_button(again));
        tab.page.says("you can have it sent again after 2026-12-02 09:00:00 UTC");
        let body = format!("form={}&license={}", tab.token(), bought["id"].as_str().unwrap());
        let fourth = sent_by(&tab, &office, SITE, "/my/resend", &body).await;
        assert_eq!(fourth.status, 429);
        assert_eq!(mailbox.brings().await.sent, 3);
        let keys = mailbox.mails().await.into_iter().filter(|mail| mail.template == "issued");
        let keys: Vec<_> = keys.map(|mail| mail.recipient.unwrap()).collect();
        assert_eq!(keys, [ADA; 4]);
        let resent = ("resent".to_owned(), Some("customer".to_owned()));
        let done = history(&office, &bought).await;
        assert_eq!(done.iter().filter(|entry| **entry == resent).count(), 3);
        office.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
        let tab = mailbox.signed_in(ADA).await;
        assert!(tab.page.has_button(again));
    }

    async fn machines_are_released_so_often_and_no_more_by_whatever_node(db: Database) {
        let office = Office::open(&db).await;
        let settings = "[my]\nreleases = 2\nrelease_period = \"P7D\"\n";
        office.configure(settings);
        let other = office.another(&db).await;
        other.configure(settings);
        let bought = office.sells("ada").await;
        let (key, id) = (bought["key"].as_str().unwrap(), bought["id"].as_str().unwrap());
        activated(&office, key, "m-0").await;
        let first = machines(&office, &bought).await.remove(0);
        office.support.my_release(ADA, id, &first).await.unwrap();
        // Again: nothing happens, and nothing counts.
        office.support.my_release(ADA, id, &first).await.unwrap();
        office.clock.advance(TimeDelta::days(1));
        other.clock.advance(TimeDelta::days(1));
        for machine in ["m-1", "m-2"] {
            activated(&office, key, machine).await;
        }
        let held = machines(&office, &bought).await;
        let (one, two) = tokio::join!(
            office.support.my_release(ADA, id, &held[0]),
            other.support.my_release(ADA, id, &held[1]),
        );
        let (done, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(done, Ok(()));
        let Err(Failure::Refused(Refusal::TooOften(why))) = refused else { panic!("{refused:?}") };
        assert!(why.contains("no more machines can be released for now"), "{why}");
        assert!(why.contains("after 2026-12-08 09:00 UTC"), "{why}");
        assert_eq!(machines(&office, &bought).await.len(), 1);

        let mailbox = Mailbox::of(&office);
        let tab = mailbox.signed_in(ADA).await;
        tab.page.says("You can release a machine again after 2026-12-08 09:00:00 UTC.");
        assert!(!tab.page.has_button("Yes, release it"));
        // Support is not bound by it, and does not count.
        let held = machines(&office, &bought).await;
        let released = format!("/licenses/{id}/activations/{}", held[0]);
        let call = Call::to(Method::DELETE, &released).by(office.token("admin"));
        assert_eq!(office.call(call).await.status, 204);
        // The first of the two is a week ago.
        office.clock.advance(TimeDelta::days(6) + TimeDelta::seconds(1));
        activated(&office, key, "m-3").await;
        let mut tab = mailbox.signed_in(ADA).await;
        tab.page.says("You can release 1 more for now.");
        tab.send("Yes, release it", &[]).await.says("The machine is released");
    }

    async fn what_is_anothers_is_not_there_and_stays_as_it_was(db: Database) {
        let office = Office::open(&db).await;
        let (adas, bobs) = (office.sells("ada").await, office.sells("bob").await);
        let key = adas["key"].as_str().unwrap();
        activated(&office, key, "m-1").await;
        let machine = machines(&office, &adas).await.remove(0);
        let before = (history(&office, &adas).await, history(&office, &bobs).await);
        let mailbox = Mailbox::of(&office);
        let bob = mailbox.signed_in("bob@customer.example").await;
        bob.page.is_silent_about(key);
        let mails = mailbox.mails().await.len();
        let form = bob.token();
        for license in [adas["id"].as_str().unwrap(), key, bobs["id"].as_str().unwrap(), "x"] {
            let body = format!("form={form}&license={license}&activation={machine}");
            let answer = sent_by(&bob, &office, SITE, "/my/release", &body).await;
            assert_eq!(answer.status, 404, "{license}");
        }
        for license in [adas["id"].as_str().unwrap(), key] {
            let body = format!("form={form}&license={license}");
            let answer = sent_by(&bob, &office, SITE, "/my/resend", &body).await;
            assert_eq!(answer.status, 404, "{license}");
            assert!(!answer.text.contains("ada@"), "{}", answer.text);
        }
        assert_eq!(machines(&office, &adas).await, [machine]);
        assert_eq!((history(&office, &adas).await, history(&office, &bobs).await), before);
        assert_eq!(mailbox.mails().await.len(), mails);
    }

    async fn a_form_without_its_token_or_of_another_site_does_nothing(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        activated(&office, bought["key"].as_str().unwrap(), "m-1").await;
        let machine = machines(&office, &bought).await.remove(0);
        let mailbox = Mailbox::of(&office);
        let ada = mailbox.signed_in(ADA).await;
        let elsewhere = mailbox.signed_in(ADA).await;
        let named = format!("license={}&activation={machine}", bought["id"].as_str().unwrap());
        let good = format!("form={}&{named}", ada.token());
        for (origin, body) in [
            (SITE, named.clone()),
            (SITE, format!("form=&{named}")),
            (SITE, format!("form={}&{named}", elsewhere.token())),
            ("https://evil.example", good.clone()),
            ("null", good.clone()),
        ] {
            let answer = sent_by(&ada, &office, origin, "/my/release", &body).await;
            assert_eq!(answer.status, 403, "{origin} {body}");
            assert!(answer.text.contains("This form cannot be taken"));
        }
        let stranger = Tab::new(&office);
        let answer = sent_by(&stranger, &office, SITE, "/my/release", &good).await;
        assert_eq!((answer.status, answer.headers["location"].as_str()), (303, "/my"));
        assert_eq!(machines(&office, &bought).await, std::slice::from_ref(&machine));
        let answer = sent_by(&ada, &office, SITE, "/my/release", &good).await;
        assert_eq!(answer.headers["location"], "/my?done=released");
        assert_eq!(machines(&office, &bought).await.len(), 0);
    }

    async fn a_revoked_license_is_shown_and_sends_no_key(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        told(&office, Step::Refund, 0).await;
        let mailbox = Mailbox::of(&office);
        let tab = mailbox.signed_in(ADA).await;
        tab.page.says("Acme Pro revoked");
        tab.page.says("This license is revoked, so it is not valid any more.");
        assert!(!tab.page.has_button("Send me the key again of Acme Pro"));
        let mails = mailbox.mails().await.len();
        let body = format!("form={}&license={}", tab.token(), bought["id"].as_str().unwrap());
        assert_eq!(sent_by(&tab, &office, SITE, "/my/resend", &body).await.status, 409);
        assert_eq!(mailbox.mails().await.len(), mails);
    }

    async fn many_licenses_are_shown_part_by_part_and_each_state_in_words(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let id = bought["id"].as_str().unwrap();
        office.clock.advance(TimeDelta::minutes(1));
        for number in 0..21 {
            let name = format!("Ada {number}");
            let gift = json!({ "product": "acme-ever", "email": ADA, "name": name });
            assert_eq!(office.post("/licenses", gift).await.status, 201);
        }
        let mailbox = Mailbox::of(&office);
        let mut tab = mailbox.signed_in(ADA).await;
        let count = |tab: &Tab<'_>| tab.page.source.matches("<section class=\"mine\"").count();
        assert_eq!(count(&tab), 20);
        tab.page.says("Acme for ever active It has no end.");
        tab.follow("Older licenses").await;
        assert_eq!(count(&tab), 2);
        let place = tab.page.address.clone();
        let again = "Send me the key again of Acme Pro";
        tab.send(again, &[]).await.says("The key is on its way");
        assert_eq!(tab.page.address, format!("{place}&done=resent"), "it keeps its place");

        office.post(&format!("/licenses/{id}/suspend"), json!({})).await.ok();
        tab.open(&place).await.says("Acme Pro suspended This license is suspended");
        office.post(&format!("/licenses/{id}/reinstate"), json!({})).await.ok();
        office.clock.advance(TimeDelta::days(365));
        let mut tab = mailbox.signed_in(ADA).await;
        tab.open(&place).await;
        tab.page.says("It was paid until 2027-12-01 09:00:00 UTC (1 min ago), and ends soon");
        office.clock.advance(TimeDelta::days(30));
        let mut tab = mailbox.signed_in(ADA).await;
        tab.open(&place).await.says("Acme Pro expired It ended on 2027-12-01 09:00:00 UTC.");
        assert_eq!(tab.open("/my?page=2").await.status, 400);
        assert_eq!(tab.open("/my/elsewhere").await.status, 404);
        assert_eq!(tab.post("/my/in/there", &[]).await.status, 404);
    }
}
