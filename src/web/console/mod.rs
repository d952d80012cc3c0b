//! The console at `/console`: what support sees and does, in a browser.
//!
//! - [`table`]: every route and the role that it takes
//! - [`guard`]: sessions, roles, other sites; [`sign`]: signing in and out; `proxy`: by the word of a
//!   proxy
//! - [`ask`]: what a form that changes something has: who, why, for which version
//! - [`page`]: what every page shows, and where a list goes on
//! - [`report`]: what a browser found forbidden on a page
//! - a file a page: `today`, `events`, `replays` (of many events), `find`, `licenses`, `reload`,
//!   `mail`, `hooks`, `providers` with `drill` (a test event), `audit`
//! - `which`: the filter above the list of events
//!
//! What is done is done by [`crate::support`], as by the API and the command line; here are only
//! forms and pages.

mod ask;
mod audit;
mod drill;
mod events;
mod find;
pub mod guard;
mod hooks;
mod licenses;
mod mail;
mod page;
mod providers;
mod proxy;
mod reload;
mod replays;
mod report;
mod sign;
pub mod table;
mod today;
mod which;

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::middleware::{Next, from_fn};
use actix_web::{dev::ServiceRequest, web};

use super::cells::{of_path, paths};
use super::html::{Pages, assets};
use super::problem::{self, Problem};
use super::support::auth::Guesses;
use super::support::reload::Reload;
use crate::support::Support;

/// What the pages work with. Made once and shared by all workers (as `web::Data`).
pub struct Console {
    pub support: Support,
    pub reload: Arc<dyn Reload>,
    pages: Pages,
    guesses: Guesses,
}

impl Console {
    #[must_use]
    pub fn new(support: Support, reload: Arc<dyn Reload>) -> Self {
        Self { support, reload, pages: Pages::new(), guesses: Guesses::default() }
    }

    /// Do browsers reach us by https? Then cookies go by nothing else.
    fn https(&self) -> bool {
        self.support.shelf.now().config.server.public_url.is_https()
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("support", &self.support).finish_non_exhaustive()
    }
}

/// The routes, for a scope at `/console` of an app that has a `web::Data<Console>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/assets/{version}/{name}", web::get().to(assets::asset))
        .service(report::resource())
        .service(
            web::resource("/sign-in")
                .route(web::get().to(sign::page))
                .route(web::post().to(sign::sign_in)),
        );
    for path in paths(table::TABLE) {
        let mut resource = web::resource(path);
        for cell in of_path(table::TABLE, path) {
            resource = resource.route((cell.to)(web::method(cell.method.clone())));
        }
        let other = web::to(move || async move { other_method(path) });
        config.service(resource.default_service(other).wrap(from_fn(
            move |request: ServiceRequest, next: Next<BoxBody>| guard::guard(path, request, next),
        )));
    }
    config.default_service(web::to(problem::not_found));
}

fn other_method(path: &str) -> Problem {
    let cells = of_path(table::TABLE, path);
    let methods: Vec<&str> = cells.iter().map(|cell| cell.method.as_str()).collect();
    Problem::method_not_allowed(methods.join(", "))
}
