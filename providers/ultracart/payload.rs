//! What is sent and what the API answers, with only the fields that are used.
//! <https://www.ultracart.com/api/#resource_order.html>

use serde::Deserialize;
use serde_json::Value;

use crate::notice::Customer;
use crate::read::{Currency, Id, Scalar, country, filled, full_name};

/// The object of an event: an order, an auto order or a chargeback. Only what it names is used.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    order_id: Value,
    #[serde(default)]
    original_order_id: Value,
    #[serde(default)]
    rebill_orders: Value,
    #[serde(default)]
    chargeback_dispute_oid: Value,
    #[serde(default)]
    payment: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    pub(super) order: Option<Order>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) order_id: Id,
    pub(super) current_stage: Option<String>,
    pub(super) currency_code: Option<Currency>,
    pub(super) creation_dts: Option<String>,
    pub(super) refund_dts: Option<String>,
    language_iso_code: Option<String>,
    billing: Option<Billing>,
    customer_profile: Option<Profile>,
    pub(super) payment: Option<Payment>,
    pub(super) summary: Option<Summary>,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    pub(super) auto_order: Option<AutoOrder>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Payment {
    pub(super) payment_status: Option<String>,
    pub(super) payment_dts: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    pub(super) total: Option<Amount>,
    pub(super) total_refunded: Option<Amount>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    pub(super) value: Option<Scalar>,
    pub(super) currency_code: Option<Currency>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) item_index: Option<u32>,
    pub(super) merchant_item_id: Option<String>,
    pub(super) quantity: Option<Scalar>,
    pub(super) quantity_refunded: Option<Scalar>,
    #[serde(default)]
    pub(super) kit_component: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct AutoOrder {
    pub(super) auto_order_oid: Id,
    pub(super) original_order_id: Option<Id>,
    pub(super) status: Option<String>,
    pub(super) canceled_dts: Option<String>,
    pub(super) disabled_dts: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<AutoItem>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AutoItem {
    /// What was bought first: it names the item, whatever it was replaced by.
    pub(super) original_item_id: String,
    original_quantity: Option<Scalar>,
    arbitrary_item_id: Option<String>,
    arbitrary_quantity: Option<Scalar>,
    #[serde(default)]
    pub(super) paused: bool,
}

#[derive(Debug, Deserialize)]
struct Billing {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    country_code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    customer_profile_oid: Option<Id>,
}

/// The object of `customer_update`.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    customer_profile_oid: Id,
    email: Option<String>,
    #[serde(default)]
    billing: Vec<Billing>,
}

impl Sent {
    /// The order that it is about.
    pub(super) fn order(&self) -> Option<Id> {
        let made = self.rebill_orders.as_array().into_iter().flatten();
        let newest = made.max_by_key(|order| order.get("creation_dts").and_then(Value::as_str));
        let named = newest.and_then(|order| order.get("order_id"));
        [Some(&self.order_id), named, Some(&self.original_order_id)]
            .into_iter()
            .flatten()
            .find_map(id)
    }

    pub(super) fn dispute(&self) -> Option<Id> {
        id(&self.chargeback_dispute_oid)
    }

    pub(super) fn is_test(&self) -> Option<bool> {
        self.payment.get("test_order").and_then(Value::as_bool)
    }
}

fn id(value: &Value) -> Option<Id> {
    serde_json::from_value(value.clone()).ok()
}

impl Order {
    pub(super) fn customer(&self) -> Option<Customer> {
        let billed = self.billing.as_ref().map(Billing::told).unwrap_or_default();
        let profile = self.customer_profile.as_ref();
        let customer = Customer {
            provider_id: profile
                .and_then(|profile| profile.customer_profile_oid.as_ref())
                .map(String::from),
            locale: filled(self.language_iso_code.as_deref()).map(|code| language(&code)),
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
            country: country(self.country_code.as_deref()),
            ..Customer::default()
        }
    }
}

impl Person {
    pub(super) fn told(&self) -> Customer {
        let billed = self.billing.first().map(Billing::told).unwrap_or_default();
        Customer {
            provider_id: Some((&self.customer_profile_oid).into()),
            email: filled(self.email.as_deref()).or(billed.email),
            ..billed
        }
    }
}

impl AutoItem {
    /// What is delivered now.
    pub(super) fn item(&self) -> Option<String> {
        let now = filled(self.arbitrary_item_id.as_deref());
        now.or_else(|| filled(Some(&self.original_item_id)))
    }

    pub(super) fn quantity(&self) -> Option<&Scalar> {
        self.arbitrary_quantity.as_ref().or(self.original_quantity.as_ref())
    }

    pub(super) fn is_of(&self, item: &str) -> bool {
        self.original_item_id == item || self.arbitrary_item_id.as_deref() == Some(item)
    }
}

/// UltraCart writes three letters (ISO 639-2), letters to customers know two.
fn language(code: &str) -> String {
    let code = code.to_ascii_lowercase();
    let short = match code.as_str() {
        "eng" => "en",
        "deu" | "ger" => "de",
        "fra" | "fre" => "fr",
        "spa" => "es",
        "ita" => "it",
        "por" => "pt",
        "nld" | "dut" => "nl",
        "jpn" => "ja",
        other => other,
    };
    short.to_owned()
}
