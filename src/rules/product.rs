//! What a product is, and which products an order line buys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::acts::SUPPORT;
use super::span::{Interval, end_of, zone};
use super::validity::Terms;

/// The rules of one product, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// As in `[products.ID]`.
    pub id: String,
    pub name: String,
    pub term: Term,
    pub start: Start,
    pub renewal: Renewal,
    /// A renewal that is due may be this late and nobody notices.
    pub buffer: Interval,
    /// After that: still valid, told as `in_grace`.
    pub grace: Interval,
    pub trial: Option<Interval>,
    /// A further purchase by the same customer extends the license he has.
    pub stack: bool,
    pub quantity: Quantity,
    /// Per unit; at least 1.
    pub max_activations: u32,
    pub max_offline: Interval,
    pub on_expiry: OnExpiry,
    pub on_refund: OnRefund,
    pub key_format: KeyFormat,
    pub key_prefix: String,
    pub features: Vec<String>,
    /// How long before an end that comes a reminder is mailed; each of a fixed length.
    pub remind: Vec<Interval>,
    /// Which letters are mailed beside the key, its renewals and reminders.
    pub notify: BTreeSet<Notify>,
}

/// How long a payment covers where the provider gives no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Perpetual,
    Interval(Interval),
    /// One fixed date, whatever is paid when.
    Until(DateTime<Utc>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    #[default]
    Creation,
    Activation,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    #[default]
    FromExpiryUnlessLapsed,
    FromExpiry,
    FromPayment,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// An order of five: five keys.
    #[default]
    Keys,
    /// An order of five: one key, five times the activations.
    Seats,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    #[default]
    Restrict,
    /// Stays valid for versions released before the expiry.
    Maintain,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefund {
    #[default]
    Revoke,
    Keep,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFormat {
    #[default]
    Short,
    Signed,
}

/// A letter that a vendor may do without, since some shops write it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    PaymentFailed,
    Revoked,
}

/// A product as configuration writes it; also what a mapping may set differently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductSettings {
    pub name: Option<String>,
    pub interval: Option<Interval>,
    pub start: Option<Start>,
    pub expires_at: Option<String>,
    pub time_zone: Option<String>,
    pub renewal: Option<Renewal>,
    pub buffer: Option<Interval>,
    pub grace: Option<Interval>,
    pub trial: Option<Interval>,
    pub stack: Option<bool>,
    pub quantity: Option<Quantity>,
    pub max_activations: Option<u32>,
    pub max_offline: Option<Interval>,
    pub on_expiry: Option<OnExpiry>,
    pub on_refund: Option<OnRefund>,
    pub key_format: Option<KeyFormat>,
    pub key_prefix: Option<String>,
    pub features: Option<Vec<String>>,
    pub remind: Option<Vec<Interval>>,
    pub notify: Option<Vec<Notify>>,
    /// One line on the order, one license of each of these products.
    pub bundle: Option<Vec<String>>,
}

/// A key of the configuration that is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Below the product: `interval`.
    pub key: String,
    pub message: String,
}

impl ProductSettings {
    /// These settings where they say something, else the ones below.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        let term_set = self.interval.is_some() || self.expires_at.is_some();
        let (top, low) = (self.clone(), below.clone());
        Self {
            name: top.name.or(low.name),
            // A mapping that sets one kind of term replaces the other.
            interval: top.interval.or(low.interval.filter(|_| !term_set)),
            expires_at: top.expires_at.or(low.expires_at.filter(|_| !term_set)),
            start: top.start.or(low.start),
            time_zone: top.time_zone.or(low.time_zone),
            renewal: top.renewal.or(low.renewal),
            buffer: top.buffer.or(low.buffer),
            grace: top.grace.or(low.grace),
            trial: top.trial.or(low.trial),
            stack: top.stack.or(low.stack),
            quantity: top.quantity.or(low.quantity),
            max_activations: top.max_activations.or(low.max_activations),
            max_offline: top.max_offline.or(low.max_offline),
            on_expiry: top.on_expiry.or(low.on_expiry),
            on_refund: top.on_refund.or(low.on_refund),
            key_format: top.key_format.or(low.key_format),
            key_prefix: top.key_prefix.or(low.key_prefix),
            features: top.features.or(low.features),
            remind: top.remind.or(low.remind),
            notify: top.notify.or(low.notify),
            bundle: top.bundle.or(low.bundle),
        }
    }

    /// The product with every default filled in.
    ///
    /// # Errors
    /// Every fault, not only the first.
    pub fn resolve(&self, id: &str) -> Result<Product, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, message: String| {
            faults.push(Fault { key: key.to_owned(), message });
        };
        let time_zone = self.time_zone.as_deref().unwrap_or("UTC");
        if let Err(message) = zone(time_zone) {
            fault("time_zone", message);
        }
        let term = match (&self.interval, &self.expires_at) {
            (Some(_), Some(_)) => {
                fault("expires_at", "stands beside interval; keep one of the two".to_owned());
                Term::Perpetual
            }
            (Some(interval), None) if interval.is_zero() => {
                fault("interval", "is zero; leave it out for a perpetual license".to_owned());
                Term::Perpetual
            }
            (Some(interval), None) => Term::Interval(*interval),
            (None, Some(text)) => {
                end_of(text, time_zone).map(Term::Until).unwrap_or_else(|message| {
                    fault("expires_at", message);
                    Term::Perpetual
                })
            }
            (None, None) => Term::Perpetual,
        };
        let key_prefix = self.key_prefix.clone().unwrap_or_else(|| "KW".to_owned());
        let letters = key_prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if key_prefix.is_empty() || key_prefix.len() > 12 || !letters {
            fault(
                "key_prefix",
                "must be 1 to 12 upper-case letters or digits, as in ACME".to_owned(),
            );
        }
        let max_activations = self.max_activations.unwrap_or(1);
        if !(1..=100_000).contains(&max_activations) {
            fault("max_activations", "must be between 1 and 100000".to_owned());
        }
        let remind = self.remind.clone().unwrap_or_default();
        if let Some(message) = wrong_reminders(&remind) {
            fault("remind", message.to_owned());
        }
        if faults.is_empty() {
            Ok(Product {
                id: id.to_owned(),
                name: self.name.clone().unwrap_or_else(|| id.to_owned()),
                term,
                start: self.start.unwrap_or_default(),
                renewal: self.renewal.unwrap_or_default(),
                buffer: self.buffer.unwrap_or(DAY),
                grace: self.grace.unwrap_or(Interval::ZERO),
                trial: self.trial,
                stack: self.stack.unwrap_or(false),
                quantity: self.quantity.unwrap_or_default(),
                max_activations,
                max_offline: self.max_offline.unwrap_or(Interval::days(30)),
                on_expiry: self.on_expiry.unwrap_or_default(),
                on_refund: self.on_refund.unwrap_or_default(),
                key_format: self.key_format.unwrap_or_default(),
                key_prefix,
                features: self.features.clone().unwrap_or_default(),
                remind,
                notify: self
                    .notify
                    .as_ref()
                    .map_or(NOTIFY_ALL.into(), |said| said.iter().copied().collect()),
            })
        } else {
            Err(faults)
        }
    }
}

