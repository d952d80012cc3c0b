//! `keywright reconcile`: what a provider sent, or sold, against what is here.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::part::{json_of, or_none, time};
use super::table::table;
use super::{Context, say};
use crate::apply::Apply;
use crate::fetch::Fetch;
use crate::pull::Missed;
use crate::rules::plain::{counted, one_line};
use crate::support::compare::{Compared, List, Named};
use crate::support::reconcile::Reconciled;
use crate::support::when::Start;
use crate::support::{Asked, Support};

/// Find what a provider told and was never heard here
///
/// Without --file the provider's own list of events is asked (kinds that have one: `keywright
/// providers`; their guides say which credential it needs), and what is missing here is listed.
/// With --apply it is kept and applied, as if its webhook had come; a webhook that comes late
/// after that changes nothing. A running service does so by itself, at its start and every hour.
///
/// With --file the account's licenses are held against an export of its sales, and nothing is
/// changed. Three lists come out: payments without a license; licenses without a payment, of
/// those that began in the time that the file covers; ends that differ.
///
/// The file: CSV with a head (separated by , ; tab or |; UTF-8), or one JSON object a line; at most
/// 500,000 rows. Columns are known by their usual names, in any writing (Order ID, order_id):
///
///   order         order, order id, order number, reference, sale id ...
///   subscription  subscription, subscription id, subscription reference
///   payment       transaction, invoice, charge, payment intent (id, number), id
///   email         email, customer email ...; used where a row has none of those above
///   date          date, created, order date, paid at ...: without it, no licenses without payment
///   expires       expires, expiry date, valid until, end date, period end ...
///   status        status, state: rows that were refunded, failed, canceled ... are no payments
///   amount        amount, total: rows below zero are no payments
///
/// Others are named: --columns "order=Our No.,expires=Valid to". Dates: 2026-01-31, 31.01.2026,
/// 2026-01-31 12:00:00 (UTC), RFC 3339 or unix seconds; a bare date is all of its day. 01/02/2026
/// may be two days, so it is refused.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Reconcile {
    /// The account, as in [providers.ACCOUNT]
    account: String,
    /// Look at what happened since: a time, or a date (default: seven days ago)
    #[arg(long, value_name = "TIME")]
    since: Option<Start>,
    /// Keep and apply what is missing
    #[arg(long)]
    apply: bool,
    /// Compare with this export of the account's sales instead
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["since", "apply"])]
    file: Option<PathBuf>,
    /// Which columns of the file mean what: order=NAME,email=NAME,expires=NAME ...
    #[arg(long, value_name = "NAMES", requires = "file", default_value = "")]
    columns: Named,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Faults of a file that a person is shown; `--json` has them all.
const FAULTS_SHOWN: usize = 20;

/// What `--apply` came to.
#[derive(Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    found: &'a Reconciled,
    kept: usize,
    /// Those of them that need a person: ids of events.
    failed: Vec<String>,
}

impl Reconcile {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        if let Some(file) = &self.file {
            let opened = File::open(file).with_context(|| file.display().to_string())?;
            let compared = support.compare(&self.account, BufReader::new(opened), self.columns);
            let compared = compared.await.with_context(|| file.display().to_string())?;
            say(if self.json { json_of(&compared)? } else { told(&compared) })?;
            return Ok(());
        }
        let fetch = Fetch::new()?;
        let since = self.since.map(|Start(time)| time);
        let keep = self.apply.then(|| Asked::at_the_shell(None));
        let found = support.reconcile(&self.account, since, keep, fetch.clone()).await?;
        if let Some(cut) = cut(since, &found) {
            // Not among the answer, which programs read.
            writeln!(io::stderr(), "{cut}")?;
        }
        if !self.apply {
            say(if self.json { json_of(&found)? } else { missing(&found) })?;
            return Ok(());
        }
        let failed = applied(&support, &found, fetch).await?;
        let done = Done { found: &found, kept: found.kept.len(), failed };
        say(if self.json { json_of(&done)? } else { made_up_for(&done) })?;
        Ok(())
    }
}

/// Applies here what was kept: that works whether or not a server runs, and where one does they
/// share the work. Gives the events that failed.
async fn applied(
    support: &Support,
    found: &Reconciled,
    fetch: Fetch,
) -> anyhow::Result<Vec<String>> {
    let apply = Apply::new(
        support.store.clone(),
        support.shelf.clone(),
        support.clock.clone(),
        (support.bell.clone(), support.post.clone()),
        fetch,
    );
    apply.settle().await?;
    let events = support.events_by_ids(found.kept.clone()).await?;
    let failed = events.into_iter().filter(|event| event.status == "failed");
    Ok(failed.map(|event| event.id).collect())
}

