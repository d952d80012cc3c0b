//! `/licenses`: what customers hold, and what support does about it.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::Desk;
use super::ask::Ask;
use super::page::Paging;
use crate::rules::key::is_id;
use crate::rules::span::Interval;
use crate::store::rows::LicenseFilter;
use crate::store::types::{LicenseStatus, Role};
use crate::support::Refusal;
use crate::support::acts::Wish;
use crate::support::issue::Gift;
use crate::support::view::{ActivationView, LicenseView, LicenseWhole, Page};
use crate::support::when::End;
use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number, Word};

/// Which licenses. Everything that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    email: Option<String>,
    key: Option<String>,
    order: Option<String>,
    subscription: Option<String>,
    status: Option<Word<LicenseStatus>>,
    product: Option<String>,
    q: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Giving {
    product: String,
    email: String,
    name: Option<String>,
    company: Option<String>,
    locale: Option<String>,
    quantity: Option<u32>,
    expires_at: Option<End>,
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Renewal {
    interval: Option<Interval>,
    expires_at: Option<End>,
    reason: Option<String>,
    version: Option<Number>,
}

#[derive(Debug, Deserialize)]
struct Dated {
    expires_at: End,
    reason: Option<String>,
    version: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Plain {
    reason: Option<String>,
    version: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resending {
    email: Option<String>,
    reason: Option<String>,
    version: Option<Number>,
}

pub(super) async fn list(
    desk: Data<Desk>,
    request: HttpRequest,
) -> Result<Json<Page<LicenseView>>, Problem> {
    let mut query = Fields::of_query(&request)?;
    let paging = Paging::take(&mut query)?;
    let which: Which = query.read()?;
    let filter = LicenseFilter {
        email: which.email,
        key: which.key,
        order: which.order,
        subscription: which.subscription,
        status: which.status.map(|Word(status)| status),
        product: which.product,
        q: which.q,
    };
    let limit = paging.limit;
    Ok(Json(desk.support.license_list(filter, paging.id()?, limit).await?))
}

pub(super) async fn one(desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(shown(&desk.support.license(named(&id)?).await?))
}

pub(super) async fn issue(desk: Data<Desk>, ask: Ask) -> Result<HttpResponse, Problem> {
    let giving: Giving = ask.body()?;
    let asked = ask.asked_once(giving.reason, None, StatusCode::CREATED)?;
    let gift = Gift {
        product: giving.product,
        email: giving.email,
        name: giving.name,
        company: giving.company,
        locale: giving.locale,
        quantity: giving.quantity,
        expires_at: giving.expires_at.map(|End(time)| time),
    };
    let issued = desk.support.issue(gift, asked).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/licenses/{}", issued.license.id)))
        .json(issued))
}

/// `{}` adds one interval, `{interval}` this one, `{expires_at}` sets the date. To shorten a
/// license is not to renew it, so that takes the role that may set any date.
pub(super) async fn renew(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    let renewal: Renewal = ask.body()?;
    let wish = match (renewal.interval, renewal.expires_at, ask.caller.role) {
        (Some(_), Some(_), _) => {
            let detail = "interval and expires_at exclude each other; give one of them";
            return Err(Problem::new(Code::InvalidField, detail).of_field("interval"));
        }
        (interval, None, _) => Wish::Renew(interval),
        (None, Some(End(date)), Role::Support) => Wish::RenewUntil(date),
        (None, Some(End(date)), Role::Admin) => Wish::SetExpiry(date),
    };
    act(&desk, &id, &ask, wish, Plain { reason: renewal.reason, version: renewal.version }).await
}

pub(super) async fn set_expiry(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    let Dated { expires_at: End(date), reason, version } = ask.body()?;
    act(&desk, &id, &ask, Wish::SetExpiry(date), Plain { reason, version }).await
}

pub(super) async fn suspend(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    act(&desk, &id, &ask, Wish::Suspend, ask.body()?).await
}

pub(super) async fn reinstate(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    act(&desk, &id, &ask, Wish::Reinstate, ask.body()?).await
}

pub(super) async fn revoke(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    act(&desk, &id, &ask, Wish::Revoke, ask.body()?).await
}

pub(super) async fn resend(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    let Resending { email, reason, version } = ask.body()?;
    let asked = ask.asked_once(reason, version.map(|Number(version)| version), StatusCode::OK)?;
    let mail = desk.support.resend(named(&id)?, email.as_deref(), asked).await?;
    Ok(HttpResponse::Ok().json(mail))
}

pub(super) async fn activations(
    desk: Data<Desk>,
    id: Path<String>,
) -> Result<Json<Page<ActivationView>>, Problem> {
    Ok(Json(desk.support.activation_list(named(&id)?).await?))
}

pub(super) async fn release(
    desk: Data<Desk>,
    path: Path<(String, String)>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (id, activation) = path.into_inner();
    let activation: String = activation.chars().take(64).collect();
    let asked = ask.asked(None, None)?;
    desk.support.activation_release(named(&id)?, &activation, asked).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn act(
    desk: &Desk,
    id: &str,
    ask: &Ask,
    wish: Wish,
    how: Plain,
) -> Result<HttpResponse, Problem> {
    let version = how.version.map(|Number(version)| version);
    let asked = ask.asked_once(how.reason, version, StatusCode::OK)?;
    Ok(shown(&desk.support.act(named(id)?, wish, asked).await?))
}

/// With its version as the tag that `If-Match` takes.
fn shown(license: &LicenseWhole) -> HttpResponse {
    let tag = format!("\"{}\"", license.license.version);
    HttpResponse::Ok().insert_header((ETAG, tag)).json(license)
}

/// Only ids: a key in an address would stand in the logs of every proxy.
fn named(id: &str) -> Result<&str, Problem> {
    match is_id(id) {
        true => Ok(id),
        false => Err(Refusal::UnknownLicense(id.chars().take(40).collect()).into()),
    }
}
