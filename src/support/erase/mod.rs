//! A customer's personal data taken out: what he is called, where he is written to, what was sent
//! about him. Licenses, their dates, the history and the recognition of repetitions stay.
//!
//! - [`traces`]: is it he?
//! - [`search`]: every row that tells of him
//! - [`rows`]: what is taken out of each
//!
//! It goes sale by sale, each a transaction, and can be killed anywhere and run again: what only a
//! sale leads to comes before it, what finds it (its notices and licenses) is taken out with the
//! rest of it, and the rows that only lead to sales come last. A mark in the store says how far it
//! was.

mod rows;
mod search;
mod traces;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use self::rows::{Batch, erase_sale, is_blank, names, whole};
use self::search::Search;
use self::traces::Person;
use super::{Asked, Failure, Refusal, Support};
use crate::store::rows::NewHistory;
use crate::store::{StoreError, Tx};

/// Rows of one kind in one transaction.
const BATCH: usize = 200;

/// How far it was: rows are being taken out; or all are, and that stands in the history.
const BEGUN: &str = "begun";
const NOTED: &str = "noted";

/// What there is of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Look {
    pub sales: usize,
    pub licenses: usize,
    pub machines: usize,
    /// With a body, headers or answers that are taken out.
    pub events: usize,
    /// Of the events those that failed: they cannot be applied any more afterwards.
    pub failed: usize,
    /// Events of his that are being worked on. They are left, and so is the rest until the next run.
    pub pending: usize,
    pub mails: usize,
    pub hook_messages: usize,
    /// What providers told of him by their own id of him.
    pub customers: usize,
    /// Answers remembered for idempotency keys.
    pub answers: usize,
    /// Entries of his licenses' histories that name him, in a reason that a person wrote. The
    /// history is never changed.
    pub history: usize,
    /// When he was erased before.
    pub erased_at: Option<DateTime<Utc>>,
}

impl Look {
    /// Nobody of this address is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { history: _, erased_at: _, .. } = self;
        Self { history: 0, erased_at: None, ..self.clone() } == Self::default()
    }
}

impl Support {
    /// What [`Support::customer_erase`] would take out. Reads every event there is.
    ///
    /// # Errors
    /// [`Refusal::Field`] where it is no address; [`Failure::Store`].
    pub async fn customer_search(&self, email: &str) -> Result<Look, Failure> {
        let person = person(email)?;
        let search = self.search(&person).await?;
        self.look(&person, &search).await
    }

    /// Takes a customer's personal data out of all tables and, by writing them anew, out of free
    /// pages; says what it was (nothing, where nobody of this address is known). Reads every event
    /// there is. What a provider sends of him later is new data.
    ///
    /// # Errors
    /// [`Refusal::Field`] where it is no address, or the reason names him; [`Failure::Store`]: what
    /// is left is taken out by the next run.
    pub async fn customer_erase(&self, email: &str, asked: Asked) -> Result<Look, Failure> {
        let person = person(email)?;
        let reason = asked.reason();
        if reason.as_deref().is_some_and(|reason| person.in_text(reason)) {
            let message = "must not name the customer: it stands in the history for ever";
            return Err(Refusal::field("reason", message).into());
        }
        let mark = format!("erasing:{}", self.pseudonym(&person));
        let search = self.search(&person).await?;
        let look = self.look(&person, &search).await?;
        let marked = mark.clone();
        let before = self.read("erase begun", move |tx| Ok(tx.meta_get(&marked)?)).await?;
        if look.is_empty() && before.is_none() {
            return Ok(look);
        }
        if !(look.is_empty() && before.as_deref() == Some(NOTED)) {
            let marked = mark.clone();
            self.write("erase begin", move |tx| Ok(tx.meta_put(&marked, BEGUN)?)).await?;
            self.take_out(&person, search).await?;
            if look.pending == 0 {
                self.write_down(&person, mark.clone(), &look, &asked.by, reason).await?;
            }
        }
        self.store.compact().await?;
        if look.pending == 0 {
            self.write("erase end", move |tx| Ok(tx.meta_drop(&mark)?)).await?;
        }
        Ok(look)
    }

