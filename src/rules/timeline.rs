//! The life of one order line: its entries in time order, walked once for each of its units.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Kind, Period};

use super::coverage::Coverage;
use super::fold::{Classes, License, Step, Told, rank};
use super::license::{Flag, State};
use super::payments::Payment;
use super::product::{OnRefund, Product, Quantity};

/// What bears on one member of one order line (or on all stacked purchases of one product).
#[derive(Debug)]
pub(super) struct Track {
    base: String,
    member: usize,
    /// The line classes that feed it.
    pub(super) lines: BTreeSet<String>,
    /// Every name of those lines.
    pub(super) names: BTreeSet<String>,
    /// A subscription: a renewal is expected.
    pub(super) recurring: bool,
    pub(super) entries: Vec<Entry>,
}

/// One entry of a track.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: DateTime<Utc>,
    pub(super) rank: u8,
    pub(super) digest: [u8; 32],
    pub(super) event_id: i64,
    pub(super) what: What,
}

/// What an entry does.
#[derive(Debug, Clone)]
pub(super) enum What {
    Paid {
        /// Index among the sale's payments.
        payment: usize,
        line: String,
        product: Arc<Product>,
        quantity: u32,
        period: Option<Period>,
    },
    Trial {
        until: DateTime<Utc>,
        product: Arc<Product>,
        quantity: u32,
    },
    Issued {
        product: Arc<Product>,
        quantity: u32,
        expires_at: Option<DateTime<Utc>>,
    },
    Changed {
        product: Arc<Product>,
        quantity: u32,
    },
    Canceled,
    Uncanceled,
    Ended {
        at: DateTime<Utc>,
    },
    PaymentFailed,
    Paused,
    Resumed,
    /// By support, for one slot or for all.
    Adjusted {
        slot: Option<String>,
        act: Act,
        by: String,
    },
}

impl Track {
    pub(super) fn new(base: String, member: usize) -> Self {
        Self {
            base,
            member,
            lines: BTreeSet::new(),
            names: BTreeSet::new(),
            recurring: false,
            entries: Vec::new(),
        }
    }

    /// Takes what a notice says of the whole sale or of this track's line.
    pub(super) fn tell(&mut self, one: &Told, classes: &Classes<String>) {
        let line = one.notice.line.as_ref();
        let what = match &one.notice.kind {
            Kind::Canceled { .. } => What::Canceled,
            Kind::Uncanceled => What::Uncanceled,
            Kind::Ended { at } => What::Ended { at: *at },
            Kind::PaymentFailed => What::PaymentFailed,
            Kind::Paused => What::Paused,
            Kind::Resumed => What::Resumed,
            Kind::Adjusted { act: Act::Issue { .. }, .. } => return,
            Kind::Adjusted { act, by, .. } => {
                What::Adjusted { slot: line.cloned(), act: act.clone(), by: by.clone() }
            }
            Kind::Paid { .. }
            | Kind::Trial { .. }
            | Kind::Changed { .. }
            | Kind::Refunded { .. }
            | Kind::RefundUndone { .. }
            | Kind::Disputed { .. }
            | Kind::Linked
            | Kind::Customer => return,
        };
        let by_support = matches!(what, What::Adjusted { .. });
        if !by_support && line.is_some_and(|line| !self.lines.contains(&classes.of(line))) {
            return;
        }
        self.entries.push(Entry {
            at: one.notice.occurred_at,
            rank: rank(&one.notice.kind),
            digest: one.digest,
            event_id: one.event_id,
            what,
        });
    }

    /// The licenses of this track: one a unit, or one for all its seats. None as long as
    /// nothing covers it.
    pub(super) fn licenses(mut self, payments: &[Payment]) -> Vec<License> {
        for entry in &mut self.entries {
            // Stacked time counts from where it was bought for, not from when it was paid.
            if let What::Paid { product, period: Some(Period { start: Some(start), .. }), .. } =
                &entry.what
                && product.stack
            {
                entry.at = *start;
            }
        }
        self.entries.sort_by_key(|entry| (entry.at, entry.rank, entry.digest));
        let covered = |entry: &&Entry| {
            matches!(entry.what, What::Paid { .. } | What::Trial { .. } | What::Issued { .. })
        };
        if self.entries.iter().find(covered).is_none() {
            return Vec::new();
        }
        let units = self.entries.iter().filter_map(|entry| entry.what.units()).max().unwrap_or(1);
        (1..=units).filter_map(|unit| Walk::new(&self, unit, payments).run()).collect()
    }

    fn slot(&self, name: &str, unit: u32) -> String {
        format!("{name}/{}.{unit}", self.member)
    }
}

impl What {
    /// Product and quantity, where the entry tells them.
    fn bought(&self) -> Option<(&Arc<Product>, u32)> {
        match self {
            Self::Paid { product, quantity, .. }
            | Self::Trial { product, quantity, .. }
            | Self::Issued { product, quantity, .. }
            | Self::Changed { product, quantity } => Some((product, *quantity)),
            _ => None,
        }
    }

