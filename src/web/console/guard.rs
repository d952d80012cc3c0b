//! Who may: sessions, roles, and forms of other sites. What went wrong becomes a page.

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _, web,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Console, proxy, table::TABLE};
use crate::support::sessions::{LASTS, Member, form_token};
use crate::web::cells::{of_path, opens};
use crate::web::html::cookie::Jar;
use crate::web::html::{form, see_other};
use crate::web::problem::{Code, Problem};

/// Whoever is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub member: Member,
    /// What his browser has of the session.
    session: String,
}

impl Visitor {
    /// What his forms carry.
    #[must_use]
    pub fn form_token(&self) -> String {
        form_token(&self.session)
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visitor = request.extensions().get::<Self>().cloned();
        // The guard let it through, so there is one.
        ready(visitor.ok_or_else(|| Problem::new(Code::Unauthorized, "sign in first")))
    }
}

/// Lets only those through who may use this route.
pub(super) async fn guard(
    path: &'static str,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(console) = request.app_data::<web::Data<Console>>().cloned() else {
        return Ok(request.into_response(HttpResponse::InternalServerError()));
    };
    let (visitor, cookie) = match visitor(&console, &request).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => {
            let to = sign_in_address(&request);
            return Ok(request.into_response(see_other(&to)));
        }
        Err(problem) => {
            let page = console.problem(None, &problem);
            return Ok(request.into_response(page));
        }
    };
    let mut answer = answer(&console, path, &visitor, request, next).await?;
    if let Some(cookie) = cookie {
        // A value that we wrote can always be a header.
        let _ = answer.response_mut().add_cookie(&cookie);
    }
    Ok(answer)
}

/// The page, for whoever is signed in; or why there is none for him.
async fn answer(
    console: &Console,
    path: &str,
    visitor: &Visitor,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Err(problem) = may(console, path, &request, visitor) {
        let page = console.problem(Some(visitor), &problem);
        return Ok(request.into_response(page));
    }
    request.extensions_mut().insert(visitor.clone());
    let answer = next.call(request).await?;
    let problem = answer.response().error().and_then(|error| error.as_error::<Problem>().cloned());
    Ok(match problem {
        Some(problem) => {
            let page = console.problem(Some(visitor), &problem);
            answer.into_response(page)
        }
        None => answer,
    })
}

/// Who comes; with the cookie of his session, where one begins because a proxy vouches for him.
async fn visitor(
    console: &Console,
    request: &ServiceRequest,
) -> Result<Option<(Visitor, Option<Cookie<'static>>)>, Problem> {
    let request = request.request();
    let said = proxy::said(request, &console.support.shelf.now().config);
    let session = Jar::Console.read(request, console.https());
    if let Some(session) = &session
        && let Some(member) = console.support.session_member(session, said.as_ref()).await?
    {
        return Ok(Some((Visitor { member, session: session.clone() }, None)));
    }
    // A form belongs to a session that there is already.
    let Some(said) = said.filter(|_| proxy::opens_page(request)) else { return Ok(None) };
    let begun = console.support.vouched_begin(&said, session.as_deref()).await?;
    Ok(begun.map(|(text, member)| {
        let cookie = Jar::Console.fill(text.expose(), LASTS, console.https());
        (Visitor { member, session: text.expose().to_owned() }, Some(cookie))
    }))
}

fn may(
    console: &Console,
    path: &str,
    request: &ServiceRequest,
    visitor: &Visitor,
) -> Result<(), Problem> {
    let cells = of_path(TABLE, path);
    let needed = cells.iter().find(|cell| cell.method == *request.method()).map(|cell| cell.role);
    let role = visitor.member.role;
    match needed {
        Some(needed) if !opens(role, needed) => {
            let detail = format!("this takes the role {needed}; you have the role {role}");
            return Err(Problem::new(Code::Forbidden, detail));
        }
        _ => {}
    }
    match *request.method() {
        Method::GET | Method::HEAD => Ok(()),
        _ => {
            let books = console.support.shelf.now();
            form::same_site(request.headers(), &books.config.server.public_url)
        }
    }
}

/// The way back is only a path of the console; where something was to be done, it is done anew.
fn sign_in_address(request: &ServiceRequest) -> String {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    match *request.method() {
        Method::GET if address != "/console" => {
            let next = utf8_percent_encode(address, NON_ALPHANUMERIC);
            format!("/console/sign-in?next={next}")
        }
        _ => "/console/sign-in".to_owned(),
    }
}

impl Console {
    /// What was wrong and what would be right, as a page.
    pub(super) fn problem(&self, visitor: Option<&Visitor>, problem: &Problem) -> HttpResponse {
        let facts = json!({
            "heading": heading(problem.code()),
            "detail": problem.detail(),
            "code": problem.code().as_str(),
            "faults": problem.faults(),
        });
        // The API says «sign in» by 401, for which a browser would ask in a window of its own.
        let status = match problem.status_code() {
            StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
            status => status,
        };
        let mut page = self.page_as(status, visitor, "", "console/error.html", facts);
        if let Some((name, value)) = problem.retry_after() {
            page.headers_mut().insert(name, value);
        }
        page
    }
}

/// The API speaks of tokens; a form can be of another session, too.
fn heading(code: Code) -> &'static str {
    match code {
        Code::Forbidden => "This was refused",
        other => other.title(),
    }
}
