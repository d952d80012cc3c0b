//! What Dodo Payments tells of, with only the fields that are used.
//!
//! <https://docs.dodopayments.com/developer-resources/webhooks/intents/payment>, `/subscription`,
//! `/refund`, `/dispute`. Metadata and custom fields are not among them: a buyer can write them.
//!
//! `data` is how things stand when the event is *sent*, so that a repetition may say more than the
//! first attempt did, and dates are never older than the event.

use serde::Deserialize;

use crate::notice::Customer;
use crate::read::{Currency, Envelope, Id, StandardFrame, Time, Unread, filled};

/// The one event of a delivery. What is repeated under its id is the same event, even if its data
/// has moved on.
pub(super) fn envelope(id: Option<&str>, body: &[u8]) -> Result<Envelope, Unread> {
    let envelope = StandardFrame::envelope(id, body)?;
    let at = envelope.occurred_at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let content = [envelope.event_type.as_str(), "\n", &at].concat().into_bytes();
    Ok(Envelope { content: Some(content), ..envelope })
}

/// An event, as far as its reader needs it: the error path then begins with `data`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) payment_id: Id,
    pub(super) subscription_id: Option<Id>,
    /// Where one payment began several subscriptions.
    pub(super) subscription_ids: Option<Vec<Id>>,
    /// Minor units, with tax.
    pub(super) total_amount: i64,
    pub(super) currency: Currency,
    pub(super) created_at: Option<Time>,
    pub(super) customer: Option<Person>,
    pub(super) billing: Option<Address>,
    /// `null` for payments of a subscription.
    pub(super) product_cart: Option<Vec<CartItem>>,
}

impl Payment {
    pub(super) fn subscriptions(&self) -> Vec<&Id> {
        let mut ids: Vec<&Id> = self.subscription_ids.iter().flatten().collect();
        ids.extend(self.subscription_id.as_ref());
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        customer(self.customer.as_ref(), self.billing.as_ref(), None)
    }
}

#[derive(Deserialize)]
pub(super) struct CartItem {
    pub(super) product_id: Id,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) subscription_id: Id,
    pub(super) product_id: Id,
    pub(super) quantity: Option<u32>,
    pub(super) status: String,
    customer: Option<Person>,
    billing: Option<Address>,
    customer_business_name: Option<String>,
    pub(super) created_at: Option<Time>,
    /// The beginning and the end of the period that runs.
    pub(super) previous_billing_date: Option<Time>,
    pub(super) next_billing_date: Option<Time>,
    pub(super) trial_period_days: Option<u32>,
    #[serde(default)]
    pub(super) cancel_at_next_billing_date: bool,
    pub(super) cancelled_at: Option<Time>,
}

impl Subscription {
    pub(super) fn customer(&self) -> Option<Customer> {
        let company = self.customer_business_name.as_deref();
        customer(self.customer.as_ref(), self.billing.as_ref(), company)
    }
}

/// Of `dunning.started`, whose content is documented least.
#[derive(Deserialize)]
pub(super) struct Dunning {
    pub(super) subscription_id: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) refund_id: Id,
    pub(super) payment_id: Id,
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<Currency>,
    pub(super) is_partial: Option<bool>,
    pub(super) customer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) dispute_id: Id,
    pub(super) payment_id: Id,
    pub(super) customer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    customer_id: Option<Id>,
    email: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

pub(super) fn customer(
    person: Option<&Person>,
    billing: Option<&Address>,
    company: Option<&str>,
) -> Option<Customer> {
    let country = billing.and_then(|billing| filled(billing.country.as_deref()));
    let customer = Customer {
        provider_id: person.and_then(|one| one.customer_id.as_ref()).map(String::from),
        email: person.and_then(|one| filled(one.email.as_deref())),
        name: person.and_then(|one| filled(one.name.as_deref())),
        company: filled(company),
        country: country.map(|code| code.to_ascii_uppercase()),
        locale: None,
    };
    Some(customer).filter(|customer| !customer.is_empty())
}
