//! The order lines that an event tells of, and the licenses that were bought on them.

use std::collections::BTreeSet;

use keywright_providers::Notice;
use keywright_providers::notice::{Act, Kind, Line};

use super::rows;
use crate::books::Books;
use crate::rules::fold::{Folded, License, fold};
use crate::rules::gather;
use crate::store::rows::LicenseRow;
use crate::store::{StoreError, Tx};

/// The licenses of the lines that these notices tell of, as the rest of their sales made them, in
/// order of their slots; changes nothing.
///
/// # Errors
/// [`StoreError`].
pub(super) fn licenses_told_of(
    tx: &mut Tx<'_>,
    (account, live): (&str, bool),
    notices: &[Notice],
    books: &Books,
) -> Result<Vec<LicenseRow>, StoreError> {
    let catalogue = &books.config.catalogue;
    let ties = gather::ties(notices, catalogue, account);
    let names: Vec<String> = ties.iter().map(ToString::to_string).collect();
    let found = tx.refs_find(account, live, &names)?;
    let sales: BTreeSet<i64> = found.into_iter().map(|row| row.sale_id).collect();
    let lines: Vec<&Line> = notices.iter().flat_map(lines_of).collect();
    let mut licenses = Vec::new();
    for sale in sales {
        let folded = fold(&rows::told(&tx.notices_of_sale(sale)?)?, catalogue, account);
        licenses.extend(told_of(tx.licenses_of_sale(sale)?, &folded, &lines));
    }
    Ok(licenses)
}

pub(super) fn lines_of(notice: &Notice) -> &[Line] {
    match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => lines,
        Kind::Adjusted { act: Act::Issue { lines, .. }, .. } => lines,
        _ => &[],
    }
}

/// Those of the sale's licenses that these lines bought, in order of their slots.
pub(super) fn told_of(
    mut licenses: Vec<LicenseRow>,
    folded: &Folded,
    lines: &[&Line],
) -> Vec<LicenseRow> {
    let names = told_names(folded, lines);
    licenses.retain(|row| row.merged_into.is_none() && names.contains(&row.slot));
    licenses.sort_by(|a, b| a.slot.cmp(&b.slot));
    licenses
}

/// The slots of the licenses that these lines bought.
fn told_names(folded: &Folded, lines: &[&Line]) -> BTreeSet<String> {
    let of_line = |license: &&License| {
        lines.iter().any(|line| {
            license.names.iter().any(|name| {
                name.strip_prefix(line.line.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
        })
    };
    folded.licenses.iter().filter(of_line).map(|license| license.slot.clone()).collect()
}
