//! Signing in, with a token or with name and password, and out.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::ask::Ask;
use crate::support::sessions::{Holder, LASTS};
use crate::support::users::Password;
use crate::web::client;
use crate::web::html::{cookie::Jar, form, see_other};
use crate::web::problem::Problem;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Way {
    next: Option<String>,
}

#[derive(Deserialize)]
struct SignIn {
    token: Option<String>,
    name: Option<String>,
    password: Option<String>,
    next: Option<String>,
}

pub(super) async fn page(console: Data<Console>, way: Query<Way>) -> HttpResponse {
    console.sign_in_page(StatusCode::OK, own(way.into_inner().next).as_deref(), None)
}

pub(super) async fn sign_in(
    console: Data<Console>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    match console.sign_in(&request, &body).await {
        Ok(answer) => answer,
        Err(problem) => console.problem(None, &problem),
    }
}

pub(super) async fn sign_out(console: Data<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    console.support.session_end(ask.visitor.session()).await?;
    let mut answer = see_other("/console/sign-in");
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
        let trusted = &books.config.server.trusted_proxies;
        let client = client::counted(client::of(request, trusted));
        // Whoever guessed too often gets no further look, right or wrong, in this minute.
        if let Err(wait_s) = self.guesses.spent(client, self.support.clock.now()) {
            let message = format!("Too many attempts from your address. Try again in {wait_s} s.");
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Ok(self.sign_in_page(status, next.as_deref(), Some(&message)));
        }
        let holder = match (given.token, given.name, given.password) {
            (Some(token), _, _) => {
                self.support.token_holder(&token).await?.map(|token| Holder::Token(token.id))
            }
            (None, Some(name), Some(password)) => {
                let user = self.support.user_of(&name, Password::new(password)).await?;
                user.map(|user| Holder::User(user.name))
            }
            (None, _, _) => None,
        };
        let Some(holder) = holder else {
            let now = self.support.clock.now();
            let _ = self.guesses.count(client, now);
            metrics::counter!("keywright_sign_ins_refused_total").increment(1);
            let message = "That is no valid token, or no valid name and password.";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(self.sign_in_page(status, next.as_deref(), Some(message)));
        };
        let session = self.support.session_begin(&holder).await?;
        let mut answer = see_other(next.as_deref().unwrap_or("/console"));
        // A value that we wrote can always be a header.
        let _ = answer.add_cookie(&Jar::Console.fill(session.expose(), LASTS, self.https()));
        Ok(answer)
    }

    fn sign_in_page(
        &self,
        status: StatusCode,
        next: Option<&str>,
        message: Option<&str>,
    ) -> HttpResponse {
        let facts = json!({ "next": next, "message": message });
        self.page_as(status, None, "", "console/sign_in.html", facts)
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
