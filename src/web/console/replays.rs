//! Many events at once: what a replay of all that match would come to, and doing it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::guard::Visitor;
use super::which::Wanted;
use crate::support::remedy::remedy;
use crate::web::html::see_other;
use crate::web::problem::Problem;

/// Events that are looked at: each costs as much as applying it. More are replayed than are shown, so
/// the page says when there are.
const REHEARSED: usize = 5;

pub(super) async fn page(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(&request)?.or_failed();
    let rehearsed = console.support.event_rehearse_where(wanted.filter.clone(), REHEARSED).await?;
    let changed = rehearsed.items.iter().filter(|one| !one.changes.is_empty()).count();
    let facts = json!({
        "wanted": wanted.values,
        "query": wanted.query(),
        "remedy": wanted.filter.reason.as_deref().and_then(remedy),
        "items": rehearsed.items,
        "more": rehearsed.more,
        "changed": changed,
    });
    Ok(console.page(&visitor, "events", "console/event_replay.html", facts))
}

/// The filter stands in the address, as it was seen; the form has only why.
pub(super) async fn replay(
    console: Data<Console>,
    request: HttpRequest,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(&request)?.or_failed();
    let asked = ask.asked_why()?;
    ask.no_more()?;
    let query = wanted.query();
    console.support.event_replay_where(wanted.filter, asked).await?;
    Ok(see_other(&format!("/console/events?{query}&done=replayed")))
}
