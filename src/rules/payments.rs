//! The payments of one sale: the tellings of one payment joined.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Kind, Line, Money, Notice, Ref, Thing};

use super::classes::Classes;
use super::fold::Told;
use super::returns::{Returns, returns};

/// One payment, however many events told of it.
#[derive(Debug)]
pub(super) struct Payment<'a> {
    /// What people know it by.
    pub(super) name: &'a Ref,
    /// Its earliest telling.
    pub(super) at: DateTime<Utc>,
    pub(super) amount: Option<&'a Money>,
    /// Who told it first.
    pub(super) told: &'a Told,
    pub(super) lines: Vec<PaidLine<'a>>,
    /// What went back of it.
    pub(super) returns: Returns<'a>,
}

/// One line of a payment, by the telling that knows best.
#[derive(Debug)]
pub(super) struct PaidLine<'a> {
    pub(super) line: &'a Line,
    /// It belongs to a subscription: another payment is expected.
    pub(super) recurring: bool,
    /// Who told it.
    pub(super) told: &'a Told,
}

/// The payments of a sale, and the notices that name one that nobody told of yet.
#[derive(Debug)]
pub(super) struct Payments<'a> {
    pub(super) all: Vec<Payment<'a>>,
    /// Digests of refunds and disputes whose payment is not known yet.
    pub(super) dangling: BTreeSet<[u8; 32]>,
}

/// One telling of a payment.
#[derive(Clone, Copy)]
struct Telling<'a> {
    told: &'a Told,
    payment: &'a Ref,
    amount: Option<&'a Money>,
    lines: &'a [Line],
}

/// Joins what the (sorted, distinct) notices of a sale tell of its payments. Two tellings of one
/// payment may name a line differently; `alike` says whether two lines buy the same, and `lines`
/// then knows both names as one.
pub(super) fn payments<'a>(
    told: &[&'a Told],
    lines: &mut Classes<&'a str>,
    alike: &dyn Fn(&Line, &Line) -> bool,
) -> Payments<'a> {
    let names = names(told);
    let mut tellings: BTreeMap<&Ref, Vec<Telling<'a>>> = BTreeMap::new();
    for told in told {
        if let Kind::Paid { payment, amount, lines } = &told.notice.kind {
            let telling = Telling { told, payment, amount: amount.as_ref(), lines };
            tellings.entry(names.of(payment)).or_default().push(telling);
        }
    }
    for of_one in tellings.values() {
        same_lines(of_one, lines, alike);
    }
    let listed = listed(told, lines);
    let joined =
        tellings.iter().filter_map(|(name, of_one)| Some((*name, join(of_one, lines, &listed)?)));
    let mut found: BTreeMap<&Ref, Payment<'a>> = joined.collect();
    let dangling = returns(told, &names, lines, &mut found);
    Payments { all: found.into_values().collect(), dangling }
}

/// The payment that a notice speaks of.
pub(super) fn payment_of(kind: &Kind) -> Option<&Ref> {
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

/// The subscriptions that the notice belongs to.
pub(super) fn subscriptions(notice: &Notice) -> impl Iterator<Item = &Ref> {
    notice.refs.iter().filter(|name| name.thing == Thing::Subscription)
}

pub(super) fn subscribed(notice: &Notice) -> bool {
    subscriptions(notice).next().is_some()
}

/// The lines that subscriptions are known to have, other than by payments.
fn listed<'a>(told: &[&'a Told], classes: &Classes<&'a str>) -> BTreeSet<&'a str> {
    let lists =
        told.iter().filter(|told| subscribed(&told.notice)).map(|told| match &told.notice.kind {
            Kind::Trial { lines, .. } | Kind::Changed { lines, whole: true } => lines.as_slice(),
            _ => &[],
        });
    lists.flatten().map(|line| classes.of(&line.line)).collect()
}

/// Which references name the same payment: those that stand together in one notice.
fn names<'a>(told: &[&'a Told]) -> Classes<&'a Ref> {
    let mut names = Classes::default();
    for told in told {
        let notice = &told.notice;
        let beside = notice.refs.iter().filter(|name| names_payment(name, notice));
        names.join(payment_of(&notice.kind).into_iter().chain(beside));
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

/// The telling with a period knows the lines best. A line of another telling that it does not
/// know by name, and that buys the same, is the same line: else it would be sold twice.
fn same_lines<'a>(
    tellings: &[Telling<'a>],
    classes: &mut Classes<&'a str>,
    alike: &dyn Fn(&Line, &Line) -> bool,
) {
    let known: Vec<&'a Line> = tellings.iter().flat_map(|telling| with_period(telling)).collect();
    for telling in tellings.iter().filter(|telling| with_period(telling).next().is_none()) {
        let mut named: BTreeSet<&str> =
            telling.lines.iter().map(|line| classes.of(&line.line)).collect();
        for line in telling.lines {
            let class = classes.of(&line.line);
            if known.iter().any(|other| classes.of(&other.line) == class) {
                continue;
            }
            let same = known
                .iter()
                .find(|other| !named.contains(classes.of(&other.line)) && alike(other, line));
            if let Some(same) = same {
                classes.join([same.line.as_str(), line.line.as_str()]);
                named.insert(classes.of(&line.line));
            }
        }
    }
}

fn with_period<'a>(telling: &Telling<'a>) -> impl Iterator<Item = &'a Line> {
    telling.lines.iter().filter(|line| line.period.is_some())
}

/// One payment from its tellings. Of two tellings of one line the one that says what stands on it
/// wins, then the one with a period, then the later; lines that only one telling knows add up (a provider may ask for the keys of each
/// line on its own).
fn join<'a>(
    tellings: &[Telling<'a>],
    classes: &Classes<&'a str>,
    listed: &BTreeSet<&'a str>,
) -> Option<Payment<'a>> {
    let at = tellings.iter().map(|telling| telling.told.notice.occurred_at).min()?;
    let periodic = tellings.iter().any(|telling| with_period(telling).next().is_some());
    let subscribed = tellings.iter().any(|telling| subscribed(&telling.told.notice));
    let each = tellings.iter().flat_map(|telling| {
        telling.lines.iter().map(|line| (telling.told, line, classes.of(&line.line)))
    });
    let mut ranked: Vec<(&Told, &Line, &str)> = each.collect();
    ranked.sort_by_key(|(told, line, class)| {
        (
            *class,
            line.item.is_empty(),
            line.period.is_none(),
            Reverse((told.notice.occurred_at, told.digest)),
        )
    });
    ranked.dedup_by_key(|(_, _, class)| *class);
    Some(Payment {
        name: tellings.first()?.payment,
        at,
        told: tellings.first()?.told,
        amount: tellings
            .iter()
            .filter_map(|telling| telling.amount)
            .max_by_key(|money| (money.minor, money.currency.as_str())),
        lines: ranked
            .into_iter()
            .map(|(told, line, class)| PaidLine {
                line,
                // Beside lines with a period, one without was sold once; so was one that is not
                // among those of the subscription.
                recurring: subscribed
                    && (line.period.is_some()
                        || !periodic && (listed.is_empty() || listed.contains(class))),
                told,
            })
            .collect(),
        returns: Returns::default(),
    })
}
