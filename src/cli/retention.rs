//! `keywright retention`: old contents cleared.

use clap::Args;

use super::part::json_of;
use super::{Context, say};
use crate::config::Retention as Settings;
use crate::rules::span::Interval;
use crate::support::retention::Cleared;

/// Clear contents that are older than [retention] in the configuration says
///
/// The running service does the same every hour. Licenses, their explanation, the history and the
/// recognition of repeated events stay; an event without its body cannot be replayed. What failed,
/// waits or is still to be done is never touched.
#[derive(Debug, Args)]
pub(super) struct Retention {
    /// Only count what would be cleared
    #[arg(long)]
    dry_run: bool,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Retention {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        let cleared = support.retention(self.dry_run).await?;
        let settings = support.shelf.now().config.retention;
        say(if self.json { json_of(&cleared)? } else { told(&cleared, settings, self.dry_run) })?;
        Ok(())
    }
}

fn told(cleared: &Cleared, settings: Settings, dry_run: bool) -> String {
    let done = if dry_run { "would be cleared" } else { "cleared" };
    let line = |name: &str, count: usize, age: Option<Interval>| match age {
        Some(age) => format!("{name}: {count} older than {age} {done}"),
        None => format!("{name}: kept for ever; retention.{name} is not set"),
    };
    [
        line("event_bodies", cleared.event_bodies, settings.event_bodies),
        line("mail_bodies", cleared.mail_bodies, settings.mail_bodies),
        line("hooks", cleared.hooks, settings.hooks),
        line("released_activations", cleared.released_activations, settings.released_activations),
        line("idempotency", cleared.idempotency, settings.idempotency),
    ]
    .join("\n")
}
