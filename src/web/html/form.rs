//! What forms send, and whether they are ours.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

use crate::config::urls::PublicUrl;
use crate::support::sessions::form_fits;
use crate::web::problem::{Code, Problem};
use crate::web::read::{self, Fields};

/// The longest body of a form.
const BYTES_MAX: usize = 64 * 1024;

/// A form as it came, whoever sent it.
#[derive(Debug)]
pub struct Sent(pub Bytes);

impl FromRequest for Sent {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { read::body(&request, &mut payload, BYTES_MAX).await.map(Self) })
    }
}

/// Refuses what another site made the browser send. A browser says where a form stood; whoever
/// says nothing is no browser and has no session either.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn same_site(headers: &HeaderMap, public_url: &PublicUrl) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    let origin = text(ORIGIN.as_str());
    let ours = origin.is_some_and(|origin| {
        let host = text(HOST.as_str()).unwrap_or_default();
        let here = origin.split_once("://").is_some_and(|(_, authority)| authority == host);
        here || origin == public_url.to_string()
    });
    match (ours, site) {
        (true, None | Some("same-origin")) => Ok(()),
        _ => Err(Problem::new(
            Code::Forbidden,
            "the form came from another site; open the page here and send it again",
        )),
    }
}

/// Refuses a form that was not made for this session. Its token is taken out of the fields.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn of_session(fields: &mut Fields, session: &str) -> Result<(), Problem> {
    let token: Option<String> = fields.take("form")?;
    match token.is_some_and(|token| form_fits(session, &token)) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::Forbidden,
            "the form is of an earlier session; open the page and send it again",
        )),
    }
}

/// The fields of a form. What was left empty is not there.
///
/// # Errors
/// [`Code::Malformed`], [`Code::InvalidField`] for one that stands twice or holds a NUL.
pub fn fields(body: &[u8]) -> Result<Fields, Problem> {
    let malformed = || Problem::new(Code::Malformed, "the form cannot be read");
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(body).map_err(|_| malformed())?;
    Fields::of_form(pairs)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn judged(lines: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::try_from(*name).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let url = PublicUrl::try_from("https://licenses.acme.example".to_owned()).unwrap();
        same_site(&headers, &url).is_ok()
    }

    #[test]
    fn a_form_of_this_host_or_of_its_public_name_is_ours() {
        assert!(judged(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]));
        assert!(judged(&[("host", "backend:80"), ("origin", "https://licenses.acme.example")]));
    }

    #[test]
    fn a_form_of_another_site_is_not() {
        let here = ("host", "licenses.acme.example");
        assert!(!judged(&[here]));
        assert!(!judged(&[here, ("origin", "null")]));
        assert!(!judged(&[here, ("origin", "https://evil.example")]));
        assert!(!judged(&[here, ("origin", "https://licenses.acme.example.evil.example")]));
        let ours = ("origin", "https://licenses.acme.example");
        assert!(!judged(&[here, ours, ("sec-fetch-site", "cross-site")]));
        assert!(!judged(&[here, ours, ("sec-fetch-site", "same-site")]));
        assert!(judged(&[here, ours, ("sec-fetch-site", "same-origin")]));
    }
}
