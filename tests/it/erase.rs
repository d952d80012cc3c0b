//! A customer is erased: he is found nowhere, and goes on using what he bought.

use std::future::Future as _;
use std::task::Poll;

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright::store::rows::{EventFilter, LinkRow};
use keywright::store::types::{Bytes, EventStatus};
use keywright::support::Asked;
use keywright::support::erase::Look;
use keywright::support::sessions::Holder;
use keywright_providers::sample::{Scene, Step};
use serde_json::{Value, json};

use crate::patience::{mollie, simple};
use crate::support::api::Api;
use crate::support::databases::Database;
use crate::support::office::{Call, Office};

const ADA: &str = "ada@customer.example";
const NAME: &str = "Augusta Byron";

fn by_ann() -> Asked {
    Asked { by: "ann".to_owned(), reason: Some("asked by letter".to_owned()), ..Asked::default() }
}

async fn erased(office: &Office, email: &str) -> Look {
    office.support.customer_erase(email, by_ann()).await.unwrap()
}

fn scene(office: &Office, step: Step) -> Scene {
    Scene {
        name: NAME.to_owned(),
        company: Some("Byron Engines".to_owned()),
        ..office.scene(step, "ada", "price_pro")
    }
}

/// Ada buys, runs it on her machine, and has had to do with support. Her license.
async fn life(office: &Office) -> Value {
    office.deliver(&scene(office, Step::Purchase)).await;
    let found = office.get(&format!("/licenses?email={ADA}")).await.ok();
    let license = found["items"][0].clone();
    let machine = json!({
        "key": license["key"], "fingerprint": "machine-of-ada-1",
        "name": "Augusta's laptop", "platform": "Windows of Augusta",
    });
    office.ask("/licenses/activate", machine).await.ok();
    let path = format!("/licenses/{}", license["id"].as_str().unwrap());
    for (act, body) in [
        ("renew", json!({ "reason": "a gift" })),
        ("resend", json!({ "email": "ada@second.example" })),
    ] {
        let call = Call::to(Method::POST, &format!("{path}/{act}")).by(office.token("admin"));
        let call = call.header("idempotency-key", &format!("{act}-1")).with(&body);
        office.call(call).await.ok();
    }
    let now = office.support.clock.now();
    let store = &office.support.store;
    // Written and given up: the bytes and the server's words name her.
    store
        .run("mail", move |tx| {
            let mail = tx.outbox_claim(1, TimeDelta::minutes(1), now)?.remove(0);
            tx.outbox_message(
                mail.id,
                mail.fence,
                format!("To: {ADA}\r\n\r\nHello {NAME}").as_bytes(),
            )?;
            tx.outbox_failed(mail.id, mail.fence, &format!("550 no such user <{ADA}>"))
        })
        .await
        .unwrap();
    // And she has been on her own page.
    let hash = Bytes([7; 32]);
    let link = LinkRow { hash, email: ADA.to_owned(), created_at: now, used_at: Some(now) };
    store.run("link", move |tx| tx.link_insert(&link)).await.unwrap();
    office.support.session_begin(&Holder::Customer(ADA.to_owned())).await.unwrap();
    office.get(&path).await.ok()
}

/// What erasing must not change.
fn lasting(license: &Value) -> Value {
    let mut lasting = license.clone();
    let fields = lasting.as_object_mut().unwrap();
    for told in ["customer", "version"] {
        fields.remove(told);
    }
    lasting
}

async fn events(office: &Office) -> usize {
    let all = EventFilter::default();
    office.support.event_list(all, None, 1000).await.unwrap().items.len()
}