fn missing(found: &Reconciled) -> String {
    let span = span(found);
    if found.missing.is_empty() {
        return format!("nothing is missing: {span}");
    }
    let count = found.missing.len();
    format!("{}\n{count} missing: {span}\nkeep and apply: --apply", listed(&found.missing))
}

fn made_up_for(done: &Done<'_>) -> String {
    let span = span(done.found);
    if done.found.missing.is_empty() {
        return format!("nothing is missing: {span}");
    }
    let mut lines = vec![listed(&done.found.missing), format!("{} kept: {span}", done.kept)];
    if !done.failed.is_empty() {
        let (count, ids) = (done.failed.len(), done.failed.join(", "));
        lines.push(format!("{count} failed (keywright events show ID): {ids}"));
    }
    lines.join("\n")
}

/// What is told where more was asked for than the provider's list holds.
fn cut(asked: Option<DateTime<Utc>>, found: &Reconciled) -> Option<String> {
    let Reconciled { account, since, .. } = found;
    asked.filter(|asked| asked < since).map(|_| {
        format!(
            "the list of {account} goes no further back than {}; for what was before: \
             reconcile {account} --file EXPORT",
            time(*since)
        )
    })
}

fn span(found: &Reconciled) -> String {
    let (since, until) = (time(found.since), time(found.until));
    format!("{} events of {} from {since} to {until} were looked at", found.listed, found.account)
}

fn listed(missing: &[Missed]) -> String {
    let row = |missed: &Missed| {
        vec![
            time(missed.occurred_at),
            missed.event_type.clone(),
            or_none(missed.id.clone()),
            if missed.differs { "is here, and says something else" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<_> = missing.iter().map(row).collect();
    table(&["happened", "type", "id", "note"], &rows)
}

/// The three lists, and what could not be read.
fn told(compared: &Compared) -> String {
    let mut parts = Vec::new();
    let paid = &compared.paid_without_license;
    parts.push(part(
        "paid without license",
        paid,
        &["line", "reference", "email", "note"],
        |one| {
            let revoked = one.revoked.as_ref().map(|id| format!("license {id} is revoked"));
            vec![
                one.line.to_string(),
                or_none(one.references.first().map(|text| one_line(text, 80))),
                or_none(one.email.as_ref().map(|text| one_line(text, 80))),
                revoked.unwrap_or_default(),
            ]
        },
    ));
    parts.push(match &compared.license_without_payment {
        None => "license without payment: not known, the file has no dates (--columns date=NAME)"
            .to_owned(),
        Some(list) => {
            let heads = ["license", "product", "began", "order", "email"];
            part("license without payment", list, &heads, |one| {
                vec![
                    one.license_id.clone(),
                    one.product.clone(),
                    time(one.starts_at),
                    or_none(one.order.clone()),
                    or_none(one.email.clone()),
                ]
            })
        }
    });
    let heads = ["line", "license", "in the file", "here"];
    parts.push(part("dates that differ", &compared.dates_that_differ, &heads, |one| {
        let here = one.expires_at.map_or_else(|| "no end".to_owned(), time);
        vec![one.line.to_string(), one.license_id.clone(), one.exported.clone(), here]
    }));
    if compared.faults.count > 0 {
        let faults = &compared.faults;
        let shown: Vec<String> =
            faults.items.iter().take(FAULTS_SHOWN).map(|fault| one_line(fault, 200)).collect();
        parts.push(format!("rows that cannot be read: {}\n{}", faults.count, shown.join("\n")));
    }
    parts.push(read(compared));
    parts.join("\n\n")
}

/// One list under its name.
fn part<T>(name: &str, list: &List<T>, heads: &[&str], row: impl Fn(&T) -> Vec<String>) -> String {
    if list.count == 0 {
        return format!("{name}: none");
    }
    let rows: Vec<_> = list.items.iter().map(row).collect();
    format!("{name}: {}\n{}", list.count, table(heads, &rows))
}

fn read(compared: &Compared) -> String {
    let rows = counted(compared.rows, "row", "rows");
    let read = format!("{rows} read, {} of them no payment", compared.unpaid_rows);
    match (compared.from, compared.until) {
        (Some(from), Some(until)) => format!("{read}, from {} to {}", time(from), time(until)),
        _ => read,
    }
}
