//! What an event does not say is asked for: the lines of a Stripe session, who paid at Paddle. And
//! an API that wants to be left alone for a while is.

use chrono::TimeDelta;
use keywright::clock::Clock as _;
use keywright_providers::sample::{Sample, Scene, Step};
use serde_json::{Value, json};

use crate::support::api::{Act, Api};
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};

const STRIPE_KEY: &str = "api_key = \"rk_live_kwOfficeSessions1\"\n";
const PADDLE_KEY: &str = "api_key = \"pdl_live_apikey_kwOffice\"\n";

fn stripe(office: &Office, api: &Api, key: &str) {
    office.configure(&format!(
        "[providers.pay]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_2\"\n{key}\
         api_url = \"{}\"\n[providers.pay.products]\nprice_ever = \"acme-ever\"\n\
         price_pro = \"acme-pro\"\nplink_pro = \"acme-pro\"\n",
        api.base
    ));
}

fn paddle(office: &Office, api: &Api, key: &str) {
    office.configure(&format!(
        "[providers.pay]\nkind = \"paddle\"\nsecret = \"pdl_ntfset_kwOfficeSecret1\"\n{key}\
         api_url = \"{}\"\n[providers.pay.products]\npri_pro = \"acme-pro\"\n",
        api.base
    ));
}

/// A single sale.
fn once(office: &Office, item: &str) -> Scene {
    Scene { subscription: false, ..office.scene(Step::Purchase, "ida", item) }
}

fn samples(office: &Office, scene: &Scene) -> Vec<Sample> {
    office.support.shelf.now().account("pay").unwrap().provider.samples(scene)
}

/// The session of a single sale as a payment link makes it: nothing in it names the price. And
/// where its lines are.
pub(crate) fn session(office: &Office, link: Option<&str>) -> (Sample, String) {
    let samples = samples(office, &once(office, "price_pro"));
    let session = samples.into_iter().find(|sample| sample.title == "checkout.session.completed");
    let mut sample = session.unwrap();
    let mut body: Value = serde_json::from_slice(&sample.body).unwrap();
    let object = &mut body["data"]["object"];
    (object["metadata"], object["payment_link"]) = (json!({}), json!(link));
    let id = object["id"].as_str().unwrap();
    let path = format!("/v1/checkout/sessions/{id}/line_items?limit=100");
    sample.body = body.to_string().into_bytes();
    (sample, path)
}

pub(crate) fn lines(sold: &[(&str, u32)]) -> Value {
    let line = |(price, quantity): &(&str, u32)| {
        json!({
            "id": format!("li_{price}"), "object": "item", "quantity": quantity,
            "price": { "id": price, "object": "price", "product": "prod_acme" },
        })
    };
    json!({ "object": "list", "data": sold.iter().map(line).collect::<Vec<_>>(), "has_more": false })
}

async fn items(office: &Office, path: &str) -> Vec<Value> {
    office.get(path).await.ok()["items"].as_array().unwrap().clone()
}

/// Products of all licenses, in order.
async fn sold(office: &Office) -> Vec<String> {
    let licenses = items(office, "/licenses").await;
    let mut products: Vec<String> =
        licenses.iter().map(|one| one["product"].as_str().unwrap().to_owned()).collect();
    products.sort();
    products
}

/// The one event that came.
async fn event(office: &Office) -> Value {
    let [event] = items(office, "/events").await.try_into().unwrap();
    event
}

/// Somebody tries the one event again.
async fn replay(office: &Office) {
    let path = format!("/events/{}/replay", event(office).await["id"].as_str().unwrap());
    office.post(&path, json!({})).await.ok();
    office.settle().await;
}

/// Only the transaction: the customer's own event never comes. And where he is.
fn transaction(office: &Office) -> (Sample, String) {
    let samples = samples(office, &office.scene(Step::Purchase, "ida", "pri_pro"));
    let told = samples.into_iter().find(|sample| sample.title == "transaction.completed").unwrap();
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    let path = format!("/customers/{}", body["data"]["customer_id"].as_str().unwrap());
    (told, path)
}

fn customer(path: &str) -> Value {
    let id = path.rsplit('/').next().unwrap();
    let (email, name) = ("ida@customer.example", "Ida Example");
    json!({ "data": { "id": id, "email": email, "name": name, "locale": "de" }, "meta": {} })
}

/// To whom the letter with the key goes.
async fn recipient(office: &Office) -> Value {
    let [mail] = items(office, "/mail").await.try_into().unwrap();
    assert_eq!(mail["template"], "issued");
    mail["to"].clone()
}

