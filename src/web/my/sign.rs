//! The way in, by a link that is mailed, and the way out.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::My;
use super::visit::{Ask, Customer};
use crate::support::sessions::CUSTOMER_LASTS;
use crate::web::app::throttle::Cost;
use crate::web::html::form::{self, Sent};
use crate::web::html::{cookie::Jar, see_other};
use crate::web::problem::Problem;

/// The longest address that mail can have (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;

#[derive(Deserialize)]
struct Asking {
    email: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Way {
    link: Option<String>,
}

/// Whether the address is known is found out later, by somebody else: here every address gets the
/// same answer, as fast.
pub(super) async fn ask(
    my: Data<My>,
    request: HttpRequest,
    Sent(body): Sent,
) -> Result<HttpResponse, Problem> {
    let Asking { email } = form::fields(&body)?.read()?;
    let Some(email) = email.filter(|email| is_address(email)) else {
        let message = "That is not an e-mail address; write it as in ann@example.com.";
        return Ok(my.ask_page(StatusCode::UNPROCESSABLE_ENTITY, Some(message)));
    };
    my.pay(&request, Cost::Link)?;
    my.links.ask(&email);
    Ok(my.page(StatusCode::OK, None, "my/sent.html", json!({})))
}

/// Only shows a button: programs that look through mail follow links, and must not use one up.
pub(super) async fn link(my: Data<My>, way: Query<Way>) -> HttpResponse {
    my.page(StatusCode::OK, None, "my/in.html", json!({ "link": way.link }))
}

/// The button was pressed.
pub(super) async fn enter(
    my: Data<My>,
    request: HttpRequest,
    Sent(body): Sent,
) -> Result<HttpResponse, Problem> {
    my.pay(&request, Cost::Call)?;
    let Way { link } = form::fields(&body)?.read()?;
    let Some(session) = my.support.link_use(&link.unwrap_or_default()).await? else {
        // Whoever pressed it twice is in.
        if Customer::of(&my, &request).await?.is_some() {
            return Ok(see_other("/my"));
        }
        my.guessed(&request);
        let message = "This link was used already, or its time is over. Ask for a new one.";
        return Ok(my.ask_page(StatusCode::UNPROCESSABLE_ENTITY, Some(message)));
    };
    // Another customer's, on this machine.
    if let Some(before) = Jar::My.read(&request, my.https()) {
        my.support.session_end(&before).await?;
    }
    let mut answer = see_other("/my");
    // A value that we wrote can always be a header.
    let _ = answer.add_cookie(&Jar::My.fill(session.expose(), CUSTOMER_LASTS, my.https()));
    Ok(answer)
}

pub(super) async fn leave(my: Data<My>, ask: Ask) -> Result<HttpResponse, Problem> {
    let customer = ask.no_more()?;
    my.support.session_end(&customer.session).await?;
    let mut answer = see_other("/my");
    let _ = answer.add_cookie(&Jar::My.empty(my.https()));
    Ok(answer)
}

impl My {
    /// The form for the address on file.
    pub(super) fn ask_page(&self, status: StatusCode, message: Option<&str>) -> HttpResponse {
        self.page(status, None, "my/ask.html", json!({ "message": message }))
    }
}

/// Could mail go there? Which forms shops let through is theirs to know; so only what no address
/// can be is refused.
fn is_address(text: &str) -> bool {
    let shown = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let sides = text.split_once('@').filter(|(left, right)| !left.is_empty() && !right.is_empty());
    shown && text.len() <= EMAIL_BYTES_MAX && sides.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_address_can_be_is_told() {
        for right in ["ann@example.com", "jörg@bücher.example", "a@b", "\"a@b\"@c"] {
            assert!(is_address(right), "{right}");
        }
        let long = format!("{}@example.com", "x".repeat(250));
        for wrong in ["", "ann", "@example.com", "ann@", "a b@c", "a\u{7}@b", &long] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
