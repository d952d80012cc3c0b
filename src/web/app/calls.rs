//! The calls themselves: bodies in, answers out.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::Gate;
use super::throttle::Cost;
use super::visit::Visit;
use crate::machines::activate::Activated;
use crate::machines::given::{Fingerprint, Key, Label, Machine, Nonce, ReleasedAt};
use crate::machines::validate::{Question, Validated};
use crate::web::problem::Problem;
use crate::web::read::Fields;

/// How long anybody may keep the public keys. A key that nobody knows yet is asked for again.
const KEYS_KEPT: &str = "public, max-age=3600";

#[derive(Debug, Deserialize)]
struct Activating {
    key: Key,
    fingerprint: Fingerprint,
    name: Option<Label>,
    platform: Option<Label>,
    version: Option<Label>,
}

#[derive(Debug, Deserialize)]
struct Validating {
    key: Key,
    fingerprint: Option<Fingerprint>,
    released_at: Option<ReleasedAt>,
    nonce: Option<Nonce>,
}

#[derive(Debug, Deserialize)]
struct Deactivating {
    key: Key,
    fingerprint: Fingerprint,
}

#[derive(Debug, Deserialize)]
struct Trying {
    product: String,
    fingerprint: Fingerprint,
    email: Option<String>,
}

pub(super) async fn activate(visit: Visit) -> Result<Json<Activated>, Problem> {
    let Activating { key, fingerprint, name, platform, version } = visit.fields()?;
    let machine = Machine { fingerprint, name, platform, version };
    let done = visit.gate.machines.activate(&key, machine, None).await;
    done.map(Json).map_err(|failure| visit.failed(failure))
}

pub(super) async fn validate(visit: Visit) -> Result<Json<Validated>, Problem> {
    let Validating { key, fingerprint, released_at, nonce } = visit.fields()?;
    let question = Question { key, fingerprint, released_at, nonce };
    let told = visit.gate.machines.validate(question).await;
    let told = told.map_err(|failure| visit.failed(failure))?;
    if told.is_guess() {
        visit.guessed();
    }
    Ok(Json(told))
}

pub(super) async fn deactivate(visit: Visit) -> Result<HttpResponse, Problem> {
    let Deactivating { key, fingerprint } = visit.fields()?;
    let done = visit.gate.machines.deactivate(&key, fingerprint).await;
    done.map_err(|failure| visit.failed(failure))?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn trial(visit: Visit) -> Result<Json<Activated>, Problem> {
    let Trying { product, fingerprint, email } = visit.fields()?;
    visit.pay(Cost::Trial)?;
    let machine = Machine { fingerprint, name: None, platform: None, version: None };
    let done = visit.gate.machines.trial(&product, machine, email.as_deref()).await;
    done.map(Json).map_err(|failure| visit.failed(failure))
}

/// Costs nothing: they are public, and an office in which somebody guesses needs them all the same.
pub(super) async fn keys(gate: Data<Gate>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Fields::of_query(&request)?.no_more()?;
    let keys = gate.machines.keys();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, KEYS_KEPT)).json(keys))
}
