//! An account's sales as the provider exports them, against the licenses that are here.
//!
//! - [`columns`]: which columns are understood
//! - `rows`, `csv`, `when`: reading the file, a row at a time
//! - `comparison`: what is known so far; `report`: the lists that come of it
//!
//! Nothing is changed. The file may be long: beside the lists that come out of it, one entry a
//! sale is held in memory.

pub mod columns;
mod comparison;
mod csv;
mod report;
mod rows;
mod when;

use std::io::BufRead;

use thiserror::Error;

pub use columns::Named;
pub use report::{Compared, DatesDiffer, List, Unlicensed, Unpaid};

use self::comparison::{Comparison, Whose, differs, sold};
use self::rows::{Row, Rows};
use self::when::When;
use super::{Failure, Support};
use crate::store::Tx;
use crate::store::rows::{LicenseFilter, LicenseRow};

/// Rows of one file; a longer one is to be split.
pub const ROWS_MAX: usize = 500_000;

/// Rows, or licenses, that are looked up in one transaction.
const BATCH: usize = 200;

/// Licenses that one reference may lead to.
const LICENSES_MAX: usize = 50;

/// Why nothing was compared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CompareError {
    #[error("there is no account {0}")]
    UnknownAccount(String),
    #[error("{0}")]
    File(String),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Support {
    /// Holds every row against the account's licenses, then the licenses against the rows.
    ///
    /// # Errors
    /// [`CompareError`]. A row that cannot be read is only told in the outcome.
    pub async fn compare(
        &self,
        account: &str,
        file: impl BufRead,
        named: Named,
    ) -> Result<Compared, CompareError> {
        let books = self.shelf.now();
        let configured = books.account(account);
        let configured =
            configured.ok_or_else(|| CompareError::UnknownAccount(account.to_owned()))?;
        let live = configured.mode.is_live();
        let whose = Whose { account: account.to_owned(), live, now: self.clock.now() };
        let mut rows = Rows::open(file, named).map_err(CompareError::File)?;
        let mut comparison = Comparison::new(whose);
        loop {
            let batch = comparison.read(&mut rows)?;
            if batch.is_empty() {
                break;
            }
            self.look_up(&mut comparison, batch).await?;
        }
        self.dates(&mut comparison).await?;
        if rows.dated() {
            self.unpaid(&mut comparison).await?;
        }
        Ok(comparison.compared)
    }

    /// The licenses of these rows.
    async fn look_up(
        &self,
        comparison: &mut Comparison,
        batch: Vec<Row>,
    ) -> Result<(), CompareError> {
        let whose = comparison.whose.clone();
        let found = self
            .read("compare rows", move |tx| {
                let mut found = Vec::with_capacity(batch.len());
                for row in batch {
                    let licenses = licenses_of(tx, &row, &whose)?;
                    found.push((row, licenses));
                }
                Ok(found)
            })
            .await?;
        for (row, licenses) in found {
            comparison.note(&row, &licenses);
        }
        Ok(())
    }

    /// The ends that the file tells, against those that are here.
    async fn dates(&self, comparison: &mut Comparison) -> Result<(), CompareError> {
        let told: Vec<(i64, u64, When)> = comparison
            .sales
            .iter()
            .filter_map(|(sale, told)| told.map(|(line, when)| (*sale, line, when)))
            .collect();
        let mut differ = Vec::new();
        for batch in told.chunks(BATCH) {
            let batch = batch.to_vec();
            let found = self
                .read("compare dates", move |tx| {
                    let mut found = Vec::new();
                    for (sale, line, when) in batch {
                        let mut licenses = tx.licenses_of_sale(sale)?;
                        licenses.retain(|license| license.merged_into.is_none());
                        found.extend(differs(line, when, &licenses));
                    }
                    Ok(found)
                })
                .await?;
            differ.extend(found);
        }
        differ.sort_by_key(|one: &DatesDiffer| one.line);
        comparison.compared.dates_that_differ = List::of(differ);
        Ok(())
    }

    /// The licenses that began in the time of the file, and are of no row.
    async fn unpaid(&self, comparison: &mut Comparison) -> Result<(), CompareError> {
        let mut list = List::default();
        let Some((from, until)) = comparison.span else {
            comparison.compared.license_without_payment = Some(list);
            return Ok(());
        };
        let now = comparison.whose.now;
        let mut cursor: Option<String> = None;
        loop {
            let after = cursor.take();
            let page = self
                .read("compare licenses", move |tx| {
                    let filter = LicenseFilter::default();
                    Ok(tx.license_list(&filter, now, after.as_deref(), BATCH)?)
                })
                .await?;
            cursor = page.last().filter(|_| page.len() == BATCH).map(|last| last.id.clone());
            for license in page {
                let paid = comparison.sales.contains_key(&license.sale_id);
                let begun = (from..=until).contains(&license.starts_at);
                if !paid && begun && comparison.whose.owns(&license) && sold(&license) {
                    list.push(Unpaid::from(&license));
                }
            }
            if cursor.is_none() {
                comparison.compared.license_without_payment = Some(list);
                return Ok(());
            }
        }
    }
}

/// By the first reference that leads anywhere; by the address only where there is none at all,
/// since one customer may buy often.
fn licenses_of(tx: &mut Tx<'_>, row: &Row, whose: &Whose) -> Result<Vec<LicenseRow>, Failure> {
    let by_reference = row
        .references
        .iter()
        .map(|word| LicenseFilter { q: Some(word.clone()), ..LicenseFilter::default() });
    let by_email = row.email.iter().filter(|_| row.references.is_empty());
    let by_email = by_email
        .map(|email| LicenseFilter { email: Some(email.clone()), ..LicenseFilter::default() });
    for filter in by_reference.chain(by_email) {
        let mut found = tx.license_list(&filter, whose.now, None, LICENSES_MAX)?;
        found.retain(|license| whose.owns(license));
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}
