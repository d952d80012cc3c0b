//! The payments of one sale: tellings of one payment joined, and what went back of each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::notice::{
    DisputeState, Kind, Line, Money, Notice, Ref, ReturnedLine, Thing,
};

use super::fold::{Classes, Told};

/// One payment, however many events told of it.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Every reference that names it.
    pub refs: BTreeSet<Ref>,
    /// Its earliest telling.
    pub at: DateTime<Utc>,
    pub amount: Option<Money>,
    pub lines: Vec<Line>,
    /// It belongs to a subscription: another is expected.
    pub recurring: bool,
    /// The telling that won, for the explanation.
    pub digest: [u8; 32],
    pub event_id: i64,
    /// Since when all of it is gone: refunded in full, or a dispute lost.
    pub gone_since: Option<DateTime<Utc>>,
    /// Some money went back, and since when.
    pub refunded_since: Option<DateTime<Utc>>,
    /// Line classes given back, each since when.
    pub returned: Vec<(ReturnedLine, DateTime<Utc>)>,
    /// Open disputes, each since when.
    pub disputed_since: Vec<DateTime<Utc>>,
    /// A dispute was ever open or lost.
    pub disputed: bool,
}

/// The payments in order of their time, and the notices that name a payment nobody told of yet.
#[derive(Debug, Default)]
pub struct Payments {
    pub all: Vec<Payment>,
    /// Digests of refunds and disputes whose payment is not known yet.
    pub dangling: BTreeSet<[u8; 32]>,
}

/// Joins what the (sorted, distinct) notices of a sale tell of its payments.
#[must_use]
pub fn payments(told: &[Told], lines: &Classes<String>) -> Payments {
    let names = names(told);
    let mut tellings: BTreeMap<Ref, Vec<&Told>> = BTreeMap::new();
    for one in told {
        if let Kind::Paid { payment, .. } = &one.notice.kind {
            tellings.entry(names.of(payment)).or_default().push(one);
        }
    }
    let mut found: BTreeMap<Ref, Payment> =
        tellings.iter().filter_map(|(name, of)| Some((name.clone(), join(of, lines)?))).collect();
    let dangling = take_back(told, &names, &mut found);
    for (name, payment) in &mut found {
        payment.refs = names.members(name);
        for (returned, _) in &mut payment.returned {
            returned.line = lines.of(&returned.line);
        }
    }
    let mut all: Vec<Payment> = found.into_values().collect();
    all.sort_by_key(|payment| (payment.at, payment.digest));
    Payments { all, dangling }
}

/// Which references name the same payment: those that stand together in one notice.
fn names(told: &[Told]) -> Classes<Ref> {
    let mut names = Classes::default();
    for Told { notice, .. } in told {
        let own = payment_of(&notice.kind);
        let mut together: Vec<Ref> = own.into_iter().cloned().collect();
        together.extend(notice.refs.iter().filter(|name| names_payment(name, notice)).cloned());
        names.join(&together);
    }
    names
}

/// Invoices, payments and charges name payments. Where an order is the finest that there is
/// (`payment: order`), all names of that order do.
fn names_payment(name: &Ref, notice: &Notice) -> bool {
    let order_is_payment = matches!(
        &notice.kind,
        Kind::Paid { payment, .. } if payment.thing == Thing::Order && name.thing == Thing::Order
    );
    name.thing.names_payment() || order_is_payment
}

fn payment_of(kind: &Kind) -> Option<&Ref> {
    match kind {
        Kind::Paid { payment, .. }
        | Kind::Refunded { payment, .. }
        | Kind::RefundUndone { payment, .. }
        | Kind::Disputed { payment, .. } => Some(payment),
        Kind::Trial { .. }
        | Kind::Changed { .. }
        | Kind::Canceled { .. }
        | Kind::Uncanceled
        | Kind::Ended { .. }
        | Kind::PaymentFailed
        | Kind::Paused
        | Kind::Resumed
        | Kind::Linked
        | Kind::Customer
        | Kind::Adjusted { .. } => None,
    }
}

/// One payment from its tellings. The one that carries a period wins; without any, their lines
/// add up (a provider may ask for the keys of each line on its own).
fn join(tellings: &[&Told], classes: &Classes<String>) -> Option<Payment> {
    let mut ranked: Vec<(&Told, &[Line], Option<&Money>)> = tellings
        .iter()
        .filter_map(|told| match &told.notice.kind {
            Kind::Paid { lines, amount, .. } => Some((*told, lines.as_slice(), amount.as_ref())),
            _ => None,
        })
        .collect();
    let has_period = |lines: &[Line]| lines.iter().any(|line| line.period.is_some());
    ranked.sort_by_key(|(told, lines, _)| {
        (!has_period(lines), usize::MAX - lines.len(), told.notice.occurred_at, told.digest)
    });
    let (winner, winning, _) = ranked.first()?;
    let mut lines = winning.to_vec();
    if !has_period(winning) {
        for line in ranked.iter().skip(1).flat_map(|(_, lines, _)| lines.iter()) {
            let class = classes.of(&line.line);
            if !lines.iter().any(|known| classes.of(&known.line) == class) {
                lines.push(line.clone());
            }
        }
    }
    Some(Payment {
        refs: BTreeSet::new(),
        at: ranked.iter().map(|(told, ..)| told.notice.occurred_at).min()?,
        amount: ranked.iter().filter_map(|(.., amount)| *amount).max_by_key(|m| m.minor).cloned(),
        lines,
        recurring: tellings.iter().any(|told| subscribed(&told.notice)),
        digest: winner.digest,
        event_id: winner.event_id,
        gone_since: None,
        refunded_since: None,
        returned: Vec::new(),
        disputed_since: Vec::new(),
        disputed: false,
    })
}

