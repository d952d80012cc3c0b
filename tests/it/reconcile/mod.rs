//! What a provider told and was never heard here: found in its list, and in an export.

mod compare;
mod kinds;
mod pull;
mod shell;
mod tellings;
mod worker;

use keywright::fetch::Fetch;
use keywright::support::Asked;
use keywright::support::reconcile::{ReconcileError, Reconciled};
use keywright_providers::sample::{Sample, Step};
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::office::Office;

pub(super) const KEY: &str = "rk_test_officeReadsEvents1";

/// The office sells at a second Stripe account, whose API that is.
pub(super) fn stripe(office: &Office, base: &str) {
    office.configure(&format!(
        "[providers.pay]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_2\"\n\
         api_key = \"{KEY}\"\napi_url = \"{base}\"\n\
         [providers.pay.products]\nprice_pro = \"acme-pro\"\n"
    ));
}

/// What Stripe would have sent of a purchase.
pub(super) fn purchase(office: &Office, tag: &str) -> Vec<Sample> {
    office.samples("pay", Step::Purchase, tag, "price_pro")
}

pub(super) fn body(sample: &Sample) -> Value {
    serde_json::from_slice(&sample.body).unwrap()
}

/// A page of Stripe's list with these events.
pub(crate) fn page(samples: &[Sample], has_more: bool) -> Value {
    let events: Vec<Value> = samples.iter().map(body).collect();
    json!({ "object": "list", "data": events, "has_more": has_more })
}

/// Only looks.
pub(super) async fn look(office: &Office) -> Result<Reconciled, ReconcileError> {
    office.support.reconcile("pay", None, None, Fetch::new().unwrap()).await
}

/// Keeps what is missing, and applies it.
pub(super) async fn make_up(office: &Office) -> Result<Reconciled, ReconcileError> {
    let asked = Asked { by: "ann".to_owned(), ..Asked::default() };
    let done = office.support.reconcile("pay", None, Some(asked), Fetch::new().unwrap()).await;
    office.settle().await;
    done
}

pub(super) async fn list(office: &Office, path: &str) -> Vec<Value> {
    office.get(path).await.ok()["items"].as_array().unwrap().clone()
}

/// Licenses, letters that bring a key, and events that need a person.
pub(super) async fn standing(office: &Office) -> (usize, usize, usize) {
    let mail = list(office, "/mail").await;
    let issued = mail.iter().filter(|mail| mail["template"] == "issued").count();
    let failed = list(office, "/events?status=failed").await.len();
    (list(office, "/licenses").await.len(), issued, failed)
}

/// Stripe's API with what a customer did there.
pub(super) async fn shop(office: &Office, tag: &str) -> (Api, Vec<Sample>) {
    let api = Api::open([]).await;
    stripe(office, &api.base);
    let samples = purchase(office, tag);
    api.knows("/v1/events", page(&samples, false));
    (api, samples)
}
