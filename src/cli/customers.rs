//! `keywright customers`: a customer's personal data taken out.

use anyhow::bail;
use clap::{Args, Subcommand};

use super::part::{json_of, time};
use super::{Context, say};
use crate::config::Transport;
use crate::rules::plain::counted;
use crate::support::Asked;
use crate::support::erase::Look;

/// Erase a customer's personal data
#[derive(Debug, Args)]
pub(super) struct Customers {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take name, address and all that was sent about a customer out of the database
    ///
    /// His licenses, their keys and dates, the history and the recognition of repeated events stay
    /// as they are; he can go on using what he bought. There is no way back: `--dry-run` only tells
    /// what would be taken out.
    ///
    /// It reads every event there is, and at the end writes the database anew (SQLite: takes as
    /// much free space again, and holds up writers meanwhile) or vacuums its tables (PostgreSQL),
    /// so that nothing is left in free pages. It can be stopped at any time and run again.
    ///
    /// What it cannot reach: backups, PostgreSQL's archived write-ahead log and replicas, log files
    /// of other programs, the mail servers' own copies, and the payment provider. Erase him there
    /// first: whatever the provider sends of him afterwards, as with a renewal, is new data, and is
    /// kept.
    Erase {
        /// The address, as the licenses have it
        email: String,
        /// Only tell what would be taken out
        #[arg(long)]
        dry_run: bool,
        /// Why; stands in the history for ever, so it must not name him
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

impl Customers {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let Action::Erase { email, dry_run, reason, json } = self.action;
        let support = context.support().await?;
        let look = if dry_run {
            support.customer_search(&email).await?
        } else {
            support.customer_erase(&email, Asked::at_the_shell(reason)).await?
        };
        let unknown = look.is_empty() && look.erased_at.is_none();
        if json {
            say(json_of(&look)?)?;
        } else if !unknown {
            say(told(&look, !dry_run, &support.shelf.now().config.mail.transport))?;
        }
        if unknown {
            bail!("nothing is known of a customer of this address; look at its spelling");
        }
        if !dry_run && look.pending > 0 {
            bail!(
                "{} events of this customer are being worked on and were left; run this again when \
                 they have settled",
                look.pending
            );
        }
        Ok(())
    }
}

fn told(look: &Look, done: bool, transport: &Transport) -> String {
    let mut lines = Vec::new();
    if let Some(at) = look.erased_at {
        lines.push(format!("erased before, on {}", time(at)));
    }
    if look.is_empty() {
        lines.push("nothing is known of this customer".to_owned());
        return lines.join("\n");
    }
    let verb = if done { "taken out of" } else { "would be taken out of" };
    let kinds = [
        (look.licenses, "license", "licenses", " (name and address; key, product and dates stay)"),
        (look.machines, "machine", "machines", " (the name alone)"),
        (
            look.customers,
            "entry",
            "entries",
            " of what providers tell of the customer by their own id",
        ),
        (look.events, "event", "events", " (bodies, headers, answers)"),
        (look.mails, "mail", "mails", " (to whom and what; what is not sent yet is called off)"),
        (look.hook_messages, "message to a hook", "messages to hooks", ""),
        (look.answers, "answer", "answers", " remembered for idempotency keys"),
    ];
    let kinds = kinds.into_iter().filter(|(count, ..)| *count > 0);
    lines.extend(kinds.map(|(count, one, many, what)| {
        let counted = counted(count, one, many);
        format!("{verb} {counted}{what}")
    }));
    if look.failed > 0 {
        lines.push(format!(
            "note: {} of the events failed, and cannot be applied any more without the body",
            look.failed
        ));
    }
    if look.history > 0 {
        lines.push(format!(
            "note: the customer is named in {} of the history, in a reason that a person wrote; the \
             history is never changed",
            counted(look.history, "entry", "entries")
        ));
    }
    if let Transport::File { directory } = transport {
        lines.push(format!("note: mails as files are not touched: {}", directory.display()));
    }
    lines.push(if done {
        "left to you: backups, archived write-ahead logs, replicas, the payment provider".to_owned()
    } else {
        "nothing was changed".to_owned()
    });
    lines.join("\n")
}
