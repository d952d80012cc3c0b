//! Providers: each account, how it does, what it lacks, and how its provider is set up.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::Console;
use super::guard::Visitor;
use super::page::parameter;
use crate::books::Books;
use crate::config::Account;
use crate::intake::{Intake, Refusals};
use crate::support::accounts::AccountView;
use crate::trigger::Impossible;
use crate::trigger::drill::drill;
use crate::web::problem::{Code, Problem};
use crate::web::read::Fields;

/// Events of a test that are looked for, and led to.
pub(super) const EVENTS_MAX: usize = 20;

/// Of the purchase that is only looked at.
const ONLY_LOOKED_AT: &str = "0";

pub(super) async fn list(
    console: Data<Console>,
    intake: Data<Intake>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Fields::of_query(&request)?.no_more()?;
    let accounts = console.support.account_list().await?;
    let accounts: Vec<Value> =
        accounts.iter().map(|account| with_refusals(account, &intake)).collect();
    let since = intake.refused().since();
    let facts = json!({ "accounts": accounts, "refused_since": since });
    Ok(console.page(&visitor, "providers", "console/providers.html", facts))
}

pub(super) async fn one(
    console: Data<Console>,
    intake: Data<Intake>,
    visitor: Visitor,
    name: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let whole = console.support.account(&name).await?.ok_or_else(|| unknown(&name))?;
    let books = console.support.shelf.now();
    let account = books.account(&name).ok_or_else(|| unknown(&name))?;
    let facts = json!({
        "account": whole,
        "service": books.config.server.public_url.to_string(),
        "refused": refusals(&intake, &name),
        "refused_since": intake.refused().since(),
        "test": test(&console, &books, account),
        "mail_to": books.config.mail.from.email,
        "tested": tested(&request),
    });
    Ok(console.page(&visitor, "providers", "console/provider.html", facts))
}

pub(super) fn unknown(name: &str) -> Problem {
    let name: String = name.chars().take(64).collect();
    Problem::new(Code::NotFound, format!("there is no account {name} in the configuration"))
}

/// Why an account gets no test event, and what to do instead.
pub(super) fn why_not(account: &Account, impossible: &Impossible) -> String {
    let (name, title) = (&account.name, account.provider.facts().title);
    match impossible {
        Impossible::NoItem(_) => format!(
            "Nothing is mapped to a product: add a line to [providers.{name}.products], load the \
             configuration anew, and come back."
        ),
        Impossible::NoEvents { .. } | Impossible::Refused { .. } => format!(
            "{name} can verify what {title} signs, and cannot sign it: let {title} send a test \
             event, as the guide below says."
        ),
        Impossible::Setting { .. } => impossible.to_string(),
    }
}

/// What a test would lead to, or why there is none.
fn test(console: &Console, books: &Books, account: &Account) -> Value {
    let (now, catalogue) = (console.support.clock.now(), &books.config.catalogue);
    let email = &books.config.mail.from.email;
    match drill(account, catalogue, ONLY_LOOKED_AT, email, now) {
        Ok(drill) => json!({ "leads_to": drill.leads_to.as_str() }),
        Err(impossible) => json!({ "why_not": why_not(account, &impossible) }),
    }
}

/// What came of a test a moment ago: its answer, and its events.
fn tested(request: &HttpRequest) -> Option<Value> {
    parameter(request, "done").filter(|word| word == "tested")?;
    let status: u16 = parameter(request, "answer")?.parse().ok()?;
    let events = parameter(request, "events").unwrap_or_default();
    let events = events.split(',').filter_map(|id| id.parse::<u64>().ok()).take(EVENTS_MAX);
    Some(json!({
        "status": status,
        "accepted": (200..300).contains(&status),
        "events": events.collect::<Vec<_>>(),
    }))
}

fn with_refusals(account: &AccountView, intake: &Intake) -> Value {
    let refused = refusals(intake, &account.name);
    json!({ "it": account, "refused": refused })
}

fn refusals(intake: &Intake, account: &str) -> Vec<Value> {
    let told = |Refusals { reject, count, last_at }: Refusals| {
        json!({
            "code": reject.code(),
            "text": reject.to_string(),
            "count": count,
            "last_at": last_at,
        })
    };
    intake.refused().at(account).into_iter().map(told).collect()
}
