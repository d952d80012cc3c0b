//! A builder for stories: one sale, from its notices to its licenses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use keywright_providers::notice::{
    Act, DisputeState, Kind, Line, Money, Period, Ref, ReturnedLine,
};

use crate::rules::fold::{Folded, License, Told, fold};
use crate::rules::license::{Flag, State};
use crate::rules::product::{Catalogue, Offer, ProductSettings};

pub(in crate::rules) const ACCOUNT: &str = "shop";

/// `2026-01-31` is ten o'clock on that day; a whole RFC 3339 text is itself.
pub(in crate::rules) fn at(text: &str) -> DateTime<Utc> {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T10:00:00Z") };
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A catalogue from `[products.ID]` and `[items]`, as configuration writes them; every product
/// is also an item by its own name.
pub(in crate::rules) fn catalogue(toml: &str) -> Catalogue {
    #[derive(serde::Deserialize)]
    struct File {
        products: BTreeMap<String, ProductSettings>,
        #[serde(default)]
        items: BTreeMap<String, Item>,
    }
    #[derive(serde::Deserialize)]
    struct Item {
        product: String,
        #[serde(flatten)]
        own: ProductSettings,
    }
    let file: File = toml::from_str(toml).unwrap_or_else(|error| panic!("{toml}: {error}"));
    let offer = |id: &str, own: &ProductSettings| -> Offer {
        let members = file.products[id].bundle.clone().unwrap_or_else(|| vec![id.to_owned()]);
        let resolve = |id: &String| own.over(&file.products[id]).resolve(id).unwrap();
        members.iter().map(resolve).map(Arc::new).collect()
    };
    let none = ProductSettings::default();
    let products: BTreeMap<String, Offer> =
        file.products.keys().map(|id| (id.clone(), offer(id, &none))).collect();
    let mut items = products.clone();
    items.extend(file.items.iter().map(|(name, item)| {
        let offer =
            if item.product.is_empty() { Offer::new() } else { offer(&item.product, &item.own) };
        (name.clone(), offer)
    }));
    let items = BTreeMap::from([(ACCOUNT.to_owned(), items)]);
    Catalogue { products, items, answered: BTreeSet::new() }
}

pub(super) fn euros(minor: i64) -> Money {
    Money { minor, currency: "EUR".to_owned() }
}

pub(super) fn line(name: &str, item: &str, quantity: u32) -> Line {
    Line {
        line: name.to_owned(),
        alias: vec![],
        item: vec![item.to_owned()],
        quantity,
        period: None,
    }
}

pub(super) fn until(line: Line, start: &str, end: &str) -> Line {
    Line { period: Some(Period { start: Some(at(start)), end: at(end) }), ..line }
}

pub(super) fn notice(date: &str, refs: &[Ref], kind: Kind) -> Notice {
    Notice { refs: refs.to_vec(), occurred_at: at(date), line: None, kind, customer: None }
}

/// One subscription (`sub_1`, line `si_1`), unless it says otherwise, of one product.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) catalogue: Catalogue,
    pub(super) told: Vec<Told>,
    refs: Vec<Ref>,
    lines: Vec<Line>,
    payments: u32,
}

impl Life {
    /// Of the product `pro` with these settings.
    pub(super) fn of(settings: &str) -> Self {
        Self::in_shop(&format!("[products.pro]\n{settings}"), &[line("si_1", "pro", 1)])
    }

    /// Of these lines, in a shop with these products and items.
    pub(super) fn in_shop(toml: &str, lines: &[Line]) -> Self {
        let (told, refs) = (Vec::new(), vec![Ref::subscription("sub_1")]);
        Self { catalogue: catalogue(toml), told, refs, lines: lines.to_vec(), payments: 0 }
    }

    /// A single sale: no renewal is expected.
    pub(super) fn sold_once(mut self) -> Self {
        self.refs = vec![Ref::order("ord_1")];
        self
    }

    /// What stands on the order from now on.
    pub(super) fn with_lines(mut self, lines: &[Line]) -> Self {
        self.lines = lines.to_vec();
        self
    }

    pub(super) fn tell(mut self, notice: Notice) -> Self {
        let event_id = i64::try_from(self.told.len()).unwrap() + 1;
        self.told.push(Told::new(notice, event_id));
        self
    }

    pub(super) fn happens(self, date: &str, kind: Kind) -> Self {
        let notice = notice(date, &self.refs, kind);
        self.tell(notice)
    }

    /// The next payment (`pay_1`, `pay_2` ...) of 100.00 EUR, without a period.
    pub(super) fn paid(self, date: &str) -> Self {
        let lines = self.lines.clone();
        self.paid_for(date, lines)
    }

    pub(super) fn renewed(self, date: &str) -> Self {
        self.paid(date)
    }

    /// The next payment, for a period of all lines.
    pub(super) fn paid_until(self, date: &str, start: &str, end: &str) -> Self {
        let lines = self.lines.iter().map(|line| until(line.clone(), start, end)).collect();
        self.paid_for(date, lines)
    }

    pub(super) fn paid_for(mut self, date: &str, lines: Vec<Line>) -> Self {
        self.payments += 1;
        let payment = Ref::payment(format!("pay_{}", self.payments));
        self.happens(date, Kind::Paid { payment, amount: Some(euros(10_000)), lines })
    }

