//! What pages for people are made of: templates, assets, forms and cookies.
//!
//! - [`Pages`]: templates into answers, with the headers that keep a page's content from acting
//! - [`assets`]: what browsers load beside a page
//! - [`filters`]: times and numbers as people read them
//! - [`life`]: a license's life as a drawing
//! - [`form`]: what forms send, and whether they are ours
//! - [`bars`]: charts of bars, as numbers for a template
//! - [`cookie`]: what names a session
//! - [`shown`]: what others wrote, as text that hides nothing
//! - [`markdown`]: the guides as part of a page
//! - [`multipart`]: forms with a file
//! - `templates`: the list of all templates

pub mod assets;
pub mod bars;
pub mod cookie;
pub mod filters;
pub mod form;
pub mod life;
pub mod markdown;
pub mod multipart;
pub mod shown;
mod templates;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_FRAME_OPTIONS,
};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

/// Nothing but what this service serves; scripts and styles as files only; shown in no frame. What
/// it forbade is reported ([`super::console`]).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; \
     base-uri 'none'; report-uri /console/csp-report";

/// For a document that somebody else wrote: it is shown in a frame of ours and can do nothing.
const QUOTED_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; \
     frame-ancestors 'self'; base-uri 'none'";

/// All templates, ready.
#[derive(Debug)]
pub struct Pages(Environment<'static>);

impl Default for Pages {
    fn default() -> Self {
        Self::new()
    }
}

impl Pages {
    #[must_use]
    pub fn new() -> Self {
        let mut environment = Environment::new();
        // A name that nobody gave stops every test; for people a gap is better than no page.
        environment.set_undefined_behavior(match cfg!(debug_assertions) {
            true => UndefinedBehavior::SemiStrict,
            false => UndefinedBehavior::Lenient,
        });
        // A line that only decides something leaves none on the page.
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            environment.set_syntax(syntax);
        }
        filters::add_to(&mut environment);
        environment.set_formatter(shown::write);
        for (name, text) in templates::ALL {
            if let Err(error) = environment.add_template(name, text) {
                // A test reads every template, so this is never seen.
                tracing::error!(%error, "the template {name} cannot be read");
            }
        }
        Self(environment)
    }

    /// A page. Whatever stands in `facts` is text: nothing of it becomes markup.
    #[must_use]
    pub fn answer(&self, status: StatusCode, template: &str, facts: Value) -> HttpResponse {
        let written = self.0.get_template(template).and_then(|page| page.render(facts));
        match written {
            Ok(text) => document(status, text, POLICY),
            Err(error) => {
                tracing::error!(%error, "the page {template} failed: {error:#}");
                HttpResponse::InternalServerError()
                    .content_type("text/plain; charset=utf-8")
                    .body("The service failed on this page; its log says why.")
            }
        }
    }
}

/// Leads on with a GET.
#[must_use]
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
}

/// A document that somebody else wrote, to be shown in a frame.
#[must_use]
pub fn quoted(text: String) -> HttpResponse {
    document(StatusCode::OK, text, QUOTED_POLICY)
}

fn document(status: StatusCode, text: String, policy: &'static str) -> HttpResponse {
    let frame = if policy == POLICY { "DENY" } else { "SAMEORIGIN" };
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((X_FRAME_OPTIONS, frame))
        .insert_header((CACHE_CONTROL, "no-store"))
        // With «no-referrer» browsers would not say where a form stood either.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ))
        .body(text)
}
