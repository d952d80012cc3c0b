//! What is known while a file is gone through: which sales it told of, and what differs so far.

use std::collections::HashMap;
use std::io::BufRead;

use chrono::{DateTime, Utc};

use super::report::{Compared, DatesDiffer, Unlicensed};
use super::rows::{Fault, Row, Rows};
use super::when::When;
use super::{BATCH, CompareError, ROWS_MAX};
use crate::store::rows::LicenseRow;
use crate::store::types::LicenseState;

/// Whose licenses are meant.
#[derive(Clone)]
pub(super) struct Whose {
    pub(super) account: String,
    pub(super) live: bool,
    pub(super) now: DateTime<Utc>,
}

/// The latest end that the file tells of a sale, and where.
pub(super) type Sales = HashMap<i64, Option<(u64, When)>>;

/// What is known so far.
pub(super) struct Comparison {
    pub(super) whose: Whose,
    pub(super) compared: Compared,
    pub(super) sales: Sales,
    /// The time that the file covers.
    pub(super) span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Comparison {
    pub(super) fn new(whose: Whose) -> Self {
        let compared = Compared::new(&whose.account);
        Self { whose, compared, sales: Sales::new(), span: None }
    }

    /// The next rows that tell of a payment; none: that was all.
    pub(super) fn read(&mut self, rows: &mut Rows<impl BufRead>) -> Result<Vec<Row>, CompareError> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match rows.next() {
                None => break,
                Some(Err(Fault::File(fault))) => return Err(CompareError::File(fault)),
                Some(Err(Fault::Row(fault))) => self.compared.faults.push(fault),
                Some(Ok(row)) => {
                    self.compared.rows += 1;
                    if self.compared.rows > ROWS_MAX {
                        let fault = format!("has more than {ROWS_MAX} rows; split the file");
                        return Err(CompareError::File(fault));
                    }
                    self.span = cover(self.span, row.date);
                    if row.paid {
                        batch.push(row);
                    } else {
                        self.compared.unpaid_rows += 1;
                    }
                }
            }
        }
        self.compared.from = self.span.map(|(from, _)| from);
        self.compared.until = self.span.map(|(_, until)| until);
        Ok(batch)
    }

    /// What a row tells, beside the licenses that it leads to.
    pub(super) fn note(&mut self, row: &Row, licenses: &[LicenseRow]) {
        let stands = licenses.iter().any(|license| license.state != LicenseState::Revoked);
        if !stands {
            self.compared.paid_without_license.push(Unlicensed::of(row, licenses.first()));
        }
        for license in licenses {
            let told = self.sales.entry(license.sale_id).or_default();
            // Several payments of one sale: the last end counts.
            let later = |when: &When| told.is_none_or(|(_, known)| known.last() < when.last());
            if let Some(when) = row.expires.filter(later) {
                *told = Some((row.line, when));
            }
        }
    }
}

impl Whose {
    pub(super) fn owns(&self, license: &LicenseRow) -> bool {
        license.account == self.account && license.live == self.live
    }
}

/// None of the sale's licenses ends when the file says.
pub(super) fn differs(line: u64, when: When, licenses: &[LicenseRow]) -> Option<DatesDiffer> {
    let standing = || licenses.iter().filter(|license| license.state != LicenseState::Revoked);
    let same = |license: &LicenseRow| license.expires_at.is_some_and(|end| when.is(end));
    if standing().any(same) {
        return None;
    }
    let license = standing().next()?;
    Some(DatesDiffer {
        line,
        license_id: license.id.clone(),
        order: license.order_ref.clone(),
        exported: when.written(),
        expires_at: license.expires_at,
    })
}

/// A license that money has to stand behind: not revoked, not a trial, not part of another.
pub(super) fn sold(license: &LicenseRow) -> bool {
    let flags = license.flags.as_array().map(Vec::as_slice).unwrap_or_default();
    license.state != LicenseState::Revoked
        && license.merged_into.is_none()
        && !flags.iter().any(|flag| flag == "trial")
}

fn cover(
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    date: Option<When>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Some(date) = date else { return span };
    let (from, until) = span.unwrap_or((date.at, date.last()));
    Some((from.min(date.at), until.max(date.last())))
}
