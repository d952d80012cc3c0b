//! Which part of a list, and how it is written.

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use super::misused;
use crate::support::Asked;
use crate::support::actors::COMMAND_LINE;
use crate::support::view::Page;

/// Which part of a list.
#[derive(Debug, Args)]
pub(super) struct Part {
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Where to go on, as the list before says
    #[arg(long)]
    pub(super) cursor: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    pub(super) json: bool,
}

/// Which entries of a list, and which part of them.
#[derive(Debug, Args)]
pub(super) struct Listing<W: Args> {
    #[command(flatten)]
    pub(super) which: W,
    #[command(flatten)]
    pub(super) part: Part,
}

impl Part {
    pub(super) fn limit(&self) -> usize {
        usize::from(self.limit)
    }

    /// The cursor of a list in the order of numbers.
    pub(super) fn number(&self) -> anyhow::Result<Option<i64>> {
        let cursor = self.cursor.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| misused("--cursor must be what the list before says"))
    }
}

impl Asked {
    /// By whoever has this machine's shell.
    pub(super) fn at_the_shell(reason: Option<String>) -> Self {
        Self { by: COMMAND_LINE.to_owned(), reason, ..Self::default() }
    }
}

/// The number of an event, a mail or a message.
pub(super) fn number(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "is not a number; the list tells it, in the column ID")
}

/// These names in a sentence that says what there is.
pub(super) fn configured<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    match names.as_slice() {
        [] => "none is configured".to_owned(),
        names => format!("configured are: {}", names.join(", ")),
    }
}

/// A list for people, and how it goes on.
pub(super) fn page<T>(page: &Page<T>, table: impl Fn(&[T]) -> String) -> String {
    let table = table(&page.items);
    match &page.next_cursor {
        Some(cursor) => format!("{table}\nmore: --cursor {cursor}"),
        None => table,
    }
}

pub(super) fn json_of(value: &impl Serialize) -> anyhow::Result<String> {
    serde_json::to_string_pretty(value).context("this cannot be written as JSON")
}

/// An empty cell is seen better than nothing.
pub(super) fn or_none(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// A time as people read it, to the second, always as wide.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
