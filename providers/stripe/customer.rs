//! Customers: <https://docs.stripe.com/api/customers/object>

use serde::Deserialize;

use super::payload::{self, Address, Snapshot};
use crate::notice::{Customer, Kind};
use crate::read::{Event, Id, Reading};

/// `customer.created`, `customer.updated`: name and address, of no one sale.
pub(super) fn customer(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Account>(event.body)?;
    Ok(vec![payload::notice(Vec::new(), occurred_at, Kind::Customer, Some(object.customer()))])
}

#[derive(Debug, Deserialize)]
struct Account {
    id: Id,
    email: Option<String>,
    name: Option<String>,
    individual_name: Option<String>,
    business_name: Option<String>,
    address: Option<Address>,
    preferred_locales: Option<Vec<String>>,
}

impl Account {
    fn customer(self) -> Customer {
        Customer {
            provider_id: Some(self.id.into()),
            email: payload::filled(self.email),
            name: payload::filled(self.name).or(payload::filled(self.individual_name)),
            company: payload::filled(self.business_name),
            country: payload::country(self.address),
            locale: payload::filled(self.preferred_locales.into_iter().flatten().next()),
        }
    }
}