    pub(super) fn changed(self, date: &str, lines: &[Line]) -> Self {
        self.happens(date, Kind::Changed { lines: lines.to_vec(), whole: false })
    }

    /// These are now all lines of the subscription.
    pub(super) fn stands(self, date: &str, lines: &[Line]) -> Self {
        self.happens(date, Kind::Changed { lines: lines.to_vec(), whole: true })
    }

    pub(super) fn trial(self, date: &str, until: &str) -> Self {
        let lines = self.lines.clone();
        self.happens(date, Kind::Trial { until: at(until), lines })
    }

    pub(super) fn canceled(self, date: &str) -> Self {
        self.happens(date, Kind::Canceled { at: None })
    }

    pub(super) fn ended(self, date: &str, end: &str) -> Self {
        self.happens(date, Kind::Ended { at: at(end) })
    }

    /// All of the n-th payment goes back.
    pub(super) fn refunded(self, date: &str, n: u32) -> Self {
        self.refunded_partly(date, n, &format!("re_{n}"), 10_000)
    }

    pub(super) fn refunded_partly(self, date: &str, n: u32, refund: &str, minor: i64) -> Self {
        self.gives_back(date, n, refund, Some(minor), &[])
    }

    pub(super) fn gives_back(
        self,
        date: &str,
        n: u32,
        refund: &str,
        minor: Option<i64>,
        lines: &[(&str, Option<u32>)],
    ) -> Self {
        let lines = lines.iter();
        let refunded = Kind::Refunded {
            refund: refund.to_owned(),
            payment: Ref::payment(format!("pay_{n}")),
            amount: minor.map(euros),
            total: None,
            full: false,
            lines: lines
                .map(|(line, quantity)| ReturnedLine {
                    line: (*line).to_owned(),
                    quantity: *quantity,
                })
                .collect(),
        };
        self.happens(date, refunded)
    }

    pub(super) fn disputed(self, date: &str, n: u32, state: DisputeState) -> Self {
        let payment = Ref::payment(format!("pay_{n}"));
        self.happens(date, Kind::Disputed { dispute: format!("dp_{n}"), payment, state })
    }

    pub(super) fn support(self, date: &str, act: Act) -> Self {
        self.happens(date, Kind::Adjusted { act, by: "ann".to_owned(), reason: None })
    }

    /// Support acts on one license only.
    pub(super) fn support_on(self, date: &str, slot: &str, act: Act) -> Self {
        let kind = Kind::Adjusted { act, by: "ann".to_owned(), reason: None };
        let notice = Notice { line: Some(slot.to_owned()), ..notice(date, &self.refs, kind) };
        self.tell(notice)
    }

    pub(super) fn activated(self, date: &str) -> Self {
        self.support(date, Act::Activate)
    }

    /// The fold; in the opposite order, and with all told twice, it is the same.
    pub(super) fn fold(&self) -> Folded {
        let folded = fold(&self.told, &self.catalogue, ACCOUNT);
        let mut again: Vec<Told> = self.told.iter().rev().cloned().collect();
        assert_eq!(fold(&again, &self.catalogue, ACCOUNT), folded, "in the opposite order");
        let copies = self.told.iter().cloned();
        again.extend(copies.map(|told| Told { event_id: told.event_id + 1_000, ..told }));
        assert_eq!(fold(&again, &self.catalogue, ACCOUNT), folded, "with all told twice");
        folded
    }

    pub(super) fn licenses(&self) -> Vec<License> {
        self.fold().licenses
    }

    /// The only license.
    pub(super) fn license(&self) -> License {
        let mut licenses = self.licenses();
        assert_eq!(licenses.len(), 1, "{licenses:#?}");
        licenses.remove(0)
    }

    #[track_caller]
    pub(super) fn expires(self, date: &str) -> Self {
        let license = self.license();
        assert_eq!(license.expires_at, Some(at(date)), "{:#?}", license.steps);
        self
    }

    #[track_caller]
    pub(super) fn never_expires(self) -> Self {
        let license = self.license();
        assert_eq!(license.expires_at, None, "{:#?}", license.steps);
        self
    }

    #[track_caller]
    pub(super) fn valid_until(self, date: &str) -> Self {
        assert_eq!(self.license().valid_until, Some(at(date)));
        self
    }

    #[track_caller]
    pub(super) fn is(self, state: State, flags: &[Flag]) -> Self {
        let license = self.license();
        assert_eq!((license.state, license.flags), (state, flags.iter().copied().collect()));
        self
    }

    /// Each license: product, expiry (day), state.
    pub(super) fn holds(&self) -> Vec<(String, String, State)> {
        let each = self.licenses().into_iter().map(|license| {
            let day =
                license.expires_at.map_or("never".to_owned(), |end| end.date_naive().to_string());
            (license.product.id.clone(), day, license.state)
        });
        each.collect()
    }

    pub(super) fn slots(&self) -> BTreeSet<String> {
        self.licenses().into_iter().map(|license| license.slot).collect()
    }
}

/// Shuffles by a seed: splitmix64, so that a failure can be had again from its number.
pub(super) fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..all.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let other = (bits ^ (bits >> 31)) % (u64::try_from(last).unwrap() + 1);
        all.swap(last, usize::try_from(other).unwrap());
    }
}
