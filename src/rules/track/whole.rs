//! What a subscription holds as a whole: the lines that come to it, and those that leave it.
//!
//! Money for a line that comes later is often asked for with the next renewal, and the customer has
//! what he ordered at once. So it is covered by what was paid for the others, as further units of a
//! line are.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Kind, Line, Period, Ref};

use super::{Base, Entry, Goods, Tracks, What};
use crate::rules::fold::{Told, most};
use crate::rules::payments::{PaidLine, Payment, subscriptions};

/// Is the line known as one that recurs by this telling of it?
pub(super) fn recurs(kind: &Kind, line: &Line) -> bool {
    match kind {
        Kind::Paid { .. } => line.period.is_some(),
        Kind::Changed { whole, .. } => *whole,
        kind => matches!(kind, Kind::Trial { .. }),
    }
}

/// A telling of all the lines of a subscription.
#[derive(Clone, Copy)]
struct Whole<'a> {
    told: &'a Told,
    at: DateTime<Utc>,
    subscription: &'a Ref,
    lines: &'a [Line],
}

impl<'a> Tracks<'a> {
    /// Compares what each subscription holds from time to time.
    pub(super) fn come_and_go(&mut self, told: &[&'a Told], payments: &'a [Payment<'a>]) {
        for whole in told.iter().flat_map(|told| Whole::told_by(told)) {
            for line in whole.lines {
                let class = self.lines.of(&line.line);
                if self.is_new(class, whole.at) {
                    self.come(whole, line, class, told, payments);
                }
            }
            self.go(whole);
        }
    }

    /// Did nothing cover this line by then, since it last was no part of the whole?
    fn is_new(&self, class: &'a str, at: DateTime<Utc>) -> bool {
        let entries = self.all.get(&Base::Line(class)).map_or(&[][..], |track| &track.entries);
        let gone = |entry: &&Entry<'a>| entry.at < at && matches!(entry.what, What::Removed);
        let gone = entries.iter().filter(gone).map(|entry| entry.at).max();
        !entries.iter().filter(|entry| entry.at <= at && Some(entry.at) > gone).any(|entry| {
            matches!(entry.what, What::Paid { .. } | What::Trial { .. } | What::Issued { .. })
        })
    }

    /// The payments and trials for the others, of a time that had begun by then.
    fn come(
        &mut self,
        whole: Whole<'a>,
        line: &'a Line,
        class: &'a str,
        told: &[&'a Told],
        payments: &'a [Payment<'a>],
    ) {
        let Some(offer) = self.catalogue.offer(self.account, &line.item) else { return };
        if !(1..=most(offer)).contains(&line.quantity) {
            return;
        }
        let goods = Goods { line: class, offer, quantity: 0, recurring: true };
        let mut entries = Vec::new();
        for payment in payments {
            let of_whole = |paid: &&PaidLine<'a>| paid.recurring && whole.is_of(paid.told);
            let others = payment.lines.iter().filter(of_whole);
            let Some(other) = others.max_by_key(|paid| paid.line.period.map(|period| period.end))
            else {
                continue;
            };
            let period = other.line.period.map(|period| match line.period {
                // A period of its own, in a subscription of several.
                Some(own) => Period { end: period.end.min(own.end), ..period },
                None => period,
            });
            let since = period.and_then(|period| period.start).unwrap_or(payment.at);
            let own = payment.lines.iter().any(|paid| self.lines.of(&paid.line.line) == class);
            if !own && since.min(payment.at) <= whole.at {
                entries.push((payment.at, other.told, What::Paid { goods, payment, period }));
            }
        }
        for told in told.iter().filter(|told| whole.is_of(told)) {
            let at = told.notice.occurred_at;
            if let Kind::Trial { until, .. } = told.notice.kind
                && at <= whole.at
            {
                entries.push((at, told, What::Trial { goods, until }));
            }
        }
        let purchases = &self.purchases;
        let Some(track) = self.all.get_mut(&Base::Line(class)) else { return };
        let shared =
            |entry: &&Entry<'a>| entry.what.goods().is_some_and(|goods| goods.quantity == 0);
        let known: BTreeSet<[u8; 32]> =
            track.entries.iter().filter(shared).map(|entry| entry.told.digest).collect();
        let new = entries.into_iter().filter(|(_, told, _)| !known.contains(&told.digest));
        let new = new.map(|(at, told, what)| Entry::new(at, told, purchases.of(told), what));
        track.entries.extend(new);
    }

    /// What else was a line of the subscription is one no more.
    fn go(&mut self, whole: Whole<'a>) {
        let held: BTreeSet<&str> =
            whole.lines.iter().map(|line| self.lines.of(&line.line)).collect();
        let purchase = self.purchases.of(whole.told);
        for (base, track) in &mut self.all {
            if let Base::Line(class) = base
                && track.subscriptions.contains(whole.subscription)
                && !held.contains(class)
            {
                track.entries.push(Entry::new(whole.at, whole.told, purchase, What::Removed));
            }
        }
    }
}

impl<'a> Whole<'a> {
    fn told_by(told: &'a Told) -> impl Iterator<Item = Self> {
        let lines = match &told.notice.kind {
            Kind::Changed { lines, whole: true } => lines.as_slice(),
            _ => &[],
        };
        let at = told.notice.occurred_at;
        let of = subscriptions(&told.notice).filter(move |_| !lines.is_empty());
        of.map(move |subscription| Self { told, at, subscription, lines })
    }

    fn is_of(&self, told: &Told) -> bool {
        subscriptions(&told.notice).any(|name| name == self.subscription)
    }
}
