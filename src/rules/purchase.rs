//! Purchases: the parts of a sale that only a stacked product holds together.
//!
//! Two subscriptions of one customer to a stacked product are one sale, so that one license
//! comes of them. What befalls the one (canceled, paused, over) must not touch the other, nor
//! what else was bought beside it.

use keywright_providers::notice::Ref;

use super::classes::Classes;
use super::fold::{Told, lines_of};
use super::payments::payment_of;

/// Names one purchase of a sale.
pub(super) type Purchase<'a> = Option<Tie<'a>>;

/// What holds the notices of a purchase together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie<'a> {
    Ref(&'a Ref),
    Line(&'a str),
}

/// Tells the purchases of a sale apart. Without a stacked product there is only one.
#[derive(Debug, Default)]
pub(super) struct Purchases<'a>(Option<Classes<Tie<'a>>>);

impl<'a> Purchases<'a> {
    pub(super) fn of_stack(told: &[&'a Told]) -> Self {
        let mut ties = Classes::default();
        for told in told {
            ties.join(all(told));
        }
        Self(Some(ties))
    }

    /// The purchase that a notice belongs to.
    pub(super) fn of(&self, told: &'a Told) -> Purchase<'a> {
        let ties = self.0.as_ref()?;
        all(told).next().map(|tie| ties.of(tie))
    }
}

fn all(told: &Told) -> impl Iterator<Item = Tie<'_>> {
    let notice = &told.notice;
    let refs = notice.refs.iter().chain(payment_of(&notice.kind)).map(Tie::Ref);
    let lines = lines_of(&notice.kind).iter();
    let names = lines.flat_map(|line| std::iter::once(&line.line).chain(&line.alias));
    refs.chain(names.chain(&notice.line).map(|name| Tie::Line(name)))
}
