//! Audit: who did what, and the proof that nobody wrote it anew.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Console;
use super::ask::Ask;
use super::guard::Visitor;
use super::page::{ENTRIES, next_address};
use crate::rules::key::is_id;
use crate::store::rows::HistoryFilter;
use crate::support::audit::AuditView;
use crate::support::when::{End, Start};
use crate::web::html::see_other;
use crate::web::problem::Problem;
use crate::web::read::{Fields, Flag, Number};

/// Which entries, as the form above the list has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    actor: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    since: Option<Start>,
    until: Option<End>,
    all: Option<Flag>,
}

/// What is compared with the history, if anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Against {
    head: Option<String>,
}

pub(super) async fn list(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Fields::of_query(&request)?.filled();
    let cursor = query.take::<Number>("cursor")?.map(|Number(cursor)| cursor);
    let typed = |name| super::page::parameter(&request, name);
    let which: Which = query.read()?;
    let all = which.all.is_some_and(|Flag(all)| all);
    let filter = HistoryFilter {
        actor: which.actor.clone(),
        action: which.action.as_deref().map(word),
        subject: which.subject.as_deref().map(subject),
        since: which.since.map(|Start(time)| time),
        until: which.until.map(|End(time)| time),
        all,
    };
    let page = console.support.audit_list(filter, cursor, ENTRIES).await?;
    let entries: Vec<Value> = page
        .items
        .iter()
        .map(|entry| json!({ "it": entry, "about": about(entry), "cause": cause(entry) }))
        .collect();
    let facts = json!({
        "entries": entries,
        "next": next_address(&request, page.next_cursor.as_deref()),
        "actor": which.actor,
        "action": which.action,
        "subject": which.subject,
        "since": typed("since"),
        "until": typed("until"),
        "all": all,
    });
    Ok(console.page(&visitor, "audit", "console/audit.html", facts))
}

/// Looks through the whole history. It changes nothing and takes its time, so it is no address that
/// a link or a browser's preview could call; its answer is the page itself.
pub(super) async fn verify(console: Data<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    let visitor = ask.visitor.clone();
    let against: Against = ask.read()?;
    let verified = console.support.audit_verify(against.head.as_deref()).await?;
    let facts = json!({
        "is_whole": verified.is_whole(),
        "verdict": verified.to_string(),
        "entries": verified.entries,
        "subjects": verified.subjects,
        "fault": verified.fault,
        "about": verified.fault.as_ref().and_then(|fault| address(&fault.subject)),
        "head": verified.head,
    });
    Ok(console.page(&visitor, "audit", "console/audit_verified.html", facts))
}

/// The verdict was loaded again: the whole history is not looked through by looking.
pub(super) async fn back() -> HttpResponse {
    see_other("/console/audit")
}

/// The address of what an entry is about, where it has a page.
fn about(entry: &AuditView) -> Option<String> {
    address(&entry.subject)
}

/// The license that an act on a mail or a message was about, too.
fn cause(entry: &AuditView) -> Option<String> {
    let id = entry.detail.get("license_id").and_then(Value::as_str)?;
    address(&format!("license:{id}"))
}

fn address(subject: &str) -> Option<String> {
    let (kind, id) = subject.split_once(':')?;
    let number = || id.parse::<u64>().ok();
    let name = || {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        (!id.is_empty() && id.chars().all(named)).then_some(id)
    };
    match kind {
        "license" if is_id(id) => Some(format!("/console/licenses/{id}")),
        "event" => number().map(|id| format!("/console/events/{id}")),
        "mail" => number().map(|id| format!("/console/mail/{id}")),
        "account" => name().map(|name| format!("/console/providers/{name}")),
        _ => None,
    }
}

/// `mail retried`, as a person may write what stands on the page.
fn word(action: &str) -> String {
    action.trim().to_lowercase().replace(' ', "_")
}

/// A bare id is that of a license or an event.
fn subject(text: &str) -> String {
    let text = text.trim();
    if is_id(text) {
        format!("license:{text}")
    } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        format!("event:{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019aa9a0-8e18-7002-947f-283066476105";

    #[test]
    fn what_has_a_page_is_led_to_and_nothing_else() {
        let leads = |subject: &str| address(subject).unwrap_or_default();
        assert_eq!(leads(&format!("license:{ID}")), format!("/console/licenses/{ID}"));
        assert_eq!(leads("event:12"), "/console/events/12");
        assert_eq!(leads("mail:7"), "/console/mail/7");
        assert_eq!(leads("account:stripe-eu"), "/console/providers/stripe-eu");
        for none in ["service", "token:ab", "license:../../x", "event:x", "account:A/..", "mail:"] {
            assert_eq!(leads(none), "", "{none}");
        }
    }

    #[test]
    fn a_bare_id_is_enough() {
        assert_eq!(subject(ID), format!("license:{ID}"));
        assert_eq!(subject(" 12 "), "event:12");
        assert_eq!(subject("mail:7"), "mail:7");
        assert_eq!(word("Mail retried"), "mail_retried");
    }
}