    /// How many licenses it tells of.
    fn units(&self) -> Option<u32> {
        self.bought().map(|(product, quantity)| match product.quantity {
            Quantity::Keys => quantity,
            Quantity::Seats => 1,
        })
    }
}

/// One unit's walk along its track.
struct Walk<'a> {
    track: &'a Track,
    unit: u32,
    payments: &'a [Payment],
    slot: String,
    names: BTreeSet<String>,
    product: Option<Arc<Product>>,
    quantity: u32,
    coverage: Coverage,
    /// Of a payment each: did it pay, does it still stand.
    paid: (u32, u32),
    given: bool,
    trial: bool,
    canceled: bool,
    ended: bool,
    past_due: bool,
    paused: bool,
    suspended: bool,
    revoked: bool,
    disputed: bool,
    refunded: bool,
    dropped_at: Option<DateTime<Utc>>,
    starts_at: Option<DateTime<Utc>>,
    steps: Vec<Step>,
}

impl<'a> Walk<'a> {
    fn new(track: &'a Track, unit: u32, payments: &'a [Payment]) -> Self {
        let slot = track.slot(&track.base, unit);
        let mut names: BTreeSet<String> =
            track.names.iter().map(|name| track.slot(name, unit)).collect();
        names.insert(slot.clone());
        let activated_at = track.entries.iter().find_map(|entry| match &entry.what {
            What::Adjusted { slot: named, act: Act::Activate, .. } => {
                named.as_ref().is_none_or(|named| names.contains(named)).then_some(entry.at)
            }
            _ => None,
        });
        Self {
            track,
            unit,
            payments,
            slot,
            names,
            product: None,
            quantity: 1,
            coverage: Coverage::new(activated_at),
            paid: (0, 0),
            given: false,
            trial: false,
            canceled: false,
            ended: false,
            past_due: false,
            paused: false,
            suspended: false,
            revoked: false,
            disputed: false,
            refunded: false,
            dropped_at: None,
            starts_at: None,
            steps: Vec::new(),
        }
    }

    fn run(mut self) -> Option<License> {
        let track = self.track;
        for entry in &track.entries {
            if let Some(text) = self.step(entry) {
                self.steps.push(Step {
                    at: entry.at,
                    event_id: entry.event_id,
                    text,
                    expires_at: self.coverage.expires_at(),
                });
            }
        }
        self.disputes();
        self.license()
    }

    /// Takes one entry; says what it did.
    fn step(&mut self, entry: &Entry) -> Option<String> {
        if let Some((product, quantity)) = entry.what.bought() {
            self.product = Some(Arc::clone(product));
            self.quantity = quantity;
            self.dropped_at = match entry.what.units() {
                Some(units) if self.unit > units => self.dropped_at.or(Some(entry.at)),
                _ => None,
            };
        }
        let at = entry.at;
        match &entry.what {
            What::Paid { payment, line, product, quantity, period } => {
                let payment = self.payments.get(*payment)?;
                Some(self.pay(at, payment, line, product, *quantity, *period))
            }
            What::Trial { until, .. } => {
                self.begin(at);
                self.trial = true;
                self.coverage.trial(*until);
                Some(format!("a trial covers until {}", day(*until)))
            }
            What::Issued { product, expires_at, .. } => {
                self.begin(at);
                self.given = true;
                match expires_at {
                    Some(date) => self.coverage.set(*date),
                    None => self.coverage.pay(at, product, None),
                }
                Some("given by support".to_owned())
            }
            What::Changed { product, quantity } => {
                Some(format!("the subscription is now {quantity} × {}", product.id))
            }
            What::Canceled => {
                self.turn(|walk| &mut walk.canceled, true, "canceled: it will not renew")
            }
            What::Uncanceled => {
                self.turn(|walk| &mut walk.canceled, false, "it will renew after all")
            }
            What::Ended { at } => {
                self.ended = true;
                self.coverage.end(*at);
                Some(format!("ended {}", day(*at)))
            }
            What::PaymentFailed => self.turn(|walk| &mut walk.past_due, true, "a payment failed"),
            What::Paused => self.turn(|walk| &mut walk.paused, true, "paused"),
            What::Resumed => self.turn(|walk| &mut walk.paused, false, "resumed"),
            What::Adjusted { slot, act, by } => {
                let mine = slot.as_ref().is_none_or(|slot| self.names.contains(slot));
                if mine { self.adjust(at, act, by) } else { None }
            }
        }
    }

    fn turn(&mut self, flag: fn(&mut Self) -> &mut bool, to: bool, text: &str) -> Option<String> {
        *flag(self) = to;
        Some(text.to_owned())
    }

    fn begin(&mut self, at: DateTime<Utc>) {
        self.starts_at = Some(self.starts_at.map_or(at, |start| start.min(at)));
    }

