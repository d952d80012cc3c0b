//! What the API answers, with only the fields that are used.
//! <https://developer.bigcommerce.com/docs/rest-management/orders>

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::notice::Customer;
use crate::read::{Currency, Id, Scalar, Unread, country, filled, full_name, rfc2822};

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    pub(super) status_id: u32,
    pub(super) currency_code: Currency,
    /// A decimal with four digits.
    pub(super) total_inc_tax: Scalar,
    pub(super) refunded_amount: Option<Scalar>,
    date_created: Option<String>,
    payment_status: Option<String>,
    /// 0: a guest.
    customer_id: Option<Id>,
    customer_locale: Option<String>,
    billing_address: Option<Address>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: Id,
    product_id: Option<Id>,
    variant_id: Option<Id>,
    sku: Option<String>,
    pub(super) quantity: u32,
    pub(super) quantity_refunded: Option<u32>,
    #[serde(default)]
    pub(super) is_refunded: bool,
}

#[derive(Debug, Deserialize)]
struct Address {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    country_iso2: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: Id,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
}

impl Order {
    pub(super) fn placed_at(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        let told = filled(self.date_created.as_deref());
        told.map(|text| rfc2822("order.date_created", &text)).transpose()
    }

    /// Was money taken, not only reserved?
    pub(super) fn is_captured(&self) -> bool {
        let status = self.payment_status.as_deref().unwrap_or_default().to_ascii_lowercase();
        matches!(status.as_str(), "captured" | "partially refunded" | "refunded")
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        let billed = self.billing_address.as_ref().map(Address::told).unwrap_or_default();
        let id = self.customer_id.as_ref().filter(|id| id.as_str() != "0");
        let customer = Customer {
            provider_id: id.map(String::from),
            locale: filled(self.customer_locale.as_deref()),
            ..billed
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Address {
    fn told(&self) -> Customer {
        Customer {
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: filled(self.company.as_deref()),
            country: country(self.country_iso2.as_deref()),
            ..Customer::default()
        }
    }
}

impl Person {
    pub(super) fn told(&self) -> Customer {
        Customer {
            provider_id: Some((&self.id).into()),
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: filled(self.company.as_deref()),
            ..Customer::default()
        }
    }
}

impl Product {
    /// What was sold: the variant, the SKU, the product. A product made for one order has id 0.
    pub(super) fn items(&self) -> Vec<String> {
        let id = |id: &Option<Id>| id.as_ref().filter(|id| id.as_str() != "0").map(String::from);
        let sku = filled(self.sku.as_deref());
        [id(&self.variant_id), sku, id(&self.product_id)].into_iter().flatten().collect()
    }
}
