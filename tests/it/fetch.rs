//! Asking a provider's API: what is no answer is asked again, what is refused says so, and nothing
//! leads elsewhere.

use std::time::Duration;

use keywright::config::{Account, Config};
use keywright::fetch::{Fetch, FetchError};
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{Ask, Auth};
use serde_json::{Value, json};

use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};

/// A longer answer is none.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// An account whose API that is.
pub(super) fn account(api: &Api) -> Account {
    account_with(api, "the-secret-of-the-rest-app")
}

/// The same, with that secret.
pub(super) fn account_with(api: &Api, secret: &str) -> Account {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keywright.toml");
    let text = format!(
        "[providers.pay]\nkind = \"paypal\"\nwebhook_id = \"8PT597110X687430LKGECATA\"\n\
         api_client_id = \"a-client-of-the-rest-app\"\n\
         api_client_secret = {}\napi_url = \"{}\"\n",
        json!(secret),
        api.base
    );
    std::fs::write(&file, text).unwrap();
    Config::load_with(&file, []).unwrap().accounts["pay"].clone()
}

pub(super) fn bearer() -> Ask {
    let auth = Auth::Bearer("api_client_secret");
    Ask::get("thing", "https://api.example.com", "/v1/things/1".to_owned(), auth)
}

pub(super) fn oauth() -> Ask {
    let auth = Auth::ClientCredentials {
        token_path: "/v1/oauth2/token",
        id: "api_client_id",
        secret: "api_client_secret",
    };
    Ask { auth, ..bearer() }
}

async fn ask(acts: impl IntoIterator<Item = Act>) -> (Result<usize, FetchError>, Api) {
    let api = Api::open(acts).await;
    let fetch = Fetch::with_call_max(Duration::from_millis(300)).unwrap();
    let answer = fetch.ask(&bearer(), &account(&api)).await;
    (answer.map(|fetched| fetched.body.len()), api)
}

