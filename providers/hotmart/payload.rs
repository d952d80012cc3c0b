//! The fields that are used, of an event's `data`.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::notice::{Customer, Line, Money, Period, Ref};
use crate::read::{self, Currency, Id, Scalar, Unread, filled};

/// `PURCHASE_*`.
#[derive(Deserialize)]
pub(super) struct Sold {
    pub purchase: Purchase,
    product: Product,
    buyer: Option<Person>,
    subscription: Option<Subscription>,
}

#[derive(Deserialize)]
pub(super) struct Purchase {
    transaction: Id,
    pub status: Option<String>,
    price: Option<Price>,
    offer: Option<Offer>,
    date_next_charge: Option<Millis>,
}

#[derive(Deserialize)]
struct Price {
    value: Option<Scalar>,
    #[serde(alias = "currency_code")]
    currency_value: Option<Currency>,
}

#[derive(Deserialize)]
struct Offer {
    #[serde(alias = "key")]
    code: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Product {
    id: Id,
    ucode: Option<Id>,
}

#[derive(Deserialize)]
struct Subscription {
    subscriber: Option<Subscriber>,
}

#[derive(Deserialize)]
pub(super) struct Subscriber {
    code: Id,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    email: Option<String>,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    address: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    country_iso: Option<String>,
}

/// `SUBSCRIPTION_CANCELLATION`.
#[derive(Deserialize)]
pub(super) struct Cancellation {
    subscriber: Subscriber,
    product: Product,
    date_next_charge: Option<Millis>,
}

/// `SWITCH_PLAN`.
#[derive(Deserialize)]
pub(super) struct Switch {
    subscription: Switched,
    #[serde(default)]
    plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct Switched {
    #[serde(alias = "subscriberCode")]
    subscriber_code: Id,
    product: Product,
    user: Option<Person>,
}

#[derive(Deserialize)]
struct Plan {
    offer: Option<Offer>,
    current: Option<bool>,
}

/// `UPDATE_SUBSCRIPTION_CHARGE_DATE`.
#[derive(Deserialize)]
pub(super) struct Moved {
    subscriber: Subscriber,
    subscription: Rescheduled,
    product: Option<Product>,
    plan: Option<Plan>,
}

#[derive(Deserialize)]
struct Rescheduled {
    product: Option<Product>,
    #[serde(alias = "dateNextCharge")]
    date_next_charge: Option<Millis>,
}

/// Milliseconds, or the same as a time in text, as older events write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Millis {
    Number(i64),
    Text(String),
}

impl Millis {
    fn time(&self, path: &str) -> Result<DateTime<Utc>, Unread> {
        match self {
            Self::Number(milliseconds) => read::unix_ms(path, *milliseconds),
            Self::Text(text) => read::iso8601(path, text),
        }
    }
}

/// What a subscription is known by: the subscriber's code and the product.
pub(super) struct Contract {
    pub sale: Ref,
    pub line: String,
}

impl Contract {
    fn new(code: &Id, product: &Product) -> Self {
        let sale = Ref::subscription(code);
        Self { line: format!("{sale}/{}", product.id), sale }
    }
}

impl Product {
    /// The offer first: it is the price.
    fn item(&self, offer: Option<&Offer>) -> Vec<String> {
        let offer = offer.and_then(|offer| offer.code.as_ref());
        let names = [offer, Some(&self.id), self.ucode.as_ref()];
        names.into_iter().flatten().map(Into::into).collect()
    }
}

impl Sold {
    /// Order, invoice and payment in one.
    pub(super) fn payment(&self) -> Ref {
        Ref::payment(&self.purchase.transaction)
    }

    pub(super) fn contract(&self) -> Option<Contract> {
        let subscriber = self.subscription.as_ref()?.subscriber.as_ref()?;
        Some(Contract::new(&subscriber.code, &self.product))
    }

    pub(super) fn refs(&self) -> Vec<Ref> {
        let sale = self.contract().map(|contract| contract.sale);
        sale.into_iter().chain([self.payment()]).collect()
    }

    /// Hotmart knows no quantities.
    pub(super) fn line(&self) -> Result<Line, Unread> {
        let line = match self.contract() {
            Some(contract) => contract.line,
            None => Line::at(&self.payment(), 0),
        };
        let end = self.purchase.date_next_charge.as_ref();
        let end = end.map(|end| end.time("data.purchase.date_next_charge")).transpose()?;
        Ok(Line {
            line,
            alias: vec![],
            item: self.product.item(self.purchase.offer.as_ref()),
            quantity: 1,
            period: end.map(|end| Period { start: None, end }),
        })
    }

    /// Converted prices have more digits than their currency: then it is not told.
    pub(super) fn amount(&self) -> Option<Money> {
        let price = self.purchase.price.as_ref()?;
        let (value, currency) = price.value.as_ref().zip(price.currency_value.as_ref())?;
        read::decimal("data.purchase.price.value", value.as_str(), currency.as_str()).ok()
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        self.buyer.as_ref().and_then(Person::customer)
    }
}

impl Person {
    fn customer(&self) -> Option<Customer> {
        let (first, last) = (self.first_name.as_deref(), self.last_name.as_deref());
        let country = self.address.as_ref().and_then(|address| address.country_iso.as_deref());
        let customer = Customer {
            email: filled(self.email.as_deref()),
            name: filled(self.name.as_deref()).or_else(|| read::full_name(first, last)),
            country: read::country(country),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Subscriber {
    fn customer(&self) -> Option<Customer> {
        let customer = Customer {
            email: filled(self.email.as_deref()),
            name: filled(self.name.as_deref()),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Cancellation {
    pub(super) fn contract(&self) -> Contract {
        Contract::new(&self.subscriber.code, &self.product)
    }

    /// Until then it is paid for.
    pub(super) fn end(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        self.date_next_charge.as_ref().map(|end| end.time("data.date_next_charge")).transpose()
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        self.subscriber.customer()
    }
}

impl Switch {
    pub(super) fn contract(&self) -> Contract {
        Contract::new(&self.subscription.subscriber_code, &self.subscription.product)
    }

    /// The plan that is current now.
    pub(super) fn line(&self) -> Result<Line, Unread> {
        let plan = self.plans.iter().find(|plan| plan.current == Some(true));
        let plan = plan.ok_or_else(|| Unread::value("data.plans", "none of them is current"))?;
        let item = self.subscription.product.item(plan.offer.as_ref());
        let line = self.contract().line;
        Ok(Line { line, alias: vec![], item, quantity: 1, period: None })
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        self.subscription.user.as_ref().and_then(Person::customer)
    }
}

impl Moved {
    fn product(&self) -> Result<&Product, Unread> {
        let product = self.product.as_ref().or(self.subscription.product.as_ref());
        product.ok_or_else(|| Unread::value("data.subscription.product", "no product is told"))
    }

    pub(super) fn contract(&self) -> Result<Contract, Unread> {
        Ok(Contract::new(&self.subscriber.code, self.product()?))
    }

    pub(super) fn until(&self) -> Result<DateTime<Utc>, Unread> {
        let path = "data.subscription.date_next_charge";
        let date = self.subscription.date_next_charge.as_ref();
        date.ok_or_else(|| Unread::value(path, "the new date is missing"))?.time(path)
    }

    pub(super) fn line(&self) -> Result<Line, Unread> {
        let offer = self.plan.as_ref().and_then(|plan| plan.offer.as_ref());
        let (line, item) = (self.contract()?.line, self.product()?.item(offer));
        Ok(Line { line, alias: vec![], item, quantity: 1, period: None })
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        self.subscriber.customer()
    }
}