on_both! {
    async fn she_is_found_nowhere_and_her_license_goes_on(db: Database) {
        let office = Office::open(&db).await;
        let license = life(&office).await;
        let id = license["id"].as_str().unwrap().to_owned();
        let personal = [ADA, "ada@second.example", NAME, "Byron Engines", "Augusta"];
        for text in personal {
            assert!(db.holds(text).await, "{text} is there before");
        }
        let look = erased(&office, "Ada@Customer.example").await;
        assert_eq!((look.sales, look.licenses, look.machines), (1, 1, 1), "{look:?}");
        assert!(look.events >= 3 && look.mails >= 2 && look.answers >= 2, "{look:?}");
        assert_eq!((look.pending, look.history), (0, 0), "{look:?}");
        for text in personal {
            assert!(!db.holds(text).await, "{text} is there still");
        }
        assert_eq!(db.unswept().await, Vec::<String>::new(), "nor where no query sees it");

        let now = office.get(&format!("/licenses/{id}")).await.ok();
        assert_eq!(lasting(&now), lasting(&license), "and its explanation and history");
        assert_eq!(now["customer"]["email"], Value::Null);
        let valid = json!({ "key": license["key"], "fingerprint": "machine-of-ada-1" });
        assert_eq!(office.ask("/licenses/validate", valid).await.ok()["valid"], true);
        let again = json!({ "key": license["key"], "fingerprint": "machine-of-ada-1" });
        let again = office.ask("/licenses/activate", again).await.ok();
        assert_eq!(again["license_id"], id.as_str());
        let broken = office.support.store.read("verify", |tx| tx.history_verify(None)).await;
        assert_eq!(broken.unwrap(), None, "the chain holds");
    }

    async fn a_repetition_is_known_and_a_renewal_is_new(db: Database) {
        let office = Office::open(&db).await;
        let scene = scene(&office, Step::Purchase);
        office.deliver(&scene).await;
        let found = office.get(&format!("/licenses?email={ADA}")).await.ok();
        let license = found["items"][0].clone();
        erased(&office, ADA).await;
        let before = events(&office).await;
        office.deliver(&scene).await;
        assert_eq!(events(&office).await, before, "the provider sends it again");
        assert!(!db.holds(ADA).await);

        let renewal = Scene {
            step: Step::Renewal,
            cycle: 1,
            period_start: scene.period_end,
            period_end: scene.period_end + TimeDelta::days(365),
            ..scene
        };
        office.deliver(&renewal).await;
        let path = format!("/licenses/{}", license["id"].as_str().unwrap());
        let renewed = office.get(&path).await.ok();
        assert_eq!(renewed["key"], license["key"]);
        assert!(renewed["expires_at"].as_str() > license["expires_at"].as_str(), "{renewed}");
        assert_eq!(renewed["customer"]["email"], ADA, "what it brings is new");
        erased(&office, ADA).await;
        assert!(!db.holds(ADA).await, "and can be erased again");
    }

    async fn nobody_else_is_touched(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let others = [office.sells("nada").await, office.sells("ada.two").await];
        erased(&office, ADA).await;
        for other in others {
            let path = format!("/licenses/{}", other["id"].as_str().unwrap());
            let now = office.get(&path).await.ok();
            assert_eq!(now["customer"], other["customer"]);
            let filter = EventFilter { sale_id: other["sale_id"].as_str().unwrap().parse().ok(),
                ..EventFilter::default() };
            for event in office.support.event_list(filter, None, 9).await.unwrap().items {
                let whole = office.get(&format!("/events/{}", event.id)).await.ok();
                assert_ne!(whole["body"], Value::Null, "{whole}");
            }
        }
    }

    async fn a_sale_that_names_her_and_is_somebody_elses_stays_his(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let name = format!("for {ADA}");
        let gift = Scene { name, ..office.scene(Step::Purchase, "bob", "price_pro") };
        office.deliver(&gift).await;
        let found = office.get("/licenses?email=bob@customer.example").await.ok();
        let id = found["items"][0]["id"].as_str().unwrap();
        let look = erased(&office, ADA).await;
        assert_eq!((look.sales, look.licenses), (1, 1), "{look:?}");
        let now = office.get(&format!("/licenses/{id}")).await.ok();
        assert_eq!(now["customer"]["email"], "bob@customer.example", "{now}");
    }

    async fn it_can_be_stopped_anywhere_and_run_again(db: Database) {
        let office = Office::open(&db).await;
        let license = life(&office).await;
        let mut stops = 0;
        loop {
            let mut erase = Box::pin(office.support.customer_erase(ADA, by_ann()));
            let mut polls = 0;
            let done = std::future::poll_fn(|context| {
                if polls > stops {
                    return Poll::Ready(None);
                }
                polls += 1;
                erase.as_mut().poll(context).map(Some)
            });
            if let Some(outcome) = done.await {
                outcome.unwrap();
                break;
            }
            stops += 1;
        }
        assert!(stops > 10, "it was stopped {stops} times");
        for text in [ADA, NAME, "Byron Engines", "Augusta"] {
            assert!(!db.holds(text).await, "{text} is there still");
        }
        let now = office.get(&format!("/licenses/{}", license["id"].as_str().unwrap())).await.ok();
        assert_eq!(lasting(&now), lasting(&license));
        // It stands in the history once, and who it was does not.
        let look = office.support.customer_search(ADA).await.unwrap();
        assert_eq!(look.erased_at, Some(office.support.clock.now()));
        let begun = office.support.store.read("marks", |tx| tx.history_verify(None)).await.unwrap();
        assert_eq!(begun, None);
        assert_eq!(erased(&office, ADA).await.sales, 0, "nothing is left to do");
    }

    async fn an_event_that_gave_no_license_is_found_too(db: Database) {
        let office = Office::open(&db).await;
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        let found = office.support.customer_search(ADA).await.unwrap();
        assert_eq!(found.licenses, 0);
        assert!(found.failed > 0 && found.events >= found.failed, "{found:?}");
        assert!(db.holds(ADA).await, "looking changes nothing");
        erased(&office, ADA).await;
        assert!(!db.holds(ADA).await);
        let failed = EventFilter { status: Some(EventStatus::Failed), ..EventFilter::default() };
        assert!(office.support.event_list(failed, None, 9).await.unwrap().items.is_empty());
        assert!(office.support.attention().await.unwrap().failed.is_empty());
    }

    async fn who_is_named_in_an_answer_alone_is_found_in_it(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        office.configure(&mollie("pay", &api));
        let (sample, path, mut payment) = simple(&office, "pay", "ada");
        // It says who pays, and how much cannot be read: nothing else ever tells of her.
        payment["billingAddress"] = json!({ "email": ADA, "givenName": NAME });
        payment["amount"] = json!("plenty");
        api.knows(&path, payment);
        office.hand_in("pay", sample).await;
        office.settle().await;
        let found = office.support.customer_search(ADA).await.unwrap();
        assert_eq!((found.events, found.failed, found.sales), (1, 1, 0), "{found:?}");
        assert!(db.holds(ADA).await && db.holds(NAME).await, "it is there before");
        erased(&office, ADA).await;
        assert!(!db.holds(ADA).await && !db.holds(NAME).await, "it is there still");
    }

    async fn what_is_being_worked_on_is_left_for_the_next_run(db: Database) {
        let office = Office::open(&db).await;
        let sample = office.samples("shop", Step::Purchase, "ada", "price_pro").remove(0);
        office.hand_in("shop", sample).await;
        let look = erased(&office, ADA).await;
        assert_eq!(look.pending, 1, "{look:?}");
        office.settle().await;
        assert_eq!(erased(&office, ADA).await.pending, 0);
        assert!(!db.holds(ADA).await);
    }

    async fn a_stack_that_was_named_after_him_is_named_no_more(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let sale = license["sale_id"].as_str().unwrap();
        let live = if db.is_sqlite() { "1" } else { "TRUE" };
        db.tamper(&format!("INSERT INTO refs (account, live, ref, sale_id)
            VALUES ('shop', {live}, 'stack:acme-pro/email/{ADA}', {sale})")).await;
        erased(&office, ADA).await;
        assert!(!db.holds(ADA).await);
    }

    async fn the_reason_must_not_name_him_and_a_stranger_is_nobody(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let reason = Some(format!("letter of {ADA}"));
        let asked = Asked { reason, ..by_ann() };
        let refused = office.support.customer_erase(ADA, asked).await.unwrap_err().to_string();
        assert!(refused.starts_with("reason must not name the customer"), "{refused}");
        let stranger = erased(&office, "nobody@customer.example").await;
        assert!(stranger.is_empty() && stranger.erased_at.is_none(), "{stranger:?}");
        let nonsense = office.support.customer_search("ada").await.unwrap_err().to_string();
        assert!(nonsense.contains("is not an address"), "{nonsense}");
    }

    async fn the_history_names_nobody(db: Database) {
        let office = Office::open(&db).await;
        let license = life(&office).await;
        for step in [Step::PaymentFailed, Step::Refund] {
            office.deliver(&scene(&office, step)).await;
        }
        erased(&office, ADA).await;
        let subject = format!("license:{}", license["id"].as_str().unwrap());
        let entries = office.support.store.read("history", move |tx| tx.history_of(&subject));
        let entries = entries.await.unwrap();
        assert!(entries.len() >= 4);
        let text = format!("{entries:?}").to_lowercase();
        for personal in ["@", "augusta", "byron", "windows"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }

    async fn a_shell_tells_first_and_does_it_then(db: Database) {
        let shell = crate::shell::shell(&db);
        shell.done("licenses issue --product acme-pro --email ann@example.com");
        let told = shell.done("customers erase ann@example.com --dry-run");
        assert!(told.contains("would be taken out of 1 license "), "{told}");
        assert!(told.ends_with("nothing was changed\n"), "{told}");
        assert!(db.holds("ann@example.com").await);
        let done = shell.done("customers erase ann@example.com --reason letter");
        assert!(done.contains("taken out of 1 event "), "{done}");
        assert!(!db.holds("ann@example.com").await);
        let again = shell.done("customers erase ann@example.com");
        assert!(again.contains("erased before") && again.contains("nothing is known"), "{again}");
        let stranger = shell.refused("customers erase bob@example.com");
        assert!(stranger.contains("nothing is known of a customer of this address"), "{stranger}");
    }
}
