//! HTTP: addresses, limits and status codes. What happens is decided elsewhere.
//!
//! - [`webhooks`]: `/webhooks/{account}` and `/fulfil/{account}`, for providers
//! - [`health`]: `/healthz`, `/readyz`, `/metrics`
//! - [`app`]: `/v1`, for the vendor's application
//! - [`support`]: `/api/v1`, for support
//! - [`openapi`]: the description of all of them
//! - [`problem`]: errors, and the one place that knows their status codes
//! - [`read`]: bodies and queries into types, with what would be right
//! - [`client`]: whom a request comes from

pub mod app;
pub mod client;
pub mod health;
pub mod openapi;
pub mod problem;
pub mod read;
pub mod support;
pub mod webhooks;

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};

/// Every address of the service; the data that the handlers need is the caller's to add.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .service(
            web::resource("/webhooks/{account}")
                .route(web::post().to(webhooks::webhook))
                .route(web::get().to(webhooks::webhook))
                .route(web::head().to(webhooks::webhook))
                .default_service(web::to(webhooks::wrong_method)),
        )
        .service(
            web::resource("/fulfil/{account}")
                .route(web::post().to(webhooks::fulfil))
                .route(web::get().to(webhooks::fulfil))
                .default_service(web::to(webhooks::wrong_method)),
        )
        .service(web::scope("/v1").configure(app::routes))
        .service(web::scope("/api/v1").configure(support::routes))
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/metrics", web::get().to(health::metrics))
        .default_service(web::to(HttpResponse::NotFound));
}

/// What every answer carries.
#[must_use]
pub fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::REFERRER_POLICY, "no-referrer"))
}
