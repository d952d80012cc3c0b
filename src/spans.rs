//! Spans: what a trace shows of the way through the house.
//!
//! Names and attributes stand in `docs/operating.md` and stay. They hold ids, words of our own and
//! names from the configuration: never a secret, a key, an address or anything that a stranger
//! wrote. Spans have a target of their own, which the log leaves out and the export alone takes:
//! where nothing is exported, none is ever made.

use keywright_providers::Inlet;
use tracing::field::Empty;
use tracing::{Metadata, Span, info_span};

use crate::config::Account;
use crate::store::rows::{EventRow, HookRow, Kept, MailRow, Outcome, Settled};
use crate::store::types::EventStatus;

const TARGET: &str = "keywright::spans";

/// Is it one of these?
#[must_use]
pub fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == TARGET
}

/// A delivery to an account, from its headers to the answer.
#[must_use]
pub fn delivery(inlet: Inlet, account: &Account) -> Span {
    let name = match inlet {
        Inlet::Webhook => "webhook",
        Inlet::Fulfil => "fulfil",
    };
    info_span!(
        target: TARGET,
        "delivery",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = Empty,
        account = account.name,
        provider.kind = account.provider.facts().kind,
        http.response.status_code = Empty,
        outcome = Empty,
        reason = Empty,
    )
}

/// How a delivery was answered.
pub fn delivered(span: &Span, status: u16) {
    if span.is_disabled() {
        return;
    }
    span.record(
        "outcome",
        match status {
            200..=299 => "kept",
            401 => "refused",
            500..=599 => "put_off",
            _ => "not_taken",
        },
    );
    answered(span, Some(status), 500);
}

/// Why the delivery at hand was refused or put off: a stable word.
pub fn reason(word: &'static str) {
    Span::current().record("reason", word);
}

/// Events of one delivery on their way to the disk.
#[must_use]
pub fn keep() -> Span {
    info_span!(
        target: TARGET,
        "keep",
        event.id = Empty,
        event.ids = Empty,
        outcome = Empty,
    )
}

/// Under which ids they are kept, by which the spans of their applying are found; `word` is what
/// the figures call an outcome.
pub fn kept(span: &Span, kept: &[Kept], word: fn(Outcome) -> &'static str) {
    if span.is_disabled() {
        return;
    }
    match kept {
        [one] => {
            span.record("event.id", one.id).record("outcome", word(one.outcome));
        }
        many => {
            let ids: Vec<String> = many.iter().map(|one| one.id.to_string()).collect();
            span.record("event.ids", ids.join(","));
        }
    }
}

/// A try to apply an event. A trace of its own: it may come long after the delivery, and again.
#[must_use]
pub fn apply(event: &EventRow) -> Span {
    info_span!(
        target: TARGET,
        "apply",
        otel.kind = "consumer",
        otel.status_code = Empty,
        event.id = event.id,
        account = event.account,
        provider.kind = event.kind,
        attempt = event.attempts,
        status = Empty,
        reason = Empty,
    )
}

/// How the try at hand ended.
pub fn settled(settled: &Settled) {
    let span = Span::current();
    span.record("status", settled.status.as_str());
    if let Some(reason) = &settled.reason {
        span.record("reason", reason.as_str());
    }
    if settled.status == EventStatus::Failed {
        fault(&span);
    }
}

/// The try at hand came to no end; a word for what becomes of the event.
pub fn unsettled(word: &'static str) {
    Span::current().record("status", word);
}

/// A question to a provider's API.
#[must_use]
pub fn ask(account: &Account) -> Span {
    info_span!(
        target: TARGET,
        "ask",
        otel.kind = "client",
        otel.status_code = Empty,
        account = account.name,
        provider.kind = account.provider.facts().kind,
        http.response.status_code = Empty,
    )
}

/// A mail on its way out.
#[must_use]
pub fn mail(mail: &MailRow) -> Span {
    info_span!(
        target: TARGET,
        "mail send",
        otel.kind = "producer",
        otel.status_code = Empty,
        mail.id = mail.id,
        template = mail.template,
        attempt = mail.attempts.saturating_add(1),
        end = Empty,
    )
}

/// A message on its way to one of the vendor's own hooks.
#[must_use]
pub fn hook(message: &HookRow) -> Span {
    info_span!(
        target: TARGET,
        "hook send",
        otel.kind = "producer",
        otel.status_code = Empty,
        hook = message.hook.as_deref().unwrap_or_default(),
        hook.message = message.id,
        hook.event = message.event_type,
        attempt = message.attempts.saturating_add(1),
        end = Empty,
    )
}

/// How the sending at hand ended: the word that its figure counts under.
pub fn sent(end: &'static str, for_good: bool) {
    let span = Span::current();
    span.record("end", end);
    if for_good {
        fault(&span);
    }
}

/// A request to one of the APIs or pages. What it is about is not known before it is routed.
#[must_use]
pub fn request() -> Span {
    info_span!(
        target: TARGET,
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
    )
}

/// By the pattern of its route; a path holds ids, and where nothing is, whatever a stranger likes.
pub fn routed(span: &Span, method: &'static str, route: Option<&str>) {
    span.record("http.request.method", method);
    match route {
        Some(route) => {
            span.record("http.route", route).record("otel.name", format!("{method} {route}"));
        }
        None => {
            span.record("otel.name", method);
        }
    }
}

/// The status of an answer, if there was one; from `faulty` on it is a fault.
pub fn answered(span: &Span, status: Option<u16>, faulty: u16) {
    if let Some(status) = status {
        span.record("http.response.status_code", i64::from(status));
    }
    if status.is_none_or(|status| status >= faulty) {
        fault(span);
    }
}

fn fault(span: &Span) {
    span.record("otel.status_code", "error");
}
