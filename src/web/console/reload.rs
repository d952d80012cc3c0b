//! The configuration anew, at a button: with what it did, or every fault that it has.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::guard::Visitor;
use crate::web::problem::{Code, Problem};
use crate::web::read::Number;
use crate::web::support::reload::reloaded;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct From {
    /// The event from whose page it was asked for.
    event: Option<Number>,
}

pub(super) async fn page(
    console: Data<Console>,
    visitor: Visitor,
) -> Result<HttpResponse, Problem> {
    Ok(console.page(&visitor, "", "console/reload.html", json!({})))
}

pub(super) async fn reload(console: Data<Console>, mut ask: Ask) -> Result<HttpResponse, Problem> {
    let (visitor, asked) = (ask.visitor.clone(), ask.asked()?);
    let event = ask.read::<From>()?.event.map(|Number(event)| event);
    let (status, facts) = match reloaded(console.reload.as_ref(), asked).await {
        Ok(done) => (StatusCode::OK, json!({ "event": event, "came": done })),
        Err(problem) if problem.code() == Code::ConfigurationFaulty => {
            (problem.code().status(), json!({ "event": event, "faults": problem.faults() }))
        }
        Err(problem) => return Err(problem),
    };
    Ok(console.page_as(status, Some(&visitor), "", "console/reload.html", facts))
}
