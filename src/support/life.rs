//! The life of one license, told in the order in which it went: what was paid and given back, what
//! people did, where it ran. The console draws it and lists it from the same entries.

mod standing;
mod stretches;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::notice::Kind;
use serde::Serialize;

use super::licenses::{entries, find, folded, license, whole};
use super::view::{ActivationView, CauseView, EventView, HistoryView, LicenseWhole, MailView};
use super::{Failure, Support, words};
use crate::apply;
use crate::rules::fold::{Step, StepKind, Stretch, Told};
use crate::rules::product::{Product, Term};
use crate::store::rows::{EventRow, MailFilter};
use standing::standing;
use stretches::{moved, periods, stopped};

/// A license with everything that bears on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenseLife {
    #[serde(flatten)]
    pub whole: LicenseWhole,
    /// How it stands, as a sentence.
    pub standing: String,
    /// The name of its product; its id where it is not configured any more.
    pub product_name: String,
    /// What one renewal adds, where the product says so: `P1Y`.
    pub interval: Option<String>,
    /// Oldest first; those that gave their seat back too.
    pub machines: Vec<ActivationView>,
    /// Newest first, at most [`MAILS`].
    pub mails: Vec<MailView>,
    /// Of its sale, newest first, at most [`EVENTS`].
    pub events: Vec<EventView>,
    /// How many there are.
    pub events_count: usize,
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// What stands of the time that was given, in order and without overlap.
    pub covered: Vec<Stretch>,
    /// What was given and taken back.
    pub withdrawn: Vec<Stretch>,
    /// When it was suspended or revoked; without an end it still is.
    pub stopped: Vec<Stretch>,
    /// The last time that support moved its date.
    pub moved: Option<Moved>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub kind: EntryKind,
    pub text: String,
    /// What it led to, where that is more than the text says.
    pub effects: Vec<String>,
    /// Who did it, where a person did.
    pub by: Option<String>,
    pub reason: Option<String>,
    /// The event that told it.
    pub cause: Option<CauseView>,
    /// The expiry after it, where it moved the expiry.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Paid,
    /// A payment whose money went back, or its going back.
    Returned,
    Trial,
    /// What else the provider told.
    Told,
    Support,
    Machine,
}

/// A date that support moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// `None`: it had no end before, which no date brings back.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Mails that are shown beside a license.
pub const MAILS: usize = 50;

/// Events that are shown beside a license.
pub const EVENTS: usize = 100;

impl Support {
    /// One license with its whole life, by its id or key.
    ///
    /// # Errors
    /// [`super::Refusal::UnknownLicense`]; [`Failure::Store`].
    pub async fn license_life(&self, name: &str) -> Result<LicenseLife, Failure> {
        let (name, books, now) = (name.to_owned(), self.shelf.now(), self.clock.now());
        self.read("license life", move |tx| {
            let row = find(tx, &name)?;
            let whole = whole(tx, &row, &books, now)?;
            let events = tx.events_of_sale(row.sale_id)?;
            let told = apply::told(&tx.notices_of_sale(row.sale_id)?)?;
            let folded = folded(&told, &row, &books);
            let (steps, product) = match license(&folded, &row) {
                Some(license) => (license.steps.as_slice(), Some(&*license.product)),
                None => (&[][..], None),
            };
            let own = format!("license:{}", row.id);
            let history = entries(tx, &row)?;
            let own: BTreeSet<i64> =
                history.iter().filter(|entry| entry.subject == own).map(|entry| entry.id).collect();
            let own: Vec<&HistoryView> = whole
                .history
                .iter()
                .zip(&history)
                .filter(|(_, row)| own.contains(&row.id))
                .map(|(view, _)| view)
                .collect();
            let filter = MailFilter { license_id: Some(row.id.clone()), ..MailFilter::default() };
            let mails = tx.outbox_list(&filter, None, MAILS)?;
            let machines = tx.activations_of_license(&row.id)?;
            let (covered, withdrawn) = periods(steps, row.expires_at);
            Ok(LicenseLife {
                standing: standing(&whole.license, product, now),
                product_name: product
                    .map_or_else(|| row.product.clone(), |product| product.name.clone()),
                interval: product.and_then(interval),
                machines: machines.into_iter().map(Into::into).collect(),
                mails: mails.iter().map(MailView::from).collect(),
                entries: told_in_order(steps, &told, &whole.history, &events),
                events: events.iter().rev().take(EVENTS).map(EventView::from).collect(),
                events_count: events.len(),
                covered,
                withdrawn,
                stopped: stopped(&own),
                moved: moved(&own),
                whole,
            })
        })
        .await
    }
}