/// Does the notice belong to a subscription?
pub(super) fn subscribed(notice: &Notice) -> bool {
    notice.refs.iter().any(|name| name.thing == Thing::Subscription)
}

/// Where a dispute stood, and since when.
type Standing = (DisputeState, DateTime<Utc>);

/// What the sale's notices say of one refund.
#[derive(Default)]
struct Back<'a> {
    amount: i64,
    undone: bool,
    full: bool,
    since: Option<DateTime<Utc>>,
    lines: Vec<&'a ReturnedLine>,
}

/// Applies refunds and disputes; returns the digests of those that found no payment.
fn take_back(
    told: &[Told],
    names: &Classes<Ref>,
    found: &mut BTreeMap<Ref, Payment>,
) -> BTreeSet<[u8; 32]> {
    let mut dangling = BTreeSet::new();
    let mut refunds: BTreeMap<(Ref, &str), Back<'_>> = BTreeMap::new();
    let mut totals: BTreeMap<Ref, (i64, DateTime<Utc>)> = BTreeMap::new();
    let mut disputes: BTreeMap<(Ref, &str), Vec<Standing>> = BTreeMap::new();
    for one in told {
        let at = one.notice.occurred_at;
        let Some(name) = payment_of(&one.notice.kind).map(|payment| names.of(payment)) else {
            continue;
        };
        let Some(payment) = found.get(&name) else {
            dangling.insert(one.digest);
            continue;
        };
        match &one.notice.kind {
            Kind::Refunded { refund, amount, total, full, lines, .. } => {
                let same = |money: &&Money| {
                    payment.amount.as_ref().is_none_or(|paid| paid.currency == money.currency)
                };
                let back = refunds.entry((name.clone(), refund.as_str())).or_default();
                let minor = amount.as_ref().filter(same).map_or(0, |money| money.minor.abs());
                back.amount = back.amount.max(minor);
                back.full |= *full;
                back.since = Some(back.since.map_or(at, |since| since.min(at)));
                for line in lines {
                    if !back.lines.contains(&line) {
                        back.lines.push(line);
                    }
                }
                if let Some(total) = total.as_ref().filter(same) {
                    let known = totals.entry(name).or_insert((0, at));
                    *known = (*known).max((total.minor.abs(), at));
                }
            }
            Kind::RefundUndone { refund, .. } => {
                refunds.entry((name, refund.as_str())).or_default().undone = true;
            }
            Kind::Disputed { dispute, state, .. } => {
                disputes.entry((name, dispute.as_str())).or_default().push((*state, at));
            }
            _ => {}
        }
    }
    for (name, payment) in found {
        let total = totals.get(name).copied();
        refund(payment, refunds.iter().filter(|((of, _), _)| of == name).map(|(_, b)| b), total);
        for (_, tellings) in disputes.iter().filter(|((of, _), _)| of == name) {
            dispute(payment, tellings);
        }
    }
    dangling
}

/// Amounts by refund id, running totals by maximum; full only at the paid amount in the same
/// currency, or by the provider's own word.
fn refund<'a>(
    payment: &mut Payment,
    refunds: impl Iterator<Item = &'a Back<'a>>,
    total: Option<(i64, DateTime<Utc>)>,
) {
    let (mut sum, mut full_since, mut last, mut undone) = (0_i64, None, None, 0_i64);
    for back in refunds {
        if back.undone {
            undone = undone.saturating_add(back.amount);
            continue;
        }
        sum = sum.saturating_add(back.amount);
        last = last.max(back.since);
        if back.full {
            full_since = full_since.max(back.since);
        }
        let since = back.since.unwrap_or(payment.at);
        payment.returned.extend(back.lines.iter().map(|line| ((*line).clone(), since)));
        payment.refunded_since = payment.refunded_since.max(Some(since));
    }
    if let Some((minor, at)) = total.filter(|(minor, _)| minor.saturating_sub(undone) > sum) {
        sum = minor.saturating_sub(undone);
        last = last.max(Some(at));
        payment.refunded_since = payment.refunded_since.max(Some(at));
    }
    let paid = payment.amount.as_ref().map(|money| money.minor).filter(|minor| *minor > 0);
    if paid.is_some_and(|paid| sum >= paid) {
        full_since = full_since.max(last);
    }
    payment.gone_since = full_since;
}

/// Closed outranks opened whenever it comes; of two closings the later stands.
fn dispute(payment: &mut Payment, tellings: &[Standing]) {
    let closed = tellings
        .iter()
        .filter(|(state, _)| *state != DisputeState::Opened)
        .max_by_key(|(state, at)| (*at, *state));
    match closed {
        Some((DisputeState::Lost, at)) => {
            payment.gone_since = payment.gone_since.max(Some(*at));
            payment.disputed = true;
        }
        Some((DisputeState::Won | DisputeState::Opened, _)) => {}
        None => {
            payment.disputed_since.extend(tellings.iter().map(|(_, at)| *at).min());
            payment.disputed = true;
        }
    }
}