#[tokio::test]
async fn what_is_no_answer_now_is_asked_again_later() {
    let busy = Act::Answer(429, "Retry-After: 2", "slow down".to_owned());
    for act in [busy, Act::status(503), Act::Silent] {
        let (answer, _api) = ask([act.clone()]).await;
        let error = answer.unwrap_err();
        assert!(error.passes(), "{act:?}: {error}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_asked_again_and_says_what_would_be_right() {
    for status in [401, 403] {
        let (answer, api) = ask([Act::status(status)]).await;
        let error = answer.unwrap_err();
        assert!(!error.passes() && api.asked().len() == 1, "{error}");
        let told = error.to_string();
        assert!(told.contains("[providers.pay]") && !told.contains("the-secret"), "{told}");
    }
    let (answer, _api) = ask([Act::status(400)]).await;
    assert!(!answer.unwrap_err().passes());
}

#[tokio::test]
async fn an_answer_has_its_length_and_no_more() {
    let long = |more| Act::Answer(200, "X-None: 0", "x".repeat(ANSWER_BYTES_MAX + more));
    assert_eq!(ask([long(0)]).await.0, Ok(ANSWER_BYTES_MAX));
    let error = ask([long(1)]).await.0.unwrap_err();
    assert!(matches!(error, FetchError::TooLong(_)), "{error}");
}

#[tokio::test]
async fn no_credential_follows_a_redirect() {
    let elsewhere = Act::Answer(302, "Location: /v1/elsewhere", String::new());
    let (answer, api) = ask([elsewhere]).await;
    assert!(matches!(answer, Err(FetchError::Refused { status: 302, .. })), "{answer:?}");
    let asked = api.asked();
    assert_eq!((asked.len(), asked[0].path.as_str()), (1, "/v1/things/1"));
}

#[tokio::test]
async fn a_token_is_got_once_and_renewed_when_it_is_not_taken_any_more() {
    let token = |token: &str| Act::json(&json!({ "access_token": token, "expires_in": 3600 }));
    let api = Api::open([
        token("one"),
        Act::json(&json!({})),
        Act::json(&json!({})),
        Act::status(401),
        token("two"),
        Act::json(&json!({})),
    ])
    .await;
    let (fetch, account) = (Fetch::new().unwrap(), account(&api));
    for _ in 0..3 {
        assert!(fetch.ask(&oauth(), &account).await.unwrap().found());
    }
    let asked = api.asked();
    let with: Vec<&str> = asked.iter().map(|asked| asked.authorization.as_str()).collect();
    let basic = "Basic YS1jbGllbnQtb2YtdGhlLXJlc3QtYXBwOnRoZS1zZWNyZXQtb2YtdGhlLXJlc3QtYXBw";
    assert_eq!(with, [basic, "Bearer one", "Bearer one", "Bearer one", basic, "Bearer two"],);
    assert_eq!(asked[4].path, "/v1/oauth2/token");
}

#[tokio::test]
async fn a_new_token_that_is_not_taken_is_refused_at_once() {
    let token = Act::json(&json!({ "access_token": "one", "expires_in": 3600 }));
    let api = Api::open([token, Act::status(401)]).await;
    let error = Fetch::new().unwrap().ask(&oauth(), &account(&api)).await.unwrap_err();
    assert!(matches!(error, FetchError::Forbidden { status: 401, .. }), "{error}");
    assert_eq!(api.asked().len(), 2);
}

const KEY: &str = "api_key = \"live_kwMollieOfficeKey01\"\n";

/// The office sells at Mollie too, and has bought nothing of it yet but the key.
fn mollie(office: &Office, api: &Api, key: &str) {
    office.configure(&format!(
        "[providers.pay]\nkind = \"mollie\"\nsecret = \"kw-mollie-office-secret\"\n{key}\
         api_url = \"{}\"\n[providers.pay.products]\nprice_pro = \"acme-pro\"\n",
        api.base
    ));
}

/// A purchase told as Mollie's simple payloads do: only where to look. The path, and what is there.
fn simple(office: &Office) -> (Sample, String, Value) {
    let mut sample = office.samples("pay", Step::Purchase, "ida", "price_pro").remove(0);
    let mut body: Value = serde_json::from_slice(&sample.body).unwrap();
    let mut inside = body.as_object_mut().unwrap().remove("_embedded").unwrap();
    sample.body = body.to_string().into_bytes();
    let path = format!("/v2/payments/{}", body["entityId"].as_str().unwrap());
    (sample, path, inside["entity"].take())
}

/// The one event that came, by what became of it.
async fn event(office: &Office) -> Value {
    let events = office.get("/events").await.ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    events["items"][0].clone()
}

async fn licenses(office: &Office) -> usize {
    office.get("/licenses").await.ok()["items"].as_array().unwrap().len()
}

on_both! {
    async fn an_event_waits_for_the_key_and_is_applied_once_it_is_there(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        mollie(&office, &api, "");
        let (sample, path, payment) = simple(&office);
        api.knows(&path, payment);
        office.hand_in("pay", sample).await;
        office.settle().await;
        let waiting = event(&office).await;
        assert_eq!((&waiting["status"], &waiting["reason"]), (&json!("waiting"), &json!("needs_setting")));
        assert!(waiting["message"].as_str().unwrap().contains("set api_key in [providers.pay]"));
        assert_eq!(api.asked(), []);

        mollie(&office, &api, KEY);
        assert_eq!(office.support.event_replay_unmapped(by_nobody()).await.unwrap(), 1);
        office.settle().await;
        assert_eq!(event(&office).await["status"], "applied");
        assert_eq!(licenses(&office).await, 1);
        assert_eq!(api.asked()[0].authorization, "Bearer live_kwMollieOfficeKey01");
    }

    async fn an_api_that_is_busy_is_asked_again_and_one_that_refuses_is_not(db: Database) {
        let (office, api) = (
            Office::open(&db).await,
            Api::open([Act::Answer(429, "Retry-After: 1", String::new()), Act::status(401)]).await,
        );
        mollie(&office, &api, KEY);
        let (sample, path, payment) = simple(&office);
        api.knows(&path, payment);
        office.hand_in("pay", sample).await;
        office.settle().await;
        let pending = event(&office).await;
        assert_eq!(pending["status"], "pending");
        assert!(pending["message"].as_str().unwrap().contains("answered 429"), "{pending}");

        office.clock.advance(chrono::TimeDelta::hours(1));
        office.settle().await;
        let refused = event(&office).await;
        assert_eq!((&refused["status"], &refused["reason"]), (&json!("failed"), &json!("api_refused")));
        assert!(refused["message"].as_str().unwrap().contains("[providers.pay]"), "{refused}");

        mollie(&office, &api, KEY);
        office.support.event_replay_unmapped(by_nobody()).await.unwrap();
        office.settle().await;
        assert_eq!(event(&office).await["status"], "applied");
        assert_eq!(licenses(&office).await, 1);
    }

    async fn a_replay_asks_again_what_was_not_there(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        mollie(&office, &api, KEY);
        let (sample, path, payment) = simple(&office);
        office.hand_in("pay", sample).await;
        office.settle().await;
        let missing = event(&office).await;
        assert_ne!(missing["status"], "applied");

        api.knows(&path, payment);
        let replay = format!("/events/{}/replay", missing["id"].as_str().unwrap());
        let again = office.post(&replay, json!({})).await.ok();
        assert_eq!(again["status"], "pending", "it is in the line again");
        office.settle().await;
        assert_eq!(event(&office).await["status"], "applied");
        assert_eq!(licenses(&office).await, 1);
        assert_eq!(api.asked().iter().filter(|asked| asked.path == path).count(), 2);

        // What was found is not asked again.
        office.post(&replay, json!({})).await.ok();
        office.settle().await;
        assert_eq!(api.asked().iter().filter(|asked| asked.path == path).count(), 2);
    }
}
