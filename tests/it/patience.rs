//! An API that is slow, silent or busy: nobody else waits for it, nothing is asked twice that was
//! answered, and nobody's patience is used up by what was not even tried.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{Ask, Auth, Event, Unread};
use serde_json::{Value, json};

use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::odd::Odd;
use crate::support::office::Office;

/// So many of one account are asked about at the same time.
const ASKED_OF_ONE_MAX: usize = 8;

/// An account at Mollie, whose events only say where to look.
pub(crate) fn mollie(name: &str, api: &Api) -> String {
    format!(
        "[providers.{name}]\nkind = \"mollie\"\nsecret = \"kw-mollie-secret-of-{name}\"\n\
         api_key = \"live_kwMollieOfficeKey01\"\napi_url = \"{}\"\n\
         [providers.{name}.products]\nprice_pro = \"acme-pro\"\n",
        api.base
    )
}

/// A purchase told so. The path, and what is there.
pub(crate) fn simple(office: &Office, account: &str, tag: &str) -> (Sample, String, Value) {
    let mut sample = office.samples(account, Step::Purchase, tag, "price_pro").remove(0);
    let mut body: Value = serde_json::from_slice(&sample.body).unwrap();
    let mut inside = body.as_object_mut().unwrap().remove("_embedded").unwrap();
    sample.body = body.to_string().into_bytes();
    let path = format!("/v2/payments/{}", body["entityId"].as_str().unwrap());
    (sample, path, inside["entity"].take())
}

async fn events(office: &Office, account: &str) -> Vec<Value> {
    let events = office.get(&format!("/events?account={account}&limit=200")).await.ok();
    events["items"].as_array().unwrap().clone()
}

/// The one event of that account.
async fn event(office: &Office, account: &str) -> Value {
    let [event] = events(office, account).await.try_into().unwrap();
    event
}

/// Every answer leads to one more question.
fn ever_more(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let number = event.answers.len();
    let (name, path) = (format!("riddle{number}"), format!("/riddles/{number}"));
    Ok(vec![Ask::get(name, "https://api.example.com", path, Auth::Bearer("api_key"))])
}

/// GoCardless tells of a payment in several events; all is asked for one of them.
async fn confirmed(office: &Office) -> Value {
    let of_type = |event: &Value| event["type"] == "payments.confirmed";
    events(office, "pay").await.into_iter().find(of_type).unwrap()
}

on_both! {
    async fn an_api_that_is_silent_holds_up_no_other_account(db: Database) {
        let office = Office::open(&db).await;
        let (slow, quick) = (Api::open(vec![Act::Silent; 64]).await, Api::open([]).await);
        office.configure(&(mollie("slow", &slow) + &mollie("quick", &quick)));
        for number in 0..40 {
            let (sample, ..) = simple(&office, "slow", &format!("ida{number}"));
            office.hand_in("slow", sample).await;
        }
        let (sample, path, payment) = simple(&office, "quick", "bob");
        quick.knows(&path, payment);
        office.hand_in("quick", sample).await;

        let served = async {
            while event(&office, "quick").await["status"] != "applied" {
                tokio::task::yield_now().await;
            }
            // The others still wait for their first answer.
            assert!(slow.asked().len() <= ASKED_OF_ONE_MAX, "{}", slow.asked().len());
            assert!(events(&office, "slow").await.iter().all(|event| event["status"] == "pending"));
            // Those who found no seat look again, and find none.
            office.clock.advance(TimeDelta::seconds(1));
            office.settle().await;
        };
        let served = tokio::time::timeout(Duration::from_secs(60), served);
        let ((), served) = tokio::join!(office.settle(), served);
        served.unwrap();

        // Whoever found no seat was not tried, and has lost no patience.
        assert_eq!(slow.asked().len(), ASKED_OF_ONE_MAX);
        assert!(events(&office, "slow").await.iter().all(|event| event["attempts"] == 1));
        let told = |event: &&Value| event["message"].as_str().unwrap().contains("questions");
        assert_eq!(events(&office, "slow").await.iter().filter(told).count(), 40 - ASKED_OF_ONE_MAX);
    }

    async fn a_replay_asks_again_even_where_the_api_is_busy_at_first(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([Act::Usual, Act::status(503)]).await);
        office.configure(&mollie("pay", &api));
        let (sample, path, payment) = simple(&office, "pay", "ida");
        office.hand_in("pay", sample).await;
        office.settle().await;
        let missing = event(&office, "pay").await;
        assert_ne!(missing["status"], "applied");

        api.knows(&path, payment);
        let replay = format!("/events/{}/replay", missing["id"].as_str().unwrap());
        office.post(&replay, json!({})).await.ok();
        office.settle().await;
        assert_eq!(event(&office, "pay").await["status"], "pending", "the API is busy");
        office.clock.advance(TimeDelta::minutes(1));
        office.settle().await;
        assert_eq!(event(&office, "pay").await["status"], "applied");
        assert_eq!(api.asked().iter().filter(|asked| asked.path == path).count(), 3);
    }

    async fn what_was_answered_is_not_asked_again_where_a_later_question_fails(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([Act::Usual, Act::status(503)]).await);
        office.configure(&format!(
            "[providers.pay]\nkind = \"gocardless\"\nsecret = \"kw-gocardless-office-secret\"\n\
             api_token = \"live_kwGoCardlessOffice1\"\napi_url = \"{}\"\n\
             [providers.pay.products]\nprice_pro = \"acme-pro\"\n",
            api.base
        ));
        let samples = office.samples("pay", Step::Purchase, "ida", "price_pro");
        let paid = |sample: &&Sample| sample.answers.len() > 2;
        let sample = samples.iter().find(paid).unwrap().clone();
        for (path, answer) in &sample.answers {
            api.knows(path, answer.clone());
        }
        office.hand_in("pay", sample).await;
        office.settle().await;
        assert_eq!(confirmed(&office).await["status"], "pending");
        assert_eq!(api.asked().len(), 2, "one was answered, the next was not");
        office.clock.advance(TimeDelta::seconds(2));
        office.settle().await;
        assert_eq!(confirmed(&office).await["status"], "applied");
        let mut paths: Vec<String> = api.asked().into_iter().map(|asked| asked.path).collect();
        let calls = paths.len();
        assert!(calls > 3, "{paths:?}");
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), calls - 1, "only the one that failed was put twice: {paths:?}");
    }

    async fn an_api_that_only_speaks_in_riddles_is_left(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        office.configure(&mollie("pay", &api));
        office.served_by("pay", Arc::new(Odd::like("mollie").asking(ever_more)));
        for number in 0..20 {
            api.knows(&format!("/riddles/{number}"), json!({}));
        }
        let (sample, ..) = simple(&office, "pay", "ida");
        office.hand_in("pay", sample).await;
        office.settle().await;
        let failed = event(&office, "pay").await;
        assert_eq!((&failed["status"], &failed["reason"]), (&json!("failed"), &json!("api_refused")));
        assert!(failed["message"].as_str().unwrap().contains("ever more questions"), "{failed}");
        assert_eq!(api.asked().len(), 4, "a round each");

        // Whoever insists has it asked on, but not for ever.
        let replay = format!("/events/{}/replay", failed["id"].as_str().unwrap());
        for _ in 0..6 {
            office.post(&replay, json!({})).await.ok();
            office.settle().await;
        }
        assert_eq!(api.asked().len(), 16);
        let failed = event(&office, "pay").await;
        assert!(failed["message"].as_str().unwrap().contains("more than 16 questions"), "{failed}");
    }
}
