//! `/hooks`: what the vendor's own systems were told, and did not take.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;

use super::Desk;
use super::ask::Ask;
use super::page::Paging;
use crate::store::rows::HookFilter;
use crate::store::types::MailStatus;
use crate::support::Refusal;
use crate::support::view::{HookView, Page};
use crate::web::problem::Problem;
use crate::web::read::{Fields, Word};

/// Which messages. Everything that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    status: Option<Word<MailStatus>>,
    hook: Option<String>,
    license_id: Option<String>,
}

pub(super) async fn list(
    desk: Data<Desk>,
    request: HttpRequest,
) -> Result<Json<Page<HookView>>, Problem> {
    let mut query = Fields::of_query(&request)?;
    let paging = Paging::take(&mut query)?;
    let which: Which = query.read()?;
    let filter = HookFilter {
        status: which.status.map(|Word(status)| status),
        hook: which.hook,
        license_id: which.license_id,
    };
    let cursor = paging.number()?;
    Ok(Json(desk.support.hook_list(filter, cursor, paging.limit).await?))
}

pub(super) async fn retry(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<Json<HookView>, Problem> {
    let unknown = || Refusal::UnknownMessage(id.chars().take(40).collect());
    let number = id.parse().map_err(|_| unknown())?;
    Ok(Json(desk.support.hook_retry(number, ask.asked(None, None)?).await?))
}
