//! Signing in, with a token or with name and password, and out. For somebody whom a proxy has signed
//! in there is nothing to do here but to be told so when he leaves.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::ask::Ask;
use super::{Console, proxy};
use crate::support::Failure;
use crate::support::sessions::{Holder, LASTS, Member};
use crate::support::users::Password;
use crate::web::client;
use crate::web::html::form::{self, Sent};
use crate::web::html::{cookie::Jar, see_other};
use crate::web::problem::Problem;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Way {
    next: Option<String>,
    /// He has just signed out.
    out: Option<String>,
}

/// Whom a proxy in front of this service names.
enum Named {
    Nobody,
    /// By this name; he has no role here.
    Stranger(String),
    Member(Member),
}

#[derive(Deserialize)]
struct SignIn {
    token: Option<String>,
    name: Option<String>,
    password: Option<String>,
    next: Option<String>,
}

pub(super) async fn page(
    console: Data<Console>,
    request: HttpRequest,
    way: Query<Way>,
) -> HttpResponse {
    let Way { next, out } = way.into_inner();
    let next = own(next);
    match console.named(&request).await {
        Ok(Named::Member(_)) if out.is_none() && proxy::opens_page(&request) => {
            see_other(next.as_deref().unwrap_or("/console"))
        }
        Ok(Named::Member(member)) => console.signed_out_page(&member),
        Ok(Named::Stranger(name)) => {
            console.sign_in_page(StatusCode::OK, next.as_deref(), None, Some(&name))
        }
        Ok(Named::Nobody) => console.sign_in_page(StatusCode::OK, next.as_deref(), None, None),
        Err(problem) => console.problem(None, &problem),
    }
}

pub(super) async fn sign_in(
    console: Data<Console>,
    request: HttpRequest,
    sent: Result<Sent, Problem>,
) -> HttpResponse {
    let answer = match sent {
        Ok(Sent(body)) => console.sign_in(&request, &body).await,
        Err(problem) => Err(problem),
    };
    answer.unwrap_or_else(|problem| console.problem(None, &problem))
}

pub(super) async fn sign_out(
    console: Data<Console>,
    request: HttpRequest,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.support.session_end(ask.visitor.session()).await?;
    // Whom a proxy names is signed in again by the next page that he opens: he is told so.
    let mut answer = see_other(match console.named(&request).await? {
        Named::Member(_) => "/console/sign-in?out=true",
        Named::Stranger(_) | Named::Nobody => "/console/sign-in",
    });
    // A value that we wrote can always be a header.
    let _ = answer.add_cookie(&Jar::Console.empty(console.https()));
    Ok(answer)
}

impl Console {
    async fn sign_in(&self, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, Problem> {
        let books = self.support.shelf.now();
        form::same_site(request.headers(), &books.config.server.public_url)?;
        let given: SignIn = form::fields(body)?.read()?;
        let next = own(given.next);
        // Where a proxy names somebody, he is the one who is here.
        if let Named::Member(_) = self.named(request).await? {
            return Ok(see_other(next.as_deref().unwrap_or("/console")));
        }
        let trusted = &books.config.server.trusted_proxies;
        let client = client::counted(client::of(request, trusted));
        // Whoever guessed too often gets no further look, right or wrong, in this minute. An attempt
        // counts as wrong until it turned out otherwise: many at once are no more than one by one.
        let begun = self.support.clock.now();
        if let Err(wait_s) = self.guesses.count(client, begun) {
            let message = format!("Too many attempts from your address. Try again in {wait_s} s.");
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Ok(self.sign_in_page(status, next.as_deref(), Some(&message), None));
        }
        let holder = self.holder(given.token, given.name, given.password).await;
        // Right, or not looked at: the service could not.
        if !matches!(holder, Ok(None)) {
            self.guesses.give_back(client, begun);
        }
        let Some(holder) = holder? else {
            metrics::counter!("keywright_sign_ins_refused_total").increment(1);
            let message = "That is no valid token, or no valid name and password.";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(self.sign_in_page(status, next.as_deref(), Some(message), None));
        };
        let session = self.support.session_begin(&holder).await?;
        let mut answer = see_other(next.as_deref().unwrap_or("/console"));
        // A value that we wrote can always be a header.
        let _ = answer.add_cookie(&Jar::Console.fill(session.expose(), LASTS, self.https()));
        Ok(answer)
    }

    /// Whose token that is, or whose name and password.
    async fn holder(
        &self,
        token: Option<String>,
        name: Option<String>,
        password: Option<String>,
    ) -> Result<Option<Holder>, Failure> {
        Ok(match (token, name, password) {
            (Some(token), _, _) => {
                self.support.token_holder(&token).await?.map(|token| Holder::Token(token.id))
            }
            (None, Some(name), Some(password)) => {
                let user = self.support.user_of(&name, Password::new(password)).await?;
                user.map(|user| Holder::User(user.name))
            }
            (None, _, _) => None,
        })
    }

    /// Whom a proxy names with this request, and whether he has a role here.
    async fn named(&self, request: &HttpRequest) -> Result<Named, Problem> {
        let said = proxy::said(request, &self.support.shelf.now().config);
        let Some(said) = said else { return Ok(Named::Nobody) };
        let member = self.support.vouched_member(&said).await?;
        Ok(member.map_or(Named::Stranger(said.name), Named::Member))
    }

    fn sign_in_page(
        &self,
        status: StatusCode,
        next: Option<&str>,
        message: Option<&str>,
        stranger: Option<&str>,
    ) -> HttpResponse {
        let facts = json!({ "next": next, "message": message, "stranger": stranger });
        self.page_as(status, None, "", "console/sign_in.html", facts)
    }

    /// For whom the proxy still knows.
    fn signed_out_page(&self, member: &Member) -> HttpResponse {
        let books = self.support.shelf.now();
        let proxy = books.config.console.proxy.as_ref();
        let leave = proxy.and_then(|proxy| proxy.sign_out_url.as_deref());
        let facts = json!({ "name": member.name, "sign_out_url": leave });
        self.page_as(StatusCode::OK, None, "", "console/signed_out.html", facts)
    }
}

/// Only a path of the console: nobody is led elsewhere by a link to the sign-in.
fn own(next: Option<String>) -> Option<String> {
    next.filter(|next| {
        let rest = next.strip_prefix("/console").unwrap_or("-");
        let below = rest.is_empty() || rest.starts_with(['/', '?']);
        below && next.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_only_into_the_console() {
        let leads = |next: &str| own(Some(next.to_owned())).is_some();
        assert!(leads("/console"));
        assert!(leads("/console/events?status=failed"));
        assert!(!leads("https://evil.example/console"));
        assert!(!leads("//evil.example/console"));
        assert!(!leads("/console.evil.example"));
        assert!(!leads("/console\\..\\evil"));
        assert!(!leads("/console/\r\nSet-Cookie: a=b"));
    }
}
