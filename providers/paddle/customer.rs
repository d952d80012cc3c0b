//! Customers, their addresses and businesses: no transaction says who bought, so these events
//! do, by the customer's id and in any order. Imported ones as well: an imported subscription
//! renews like any other.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::notice::{Customer, Kind, Notice};
use crate::read::Id;

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

pub(super) fn person(at: DateTime<Utc>, person: Person) -> Vec<Notice> {
    let customer = Customer {
        provider_id: Some(person.id.into()),
        email: filled(person.email),
        name: filled(person.name),
        locale: filled(person.locale),
        ..Customer::default()
    };
    notice(at, customer)
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
