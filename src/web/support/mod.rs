//! The API for support, mounted under `/api/v1`.
//!
//! - [`table`]: every route and who may use it; what is not in it does not exist, but for the
//!   description of the API, which anybody may read
//! - [`auth`]: tokens, roles, guessing
//! - [`ask`]: what every request that changes something has: who, why, once
//! - [`page`]: limit and cursor
//! - `events`, `licenses`, `mail`, `hooks`, [`reload`]: the routes themselves

mod ask;
pub mod auth;
pub(in crate::web) mod events;
mod hooks;
mod licenses;
mod mail;
mod page;
pub mod reload;
pub mod table;

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::middleware::{Next, from_fn};
use actix_web::{dev::ServiceRequest, web};

use super::cells::{of_path, paths};
use super::openapi;
use super::problem::{self, Problem};
use crate::support::Support;
use auth::Guesses;
use reload::Reload;

/// What the routes work with. Made once and shared by all workers (as `web::Data`): guesses are
/// counted in it.
pub struct Desk {
    pub support: Support,
    pub reload: Arc<dyn Reload>,
    guesses: Guesses,
}

/// The largest body.
const BODY_BYTES_MAX: usize = 64 * 1024;

impl Desk {
    #[must_use]
    pub fn new(support: Support, reload: Arc<dyn Reload>) -> Self {
        Self { support, reload, guesses: Guesses::default() }
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("support", &self.support).finish_non_exhaustive()
    }
}

/// The routes, for a scope at `/api/v1` of an app that has a `web::Data<Desk>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(openapi::resource());
    for path in paths(table::TABLE) {
        let mut resource = web::resource(path);
        for cell in of_path(table::TABLE, path) {
            resource = resource.route((cell.to)(web::method(cell.method.clone())));
        }
        let other = web::to(move || async move { other_method(path) });
        config.service(resource.default_service(other).wrap(from_fn(
            move |request: ServiceRequest, next: Next<BoxBody>| auth::guard(path, request, next),
        )));
    }
    config.default_service(web::to(problem::not_found));
}

fn other_method(path: &str) -> Problem {
    let methods: Vec<&str> =
        of_path(table::TABLE, path).iter().map(|cell| cell.method.as_str()).collect();
    Problem::method_not_allowed(methods.join(", "))
}
