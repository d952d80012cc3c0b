//! Tracks: what is told of each order line, sorted by line, ready to be walked.
//!
//! - `what`: what an entry does
//! - `whole`: the lines that come to a subscription and that leave it

mod what;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Kind, Line, Notice, Period, Ref};

pub(super) use self::what::{Goods, What};
use self::whole::recurs;

use super::classes::Classes;
use super::fold::{Problem, Told, most, rank};
use super::payments::{PaidLine, Payment, subscribed, subscriptions};
use super::product::{Catalogue, Offer, Product};
use super::purchase::{Purchase, Purchases};

/// What a track is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base<'a> {
    /// One order line, by the smallest of its names.
    Line(&'a str),
    /// All purchases of one stacked product.
    Stack(&'a str),
}

/// What bears on one order line, or on all stacked purchases of one product.
#[derive(Debug)]
pub(super) struct Track<'a> {
    pub(super) base: Base<'a>,
    /// The lines that feed it.
    lines: BTreeSet<&'a str>,
    purchases: BTreeSet<Purchase<'a>>,
    /// Those that it is a recurring line of.
    subscriptions: BTreeSet<&'a Ref>,
    /// By time; at one instant by rank.
    pub(super) entries: Vec<Entry<'a>>,
}

/// One entry of a track.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) told: &'a Told,
    pub(super) purchase: Purchase<'a>,
    pub(super) what: What<'a>,
    /// For each member of the track the place of its product in the offer; empty where each is at
    /// its own.
    places: Vec<Option<usize>>,
}

/// The tracks of a sale.
#[derive(Debug)]
pub(super) struct Tracks<'a> {
    catalogue: &'a Catalogue,
    account: &'a str,
    lines: &'a Classes<&'a str>,
    purchases: Purchases<'a>,
    pub(super) all: BTreeMap<Base<'a>, Track<'a>>,
    pub(super) problems: BTreeSet<Problem>,
}

impl<'a> Tracks<'a> {
    pub(super) fn new(
        told: &[&'a Told],
        payments: &'a [Payment<'a>],
        lines: &'a Classes<&'a str>,
        catalogue: &'a Catalogue,
        account: &'a str,
    ) -> Self {
        let stacked = told.iter().flat_map(|told| super::fold::lines_of(&told.notice.kind));
        let stacked = stacked.filter_map(|line| catalogue.offer(account, &line.item)).flatten();
        let purchases = match stacked.into_iter().any(|product| product.stack) {
            true => Purchases::of_stack(told),
            false => Purchases::default(),
        };
        let (all, problems) = (BTreeMap::new(), BTreeSet::new());
        let mut tracks = Self { catalogue, account, lines, purchases, all, problems };
        for payment in payments {
            payment.lines.iter().for_each(|line| tracks.paid(payment, line));
        }
        told.iter().for_each(|told| tracks.lines(told));
        for payment in payments {
            payment.lines.iter().for_each(|line| tracks.paid_as_known(payment, line));
        }
        payments.iter().filter(|paid| paid.lines.is_empty()).for_each(|paid| tracks.fee(paid));
        tracks.come_and_go(told, payments);
        told.iter().for_each(|told| tracks.befall(told));
        tracks.all.values_mut().for_each(Track::sort);
        tracks
    }

    fn paid(&mut self, payment: &'a Payment<'a>, paid: &PaidLine<'a>) {
        if paid.line.item.is_empty() {
            return;
        }
        let offer = self.catalogue.offer(self.account, &paid.line.item);
        let period = paid.line.period;
        self.line(paid.line, offer, paid.recurring, payment.at, paid.told, &|goods| What::Paid {
            goods,
            payment,
            period,
        });
    }

    /// A payment that names a line and not what stands on it: more of what was bought by then, or
    /// else of what is told of first.
    fn paid_as_known(&mut self, payment: &'a Payment<'a>, paid: &PaidLine<'a>) {
        if !paid.line.item.is_empty() {
            return;
        }
        let class = self.lines.of(&paid.line.line);
        let (at, told, purchase) = (payment.at, paid.told, self.purchases.of(paid.told));
        for track in self.all.values_mut().filter(|track| track.lines.contains(class)) {
            let Some(goods) = track.known(class, at) else { continue };
            let goods = Goods { recurring: paid.recurring, ..goods };
            let what = What::Paid { goods, payment, period: paid.line.period };
            track.entries.push(Entry::new(at, told, purchase, what));
        }
    }

