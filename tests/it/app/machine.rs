//! A customer's machine, with the vendor's application on it.

use std::future::Future;
use std::task::Poll;

use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use keywright::rules::machine::MachineLicense;
use keywright::rules::proof;
use keywright_providers::sample::{Scene, Step};
use serde_json::{Value, json};

use crate::support::office::{Answer, Call, Office};

/// The provider tells of Ada's renewal that is due, or of her money that went back.
pub(crate) async fn told(office: &Office, step: Step, cycle: u32) {
    let year = TimeDelta::days(365);
    let first = office.scene(step, "ada", "price_pro");
    let begun = "2026-12-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let start = begun + year * i32::try_from(cycle).unwrap();
    let scene = Scene { cycle, period_start: start, period_end: start + year, ..first };
    office.deliver(&scene).await;
}

/// Activates; the answer has to be a license.
pub(crate) async fn activated(office: &Office, key: &str, fingerprint: &str) -> Value {
    activate(office, key, fingerprint).await.ok()
}

pub(crate) async fn activate(office: &Office, key: &str, fingerprint: &str) -> Answer {
    office.ask("/licenses/activate", json!({ "key": key, "fingerprint": fingerprint })).await
}

pub(crate) async fn deactivate(office: &Office, key: &str, fingerprint: &str) -> Answer {
    office.ask("/licenses/deactivate", json!({ "key": key, "fingerprint": fingerprint })).await
}

/// The code that a machine is told.
pub(crate) async fn code(office: &Office, key: &str, fingerprint: &str) -> String {
    let body = json!({ "key": key, "fingerprint": fingerprint });
    let told = office.ask("/licenses/validate", body).await.ok();
    let code = told["code"].as_str().unwrap().to_owned();
    assert_eq!(told["valid"], json!(["valid", "in_grace"].contains(&code.as_str())), "{told}");
    code
}

/// What the service publishes, as a client keeps it.
pub(crate) async fn published(office: &Office) -> Vec<(String, VerifyingKey)> {
    let keys = office.call(Call::of_app(Method::GET, "/keys")).await.ok();
    read_keys(&keys)
}

pub(crate) fn read_keys(jwks: &Value) -> Vec<(String, VerifyingKey)> {
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
        let bytes = BASE64URL_NOPAD.decode(key["x"].as_str().unwrap().as_bytes()).unwrap();
        let public = VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
        (key["kid"].as_str().unwrap().to_owned(), public)
    })
    .collect()
}

/// What a machine license says, verified with nothing but the published keys.
pub(crate) async fn proven(office: &Office, license: &str) -> MachineLicense {
    proof::verify(license, &published(office).await, proof::MACHINE_LICENSE).unwrap()
}

/// The claims of an activation's answer.
pub(crate) async fn claims(office: &Office, answer: &Value) -> MachineLicense {
    proven(office, answer["license"].as_str().unwrap()).await
}

/// All of these at once; what came of each, in their order.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in running.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                *outcome = Some(done);
            }
        }
        match running.iter().all(|(_, outcome)| outcome.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().map(|(_, outcome)| outcome.unwrap()).collect()
}
