//! Requests as traces show them: by the pattern of their route, never by their path, which can
//! hold a key.

use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use tracing::{Instrument as _, Span};

use crate::{spans, telemetry};

/// The header by which a caller says where in a trace of his own a request stands (W3C).
const TRACEPARENT: &str = "traceparent";

/// Makes a span of the request, where anybody wants one.
pub(super) async fn traced(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let span = spans::request();
    if span.is_disabled() {
        return next.call(request).await;
    }
    spans::routed(&span, method(request.method()), request.match_pattern().as_deref());
    let answer = next.call(request).instrument(span.clone()).await;
    let status = match &answer {
        Ok(answer) => answer.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    spans::answered(&span, Some(status.as_u16()), 500);
    answer
}

/// Lets the request at hand stand where its caller says. Only for callers who have shown who they
/// are: a stranger must not name our traces, nor choose which of them are exported.
pub(super) fn continue_trace(request: &ServiceRequest) {
    let parent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    if let Some(parent) = parent {
        telemetry::continue_trace(&Span::current(), parent);
    }
}

/// Anything can be sent as a method; what is not known has one word.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
