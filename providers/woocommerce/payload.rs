//! Resources, with only the fields that are used.
//! <https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties>

use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::notice::{Customer, Ref};
use crate::read::{Currency, Id, Scalar, Unread, country, filled, full_name, local};

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) currency: Currency,
    pub(super) total: Scalar,
    pub(super) date_paid_gmt: Option<String>,
    #[serde(flatten)]
    pub(super) buyer: Buyer,
    pub(super) line_items: Vec<LineItem>,
    #[serde(default)]
    pub(super) refunds: Vec<Refund>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    /// The order that began it; 0: none did.
    parent_id: Option<Id>,
    pub(super) status: String,
    /// Only subscriptions have one.
    #[serde(rename = "billing_period")]
    _billing_period: String,
    pub(super) trial_end_date_gmt: Option<String>,
    pub(super) end_date_gmt: Option<String>,
    #[serde(flatten)]
    pub(super) buyer: Buyer,
    pub(super) line_items: Vec<LineItem>,
}

/// Who bought, and what plugins noted.
#[derive(Debug, Deserialize)]
pub(super) struct Buyer {
    /// 0: a guest.
    customer_id: Option<Id>,
    billing: Option<Billing>,
    #[serde(default)]
    meta_data: Vec<Meta>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(default)]
    key: Value,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Deserialize)]
struct Billing {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    country: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Id,
    product_id: Option<Id>,
    /// 0: the product has none.
    variation_id: Option<Id>,
    sku: Option<String>,
    pub(super) quantity: u32,
    /// Before coupons.
    subtotal: Option<Scalar>,
    total: Scalar,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    /// Below zero.
    pub(super) total: Scalar,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: Id,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    billing: Option<Billing>,
}

/// A time in UTC, which WooCommerce writes without saying so. Empty: none.
///
/// # Errors
/// [`Unread::Value`].
pub(super) fn gmt(path: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Unread> {
    let text = text.map(|text| text.trim_end_matches('Z')).filter(|text| !text.is_empty());
    let utc = FixedOffset::east_opt(0).ok_or_else(|| Unread::value(path, "no UTC"))?;
    text.map(|text| local(path, text, "%Y-%m-%dT%H:%M:%S", utc)).transpose()
}

impl Subscription {
    pub(super) fn parent(&self) -> Option<Ref> {
        nonzero(self.parent_id.as_ref()).map(Ref::order)
    }
}

impl Buyer {
    /// The id that a plugin noted under that key.
    pub(super) fn noted(&self, key: &str) -> Option<Id> {
        self.note(key).and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    fn note(&self, key: &str) -> Option<&Value> {
        self.meta_data.iter().find(|meta| meta.key == key).map(|meta| &meta.value)
    }

    pub(super) fn told(&self) -> Option<Customer> {
        let billed = self.billing.as_ref().map(Billing::told).unwrap_or_default();
        let customer = Customer {
            provider_id: nonzero(self.customer_id.as_ref()).map(String::from),
            // WPML's note; WooCommerce itself keeps no language.
            locale: filled(self.note("wpml_language").and_then(Value::as_str)),
            ..billed
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Billing {
    fn told(&self) -> Customer {
        Customer {
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: filled(self.company.as_deref()),
            country: country(self.country.as_deref()),
            ..Customer::default()
        }
    }
}

impl Person {
    pub(super) fn told(&self) -> Customer {
        let billed = self.billing.as_ref().map(Billing::told).unwrap_or_default();
        let name = full_name(self.first_name.as_deref(), self.last_name.as_deref());
        Customer {
            provider_id: Some((&self.id).into()),
            email: filled(self.email.as_deref()).or(billed.email),
            name: name.or(billed.name),
            ..billed
        }
    }
}

impl LineItem {
    /// What was sold: the variation, the SKU, the product.
    pub(super) fn items(&self) -> Vec<String> {
        let variation = nonzero(self.variation_id.as_ref()).map(String::from);
        let product = nonzero(self.product_id.as_ref()).map(String::from);
        [variation, filled(self.sku.as_deref()), product].into_iter().flatten().collect()
    }

    /// What both an order and the subscription that it began call the thing sold.
    pub(super) fn goods(&self) -> Option<&Id> {
        nonzero(self.variation_id.as_ref()).or(nonzero(self.product_id.as_ref()))
    }

    /// Costs nothing even without a coupon.
    pub(super) fn is_free(&self) -> bool {
        let price = self.subtotal.as_ref().unwrap_or(&self.total).as_str();
        price.bytes().all(|byte| matches!(byte, b'0' | b'.'))
    }
}

/// Where WooCommerce has nothing to name, it writes 0.
fn nonzero(id: Option<&Id>) -> Option<&Id> {
    id.filter(|id| id.as_str() != "0")
}
