//! Events: what came in, why it failed, and what mends it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::find;
use super::guard::Visitor;
use super::page::{ENTRIES, done, next_address};
use super::which::{Wanted, query};
use crate::rules::acts::SUPPORT;
use crate::store::types::EventStatus;
use crate::support::inspect::{EventLine, EventSeen, NoticeSeen};
use crate::support::replay::Replayed;
use crate::support::{Failure, remedy};
use crate::web::html::see_other;
use crate::web::problem::{Code, Problem};

/// What was done, told once on the page that follows.
const DONE: &[(&str, &str)] = &[
    ("replayed", "The event was replayed. This is how it stands now."),
    ("ignored", "The event is set aside and does not count. To take that back, replay it."),
];

/// The same above the list.
const DONE_MANY: &[(&str, &str)] = &[(
    "replayed",
    "They are in the line again and are applied one after the other. Those that fail again come \
     back to this list.",
)];

/// What came of a form, beside the event itself.
#[derive(Default)]
struct Came {
    done: Option<&'static str>,
    /// Why nothing was done.
    alert: Option<String>,
    /// What would come of a replay.
    dry: Option<Replayed>,
}

pub(super) async fn list(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(&request)?;
    let page = console.support.event_lines(wanted.filter.clone(), wanted.cursor, ENTRIES).await?;
    let books = console.support.shelf.now();
    let chosen = wanted.filter.account.as_deref();
    let mut accounts: Vec<&str> = books.config.accounts.keys().map(String::as_str).collect();
    // One that is not configured any more has its events still.
    let others = std::iter::once(SUPPORT).chain(chosen);
    others.for_each(|other| {
        if !accounts.contains(&other) {
            accounts.push(other)
        }
    });
    let facts = json!({
        "lines": page.items.iter().map(line).collect::<Vec<_>>(),
        "next": next_address(&request, page.next_cursor.as_deref()),
        "wanted": wanted.values,
        "query": wanted.query(),
        "accounts": accounts,
        "statuses": EventStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
        "reasons": remedy::ALL.iter().map(|known| known.reason).collect::<Vec<_>>(),
        "done": done(&request, DONE_MANY),
    });
    Ok(console.page(&visitor, "events", "console/event_list.html", facts))
}

pub(super) async fn one(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let came = Came { done: done(&request, DONE), ..Came::default() };
    let seen = console.support.event_seen(numbered(&id)?).await?;
    Ok(console.event_page(&visitor, StatusCode::OK, &seen, came))
}

/// The answer to a form was loaded again: what it asked for is not done by looking.
pub(super) async fn back(id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(see_other(&format!("/console/events/{}", numbered(&id)?)))
}

/// The payload with its personal data; that somebody looked stands in the audit.
pub(super) async fn personal(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (visitor, asked) = (ask.visitor.clone(), ask.asked()?);
    ask.no_more()?;
    let seen = console.support.event_personal(numbered(&id)?, asked).await?;
    Ok(console.event_page(&visitor, StatusCode::OK, &seen, Came::default()))
}

pub(super) async fn dry_run(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (visitor, id) = (ask.visitor.clone(), numbered(&id)?);
    ask.no_more()?;
    match console.support.event_rehearse(id).await {
        Ok(dry) => {
            let seen = console.support.event_seen(id).await?;
            let came = Came { dry: Some(dry), ..Came::default() };
            Ok(console.event_page(&visitor, StatusCode::OK, &seen, came))
        }
        Err(failure) => console.as_it_is_now(&visitor, id, failure).await,
    }
}

pub(super) async fn replay(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (visitor, id, asked) = (ask.visitor.clone(), numbered(&id)?, ask.asked()?);
    ask.no_more()?;
    match console.support.event_replay(id, asked).await {
        Ok(_) => Ok(see_other(&format!("/console/events/{id}?done=replayed"))),
        Err(failure) => console.as_it_is_now(&visitor, id, failure).await,
    }
}

pub(super) async fn ignore(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (visitor, id, asked) = (ask.visitor.clone(), numbered(&id)?, ask.asked_why()?);
    ask.no_more()?;
    match console.support.event_ignore(id, asked).await {
        Ok(_) => Ok(see_other(&format!("/console/events/{id}?done=ignored"))),
        Err(failure) => console.as_it_is_now(&visitor, id, failure).await,
    }
}

impl Console {
    fn event_page(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        seen: &EventSeen,
        came: Came,
    ) -> HttpResponse {
        let event = &seen.event;
        let list =
            |pairs: &[(&str, &str)]| format!("/console/events?{}", query(pairs.iter().copied()));
        let books = self.support.shelf.now();
        let reason = event.reason.as_deref().unwrap_or_default();
        let facts = json!({
            "event": seen,
            "notices": seen.notices.iter().map(notice).collect::<Vec<_>>(),
            "same_account": list(&[("account", &event.account)]),
            "same_reason": list(&[("status", &event.status), ("reason", reason)]),
            "same_sale": event.sale_id.as_deref().map(|sale| list(&[("sale_id", sale)])),
            "same_id": event.provider_event_id.as_deref().map(|id| list(&[("q", id)])),
            "all_licenses": seen.about.as_deref().map(|about| {
                format!("/console/licenses?{}", query([("q", about)]))
            }),
            "all_alike": query([("status", event.status.as_str()), ("reason", reason)]),
            "products": books.config.catalogue.products.keys().collect::<Vec<_>>(),
            "done": came.done,
            "alert": came.alert,
            "dry": came.dry,
        });
        self.page_as(status, Some(visitor), "events", "console/event.html", facts)
    }

    /// Where two people meet, the second sees why nothing was done, and how things stand now.
    async fn as_it_is_now(
        &self,
        visitor: &Visitor,
        id: i64,
        failure: Failure,
    ) -> Result<HttpResponse, Problem> {
        let problem = Problem::from(failure);
        let status = problem.code().status();
        if status != StatusCode::CONFLICT {
            return Err(problem);
        }
        let seen = self.support.event_seen(id).await?;
        let alert = format!("Nothing was done: {}.", problem.detail());
        Ok(self.event_page(visitor, status, &seen, Came { alert: Some(alert), ..Came::default() }))
    }
}

fn line(line: &EventLine) -> serde_json::Value {
    let EventLine { event, what, about } = line;
    json!({
        "id": event.id,
        "received_at": event.received_at,
        "account": event.account,
        "type": event.event_type,
        "status": event.status,
        "reason": event.reason,
        "what": what,
        "about": about,
        "find": about.as_deref().map(find::address),
        "provider_event_id": event.provider_event_id,
    })
}

fn notice(notice: &NoticeSeen) -> serde_json::Value {
    let refs = notice.refs.iter().map(|id| json!({ "id": id, "find": find::address(id) }));
    json!({ "text": notice.text, "json": notice.json, "refs": refs.collect::<Vec<_>>() })
}

/// What cannot be an id is as unknown as one that nobody has.
fn numbered(id: &str) -> Result<i64, Problem> {
    let unknown = || Problem::new(Code::UnknownEvent, "there is no such event");
    id.parse().map_err(|_| unknown())
}
