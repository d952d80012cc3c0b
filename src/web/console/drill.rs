//! A test event at a button: signed with the account's own secret, and posted to this very service
//! as its provider would post it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::Console;
use super::ask::Ask;
use super::providers::{EVENTS_MAX, unknown, why_not};
use crate::chance;
use crate::sender::{Sender, on_this_machine};
use crate::store::rows::EventFilter;
use crate::trigger::drill::{Drill, LeadsTo, drill};
use crate::web::html::see_other;
use crate::web::problem::{Code, Problem};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Agreed {
    /// `yes`: that something will come of it.
    agreed: Option<String>,
}

pub(super) async fn test(
    console: Data<Console>,
    name: Path<String>,
    request: HttpRequest,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let asked = ask.asked()?;
    let agreed = ask.read::<Agreed>()?.agreed.as_deref() == Some("yes");
    let (support, books) = (&console.support, console.support.shelf.now());
    let account = books.account(&name).ok_or_else(|| unknown(&name))?;
    let (tag, now) = (chance::tag().map_err(unlucky)?, support.clock.now());
    let email = &books.config.mail.from.email;
    let drill = drill(account, &books.config.catalogue, &tag, email, now)
        .map_err(|why| Problem::new(Code::InvalidField, why_not(account, &why)))?;
    if drill.leads_to != LeadsTo::Nothing && !agreed {
        let detail = "something will come of this test: tick that you want it, and send it again";
        return Err(Problem::new(Code::InvalidField, detail).of_field("agreed"));
    }
    // Written down first: whatever becomes of it, it is known who began it.
    support.account_tested(&name, drill.leads_to, asked).await?;
    let base = on_this_machine(request.app_config().local_addr());
    let status = send(&base, &name, &drill).await?;
    let events = console.events_of(&name, &drill, now).await?;
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (name, events) = (&*name, events.join(","));
    // A configured name has no letters that an address would take for something else.
    let to = format!("/console/providers/{name}?done=tested&answer={status}&events={events}");
    Ok(see_other(&to))
}

/// The answer to all of them: the first that is no success, else that of the last.
async fn send(base: &str, account: &str, drill: &Drill) -> Result<u16, Problem> {
    let unanswered = |error: anyhow::Error| {
        tracing::warn!(%error, account, "a test event for {account} got no answer: {error:#}");
        let detail = format!("the service got no answer from itself at {base}; its log says why");
        Problem::new(Code::Unavailable, detail)
    };
    let sender = Sender::new(base).map_err(unanswered)?;
    let mut status = 200;
    for sample in &drill.samples {
        status = sender.send(account, sample).await.map_err(unanswered)?.status;
        if !(200..300).contains(&status) {
            break;
        }
    }
    Ok(status)
}

impl Console {
    /// The events that came of it: by their own ids, and where they have none by what the account
    /// got since.
    async fn events_of(
        &self,
        account: &str,
        drill: &Drill,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, Problem> {
        let here = EventFilter {
            account: Some(account.to_owned()),
            since: Some(since),
            ..EventFilter::default()
        };
        let mut found = Vec::new();
        for id in drill.ids.iter().take(EVENTS_MAX) {
            let filter = EventFilter { q: Some(id.clone()), ..here.clone() };
            let page = self.support.event_list(filter, None, 1).await?;
            found.extend(page.items.into_iter().map(|event| event.id));
        }
        if drill.ids.is_empty() {
            let limit = drill.samples.len().min(EVENTS_MAX);
            let page = self.support.event_list(here, None, limit).await?;
            found.extend(page.items.into_iter().map(|event| event.id).rev());
        }
        found.dedup();
        Ok(found)
    }
}

fn unlucky(error: chance::NoChance) -> Problem {
    Problem::new(Code::Unavailable, error.to_string())
}
