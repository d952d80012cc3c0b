//! Whether there is such a page, forms of other sites, and what went wrong as a page.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::My;
use crate::web::html::{form, see_other};
use crate::web::problem::{Code, Problem, not_found};

/// Everything below `/my` goes through here.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(my) = request.app_data::<web::Data<My>>().cloned() else {
        return Ok(request.into_response(HttpResponse::InternalServerError()));
    };
    let books = my.support.shelf.now();
    if !books.config.my.enabled {
        let problem = not_found().await;
        return Ok(request.error_response(problem));
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes
        && let Err(problem) = form::same_site(request.headers(), &books.config.server.public_url)
    {
        return Ok(request.into_response(my.problem(&problem)));
    }
    let answer = next.call(request).await?;
    let problem = answer.response().error().and_then(|error| error.as_error::<Problem>().cloned());
    Ok(match problem {
        // Whoever is not signed in, or not any more, begins anew.
        Some(problem) if problem.code() == Code::Unauthorized => {
            answer.into_response(see_other("/my"))
        }
        Some(problem) => answer.into_response(my.problem(&problem)),
        None => answer,
    })
}
