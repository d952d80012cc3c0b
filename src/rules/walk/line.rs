//! What stands on the line while it is walked along: does it hold this unit, and of what?

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::Period;

use super::Walk;
use super::standing::Presence;
use crate::rules::product::Product;
use crate::rules::track::{Base, Entry, Goods, What};

/// What stands on the line, as far as one unit is concerned.
#[derive(Clone)]
pub(super) struct OnLine<'a> {
    pub(super) product: Option<&'a Arc<Product>>,
    /// Units bought of each line; several only in a stack.
    pub(super) quantities: BTreeMap<&'a str, u32>,
    pub(super) presence: Presence,
    /// As of when that is told.
    pub(super) as_of: Option<DateTime<Utc>>,
}

impl<'a> Walk<'a> {
    /// What now stands on the line: is this unit of this product among it? Returns the rules by
    /// which time is counted; `None` if the entry is no matter of this unit.
    ///
    /// A unit that the line does not hold (any more, or yet) is walked on all the same: the line
    /// may come to hold it, and is then covered for it too. In a stack a smaller purchase takes
    /// nothing from a larger.
    pub(super) fn hold(&mut self, entry: &Entry<'a>, goods: Goods<'a>) -> Option<&'a Arc<Product>> {
        let (at, purchase) = (entry.at, entry.purchase);
        let own = self.track.pick(entry, goods, self.member);
        let held = own.filter(|product| self.unit <= goods.units(product));
        let stacked = matches!(self.track.base, Base::Stack(_));
        if stacked && held.is_none() {
            return None;
        }
        self.standing(purchase).recurring |= goods.recurring;
        let rules = held.or(own).or_else(|| goods.offer.first());
        // What is stacked has a license of its own, of the next payment on. Until then what was paid
        // for stays.
        let stacks = || goods.offer.iter().any(|product| product.stack);
        let later = matches!(entry.what, What::Changed { .. }) && own.is_none() && stacks();
        if goods.quantity == 0 || later {
            return rules;
        }
        let as_of = self.as_of(entry);
        if !stacked && self.line.as_of.is_some_and(|known| known > as_of) {
            // An invoice that is paid late tells what stood there when its period began.
            return rules;
        }
        self.line.as_of = Some(as_of);
        match (held, self.line.presence) {
            (Some(product), _) => {
                self.line.product = Some(product);
                self.line.quantities.insert(goods.line, goods.quantity);
                if let Presence::DroppedAt(_) = self.line.presence {
                    self.line.presence = Presence::Held;
                }
            }
            (None, Presence::Held) => self.line.presence = Presence::DroppedAt(at),
            (None, Presence::Never) => self.line.product = None,
            (None, Presence::DroppedAt(_)) => {}
        }
        rules
    }

    /// The subscription holds it no more.
    pub(super) fn remove(&mut self, at: DateTime<Utc>) -> Option<String> {
        self.line.as_of = Some(at);
        let held = self.line.presence == Presence::Held;
        held.then(|| {
            self.line.presence = Presence::DroppedAt(at);
            "the subscription was cut down".to_owned()
        })
    }

    /// As of when an entry tells what stands on its line: a renewal, of the beginning of its period.
    fn as_of(&self, entry: &Entry<'a>) -> DateTime<Utc> {
        match (&entry.what, self.coverage.expires_at()) {
            (What::Paid { period: Some(Period { start: Some(start), .. }), .. }, Some(end))
                if *start >= end =>
            {
                entry.at.min(*start)
            }
            _ => entry.at,
        }
    }

    /// The money for what was put on the line then went back: what stood there before, paid for,
    /// stands there again. (Where nothing is paid for, the license is revoked as what it was.)
    pub(super) fn put_back(&mut self, at: DateTime<Utc>, before: OnLine<'a>) {
        if !self.money.stands {
            if let Base::Stack(_) = self.track.base {
                self.line.quantities = before.quantities;
            }
            return;
        }
        match (before.presence, self.line.presence) {
            (Presence::Never, Presence::Held) => self.line.presence = Presence::DroppedAt(at),
            (Presence::Never, _) => {}
            (Presence::Held | Presence::DroppedAt(_), _) => self.line = before,
        }
    }

    /// From here on it is a license, if the line holds it and something covers it.
    pub(super) fn begin(&mut self, at: DateTime<Utc>) {
        let covered = self.coverage.is_begun() || self.money.came;
        if self.line.presence == Presence::Never && self.line.product.is_some() && covered {
            self.line.presence = Presence::Held;
        }
        if self.line.presence == Presence::Held {
            self.starts_at = Some(self.starts_at.map_or(at, |start| start.min(at)));
        }
    }

    /// Support gives a date to a unit that the line dropped: support's word stands.
    pub(super) fn keep(&mut self) {
        if let Presence::DroppedAt(_) = self.line.presence {
            self.line.presence = Presence::Held;
        }
    }
}