fn interval(product: &Product) -> Option<String> {
    match product.term {
        Term::Interval(interval) => Some(String::from(interval)),
        Term::Perpetual | Term::Until(_) => None,
    }
}

/// The steps to the date, and between them what stands in the history beside them.
fn told_in_order(
    steps: &[Step],
    told: &[Told],
    history: &[HistoryView],
    events: &[EventRow],
) -> Vec<Entry> {
    let events: BTreeMap<String, &EventRow> =
        events.iter().map(|event| (event.id.to_string(), event)).collect();
    let reasons = reasons(told);
    let mut known = BTreeSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut expires_at = None;
    for step in steps {
        let event_id = step.event_id.to_string();
        let (by, reason) = reasons.get(&step.event_id).cloned().unwrap_or_default();
        // Of several steps by one event (a line in two parts) the first says what it led to.
        let effects = match known.insert(event_id.clone()) {
            true => effects(&event_id, step.kind, history),
            false => Vec::new(),
        };
        entries.push(Entry {
            at: step.at,
            kind: step.kind.into(),
            text: step.text.clone(),
            effects,
            by,
            reason,
            cause: events.get(&event_id).map(|event| CauseView::from(*event)),
            expires_at: step.expires_at.filter(|end| expires_at != Some(*end)),
        });
        expires_at = step.expires_at;
    }
    let of_step = |entry: &&HistoryView| {
        entry.cause.as_ref().is_some_and(|cause| known.contains(&cause.event_id))
    };
    entries.extend(history.iter().filter(|entry| !of_step(entry)).map(Entry::from));
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// Who did what, and why, by event: not every act of support changed something that the history
/// would know.
fn reasons(told: &[Told]) -> BTreeMap<i64, (Option<String>, Option<String>)> {
    let reason = |one: &Told| match &one.notice.kind {
        Kind::Adjusted { by, reason, .. } => {
            Some((one.event_id, (Some(by.clone()), reason.clone())))
        }
        _ => None,
    };
    told.iter().filter_map(reason).collect()
}

/// What stands in the history because of that event. A step of support says it by itself.
fn effects(event_id: &str, kind: StepKind, history: &[HistoryView]) -> Vec<String> {
    let caused =
        |entry: &&HistoryView| entry.cause.as_ref().is_some_and(|cause| cause.event_id == event_id);
    match kind {
        StepKind::Support | StepKind::Activated => Vec::new(),
        StepKind::Paid | StepKind::Returned | StepKind::Trial | StepKind::Told => {
            history.iter().filter(caused).map(|entry| entry.text.clone()).collect()
        }
    }
}

impl From<StepKind> for EntryKind {
    fn from(kind: StepKind) -> Self {
        match kind {
            StepKind::Paid => Self::Paid,
            StepKind::Returned => Self::Returned,
            StepKind::Trial => Self::Trial,
            StepKind::Told => Self::Told,
            StepKind::Support => Self::Support,
            StepKind::Activated => Self::Machine,
        }
    }
}

impl From<&HistoryView> for Entry {
    fn from(entry: &HistoryView) -> Self {
        let kind = match entry.action.as_str() {
            "activated" | "deactivated" | "activation_released" | "begun" => EntryKind::Machine,
            "revoked" | "shortened" if entry.cause.is_some() && entry.actor.is_none() => {
                EntryKind::Returned
            }
            _ if entry.actor.is_some() => EntryKind::Support,
            _ => EntryKind::Told,
        };
        Self {
            // What an event told happened when it says; it may have been told much later.
            at: entry.cause.as_ref().map_or(entry.at, |cause| cause.occurred_at),
            kind,
            text: words::history_alone(&entry.action, &entry.detail),
            effects: Vec::new(),
            by: entry.actor.clone(),
            reason: words::reason(&entry.detail),
            cause: entry.cause.clone(),
            expires_at: None,
        }
    }
}
