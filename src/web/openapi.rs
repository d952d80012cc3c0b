//! `/api/v1/openapi.json`: what every address takes and answers, for people and for generators.
//!
//! It is written by hand, beside the code that it tells of. That it is right is the work of the
//! tests: they hold every answer of every story against it, and look for each route in it.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, Resource, web};

use super::problem::Problem;

/// The document, as it goes out.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// How long anybody may keep it: it changes with the program alone.
const KEPT: &str = "public, max-age=3600";

/// The address, below `/api/v1`. It asks for no token: the document says nothing of this service
/// that is not true of all.
pub(super) fn resource() -> Resource {
    web::resource("/openapi.json")
        .route(web::get().to(document))
        .default_service(web::to(|| async { Problem::method_not_allowed("GET") }))
}

async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, KEPT))
        .body(DOCUMENT)
}
