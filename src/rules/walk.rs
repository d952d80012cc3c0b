//! The life of one license: one unit of one product on its track, entry by entry.
//!
//! - `line`: what stands on the line
//! - `standing`: what was seen so far
//! - `outcome`: the license that it comes to

mod line;
mod outcome;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Period, Ref};

use self::line::OnLine;
use self::standing::{Money, Presence, Standing};
use super::coverage::{Coverage, Paying};
use super::fold::{License, Step, StepKind, Stretch};
use super::payments::Payment;
use super::product::{OnRefund, Product, Term};
use super::purchase::Purchase;
use super::returns::Since;
use super::track::{Base, Entry, Goods, Track, What};

/// The names of every line, by the smallest.
pub(super) type Names<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The licenses of a track: one for each product and unit that was ever there and covered.
pub(super) fn licenses<'a>(track: &'a Track<'a>, names: &Names<'a>) -> Vec<License> {
    let members = 0..track.members();
    let each = members.flat_map(|member| (1..=track.units(member)).map(move |unit| (member, unit)));
    each.filter_map(|(member, unit)| Walk::new(track, names, member, unit).run()).collect()
}

/// One unit's walk along its track.
struct Walk<'a> {
    track: &'a Track<'a>,
    member: usize,
    unit: u32,
    slot: String,
    names: BTreeSet<String>,
    /// When support last reinstated it.
    reinstated_at: Option<DateTime<Utc>>,
    /// Nothing that was paid stood then: what had gone back counts again. While some of it
    /// stands, reinstating lifts a suspension and gives no refunded time.
    revived: bool,
    activated_at: Option<DateTime<Utc>>,

    line: OnLine<'a>,
    coverage: Coverage,
    /// What the payment at hand would have covered, had its money not gone back; and the event that
    /// told of that.
    forgone: Option<(Stretch, i64)>,
    purchases: BTreeMap<Purchase<'a>, Standing>,
    starts_at: Option<DateTime<Utc>>,
    money: Money,
    /// A trial was begun.
    tried: bool,
    suspended: bool,
    revoked: bool,
    /// Disputes that suspend it, each with its payment.
    contests: Vec<(Since, &'a Ref)>,
    steps: Vec<Step>,
}

impl<'a> Walk<'a> {
    fn new(track: &'a Track<'a>, names: &Names<'a>, member: usize, unit: u32) -> Self {
        let (slot, names) = track.slots(names, member, unit);
        let mut walk = Self {
            track,
            member,
            unit,
            slot,
            names,
            reinstated_at: None,
            revived: false,
            activated_at: None,
            line: OnLine {
                product: None,
                quantities: BTreeMap::new(),
                presence: Presence::Never,
                as_of: None,
            },
            coverage: Coverage::default(),
            forgone: None,
            purchases: BTreeMap::new(),
            starts_at: None,
            money: Money::default(),
            tried: false,
            suspended: false,
            revoked: false,
            contests: Vec::new(),
            steps: Vec::new(),
        };
        walk.reinstated_at = walk.acts(Act::Reinstate).max();
        walk.revived = walk.reinstated_at.is_some_and(|at| !walk.stood(at));
        walk.activated_at = walk.acts(Act::Activate).min();
        walk.coverage = Coverage::new(walk.activated_at);
        walk
    }

    /// When support (or an activation) did this to this unit.
    fn acts(&self, wanted: Act) -> impl Iterator<Item = DateTime<Utc>> {
        self.track.entries.iter().filter_map(move |entry| match &entry.what {
            What::Adjusted { slot, act, .. } if **act == wanted && self.is_named(*slot) => {
                Some(entry.at)
            }
            _ => None,
        })
    }

    fn is_named(&self, slot: Option<&str>) -> bool {
        slot.is_none_or(|slot| self.names.contains(slot))
    }

    fn run(mut self) -> Option<License> {
        let track = self.track;
        for entry in &track.entries {
            let before = self.coverage.reaches();
            let Some(text) = self.step(entry) else { continue };
            let gained = self.coverage.gained(before, entry.at);
            let (kind, covers, event_id) = match self.forgone.take() {
                Some((forgone, event_id)) => (StepKind::Returned, Some(forgone), event_id),
                None => (entry.what.kind(), gained, entry.told.event_id),
            };
            let (covers, text, dropped_at) = match self.line.presence {
                Presence::DroppedAt(at) => {
                    (None, format!("{text}; this license is no part of it any more"), Some(at))
                }
                Presence::Never | Presence::Held => (covers, text, None),
            };
            let expires_at = self.coverage.expires_at();
            let expires_at = dropped_at.map_or(expires_at, |dropped| {
                Some(expires_at.map_or(dropped, |end| end.min(dropped)))
            });
            self.steps.push(Step { at: entry.at, event_id, kind, covers, text, expires_at });
        }
        self.tell_contests();
        self.license()
    }

