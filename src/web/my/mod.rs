//! The customer's own page at `/my`: his licenses and machines, without a password. Whoever reads
//! the mail that goes to an address has what belongs to that address.
//!
//! - [`guard`]: whether there is such a page, forms of other sites, errors as pages
//! - [`visit`]: who is signed in, and the forms that he sends
//! - [`sign`]: a link asked for, followed, and the way out
//! - [`licenses`]: what he has; [`acts`]: what he changes
//! - [`offline`]: a machine without network activated
//! - [`page`]: what every page shows
//!
//! What is done is done by [`crate::support::my`]; here are only forms and pages, which work
//! without scripts.

mod acts;
mod guard;
mod licenses;
mod offline;
mod page;
mod sign;
mod visit;

use actix_web::dev::HttpServiceFactory;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, web};

use super::app::throttle::Throttle;
use super::html::Pages;
use super::problem::{Code, Problem};
use super::traces::traced;
use crate::machines::Machines;
use crate::support::Support;
use crate::support::my::Links;

/// What the pages work with. Made once and shared by all workers (as `web::Data`): attempts are
/// counted in it.
pub struct My {
    support: Support,
    machines: Machines,
    links: Links,
    pages: Pages,
    throttle: Throttle,
}

impl My {
    #[must_use]
    pub fn new(support: Support, links: Links) -> Self {
        let machines = Machines::new(&support);
        Self { support, machines, links, pages: Pages::new(), throttle: Throttle::default() }
    }
}

impl std::fmt::Debug for My {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("My").field("support", &self.support).finish_non_exhaustive()
    }
}

/// All of `/my`, for an app that has a `web::Data<My>`.
pub fn scope() -> impl HttpServiceFactory {
    let (get, post) = (web::get, web::post);
    web::scope("/my")
        .service(at("", "GET, POST").route(get().to(licenses::page)).route(post().to(sign::ask)))
        .service(at("/in", "GET, POST").route(get().to(sign::link)).route(post().to(sign::enter)))
        .service(at("/out", "POST").route(post().to(sign::leave)))
        .service(at("/release", "POST").route(post().to(acts::release)))
        .service(at("/resend", "POST").route(post().to(acts::resend)))
        .service(
            at("/offline", "GET, POST")
                .route(get().to(offline::page))
                .route(post().to(offline::activate)),
        )
        .default_service(web::to(nowhere))
        .wrap(from_fn(guard::guard))
        .wrap(from_fn(traced))
}

fn at(path: &str, methods: &'static str) -> Resource {
    let other = move || async move { Err::<HttpResponse, _>(Problem::method_not_allowed(methods)) };
    web::resource(path).default_service(web::to(other))
}

async fn nowhere() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::NotFound, "there is nothing at this address"))
}
