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
//! - `traces`: requests as traces show them
//! - [`unread`]: requests that are answered before their end

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
mod traces;
pub mod unread;
pub mod webhooks;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, web};

/// Every address of the service; the data that the handlers need is the caller's to add.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .service(
            web::resource("/webhooks/{account}")
                .route(web::post().to(webhooks::webhook))
                .route(web::get().to(webhooks::webhook))
                .route(web::head().to(webhooks::webhook))
                .default_service(web::to(webhooks::no_webhook)),
        )
        .service(
            web::resource("/fulfil/{account}")
                .route(web::post().to(webhooks::fulfil))
                .route(web::get().to(webhooks::fulfil))
                .default_service(web::to(webhooks::no_fulfil)),
        )
        .service(traced("/v1", app::routes))
        .service(traced("/core/v2/rest", app::netlicensing::routes))
        .service(traced("/api/v1", support::routes))
        .service(traced("/console", console::routes))
        .service(my::scope())
        // Who types the host alone is a person.
        .service(looked_at("/", to_console))
        .service(looked_at("/healthz", health::alive))
        .service(looked_at("/readyz", health::ready))
        .service(looked_at("/metrics", health::metrics))
        .default_service(web::to(HttpResponse::NotFound));
}

/// Routes whose requests are shown in traces.
fn traced(path: &str, routes: fn(&mut web::ServiceConfig)) -> impl HttpServiceFactory + use<> {
    web::scope(path).configure(routes).wrap(from_fn(traces::traced))
}

/// Whoever watches a service asks by GET or by HEAD.
fn looked_at<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output = HttpResponse> + Copy,
    A: FromRequest + 'static,
{
    web::resource(path).route(web::get().to(handler)).route(web::head().to(handler))
}

async fn to_console() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/console")).finish()
}

/// What every answer carries.
#[must_use]
pub fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::REFERRER_POLICY, "no-referrer"))
}
