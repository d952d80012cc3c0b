//! A subscription's life on simulated time: each event, what the fold makes of it and why, and
//! the mail that it owes. With no database: what is stored is a list.

pub mod script;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::{DisputeState, Kind, Line as Sold, Money, Notice, Period, Ref};
use serde::Serialize;
use thiserror::Error;

use self::script::{BadLine, Line, What, When};
use super::difference::{Held, difference};
use super::fold::{Folded, License, Step, Told, fold};
use super::license::{Flag, Status, status};
use super::product::{Catalogue, Offer, Start, Term};

const ACCOUNT: &str = "simulation";

/// What one payment is of, in cents.
const PAYMENT_MINOR: i64 = 10_000;

/// One event, and how the licenses stand after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    /// As the script says it.
    pub event: String,
    pub licenses: Vec<Standing>,
}

/// How one license stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub product: String,
    pub slot: String,
    pub status: Status,
    pub flags: Vec<Flag>,
    pub starts_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    /// What the event changed in how the date comes about.
    pub why: Vec<String>,
    /// Templates of the mail that is owed for it.
    pub mail: Vec<String>,
}

/// Why a life cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Impossible {
    #[error("there is no product {0:?}")]
    NoProduct(String),
    #[error(transparent)]
    Script(#[from] BadLine),
}

/// A life that shows what the product's rules do: renewed early and late, failed, canceled, paid
/// back.
#[must_use]
pub fn example(offer: &Offer) -> &'static str {
    let expires = offer.iter().any(|product| matches!(product.term, Term::Interval(_)));
    let waits = offer.iter().any(|product| product.start == Start::Activation);
    match (expires, waits) {
        (false, _) => "purchase\n+P14D refund 1 40%\n+P14D refund 1\n",
        (true, true) => {
            "purchase\n+P7D activate\nexpiry-P3D renewal\nexpiry+PT12H renewal\n\
             +P1D cancel\n+P1D refund 3\n"
        }
        (true, false) => {
            "purchase\nexpiry-P3D renewal\nexpiry payment-failed\n+PT12H renewal\n\
             expiry+P5D renewal\n+P1D cancel\n+P1D refund 4\n"
        }
    }
}

/// Plays a script from `start` on, of a purchase of `product`.
///
/// # Errors
/// [`Impossible`].
pub fn play(
    catalogue: &Catalogue,
    product: &str,
    start: DateTime<Utc>,
    script: &[Line],
) -> Result<Vec<Moment>, Impossible> {
    let mut life = Life::new(catalogue, product, start)?;
    let moment = |line: &Line| {
        life.take(line)?;
        Ok(Moment { at: life.now, event: line.text.clone(), licenses: life.learn() })
    };
    script.iter().map(moment).collect()
}

/// What was told so far, and what is stored.
struct Life {
    /// Every product is an item of the one account.
    catalogue: Catalogue,
    now: DateTime<Utc>,
    product: String,
    quantity: u32,
    payments: u32,
    purchases: u32,
    told: Vec<Told>,
    folded: Option<Folded>,
    held: Vec<Held>,
}

impl Life {
    fn new(catalogue: &Catalogue, product: &str, start: DateTime<Utc>) -> Result<Self, Impossible> {
        let products = catalogue.products.clone();
        if !products.contains_key(product) {
            return Err(Impossible::NoProduct(product.to_owned()));
        }
        let items = BTreeMap::from([(ACCOUNT.to_owned(), products.clone())]);
        Ok(Self {
            catalogue: Catalogue { products, items },
            now: start,
            product: product.to_owned(),
            quantity: 1,
            payments: 0,
            purchases: 1,
            told: Vec::new(),
            folded: None,
            held: Vec::new(),
        })
    }

