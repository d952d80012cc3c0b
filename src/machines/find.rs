//! The license that a key stands for, and the rules that count for it.

use crate::apply;
use crate::books::Books;
use crate::rules::license::Flag;
use crate::rules::validity::{Standing, Terms};
use crate::store::rows::LicenseRow;
use crate::store::{self, StoreError, Tx};
use crate::support::licenses::{folded, license};

/// Merged licenses that may follow each other.
const MERGES_MAX: usize = 32;

/// How often a license may change its sale while we wait for the lock.
const TRIES_MAX: usize = 8;

/// The license of a key, or the one that it was merged into.
pub(super) fn by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<LicenseRow>, StoreError> {
    match tx.license_by_key(key)? {
        Some(row) => standing_for(tx, row).map(Some),
        None => Ok(None),
    }
}

/// Itself, or the one that it was merged into.
pub(super) fn standing_for(tx: &mut Tx<'_>, mut row: LicenseRow) -> Result<LicenseRow, StoreError> {
    for _ in 0..MERGES_MAX {
        let Some(into) = &row.merged_into else { return Ok(row) };
        let lost = || StoreError::Busy(format!("license {} leads nowhere", row.id));
        row = tx.license_by_id(into)?.ok_or_else(lost)?;
    }
    Err(StoreError::Busy(format!("license {} is merged in a circle", row.id)))
}

/// What `find` finds, with its sale and itself locked, as it is then.
pub(super) fn locked(
    tx: &mut Tx<'_>,
    find: impl Fn(&mut Tx<'_>) -> Result<Option<LicenseRow>, StoreError>,
) -> Result<Option<LicenseRow>, StoreError> {
    for _ in 0..TRIES_MAX {
        let Some(seen) = find(tx)? else { return Ok(None) };
        tx.sale_lock(&[seen.sale_id])?;
        let row = tx.license_lock(&seen.id)?;
        // What was read before the lock may have changed while we waited for it.
        let row = row.filter(|row| row.sale_id == seen.sale_id && row.merged_into.is_none());
        if row.is_some() {
            return Ok(row);
        }
    }
    Err(StoreError::Busy("the license kept moving from sale to sale".to_owned()))
}

/// The rules of this very license. An item of the catalogue may set them differently from its
/// product; then what was told of the sale says which item it was.
pub(super) fn terms(tx: &mut Tx<'_>, row: &LicenseRow, books: &Books) -> Result<Terms, StoreError> {
    match books.config.catalogue.terms(&row.account, &row.product).as_slice() {
        [] => Ok(Terms::default()),
        [one] => Ok(*one),
        [first, ..] => {
            let told = apply::told(&tx.notices_of_sale(row.sale_id)?)?;
            let folded = folded(&told, row, books);
            Ok(license(&folded, row).map_or(*first, |license| Terms::from(&*license.product)))
        }
    }
}

pub(super) fn standing(row: &LicenseRow) -> Result<Standing, StoreError> {
    let flags: Vec<Flag> = store::json(&row.flags, "licenses.flags", &row.id)?;
    Ok(Standing {
        state: apply::state(row.state),
        starts_at: row.starts_at,
        expires_at: row.expires_at,
        valid_until: row.valid_until,
        trial: flags.contains(&Flag::Trial),
    })
}

pub(super) fn features(row: &LicenseRow) -> Result<Vec<String>, StoreError> {
    store::json(&row.features, "licenses.features", &row.id)
}