    /// Open disputes move no date, and stand at their own time among the steps.
    fn tell_contests(&mut self) {
        for (since, payment) in std::mem::take(&mut self.contests) {
            let place = self.steps.partition_point(|step| step.at <= since.at);
            let before = place.checked_sub(1).and_then(|last| self.steps.get(last));
            let step = Step {
                at: since.at,
                event_id: since.event_id,
                kind: StepKind::Told,
                covers: None,
                text: format!("{payment} is disputed, so it is suspended"),
                expires_at: before.and_then(|step| step.expires_at),
            };
            self.steps.insert(place, step);
        }
    }

    /// Takes one entry; says what it did, if it bore on this unit.
    fn step(&mut self, entry: &'a Entry<'a>) -> Option<String> {
        let (at, of) = (entry.at, entry.purchase);
        match &entry.what {
            What::Paid { goods, payment, period } => {
                let before = payment.returns.any().then(|| self.line.clone());
                let rules = self.hold(entry, *goods)?;
                let text = self.pay(entry, *goods, rules, payment, *period);
                self.begin(period.and_then(|period| period.start).unwrap_or(at));
                if let Some(before) = before.filter(|_| self.forgone.is_some()) {
                    self.put_back(at, before);
                }
                Some(text)
            }
            What::Trial { goods, until } => {
                self.hold(entry, *goods)?;
                let until = self.cut(of, at).map_or(*until, |end| end.min(*until));
                self.tried = true;
                let stacked = matches!(self.track.base, Base::Stack(_));
                self.coverage.trial(until, !stacked);
                self.begin(at);
                Some(format!("a trial covers until {}", day(until)))
            }
            What::Issued { goods, expires_at } => {
                let rules = self.hold(entry, *goods)?;
                self.money.stands = true;
                match expires_at {
                    Some(date) => self.coverage.set(*date),
                    None => self
                        .coverage
                        .pay(&Paying { at, period: None, due: false, end: None }, rules),
                }
                self.begin(at);
                Some("given by support".to_owned())
            }
            What::Changed { goods } => {
                self.hold(entry, *goods)?;
                self.begin(at);
                Some(self.describe(*goods))
            }
            What::Removed => self.remove(at),
            What::Fee { payment } => {
                let standing = self.standing(of);
                standing.settled_at = standing.settled_at.max(Some(at));
                self.given(payment);
                Some(format!("{} was paid, and covers no time", payment.name))
            }
            What::Ended { at: end } => {
                let standing = self.standing(of);
                // What is over is paused no more; and it may be bought again.
                (standing.ended_at, standing.paused) = (Some(at), false);
                if matches!(self.track.base, Base::Line(_)) {
                    self.coverage.end(*end);
                }
                Some(format!("over since {}", day(*end)))
            }
            What::Canceled => {
                self.standing(of).canceled = true;
                Some("canceled: it will not renew".to_owned())
            }
            What::Uncanceled => self.undo(of, |standing| &mut standing.canceled, "it will renew"),
            What::PaymentFailed => {
                self.standing(of).failed_at = Some(at);
                Some("a payment failed".to_owned())
            }
            What::Paused => {
                self.standing(of).paused = true;
                Some("paused".to_owned())
            }
            What::Resumed => self.undo(of, |standing| &mut standing.paused, "resumed"),
            What::Adjusted { slot, act, by } => {
                if self.is_named(*slot) {
                    self.adjust(at, act, by)
                } else {
                    None
                }
            }
        }
    }

    fn standing(&mut self, purchase: Purchase<'a>) -> &mut Standing {
        self.purchases.entry(purchase).or_default()
    }

    /// Takes a flag back; says so only where it was set, as some providers tell with every
    /// change that all is well.
    fn undo(
        &mut self,
        purchase: Purchase<'a>,
        flag: fn(&mut Standing) -> &mut bool,
        text: &str,
    ) -> Option<String> {
        std::mem::take(flag(self.standing(purchase))).then(|| text.to_owned())
    }

    /// Since when the money for this unit is gone, if it is.
    fn gone(&self, goods: Goods<'a>, payment: &Payment<'a>) -> Option<Since> {
        let gone = payment.returns.gone_since.filter(|since| self.counts(since.at));
        // Given back are the last units; seats are one license as long as one is left.
        let units = self.given_back(goods, payment);
        gone.or(units
            .filter(|(units, _)| self.unit > goods.quantity - units)
            .map(|(_, since)| since))
    }

    fn given_back(&self, goods: Goods<'a>, payment: &Payment<'a>) -> Option<(u32, Since)> {
        let units = payment.returns.units(goods.line, goods.quantity);
        units.filter(|(_, since)| self.counts(since.at))
    }

