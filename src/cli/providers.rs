//! `keywright providers`: the kinds that are built in.

use clap::Args;
use keywright_providers::{ALL, Facts};
use serde_json::{Value, json};

use super::{Context, say};

/// List the kinds of payment provider: signature, events, settings
#[derive(Debug, Args)]
pub(super) struct Providers {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Providers {
    pub(super) async fn run(self, _: Context) -> anyhow::Result<()> {
        let facts = ALL.iter().map(|provider| provider.facts());
        if self.json {
            let list: Vec<Value> = facts.map(machine).collect();
            say(serde_json::to_string_pretty(&list)?)?;
        } else {
            let list: Vec<String> = facts.map(plain).collect();
            say(list.join("\n\n"))?;
        }
        Ok(())
    }
}

fn plain(facts: &Facts) -> String {
    let keys = if facts.fulfils { "by our mail, or in the answer" } else { "by our mail" };
    let mut lines = vec![
        format!("{} ({})", facts.title, facts.kind),
        format!("  signature  {}", facts.scheme),
        format!("  keys       {keys}"),
    ];
    if let Some(list) = facts.list {
        lines.push(format!("  missed     pulled from {}", list.title));
    }
    for (position, setting) in facts.settings.iter().enumerate() {
        let label = if position == 0 { "settings" } else { "" };
        let need = if setting.required { "" } else { " (optional)" };
        lines.push(format!("  {label:9}  {}{need}: {}", setting.name, setting.help));
    }
    for (position, event) in facts.events.iter().enumerate() {
        let label = if position == 0 { "events" } else { "" };
        lines.push(format!("  {label:9}  {event}"));
    }
    lines.join("\n")
}

fn machine(facts: &Facts) -> Value {
    let settings = facts.settings.iter().map(|setting| {
        json!({
            "name": setting.name,
            "secret": setting.secret,
            "required": setting.required,
            "help": setting.help,
        })
    });
    json!({
        "kind": facts.kind,
        "title": facts.title,
        "scheme": facts.scheme,
        "keys_in_answer": facts.fulfils,
        "list": facts.list.map(|list| list.title),
        "settings": settings.collect::<Vec<_>>(),
        "events": facts.events,
    })
}
