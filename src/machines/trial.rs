//! An evaluation: a license of its own, once a customer and machine, told as an event like any
//! other. When the same customer buys, that is a sale of its own, with a key of its own.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Customer, Ref};

use super::activate::{Activated, Binding, Bound, bind, counted};
use super::given::{Fingerprint, Machine};
use super::refusal::UsedBy;
use super::{Failure, Machines, Refusal, find};
use crate::books::Books;
use crate::rules::acts::{SUPPORT, Told, What};
use crate::rules::machine::whole;
use crate::rules::span::Interval;
use crate::rules::validity::Bar;
use crate::store::rows::LicenseRow;
use crate::store::{StoreError, Tx};
use crate::support::actors::APPLICATION;
use crate::support::acts::{Telling, tell};
use crate::support::issue::address;

/// The longest product id that is looked for, in characters.
const PRODUCT_CHARS_MAX: usize = 200;

/// Who wants to try what.
struct Wish {
    product: String,
    length: Interval,
    /// The name of the machine's one trial of the product.
    machine: String,
    /// The name of the customer's.
    person: Option<String>,
    email: Option<String>,
}

impl Machines {
    /// Gives a machine a trial license of the product, and binds it. While that license stands,
    /// the same machine gets the same one again. The key is mailed where there is an address.
    ///
    /// # Errors
    /// [`Refusal::NoTrial`], [`Refusal::TrialUsed`], and those of an activation;
    /// [`Failure::Store`].
    pub async fn trial(
        &self,
        product: &str,
        machine: Machine,
        email: Option<&str>,
    ) -> Result<Activated, Failure> {
        let (names, books) = (self.names()?, self.shelf.now());
        let wish = Wish::new(product, &machine, email, &books)?;
        let (clock, fingerprint) = (Arc::clone(&self.clock), machine.fingerprint.clone());
        let by = Arc::clone(&books);
        let bound = self
            .write("trial", move |tx| {
                let binding =
                    Binding { machine: &machine, names: &names, books: &by, now: clock.now() };
                wish.bound(tx, &binding)
            })
            .await;
        let bound = counted(bound)?;
        self.post.notify_one();
        Ok(bound.signed(fingerprint.as_str(), None, &books))
    }
}

impl Wish {
    fn new(
        product: &str,
        machine: &Machine,
        email: Option<&str>,
        books: &Books,
    ) -> Result<Self, Refusal> {
        let product: String = product.chars().take(PRODUCT_CHARS_MAX).collect();
        let email = email.map(address).transpose().map_err(|_| Refusal::Field {
            field: "email",
            message: "is not an address; write ann@example.com".to_owned(),
        })?;
        // A bundle is several products; each has its own trial.
        let offer = books.config.catalogue.products.get(&product);
        let length = match offer.map(Vec::as_slice) {
            Some([one]) if one.id == product => one.trial.filter(|length| !length.is_zero()),
            Some(_) | None => None,
        };
        let Some(length) = length else { return Err(Refusal::NoTrial(product)) };
        let person = |email: &String| books.trial_name(&product, "person", &email.to_lowercase());
        Ok(Self {
            machine: machine_name(books, &product, &machine.fingerprint),
            person: email.as_ref().map(person),
            product,
            length,
            email,
        })
    }

    fn bound(&self, tx: &mut Tx<'_>, binding: &Binding<'_>) -> Result<Bound, Failure> {
        // The person first: whose trial is seen here, its machine is seen after.
        let person_had_one = self.person_had_one(tx)?;
        let known = find::locked(tx, |tx| tried(tx, &self.machine, &self.product))?;
        let row = match known {
            Some(row) => row,
            None if person_had_one => {
                return Err(Refusal::TrialUsed(UsedBy::Customer).into());
            }
            // Another node that does the same at this moment ties the same names, or finds ours
            // tied: one of the two gives way, and finds the other's license.
            None => self.told(tx, binding)?,
        };
        let terms = find::terms(tx, &row, binding.books)?;
        match find::standing(&row)?.bar(&terms, binding.now) {
            Some(Bar::Expired) => Err(Refusal::TrialUsed(UsedBy::Machine).into()),
            Some(Bar::Suspended | Bar::Revoked) | None => bind(tx, row, binding),
        }
    }

    fn person_had_one(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        match &self.person {
            Some(person) => Ok(sale_of(tx, person)?.is_some()),
            None => Ok(false),
        }
    }

    fn told(&self, tx: &mut Tx<'_>, binding: &Binding<'_>) -> Result<LicenseRow, StoreError> {
        let Binding { names, books, now, .. } = *binding;
        let told = Told {
            by: APPLICATION.to_owned(),
            reason: None,
            at: now,
            what: What::Trial {
                machine: self.machine.clone(),
                person: self.person.clone(),
                product: self.product.clone(),
                until: self.until(now),
                customer: Customer { email: self.email.clone(), ..Customer::default() },
            },
        };
        let telling = Telling { told: &told, event: &names.event, account: SUPPORT, live: true };
        let applied = tell(tx, &telling, books, now)?;
        if let Some(sale_id) = applied.settled.sale_id
            && tx.notices_of_sale(sale_id)?.len() > 1
        {
            // Told between our look and our word, by another node: look again.
            return Err(StoreError::Busy("another node began the trial first".to_owned()));
        }
        let nothing = || StoreError::Refused("the trial gave no license".to_owned());
        applied.licenses.into_iter().next().ok_or_else(nothing)
    }

    fn until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.length.after(whole(now), 1)
    }
}

/// The name of a machine's one trial of a product.
pub(super) fn machine_name(books: &Books, product: &str, machine: &Fingerprint) -> String {
    books.trial_name(product, "machine", machine.as_str())
}

/// The license of the trial with this name.
pub(super) fn tried(
    tx: &mut Tx<'_>,
    name: &str,
    product: &str,
) -> Result<Option<LicenseRow>, StoreError> {
    let Some(sale_id) = sale_of(tx, name)? else { return Ok(None) };
    let of_sale = tx.licenses_of_sale(sale_id)?;
    match of_sale.into_iter().find(|row| row.product == product) {
        Some(row) => find::standing_for(tx, row).map(Some),
        None => Ok(None),
    }
}

/// The sale that a trial's name is tied to.
fn sale_of(tx: &mut Tx<'_>, name: &str) -> Result<Option<i64>, StoreError> {
    let name = Ref::order(name).to_string();
    let found = tx.refs_find(SUPPORT, true, &[name])?;
    Ok(found.first().map(|row| row.sale_id))
}
