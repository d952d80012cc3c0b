//! Polar's objects, with only the fields that are used.
//!
//! <https://polar.sh/docs/api-reference/webhooks/order.paid>, `/subscription.updated`,
//! `/refund.created`, `/customer.updated`. Metadata and custom fields are not among them: a buyer
//! can write them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::notice::{Customer, Period};
use crate::read::{Currency, Id, Time, filled};

/// An event, as far as its reader needs it: the error path then begins with `data`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    pub(super) billing_reason: BillingReason,
    pub(super) customer_id: Option<Id>,
    pub(super) product_id: Option<Id>,
    pub(super) subscription_id: Option<Id>,
    pub(super) currency: Currency,
    /// Minor units, like all amounts here; with tax.
    pub(super) total_amount: i64,
    /// What was left to pay after the customer's balance.
    pub(super) due_amount: Option<i64>,
    pub(super) refunded_amount: Option<i64>,
    pub(super) refunded_tax_amount: Option<i64>,
    pub(super) seats: Option<u32>,
    pub(super) units: Option<u32>,
    pub(super) billing_name: Option<String>,
    pub(super) billing_address: Option<Address>,
    pub(super) customer: Option<Person>,
    pub(super) product: Option<Product>,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    pub(super) subscription: Option<OrderSubscription>,
}

/// Why an order was billed. An unknown reason is refused: whether it extends is not guessed.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum BillingReason {
    Purchase,
    SubscriptionCreate,
    #[serde(alias = "subscription_cycle_after_trial")]
    SubscriptionCycle,
    SubscriptionUpdate,
    SubscriptionMeterCycle,
}

#[derive(Deserialize)]
pub(super) struct Product {
    pub(super) id: Id,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) product_price_id: Option<Id>,
    #[serde(default)]
    pub(super) proration: bool,
}

/// The subscription inside its order, as it stood when the event was made.
#[derive(Deserialize)]
pub(super) struct OrderSubscription {
    pub(super) status: String,
    pub(super) current_period_start: Option<Time>,
    pub(super) current_period_end: Option<Time>,
    pub(super) trial_end: Option<Time>,
    pub(super) seats: Option<u32>,
    pub(super) units: Option<u32>,
}

impl OrderSubscription {
    pub(super) fn period(&self) -> Option<Period> {
        let start = self.current_period_start.map(|start| start.0);
        self.current_period_end.map(|end| Period { start, end: end.0 })
    }

    /// The period that runs is a trial.
    pub(super) fn is_tried(&self) -> bool {
        let until_its_end = self.trial_end.is_some() && self.trial_end == self.current_period_end;
        self.status == "trialing" || until_its_end
    }
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) customer_id: Option<Id>,
    pub(super) product_id: Id,
    #[serde(default)]
    pub(super) prices: Vec<Product>,
    pub(super) seats: Option<u32>,
    pub(super) units: Option<u32>,
    pub(super) current_period_end: Option<Time>,
    pub(super) trial_end: Option<Time>,
    #[serde(default)]
    pub(super) cancel_at_period_end: bool,
    pub(super) ends_at: Option<Time>,
    pub(super) ended_at: Option<Time>,
    pub(super) customer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) order_id: Option<Id>,
    pub(super) subscription_id: Option<Id>,
    pub(super) currency: Currency,
    /// Without tax.
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) tax_amount: i64,
}

#[derive(Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

/// A customer, alone or inside of what he bought. A team's has no address of its own.
#[derive(Deserialize)]
pub(super) struct Person {
    id: Id,
    email: Option<String>,
    name: Option<String>,
    billing_name: Option<String>,
    billing_address: Option<Address>,
    /// With one, the name on the invoice is that of a company.
    tax_id: Option<IgnoredAny>,
    locale: Option<String>,
}

impl Person {
    pub(super) fn customer(&self) -> Customer {
        let billed = filled(self.billing_name.as_deref());
        Customer {
            provider_id: Some(String::from(&self.id)),
            email: filled(self.email.as_deref()),
            name: filled(self.name.as_deref()).or_else(|| billed.clone()),
            company: billed.filter(|_| self.tax_id.is_some()),
            country: country(self.billing_address.as_ref()),
            locale: filled(self.locale.as_deref()),
        }
    }
}

impl Order {
    pub(super) fn customer(&self) -> Option<Customer> {
        let known = self.customer.as_ref().map(Person::customer).unwrap_or_default();
        let id = self.customer_id.as_ref().map(String::from);
        let told = Customer {
            provider_id: known.provider_id.or(id),
            name: known.name.or_else(|| filled(self.billing_name.as_deref())),
            country: known.country.or_else(|| country(self.billing_address.as_ref())),
            ..known
        };
        Some(told).filter(|told| !told.is_empty())
    }
}

impl Subscription {
    pub(super) fn customer(&self) -> Option<Customer> {
        let id = || self.customer_id.as_ref().map(String::from);
        match &self.customer {
            Some(person) => Some(person.customer()),
            None => id().map(|id| Customer { provider_id: Some(id), ..Customer::default() }),
        }
    }
}

fn country(address: Option<&Address>) -> Option<String> {
    let code = filled(address?.country.as_deref())?;
    Some(code.to_ascii_uppercase())
}
