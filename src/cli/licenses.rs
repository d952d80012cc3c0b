//! `keywright licenses`: what customers hold, and what support does about it.

use clap::{Args, Subcommand};

use super::events::history;
use super::part::{Listing, json_of, or_none, page, time};
use super::table::table;
use super::{Context, say};
use crate::rules::span::Interval;
use crate::store::rows::LicenseFilter;
use crate::store::types::LicenseStatus;
use crate::support::acts::Wish;
use crate::support::issue::Gift;
use crate::support::view::{ActivationView, LicenseView, LicenseWhole, StepView};
use crate::support::when::End;
use crate::support::{Asked, Support};

/// So much of a key stands in a list: more than a short one has, whatever its prefix.
const KEY_CHARS: usize = 48;

/// Look at licenses, give, renew, suspend and revoke them
#[derive(Debug, Args)]
pub(super) struct Licenses {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List licenses, newest first
    List(Box<Listing<Which>>),
    /// Show one license with its whole life
    Show {
        /// Its id or its key
        license: String,
        /// The chain of notices that gave the date
        #[arg(long)]
        explain: bool,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Give a license by hand; its key goes out by mail
    Issue(Box<Issue>),
    /// Add to the expiry: one interval of the product, or as said
    Renew {
        #[command(flatten)]
        how: How,
        /// Add this much: P1Y, P3M, P14D
        #[arg(long, conflicts_with = "expires_at")]
        interval: Option<Interval>,
        /// Set the expiry: a time, or a date with its whole day
        #[arg(long, value_name = "TIME")]
        expires_at: Option<End>,
    },
    /// Set the expiry; later payments extend from there, or until the end that the provider tells
    SetExpiry {
        #[command(flatten)]
        how: How,
        /// A time, or a date with its whole day
        expires_at: End,
    },
    /// Suspend a license until it is reinstated
    Suspend {
        #[command(flatten)]
        how: How,
    },
    /// Take back a suspension or a revocation
    Reinstate {
        #[command(flatten)]
        how: How,
    },
    /// Revoke a license
    Revoke {
        #[command(flatten)]
        how: How,
    },
    /// Mail the key again
    Resend {
        #[command(flatten)]
        how: How,
        /// To this address instead of the one that is known
        #[arg(long)]
        email: Option<String>,
    },
    /// List a license's machines, or free the seat of one
    Activations {
        /// Its id or its key
        license: String,
        /// Free the seat of this activation
        #[arg(long, value_name = "ID")]
        release: Option<String>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

/// Which licenses; everything that is given must hold.
#[derive(Debug, Default, Args)]
struct Which {
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    key: Option<String>,
    #[arg(long)]
    order: Option<String>,
    #[arg(long)]
    subscription: Option<String>,
    /// active, expired, suspended, revoked or pending
    #[arg(long)]
    status: Option<LicenseStatus>,
    #[arg(long)]
    product: Option<String>,
    /// An id, a key, an e-mail address or any reference
    #[arg(long, value_name = "WORD")]
    q: Option<String>,
}

#[derive(Debug, Args)]
struct Issue {
    /// As in [products.NAME]
    #[arg(long)]
    product: String,
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    company: Option<String>,
    /// The language of the mail: de, pt-BR
    #[arg(long)]
    locale: Option<String>,
    #[arg(long)]
    quantity: Option<u32>,
    /// A time, or a date with its whole day; else one interval of the product
    #[arg(long, value_name = "TIME")]
    expires_at: Option<End>,
    /// Why; it stands in the history
    #[arg(long)]
    reason: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A license, and how something is done to it.
#[derive(Debug, Args)]
struct How {
    /// Its id or its key
    license: String,
    /// Why; it stands in the history
    #[arg(long)]
    reason: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Licenses {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        let (how, wish) = match self.action {
            Action::List(listing) => return say_list(&support, *listing).await,
            Action::Show { license, explain, json } => {
                let license = support.license(&license).await?;
                say(if json { json_of(&license)? } else { shown(&license, explain) })?;
                return Ok(());
            }
            Action::Issue(issue) => return issue.run(&support).await,
            Action::Resend { how, email } => return resend(&support, how, email.as_deref()).await,
            Action::Activations { license, release, json } => {
                return activations(&support, &license, release, json).await;
            }
            Action::Renew { how, interval, expires_at: None } => (how, Wish::Renew(interval)),
            Action::Renew { how, expires_at: Some(End(date)), .. }
            | Action::SetExpiry { how, expires_at: End(date) } => (how, Wish::SetExpiry(date)),
            Action::Suspend { how } => (how, Wish::Suspend),
            Action::Reinstate { how } => (how, Wish::Reinstate),
            Action::Revoke { how } => (how, Wish::Revoke),
        };
        let license = support.act(&how.license, wish, Asked::at_the_shell(how.reason)).await?;
        say(if how.json { json_of(&license)? } else { stands(&license.license) })?;
        Ok(())
    }
}

impl Issue {
    async fn run(self, support: &Support) -> anyhow::Result<()> {
        let gift = Gift {
            product: self.product,
            email: self.email,
            name: self.name,
            company: self.company,
            locale: self.locale,
            quantity: self.quantity,
            expires_at: self.expires_at.map(|End(time)| time),
        };
        let issued = support.issue(gift, Asked::at_the_shell(self.reason)).await?;
        say(if self.json { json_of(&issued)? } else { listed(&issued.licenses) })?;
        Ok(())
    }
}

async fn say_list(support: &Support, listing: Listing<Which>) -> anyhow::Result<()> {
    let Listing { which, part } = listing;
    let Which { email, key, order, subscription, status, product, q } = which;
    let filter = LicenseFilter { email, key, order, subscription, status, product, q };
    let list = support.license_list(filter, part.cursor.clone(), part.limit()).await?;
    say(if part.json { json_of(&list)? } else { page(&list, listed) })?;
    Ok(())
}

async fn resend(support: &Support, how: How, email: Option<&str>) -> anyhow::Result<()> {
    let asked = Asked::at_the_shell(how.reason);
    let mail = support.resend(&how.license, email, asked).await?;
    let done = format!("mail {} with the key goes to {}", mail.id, or_none(mail.to.clone()));
    say(if how.json { json_of(&mail)? } else { done })?;
    Ok(())
}

async fn activations(
    support: &Support,
    license: &str,
    release: Option<String>,
    json: bool,
) -> anyhow::Result<()> {
    if let Some(id) = release {
        support.activation_release(license, &id, Asked::at_the_shell(None)).await?;
    }
    let list = support.activation_list(license).await?;
    say(if json { json_of(&list)? } else { page(&list, machines) })?;
    Ok(())
}

fn listed(licenses: &[LicenseView]) -> String {
    let row = |license: &LicenseView| {
        vec![
            license.id.clone(),
            short(&license.key),
            license.product.clone(),
            license.status.clone(),
            end(license, "never"),
            or_none(license.customer.email.clone()),
        ]
    };
    let rows: Vec<_> = licenses.iter().map(row).collect();
    table(&["id", "key", "product", "status", "expires", "email"], &rows)
}

/// A signed key is longer than a line: its beginning. Who needs all of it looks at the license.
fn short(key: &str) -> String {
    match key.char_indices().nth(KEY_CHARS) {
        Some((end, _)) => format!("{}...", key.get(..end).unwrap_or_default()),
        None => key.to_owned(),
    }
}

/// The expiry, or why there is none.
fn end(license: &LicenseView, none: &str) -> String {
    match license.expires_at {
        Some(at) => time(at),
        None if license.status == "pending" => "from activation".to_owned(),
        None => none.to_owned(),
    }
}

fn shown(license: &LicenseWhole, explain: bool) -> String {
    let one = &license.license;
    let seats = format!("{} of {}", one.activations, one.max_activations);
    let facts = [
        ("status", one.status.clone()),
        ("expires", end(one, "never")),
        ("valid until", one.valid_until.map_or_else(|| end(one, "for ever"), time)),
        ("product", format!("{} × {}", one.quantity, one.product)),
        ("key", one.key.clone()),
        ("id", one.id.clone()),
        ("customer", or_none(one.customer.email.clone())),
        ("activations", seats),
        ("order", or_none(one.order.clone())),
        ("subscription", or_none(one.subscription.clone())),
        ("flags", or_none(Some(one.flags.join(", ")).filter(|flags| !flags.is_empty()))),
        ("account", format!("{}{}", one.account, if one.live { "" } else { " (test)" })),
    ];
    let facts = facts.map(|(name, value)| format!("{name:<13}{value}")).join("\n");
    let life = if explain { steps(&license.explanation) } else { history(&license.history) };
    format!("{facts}\n\n{life}")
}

/// The chain of notices that gave the date.
fn steps(steps: &[StepView]) -> String {
    let row = |step: &StepView| {
        let cause = step.event_type.as_deref().unwrap_or("event");
        vec![
            time(step.at),
            step.text.clone(),
            format!("{cause} ({})", step.event_id),
            or_none(step.expires_at.map(time)),
        ]
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    table(&["when", "what", "told by", "expiry after"], &rows)
}

fn stands(license: &LicenseView) -> String {
    match license.expires_at {
        Some(date) => {
            format!("license {} is {}, expiry {}", license.id, license.status, time(date))
        }
        None => format!("license {} is {}, without an end", license.id, license.status),
    }
}

fn machines(activations: &[ActivationView]) -> String {
    let row = |one: &ActivationView| {
        vec![
            one.id.clone(),
            one.fingerprint.clone(),
            or_none(one.name.clone()),
            time(one.first_at),
            time(one.last_at),
            or_none(one.released_at.map(time)),
        ]
    };
    let rows: Vec<_> = activations.iter().map(row).collect();
    table(&["id", "fingerprint", "name", "first", "last", "released"], &rows)
}