    /// What is told of lines beside payments.
    fn lines(&mut self, told: &'a Told) {
        let Notice { occurred_at: at, kind, .. } = &told.notice;
        let recurring = subscribed(&told.notice);
        let (catalogue, account) = (self.catalogue, self.account);
        let sold = |line: &Line| catalogue.offer(account, &line.item);
        match kind {
            Kind::Trial { until, lines } => {
                for line in lines {
                    let what = |goods| What::Trial { goods, until: *until };
                    self.line(line, sold(line), recurring, *at, told, &what);
                }
            }
            Kind::Changed { lines, .. } => {
                for line in lines {
                    let what = |goods| What::Changed { goods };
                    self.line(line, sold(line), recurring, *at, told, &what);
                }
            }
            Kind::Adjusted { act: Act::Issue { lines, expires_at }, .. } => {
                for line in lines {
                    let what = |goods| What::Issued { goods, expires_at: *expires_at };
                    self.line(line, catalogue.product(&line.item), false, *at, told, &what);
                }
            }
            _ => {}
        }
    }

    /// An entry for the line's own track, and for that of each stacked product in its offer.
    fn line(
        &mut self,
        line: &'a Line,
        offer: Option<&'a Offer>,
        recurring: bool,
        at: DateTime<Utc>,
        told: &'a Told,
        what: &dyn Fn(Goods<'a>) -> What<'a>,
    ) {
        let Some(offer) = offer else {
            self.problems.insert(Problem::UnknownProduct { items: line.item.clone() });
            return;
        };
        if !(1..=most(offer)).contains(&line.quantity) {
            self.problems.insert(Problem::Quantity { quantity: line.quantity });
            return;
        }
        let class = self.lines.of(&line.line);
        let goods = Goods { line: class, offer, quantity: line.quantity, recurring };
        let purchase = self.purchases.of(told);
        let stacked = offer.iter().filter(|product| product.stack);
        let bases = stacked.map(|product| Base::Stack(&product.id)).chain([Base::Line(class)]);
        for base in bases.collect::<BTreeSet<_>>() {
            let track = self.all.entry(base).or_insert_with(|| Track::new(base));
            track.lines.insert(class);
            track.purchases.insert(purchase);
            if recurs(&told.notice.kind, line) {
                track.subscriptions.extend(subscriptions(&told.notice));
            }
            track.entries.push(Entry::new(at, told, purchase, what(goods)));
        }
    }

    /// What is told of the whole sale, or of one line as a whole.
    fn befall(&mut self, told: &'a Told) {
        let line = told.notice.line.as_deref();
        let purchase = self.purchases.of(told);
        let class = line.map(|line| self.lines.of(line));
        let recurring = self.means_recurring(told, purchase);
        for track in self.all.values_mut() {
            let Some(what) = What::befalls(&told.notice) else { return };
            let meant = match (&what, class) {
                // Support means a slot, which only the walk knows by name.
                (What::Adjusted { .. }, _) => true,
                (_, Some(class)) => track.lines.contains(class),
                (_, None) => track.is_meant(purchase, recurring),
            };
            if meant {
                let at = told.notice.occurred_at;
                track.entries.push(Entry::new(at, told, purchase, what));
            }
        }
    }

    /// A payment for no line: what is given back of it, and that a failed one was made up for, is of
    /// the subscription.
    fn fee(&mut self, payment: &'a Payment<'a>) {
        let purchase = self.purchases.of(payment.told);
        let recurring = self.means_recurring(payment.told, purchase);
        for track in self.all.values_mut().filter(|track| track.is_meant(purchase, recurring)) {
            let what = What::Fee { payment };
            track.entries.push(Entry::new(payment.at, payment.told, purchase, what));
        }
    }

    /// Is it told of a subscription, and one of the lines that were bought then is one? What befalls it
    /// leaves alone what was sold once beside it.
    fn means_recurring(&self, told: &Told, purchase: Purchase<'a>) -> bool {
        subscribed(&told.notice) && self.all.values().any(|track| track.is_meant(purchase, true))
    }
}

impl<'a> Track<'a> {
    fn new(base: Base<'a>) -> Self {
        Self {
            base,
            lines: BTreeSet::new(),
            purchases: BTreeSet::new(),
            subscriptions: BTreeSet::new(),
            entries: Vec::new(),
        }
    }

    /// Is it meant by what is told of a whole purchase, or of its recurring lines alone?
    fn is_meant(&self, purchase: Purchase<'a>, recurring: bool) -> bool {
        let recurs = |entry: &Entry<'a>| entry.what.goods().is_some_and(|goods| goods.recurring);
        self.purchases.contains(&purchase) && (!recurring || self.entries.iter().any(recurs))
    }

    /// What stood on a line at that time, by those who say; before any did, what the first says.
    fn known(&self, line: &str, at: DateTime<Utc>) -> Option<Goods<'a>> {
        let told = self.entries.iter().filter_map(|entry| Some((entry, entry.what.goods()?)));
        let told = told.filter(|(_, goods)| goods.line == line && goods.quantity > 0);
        let order =
            |entry: &Entry<'a>| (entry.at, rank(&entry.told.notice.kind), entry.told.digest);
        let (until, after): (Vec<_>, Vec<_>) = told.partition(|(entry, _)| entry.at <= at);
        let latest = until.into_iter().max_by_key(|(entry, _)| order(entry));
        let first = || after.into_iter().min_by_key(|(entry, _)| order(entry));
        latest.or_else(first).map(|(_, goods)| goods)
    }

