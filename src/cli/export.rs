//! `keywright export`: licenses, events or mail, for a spreadsheet or a program.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::out::Out;
use super::{Context, say};
use crate::store::rows::During;
use crate::support::Asked;
use crate::support::export;
use crate::support::when::{End, Start};

/// Write all licenses, events or mails as CSV or as lines of JSON, oldest first
#[derive(Debug, Args)]
pub(super) struct Export {
    what: What,
    /// How it is written
    #[arg(long, default_value = "csv")]
    format: Format,
    /// Licenses made, events received, mail owed at or after: a time, or a date
    #[arg(long, value_name = "TIME")]
    since: Option<Start>,
    /// The same before: a time, or a date with its whole day
    #[arg(long, value_name = "TIME")]
    until: Option<End>,
    /// To this file, readable by its owner alone, whole or not at all; else to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// What customers hold; what was merged away as the license that stands for it
    Licenses,
    /// What came in, without headers and bodies
    Events,
    /// What is owed, went out or failed, without the letters
    Mail,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// RFC 4180, UTF-8; text that a spreadsheet would take for a formula begins with an apostrophe
    Csv,
    /// One object a line, as the API has it
    Jsonl,
}

impl Export {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let during = During {
            since: self.since.map(|Start(time)| time),
            until: self.until.map(|End(time)| time),
        };
        let what = match self.what {
            What::Licenses => export::What::Licenses,
            What::Events => export::What::Events,
            What::Mail => export::What::Mail,
        };
        let format = match self.format {
            Format::Csv => export::Format::Csv,
            Format::Jsonl => export::Format::JsonLines,
        };
        let support = context.support().await?;
        let path = self.out.clone();
        let mut out = Out::open(self.out)?;
        let mut export = support.export(what, format, during, Asked::at_the_shell(None)).await?;
        while let Some(part) = export.next().await? {
            out.write(&part)?;
        }
        if let (true, Some(path)) = (out.finish()?, path) {
            say(format!("{}: {}, in {}", what.as_str(), export.rows(), path.display()))?;
        }
        Ok(())
    }
}
