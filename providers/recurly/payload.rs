//! What the API (v2021-02-25) tells, with only the fields that are used.

use serde::Deserialize;

use crate::notice::{Customer, Ref};
use crate::read::{Currency, Id, Scalar, country, filled, full_name};

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) state: Option<String>,
    pub(super) plan: Plan,
    pub(super) quantity: Option<u32>,
    pub(super) add_ons: Option<Vec<AddOn>>,
    pub(super) current_period_ends_at: Option<String>,
    pub(super) trial_ends_at: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) account: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct Plan {
    pub(super) code: String,
}

#[derive(Deserialize)]
pub(super) struct AddOn {
    pub(super) add_on: AddOnCode,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct AddOnCode {
    pub(super) code: String,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: Id,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) state: String,
    pub(super) currency: Currency,
    pub(super) total: Scalar,
    pub(super) closed_at: Option<String>,
    pub(super) subscription_ids: Option<Vec<Id>>,
    pub(super) line_items: LineItems,
    pub(super) has_more_line_items: Option<bool>,
    pub(super) account: Option<Account>,
    pub(super) address: Option<Address>,
}

/// Since v2021-02-25 a list, before that a page of one.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum LineItems {
    List(Vec<LineItem>),
    Page { data: Vec<LineItem> },
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Id,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) subscription_id: Option<Id>,
    pub(super) plan_code: Option<String>,
    pub(super) add_on_code: Option<String>,
    pub(super) item_code: Option<String>,
    pub(super) external_sku: Option<String>,
    pub(super) product_code: Option<String>,
    pub(super) quantity: Option<u32>,
    pub(super) proration_rate: Option<f64>,
    pub(super) start_date: Option<String>,
    pub(super) end_date: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: Id,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) amount: Scalar,
    pub(super) currency: Currency,
    pub(super) original_transaction_id: Option<Id>,
    pub(super) invoice: Option<InvoiceMini>,
    pub(super) subscription_ids: Option<Vec<Id>>,
    pub(super) account: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct InvoiceMini {
    pub(super) id: Id,
}

#[derive(Deserialize)]
pub(super) struct Account {
    id: Id,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    preferred_locale: Option<String>,
    address: Option<Address>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

impl LineItems {
    pub(super) fn iter(&self) -> impl Iterator<Item = &LineItem> {
        match self {
            Self::List(items) | Self::Page { data: items } => items.iter(),
        }
    }
}

impl Transaction {
    pub(super) fn is_refund(&self) -> bool {
        self.kind == "refund"
    }
}

impl Account {
    /// As a subscription or payment names it; the whole account also knows address and language.
    pub(super) fn customer(&self) -> Customer {
        Customer {
            provider_id: Some((&self.id).into()),
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: filled(self.company.as_deref()),
            country: self.address.as_ref().and_then(Address::country),
            locale: filled(self.preferred_locale.as_deref()),
        }
    }
}

impl Address {
    pub(super) fn country(&self) -> Option<String> {
        country(self.country.as_deref())
    }
}

/// The plan of a subscription, whatever plan it is.
pub(super) fn plan_line(subscription: &Id) -> String {
    crate::notice::Line::at(&Ref::subscription(subscription.as_str()), 0)
}

/// An add-on has no id in a subscription, but its code is there only once.
pub(super) fn add_on_line(subscription: &Id, code: &str) -> String {
    format!("{}/{code}", Ref::subscription(subscription.as_str()))
}
