//! `keywright events`: what came in, and trying it again.

use anyhow::bail;
use clap::{Args, Subcommand};

use super::part::{Listing, configured, json_of, number, or_none, page, time};
use super::table::table;
use super::{Context, say};
use crate::apply::Apply;
use crate::fetch::Fetch;
use crate::rules::acts::SUPPORT;
use crate::rules::plain::{counted, one_line};
use crate::store::rows::EventFilter;
use crate::store::types::EventStatus;
use crate::support::replay::{DRY_RUN_MAX, Replayed};
use crate::support::view::{EventView, EventWhole, HistoryView};
use crate::support::when::{End, Start};
use crate::support::{Asked, Support};

/// Look at events, apply them again, set them aside
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List events, newest first
    List(Listing<Which>),
    /// Show one event: headers, body, what it says, what it led to
    Show {
        /// Its number, as the list tells it
        #[arg(value_parser = number)]
        id: i64,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Apply one event again, or all that match; what was right stays as it is
    Replay {
        /// One event; else say which by the options (without any: those that failed)
        #[arg(conflicts_with = "Which", value_parser = number)]
        id: Option<i64>,
        #[command(flatten)]
        which: Which,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Set an event aside that failed or waits: it does not count
    Ignore {
        /// Its number, as the list tells it
        #[arg(value_parser = number)]
        id: i64,
        /// Why; it stands in the history
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Which events; everything that is given must hold.
#[derive(Debug, Clone, Default, Args)]
struct Which {
    /// pending, applied, ignored, waiting or failed
    #[arg(long)]
    status: Option<EventStatus>,
    #[arg(long)]
    account: Option<String>,
    /// The provider's type: invoice.paid ...
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Why it failed, waits or is ignored: unknown_product ...
    #[arg(long)]
    reason: Option<String>,
    /// A provider's event id, a reference, an e-mail address or a key
    #[arg(long, value_name = "WORD")]
    q: Option<String>,
    /// Received at or after: a time, or a date
    #[arg(long, value_name = "TIME")]
    since: Option<Start>,
    /// Received before: a time, or a date with its whole day
    #[arg(long, value_name = "TIME")]
    until: Option<End>,
}

impl Which {
    /// To a misspelt account nothing ever came, which looks as if all were well. One that was taken
    /// out of the configuration is known by what came.
    async fn is_known(&self, support: &Support) -> anyhow::Result<()> {
        let Some(name) = &self.account else { return Ok(()) };
        let books = support.shelf.now();
        let accounts = &books.config.accounts;
        let filter = EventFilter { account: Some(name.clone()), ..EventFilter::default() };
        if name == SUPPORT
            || accounts.contains_key(name)
            || !support.event_list(filter, None, 1).await?.items.is_empty()
        {
            return Ok(());
        }
        bail!("there is no account {name:?}; {}", configured(accounts.keys()))
    }
}

impl From<Which> for EventFilter {
    fn from(which: Which) -> Self {
        Self {
            status: which.status,
            account: which.account,
            event_type: which.event_type,
            reason: which.reason,
            q: which.q,
            since: which.since.map(|Start(time)| time),
            until: which.until.map(|End(time)| time),
            sale_id: None,
        }
    }
}

impl Events {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        match self.action {
            Action::List(Listing { which, part }) => {
                which.is_known(&support).await?;
                let list = support.event_list(which.into(), part.number()?, part.limit()).await?;
                say(if part.json { json_of(&list)? } else { page(&list, listed) })?;
            }
            Action::Show { id, json } => {
                let event = support.event(id).await?;
                say(if json { json_of(&event)? } else { shown(&event)? })?;
            }
            Action::Replay { id: Some(id), dry_run, json, .. } => {
                let replayed = match dry_run {
                    true => support.event_rehearse(id).await?,
                    false => support.event_replay(id, Asked::at_the_shell(None)).await?,
                };
                say(if json { json_of(&replayed)? } else { came_of(&replayed) })?;
                if !dry_run && replayed.event.status == EventStatus::Failed.as_str() {
                    bail!("event {id} has failed again");
                }
            }
            Action::Replay { id: None, which, dry_run, json } => {
                which.is_known(&support).await?;
                say(replay_many(&support, which.into(), dry_run, json).await?)?;
            }
            Action::Ignore { id, reason } => {
                let event = support.event_ignore(id, Asked::at_the_shell(reason)).await?;
                say(format!("event {} is ignored", event.id))?;
            }
        }
        Ok(())
    }
}

/// Applies in this process what was put back in the line: that works whether or not a server
/// runs, and where one does they share the work.
async fn replay_many(
    support: &Support,
    filter: EventFilter,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<String> {
    let failed = EventFilter { status: Some(EventStatus::Failed), ..EventFilter::default() };
    let filter = if filter == EventFilter::default() { failed } else { filter };
    if dry_run {
        let all = support.event_rehearse_where(filter, DRY_RUN_MAX).await?;
        if json {
            return json_of(&all);
        }
        let mut each: Vec<String> = all.items.iter().map(came_of).collect();
        if each.is_empty() {
            each.push("no event matches".to_owned());
        }
        if all.more {
            each.push("more match: these are the newest".to_owned());
        }
        return Ok(each.join("\n"));
    }
    let replayed = support.event_replay_where(filter, Asked::at_the_shell(None)).await?;
    let apply = Apply::new(
        support.store.clone(),
        support.shelf.clone(),
        support.clock.clone(),
        (support.bell.clone(), support.post.clone()),
        Fetch::new()?,
    );
    apply.settle().await?;
    Ok(match json {
        true => json_of(&serde_json::json!({ "replayed": replayed }))?,
        false => format!("replayed {}", counted(replayed, "event", "events")),
    })
}

fn listed(events: &[EventView]) -> String {
    let row = |event: &EventView| {
        vec![
            event.id.clone(),
            time(event.received_at),
            event.account.clone(),
            event.event_type.clone(),
            event.status.clone(),
            or_none(event.reason.clone()),
        ]
    };
    let rows: Vec<_> = events.iter().map(row).collect();
    table(&["id", "received", "account", "type", "status", "reason"], &rows)
}

fn shown(event: &EventWhole) -> anyhow::Result<String> {
    let mut parts = vec![listed(std::slice::from_ref(&event.event))];
    parts.extend(event.event.message.clone());
    parts.push(format!("headers {}", json_of(&event.headers)?));
    parts.push(format!("body {}", json_of(&event.body)?));
    parts.push(format!("notices {}", json_of(&event.notices)?));
    if !event.history.is_empty() {
        parts.push(history(&event.history));
    }
    Ok(parts.join("\n\n"))
}

/// A history as a table.
pub(super) fn history(entries: &[HistoryView]) -> String {
    let row = |entry: &HistoryView| {
        let cause = entry.cause.as_ref();
        vec![
            time(entry.at),
            entry.text.clone(),
            or_none(cause.map(|cause| format!("{} (event {})", cause.event_type, cause.event_id))),
            or_none(entry.actor.clone()),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(&["when", "what", "cause", "by"], &rows)
}

/// What came, or would come, of a replay.
fn came_of(replayed: &Replayed) -> String {
    let event = &replayed.event;
    let (verb, would) = if replayed.dry_run { ("would be", "would become") } else { ("is", "is") };
    let mut lines = vec![match &event.message {
        Some(message) => format!("event {} {verb} {}: {message}", event.id, event.status),
        None => format!("event {} {verb} {}", event.id, event.status),
    }];
    for change in &replayed.changes {
        lines.push(format!("  license {}: {}", change.license_id, one_line(&change.text, 200)));
    }
    for mail in &replayed.mail {
        lines.push(format!("  mail {} of license {} {would} owed", mail.template, mail.license_id));
    }
    if replayed.changes.is_empty() && replayed.mail.is_empty() {
        lines.push("  nothing changes".to_owned());
    }
    lines.join("\n")
}
