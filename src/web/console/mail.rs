//! Mail: what is owed, what went out, what failed; one as it will look.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::ask::Ask;
use super::guard::Visitor;
use super::page::{ENTRIES, done, next_address};
use crate::mailer::{self, Seen};
use crate::post::{Post, Preview};
use crate::store::rows::MailFilter;
use crate::store::types::MailStatus;
use crate::support::view::MailWhole;
use crate::support::{Failure, Refusal};
use crate::web::html::{quoted, see_other};
use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number, Word};

/// What was done, told once.
const DONE: &[(&str, &str)] =
    &[("retried", "The mail is at the head of the queue: it goes out within seconds.")];

/// In place of a message that has no HTML.
const NO_HTML: &str = "<!doctype html><title>Nothing</title><p>There is no HTML in this mail.</p>";

/// Links in the frame ask for a window of their own, and the frame may open none: so nobody is led
/// out of the console by what stands in a letter.
const LEADS_NOWHERE: &str = "\n<base target=\"_blank\">\n";

/// Which mails, as the form above the list has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    status: Option<Word<MailStatus>>,
    to: Option<String>,
    /// An id or a key.
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
    let license_id = console.license_id(which.license.as_deref()).await?;
    let filter = MailFilter {
        status,
        // What leads to none is looked for as it is, and nothing is found.
        license_id: license_id.clone().or_else(|| which.license.clone()),
        recipient: which.to.as_deref().map(|to| to.trim().to_lowercase()),
        q: None,
    };
    let page = console.support.mail_list(filter, cursor, ENTRIES).await?;
    let facts = json!({
        "mails": page.items,
        "next": next_address(&request, page.next_cursor.as_deref()),
        "status": status.map(MailStatus::as_str),
        "to": which.to,
        "license": which.license,
        "license_id": license_id,
        "statuses": MailStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
        "hold": console.hold().await?,
    });
    Ok(console.page(&visitor, "mail", "console/mail_list.html", facts))
}

pub(super) async fn one(
    console: Data<Console>,
    post: Data<Post>,
    visitor: Visitor,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mail = console.support.mail(numbered(&id)?).await?;
    let letter = letter(&post, &mail).await?;
    let facts = json!({
        "mail": mail.mail,
        "message_id": mail.message_id,
        "written": mail.message.is_some(),
        "letter": letter.as_ref().ok().map(shown),
        "nothing": letter.as_ref().err(),
        "hold": console.hold().await?,
        "done": done(&request, DONE),
    });
    Ok(console.page(&visitor, "mail", "console/mail.html", facts))
}

/// The message's HTML alone, for the frame on the page.
pub(super) async fn html(
    console: Data<Console>,
    post: Data<Post>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mail = console.support.mail(numbered(&id)?).await?;
    let page = letter(&post, &mail).await?.ok().and_then(|letter| letter.html);
    let page = page.unwrap_or_else(|| NO_HTML.to_owned());
    Ok(quoted(page + LEADS_NOWHERE))
}

pub(super) async fn retry(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (id, asked) = (numbered(&id)?, ask.asked()?);
    ask.no_more()?;
    console.support.mail_retry(id, asked).await?;
    Ok(see_other(&format!("/console/mail/{id}?done=retried")))
}

impl Console {
    /// Why nothing goes out at the moment, if so.
    pub(super) async fn hold(&self) -> Result<Option<String>, Problem> {
        Ok(self.support.outgoing_hold().await?.map(|hold| hold.to_string()))
    }

    /// The id of the license that a person names by id or key, if there is one.
    pub(super) async fn license_id(&self, name: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(name) = name else { return Ok(None) };
        match self.support.license(name).await {
            Ok(whole) => Ok(Some(whole.license.id)),
            Err(Failure::Refused(Refusal::UnknownLicense(_))) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }
}

/// The letter as it went out, or as it would now; or why there is none.
async fn letter(post: &Post, mail: &MailWhole) -> Result<Result<Seen, String>, Problem> {
    let bytes = match (&mail.message, mail.mail.status.as_str()) {
        (Some(text), _) => text.clone().into_bytes(),
        // What went out was something else, and what it was is gone.
        (None, "sent") => return Ok(Err("The text of this mail is not kept any more.".to_owned())),
        (None, _) => match post.preview(numbered(&mail.mail.id)?).await? {
            Some(Preview::Message(bytes)) => bytes,
            Some(Preview::Gone(reason)) => {
                let why = reason.strip_prefix("not sent: ").unwrap_or(&reason);
                return Ok(Err(format!("It would not go out now: {why}.")));
            }
            Some(Preview::Impossible(reason)) => {
                return Ok(Err(format!("It cannot be written: {reason}.")));
            }
            Some(Preview::Private) => {
                return Ok(Err("What it says is for its receiver alone.".to_owned()));
            }
            None => return Err(unknown()),
        },
    };
    let unread = || "The message that is kept cannot be read as a mail.".to_owned();
    Ok(mailer::read(&bytes).ok_or_else(unread))
}

fn shown(letter: &Seen) -> serde_json::Value {
    let Seen { subject, from, to: _, dated_at, text, html } = letter;
    json!({
        "subject": subject,
        "from": from,
        "dated_at": dated_at,
        "text": text,
        "has_html": html.is_some(),
    })
}

fn numbered(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::new(Code::UnknownMail, "there is no such mail")
}
