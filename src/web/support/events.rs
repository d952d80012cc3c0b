//! `/events`: what came in, and trying it again.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Desk;
use super::ask::Ask;
use super::page::Paging;
use crate::store::rows::EventFilter;
use crate::store::types::EventStatus;
use crate::support::Refusal;
use crate::support::replay::{DRY_RUN_MAX, Replayed};
use crate::support::view::{EventView, EventWhole, Page};
use crate::support::when::{End, Start};
use crate::web::problem::Problem;
use crate::web::read::{Fields, Flag, Number, Word};

/// Which events. Everything that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Which {
    status: Option<Word<EventStatus>>,
    account: Option<String>,
    r#type: Option<String>,
    reason: Option<String>,
    q: Option<String>,
    since: Option<Start>,
    until: Option<End>,
    sale_id: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Why {
    reason: Option<String>,
}

impl From<Which> for EventFilter {
    fn from(which: Which) -> Self {
        Self {
            status: which.status.map(|Word(status)| status),
            account: which.account,
            event_type: which.r#type,
            reason: which.reason,
            q: which.q,
            since: which.since.map(|Start(time)| time),
            until: which.until.map(|End(time)| time),
            sale_id: which.sale_id.map(|Number(id)| id),
        }
    }
}

pub(super) async fn list(
    desk: Data<Desk>,
    request: HttpRequest,
) -> Result<Json<Page<EventView>>, Problem> {
    let mut query = Fields::of_query(&request)?;
    let paging = Paging::take(&mut query)?;
    let which: Which = query.read()?;
    let cursor = paging.number()?;
    Ok(Json(desk.support.event_list(which.into(), cursor, paging.limit).await?))
}

pub(super) async fn one(desk: Data<Desk>, id: Path<String>) -> Result<Json<EventWhole>, Problem> {
    Ok(Json(desk.support.event(number(&id)?).await?))
}

/// Again, at once; `?dry_run=true` only says what would come of it.
pub(super) async fn replay(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<Json<Replayed>, Problem> {
    let id = number(&id)?;
    let mut fields = ask.fields()?.over(ask.query()?);
    let dry_run = fields.take("dry_run")?.unwrap_or(Flag(false));
    let why: Why = fields.read()?;
    let replayed = match dry_run {
        Flag(true) => desk.support.event_rehearse(id).await?,
        Flag(false) => desk.support.event_replay(id, ask.asked(why.reason, None)?).await?,
    };
    Ok(Json(replayed))
}

/// All that match, in the query or in the body; without a word those that failed.
pub(super) async fn replay_many(desk: Data<Desk>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut fields = ask.fields()?.over(ask.query()?);
    let dry_run = fields.take("dry_run")?.unwrap_or(Flag(false));
    let mut filter: EventFilter = fields.read::<Which>()?.into();
    if filter == EventFilter::default() {
        filter.status = Some(EventStatus::Failed);
    }
    let answer = match dry_run {
        Flag(true) => {
            HttpResponse::Ok().json(desk.support.event_rehearse_where(filter, DRY_RUN_MAX).await?)
        }
        Flag(false) => {
            let replayed = desk.support.event_replay_where(filter, ask.asked(None, None)?).await?;
            HttpResponse::Ok().json(json!({ "replayed": replayed }))
        }
    };
    Ok(answer)
}

pub(super) async fn ignore(
    desk: Data<Desk>,
    id: Path<String>,
    ask: Ask,
) -> Result<Json<EventView>, Problem> {
    let why: Why = ask.body()?;
    let asked = ask.asked(why.reason, None)?;
    Ok(Json(desk.support.event_ignore(number(&id)?, asked).await?))
}

/// What cannot be an id is as unknown as one that nobody has.
fn number(id: &str) -> Result<i64, Problem> {
    let unknown = || Refusal::UnknownEvent(id.chars().take(40).collect());
    Ok(id.parse().map_err(|_| unknown())?)
}
