//! `keywright mail`: what is owed, what went out, what failed.

use clap::{Args, Subcommand};

use super::part::{Part, json_of, number, or_none, page, time};
use super::table::table;
use super::{Context, say};
use crate::post::settings::letters;
use crate::rules::digest::Digest;
use crate::rules::letter::{LetterData, LinkData, Matter, Template};
use crate::store::Age;
use crate::store::rows::MailFilter;
use crate::store::types::MailStatus;
use crate::support::Asked;
use crate::support::hold::Outgoing;
use crate::support::view::{MailView, MailWhole};

/// Look at mail, send again what failed, hold all of it
#[derive(Debug, Args)]
pub(super) struct Mail {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List mails, newest first
    List {
        /// queued, sent, failed or held
        #[arg(long)]
        status: Option<MailStatus>,
        /// Of the license with this id
        #[arg(long, value_name = "ID")]
        license: Option<String>,
        /// To this address
        #[arg(long, value_name = "EMAIL")]
        to: Option<String>,
        /// Of what this exact word names: an address, a key, an order number, a license
        #[arg(long, value_name = "WORD")]
        q: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Show one mail with its text
    Show {
        /// Its number, as the list tells it
        #[arg(value_parser = number)]
        id: i64,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Print a letter with made-up data, from your templates where there are some
    Preview {
        /// issued, renewed, remind, payment_failed, revoked, alert or my_link
        template: Template,
        /// The customer's language, as in de or de-AT
        #[arg(long)]
        locale: Option<String>,
        /// The HTML part instead of the text
        #[arg(long)]
        html: bool,
    },
    /// Let nothing go out any more, neither mail nor messages to hooks, until `release`
    ///
    /// On a database that was restored, before the service is started: the original has sent on
    /// since. A file made by `keywright backup` is on hold already.
    Hold {
        /// Why; it stands in the audit
        #[arg(long)]
        reason: Option<String>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Let what is owed go out: after `hold`, or from a restored backup
    Release {
        /// Why; it stands in the audit
        #[arg(long)]
        reason: Option<String>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Put a mail that was given up back at the head of the queue
    Retry {
        /// Its number, as the list tells it
        #[arg(value_parser = number)]
        id: i64,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

impl Mail {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        if let Action::Preview { template, locale, html } = &self.action {
            say(preview(&context, *template, locale.as_deref(), *html)?)?;
            return Ok(());
        }
        let support = if matches!(self.action, Action::Hold { .. }) {
            // After a restore, before a service brings the database up to date and sends.
            context.support_on(&[Age::Current, Age::Older]).await?
        } else {
            context.support().await?
        };
        match self.action {
            // Shown above, without a database.
            Action::Preview { .. } => {}
            Action::List { status, license, to, q, part } => {
                let filter = MailFilter { status, license_id: license, recipient: to, q };
                let list = support.mail_list(filter, part.number()?, part.limit()).await?;
                say(if part.json { json_of(&list)? } else { page(&list, listed) })?;
            }
            Action::Show { id, json } => {
                let mail = support.mail(id).await?;
                say(if json { json_of(&mail)? } else { shown(&mail) })?;
            }
            Action::Hold { reason, json } => {
                let held = support.mail_hold(Asked::at_the_shell(reason)).await?;
                say(if json { json_of(&held)? } else { on_hold(&held) })?;
            }
            Action::Release { reason, json } => {
                let released = support.mail_release(Asked::at_the_shell(reason)).await?;
                say(if json { json_of(&released)? } else { going(&released) })?;
            }
            Action::Retry { id, json } => {
                let mail = support.mail_retry(id, Asked::at_the_shell(None)).await?;
                let done =
                    format!("mail {} to {} is queued again", mail.id, or_none(mail.to.clone()));
                say(if json { json_of(&mail)? } else { done })?;
            }
        }
        Ok(())
    }
}

/// What a customer would read. Needs no database: a vendor looks at his templates before he starts.
fn preview(
    context: &Context,
    template: Template,
    locale: Option<&str>,
    html: bool,
) -> anyhow::Result<String> {
    let config = context.config()?;
    let letters = letters(config.mail.templates.as_deref())?;
    let [sample, _] = Matter::samples(template);
    let vendor = config.mail.from.name.clone().unwrap_or_else(|| config.mail.from.domain().into());
    let public_url = config.server.public_url.to_string();
    let matter = match sample {
        Matter::License(data) => LetterData { vendor, public_url, ..*data }.into(),
        Matter::Link(data) => Matter::Link(LinkData { vendor, ..data }),
        Matter::Alert(digest) => Matter::Alert(Digest { vendor, public_url, ..digest }),
    };
    let letter = letters.write(template, locale, &matter)?;
    Ok(if html { letter.html } else { format!("Subject: {}\n\n{}", letter.subject, letter.text) })
}

fn on_hold(held: &Outgoing) -> String {
    let already = if held.changed { "now" } else { "already" };
    format!(
        "nothing goes out: on hold {already} ({}), until `keywright mail release`; {}",
        or_none(held.why.clone()),
        owed(held)
    )
}

fn going(released: &Outgoing) -> String {
    if released.changed {
        format!("released, and goes out while the service runs; {}", owed(released))
    } else {
        format!("nothing was on hold; {}", owed(released))
    }
}

fn owed(outgoing: &Outgoing) -> String {
    let hooks = if outgoing.hooks_queued { ", and messages to hooks" } else { "" };
    format!("mails owed: {}{hooks}", outgoing.mail_queued)
}

fn listed(mails: &[MailView]) -> String {
    let row = |mail: &MailView| {
        vec![
            mail.id.clone(),
            time(mail.created_at),
            mail.template.clone(),
            or_none(mail.to.clone()),
            mail.status.clone(),
            mail.attempts.to_string(),
            or_none(mail.error.clone()),
        ]
    };
    let rows: Vec<_> = mails.iter().map(row).collect();
    table(&["id", "owed", "template", "to", "status", "attempts", "error"], &rows)
}

fn shown(mail: &MailWhole) -> String {
    let kept = Template::by_name(&mail.mail.template).is_none_or(Template::is_kept);
    let none =
        if kept { "(not written yet)" } else { "(kept nowhere: it opens a customer's page)" };
    let message = mail.message.clone().unwrap_or_else(|| none.to_owned());
    format!("{}\n\n{}", listed(std::slice::from_ref(&mail.mail)), message.replace("\r\n", "\n"))
}