    fn pay(
        &mut self,
        entry: &Entry<'a>,
        goods: Goods<'a>,
        rules: &Product,
        payment: &Payment<'a>,
        period: Option<Period>,
    ) -> String {
        let name = payment.name;
        self.money.came = true;
        let contested = self.given(payment);
        let stacked = matches!(self.track.base, Base::Stack(_));
        let paying = Paying { at: entry.at, period, due: false, end: None };
        if rules.on_refund == OnRefund::Revoke {
            if let Some(since) = self.gone(goods, payment) {
                self.forgone = Some((self.coverage.forgone(&paying, rules), since.event_id));
                return format!("{name} does not count: the money went back {}", day(since.at));
            }
            let given_back = self.given_back(goods, payment).map_or(0, |(units, _)| units);
            if given_back > 0
                && let Some(quantity) = self.line.quantities.get_mut(goods.line)
            {
                *quantity = (*quantity).min(goods.quantity - given_back);
            }
        }
        if let Some(since) = contested.filter(|_| stacked) {
            self.money.withheld = true;
            self.forgone = Some((self.coverage.forgone(&paying, rules), since.event_id));
            return format!("{name} does not count while it is disputed, since {}", day(since.at));
        }
        if stacked && self.coverage.is_over(entry.at) {
            // How many were bought for a time that is over says nothing of this one.
            self.line.quantities.retain(|line, _| *line == goods.line);
        }
        self.money.stands = true;
        let due = self.is_renewing();
        let end = self.cut(entry.purchase, payment.at);
        let standing = self.standing(entry.purchase);
        standing.canceled &= standing.ended_at.is_none_or(|ended| payment.at <= ended);
        standing.paid_at = standing.paid_at.max(Some(payment.at));
        self.coverage.pay(&Paying { at: entry.at, period, due, end }, rules);
        match (period, rules.term) {
            (_, Term::Until(date)) => format!("{name} covers until {}", day(date)),
            (Some(period), _) => {
                format!("{name} covers until {} by the provider's word", day(period.end))
            }
            (None, Term::Interval(interval)) => format!("{name} covers {interval}"),
            (None, Term::Perpetual) => format!("{name} covers for ever"),
        }
    }

    /// Notes what went back of a payment, and whether it is disputed (and support did not override
    /// that).
    fn given(&mut self, payment: &Payment<'a>) -> Option<Since> {
        let returns = &payment.returns;
        self.money.refunded |= returns.refunded || returns.gone_since.is_some();
        self.money.disputed |= returns.disputed;
        let contested = returns.disputed_since.filter(|since| !self.reinstated(since.at));
        let stacked = matches!(self.track.base, Base::Stack(_));
        if let Some(since) = contested.filter(|_| !stacked) {
            self.money.contested = true;
            self.contests.push((since, payment.name));
        }
        contested
    }

    /// Does what went back then still count? Not if support revived the license later.
    fn counts(&self, since: DateTime<Utc>) -> bool {
        !(self.revived && self.reinstated(since))
    }

    /// Did some payment stand for this unit then?
    fn stood(&self, then: DateTime<Utc>) -> bool {
        self.track.entries.iter().any(|entry| match &entry.what {
            What::Paid { goods, payment, .. } if entry.at <= then => {
                let units = payment.returns.units(goods.line, goods.quantity);
                let given = units.filter(|(units, _)| self.unit > goods.quantity - units);
                let gone = payment.returns.gone_since.or(given.map(|(_, since)| since));
                gone.is_none_or(|since| since.at > then)
            }
            _ => false,
        })
    }

    fn reinstated(&self, since: DateTime<Utc>) -> bool {
        self.reinstated_at.is_some_and(|at| at > since)
    }

    /// In a stack only the time of its own purchase is cut by an end that comes later.
    fn cut(&self, purchase: Purchase<'a>, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Base::Stack(_) = self.track.base else { return None };
        let ends = self.track.entries.iter().filter_map(|entry| match entry.what {
            What::Ended { at } if entry.purchase == purchase && entry.at >= from => Some(at),
            _ => None,
        });
        ends.min()
    }

    fn adjust(&mut self, at: DateTime<Utc>, act: &Act, by: &str) -> Option<String> {
        let text = match act {
            Act::Issue { .. } => return None,
            Act::Renew { interval } => {
                let added = self.coverage.add(at, interval.as_deref(), self.line.product?)?;
                self.keep();
                format!("{by} added {added}")
            }
            Act::SetExpiry { expires_at } => {
                self.coverage.set(*expires_at);
                self.keep();
                format!("{by} set the expiry to {}", day(*expires_at))
            }
            Act::Suspend => {
                self.suspended = true;
                format!("{by} suspended it")
            }
            Act::Reinstate => {
                (self.suspended, self.revoked) = (false, false);
                self.purchases.values_mut().for_each(|standing| standing.paused = false);
                format!("{by} reinstated it")
            }
            Act::Revoke => {
                self.revoked = true;
                format!("{by} revoked it")
            }
            Act::Activate => "activated".to_owned(),
        };
        Some(text)
    }

    fn describe(&self, goods: Goods<'a>) -> String {
        let products: Vec<&str> = goods.offer.iter().map(|product| product.id.as_str()).collect();
        format!("the subscription is now {} × {}", goods.quantity, products.join(" + "))
    }
}

fn day(at: DateTime<Utc>) -> String {
    format!("{} UTC", at.naive_utc())
}
