//! A row, or an end that it tells, held against the licenses that are here.

use chrono::{DateTime, Utc};

use super::report::DatesDiffer;
use super::rows::Row;
use super::when::When;
use crate::store::Tx;
use crate::store::rows::{LicenseFilter, LicenseRow};
use crate::store::types::LicenseState;
use crate::support::Failure;

/// Licenses that one reference may lead to.
const LICENSES_MAX: usize = 50;

/// Whose licenses are meant.
#[derive(Clone)]
pub(super) struct Whose {
    pub(super) account: String,
    pub(super) live: bool,
    pub(super) now: DateTime<Utc>,
}

impl Whose {
    pub(super) fn owns(&self, license: &LicenseRow) -> bool {
        license.account == self.account && license.live == self.live
    }
}

/// By the first reference that leads anywhere; by the address only where there is none at all,
/// since one customer may buy often.
pub(super) fn licenses_of(
    tx: &mut Tx<'_>,
    row: &Row,
    whose: &Whose,
) -> Result<Vec<LicenseRow>, Failure> {
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
