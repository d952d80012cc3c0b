//! One life: what was told so far, and what is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::{DisputeState, Kind, Line as Sold, Money, Notice, Period, Ref};

use super::script::{BadLine, Line, What, When};
use super::{Impossible, Standing};
use crate::rules::difference::{Held, difference};
use crate::rules::fold::{Folded, License, Step, Told, fold};
use crate::rules::license::status;
use crate::rules::product::{Catalogue, Term};

/// The one account, at which every product is an item.
const ACCOUNT: &str = "simulation";

/// What one payment is of, in cents.
const PAYMENT_MINOR: i64 = 10_000;

/// What was told so far, and what is stored.
pub(super) struct Life {
    /// Every product is an item of the one account.
    catalogue: Catalogue,
    pub(super) now: DateTime<Utc>,
    product: String,
    quantity: u32,
    /// Sold as a subscription, or once and for all.
    recurs: bool,
    payments: u32,
    purchases: u32,
    told: Vec<Told>,
    folded: Option<Folded>,
    held: Vec<Held>,
    /// Keys of the mail that was owed: each is sent once.
    mailed: BTreeSet<String>,
}

impl Life {
    pub(super) fn new(
        catalogue: &Catalogue,
        product: &str,
        start: DateTime<Utc>,
    ) -> Result<Self, Impossible> {
        let products = catalogue.products.clone();
        let offer = products.get(product);
        let offer = offer.ok_or_else(|| Impossible::NoProduct(product.to_owned()))?;
        let recurs = offer.iter().any(|product| matches!(product.term, Term::Interval(_)));
        let items = BTreeMap::from([(ACCOUNT.to_owned(), products.clone())]);
        Ok(Self {
            catalogue: Catalogue { products, items, ..Catalogue::default() },
            now: start,
            product: product.to_owned(),
            quantity: 1,
            recurs,
            payments: 0,
            purchases: 1,
            told: Vec::new(),
            folded: None,
            held: Vec::new(),
            mailed: BTreeSet::new(),
        })
    }

    /// Tells what a line says.
    pub(super) fn take(&mut self, line: &Line) -> Result<(), Impossible> {
        let bad = |message: String| BadLine { number: line.number, message };
        self.now = self.time(line.when).map_err(bad)?;
        let kind = self.kind(&line.what).map_err(bad)?;
        let refs = match &kind {
            Kind::Paid { payment, .. } => vec![self.sale(), payment.clone()],
            Kind::Refunded { payment, .. }
            | Kind::RefundUndone { payment, .. }
            | Kind::Disputed { payment, .. } => vec![payment.clone()],
            _ => vec![self.sale()],
        };
        let notice = Notice { refs, occurred_at: self.now, line: None, kind, customer: None };
        let event = i64::try_from(self.told.len()).unwrap_or(i64::MAX);
        self.told.push(Told::new(notice, event));
        Ok(())
    }

    fn time(&self, when: When) -> Result<DateTime<Utc>, String> {
        let expiry = || {
            let licenses = self.folded.iter().flat_map(|folded| &folded.licenses);
            let latest = licenses.filter_map(|license| license.expires_at).max();
            latest.ok_or_else(|| "nothing expires at that moment; write a date".to_owned())
        };
        let first = self.told.is_empty();
        match when {
            When::Next if first => Ok(self.now),
            When::Next => Ok(self.now + TimeDelta::minutes(1)),
            When::At(at) => Ok(at),
            When::After(interval) => Ok(interval.after(self.now, 1)),
            When::Expiry => expiry(),
            When::AfterExpiry(interval) => Ok(interval.after(expiry()?, 1)),
            When::BeforeExpiry(interval) => {
                interval.before(expiry()?).ok_or_else(|| "is before the calendar begins".to_owned())
            }
        }
    }

    fn kind(&mut self, what: &What) -> Result<Kind, String> {
        Ok(match what {
            What::Paid { quantity, until, again } => {
                if *again {
                    self.purchase_again()?;
                }
                self.quantity = quantity.unwrap_or(self.quantity);
                self.payments += 1;
                let period = until.map(|end| Period { start: Some(self.now), end });
                Kind::Paid {
                    payment: payment(self.payments),
                    amount: Some(euros(PAYMENT_MINOR)),
                    lines: self.lines(period),
                }
            }
            What::Trial { until } => Kind::Trial { until: *until, lines: self.lines(None) },
            What::PlanChange { product, quantity } => {
                if !self.catalogue.products.contains_key(product) {
                    return Err(format!("there is no product {product:?}"));
                }
                self.product.clone_from(product);
                self.quantity = quantity.unwrap_or(self.quantity);
                Kind::Changed { lines: self.lines(None), whole: false }
            }
            What::PaymentFailed => Kind::PaymentFailed,
            What::Cancel => Kind::Canceled { at: None },
            What::Uncancel => Kind::Uncanceled,
            What::End => Kind::Ended { at: self.now },
            What::Pause => Kind::Paused,
            What::Resume => Kind::Resumed,
            What::Refund { payment: number, percent } => Kind::Refunded {
                refund: format!("refund {}", self.told.len()),
                payment: self.known(*number)?,
                amount: Some(euros(PAYMENT_MINOR * i64::from(*percent) / 100)),
                total: None,
                full: false,
                lines: Vec::new(),
            },
            What::RefundFailed { payment: number } => {
                let payment = self.known(*number)?;
                let refund = self.refund_of(&payment).ok_or("nothing was refunded of it")?;
                Kind::RefundUndone { refund, payment }
            }
            What::Dispute { payment: number, state } => self.dispute(*number, *state)?,
            What::Support(act) => {
                Kind::Adjusted { act: act.clone(), by: "support".to_owned(), reason: None }
            }
        })
    }

