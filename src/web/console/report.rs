//! What a browser found forbidden on a page: it must never be anything.

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse, Resource};

use crate::web::problem::Problem;
use crate::web::read;

/// The longest report that is taken.
const BYTES_MAX: usize = 8 * 1024;

pub(super) fn resource() -> Resource {
    web::resource("/csp-report").route(web::post().to(report))
}

/// Anybody can send one, so it is counted, and not kept.
async fn report(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let body = read::body(&request, &mut payload.into_inner(), BYTES_MAX).await?;
    metrics::counter!("keywright_csp_reports_total").increment(1);
    let directive = serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|report| {
        let directive = report.pointer("/csp-report/effective-directive")?.as_str()?;
        Some(directive.chars().filter(char::is_ascii_graphic).take(40).collect::<String>())
    });
    let directive = directive.unwrap_or_default();
    tracing::debug!(directive, "a browser reports that a page's policy forbade something");
    Ok(HttpResponse::NoContent().finish())
}
