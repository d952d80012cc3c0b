//! Two tellings of one event, one sent and one pulled from the provider's list: is it the same?
//!
//! Their bytes may differ though both are right: Stripe writes its list for the version of the
//! account and a webhook for that of its destination. So they are compared by what they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use keywright_providers::Notice;
use keywright_providers::notice::Ref;

use super::failed;
use super::reading::{Read, read};
use crate::books::Books;
use crate::store::rows::{EventRow, Settled};
use crate::store::types::EventStatus;
use crate::store::{Store, StoreError, dedupe};

/// How a second telling ends: ignored where it says what the first did, else failed, for a person
/// to look at. Neither changes a license.
///
/// # Errors
/// [`StoreError`] where the first cannot be looked up.
pub(super) async fn compare(
    store: &Store,
    second: EventRow,
    books: Arc<Books>,
) -> Result<Settled, StoreError> {
    let id = second.provider_event_id.as_deref();
    let name = dedupe(&second.account, id, &second.content_digest);
    let first = store.read("first telling", move |tx| tx.event_by_name(name)).await?;
    let Some(first) = first else {
        return Ok(failed("conflicting_body", "its first telling is gone; replay this one"));
    };
    if alike(&first, &second, &books) {
        return Ok(Settled {
            status: EventStatus::Ignored,
            reason: Some("told_before".to_owned()),
            message: Some(format!(
                "The provider told this before, as event {}: once it was sent, once pulled from \
                 its list.",
                first.id
            )),
            sale_id: None,
            live: None,
        });
    }
    Ok(failed(
        "conflicting_body",
        &format!(
            "The provider told this before under the same id, as event {}, and said something \
             else: once it was sent, once pulled from its list. The first one was used. Compare the \
             two; replay this one if it is the right one.",
            first.id
        ),
    ))
}

/// Do both say the same, with the books of this moment? Pure. What was purged says what it said,
/// and cannot be held against it any more.
#[must_use]
pub fn alike(first: &EventRow, second: &EventRow, books: &Books) -> bool {
    if first.body.is_none() || second.body.is_none() {
        return true;
    }
    if first.event_type != second.event_type {
        return false;
    }
    // Where the provider has to be asked, its answer to the first one holds for both.
    let second = EventRow { answers: first.answers.clone(), ..second.clone() };
    match (read(first, books), read(&second, books)) {
        (Read::Notices { notices: a, .. }, Read::Notices { notices: b, .. }) => {
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b))
        }
        (Read::Asks(a), Read::Asks(b)) => a == b,
        (Read::Ends(a), Read::Ends(b)) => a.reason == b.reason,
        (Read::Notices { .. } | Read::Asks(_) | Read::Ends(_), _) => false,
    }
}

/// One telling may know more names of the same thing.
fn same(a: &Notice, b: &Notice) -> bool {
    let (names, others): (BTreeSet<&Ref>, BTreeSet<&Ref>) =
        (a.refs.iter().collect(), b.refs.iter().collect());
    (names.is_subset(&others) || names.is_superset(&others))
        && a.occurred_at == b.occurred_at
        && a.line == b.line
        && a.kind == b.kind
        && a.customer == b.customer
}
