//! What a browser found forbidden on a page: it must never be anything.

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, Resource};

/// The longest report that is taken.
const BYTES_MAX: usize = 8 * 1024;

pub(super) fn resource() -> Resource {
    web::resource("/csp-report")
        .app_data(web::PayloadConfig::new(BYTES_MAX))
        .route(web::post().to(report))
}

/// Anybody can send one, so it is counted, and not kept.
async fn report(body: Bytes) -> HttpResponse {
    metrics::counter!("keywright_csp_reports_total").increment(1);
    let directive = serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|report| {
        let directive = report.pointer("/csp-report/effective-directive")?.as_str()?;
        Some(directive.chars().filter(char::is_ascii_graphic).take(40).collect::<String>())
    });
    let directive = directive.unwrap_or_default();
    tracing::debug!(directive, "a browser reports that a page's policy forbade something");
    HttpResponse::NoContent().finish()
}
