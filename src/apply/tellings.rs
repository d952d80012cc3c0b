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
/// to look at. Neither changes a license. `None`: the first cannot be read yet.
///
/// # Errors
/// [`StoreError`] where the first cannot be looked up.
pub(super) async fn compare(
    store: &Store,
    second: EventRow,
    books: Arc<Books>,
) -> Result<Option<Settled>, StoreError> {
    let id = second.provider_event_id.as_deref();
    let name = dedupe(&second.account, id, &second.content_digest);
    let first = store.read("first telling", move |tx| tx.event_by_name(name)).await?;
    let Some(first) = first else {
        let message = "its first telling is gone; replay this one";
        return Ok(Some(failed("conflicting_body", message)));
    };
    if !alike(&first, &second, &books) {
        return Ok(Some(failed(
            "conflicting_body",
            &format!(
                "The provider told this before under the same id, as event {}, and said something \
                 else: once it was sent, once pulled from its list. The first one was used. Compare \
                 the two; replay this one if it is the right one.",
                first.id
            ),
        )));
    }
    // That both ask the same, or wait for the same, does not tell yet what they say.
    match read(&first, &books) {
        Read::Asks(_) => return Ok(None),
        Read::Ends(settled) if settled.status == EventStatus::Waiting => return Ok(None),
        Read::Ends(_) | Read::Notices { .. } => {}
    }
    Ok(Some(Settled {
        status: EventStatus::Ignored,
        reason: Some("told_before".to_owned()),
        message: Some(format!(
            "The provider told this before, as event {}: once it was sent, once pulled from its \
             list.",
            first.id
        )),
        sale_id: None,
        live: None,
    }))
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
        (Read::Notices { notices: a, .. }, Read::Notices { notices: b, .. }) => all_same(&a, &b),
        (Read::Asks(a), Read::Asks(b)) => a == b,
        (Read::Ends(a), Read::Ends(b)) => a.reason == b.reason,
        (Read::Notices { .. } | Read::Asks(_) | Read::Ends(_), _) => false,
    }
}

fn all_same(a: &[Notice], b: &[Notice]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
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

#[cfg(test)]
mod tests {
    use keywright_providers::notice::Kind;

    use super::*;

    fn notice(refs: &[Ref]) -> Notice {
        Notice {
            refs: refs.to_vec(),
            occurred_at: "2026-12-01T12:00:00Z".parse().unwrap(),
            line: None,
            kind: Kind::Linked,
            customer: None,
        }
    }

    #[test]
    fn one_telling_may_know_more_names_but_no_others() {
        let (order, invoice) = (Ref::order("ord_1"), Ref::invoice("in_1"));
        let few = notice(std::slice::from_ref(&order));
        let more = notice(&[order.clone(), invoice.clone()]);
        assert!(same(&few, &more) && same(&more, &few) && same(&more, &notice(&[invoice, order])));
        let other = notice(&[Ref::order("ord_1"), Ref::invoice("in_2")]);
        assert!(!same(&more, &other) && !same(&other, &more));
    }

    #[test]
    fn what_is_about_one_line_is_not_about_another_or_all() {
        let whole = notice(&[Ref::order("ord_1")]);
        let line = |line: &str| Notice { line: Some(line.to_owned()), ..whole.clone() };
        assert!(same(&line("1"), &line("1")));
        assert!(!same(&line("1"), &line("2")) && !same(&line("1"), &whole));
    }

    #[test]
    fn who_says_more_says_something_else() {
        let one = notice(&[Ref::order("ord_1")]);
        let two = [one.clone(), Notice { kind: Kind::Resumed, ..one.clone() }];
        assert!(all_same(&two, &two) && all_same(&[], &[]));
        assert!(!all_same(&two, std::slice::from_ref(&one)) && !all_same(&[one], &two));
    }
}
