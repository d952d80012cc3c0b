//! Licenses: search, one with its whole life, its machines.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::view::{ActivationView, HistoryView, LicenseView, LicenseWhole, Page, StepView};
use super::{Asked, Failure, Refusal, Support};
use crate::apply;
use crate::books::Books;
use crate::rules::fold::{self, Folded, Told, fold};
use crate::rules::key;
use crate::store::rows::{EventRow, HistoryRow, LicenseFilter, LicenseRow};
use crate::store::{StoreError, Tx};

/// Merged licenses that may follow each other.
const MERGES_MAX: usize = 32;

impl Support {
    /// Licenses, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn license_list(
        &self,
        mut filter: LicenseFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<LicenseView>, Failure> {
        let now = self.clock.now();
        // As people type it, where it can be read as a key of ours at all.
        filter.key = filter.key.map(|text| key::read(&text).unwrap_or(text));
        self.read("license list", move |tx| {
            let rows = tx.license_list(&filter, now, cursor.as_deref(), limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.clone());
            let mut rows: Vec<LicenseRow> = Vec::with_capacity(page.items.len());
            for row in page.items {
                // One that was merged away is found by its key, and shown as what stands for it.
                let row = if row.merged_into.is_some() { find(tx, &row.id)? } else { row };
                if rows.iter().all(|shown| shown.id != row.id) {
                    rows.push(row);
                }
            }
            Ok(Page { items: views(tx, &rows, now)?, next_cursor: page.next_cursor })
        })
        .await
    }

    /// One license, by its id or key. One that was merged away leads to the one that stands for
    /// it.
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`]; [`Failure::Store`].
    pub async fn license(&self, name: &str) -> Result<LicenseWhole, Failure> {
        let (name, books, now) = (name.to_owned(), self.shelf.now(), self.clock.now());
        self.read("license show", move |tx| {
            let row = find(tx, &name)?;
            whole(tx, &row, &books, now)
        })
        .await
    }

    /// The machines of a license, oldest first; those that gave their seat back too.
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`]; [`Failure::Store`].
    pub async fn activation_list(&self, name: &str) -> Result<Page<ActivationView>, Failure> {
        let name = name.to_owned();
        self.read("activation list", move |tx| {
            let row = find(tx, &name)?;
            let items = tx.activations_of_license(&row.id)?;
            Ok(Page { items: items.into_iter().map(Into::into).collect(), next_cursor: None })
        })
        .await
    }

    /// Frees the seat of one machine. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`], [`Refusal::UnknownActivation`], [`Refusal::Changed`];
    /// [`Failure::Store`].
    pub async fn activation_release(
        &self,
        name: &str,
        activation: &str,
        asked: Asked,
    ) -> Result<(), Failure> {
        let (name, activation, now) = (name.to_owned(), activation.to_owned(), self.clock.now());
        self.write("activation release", move |tx| {
            let row = find(tx, &name)?;
            // A machine that is activated at this moment comes before or after, never between.
            let row = tx.license_lock(&row.id)?.unwrap_or(row);
            if asked.version.is_some_and(|seen| seen != row.version) {
                return Err(Refusal::Changed { now: row.version }.into());
            }
            held(tx, &row, &activation)?;
            release(tx, &row, &activation, &asked, now)
        })
        .await
    }
}

/// Does this machine of the license hold a seat?
pub(super) fn held(tx: &mut Tx<'_>, row: &LicenseRow, activation: &str) -> Result<bool, Failure> {
    let known = tx.activations_of_license(&row.id)?;
    let one = known.iter().find(|one| one.id == activation);
    let unknown = || Refusal::UnknownActivation(activation.to_owned());
    Ok(one.ok_or_else(unknown)?.released_at.is_none())
}

/// Frees the seat of a machine, and writes down who did it. Nothing, where it was free.
pub(super) fn release(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    activation: &str,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    if tx.activation_release(&row.id, activation, now)? {
        let detail = json!({ "activation_id": activation });
        let subject = format!("license:{}", row.id);
        tx.history_append(&asked.note(subject, "activation_released", detail, now))?;
    }
    Ok(())
}

