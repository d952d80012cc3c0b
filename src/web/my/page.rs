//! What every page shows.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;

use super::My;
use super::visit::Customer;
use crate::support::view::text;
use crate::web::app::throttle::Cost;
use crate::web::client;
use crate::web::html::assets;
use crate::web::problem::{Code, Problem};

impl My {
    /// Do browsers reach us by https? Then cookies go by nothing else.
    pub(super) fn https(&self) -> bool {
        self.support.shelf.now().config.server.public_url.is_https()
    }

    pub(super) fn page(
        &self,
        status: StatusCode,
        customer: Option<&Customer>,
        template: &str,
        facts: serde_json::Value,
    ) -> HttpResponse {
        let facts = context! { ..self.frame(customer), ..Value::from(Serde(facts)) };
        self.pages.answer(status, template, facts)
    }

    /// What was wrong and what would be right.
    pub(super) fn problem(&self, problem: &Problem) -> HttpResponse {
        let facts = json!({ "heading": heading(problem.code()), "detail": problem.detail() });
        let mut page = self.page(problem.status_code(), None, "my/error.html", facts);
        if let Some((name, value)) = problem.retry_after() {
            page.headers_mut().insert(name, value);
        }
        page
    }

    /// Takes what this costs from the client's share, or says how long to wait.
    pub(super) fn pay(&self, request: &HttpRequest, cost: Cost) -> Result<(), Problem> {
        let now = self.support.clock.now();
        self.throttle.enter(self.client(request), cost, now).map_err(|wait_s| {
            let detail =
                format!("too many attempts came from your network; try again in {wait_s} s");
            Problem::new(Code::TooManyRequests, detail).retry_after_s(wait_s)
        })
    }

    /// Somebody tried a link that is none.
    pub(super) fn guessed(&self, request: &HttpRequest) {
        let now = self.support.clock.now();
        self.throttle.charge(self.client(request), Cost::Guess, now);
    }

    fn client(&self, request: &HttpRequest) -> std::net::IpAddr {
        let books = self.support.shelf.now();
        client::counted(client::of(request, &books.config.server.trusted_proxies))
    }

    /// What the layout needs: whose page it is, who is here, and what the forms carry.
    fn frame(&self, customer: Option<&Customer>) -> Value {
        let books = self.support.shelf.now();
        let from = &books.config.mail.from;
        let me = customer
            .map(|customer| json!({ "email": customer.email, "form": customer.form_token() }));
        Value::from(Serde(json!({
            "me": me,
            // Each page that stands in the navigation says so itself.
            "here": null,
            "vendor": from.name.as_deref().unwrap_or_else(|| from.domain()),
            "contact": from.email,
            "now": text(self.support.clock.now()),
            "assets": format!("/console/assets/{}", assets::version()),
        })))
    }
}

/// The API's titles speak to programs.
fn heading(code: Code) -> &'static str {
    match code {
        Code::TooManyRequests | Code::TooManyAttempts => "That was too often",
        Code::UnknownLicense | Code::UnknownActivation | Code::UnknownKey | Code::NotFound => {
            "It is not here"
        }
        Code::Forbidden => "This form cannot be taken",
        Code::Unavailable => "Not now",
        other => other.title(),
    }
}
