//! HTTP: addresses, limits and status codes. What happens is decided elsewhere.
//!
//! - [`webhooks`]: `/webhooks/{account}` and `/fulfil/{account}`, for providers
//! - [`health`]: `/healthz`, `/readyz`, `/metrics`
//! - [`app`]: `/v1`, for the vendor's application, and `/core/v2/rest` for clients of NetLicensing
//! - [`support`]: `/api/v1`, for support
//! - [`console`]: `/console`, the same for people; [`html`]: what pages are made of
//! - [`my`]: `/my`, the customer's own page
//! - [`cells`]: tables of routes and roles
//! - [`openapi`]: the description of all of them
//! - [`problem`]: errors, and the one place that knows their status codes
//! - [`read`]: bodies and queries into types, with what would be right
//! - [`client`]: whom a request comes from

pub mod app;
pub mod cells;
pub mod client;
pub mod console;
pub mod health;
pub mod html;
pub mod my;
pub mod openapi;
pub mod problem;
pub mod read;
pub mod support;
pub mod webhooks;

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{FromRequest, Handler, HttpResponse, Resource, web};

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
        .service(web::scope("/core/v2/rest").configure(app::netlicensing::routes))
        .service(web::scope("/api/v1").configure(support::routes))
        .service(web::scope("/console").configure(console::routes))
        .service(my::scope())
        .service(looked_at("/healthz", health::alive))
        .service(looked_at("/readyz", health::ready))
        .route("/metrics", web::get().to(health::metrics))
        .default_service(web::to(HttpResponse::NotFound));
}

/// Whoever watches a service asks by GET or by HEAD.
fn looked_at<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output = HttpResponse> + Copy,
    A: FromRequest + 'static,
{
    web::resource(path).route(web::get().to(handler)).route(web::head().to(handler))
}

/// What every answer carries.
#[must_use]
pub fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::REFERRER_POLICY, "no-referrer"))
}
