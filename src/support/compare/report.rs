//! What a comparison comes to.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::rows::Row;
use crate::store::rows::LicenseRow;

/// Entries of one list; more are only counted.
const ENTRIES_MAX: usize = 10_000;

/// Three lists, and what was read for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    pub account: String,
    /// Rows that could be read.
    pub rows: usize,
    /// Those of them that tell of no payment, or of one that went back.
    pub unpaid_rows: usize,
    /// Rows that could not be read, by their line.
    pub faults: List<String>,
    /// The time that the file covers, where it has dates.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub paid_without_license: List<Unlicensed>,
    /// `None`: the file has no dates, so nobody knows of what time it is.
    pub license_without_payment: Option<List<Unpaid>>,
    pub dates_that_differ: List<DatesDiffer>,
}

/// Entries, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List<T> {
    pub count: usize,
    pub items: Vec<T>,
}

/// A payment that no license stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unlicensed {
    pub line: u64,
    /// As the file has them: order, subscription, payment.
    pub references: Vec<String>,
    pub email: Option<String>,
    /// The license that was revoked, where there is one.
    pub revoked: Option<String>,
}

/// A license that no payment stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unpaid {
    pub license_id: String,
    pub product: String,
    pub order: Option<String>,
    pub email: Option<String>,
    pub starts_at: DateTime<Utc>,
}

/// A license that ends another day than the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatesDiffer {
    pub line: u64,
    pub license_id: String,
    pub order: Option<String>,
    /// As the file has it.
    pub exported: String,
    /// As it is here; `None`: without an end, or not begun.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Compared {
    pub(super) fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            rows: 0,
            unpaid_rows: 0,
            faults: List::default(),
            from: None,
            until: None,
            paid_without_license: List::default(),
            license_without_payment: None,
            dates_that_differ: List::default(),
        }
    }

    /// Do both sides tell the same, as far as could be read?
    #[must_use]
    pub fn agrees(&self) -> bool {
        let unpaid = self.license_without_payment.as_ref().map_or(0, |list| list.count);
        self.paid_without_license.count + unpaid + self.dates_that_differ.count == 0
    }
}

impl<T> List<T> {
    pub(super) fn of(items: Vec<T>) -> Self {
        let mut list = Self::default();
        items.into_iter().for_each(|item| list.push(item));
        list
    }

    pub(super) fn push(&mut self, item: T) {
        self.count += 1;
        if self.items.len() < ENTRIES_MAX {
            self.items.push(item);
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { count: 0, items: Vec::new() }
    }
}

impl Unlicensed {
    pub(super) fn of(row: &Row, revoked: Option<&LicenseRow>) -> Self {
        Self {
            line: row.line,
            references: row.references.clone(),
            email: row.email.clone(),
            revoked: revoked.map(|license| license.id.clone()),
        }
    }
}

impl From<&LicenseRow> for Unpaid {
    fn from(license: &LicenseRow) -> Self {
        Self {
            license_id: license.id.clone(),
            product: license.product.clone(),
            order: license.order_ref.clone(),
            email: license.email.clone(),
            starts_at: license.starts_at,
        }
    }
}
