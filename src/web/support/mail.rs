//! `/mail`: what is owed, what went out, what failed.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;

use super::Desk;
use super::ask::Ask;
use super::page::Paging;
use crate::store::rows::MailFilter;
use crate::store::types::MailStatus;
use crate::support::Refusal;
use crate::support::view::{MailView, MailWhole, Page};
use crate::web::problem::Problem;
use crate::web::read::{Fields, Word};

/// Which mails. Everything that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    status: Option<Word<MailStatus>>,
    license_id: Option<String>,
    to: Option<String>,
    q: Option<String>,
}

pub(super) async fn list(
    desk: Data<Desk>,
    request: HttpRequest,
) -> Result<Json<Page<MailView>>, Problem> {
    let mut query = Fields::of_query(&request)?;
    let paging = Paging::take(&mut query)?;
    let which: Which = query.read()?;
    let filter = MailFilter {
        status: which.status.map(|Word(status)| status),
        license_id: which.license_id,
        recipient: which.to,
        q: which.q,
    };
    let cursor = paging.number()?;
    Ok(Json(desk.support.mail_list(filter, cursor, paging.limit).await?))
}

pub(super) async fn one(desk: Data<Desk>, id: Path<String>) -> Result<Json<MailWhole>, Problem> {
    Ok(Json(desk.support.mail(number(&id)?).await?))
}

pub(super) async fn retry(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<Json<MailView>, Problem> {
    Ok(Json(desk.support.mail_retry(number(&id)?, ask.asked(None, None)?).await?))
}

fn number(id: &str) -> Result<i64, Problem> {
    let unknown = || Refusal::UnknownMail(id.chars().take(40).collect());
    Ok(id.parse().map_err(|_| unknown())?)
}
