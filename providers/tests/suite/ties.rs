//! What notices have in common: lines, payments, references, and what those tie together.

use std::collections::BTreeMap;

use keywright_providers::notice::{DisputeState, Kind, Line, Notice, Ref, Thing};

/// Things that are one, as they are joined.
#[derive(Default)]
pub(crate) struct Classes(BTreeMap<Ref, Ref>);

impl Classes {
    pub(crate) fn join(&mut self, refs: &[Ref]) {
        let Some((first, others)) = refs.split_first() else {
            return;
        };
        let target = self.of(first);
        for other in others {
            let root = self.of(other);
            if root != target {
                self.0.insert(root, target.clone());
            }
        }
    }

    pub(crate) fn of(&self, one: &Ref) -> Ref {
        let mut current = one;
        while let Some(next) = self.0.get(current) {
            current = next;
        }
        current.clone()
    }

    pub(crate) fn are_one(&self, one: &Ref, other: &Ref) -> bool {
        self.of(one) == self.of(other)
    }
}

/// All names under which a provider tells of a line.
pub(crate) fn names(line: &Line) -> impl Iterator<Item = &str> {
    [&line.line].into_iter().chain(&line.alias).map(String::as_str)
}

pub(crate) fn covered_lines(notice: &Notice) -> &[Line] {
    match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } => lines,
        _ => &[],
    }
}

pub(crate) fn changed_lines(notice: &Notice) -> &[Line] {
    match &notice.kind {
        Kind::Changed { lines, .. } => lines,
        _ => &[],
    }
}

pub(crate) fn amount(notice: &Notice) -> Option<i64> {
    match &notice.kind {
        Kind::Paid { amount, .. } => amount.as_ref().map(|money| money.minor),
        _ => None,
    }
}

pub(crate) fn paid_payments(notices: &[Notice]) -> Vec<&Ref> {
    notices
        .iter()
        .filter_map(|notice| match &notice.kind {
            Kind::Paid { payment, .. } => Some(payment),
            _ => None,
        })
        .collect()
}

pub(crate) fn refunded_payment(notice: &Notice) -> Option<&Ref> {
    match &notice.kind {
        Kind::Refunded { payment, .. } => Some(payment),
        _ => None,
    }
}

pub(crate) fn disputed_payment(notice: &Notice) -> Option<&Ref> {
    match &notice.kind {
        Kind::Disputed { payment, state: DisputeState::Opened, .. } => Some(payment),
        _ => None,
    }
}

/// References that this notice says to be one payment. An order is one where it is what was paid.
pub(crate) fn payment_refs(notice: &Notice) -> Vec<Ref> {
    let order_is_paid =
        matches!(&notice.kind, Kind::Paid { payment, .. } if payment.thing == Thing::Order);
    let names_payment =
        |r: &Ref| r.thing.names_payment() || (order_is_paid && r.thing == Thing::Order);
    all_refs(notice).into_iter().filter(names_payment).collect()
}

pub(crate) fn all_refs(notice: &Notice) -> Vec<Ref> {
    let payment = match &notice.kind {
        Kind::Paid { payment, .. }
        | Kind::Refunded { payment, .. }
        | Kind::RefundUndone { payment, .. }
        | Kind::Disputed { payment, .. } => Some(payment),
        _ => None,
    };
    notice.refs.iter().chain(payment).cloned().collect()
}
