//! Mail: what is owed, what went out, what failed; one as it will look.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::guard::{Visitor, see_other};
use super::page::{ENTRIES, next_address};
use crate::store::rows::MailFilter;
use crate::store::types::MailStatus;
use crate::web::html::quoted;
use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number, Word};

/// Which mails, as the form above the list has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    status: Option<Word<MailStatus>>,
    to: Option<String>,
    license: Option<String>,
}

pub(super) async fn list(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Fields::of_query(&request)?.filled();
    let cursor = query.take::<Number>("cursor")?.map(|Number(cursor)| cursor);
    let which: Which = query.read()?;
    let status = which.status.map(|Word(status)| status);
    let filter = MailFilter {
        status,
        license_id: which.license.clone(),
        recipient: which.to.as_deref().map(|to| to.trim().to_lowercase()),
    };
    let page = console.support.mail_list(filter, cursor, ENTRIES).await?;
    let facts = json!({
        "mails": page.items,
        "next": next_address(&request, page.next_cursor.as_deref()),
        "status": status.map(MailStatus::as_str),
        "to": which.to,
        "license": which.license,
        "statuses": MailStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
    });
    Ok(console.page(&visitor, "mail", "console/mail_list.html", facts))
}

pub(super) async fn one(
    console: Data<Console>,
    visitor: Visitor,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mail = console.support.mail(numbered(&id)?).await?;
    Ok(console.page(&visitor, "mail", "console/mail.html", json!({ "mail": mail })))
}

/// The message's HTML alone, for the frame on the page.
pub(super) async fn html(
    console: Data<Console>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mail = console.support.mail(numbered(&id)?).await?;
    Ok(quoted(mail.message.unwrap_or_default()))
}

pub(super) async fn retry(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (id, asked) = (numbered(&id)?, ask.asked()?);
    ask.read::<Nothing>()?;
    console.support.mail_retry(id, asked).await?;
    Ok(see_other(&format!("/console/mail/{id}?done=retried")))
}

#[derive(Debug, Deserialize)]
struct Nothing {}

fn numbered(id: &str) -> Result<i64, Problem> {
    let unknown = || Problem::new(Code::UnknownMail, "there is no such mail");
    id.parse().map_err(|_| unknown())
}