    /// Everything that was found, in the order that a further run can go on from.
    async fn take_out(&self, person: &Person, search: Search) -> Result<(), Failure> {
        let chunk = |ids: &[i64]| ids.to_vec();
        let mut first = vec![Batch::Doors];
        first.extend(search.answers.into_iter().map(Batch::Answer));
        first.extend(search.hooks.chunks(BATCH).map(|ids| Batch::Hooks(chunk(ids))));
        first.extend(search.mails.chunks(BATCH).map(|ids| Batch::Mails(chunk(ids))));
        self.each_batch(person, first).await?;
        for sale_id in search.sales {
            let (person, now) = (person.clone(), self.clock.now());
            self.write("erase sale", move |tx| erase_sale(tx, sale_id, &person, now)).await?;
        }
        let events = search.events.chunks(BATCH).map(|ids| Batch::Events(chunk(ids)));
        let mut last: Vec<Batch> = events.collect();
        last.extend(search.notices.into_iter().map(Batch::Notice));
        last.extend(search.stacks.into_iter().map(Batch::Stack));
        last.extend(search.customers.into_iter().map(Batch::Customer));
        self.each_batch(person, last).await
    }

    /// Each in a transaction of its own.
    async fn each_batch(&self, person: &Person, batches: Vec<Batch>) -> Result<(), Failure> {
        for batch in batches {
            let (person, now) = (person.clone(), self.clock.now());
            self.write("erase rows", move |tx| Ok(batch.erase(tx, &person, now)?)).await?;
        }
        Ok(())
    }

    /// One entry in the history, under a name that only this service can make of the address.
    async fn write_down(
        &self,
        person: &Person,
        mark: String,
        look: &Look,
        by: &str,
        reason: Option<String>,
    ) -> Result<(), Failure> {
        let entry = NewHistory {
            subject: format!("customer:{}", self.pseudonym(person)),
            at: self.clock.now(),
            action: "erased".to_owned(),
            cause_event: None,
            actor: Some(by.to_owned()),
            detail: json!({
                "reason": reason,
                "sales": look.sales,
                "licenses": look.licenses,
                "events": look.events,
                "mails": look.mails,
            }),
        };
        self.write("erase note", move |tx| {
            tx.history_append(&entry)?;
            Ok(tx.meta_put(&mark, NOTED)?)
        })
        .await
    }

    async fn look(&self, person: &Person, search: &Search) -> Result<Look, Failure> {
        let (sales, subject) = (search.sales.clone(), self.pseudonym(person));
        let (found, person) = (search.counts(), person.clone());
        self.read("customer look", move |tx| {
            let mut look = found;
            for sale_id in sales {
                look_at_sale(tx, sale_id, &person, &mut look)?;
            }
            let history = tx.history_of(&format!("customer:{subject}"))?;
            look.erased_at = history.last().map(|entry| entry.at);
            Ok(look)
        })
        .await
    }

    /// What an address is called where it must not stand itself.
    fn pseudonym(&self, person: &Person) -> String {
        self.shelf.now().pseudonym("customer", &person.email)
    }
}

fn person(email: &str) -> Result<Person, Refusal> {
    Ok(Person::new(&super::issue::address(email)?))
}

fn look_at_sale(
    tx: &mut Tx<'_>,
    sale_id: i64,
    person: &Person,
    look: &mut Look,
) -> Result<(), StoreError> {
    let licenses = tx.licenses_of_sale(sale_id)?;
    if !whole(&licenses, person) {
        return Ok(());
    }
    look.sales += 1;
    for license in licenses.iter().filter(|license| !is_blank(license)) {
        look.licenses += 1;
        let machines = tx.activations_of_license(&license.id)?;
        look.machines += machines.iter().filter(|machine| names(machine)).count();
        let history = tx.history_of(&format!("license:{}", license.id))?;
        look.history += history.iter().filter(|entry| person.in_value(&entry.detail)).count();
    }
    Ok(())
}