on_both! {
    async fn a_session_that_names_no_price_waits_for_the_key_and_then_sells_its_lines(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        stripe(&office, &api, "");
        let (session, path) = session(&office, None);
        api.knows(&path, lines(&[("price_ever", 1), ("price_pro", 2)]));
        office.hand_in("pay", session).await;
        office.settle().await;
        let waiting = event(&office).await;
        assert_eq!((&waiting["status"], &waiting["reason"]), (&json!("waiting"), &json!("needs_setting")));
        assert!(waiting["message"].as_str().unwrap().contains("set api_key in [providers.pay]"));

        stripe(&office, &api, STRIPE_KEY);
        assert_eq!(office.support.event_replay_unmapped(by_nobody()).await.unwrap(), 1);
        office.settle().await;
        assert_eq!(event(&office).await["status"], "applied");
        assert_eq!(sold(&office).await, ["acme-ever", "acme-pro", "acme-pro"]);
        let [asked] = api.asked().try_into().unwrap();
        assert_eq!(asked.path, path);
        assert_eq!(asked.authorization, "Bearer rk_live_kwOfficeSessions1");
    }

    async fn a_payment_link_sells_one_unless_stripe_can_be_asked_how_many(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        stripe(&office, &api, "");
        let (session, path) = session(&office, Some("plink_pro"));
        api.knows(&path, lines(&[("price_of_the_link", 3)]));
        office.hand_in("pay", session).await;
        office.settle().await;
        assert_eq!((sold(&office).await, api.asked()), (vec!["acme-pro".to_owned()], vec![]));
        let first = items(&office, "/licenses").await[0]["id"].clone();

        stripe(&office, &api, STRIPE_KEY);
        replay(&office).await;
        assert_eq!(sold(&office).await, ["acme-pro"; 3]);
        let licenses = items(&office, "/licenses").await;
        assert!(licenses.iter().any(|license| license["id"] == first), "the first stays");
    }

    async fn a_key_that_may_not_read_sessions_says_so_and_sells_nothing_wrong(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([Act::status(403)]).await);
        stripe(&office, &api, STRIPE_KEY);
        let (session, path) = session(&office, Some("plink_pro"));
        api.knows(&path, lines(&[("price_of_the_link", 2)]));
        office.hand_in("pay", session).await;
        office.settle().await;
        let refused = event(&office).await;
        assert_eq!((&refused["status"], &refused["reason"]), (&json!("failed"), &json!("api_refused")));
        assert!(refused["message"].as_str().unwrap().contains("[providers.pay]"), "{refused}");
        assert_eq!(sold(&office).await, Vec::<String>::new());
        office.support.event_replay_unmapped(by_nobody()).await.unwrap();
        office.settle().await;
        assert_eq!(sold(&office).await.len(), 2);
    }

    async fn at_paddle_the_key_goes_to_whom_the_api_names(db: Database) {
        let (office, api) = (Office::open(&db).await, Api::open([]).await);
        paddle(&office, &api, PADDLE_KEY);
        let (transaction, path) = transaction(&office);
        api.knows(&path, customer(&path));
        office.hand_in("pay", transaction).await;
        office.settle().await;
        assert_eq!(event(&office).await["status"], "applied");
        assert_eq!(recipient(&office).await, "ida@customer.example");
        let [asked] = api.asked().try_into().unwrap();
        assert_eq!((asked.path, asked.authorization.as_str()), (path, "Bearer pdl_live_apikey_kwOffice"));
    }

    async fn at_paddle_without_an_answer_the_license_is_there_and_its_mail_waits(db: Database) {
        let patience = Act::Answer(503, "Retry-After: 3600", String::new());
        let acts = [Act::status(403), patience, Act::status(404)];
        let (office, api) = (Office::open(&db).await, Api::open(acts).await);
        paddle(&office, &api, "");
        let (transaction, path) = transaction(&office);
        api.knows(&path, customer(&path));
        office.hand_in("pay", transaction).await;
        office.settle().await;
        paddle(&office, &api, PADDLE_KEY);
        // Without a key; then it may not, is to wait for an hour, or there is nobody.
        for calls in 0..=3 {
            assert_eq!(event(&office).await["status"], "applied", "after {calls} calls");
            assert_eq!(sold(&office).await, ["acme-pro"], "after {calls} calls");
            assert_eq!(recipient(&office).await, Value::Null, "after {calls} calls");
            assert_eq!(api.asked().len(), calls);
            replay(&office).await;
        }
        assert_eq!(recipient(&office).await, "ida@customer.example");
    }

    async fn at_paddle_a_short_silence_is_waited_for(db: Database) {
        let silence = Act::status(503);
        let (office, api) = (Office::open(&db).await, Api::open([silence]).await);
        paddle(&office, &api, PADDLE_KEY);
        let (transaction, path) = transaction(&office);
        api.knows(&path, customer(&path));
        office.hand_in("pay", transaction).await;
        office.settle().await;
        assert_eq!(event(&office).await["status"], "pending");
        office.clock.advance(TimeDelta::seconds(2));
        office.settle().await;
        assert_eq!(recipient(&office).await, "ida@customer.example");
    }

    async fn an_api_that_names_a_time_is_left_alone_until_then(db: Database) {
        let office = Office::open(&db).await;
        assert_eq!(office.clock.now().to_rfc3339(), "2026-12-01T09:00:00+00:00");
        let half_past_nine = "Retry-After: Tue, 01 Dec 2026 09:30:00 GMT";
        let api = Api::open([
            Act::Answer(503, half_past_nine, String::new()),
            Act::Answer(429, "Retry-After: 86400", String::new()),
        ]).await;
        stripe(&office, &api, STRIPE_KEY);
        let (session, path) = session(&office, None);
        api.knows(&path, lines(&[("price_pro", 1)]));
        office.hand_in("pay", session).await;
        office.settle().await;
        // First a date, then a day, of which an hour is waited.
        for (minutes, calls) in [(30, 2), (60, 3)] {
            office.clock.advance(TimeDelta::minutes(minutes) - TimeDelta::seconds(1));
            office.settle().await;
            assert_eq!(api.asked().len(), calls - 1, "after {minutes} minutes but a second");
            office.clock.advance(TimeDelta::seconds(1));
            office.settle().await;
            assert_eq!(api.asked().len(), calls, "after {minutes} minutes");
        }
        assert_eq!(sold(&office).await, ["acme-pro"]);
    }
}
