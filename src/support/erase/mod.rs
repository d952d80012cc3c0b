//! A customer's personal data taken out: what he is called, where he is written to, what was sent
//! about him. Licenses, their dates, the history and the recognition of repetitions stay.
//!
//! - [`traces`]: is it he?
//! - [`search`]: every row that tells of him
//!
//! It goes sale by sale, each a transaction, and can be killed anywhere and run again: what only a
//! sale leads to comes before it, what finds it (its notices and licenses) is taken out with the
//! rest of it, and the rows that only lead to sales come last. A mark in the store says how far it
//! was.

mod search;
mod traces;

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use serde::{Deserialize as _, Serialize};
use serde_json::{Map, Value, json};

use self::search::Search;
use self::traces::Person;
use super::{Asked, Failure, Refusal, Support};
use crate::store::rows::{ActivationRow, LicenseRow, NewHistory, NoticeRow};
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
    /// What is known of a customer by his licenses, at once: for a page. A thorough look, which
    /// reads every event there is, is [`Support::customer_search`].
    ///
    /// # Errors
    /// [`Refusal::Field`] where it is no address; [`Failure::Store`].
    pub async fn customer_look(&self, email: &str) -> Result<Look, Failure> {
        let person = person(email)?;
        let search = self.known(&person).await?;
        self.look(&person, &search).await
    }

    /// What [`Support::customer_erase`] would take out. Reads every event there is.
    ///
    /// # Errors
    /// As [`Support::customer_look`].
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
        let mut first: Vec<Batch> = search.answers.into_iter().map(Batch::Answer).collect();
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

/// Is all of the sale his? Not where a license is somebody else's.
fn whole(licenses: &[LicenseRow], person: &Person) -> bool {
    licenses.iter().all(|license| license.email.as_deref().is_none_or(|email| person.is(email)))
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

fn is_blank(license: &LicenseRow) -> bool {
    license.email.is_none() && license.customer.as_object().is_none_or(Map::is_empty)
}

fn names(machine: &ActivationRow) -> bool {
    machine.name.is_some() || machine.platform.is_some()
}

/// A sale with all that hangs on it, in one transaction: nothing of it can be told to another part
/// of it meanwhile.
fn erase_sale(
    tx: &mut Tx<'_>,
    sale_id: i64,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    tx.sale_lock(&[sale_id])?;
    let licenses = tx.licenses_of_sale(sale_id)?;
    let whole = whole(&licenses, person);
    for notice in tx.notices_of_sale(sale_id)? {
        erase_notice(tx, &notice, person, whole)?;
    }
    if !whole {
        return Ok(());
    }
    let events: Vec<i64> = tx.events_of_sale(sale_id)?.iter().map(|event| event.id).collect();
    tx.event_erase(&events)?;
    let mails = tx.outbox_of_sale(sale_id)?;
    tx.outbox_erase(&mails)?;
    for license in licenses {
        for machine in tx.activations_of_license(&license.id)?.into_iter().filter(names) {
            tx.activation_update(&ActivationRow { name: None, platform: None, ..machine })?;
        }
        if !is_blank(&license) {
            let version = license.version;
            let blank = LicenseRow {
                email: None,
                customer: Value::Object(Map::new()),
                updated_at: now,
                ..license
            };
            tx.license_update(&blank, version)?;
        }
    }
    let sale = tx.sale_by_id(sale_id)?;
    if sale.and_then(|sale| sale.customer_id).is_some_and(|id| person.in_text(&id)) {
        tx.sale_forget_customer(sale_id)?;
    }
    Ok(())
}

/// A notice says the same of licenses without whom it is about. It keeps its digest: the same fact
/// told once more is the same fact, and whatever was decided between two at one instant stays so.
fn erase_notice(
    tx: &mut Tx<'_>,
    row: &NoticeRow,
    person: &Person,
    whole: bool,
) -> Result<(), StoreError> {
    let mut notice = Notice::deserialize(&row.body).map_err(|error| StoreError::Corrupt {
        table: "notices".to_owned(),
        column: "body".to_owned(),
        row: row.id.to_string(),
        message: error.to_string(),
    })?;
    let Some(customer) = &mut notice.customer else { return Ok(()) };
    let his = customer.email.as_deref().is_some_and(|email| person.is(email))
        || customer.provider_id.as_deref().is_some_and(|id| person.in_text(id));
    if !(whole || his) {
        return Ok(());
    }
    // The provider's own id of him ties later tellings to this sale; unless it is his address.
    let provider_id = customer.provider_id.take().filter(|id| !person.in_text(id));
    let blank = keywright_providers::notice::Customer { provider_id, ..Default::default() };
    if *customer == blank {
        return Ok(());
    }
    notice.customer = Some(blank).filter(|customer| !customer.is_empty());
    // Our own types always have a JSON form.
    tx.notice_put(row.id, &serde_json::to_value(&notice).unwrap_or_default())
}

/// Rows that stand outside of his sales, or are found in more than one way.
#[derive(Debug, Clone)]
enum Batch {
    Events(Vec<i64>),
    Mails(Vec<i64>),
    Hooks(Vec<i64>),
    Notice(NoticeRow),
    Answer(String),
    Stack(crate::store::rows::RefKey),
    Customer(crate::store::rows::CustomerKey),
}

impl Batch {
    fn erase(
        &self,
        tx: &mut Tx<'_>,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Events(ids) => tx.event_erase(ids).map(drop),
            Self::Mails(ids) => tx.outbox_erase(ids).map(drop),
            Self::Hooks(ids) => tx.hook_forget(ids).map(drop),
            Self::Notice(row) => erase_notice(tx, row, person, false),
            Self::Answer(key) => match tx.idempotency_find(key)? {
                Some(mut answer) => {
                    person.out_of(&mut answer.body);
                    tx.idempotency_redact(key, &answer.body)
                }
                None => Ok(()),
            },
            Self::Stack(name) => tx.ref_drop(name),
            Self::Customer(name) if person.in_text(&name.2) => tx.customer_drop(name),
            Self::Customer((account, live, provider_id)) => {
                let mut row = tx.customer_lock(account, *live, provider_id, now)?;
                row.details = Value::Object(Map::new());
                row.updated_at = now;
                tx.customer_put(&row)
            }
        }
    }
}
