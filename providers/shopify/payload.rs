//! Resources, with only the fields that are used.
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/order>

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::notice::{Customer, Ref};
use crate::read::{Currency, Id, Scalar, Unread, country, filled, full_name, rfc3339};

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    /// Its number, as people know it: `#1001`.
    name: Option<String>,
    pub(super) financial_status: Option<String>,
    pub(super) currency: Currency,
    pub(super) total_price: Scalar,
    pub(super) cancelled_at: Option<String>,
    processed_at: Option<String>,
    /// Set where it may be paid weeks later, by invoice.
    pub(super) payment_terms: Option<IgnoredAny>,
    pub(super) line_items: Vec<LineItem>,
    #[serde(default)]
    pub(super) refunds: Vec<Refund>,
    /// What made it: `web`, `pos`, `subscription_contract` ...
    pub(super) source_name: Option<String>,
    email: Option<String>,
    contact_email: Option<String>,
    customer_locale: Option<String>,
    customer: Option<Person>,
    billing_address: Option<Address>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Id,
    pub(super) variant_id: Option<Id>,
    pub(super) product_id: Option<Id>,
    pub(super) sku: Option<String>,
    pub(super) title: Option<String>,
    /// As it was ordered, whatever became of it.
    pub(super) quantity: u32,
    /// Without what was refunded or edited away.
    pub(super) current_quantity: Option<u32>,
    #[serde(default)]
    pub(super) gift_card: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) order_id: Id,
    pub(super) created_at: String,
    #[serde(default)]
    pub(super) refund_line_items: Vec<RefundLine>,
    #[serde(default)]
    pub(super) transactions: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundLine {
    pub(super) line_item_id: Id,
    pub(super) quantity: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) amount: Scalar,
    pub(super) currency: Currency,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: Id,
    /// None where the charge belongs to no order of this shop.
    pub(super) order_id: Option<Id>,
    #[serde(rename = "type")]
    pub(super) dispute_type: String,
    pub(super) status: String,
    pub(super) amount: Scalar,
    pub(super) currency: Currency,
    pub(super) initiated_at: Option<String>,
    pub(super) finalized_on: Option<String>,
}

/// Someone: an order's customer, or the resource of `customers/update`.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    id: Option<Id>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    default_address: Option<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    name: Option<String>,
    company: Option<String>,
    country_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Contract {
    id: Option<Id>,
    admin_graphql_api_id: Option<Id>,
    pub(super) status: String,
    pub(super) origin_order_id: Option<Id>,
    pub(super) customer_id: Option<Id>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attempt {
    subscription_contract_id: Option<Id>,
    order_id: Option<Id>,
    pub(super) ready: Option<bool>,
}

impl Contract {
    pub(super) fn id(&self) -> Option<Id> {
        self.id.as_ref().or(self.admin_graphql_api_id.as_ref()).and_then(bare)
    }
}

impl Attempt {
    pub(super) fn contract(&self) -> Option<Id> {
        self.subscription_contract_id.as_ref().and_then(bare)
    }

    pub(super) fn order(&self) -> Option<Id> {
        self.order_id.as_ref().and_then(bare)
    }
}

/// The number of a global id: `gid://shopify/SubscriptionContract/400` is `400`.
fn bare(id: &Id) -> Option<Id> {
    id.as_str().rsplit('/').next().and_then(Id::new)
}

impl Order {
    /// By its number, and by its id, which is far greater than any number.
    pub(super) fn refs(&self) -> Vec<Ref> {
        let number = self.name.as_deref().map(|name| name.trim().trim_start_matches('#'));
        let number = number.filter(|number| !number.is_empty()).map(Ref::order);
        number.into_iter().chain([Ref::order(&self.id)]).collect()
    }

    pub(super) fn placed_at(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        self.processed_at.as_deref().map(|text| rfc3339("processed_at", text)).transpose()
    }

    /// Who bought. All of it is null where the app may not see protected customer data.
    pub(super) fn customer(&self) -> Option<Customer> {
        let person = self.customer.as_ref().map(Person::told).unwrap_or_default();
        let email = [&self.email, &self.contact_email].into_iter();
        let billing = self.billing_address.as_ref();
        let billed = |field: fn(&Address) -> Option<&String>| {
            filled(billing.and_then(field).map(String::as_str))
        };
        let customer = Customer {
            provider_id: person.provider_id,
            email: email.flatten().find_map(|text| filled(Some(text))).or(person.email),
            name: billed(|address| address.name.as_ref()).or(person.name),
            company: billed(|address| address.company.as_ref()).or(person.company),
            country: country(billing.and_then(|address| address.country_code.as_deref()))
                .or(person.country),
            locale: filled(self.customer_locale.as_deref()),
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Person {
    pub(super) fn told(&self) -> Customer {
        let address = self.default_address.as_ref();
        Customer {
            provider_id: self.id.as_ref().map(String::from),
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: filled(address.and_then(|address| address.company.as_deref())),
            country: country(address.and_then(|address| address.country_code.as_deref())),
            locale: None,
        }
    }
}

impl LineItem {
    /// What was sold: all of these can be mapped. A custom item has only its SKU, or its title,
    /// both the vendor's own words.
    pub(super) fn items(&self) -> Vec<String> {
        let sku = filled(self.sku.as_deref());
        let ids = |id: &Option<Id>| id.as_ref().map(String::from);
        let known: Vec<String> =
            [ids(&self.variant_id), sku, ids(&self.product_id)].into_iter().flatten().collect();
        if known.is_empty() { filled(self.title.as_deref()).into_iter().collect() } else { known }
    }
}
