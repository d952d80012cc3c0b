//! The fields that are used, of what FastSpring sends about orders and subscriptions.

use chrono::{DateTime, Utc};
use serde_json::{Number, Value};

use crate::notice::Money;
use crate::read::{self, Unread};

use super::expandable::Expandable;
use super::names::{tidy, told};
use super::people::{Account, Address, Contact};

/// One event as it is stored.
#[derive(serde::Deserialize)]
pub(super) struct Element<T> {
    pub data: T,
}

/// `order.completed`, and the order of a charge.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    order: Option<String>,
    id: Option<String>,
    reference: Option<String>,
    pub currency: Option<String>,
    pub total: Option<Number>,
    pub language: Option<String>,
    pub account: Option<Expandable<Account>>,
    pub customer: Option<Contact>,
    pub address: Option<Address>,
    pub items: Vec<Item>,
    /// `GROUP_REGULAR_PERIOD` ...
    pub acquisition_transaction_type: Option<String>,
}

impl Order {
    pub(super) fn id(&self) -> Option<&str> {
        told(self.id.as_ref()).or_else(|| told(self.order.as_ref()))
    }

    pub(super) fn reference(&self) -> Option<&str> {
        told(self.reference.as_ref())
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub product: Expandable<Product>,
    pub sku: Option<String>,
    pub quantity: u32,
    pub subtotal: Option<Number>,
    pub discount: Option<Number>,
    pub subscription: Option<Expandable<Subscription>>,
    pub is_addon: Option<bool>,
    /// By name of the fulfilment a list of what was delivered: `{license}`, `{file}` ...
    pub fulfillments: Option<Value>,
    pub prorated_item_change_amount: Option<Number>,
    pub prorated_item_prorated_charge: Option<Number>,
    pub prorated_item_credit_amount: Option<Number>,
}

/// `subscription.*`, and the subscription of a charge or an item.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscription {
    id: Option<String>,
    subscription: Option<Expandable<Subscription>>,
    pub state: Option<String>,
    pub account: Option<Expandable<Account>>,
    pub product: Option<Expandable<Product>>,
    pub sku: Option<String>,
    pub quantity: Option<u32>,
    /// Unix milliseconds, as are the other times without a unit.
    pub next: Option<i64>,
    pub next_in_seconds: Option<i64>,
    pub end: Option<i64>,
    pub deactivation_date: Option<i64>,
    pub addons: Option<Vec<Addon>>,
    initial_order_id: Option<String>,
    initial_order_reference: Option<String>,
}

impl Subscription {
    /// The event of a failed charge holds the subscription in the field of that name.
    pub(super) fn innermost(&self) -> &Self {
        self.subscription.as_ref().and_then(Expandable::object).unwrap_or(self)
    }

    pub(super) fn id(&self) -> Option<&str> {
        match &self.subscription {
            Some(Expandable::Id(id)) => tidy(id).or_else(|| told(self.id.as_ref())),
            Some(Expandable::Object(_)) | None => told(self.id.as_ref()),
        }
    }

    pub(super) fn initial_order(&self) -> (Option<&str>, Option<&str>) {
        (told(self.initial_order_id.as_ref()), told(self.initial_order_reference.as_ref()))
    }

    pub(super) fn is_trial(&self) -> bool {
        self.state.as_deref() == Some("trial")
    }

    /// When the time that is paid or tried ends: the next charge, or the end where none comes.
    /// `path` is where the subscription stands.
    pub(super) fn paid_until(&self, path: &str) -> Result<Option<DateTime<Utc>>, Unread> {
        let next = self.next.or_else(|| self.next_in_seconds.and_then(|at| at.checked_mul(1000)));
        time(&format!("{path}.next"), next.or(self.end))
    }
}

#[derive(serde::Deserialize)]
pub(super) struct Addon {
    pub product: Expandable<Product>,
    pub sku: Option<String>,
    pub quantity: Option<u32>,
}

#[derive(serde::Deserialize)]
pub(super) struct Product {
    product: String,
    pub sku: Option<String>,
}

impl Expandable<Product> {
    /// The product's path, under which it stands everywhere else.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Id(path) => path,
            Self::Object(product) => &product.product,
        }
    }
}

/// `subscription.charge.completed`
#[derive(serde::Deserialize)]
pub(super) struct Charge {
    pub order: Expandable<Order>,
    pub subscription: Expandable<Subscription>,
    pub account: Option<Expandable<Account>>,
    pub currency: Option<String>,
    pub total: Option<Number>,
}

/// `return.created`
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Return {
    #[serde(rename = "return")]
    pub id: String,
    pub completed: Option<bool>,
    pub currency: String,
    pub total_return: Option<Number>,
    pub total: Option<Number>,
    pub original: Expandable<Original>,
    pub items: Option<Vec<ReturnItem>>,
}

/// The order that money went back for.
#[derive(serde::Deserialize)]
pub(super) struct Original {
    order: Option<String>,
    id: Option<String>,
    reference: Option<String>,
    pub total: Option<Number>,
}

impl Expandable<Original> {
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Id(id) => tidy(id),
            Self::Object(order) => told(order.id.as_ref()).or_else(|| told(order.order.as_ref())),
        }
    }

    pub(super) fn reference(&self) -> Option<&str> {
        self.object().and_then(|order| told(order.reference.as_ref()))
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnItem {
    pub product: Expandable<Product>,
    pub quantity: Option<u32>,
    pub refund_type: Option<String>,
}

/// An amount, where both its parts are told.
pub(super) fn money(
    path: &str,
    amount: Option<&Number>,
    currency: Option<&str>,
) -> Result<Option<Money>, Unread> {
    let (Some(amount), Some(currency)) = (amount, currency.and_then(tidy)) else {
        return Ok(None);
    };
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(Unread::value("data.currency", "not three letters"));
    }
    let mut text = amount.to_string();
    // FastSpring computes in binary fractions: 15.790000000000001 is meant as 15.79.
    let noisy = text.split_once('.').is_some_and(|(_, fraction)| fraction.len() > 6);
    if let (true, Some(value)) = (noisy, amount.as_f64()) {
        text = format!("{value:.6}");
    }
    read::decimal(path, &text, currency).map(Some)
}

pub(super) fn is_zero(amount: Option<&Number>) -> bool {
    amount.and_then(Number::as_f64).is_none_or(|amount| amount == 0.0)
}

/// Unix milliseconds, where they are told.
pub(super) fn time(path: &str, at: Option<i64>) -> Result<Option<DateTime<Utc>>, Unread> {
    at.map(|at| read::unix_ms(path, at)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_taken_as_it_is_written() {
        let minor = |text: &str, currency| {
            let number: Number = serde_json::from_str(text).unwrap();
            money("data.total", Some(&number), Some(currency)).map(|money| money.unwrap().minor)
        };
        assert_eq!(minor("100.0", "USD"), Ok(10000));
        assert_eq!(minor("193.05", "usd"), Ok(19305));
        assert_eq!(minor("15.790000000000001", "EUR"), Ok(1579));
        assert_eq!(minor("3000.0", "JPY"), Ok(3000));
        assert!(minor("10.125", "EUR").is_err());
        assert!(minor("1e300", "EUR").is_err());
    }

    #[test]
    fn a_fault_inside_of_an_expanded_object_is_named_by_its_path() {
        let body = br#"{"data":{"currency":"USD","return":"r","original":{"total":"ten"}}}"#;
        let Err(unread) = read::json::<Element<Return>>(body) else { panic!("was read") };
        assert!(unread.to_string().ends_with("(at data.original.total)"), "{unread}");
    }
}
