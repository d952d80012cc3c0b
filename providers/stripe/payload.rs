//! What Stripe's objects have in common: only the fields that are used, in every shape that an
//! API version gives them. The shape follows the *endpoint's* version, so nothing here looks at
//! a version: it looks at the fields.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::notice::{Customer, Kind, Money, Notice, Ref};
use crate::read::{self, Id, Unread};

/// The object that an event tells of, when, and what changed about it.
#[derive(Debug)]
pub(super) struct Snapshot<T> {
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) object: T,
    pub(super) previous: Previous,
}

/// Reads the object out of an event's body.
pub(super) fn snapshot<T: DeserializeOwned>(body: &[u8]) -> Result<Snapshot<T>, Unread> {
    #[derive(Deserialize)]
    struct Frame<T> {
        created: i64,
        data: Data<T>,
    }
    #[derive(Deserialize)]
    struct Data<T> {
        object: T,
        previous_attributes: Option<Previous>,
    }
    let Frame { created, data } = read::json::<Frame<T>>(body)?;
    Ok(Snapshot {
        occurred_at: read::unix("created", created)?,
        object: data.object,
        previous: data.previous_attributes.unwrap_or_default(),
    })
}

/// Which of the attributes changed (`data.previous_attributes`): that one is named says so, its
/// old value may well be null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Previous {
    #[serde(deserialize_with = "named")]
    pub(super) status: bool,
    #[serde(deserialize_with = "named")]
    pub(super) cancel_at_period_end: bool,
    #[serde(deserialize_with = "named")]
    pub(super) cancel_at: bool,
    #[serde(deserialize_with = "named")]
    pub(super) trial_end: bool,
    #[serde(deserialize_with = "named")]
    pub(super) pause_collection: bool,
    #[serde(deserialize_with = "named")]
    pub(super) items: bool,
    #[serde(deserialize_with = "named")]
    pub(super) plan: bool,
    #[serde(deserialize_with = "named")]
    pub(super) quantity: bool,
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The id of another object, or that object itself where the vendor had it expanded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "IdOrObject")]
pub(super) struct Other(Id);

#[derive(Deserialize)]
#[serde(untagged, expecting = "an id, or an object with an id")]
enum IdOrObject {
    Id(Id),
    Object { id: Id },
}

impl From<IdOrObject> for Other {
    fn from(value: IdOrObject) -> Self {
        let (IdOrObject::Id(id) | IdOrObject::Object { id }) = value;
        Self(id)
    }
}

impl From<Other> for String {
    fn from(other: Other) -> Self {
        other.0.into()
    }
}

impl From<&Other> for String {
    fn from(other: &Other) -> Self {
        Self::from(&other.0)
    }
}

/// A list inside an object; `has_more`: not all of it is there.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// A price, or the plan that it was called before.
#[derive(Debug, Deserialize)]
pub(super) struct Price {
    pub(super) id: Id,
    pub(super) product: Option<Other>,
}

/// What the *vendor* wrote on a session, payment link, subscription or invoice line. These keys
/// alone are read, and only to look up the product: whatever else stands there may have been
/// copied from a buyer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    keywright_product: Option<String>,
    product: Option<String>,
    price: Option<String>,
    sku: Option<String>,
    pub(super) keywright_quantity: Option<String>,
}

impl Metadata {
    pub(super) fn items(&self) -> impl Iterator<Item = String> {
        [&self.keywright_product, &self.product, &self.price, &self.sku]
            .into_iter()
            .flatten()
            .cloned()
    }
}

/// Names for the product map, most specific first, each once.
pub(super) fn items(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut items = Vec::new();
    for name in names {
        if !name.is_empty() && !items.contains(&name) {
            items.push(name);
        }
    }
    items
}

#[derive(Debug, Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

/// The country, where an address is there and names one.
pub(super) fn country(address: Option<Address>) -> Option<String> {
    filled(address.and_then(|address| address.country)).map(|code| code.to_ascii_uppercase())
}

/// Stripe writes a field that was left empty as null, and at times as an empty text.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Stripe's amount in the minor units of ISO 4217. They are the same but for three currencies:
/// <https://docs.stripe.com/currencies#special-cases>
pub(super) fn money(path: &str, amount: i64, currency: &str) -> Result<Money, Unread> {
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(Unread::value("data.object.currency", "not a currency of three letters"));
    }
    let currency = currency.to_ascii_uppercase();
    let minor = match currency.as_str() {
        // Without decimals, but told in hundredths, as they once were.
        "ISK" | "UGX" => Some(amount / 100),
        // With decimals, but told without.
        "MGA" => amount.checked_mul(100),
        _ => Some(amount),
    };
    let minor = minor.ok_or_else(|| Unread::value(path, "too large for an amount"))?;
    Ok(Money { minor, currency })
}

/// How many; nothing is said of what is metered, and that counts as one.
pub(super) fn quantity(path: impl Fn() -> String, quantity: Option<i64>) -> Result<u32, Unread> {
    u32::try_from(quantity.unwrap_or(1))
        .map_err(|_| Unread::value(path(), "not a quantity between 0 and 4294967295"))
}

/// The payment that a refund or a dispute is about (its intent, where there is one), and all of
/// its names.
pub(super) fn payment(
    intent: Option<&Other>,
    charge: Option<&Other>,
) -> Result<(Ref, Vec<Ref>), Unread> {
    let refs: Vec<Ref> =
        [intent.map(Ref::payment), charge.map(Ref::charge)].into_iter().flatten().collect();
    let payment = refs.first().cloned().ok_or_else(|| Unread::Content {
        path: "data.object.payment_intent".to_owned(),
        message: "neither a payment intent nor a charge is named".to_owned(),
    })?;
    Ok((payment, refs))
}

/// A notice about the whole sale.
pub(super) fn notice(
    refs: Vec<Ref>,
    occurred_at: DateTime<Utc>,
    kind: Kind,
    customer: Option<Customer>,
) -> Notice {
    let customer = customer.filter(|customer| !customer.is_empty());
    Notice { refs, occurred_at, line: None, kind, customer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expanded_object_is_its_id() {
        let ids: Vec<Other> =
            read::json(br#"["cus_1", {"id": "cus_1", "object": "customer", "deleted": true}]"#)
                .unwrap();
        assert_eq!(ids[0], ids[1]);
    }

    #[test]
    fn what_is_no_id_is_told_with_its_path() {
        for (body, words) in [
            (&b"[\"cus_1\", false]"[..], "an id, or an object with an id (at [1])"),
            (b"[\"\"]", "an id, or an object with an id (at [0])"),
        ] {
            let unread = read::json::<Vec<Other>>(body).unwrap_err().to_string();
            assert!(unread.ends_with(words), "{unread}");
        }
    }

    #[test]
    fn an_attribute_that_was_null_before_has_changed_too() {
        let previous: Previous = read::json(br#"{"cancel_at": null, "metadata": {}}"#).unwrap();
        assert!(previous.cancel_at);
        assert!(!previous.items);
    }

    #[test]
    fn amounts_are_minor_units_of_iso_4217_whatever_stripe_calls_them() {
        for (amount, currency, minor) in
            [(1999, "eur", 1999), (5000, "jpy", 5000), (50_000, "isk", 500), (500, "mga", 50_000)]
        {
            assert_eq!(money("amount", amount, currency).unwrap().minor, minor, "{currency}");
        }
        assert!(money("amount", i64::MAX, "mga").is_err());
        assert!(money("amount", 1, "e€").is_err());
    }
}
