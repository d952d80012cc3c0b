//! What the vendor's application calls, mounted under `/v1`. There is no login: the key is the
//! credential, so whoever guesses is slowed down.
//!
//! - [`throttle`]: how much one client may ask for
//! - `visit`: one call: whose it is, its body, what it costs
//! - `calls`: the routes themselves; [`offline`]: request files and what they are answered with
//! - [`netlicensing`]: validation as NetLicensing's clients ask for it, under `/core/v2/rest`

mod calls;
pub mod netlicensing;
pub mod offline;
pub mod throttle;
mod visit;

use actix_web::{Route, web};

use super::problem::{self, Problem};
use crate::machines::Machines;
use throttle::Throttle;

/// What the routes work with. Made once and shared by all workers (as `web::Data`): calls are
/// counted in it.
pub struct Gate {
    pub machines: Machines,
    throttle: Throttle,
}

/// The largest body.
const BODY_BYTES_MAX: usize = 16 * 1024;

impl Gate {
    #[must_use]
    pub fn new(machines: Machines) -> Self {
        Self { machines, throttle: Throttle::default() }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("machines", &self.machines).finish_non_exhaustive()
    }
}

/// The routes, for a scope at `/v1` of an app that has a `web::Data<Gate>`.
pub fn routes(config: &mut web::ServiceConfig) {
    for (path, route) in [
        ("/licenses/activate", web::post().to(calls::activate)),
        ("/licenses/validate", web::post().to(calls::validate)),
        ("/licenses/deactivate", web::post().to(calls::deactivate)),
        ("/licenses/trial", web::post().to(calls::trial)),
        ("/licenses/offline", web::post().to(offline::offline)),
    ] {
        config.service(taking(path, "POST", route));
    }
    config.service(taking("/keys", "GET", web::get().to(calls::keys)));
    config.default_service(web::to(problem::not_found));
}

fn taking(path: &str, method: &'static str, route: Route) -> actix_web::Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(move || async move { Problem::method_not_allowed(method) }))
}
