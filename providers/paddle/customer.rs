//! Customers, their addresses and businesses: no transaction says who bought, so these events
//! do, by the customer's id and in any order. Imported ones as well: an imported subscription
//! renews like any other.
//!
//! Where there is an API key, a payment's customer is also asked for: his events may never be told
//! here. <https://developer.paddle.com/api-reference/customers/get-customer>

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::list::{API_KEY, BASE};
use super::payload::{Told, Transaction};
use crate::ask::{Ask, Auth, Need};
use crate::notice::{Customer, Kind, Notice};
use crate::read::{self, Event, Id, Unread};

/// The name of the question.
const CUSTOMER: &str = "customer";

#[derive(Deserialize)]
pub(super) struct Person {
    id: Id,
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    customer_id: Option<Id>,
    country_code: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Business {
    customer_id: Option<Id>,
    name: Option<String>,
    status: Option<String>,
}

/// Who paid, of a transaction that is the beginning of a license or its renewal. The event is read
/// without an answer too, and the mail then waits for the customer's own event.
///
/// # Errors
/// [`Unread`] where the transaction cannot be read, or the id cannot stand in an address.
pub(super) fn ask(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if event.event_type != "transaction.completed" || event.answers.contains_key(CUSTOMER) {
        return Ok(Vec::new());
    }
    let transaction = read::json::<Told<Transaction>>(event.body)?.data;
    let Some(id) = transaction.customer_id.filter(|_| transaction.origin.covers_time()) else {
        return Ok(Vec::new());
    };
    let path = format!("/customers/{}", id.segment("data.customer_id")?);
    let ask = Ask::get(CUSTOMER, BASE, path, Auth::Bearer(API_KEY));
    Ok(vec![Ask { need: Need::Helpful, ..ask }])
}

/// Who it is, where that was asked and answered.
///
/// # Errors
/// [`Unread`] for an answer that is no customer, or tells of another.
pub(super) fn answered(event: &Event<'_>, id: Option<&Id>) -> Result<Option<Customer>, Unread> {
    let Some(told) = read::answered::<Told<Person>>(event.answers, CUSTOMER)? else {
        return Ok(None);
    };
    if id != Some(&told.data.id) {
        return Err(Unread::value("data.id", "the API told of another customer"));
    }
    Ok(Some(told.data.customer()))
}

pub(super) fn person(at: DateTime<Utc>, person: Person) -> Vec<Notice> {
    notice(at, person.customer())
}

impl Person {
    fn customer(self) -> Customer {
        Customer {
            provider_id: Some(self.id.into()),
            email: filled(self.email),
            name: filled(self.name),
            locale: filled(self.locale),
            ..Customer::default()
        }
    }
}

pub(super) fn address(at: DateTime<Utc>, address: Address) -> Vec<Notice> {
    match (address.customer_id, in_use(address.status.as_deref())) {
        (Some(id), true) => {
            let country = filled(address.country_code).map(|code| code.to_ascii_uppercase());
            notice(at, Customer { provider_id: Some(id.into()), country, ..Customer::default() })
        }
        _ => Vec::new(),
    }
}

pub(super) fn business(at: DateTime<Utc>, business: Business) -> Vec<Notice> {
    match (business.customer_id, in_use(business.status.as_deref())) {
        (Some(id), true) => {
            let company = filled(business.name);
            notice(at, Customer { provider_id: Some(id.into()), company, ..Customer::default() })
        }
        _ => Vec::new(),
    }
}

/// An archived address or business is told of once more, but is where nobody is now.
fn in_use(status: Option<&str>) -> bool {
    status != Some("archived")
}

/// A blank field says nothing, and must not take away what another event said.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn notice(at: DateTime<Utc>, customer: Customer) -> Vec<Notice> {
    vec![Notice {
        refs: Vec::new(),
        occurred_at: at,
        line: None,
        kind: Kind::Customer,
        customer: Some(customer),
    }]
}