    fn pay(
        &mut self,
        at: DateTime<Utc>,
        payment: &Payment,
        line: &str,
        product: &Arc<Product>,
        quantity: u32,
        period: Option<Period>,
    ) -> String {
        let name = payment.refs.first().map(ToString::to_string).unwrap_or_default();
        self.begin(period.and_then(|period| period.start).unwrap_or(at));
        self.paid.0 += 1;
        self.refunded |= payment.refunded_since.is_some() || payment.gone_since.is_some();
        self.disputed |= payment.disputed;
        let gone = payment.gone_since.or_else(|| self.returned(payment, line, quantity));
        if let Some(since) = gone.filter(|since| !self.reinstated_after(*since))
            && product.on_refund == OnRefund::Revoke
        {
            return format!("payment {name} does not count: its money went back {}", day(since));
        }
        self.paid.1 += 1;
        self.past_due = false;
        self.ended = false;
        self.trial = false;
        self.coverage.pay(at, product, period);
        match period {
            Some(period) => {
                format!("payment {name} covers until {} by the provider's word", day(period.end))
            }
            None => format!("payment {name} covers {}", term(product)),
        }
    }

    /// Since when this unit of the line was given back, where the provider named lines.
    fn returned(&self, payment: &Payment, line: &str, quantity: u32) -> Option<DateTime<Utc>> {
        let of_line = payment.returned.iter().filter(|(returned, _)| returned.line == line);
        let (mut units, mut since) = (0_u32, None);
        for (returned, at) in of_line {
            units = units.saturating_add(returned.quantity.unwrap_or(quantity));
            since = since.max(Some(*at));
        }
        // Given back are the last units; seats are one license until all are.
        let left = quantity.saturating_sub(units);
        since.filter(|_| self.unit > left)
    }

    fn reinstated_after(&self, since: DateTime<Utc>) -> bool {
        self.track.entries.iter().any(|entry| match &entry.what {
            What::Adjusted { slot, act: Act::Reinstate, .. } => {
                entry.at > since && slot.as_ref().is_none_or(|slot| self.names.contains(slot))
            }
            _ => false,
        })
    }

    fn adjust(&mut self, at: DateTime<Utc>, act: &Act, by: &str) -> Option<String> {
        let text = match act {
            Act::Issue { .. } => return None,
            Act::Renew { interval } => {
                let product = Arc::clone(self.product.as_ref()?);
                let added = self.coverage.add(at, interval.as_deref(), &product)?;
                format!("{by} added {added}")
            }
            Act::SetExpiry { expires_at } => {
                self.coverage.set(*expires_at);
                format!("{by} set the expiry to {}", day(*expires_at))
            }
            Act::Suspend => {
                self.suspended = true;
                format!("{by} suspended it")
            }
            Act::Reinstate => {
                (self.suspended, self.revoked, self.paused) = (false, false, false);
                format!("{by} reinstated it")
            }
            Act::Revoke => {
                self.revoked = true;
                format!("{by} revoked it")
            }
            Act::Activate => "first activated".to_owned(),
        };
        Some(text)
    }

    /// An open dispute suspends what its payment covers, until support says otherwise.
    fn disputes(&mut self) {
        let open = self
            .track
            .entries
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Paid { payment, .. } => self.payments.get(*payment),
                _ => None,
            })
            .flat_map(|payment| &payment.disputed_since);
        let open: Vec<DateTime<Utc>> =
            open.copied().filter(|since| !self.reinstated_after(*since)).collect();
        self.suspended |= !open.is_empty();
    }

    fn license(self) -> Option<License> {
        let product = self.product.clone()?;
        let expires_at = match (self.coverage.expires_at(), self.dropped_at) {
            (Some(expiry), Some(dropped)) => Some(expiry.min(dropped)),
            (expiry, dropped) => expiry.or(dropped),
        };
        let (paid, standing) = self.paid;
        let state = match () {
            () if self.revoked || (paid > 0 && standing == 0 && !self.given) => State::Revoked,
            () if self.suspended || self.paused => State::Suspended,
            () if self.coverage.pending() => State::Pending,
            () => State::Active,
        };
        let renews =
            self.track.recurring && !self.canceled && !self.ended && self.dropped_at.is_none();
        let valid_until = expires_at.map(|end| {
            let end = if renews { product.buffer.after(end, 1) } else { end };
            product.grace.after(end, 1)
        });
        let flags = [
            (Flag::PastDue, self.past_due),
            (Flag::Canceled, self.canceled),
            (Flag::Trial, self.trial),
            (Flag::Ended, self.ended),
            (Flag::Refunded, self.refunded),
            (Flag::Disputed, self.disputed),
            (Flag::Paused, self.paused),
        ];
        let seats = License::seats(&product, self.quantity);
        Some(License {
            slot: self.slot,
            names: self.names,
            state,
            starts_at: self
                .coverage
                .activated_at()
                .filter(|_| product.start == super::product::Start::Activation)
                .or(self.starts_at)?,
            expires_at,
            valid_until,
            flags: flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect(),
            quantity: seats,
            max_activations: product.max_activations.saturating_mul(seats),
            product,
            steps: self.steps,
        })
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn term(product: &Product) -> String {
    match product.term {
        super::product::Term::Perpetual => "for ever".to_owned(),
        super::product::Term::Interval(interval) => interval.to_string(),
        super::product::Term::Until(date) => format!("until {}", day(date)),
    }
}
