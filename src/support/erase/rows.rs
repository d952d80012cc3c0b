//! What is taken out of each kind of row.

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use keywright_providers::notice::Customer;
use serde_json::{Map, Value};

use super::traces::Person;
use crate::store::rows::{ActivationRow, CustomerKey, LicenseRow, NoticeRow, RefKey};
use crate::store::{self, StoreError, Tx};
use crate::support::Failure;
use crate::support::sessions::Holder;

/// Rows that stand outside of his sales, or are found in more than one way.
#[derive(Debug, Clone)]
pub(super) enum Batch {
    /// His sessions, and the links to them.
    Doors,
    Events(Vec<i64>),
    Mails(Vec<i64>),
    Hooks(Vec<i64>),
    Notice(NoticeRow),
    Answer(String),
    Stack(RefKey),
    Customer(CustomerKey),
}

impl Batch {
    pub(super) fn erase(
        &self,
        tx: &mut Tx<'_>,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Doors => {
                tx.links_drop(&person.email)?;
                tx.sessions_end(&Holder::Customer(person.email.clone()).text()).map(drop)
            }
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

/// A sale with all that hangs on it, in one transaction: nothing of it can be told to another part
/// of it meanwhile.
pub(super) fn erase_sale(
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
    let mut notice: Notice = store::json(&row.body, "notices.body", row.id)?;
    let Some(customer) = &mut notice.customer else { return Ok(()) };
    let his = customer.email.as_deref().is_some_and(|email| person.is(email))
        || customer.provider_id.as_deref().is_some_and(|id| person.in_text(id));
    if !(whole || his) {
        return Ok(());
    }
    // The provider's own id of him ties later tellings to this sale; unless it is his address.
    let provider_id = customer.provider_id.take().filter(|id| !person.in_text(id));
    let blank = Customer { provider_id, ..Customer::default() };
    if *customer == blank {
        return Ok(());
    }
    notice.customer = Some(blank).filter(|customer| !customer.is_empty());
    // Our own types always have a JSON form.
    tx.notice_put(row.id, &serde_json::to_value(&notice).unwrap_or_default())
}

/// Is all of the sale his? Not where a license is somebody else's.
pub(super) fn whole(licenses: &[LicenseRow], person: &Person) -> bool {
    licenses.iter().all(|license| license.email.as_deref().is_none_or(|email| person.is(email)))
}

pub(super) fn is_blank(license: &LicenseRow) -> bool {
    license.email.is_none() && license.customer.as_object().is_none_or(Map::is_empty)
}

pub(super) fn names(machine: &ActivationRow) -> bool {
    machine.name.is_some() || machine.platform.is_some()
}
