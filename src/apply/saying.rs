//! What an event says, made ready to be stored: all that can be done before its transaction, which
//! others wait for.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use keywright_providers::Notice;
use keywright_providers::notice::Ref;

use super::rows;
use crate::books::Books;
use crate::rules::difference::{Difference, difference};
use crate::rules::fold::{Folded, License, Told, fold};
use crate::rules::gather;
use crate::rules::key::Identity;
use crate::store::rows::{EventRow, NewNotice};

/// The notices of one event.
#[derive(Debug, Clone)]
pub struct Saying {
    pub(super) notices: Vec<Notice>,
    pub(super) told: Vec<Told>,
    pub(super) rows: Vec<NewNotice>,
    /// What they tie together.
    pub(super) ties: BTreeSet<Ref>,
    alone: OnceLock<Alone>,
}

/// What becomes of a sale of which nothing else was told.
#[derive(Debug, Clone)]
pub(super) struct Alone {
    pub(super) folded: Folded,
    pub(super) difference: Difference,
}

impl Saying {
    /// Of this event.
    #[must_use]
    pub fn new(notices: Vec<Notice>, event: &EventRow, books: &Books) -> Self {
        let told: Vec<Told> =
            notices.iter().map(|notice| Told::new(notice.clone(), event.id)).collect();
        let rows = rows::new_notices(&told);
        let ties = gather::ties(&notices, &books.config.catalogue, &event.account);
        Self { notices, told, rows, ties, alone: OnceLock::new() }
    }

    /// Worked out when it is first asked for: before the transaction, where the sale may be new. Of
    /// the event and the books that this was made of.
    pub(super) fn alone(&self, event: &EventRow, live: bool, books: &Books) -> &Alone {
        self.alone.get_or_init(|| {
            let folded = fold(&self.told, &books.config.catalogue, &event.account);
            let anchor = anchor(&self.ties);
            let name = |license: &License| name(license, &event.account, live, &anchor, books);
            let difference = difference(&[], &folded, name);
            Alone { folded, difference }
        })
    }
}

/// The reference that names the sale's licenses.
pub(super) fn anchor<'a>(refs: impl IntoIterator<Item = &'a Ref>) -> String {
    Folded::anchor(refs).map(ToString::to_string).unwrap_or_default()
}

/// The id and the key of a license that is made now.
pub(super) fn name(
    license: &License,
    account: &str,
    live: bool,
    anchor: &str,
    books: &Books,
) -> (String, String) {
    books.name(&Identity { account, live, anchor, slot: &license.slot }, &license.product)
}
