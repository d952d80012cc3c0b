//! Providers' two addresses. Answers say nothing about why: no texts, no versions, no redirects.

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use keywright_providers::{Answer, Inlet, Request};
use tracing::Instrument as _;

use crate::books::Shelf;
use crate::intake::{Intake, Refusal};
use crate::spans;
use crate::web::read::{NotReceived, received};

/// When to come again after a 503, in seconds.
const RETRY_AFTER_S: &str = "5";

/// `POST /webhooks/{account}`; `GET` or `HEAD`, where a provider looks so whether it is there.
pub async fn webhook(
    request: HttpRequest,
    account: Path<String>,
    body: Payload,
    intake: Data<Intake>,
    shelf: Data<Shelf>,
) -> HttpResponse {
    deliver(Inlet::Webhook, &request, &account, body, &intake, &shelf).await
}

/// `GET` or `POST /fulfil/{account}`
pub async fn fulfil(
    request: HttpRequest,
    account: Path<String>,
    body: Payload,
    intake: Data<Intake>,
    shelf: Data<Shelf>,
) -> HttpResponse {
    deliver(Inlet::Fulfil, &request, &account, body, &intake, &shelf).await
}

/// Any other method at `/webhooks/{account}`.
pub async fn no_webhook(account: Path<String>, shelf: Data<Shelf>) -> HttpResponse {
    wrong_method(&account, &shelf, "POST")
}

/// Any other method at `/fulfil/{account}`.
pub async fn no_fulfil(account: Path<String>, shelf: Data<Shelf>) -> HttpResponse {
    wrong_method(&account, &shelf, "GET, POST")
}

fn wrong_method(account: &str, shelf: &Shelf, taken: &'static str) -> HttpResponse {
    match shelf.now().account(account) {
        None => empty(StatusCode::NOT_FOUND),
        Some(_) => not_allowed(taken),
    }
}

async fn deliver(
    inlet: Inlet,
    request: &HttpRequest,
    account: &str,
    body: Payload,
    intake: &Intake,
    shelf: &Shelf,
) -> HttpResponse {
    let (size_max, span) = {
        let books = shelf.now();
        let Some(known) = books.account(account) else { return empty(StatusCode::NOT_FOUND) };
        // A trace of our own always: no header of a stranger says which one this belongs to.
        (books.config.server.max_body_bytes, spans::delivery(inlet, known))
    };
    let taking = take(inlet, request, account, body, intake, size_max);
    let answer = taking.instrument(span.clone()).await;
    spans::delivered(&span, answer.status().as_u16());
    answer
}

async fn take(
    inlet: Inlet,
    request: &HttpRequest,
    account: &str,
    body: Payload,
    intake: &Intake,
    size_max: usize,
) -> HttpResponse {
    if encoded(request) {
        return empty(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = match received(request, body, size_max).await {
        Ok(body) => body,
        Err(NotReceived::TooLarge) => return empty(StatusCode::PAYLOAD_TOO_LARGE),
        Err(NotReceived::TooSlow) => return empty(StatusCode::REQUEST_TIMEOUT),
        Err(NotReceived::Broken) => return empty(StatusCode::BAD_REQUEST),
    };
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let delivery = Request {
        inlet,
        method: request.method().as_str(),
        query: request.query_string(),
        headers: &headers,
        body: &body,
        certificate: None,
    };
    if let Some(answer) = intake.probe(account, &delivery) {
        return answered(answer);
    }
    if inlet == Inlet::Webhook && request.method() != Method::POST {
        return not_allowed("POST");
    }
    match intake.deliver(account, &delivery).await {
        Ok(answer) => answered(answer),
        Err(Refusal::UnknownAccount) => empty(StatusCode::NOT_FOUND),
        Err(Refusal::NotTrusted) => empty(StatusCode::UNAUTHORIZED),
        Err(Refusal::NotNow) => not_now(),
        Err(Refusal::TooLarge) => empty(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

/// Signatures are over the bytes as sent; nothing is unpacked before they are trusted.
fn encoded(request: &HttpRequest) -> bool {
    request.headers().get_all(header::CONTENT_ENCODING).any(|encoding| {
        !encoding.to_str().is_ok_and(|text| text.trim().eq_ignore_ascii_case("identity"))
    })
}

fn answered(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut builder = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        builder.insert_header((header::RETRY_AFTER, RETRY_AFTER_S));
    }
    builder.content_type(answer.content_type).body(answer.body)
}

fn empty(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).finish()
}

fn not_allowed(taken: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, taken)).finish()
}

fn not_now() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, RETRY_AFTER_S)).finish()
}