    /// What follows is of a further purchase, a subscription of its own.
    fn purchase_again(&mut self) -> Result<(), String> {
        let offer = self.catalogue.products.get(&self.product);
        if offer.is_some_and(|offer| offer.iter().any(|product| product.stack)) {
            self.purchases += 1;
            return Ok(());
        }
        Err(format!("{} does not stack: another purchase is another life", self.product))
    }

    fn dispute(&self, number: u32, state: DisputeState) -> Result<Kind, String> {
        let payment = self.known(number)?;
        Ok(Kind::Disputed { dispute: format!("dispute of {payment}"), payment, state })
    }

    fn known(&self, number: u32) -> Result<Ref, String> {
        if number <= self.payments {
            return Ok(payment(number));
        }
        Err(format!("there is no payment {number} yet; so far there are {}", self.payments))
    }

    /// The latest refund of a payment.
    fn refund_of(&self, of: &Ref) -> Option<String> {
        self.told.iter().rev().find_map(|told| match &told.notice.kind {
            Kind::Refunded { refund, payment, .. } if payment == of => Some(refund.clone()),
            _ => None,
        })
    }

    /// What the purchase is known by. A subscription is waited for when its renewal is due; an
    /// order is not.
    fn sale(&self) -> Ref {
        let number = self.purchases.to_string();
        if self.recurs { Ref::subscription(number) } else { Ref::order(number) }
    }

    fn lines(&self, period: Option<Period>) -> Vec<Sold> {
        vec![Sold {
            line: format!("line {}", self.purchases),
            alias: Vec::new(),
            item: vec![self.product.clone()],
            quantity: self.quantity,
            period,
        }]
    }

    /// Folds all that was told, compares with what is stored, and says how each license stands.
    pub(super) fn learn(&mut self) -> Vec<Standing> {
        let folded = fold(&self.told, &self.catalogue, ACCOUNT);
        let change = difference(&self.held, &folded, |license| {
            (license.slot.clone(), format!("key of {}", license.slot))
        });
        for new in &change.updated {
            self.held
                .iter_mut()
                .filter(|held| held.id == new.id)
                .for_each(|held| held.clone_from(new));
        }
        self.held.extend(change.created);
        let mailed = &mut self.mailed;
        let owed: Vec<_> =
            change.mail.into_iter().filter(|owed| mailed.insert(owed.key.clone())).collect();
        let before = self.folded.replace(folded);
        let after = self.folded.iter().flat_map(|folded| &folded.licenses);
        let standing = |license: &License| {
            let held = self.held.iter().find(|held| held.slot == license.slot);
            let id = held.map(|held| held.id.as_str());
            let owed = owed.iter().filter(|owed| Some(owed.license_id.as_str()) == id);
            Standing {
                product: license.product.id.clone(),
                slot: license.slot.clone(),
                status: status(license.state, license.valid_until, self.now),
                flags: license.flags.iter().copied().collect(),
                starts_at: license.starts_at,
                expires_at: license.expires_at,
                valid_until: license.valid_until,
                why: why(license, before.as_ref()),
                mail: owed.map(|owed| owed.template.to_owned()).collect(),
            }
        };
        after.map(standing).collect()
    }
}

/// The steps of the explanation that were not there before.
fn why(license: &License, before: Option<&Folded>) -> Vec<String> {
    let known: &[Step] = before
        .and_then(|folded| folded.licenses.iter().find(|known| known.slot == license.slot))
        .map(|known| known.steps.as_slice())
        .unwrap_or_default();
    let said = |step: &&Step| {
        known.iter().any(|other| (other.event_id, &other.text) == (step.event_id, &step.text))
    };
    license.steps.iter().filter(|step| !said(step)).map(|step| step.text.clone()).collect()
}

fn payment(number: u32) -> Ref {
    Ref::payment(number.to_string())
}

fn euros(minor: i64) -> Money {
    Money { minor, currency: "EUR".to_owned() }
}
