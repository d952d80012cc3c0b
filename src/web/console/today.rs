//! The first page: what needs a person, and how the day goes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use super::Console;
use super::guard::Visitor;
use crate::web::problem::Problem;

pub(super) async fn page(
    console: Data<Console>,
    visitor: Visitor,
) -> Result<HttpResponse, Problem> {
    Ok(console.page(&visitor, "today", "console/today.html", json!({})))
}
