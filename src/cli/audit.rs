//! `keywright audit`: what people did, and the proof that nobody wrote it anew.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::part::{Listing, json_of, or_none, page, time};
use super::table::table;
use super::{Context, say};
use crate::store::rows::HistoryFilter;
use crate::support::audit::AuditView;
use crate::support::when::{End, Start};

/// Look at what people did, and whether the history is whole
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what people did, newest first
    List(Listing<Which>),
    /// Verify the chain of hashes of every subject; the first entry that is wrong is named
    ///
    /// That the end of a chain was cut off, or a whole subject, does not show in the chains. Compare
    /// with a head that was taken before and kept elsewhere.
    Verify {
        /// A file with what `audit head` printed; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Print a signed head: how much history there is, and one digest over all of it
    ///
    /// Keep it where whoever can write to the database cannot. The newest ten minutes are left to
    /// the next one.
    Head,
}

/// Which entries; everything that is given must hold.
#[derive(Debug, Clone, Default, Args)]
struct Which {
    /// By this person: the name of a token, or "command line"
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Of this kind: revoked, mail_retried ...
    #[arg(long, value_name = "WORD")]
    action: Option<String>,
    /// About this: license:ID, event:ID, mail:ID, token:ID, service
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// At or after: a time, or a date
    #[arg(long, value_name = "TIME")]
    since: Option<Start>,
    /// Before: a time, or a date with its whole day
    #[arg(long, value_name = "TIME")]
    until: Option<End>,
    /// What followed from events, too
    #[arg(long)]
    all: bool,
}

impl From<Which> for HistoryFilter {
    fn from(which: Which) -> Self {
        Self {
            actor: which.actor,
            action: which.action,
            subject: which.subject,
            since: which.since.map(|Start(time)| time),
            until: which.until.map(|End(time)| time),
            all: which.all,
        }
    }
}

impl Audit {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        match self.action {
            Action::List(Listing { which, part }) => {
                let support = context.support().await?;
                let list = support.audit_list(which.into(), part.number()?, part.limit()).await?;
                say(if part.json { json_of(&list)? } else { page(&list, listed) })?;
            }
            Action::Verify { head, json } => {
                // Read first: a wrong name is told before all is looked through.
                let head = head.as_deref().map(line).transpose()?;
                let support = context.support().await?;
                let verified = support.audit_verify(head.as_deref()).await?;
                match (json, verified.is_whole()) {
                    (true, _) => say(json_of(&verified)?)?,
                    (false, true) => say(&verified)?,
                    (false, false) => {}
                }
                if !verified.is_whole() {
                    bail!("{verified}");
                }
            }
            // Alone on its line, so that a script can take it.
            Action::Head => say(context.support().await?.audit_head().await?)?,
        }
        Ok(())
    }
}

/// The longest file that is read; a head takes about 400 bytes.
const HEAD_BYTES_MAX: u64 = 16 * 1024;

fn line(file: &Path) -> anyhow::Result<String> {
    let mut line = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(HEAD_BYTES_MAX).read_to_string(&mut line)
    } else {
        File::open(file).and_then(|open| open.take(HEAD_BYTES_MAX).read_to_string(&mut line))
    };
    read.with_context(|| format!("the head {} cannot be read", file.display()))?;
    Ok(line)
}

fn listed(entries: &[AuditView]) -> String {
    let row = |entry: &AuditView| {
        vec![
            entry.id.clone(),
            time(entry.at),
            or_none(entry.actor.clone()),
            entry.subject.clone(),
            entry.text.clone(),
        ]
    };
    table(&["id", "when", "who", "about", "what"], &entries.iter().map(row).collect::<Vec<_>>())
}