/// The license of that id or key, or the one that stands for it.
pub(super) fn find(tx: &mut Tx<'_>, name: &str) -> Result<LicenseRow, Failure> {
    let unknown = || Refusal::UnknownLicense(name.to_owned());
    let found = match key::is_id(name) {
        true => tx.license_by_id(name)?,
        false => tx.license_by_key(&key::read(name).ok_or_else(unknown)?)?,
    };
    let mut row = found.ok_or_else(unknown)?;
    for _ in 0..MERGES_MAX {
        let Some(into) = &row.merged_into else { return Ok(row) };
        row = tx.license_by_id(into)?.ok_or_else(unknown)?;
    }
    Err(StoreError::Busy(format!("license {} is merged in a circle", row.id)).into())
}

pub(super) fn view(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    now: DateTime<Utc>,
) -> Result<LicenseView, Failure> {
    Ok(LicenseView::new(row, tx.activations_held(&row.id)?, now)?)
}

/// As many as there are: their machines are counted in one go.
pub(super) fn views(
    tx: &mut Tx<'_>,
    rows: &[LicenseRow],
    now: DateTime<Utc>,
) -> Result<Vec<LicenseView>, Failure> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let held: BTreeMap<String, i64> = tx.activations_held_by(&ids)?.into_iter().collect();
    let view = |row: &LicenseRow| {
        LicenseView::new(row, held.get(&row.id).copied().unwrap_or_default(), now)
    };
    Ok(rows.iter().map(view).collect::<Result<_, StoreError>>()?)
}

/// The license with its history and the chain of notices that gave its date.
pub(super) fn whole(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<LicenseWhole, Failure> {
    let events = tx.events_of_sale(row.sale_id)?;
    let by_id: BTreeMap<i64, &EventRow> = events.iter().map(|event| (event.id, event)).collect();
    let told = apply::told(&tx.notices_of_sale(row.sale_id)?)?;
    let folded = folded(&told, row, books);
    let steps = license(&folded, row).map(|license| license.steps.as_slice()).unwrap_or_default();
    let explanation = steps
        .iter()
        .map(|step| StepView {
            at: step.at,
            event_id: step.event_id.to_string(),
            event_type: by_id.get(&step.event_id).map(|event| event.event_type.clone()),
            text: step.text.clone(),
            expires_at: step.expires_at,
        })
        .collect();
    let history = entries(tx, row)?
        .iter()
        .map(|entry| {
            let cause = entry.cause_event.and_then(|id| by_id.get(&id).copied());
            HistoryView::new(entry, cause)
        })
        .collect();
    Ok(LicenseWhole { license: view(tx, row, now)?, history, explanation })
}

/// Its own entries and those of the licenses that were merged into it, in order.
pub(super) fn entries(tx: &mut Tx<'_>, row: &LicenseRow) -> Result<Vec<HistoryRow>, StoreError> {
    let mut subjects = vec![format!("license:{}", row.id)];
    let merged = tx.licenses_merged(row.sale_id, &row.id)?;
    subjects.extend(merged.iter().map(|id| format!("license:{id}")));
    let mut entries = tx.history_of_all(&subjects)?;
    entries.sort_by_key(|entry| (entry.at, entry.id));
    Ok(entries)
}

pub(crate) fn folded(told: &[Told], row: &LicenseRow, books: &Books) -> Folded {
    fold(told, &books.config.catalogue, &row.account)
}

/// The license as the fold has it.
pub(crate) fn license<'a>(folded: &'a Folded, row: &LicenseRow) -> Option<&'a fold::License> {
    let exact = folded.licenses.iter().find(|license| license.slot == row.slot);
    exact.or_else(|| folded.licenses.iter().find(|license| license.names.contains(&row.slot)))
}
