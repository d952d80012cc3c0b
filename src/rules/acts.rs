//! Support's own acts, and what the vendor's application asks for: stored as events like any other,
//! and read into notices like any other.

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Customer, Kind, Line, Notice, Ref, Thing};
use keywright_providers::read::json;
use keywright_providers::{Reading, Unread};
use serde::{Deserialize, Serialize};

/// The kind that support's events are stored under, and the account of licenses given by hand.
pub const SUPPORT: &str = "support";

/// The body of a support event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who did it: the name of a token, or `command line`.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub what: What,
}

/// What support did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// An act on one license.
    License { license_id: String, slot: String, act: Act },
    /// A license given by hand; `order` names the gift and is unique.
    Issue {
        order: String,
        product: String,
        quantity: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
        customer: Customer,
    },
    /// A trial that the application asked for. The names are unique: one is the machine's and the
    /// other, where an address was told, the customer's. So each has one, and they are no one's
    /// data.
    Trial {
        machine: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        product: String,
        until: DateTime<Utc>,
        #[serde(default, skip_serializing_if = "Customer::is_empty")]
        customer: Customer,
    },
}

impl Told {
    /// The event's type: `support.renew`, `support.issue` ...
    #[must_use]
    pub fn event_type(&self) -> String {
        let act = match &self.what {
            What::Issue { .. } => "issue",
            What::Trial { .. } => "trial",
            What::License { act, .. } => name(act),
        };
        format!("support.{act}")
    }

    /// The one notice that it is.
    #[must_use]
    pub fn notice(&self) -> Notice {
        let adjusted =
            |act| Kind::Adjusted { act, by: self.by.clone(), reason: self.reason.clone() };
        let (refs, line, kind, customer) = match &self.what {
            What::License { license_id, slot, act } => {
                let license = Ref::new(Thing::License, license_id);
                (vec![license], Some(slot.clone()), adjusted(act.clone()), None)
            }
            What::Issue { order, product, quantity, expires_at, customer } => {
                let order = Ref::order(order);
                let lines = vec![line(&order, product, *quantity)];
                let kind = adjusted(Act::Issue { lines, expires_at: *expires_at });
                (vec![order], None, kind, Some(customer.clone()))
            }
            What::Trial { machine, person, product, until, customer } => {
                let machine = Ref::order(machine);
                let lines = vec![line(&machine, product, 1)];
                let kind = Kind::Trial { until: *until, lines };
                let person = person.iter().map(Ref::order);
                let customer = Some(customer.clone()).filter(|customer| !customer.is_empty());
                (std::iter::once(machine).chain(person).collect(), None, kind, customer)
            }
        };
        Notice { refs, occurred_at: self.at, line, kind, customer }
    }
}

/// The one line of a license that this service gives.
fn line(order: &Ref, product: &str, quantity: u32) -> Line {
    Line {
        line: Line::at(order, 0),
        alias: Vec::new(),
        item: vec![product.to_owned()],
        quantity,
        period: None,
    }
}

/// Reads a stored support event.
///
/// # Errors
/// [`Unread::Content`]; only a damaged database has such an event.
pub fn read(body: &[u8]) -> Reading {
    let told: Told = json(body)?;
    match &told.what {
        What::Issue { quantity: 0, .. } => Err(Unread::value("quantity", "must be at least 1")),
        What::Issue { .. } | What::License { .. } | What::Trial { .. } => Ok(vec![told.notice()]),
    }
}

fn name(act: &Act) -> &'static str {
    match act {
        Act::Issue { .. } => "issue",
        Act::Renew { .. } => "renew",
        Act::SetExpiry { .. } => "set_expiry",
        Act::Suspend => "suspend",
        Act::Reinstate => "reinstate",
        Act::Revoke => "revoke",
        Act::Activate => "activate",
    }
}
