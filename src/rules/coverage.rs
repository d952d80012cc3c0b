//! The paid time of one license: a chain of intervals that loses no day, moved by payments,
//! trials, ends and support's acts, in time order.

use chrono::{DateTime, Utc};
use keywright_providers::notice::Period;

use super::fold::Stretch;
use super::product::{Product, Renewal, Start, Term};
use super::span::{FAR, Interval};

/// How far a license is covered, entry by entry.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    end: End,
    /// Only while it ends where the coverage does.
    chain: Option<Chain>,
    /// Where the time that was added last begins, as far as its rule says.
    from: Option<DateTime<Utc>>,
    /// So far only a trial covers it.
    tried_only: bool,
    /// Where the trial ends, as it was told last.
    tried_until: Option<DateTime<Utc>>,
    activated_at: Option<DateTime<Utc>>,
    /// Something was paid whose time runs from the first activation.
    from_activation: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing covers it yet.
    #[default]
    None,
    At(DateTime<Utc>),
    /// Perpetual.
    Never,
}

/// The n-th end is `anchor + n * interval`: counted from the first day, so no day is lost.
#[derive(Debug, Clone, Copy)]
struct Chain {
    anchor: DateTime<Utc>,
    count: u32,
    interval: Interval,
}

/// A payment, as far as time is concerned.
#[derive(Debug)]
pub(super) struct Paying {
    pub(super) at: DateTime<Utc>,
    /// The provider's own period: its end is the truth.
    pub(super) period: Option<Period>,
    /// A renewal was expected, so the buffer applies.
    pub(super) due: bool,
    /// The purchase was over by then, which cuts its time (in a stack).
    pub(super) end: Option<DateTime<Utc>>,
}

impl Coverage {
    pub(super) fn new(activated_at: Option<DateTime<Utc>>) -> Self {
        Self { activated_at, ..Self::default() }
    }