    /// Tells what a line says.
    fn take(&mut self, line: &Line) -> Result<(), Impossible> {
        let bad = |message: String| BadLine { number: line.number, message };
        self.now = self.time(line.when).map_err(bad)?;
        let kind = self.kind(&line.what).map_err(bad)?;
        let refs = match &kind {
            Kind::Paid { payment, .. } => vec![self.subscription(), payment.clone()],
            Kind::Refunded { payment, .. }
            | Kind::RefundUndone { payment, .. }
            | Kind::Disputed { payment, .. } => vec![payment.clone()],
            _ => vec![self.subscription()],
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
                Kind::Changed { lines: self.lines(None) }
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

    fn subscription(&self) -> Ref {
        Ref::subscription(self.purchases.to_string())
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
    fn learn(&mut self) -> Vec<Standing> {
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
        let before = self.folded.replace(folded);
        let after = self.folded.iter().flat_map(|folded| &folded.licenses);
        let standing = |license: &License| {
            let held = self.held.iter().find(|held| held.slot == license.slot);
            let id = held.map(|held| held.id.as_str());
            let owed = change.mail.iter().filter(|owed| Some(owed.license_id.as_str()) == id);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::life::{at, catalogue};

    const SHOP: &str = r#"
        [products.pro]
        interval = "P1M"
        [products.lite]
        interval = "P1M"
        [products.suite]
        bundle = ["pro", "lite"]
        [products.pass]
        interval = "P30D"
        stack = true
        [products.later]
        interval = "P1Y"
        start = "activation"
        [products.tool]
    "#;

    fn life(product: &str, script: &str) -> Vec<Moment> {
        let script = script::parse(script).unwrap();
        play(&catalogue(SHOP), product, at("2026-01-31"), &script).unwrap()
    }

    fn told(moments: &[Moment]) -> String {
        let each = moments.iter().flat_map(|moment| {
            moment.licenses.iter().map(move |license| {
                let end = license.expires_at.map_or("never".to_owned(), |end| end.to_rfc3339());
                let end = end.split('T').next().unwrap_or_default().to_owned();
                let (product, mail) = (&license.product, license.mail.join(" "));
                let why = license.why.join("; ");
                let status = license.status;
                format!("{} {product} {status} {end} [{mail}] {why}", moment.event)
            })
        });
        each.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_life_is_told_with_every_date_its_reason_and_its_mail() {
        let script = "purchase\nexpiry renewal\nexpiry payment-failed\n+PT12H renewal\n\
                      +P1D refund 3\n+P1D set-expiry 2026-06-30\ncancel";
        insta::assert_snapshot!(told(&life("pro", script)), @"");
    }

    #[test]
    fn each_product_of_a_bundle_has_its_line() {
        insta::assert_snapshot!(told(&life("suite", "purchase\n+P10D plan-change pro")), @"");
    }

    #[test]
    fn stacked_purchases_extend_one_license() {
        let script = "2026-01-01 purchase\n2026-01-20 purchase-again\n2026-03-05 purchase-again";
        insta::assert_snapshot!(told(&life("pass", script)), @"");
    }

    #[test]
    fn every_example_plays() {
        let catalogue = catalogue(SHOP);
        for (product, offer) in &catalogue.products {
            let script = script::parse(example(offer)).unwrap();
            let moments = play(&catalogue, product, at("2026-01-31"), &script).unwrap();
            assert_eq!(moments.len(), script.len());
            assert!(moments.iter().all(|moment| !moment.licenses.is_empty()), "{product}");
        }
    }

    #[test]
    fn what_cannot_happen_is_told_by_its_line() {
        let play = |product: &str, script: &str| {
            let script = script::parse(script).unwrap();
            play(&catalogue(SHOP), product, at("2026-01-31"), &script).unwrap_err().to_string()
        };
        assert_eq!(play("prp", "purchase"), "there is no product \"prp\"");
        for (product, script, message) in [
            ("pro", "purchase\nrefund 2", "line 2: there is no payment 2 yet; so far there are 1"),
            ("pro", "purchase\nrefund-failed 1", "line 2: nothing was refunded of it"),
            ("pro", "purchase\nplan-change prp", "line 2: there is no product \"prp\""),
            ("pro", "expiry renewal", "line 1: nothing expires at that moment; write a date"),
            (
                "tool",
                "purchase\nexpiry end",
                "line 2: nothing expires at that moment; write a date",
            ),
            (
                "pro",
                "purchase\npurchase-again",
                "line 2: pro does not stack: another purchase is another life",
            ),
        ] {
            assert_eq!(play(product, script), message);
        }
    }
}
