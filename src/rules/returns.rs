//! What went back of each payment: refunds and disputes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::notice::{DisputeState, Kind, Money, Ref, ReturnedLine};

use super::classes::Classes;
use super::fold::Told;
use super::payments::{Payment, payment_of};

/// Since when something is so, and who told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Since {
    pub(super) at: DateTime<Utc>,
    pub(super) event_id: i64,
}

/// What went back of one payment, and since when.
#[derive(Debug, Default)]
pub(super) struct Returns<'a> {
    /// All of it is gone: refunded in full, or a dispute lost.
    pub(super) gone_since: Option<Since>,
    /// Some or all of the money went back.
    pub(super) refunded: bool,
    /// A dispute is open.
    pub(super) disputed_since: Option<Since>,
    /// A dispute is open, or was lost.
    pub(super) disputed: bool,
    /// Lines given back by name: units (`None`: all of them), and since when.
    lines: Vec<(&'a str, Option<u32>, Since)>,
}

impl Returns<'_> {
    /// Is there anything that may keep the payment, or a part of it, from counting?
    pub(super) fn any(&self) -> bool {
        self.gone_since.is_some() || self.disputed_since.is_some() || !self.lines.is_empty()
    }

    /// How many units of a line of `quantity` were given back by name, and since when.
    pub(super) fn units(&self, class: &str, quantity: u32) -> Option<(u32, Since)> {
        let of_line = self.lines.iter().filter(|(line, ..)| *line == class);
        of_line.fold(None, |sum: Option<(u32, Since)>, (_, units, since)| {
            let units = units.unwrap_or(quantity);
            let (before, last) = sum.unwrap_or((0, *since));
            Some((before.saturating_add(units).min(quantity), last.max(*since)))
        })
    }
}

/// What the sale's notices say of one payment.
#[derive(Default)]
struct Claims<'a> {
    refunds: BTreeMap<&'a str, Refund<'a>>,
    /// The greatest running total, and since when it is known.
    total: Option<(i64, Since)>,
    disputes: BTreeMap<&'a str, Vec<(DisputeState, Since)>>,
}

/// One refund, however many events told of it.
#[derive(Default)]
struct Refund<'a> {
    minor: i64,
    full: bool,
    undone: bool,
    since: Option<Since>,
    lines: BTreeMap<&'a str, Option<u32>>,
}

/// Applies refunds and disputes; returns the digests of those that found no payment.
pub(super) fn returns<'a>(
    told: &[&'a Told],
    names: &Classes<&'a Ref>,
    lines: &Classes<&'a str>,
    payments: &mut BTreeMap<&'a Ref, Payment<'a>>,
) -> BTreeSet<[u8; 32]> {
    let mut dangling = BTreeSet::new();
    let mut claims: BTreeMap<&Ref, Claims<'a>> = BTreeMap::new();
    for told in told {
        let Some(name) = payment_of(&told.notice.kind).map(|payment| names.of(payment)) else {
            continue;
        };
        match payments.get(name) {
            None => _ = dangling.insert(told.digest),
            Some(payment) => claims.entry(name).or_default().tell(told, payment.amount, lines),
        }
    }
    for (name, claims) in claims {
        if let Some(payment) = payments.get_mut(name) {
            payment.returns = claims.settle(payment);
        }
    }
    dangling
}

impl<'a> Claims<'a> {
    fn tell(&mut self, told: &'a Told, paid: Option<&Money>, lines: &Classes<&'a str>) {
        let since = Since { at: told.notice.occurred_at, event_id: told.event_id };
        // Money in another currency cannot be compared; it is flagged and no more.
        let minor = |money: &Option<Money>| {
            let money = money.as_ref()?;
            let same = paid.is_none_or(|paid| paid.currency == money.currency);
            same.then(|| money.minor.saturating_abs())
        };
        match &told.notice.kind {
            Kind::Refunded { refund, amount, total, full, lines: returned, .. } => {
                let one = self.refunds.entry(refund).or_default();
                one.minor = one.minor.max(minor(amount).unwrap_or(0));
                one.full |= *full;
                one.since = Some(one.since.map_or(since, |known| known.min(since)));
                returned.iter().for_each(|returned| one.line(returned, lines));
                if let Some(minor) = minor(total)
                    && self.total.is_none_or(|(known, first)| (minor, first) > (known, since))
                {
                    self.total = Some((minor, since));
                }
            }
            Kind::RefundUndone { refund, .. } => {
                self.refunds.entry(refund).or_default().undone = true;
            }
            Kind::Disputed { dispute, state, .. } => {
                self.disputes.entry(dispute).or_default().push((*state, since));
            }
            _ => {}
        }
    }

    /// Amounts by refund id, running totals by maximum; full only at the paid amount in the same
    /// currency, or by the provider's own word.
    fn settle(self, payment: &Payment<'_>) -> Returns<'a> {
        let mut returns = Returns::default();
        let (mut sum, mut undone, mut last) = (0_i64, 0_i64, None);
        for refund in self.refunds.into_values() {
            let Some(since) = refund.since.filter(|_| !refund.undone) else {
                undone = undone.saturating_add(refund.minor);
                continue;
            };
            sum = sum.saturating_add(refund.minor);
            last = last.max(Some(since));
            returns.refunded = true;
            if refund.full {
                returns.gone_since = returns.gone_since.max(Some(since));
            }
            returns
                .lines
                .extend(refund.lines.into_iter().map(|(line, units)| (line, units, since)));
        }
        let total = self.total.map(|(minor, since)| (minor.saturating_sub(undone), since));
        if let Some((minor, since)) = total.filter(|(minor, _)| *minor > sum) {
            (sum, last) = (minor, last.max(Some(since)));
            returns.refunded = true;
        }
        let paid = payment.amount.map(|money| money.minor).filter(|minor| *minor > 0);
        if paid.is_some_and(|paid| sum >= paid) {
            returns.gone_since = returns.gone_since.max(last);
        }
        self.disputes.values().for_each(|tellings| returns.dispute(tellings));
        returns
    }
}

impl<'a> Refund<'a> {
    /// Of two tellings of one line the greater counts; without a number it is all of it.
    fn line(&mut self, returned: &'a ReturnedLine, lines: &Classes<&'a str>) {
        let units = self.lines.entry(lines.of(&returned.line)).or_insert(Some(0));
        *units = match (*units, returned.quantity) {
            (Some(known), Some(told)) => Some(known.max(told)),
            (None, _) | (_, None) => None,
        };
    }
}

impl Returns<'_> {
    /// Closed outranks opened whenever it comes; of two closings the later stands.
    fn dispute(&mut self, tellings: &[(DisputeState, Since)]) {
        let closed = tellings
            .iter()
            .filter(|(state, _)| *state != DisputeState::Opened)
            .max_by_key(|(state, since)| (since.at, *state, since.event_id));
        match closed {
            Some((DisputeState::Lost, since)) => {
                self.gone_since = self.gone_since.max(Some(*since));
                self.disputed = true;
            }
            Some((DisputeState::Won | DisputeState::Opened, _)) => {}
            None => {
                let opened = tellings.iter().map(|(_, since)| *since).min();
                self.disputed_since = self.disputed_since.max(opened);
                self.disputed = true;
            }
        }
    }
}
