//! `simulate`: a subscription's life on simulated time, with no database.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;

use super::part::configured;
use super::table::table;
use super::{Context, say};
use crate::clock::{Clock, SystemClock};
use crate::rules::license::{Flag, Status};
use crate::rules::simulation::script::{WORDS, parse, time};
use crate::rules::simulation::{Moment, Standing, example, play};

/// Play a subscription's life: each event, the expiry after it and why, the mail
#[derive(Debug, Args)]
#[command(after_long_help = language())]
pub(super) struct Simulate {
    /// As in `[products.PRODUCT]`
    product: String,
    /// When the life begins, by default today: 2026-01-31, or 2026-01-31T18:30:00Z
    #[arg(long, value_name = "DATE", value_parser = time)]
    start: Option<DateTime<Utc>>,
    /// What happens, a line each, as in `+P1M renewal`, `expiry+P3D renewal`, `refund 2` (--help
    /// tells them all); by default an example, which is printed first
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// What a script may say.
fn language() -> String {
    let words: Vec<String> = WORDS.iter().map(|word| format!("  {word}")).collect();
    format!(
        "A script has a line for each event, [WHEN] WHAT; what follows # is for people.\n\n\
         WHEN is one of\n  \
         2026-02-01, 2026-02-01T18:30:00Z   a date or time\n  \
         +P1M                               an interval after the line before\n  \
         expiry, expiry-P3D, expiry+PT12H   the expiry of that moment, or an interval from it\n  \
         (nothing)                          a minute after the line before\n\n\
         WHAT is one of\n{}\n\n\
         Payments are counted from 1, and each is of 100.00.",
        words.join("\n")
    )
}

impl Simulate {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let catalogue = context.config()?.catalogue;
        let Some(offer) = catalogue.products.get(&self.product) else {
            let known = configured(catalogue.products.keys());
            bail!("there is no product {:?}; {known}", self.product);
        };
        let (file, script) = match &self.script {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let name = file.display().to_string();
                (Some(name.clone()), text.with_context(|| format!("{name} cannot be read"))?)
            }
            None => (None, example(offer).to_owned()),
        };
        let named = || file.clone().unwrap_or_else(|| "the example".to_owned());
        let lines = parse(&script).with_context(named)?;
        let midnight = SystemClock.now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let start = self.start.unwrap_or(midnight);
        let moments = play(&catalogue, &self.product, start, &lines).with_context(named)?;
        if self.json {
            return Ok(say(serde_json::to_string_pretty(&moments)?)?);
        }
        if file.is_none() {
            say(format!("{}\n", script.trim_end()))?;
        }
        Ok(say(told(&moments))?)
    }
}

/// A line a license; the event stands at its first.
fn told(moments: &[Moment]) -> String {
    let rows: Vec<Vec<String>> = moments.iter().flat_map(lines).collect();
    let heads =
        ["when (UTC)", "event", "product", "status", "expires", "valid until", "mail", "why"];
    table(&heads, &rows)
}

fn lines(moment: &Moment) -> Vec<Vec<String>> {
    let when = minute(moment.at);
    let mut lines: Vec<Vec<String>> = moment.licenses.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(vec!["(no license)".to_owned()]);
    }
    let events = std::iter::once((when, moment.event.clone()));
    let events = events.chain(std::iter::repeat(Default::default()));
    let whole = events.zip(lines).map(|((when, event), line)| {
        [when, event].into_iter().chain(line).collect::<Vec<String>>()
    });
    whole.collect()
}

fn line(license: &Standing) -> Vec<String> {
    let flags: Vec<&str> = license.flags.iter().map(|flag| word(*flag)).collect();
    let status = match flags.as_slice() {
        [] => license.status.to_string(),
        flags => format!("{} ({})", license.status, flags.join(", ")),
    };
    let none = match license.status {
        Status::Pending => "not yet begun",
        Status::Active | Status::Expired | Status::Suspended | Status::Revoked => "never",
    };
    let date = |date: Option<DateTime<Utc>>| date.map_or_else(|| none.to_owned(), minute);
    vec![
        license.product.clone(),
        status,
        date(license.expires_at),
        date(license.valid_until),
        license.mail.join(", "),
        license.why.join("; "),
    ]
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn word(flag: Flag) -> &'static str {
    match flag {
        Flag::PastDue => "past due",
        Flag::Canceled => "canceled",
        Flag::Trial => "trial",
        Flag::Ended => "ended",
        Flag::Refunded => "refunded",
        Flag::Disputed => "disputed",
        Flag::Paused => "paused",
    }
}
