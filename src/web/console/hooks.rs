//! Hooks: what the vendor's own systems were told, and did not take.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::guard::Visitor;
use super::page::{ENTRIES, done, next_address};
use crate::store::rows::HookFilter;
use crate::store::types::MailStatus;
use crate::web::html::see_other;
use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number, Word};

/// What was done, told once.
const DONE: &[(&str, &str)] =
    &[("retried", "The message is at the head of the queue: it is told again within seconds.")];

/// Which messages, as the form above the list has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    status: Option<Word<MailStatus>>,
    hook: Option<String>,
    /// An id or a key.
    license: Option<String>,
}

pub(super) async fn list(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Fields::of_query(&request)?.filled();
    // What was done stands in the address beside the filter.
    query.take::<String>("done")?;
    let cursor = query.take::<Number>("cursor")?.map(|Number(cursor)| cursor);
    let which: Which = query.read()?;
    let status = which.status.map(|Word(status)| status);
    let license_id = console.license_id(which.license.as_deref()).await?;
    // What leads to none is looked for as it is, and nothing is found.
    let license_id = license_id.or_else(|| which.license.clone());
    let filter = HookFilter { status, hook: which.hook.clone(), license_id };
    let page = console.support.hook_list(filter, cursor, ENTRIES).await?;
    let books = console.support.shelf.now();
    let hooks: Vec<_> = books
        .config
        .hooks
        .values()
        .map(|hook| json!({ "name": hook.name, "url": hook.url.as_str() }))
        .collect();
    let facts = json!({
        "messages": page.items,
        "next": next_address(&request, page.next_cursor.as_deref()),
        "status": status.map(MailStatus::as_str),
        "statuses": MailStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
        "hook": which.hook,
        "names": books.config.hooks.keys().collect::<Vec<_>>(),
        "hooks": hooks,
        "license": which.license,
        "hold": console.hold().await?,
        "done": done(&request, DONE),
    });
    Ok(console.page(&visitor, "mail", "console/hooks.html", facts))
}

pub(super) async fn retry(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::new(Code::UnknownMessage, "there is no such message to a hook");
    let (id, asked) = (id.parse::<i64>().map_err(|_| unknown())?, ask.asked()?);
    ask.no_more()?;
    let message = console.support.hook_retry(id, asked).await?;
    // A message has no page of its own: its license's messages say how it stands.
    Ok(see_other(&format!("/console/hooks?license={}&done=retried", message.license_id)))
}
