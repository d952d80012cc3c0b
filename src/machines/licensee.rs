//! All that a customer holds with one key, told a product at a time. Whoever bought nothing is
//! known by his machine, and may try.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::given::{Fingerprint, Key, Label, Machine};
use super::{Failure, Machines, Refusal, find, trial};
use crate::apply;
use crate::books::Books;
use crate::rules::license::{Status, status};
use crate::rules::machine::{Rest, whole};
use crate::rules::validity::Code;
use crate::store::rows::LicenseRow;
use crate::store::{StoreError, Tx};

/// An answer that says no is soon asked for again: whoever pays now does not wait for a day.
const AGAIN_AFTER_NO: TimeDelta = TimeDelta::minutes(10);

/// Who asks: by the key that he bought, or by what his application knows his machine by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licensee {
    key: Key,
    /// `None`: cannot be a machine's.
    machine: Option<Fingerprint>,
}

/// What a licensee holds of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub product: String,
    /// The product's name for people; its id where it is not configured any more.
    pub name: String,
    pub code: Code,
    /// While it is valid: the end of what was paid, and where that is over, of buffer and grace.
    /// `None`: for ever, or not valid.
    pub expires_at: Option<DateTime<Utc>>,
    /// How long this answer counts.
    pub rest: Rest,
}

/// What there is of a licensee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// His own license first, then those that came with it. Empty: nobody knows him.
    pub holdings: Vec<Holding>,
    by_key: bool,
}

impl Licensee {
    /// `None`: too long for a key.
    #[must_use]
    pub fn new(number: String) -> Option<Self> {
        let machine = Fingerprint::try_from(number.clone()).ok();
        Key::try_from(number).ok().map(|key| Self { key, machine })
    }
}

impl Found {
    /// What is told of his own license.
    #[must_use]
    pub fn code(&self) -> Code {
        self.holdings.first().map_or(Code::UnknownKey, |holding| holding.code)
    }

    /// May he try this product? Not who bought something, nor who tries it already.
    #[must_use]
    pub fn lacks(&self, product: &str) -> bool {
        !self.by_key && self.holdings.iter().all(|holding| holding.product != product)
    }
}

impl Machines {
    /// What a licensee holds at this moment. Changes nothing.
    ///
    /// # Errors
    /// [`Failure::Store`]. That there is nothing is an answer.
    pub async fn holdings(&self, licensee: &Licensee) -> Result<Found, Failure> {
        let (wanted, machine) = (licensee.key.wanted(), licensee.machine.clone());
        let (books, now) = (self.shelf.now(), self.clock.now());
        let found = self
            .store
            .read("holdings", move |tx| {
                let own = find::by_key(tx, &wanted)?;
                let by_key = own.is_some();
                let rows = match (own, &machine) {
                    (Some(own), _) => with_siblings(tx, own, now)?,
                    (None, Some(machine)) => tried(tx, machine, &books)?,
                    (None, None) => Vec::new(),
                };
                let mut holdings = Vec::with_capacity(rows.len());
                for row in &rows {
                    holdings.push(Holding::new(tx, row, &books, now)?);
                }
                Ok(Found { holdings, by_key })
            })
            .await?;
        Ok(found)
    }

    /// Begins a licensee's trial of a product, once, for the machine that his number names; false
    /// where there is none for him. Of a number that begins like a key there is none: somebody
    /// mistyped what he bought.
    ///
    /// # Errors
    /// As [`Machines::trial`], but for a product that has no trial.
    pub async fn evaluate(
        &self,
        licensee: &Licensee,
        product: &str,
        name: Option<Label>,
    ) -> Result<bool, Failure> {
        let books = self.shelf.now();
        let machine = licensee.machine.clone().filter(|machine| !begins_like_key(machine, &books));
        let Some(fingerprint) = machine else { return Ok(false) };
        let machine = Machine { fingerprint, name, platform: None, version: None };
        match self.trial(product, machine, None).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused(Refusal::NoTrial(_))) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

impl Holding {
    fn new(
        tx: &mut Tx<'_>,
        row: &LicenseRow,
        books: &Arc<Books>,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let (standing, terms) = (find::standing(row)?, find::terms(tx, row, books)?);
        let code = standing.code(&terms, now, None);
        let end = standing.expires_at.filter(|end| *end >= now).or(standing.valid_until);
        let soon = whole(now + AGAIN_AFTER_NO);
        Ok(Self {
            product: row.product.clone(),
            name: name_of(&row.product, books),
            code,
            expires_at: end.filter(|_| code.is_valid()).map(whole),
            rest: match code.is_valid() {
                true => Rest::new(&standing, &terms, now),
                false => Rest { refresh_at: soon, offline_until: soon },
            },
        })
    }
}

fn name_of(product: &str, books: &Books) -> String {
    let offer = books.config.catalogue.products.get(product);
    let name = offer.and_then(|offer| offer.first()).map(|product| product.name.clone());
    name.unwrap_or_else(|| product.to_owned())
}

/// The license, and of every other product of its sale the one that belongs to it: the same unit
/// of the same bundle, if there is one.
fn with_siblings(
    tx: &mut Tx<'_>,
    own: LicenseRow,
    now: DateTime<Utc>,
) -> Result<Vec<LicenseRow>, StoreError> {
    let mut nearest: BTreeMap<String, LicenseRow> = BTreeMap::new();
    for row in tx.licenses_of_sale(own.sale_id)? {
        if row.merged_into.is_some() || row.product == own.product {
            continue;
        }
        let known = nearest.get(&row.product);
        if known.is_none_or(|known| nearness(&row, &own, now) > nearness(known, &own, now)) {
            nearest.insert(row.product.clone(), row);
        }
    }
    Ok(std::iter::once(own).chain(nearest.into_values()).collect())
}

/// By place; where several are equally near, the one that lasts longest.
fn nearness(row: &LicenseRow, own: &LicenseRow, now: DateTime<Utc>) -> impl Ord {
    let ((line, unit), (own_line, own_unit)) = (place(&row.slot), place(&own.slot));
    let active = status(apply::state(row.state), row.valid_until, now) == Status::Active;
    let lasts = (row.valid_until.is_none(), row.valid_until);
    (unit == own_unit && line == own_line, unit == own_unit, active, lasts)
}

/// The line of the order and the unit of it, from a slot (`line/member.unit`).
fn place(slot: &str) -> (&str, &str) {
    let (line, rest) = slot.rsplit_once('/').unwrap_or((slot, ""));
    (line, rest.rsplit_once('.').map_or("", |(_, unit)| unit))
}

/// The trials of a machine.
fn tried(
    tx: &mut Tx<'_>,
    machine: &Fingerprint,
    books: &Arc<Books>,
) -> Result<Vec<LicenseRow>, StoreError> {
    let mut rows = Vec::new();
    for product in books.config.catalogue.products.keys() {
        let name = trial::machine_name(books, product, machine);
        rows.extend(trial::tried(tx, &name, product)?);
    }
    Ok(rows)
}

fn begins_like_key(machine: &Fingerprint, books: &Books) -> bool {
    let number = machine.as_str().to_ascii_uppercase();
    let mut products = books.config.catalogue.products.values().flatten();
    products.any(|product| number.starts_with(&format!("{}-", product.key_prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_tells_its_line_and_unit() {
        assert_eq!(place("il_1/0.2"), ("il_1", "2"));
        assert_eq!(place("a/b.c/1.0"), ("a/b.c", "0"));
        assert_eq!(place("odd"), ("odd", ""));
    }
}