impl Product {
    /// How long a license whose paid time ends at `end` is still valid: the buffer applies while
    /// a renewal is `due`, the grace always.
    #[must_use]
    pub fn valid_until(&self, end: DateTime<Utc>, due: bool) -> DateTime<Utc> {
        let end = if due { self.buffer.after(end, 1) } else { end };
        self.grace.after(end, 1)
    }
}

const DAY: Interval = Interval::days(1);

const NOTIFY_ALL: [Notify; 2] = [Notify::PaymentFailed, Notify::Revoked];

/// More would be a nuisance.
const REMINDERS_MAX: usize = 10;

const REMIND_DAYS_MAX: i64 = 366;

/// What is wrong with these reminders, and what would be right.
fn wrong_reminders(remind: &[Interval]) -> Option<&'static str> {
    let lengths: Option<Vec<_>> = remind.iter().map(|interval| interval.fixed()).collect();
    let Some(lengths) = lengths else {
        return Some("counts in months, which differ in length; write days, as in P30D");
    };
    let possible = TimeDelta::hours(1)..=TimeDelta::days(REMIND_DAYS_MAX);
    if lengths.iter().any(|length| !possible.contains(length)) {
        return Some("must be between PT1H and P366D before the expiry, each");
    }
    let different: BTreeSet<_> = lengths.iter().collect();
    if different.len() < lengths.len() || lengths.len() > REMINDERS_MAX {
        return Some("must be at most ten different intervals, as in [\"P14D\", \"P3D\"]");
    }
    None
}

/// What an item on an order line buys: one product, several in a bundle, or nothing of ours.
pub type Offer = Vec<Arc<Product>>;

/// All products, and what the items of each account mean.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// By product id; a bundle has several members.
    pub products: BTreeMap<String, Offer>,
    /// By account, then by item. An empty offer: known, and nothing of ours.
    pub items: BTreeMap<String, BTreeMap<String, Offer>>,
    /// Accounts that ask for keys, and get them in the answer.
    pub answered: BTreeSet<String>,
}

impl Catalogue {
    /// What a line buys: the most specific item that is known decides. What this service gives
    /// itself stands under the products' own ids.
    #[must_use]
    pub fn offer(&self, account: &str, items: &[String]) -> Option<&Offer> {
        if account == SUPPORT {
            return self.product(items);
        }
        let known = self.items.get(account)?;
        items.iter().find_map(|item| known.get(item))
    }

    /// What a product id names, for licenses that support gives.
    #[must_use]
    pub fn product(&self, items: &[String]) -> Option<&Offer> {
        items.iter().find_map(|item| self.products.get(item))
    }

    /// The terms that licenses of a product may have at an account: several, where its items set
    /// them differently; none, where the product is not configured any more.
    #[must_use]
    pub fn terms(&self, account: &str, product: &str) -> Vec<Terms> {
        let of = |offers: &mut dyn Iterator<Item = &Offer>| {
            let mut found: Vec<Terms> = Vec::new();
            for terms in offers.flatten().filter(|one| one.id == product).map(|one| (&**one).into())
            {
                if !found.contains(&terms) {
                    found.push(terms);
                }
            }
            found
        };
        let sold = of(&mut self.items.get(account).into_iter().flat_map(BTreeMap::values));
        if sold.is_empty() { of(&mut self.products.get(product).into_iter()) } else { sold }
    }
}
