//! What every answer of NetLicensing is wrapped in: infos, items, and until when they count.

use actix_web::http::StatusCode;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::machines::licensee::Holding;
use crate::web::problem::Problem;

#[derive(Debug, Serialize)]
pub(super) struct Envelope {
    pub(super) infos: Infos,
    pub(super) items: Items,
    /// When to ask again. The time of an error is its own: it is not to be kept.
    pub(super) ttl: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Infos {
    pub(super) info: Vec<Info>,
}

/// Always a list, however many there are: clients walk through it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Items {
    pub(super) item: Vec<Item>,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub(super) struct Info {
    pub(super) id: &'static str,
    /// In capitals here, and in small letters in XML.
    pub(super) r#type: &'static str,
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) r#type: &'static str,
    pub(super) property: Vec<Property>,
    /// Nothing here is nested, and clients may look for it.
    list: [Property; 0],
}

#[derive(Debug, Serialize)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl Envelope {
    /// What a licensee holds. The whole answer counts as long as its shortest part.
    pub(super) fn validated(
        holdings: &[Holding],
        for_offline_use: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let until = |holding: &Holding| match for_offline_use {
            true => holding.rest.offline_until,
            false => holding.rest.refresh_at,
        };
        Self {
            infos: Infos::default(),
            items: Items { item: holdings.iter().map(Item::new).collect() },
            ttl: time(holdings.iter().map(until).min().unwrap_or(now)),
        }
    }

    pub(super) fn of_problem(problem: &Problem, now: DateTime<Utc>) -> Self {
        let info = Info {
            id: id(problem.code().status()),
            r#type: "ERROR",
            value: problem.detail().to_owned(),
        };
        Self { infos: Infos { info: vec![info] }, items: Items::default(), ttl: time(now) }
    }

    pub(super) fn json(&self) -> String {
        // Texts always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Item {
    fn new(holding: &Holding) -> Self {
        let property = |name, value: &str| Property { name, value: value.to_owned() };
        let valid = if holding.code.is_valid() { "true" } else { "false" };
        let mut properties =
            vec![property("productModuleNumber", &holding.product), property("valid", valid)];
        properties.extend(holding.expires_at.map(|end| property("expires", &time(end))));
        properties.push(property("productModuleName", &holding.name));
        properties.push(property("licensingModel", "Subscription"));
        Self { r#type: "ProductModuleValidation", property: properties, list: [] }
    }
}

/// As NetLicensing writes times: UTC, with milliseconds.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Errors are named after the exceptions of the original.
fn id(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "NotFoundException",
        StatusCode::METHOD_NOT_ALLOWED => "NotAllowedException",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "NotSupportedException",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequestsException",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableException",
        other if other.is_client_error() => "MalformedRequestException",
        _ => "InternalServerErrorException",
    }
}
