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
        let facts = context! { ..self.frame(Some(visitor), here), ..Value::from(Serde(facts)) };
        self.pages.answer(StatusCode::OK, template, facts)
    }

    /// What the layout needs: who is here, when, and what the forms carry.
    pub(super) fn frame(&self, visitor: Option<&Visitor>, here: &str) -> Value {
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

/// The address of the next part of the list that `request` asked for. What was done is told once.
pub(super) fn next_address(request: &HttpRequest, cursor: Option<&str>) -> Option<String> {
    let cursor = cursor?;
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.query_string()).unwrap_or_default();
    let mut address = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(name, _)| !["cursor", "done"].contains(&&**name)) {
        address.append_pair(name, value);
    }
    address.append_pair("cursor", cursor);
    Some(format!("{}?{}", request.path(), address.finish()))
}
