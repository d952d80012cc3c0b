//! The paid time of one license: a chain of intervals that loses no day, moved by payments,
//! trials, ends and support's acts, in time order.

use chrono::{DateTime, Utc};
use keywright_providers::notice::Period;

use super::product::{Product, Renewal, Start, Term};
use super::span::{FAR, Interval};

/// How far a license is covered, entry by entry.
#[derive(Debug)]
pub(super) struct Coverage {
    end: End,
    chain: Option<Chain>,
    trial_until: Option<DateTime<Utc>>,
    activated_at: Option<DateTime<Utc>>,
    pending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing covers it yet.
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

impl Coverage {
    pub(super) fn new(activated_at: Option<DateTime<Utc>>) -> Self {
        Self { end: End::None, chain: None, trial_until: None, activated_at, pending: false }
    }

    /// The end of what is covered; `None`: perpetual, or nothing yet.
    pub(super) fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self.end {
            End::At(end) => Some(end),
            End::None | End::Never => None,
        }
    }

    /// Waits for its first activation.
    pub(super) fn pending(&self) -> bool {
        self.pending && self.end == End::None
    }

    pub(super) fn activated_at(&self) -> Option<DateTime<Utc>> {
        self.activated_at
    }

    /// A payment at `at`. The provider's own period end is the truth; else the product's term.
    pub(super) fn pay(&mut self, at: DateTime<Utc>, product: &Product, period: Option<Period>) {
        match (product.term, period) {
            (Term::Until(date), _) => self.set(date),
            (_, Some(period)) if product.stack => {
                let start = period.start.unwrap_or(at);
                self.set(self.later(start) + (period.end - start));
            }
            (_, Some(period)) => {
                if self.end != End::Never {
                    self.set(self.later(period.end));
                }
            }
            (Term::Interval(interval), None) => self.pay_interval(at, interval, product),
            (Term::Perpetual, None) => self.end = End::Never,
        }
    }

    fn pay_interval(&mut self, at: DateTime<Utc>, interval: Interval, product: &Product) {
        let mut at = at;
        if product.start == Start::Activation && self.trial_until.is_none() {
            let Some(activated_at) = self.activated_at else {
                self.pending = true;
                return;
            };
            at = at.max(activated_at);
        }
        let from_payment = at.max(self.trial_until.unwrap_or(at));
        let lapsed = |end: DateTime<Utc>| {
            let late = if product.stack {
                end
            } else {
                product.grace.after(product.buffer.after(end, 1), 1)
            };
            at > late
        };
        match self.end {
            End::Never => {}
            End::None => self.restart(from_payment, interval),
            End::At(end) => match product.renewal {
                Renewal::FromPayment => {
                    self.restart(from_payment, interval);
                    self.end = End::At(self.later(end));
                }
                Renewal::FromExpiryUnlessLapsed if lapsed(end) => {
                    self.restart(from_payment, interval)
                }
                Renewal::FromExpiryUnlessLapsed | Renewal::FromExpiry => self.append(end, interval),
            },
        }
    }

    /// A trial covers until then.
    pub(super) fn trial(&mut self, until: DateTime<Utc>) {
        self.trial_until = self.trial_until.max(Some(until));
        if self.end != End::Never {
            self.set(self.later(until));
        }
    }

    /// No coverage reaches past `at`.
    pub(super) fn end(&mut self, at: DateTime<Utc>) {
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
            End::None => self.restart(at, interval),
            End::At(end) => self.append(end, interval),
        }
        Some(interval)
    }

    fn later(&self, date: DateTime<Utc>) -> DateTime<Utc> {
        self.expires_at().map_or(date, |end| end.max(date))
    }

    fn restart(&mut self, anchor: DateTime<Utc>, interval: Interval) {
        self.follow(Chain { anchor, count: 1, interval });
    }

    fn append(&mut self, end: DateTime<Utc>, interval: Interval) {
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
