//! Validation as clients of NetLicensing ask for it (<https://netlicensing.io/wiki/licensee-services>),
//! mounted under `/core/v2/rest`: the licensee's number is the key, and whatever login is sent
//! beside it is not looked at.
//!
//! - `asked`: the form, and the kind of answer that is wanted
//! - `envelope`: what is answered, good or bad, as JSON; `xml`: the same as XML
//!
//! Left out: all that manages licensees there (support has its own API), licensing models other
//! than `Subscription`, and signed XML.

mod asked;
mod envelope;
mod xml;

use actix_web::body::BoxBody;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, Path, Payload};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, ResponseError as _, web};

use self::asked::{Asked, Kind};
use self::envelope::Envelope;
use super::Gate;
use super::throttle::Cost;
use super::visit::Visit;
use crate::machines::Refusal;
use crate::machines::licensee::Licensee;
use crate::web::problem::{Code, Problem};

/// The routes, for a scope at `/core/v2/rest` of an app that has a `web::Data<Gate>`.
pub fn routes(config: &mut web::ServiceConfig) {
    let validate = web::resource("/licensee/{number}/validate")
        .route(web::post().to(validate))
        .default_service(web::to(|request: HttpRequest| async move {
            told(&request, Err(Problem::method_not_allowed("POST")))
        }));
    config.service(validate).default_service(web::to(|request: HttpRequest| async move {
        told(&request, Err(Problem::new(Code::NotFound, "there is nothing at this address")))
    }));
}

async fn validate(number: Path<String>, request: HttpRequest, payload: Payload) -> HttpResponse {
    // Not as an argument: what is wrong with a visit is told in the client's words, too.
    let outcome = match Visit::from_request(&request, &mut payload.into_inner()).await {
        Ok(visit) => validated(&visit, number.into_inner()).await,
        Err(problem) => Err(problem),
    };
    told(&request, outcome)
}

async fn validated(visit: &Visit, number: String) -> Result<Envelope, Problem> {
    let asked = Asked::read(visit)?;
    let failed = |failure| visit.failed(failure);
    let unknown = || failed(Refusal::UnknownKey.into());
    let (machines, licensee) = (&visit.gate.machines, Licensee::new(number).ok_or_else(unknown)?);
    let mut found = machines.holdings(&licensee).await.map_err(failed)?;
    let wish = asked.product.filter(|product| !asked.dry_run && found.lacks(product));
    if let Some(product) = wish {
        visit.pay(Cost::Trial)?;
        if machines.evaluate(&licensee, &product, asked.name).await.map_err(failed)? {
            found = machines.holdings(&licensee).await.map_err(failed)?;
        }
    }
    metrics::counter!("keywright_validations_total", "code" => found.code().as_str()).increment(1);
    if found.holdings.is_empty() {
        return Err(unknown());
    }
    let now = machines.clock().now();
    Ok(Envelope::validated(&found.holdings, asked.for_offline_use, now))
}

/// The answer, in the form that was asked for.
fn told(request: &HttpRequest, outcome: Result<Envelope, Problem>) -> HttpResponse {
    let Some(gate) = request.app_data::<Data<Gate>>() else {
        return Problem::new(Code::Internal, "the service failed on this request").error_response();
    };
    let (envelope, answer) = match outcome {
        Ok(envelope) => (envelope, HttpResponse::Ok().finish()),
        Err(problem) => {
            let now = gate.machines.clock().now();
            (Envelope::of_problem(&problem, now), problem.error_response())
        }
    };
    let (kind, text) = match Kind::wanted(request) {
        Kind::Json => ("application/json", envelope.json()),
        Kind::Xml => {
            let books = gate.machines.shelf().now();
            ("application/xml; charset=utf-8", xml::text(&envelope, &books.config.netlicensing))
        }
    };
    let mut answer = answer.map_body(|_, _| BoxBody::new(text));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