    /// The end of what is covered; `None`: perpetual, or nothing yet.
    pub(super) fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self.end {
            End::At(end) => Some(end),
            End::None | End::Never => None,
        }
    }

    /// How far it reaches now, to be shown to [`Coverage::gained`] later.
    pub(super) fn reaches(&self) -> End {
        self.end
    }

    /// The time that came to it at `at`, since it reached as far as `before`.
    pub(super) fn gained(&mut self, before: End, at: DateTime<Utc>) -> Option<Stretch> {
        let from = self.from.take().unwrap_or(at);
        let from = match (before, self.end) {
            (End::Never, _) | (_, End::None) => return None,
            (End::At(old), End::At(new)) if new <= old => return None,
            (End::At(old), End::At(_) | End::Never) => from.max(old),
            (End::None, End::At(_) | End::Never) => from,
        };
        Some(Stretch { from, until: self.expires_at() })
    }

    /// The time that a payment would cover.
    pub(super) fn forgone(&self, paying: &Paying, product: &Product) -> Stretch {
        let start = paying.period.and_then(|period| period.start);
        let from = start.unwrap_or_else(|| self.later(paying.at));
        let until = match (product.term, paying.period) {
            (Term::Until(date), _) => Some(date),
            (Term::Interval(_) | Term::Perpetual, Some(period)) => Some(period.end),
            (Term::Interval(interval), None) => Some(interval.after(from, 1)),
            (Term::Perpetual, None) => None,
        };
        Stretch { from, until }
    }

    /// Something covers it, or will from its first activation.
    pub(super) fn is_begun(&self) -> bool {
        self.end != End::None || self.from_activation
    }

    /// Waits for its first activation: whatever else covers it meanwhile, what was paid does not run.
    pub(super) fn is_waiting(&self) -> bool {
        self.from_activation && self.activated_at.is_none()
    }

    /// Its time was to run from the first activation.
    pub(super) fn was_waiting(&self) -> bool {
        self.from_activation
    }

    /// Was all of its time over by then?
    pub(super) fn is_over(&self, at: DateTime<Utc>) -> bool {
        matches!(self.end, End::At(end) if end < at)
    }

    /// Adds what a payment covers.
    pub(super) fn pay(&mut self, paying: &Paying, product: &Product) {
        match (product.term, paying.period) {
            (Term::Until(date), _) => self.reach(date),
            (Term::Interval(_) | Term::Perpetual, Some(period)) if product.stack => {
                let start = period.start.unwrap_or(paying.at);
                self.stack(start, paying.end.map_or(period.end, |end| end.min(period.end)));
            }
            (Term::Interval(_) | Term::Perpetual, Some(period)) => {
                self.from = period.start;
                self.reach(period.end);
            }
            (Term::Interval(interval), None) => self.add_interval(paying, interval, product),
            (Term::Perpetual, None) => match paying.end {
                Some(end) => self.reach(end),
                None => self.end = End::Never,
            },
        }
        self.tried_only = false;
    }

    fn add_interval(&mut self, paying: &Paying, interval: Interval, product: &Product) {
        let mut at = paying.at;
        // Only its first time waits: what a trial or support's word began runs on.
        let first = self.from_activation || self.end == End::None;
        if product.start == Start::Activation && first {
            self.from_activation = true;
            let Some(activated_at) = self.activated_at else { return };
            at = at.max(activated_at);
        }
        if let Some(end) = paying.end.filter(|end| *end < interval.after(at, 1)) {
            return self.stack(at, end);
        }
        match self.end {
            End::Never => {}
            End::None => self.restart(at, interval),
            End::At(end) if self.tried_only => self.restart(at.max(end), interval),
            End::At(end) if product.stack => match at > end {
                true => self.restart(at, interval),
                false => self.append(end, interval),
            },
            End::At(end) => match product.renewal {
                Renewal::FromPayment => {
                    self.restart(at, interval);
                    self.reach(end);
                }
                Renewal::FromExpiryUnlessLapsed if at > product.valid_until(end, paying.due) => {
                    self.restart(at, interval);
                }
                Renewal::FromExpiryUnlessLapsed | Renewal::FromExpiry => self.append(end, interval),
            },
        }
    }

    /// The time from `start` to `end`, after what is covered already.
    fn stack(&mut self, start: DateTime<Utc>, end: DateTime<Utc>) {
        if self.end != End::Never {
            let time = (end - start).max(chrono::TimeDelta::zero());
            let from = self.later(start);
            self.from = Some(from);
            self.set(from.checked_add_signed(time).unwrap_or(FAR));
        }
    }

    /// A trial covers until then; one and the same may be moved, either way.
    pub(super) fn trial(&mut self, until: DateTime<Utc>, same: bool) {
        self.tried_only |= self.end == End::None && !self.from_activation;
        let ends = self.expires_at();
        if same && self.tried_only && ends.is_some() && ends == self.tried_until {
            self.set(until);
        } else {
            self.reach(until);
        }
        self.tried_until = Some(until.min(FAR));
    }

    /// No coverage reaches past `at`.
    pub(super) fn end(&mut self, at: DateTime<Utc>) {
        if self.from_activation && self.activated_at.is_none_or(|activated| activated > at) {
            // It was over before it was activated, and waits for that no more.
            self.from_activation = false;
            return self.set(at);
        }
        match self.end {
            End::At(end) if end <= at => {}
            End::At(_) | End::Never => self.set(at),
            End::None => {}
        }
    }

    /// Support sets the date.
    pub(super) fn set(&mut self, date: DateTime<Utc>) {
        let date = date.min(FAR);
        if self.end != End::At(date) {
            self.chain = None;
        }
        self.end = End::At(date);
    }

    /// Support adds to the expiry of that moment: `interval`, or one of the product's. Says what
    /// it added; `None` where nothing can be added (perpetual, or no interval to add).
    pub(super) fn add(
        &mut self,
        at: DateTime<Utc>,
        interval: Option<&str>,
        product: &Product,
    ) -> Option<Interval> {
        let interval = match (interval, product.term) {
            (Some(text), _) => text.parse().ok()?,
            (None, Term::Interval(interval)) => interval,
            (None, Term::Perpetual | Term::Until(_)) => return None,
        };
        match self.end {
            End::Never => return None,
            // It comes to what was paid, when that begins.
            _ if self.is_waiting() => {}
            End::None => self.restart(at, interval),
            End::At(end) => self.append(end, interval),
        }
        Some(interval)
    }

    /// Covers at least until then.
    fn reach(&mut self, date: DateTime<Utc>) {
        if self.end != End::Never {
            self.set(self.later(date));
        }
    }

    fn later(&self, date: DateTime<Utc>) -> DateTime<Utc> {
        self.expires_at().map_or(date, |end| end.max(date))
    }

    fn restart(&mut self, anchor: DateTime<Utc>, interval: Interval) {
        self.from = Some(anchor);
        self.follow(Chain { anchor, count: 1, interval });
    }

    fn append(&mut self, end: DateTime<Utc>, interval: Interval) {
        self.from = Some(end);
        let chain = match self.chain {
            Some(chain) if chain.interval == interval => {
                Chain { count: chain.count.saturating_add(1), ..chain }
            }
            _ => Chain { anchor: end, count: 1, interval },
        };
        self.follow(chain);
    }

    fn follow(&mut self, chain: Chain) {
        self.end = End::At(chain.interval.after(chain.anchor, chain.count));
        self.chain = Some(chain);
    }
}
