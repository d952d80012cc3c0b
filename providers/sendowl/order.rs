//! The fields that are used, of an order as it stands, and how order, payments and lines are
//! called.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::notice::{Customer, Line, Money, Ref};
use crate::read::{self, Currency, Envelope, Id, Scalar, Unread, filled};

/// The one event of a delivery. Beside the bytes its type is what makes it known again: SendOwl
/// gives its events no ids.
///
/// # Errors
/// [`Unread`] where there is no order.
pub(super) fn envelope(told: &str, body: &[u8]) -> Result<Envelope, Unread> {
    let Delivery { order } = read::json(body)?;
    // The spelling of most events is not documented.
    let event_type: String =
        told.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let updated_at = filled(order.updated_at.as_deref());
    let occurred_at =
        updated_at.map(|text| read::iso8601("order.updated_at", &text)).transpose()?;
    Ok(Envelope { occurred_at, ..Envelope::with_topic(&event_type.to_ascii_lowercase(), body) })
}

#[derive(Deserialize)]
pub(super) struct Delivery {
    pub order: Order,
}

#[derive(Deserialize)]
pub(super) struct Order {
    id: Scalar,
    pub state: String,
    pub refunded: Option<Scalar>,
    buyer_name: Option<String>,
    buyer_email: Option<String>,
    business_name: Option<String>,
    billing_country: Option<String>,
    buyer_country: Option<String>,
    eu_resolved_country: Option<String>,
    settled_currency: Option<Currency>,
    settled_gross: Option<Scalar>,
    #[serde(default)]
    transactions: Vec<Transaction>,
    #[serde(default)]
    gateway_transaction_ids: Vec<Value>,
    cart: Option<Cart>,
    valid_until: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Transaction {
    payment_gross: Option<Scalar>,
}

#[derive(Deserialize)]
struct Cart {
    #[serde(default)]
    cart_items: Vec<CartItem>,
}

#[derive(Deserialize)]
struct CartItem {
    quantity: Option<Scalar>,
    product: Option<Sold>,
    subscription: Option<Sold>,
    package: Option<Sold>,
    bundle: Option<Sold>,
}

#[derive(Deserialize)]
struct Sold {
    id: Scalar,
}

/// What an order and all in it is called.
pub(super) struct Names(Id);

impl Names {
    pub(super) fn new(order: &Id) -> Self {
        Self(order.clone())
    }

    pub(super) fn order(&self) -> Ref {
        Ref::order(&self.0)
    }

    /// An order that renews is one order for ever.
    pub(super) fn subscription(&self) -> Ref {
        Ref::subscription(&self.0)
    }

    /// The n-th payment of the order: in which order SendOwl lists them is not documented.
    pub(super) fn payment(&self, number: usize) -> Ref {
        Ref::payment(format!("{}/{number}", self.0))
    }

    /// Products, subscriptions and packages have numbers of their own.
    pub(super) fn line(&self, kind: Option<&str>, id: &Id) -> String {
        match kind {
            Some(kind) => format!("{}/{kind}-{id}", self.order()),
            None => format!("{}/{id}", self.order()),
        }
    }
}

/// An id without the zeros before it, which SendOwl writes now so, now so.
pub(super) fn tidy(text: &str) -> Option<Id> {
    let id = Id::new(text)?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = text.trim_start_matches('0');
    if is_number { Id::new(if bare.is_empty() { "0" } else { bare }) } else { Some(id) }
}

impl Order {
    pub(super) fn names(&self) -> Result<Names, Unread> {
        let id = tidy(self.id.as_str());
        Ok(Names(id.ok_or_else(|| Unread::value("order.id", "this can be no id"))?))
    }

    /// How many payments are listed; `None` where the order lists none at all.
    pub(super) fn payments(&self) -> Option<usize> {
        Some(self.transactions.len().max(self.gateway_transaction_ids.len())).filter(|n| *n > 0)
    }

    pub(super) fn is_subscription(&self) -> bool {
        let items = self.cart.iter().flat_map(|cart| &cart.cart_items);
        self.state.starts_with("subscription")
            || items.into_iter().any(|item| item.subscription.is_some())
    }

    /// What one payment of this order is, where all are alike.
    pub(super) fn amount(&self) -> Option<Money> {
        let currency = self.settled_currency.as_ref()?;
        let gross = |transaction: &Transaction| {
            transaction.payment_gross.as_ref().and_then(|gross| money(gross, currency))
        };
        match self.transactions.split_first() {
            None => money(self.settled_gross.as_ref()?, currency),
            Some((first, others)) => {
                let amount = gross(first)?;
                others.iter().all(|other| gross(other).as_ref() == Some(&amount)).then_some(amount)
            }
        }
    }

    /// Until when a subscription may be used, where SendOwl says.
    pub(super) fn access_end(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        let path = "order.valid_until";
        let text = filled(self.valid_until.as_deref());
        text.map(|text| {
            if text.len() == 10 { read::day_end(path, &text) } else { read::iso8601(path, &text) }
        })
        .transpose()
    }

    /// A line for each thing in the cart; one that stands there twice is one with the sum of both.
    pub(super) fn lines(&self, names: &Names) -> Result<Vec<Line>, Unread> {
        let mut lines: Vec<Line> = Vec::new();
        for item in self.cart.iter().flat_map(|cart| &cart.cart_items) {
            let sold = [
                (None, &item.product),
                (Some("subscription"), &item.subscription),
                (Some("package"), &item.package),
                (Some("package"), &item.bundle),
            ];
            let sold = sold.into_iter().find_map(|(kind, sold)| Some((kind, sold.as_ref()?)));
            let (kind, sold) = sold.ok_or_else(|| {
                Unread::value("order.cart.cart_items", "an item is no product and no package")
            })?;
            let id = tidy(sold.id.as_str())
                .ok_or_else(|| Unread::value("order.cart.cart_items.id", "this can be no id"))?;
            let quantity = item.quantity.as_ref().map_or(Ok(1), |text| {
                read::quantity("order.cart.cart_items.quantity", text.as_str())
            })?;
            let line = names.line(kind, &id);
            match lines.iter_mut().find(|known| known.line == line) {
                Some(known) => known.quantity = known.quantity.saturating_add(quantity),
                None => {
                    let named = kind.map(|kind| format!("{kind}-{id}")).into_iter();
                    let item = named.chain([id.into()]).collect();
                    lines.push(Line { line, alias: vec![], item, quantity, period: None });
                }
            }
        }
        match lines.is_empty() {
            true => Err(Unread::value("order.cart.cart_items", "the order has no items")),
            false => Ok(lines),
        }
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        let countries = [&self.billing_country, &self.buyer_country, &self.eu_resolved_country];
        let customer = Customer {
            email: filled(self.buyer_email.as_deref()),
            name: filled(self.buyer_name.as_deref()),
            company: filled(self.business_name.as_deref()),
            country: countries.into_iter().find_map(|country| read::country(country.as_deref())),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

/// SendOwl writes `12.5`, `"12.50"` and `"£1,012.50"`.
fn money(text: &Scalar, currency: &Currency) -> Option<Money> {
    let is_part = |c: &char| c.is_ascii_digit() || ['.', '-'].contains(c);
    let plain: String = text.as_str().chars().filter(is_part).collect();
    read::decimal("order.settled_gross", &plain, currency.as_str()).ok()
}
