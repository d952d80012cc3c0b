//! What was not done to a license: why, what was done meanwhile by whom, and the way back.

use actix_web::HttpResponse;
use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use serde_json::json;

use super::{Console, named};
use crate::web::console::guard::Visitor;
use crate::web::problem::{Code, Problem};

/// Entries of the history that are shown where somebody was faster.
const LATEST: usize = 3;

impl Console {
    /// The page for a conflict or a value that cannot be; anything else is told as everywhere.
    pub(super) async fn refused(
        &self,
        id: &str,
        visitor: &Visitor,
        problem: Problem,
    ) -> Result<HttpResponse, Problem> {
        let status = problem.status_code();
        if !matches!(status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) {
            return Err(problem);
        }
        let Ok(license) = self.support.license(named(id)?).await else { return Err(problem) };
        let latest = match problem.code() {
            Code::ChangedMeanwhile => {
                license.history.iter().rev().take(LATEST).cloned().collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        let facts = json!({
            "heading": problem.code().title(),
            "detail": problem.detail(),
            "code": problem.code().as_str(),
            "latest": latest,
            "license": license.license,
        });
        let template = "console/license_refused.html";
        Ok(self.page_as(status, Some(visitor), "licenses", template, facts))
    }
}
