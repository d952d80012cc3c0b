//! What every page shows, and where a list goes on.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;

use super::Console;
use super::guard::Visitor;
use crate::support::view::text;
use crate::web::html::assets;

/// Entries of a list on one page.
pub(super) const ENTRIES: usize = 50;

impl Console {
    /// A page for whoever is signed in. `here` is the entry of the navigation.
    pub(super) fn page(
        &self,
        visitor: &Visitor,
        here: &str,
        template: &str,
        facts: serde_json::Value,
    ) -> HttpResponse {
        self.page_as(StatusCode::OK, Some(visitor), here, template, facts)
    }

    /// The same for what is no success, or for nobody who is signed in.
    pub(super) fn page_as(
        &self,
        status: StatusCode,
        visitor: Option<&Visitor>,
        here: &str,
        template: &str,
        facts: serde_json::Value,
    ) -> HttpResponse {
        let facts = context! { ..self.frame(visitor, here), ..Value::from(Serde(facts)) };
        self.pages.answer(status, template, facts)
    }

    /// What the layout needs: who is here, when, and what the forms carry.
    fn frame(&self, visitor: Option<&Visitor>, here: &str) -> Value {
        let me = visitor.map(|visitor| {
            json!({
                "name": visitor.member.name,
                "role": visitor.member.role.as_str(),
                // What forms carry.
                "form": visitor.form_token(),
            })
        });
        Value::from(Serde(json!({
            "me": me,
            "here": here,
            "now": text(self.support.clock.now()),
            "assets": format!("/console/assets/{}", assets::version()),
        })))
    }
}

/// What was done a moment ago: the sentence for the word in `?done=`. Words that the table does not
/// have say nothing, whoever made the link.
pub(super) fn done(
    request: &HttpRequest,
    sentences: &[(&str, &'static str)],
) -> Option<&'static str> {
    let word = parameter(request, "done")?;
    sentences.iter().find(|(known, _)| *known == word).map(|(_, sentence)| *sentence)
}

/// A parameter of the address, as it stands there.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The address of the next part of the list that `request` asked for.
pub(super) fn next_address(request: &HttpRequest, cursor: Option<&str>) -> Option<String> {
    let cursor = cursor?;
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.query_string()).unwrap_or_default();
    let mut address = url::form_urlencoded::Serializer::new(String::new());
    // What was done is told once.
    for (name, value) in pairs.iter().filter(|(name, _)| name != "cursor" && name != "done") {
        address.append_pair(name, value);
    }
    address.append_pair("cursor", cursor);
    Some(format!("{}?{}", request.path(), address.finish()))
}