    /// Stacked time counts from where it was bought for, all else from when it happened.
    fn sort(&mut self) {
        let stacked = matches!(self.base, Base::Stack(_));
        for entry in self.entries.iter_mut().filter(|_| stacked) {
            if let What::Paid { period: Some(Period { start: Some(start), .. }), .. } = entry.what {
                entry.at = start;
            }
        }
        self.entries.sort_by_key(|entry| {
            let rank = rank(&entry.told.notice.kind);
            (entry.at, rank, &entry.told.digest, entry.what.goods().map(|goods| goods.line))
        });
        if self.members() > 1 && !stacked {
            self.assign();
        }
    }

    /// Gives each member, entry by entry, its product of the offer: whoever has one keeps it, so that
    /// of a bundle cut down to one product that license goes on which is of it. What is left is taken
    /// in order: a plan change keeps the key.
    fn assign(&mut self) {
        let mut members: Vec<&str> = Vec::new();
        for entry in &mut self.entries {
            let Some(goods) = entry.what.goods() else { continue };
            let mut left: Vec<(usize, &str)> =
                goods.offer.iter().map(|product| product.id.as_str()).enumerate().collect();
            let own = members.iter().map(|product| {
                let own = left.iter().position(|(_, offered)| offered == product)?;
                Some(left.remove(own).0)
            });
            entry.places = own.collect();
            let mut left = left.into_iter();
            for (place, member) in entry.places.iter_mut().zip(&mut members) {
                if place.is_none()
                    && let Some((other, product)) = left.next()
                {
                    (*place, *member) = (Some(other), product);
                }
            }
            for (place, product) in left {
                entry.places.push(Some(place));
                members.push(product);
            }
        }
    }

    /// How many products of an offer this track gives licenses of: as many as the largest of its
    /// offers has; a stack is of one.
    pub(super) fn members(&self) -> usize {
        let offers = self.entries.iter().filter_map(|entry| entry.what.goods());
        match self.base {
            Base::Line(_) => offers.map(|goods| goods.offer.len()).max().unwrap_or(0),
            Base::Stack(_) => 1,
        }
    }

    /// How many units of a member were ever told of.
    pub(super) fn units(&self, member: usize) -> u32 {
        let goods = self.entries.iter().filter_map(|entry| Some((entry, entry.what.goods()?)));
        let units = |(entry, goods): (&Entry<'a>, Goods<'a>)| {
            Some(goods.units(self.pick(entry, goods, member)?))
        };
        goods.filter_map(units).max().unwrap_or(0)
    }

    /// The product that an entry's offer has for a member of this track.
    pub(super) fn pick(
        &self,
        entry: &Entry<'a>,
        goods: Goods<'a>,
        member: usize,
    ) -> Option<&'a Arc<Product>> {
        match self.base {
            Base::Line(_) => {
                let place = match entry.places.as_slice() {
                    [] => member,
                    places => places.get(member).copied().flatten()?,
                };
                goods.offer.get(place).filter(|product| !product.stack)
            }
            Base::Stack(id) => goods.offer.iter().find(|product| product.stack && product.id == id),
        }
    }

    /// The slot of a unit, and every name that it may have been stored under: by each name of
    /// each line that feeds it.
    pub(super) fn slots(
        &self,
        names: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        member: usize,
        unit: u32,
    ) -> (String, BTreeSet<String>) {
        let slot = match self.base {
            Base::Line(class) => format!("{class}/{member}.{unit}"),
            Base::Stack(product) => format!("stack:{product}/{member}.{unit}"),
        };
        let mut slots = BTreeSet::from([slot.clone()]);
        for (line, member) in self.places(member) {
            let names = names.get(line).into_iter().flatten();
            slots.extend(names.map(|name| format!("{name}/{member}.{unit}")));
        }
        (slot, slots)
    }

    /// Where a member of this track stands: on which lines, at which place of their offers.
    fn places(&self, member: usize) -> BTreeSet<(&'a str, usize)> {
        let product = match self.base {
            Base::Line(class) => return BTreeSet::from([(class, member)]),
            Base::Stack(product) => product,
        };
        let goods = self.entries.iter().filter_map(|entry| entry.what.goods());
        let place = |goods: Goods<'a>| {
            let place = goods.offer.iter().position(|one| one.stack && one.id == product)?;
            Some((goods.line, place))
        };
        goods.filter_map(place).collect()
    }
}

impl<'a> Entry<'a> {
    fn new(at: DateTime<Utc>, told: &'a Told, purchase: Purchase<'a>, what: What<'a>) -> Self {
        Self { at, told, purchase, what, places: Vec::new() }
    }
}
