//! `keywright hooks`: what the vendor's own systems were told, and did not take.

use anyhow::bail;
use clap::{Args, Subcommand};

use super::part::{Part, configured, json_of, number, or_none, page, time};
use super::table::table;
use super::{Context, say};
use crate::store::rows::HookFilter;
use crate::store::types::MailStatus;
use crate::support::view::HookView;
use crate::support::{Asked, Support};

/// Look at the messages to your own hooks, and send again what failed
#[derive(Debug, Args)]
pub(super) struct Hooks {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List messages, newest first
    List {
        /// queued, sent or failed
        #[arg(long)]
        status: Option<MailStatus>,
        /// To this hook, as in [hooks.NAME]
        #[arg(long, value_name = "NAME")]
        hook: Option<String>,
        /// About the license with this id
        #[arg(long, value_name = "ID")]
        license: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Put a message back at the head of the queue: one that was given up, or was taken and lost
    Retry {
        /// Its number, as the list tells it
        #[arg(value_parser = number)]
        id: i64,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

impl Hooks {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        match self.action {
            Action::List { status, hook, license, part } => {
                if let Some(name) = &hook {
                    known(&support, name).await?;
                }
                let filter = HookFilter { status, hook, license_id: license };
                let list = support.hook_list(filter, part.number()?, part.limit()).await?;
                say(if part.json { json_of(&list)? } else { page(&list, listed) })?;
            }
            Action::Retry { id, json } => {
                let message = support.hook_retry(id, Asked::at_the_shell(None)).await?;
                let done = format!("message {} to {} is queued again", message.id, message.hook);
                say(if json { json_of(&message)? } else { done })?;
            }
        }
        Ok(())
    }
}

/// Of a misspelt hook nothing was ever told, which looks as if all were well. One that was taken out
/// of the configuration is known by what it was told.
async fn known(support: &Support, name: &str) -> anyhow::Result<()> {
    let books = support.shelf.now();
    let hooks = &books.config.hooks;
    let filter = HookFilter { hook: Some(name.to_owned()), ..HookFilter::default() };
    if hooks.contains_key(name) || !support.hook_list(filter, None, 1).await?.items.is_empty() {
        return Ok(());
    }
    bail!("there is no hook {name:?}; {}", configured(hooks.keys()))
}

fn listed(messages: &[HookView]) -> String {
    let row = |message: &HookView| {
        vec![
            message.id.clone(),
            time(message.timestamp),
            message.hook.clone(),
            message.event_type.clone(),
            message.license_id.clone(),
            message.status.clone(),
            message.attempts.to_string(),
            or_none(message.error.clone()),
        ]
    };
    let rows: Vec<_> = messages.iter().map(row).collect();
    table(&["id", "happened", "hook", "type", "license", "status", "attempts", "error"], &rows)
}
