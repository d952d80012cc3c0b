//! What stands in a request, in our answer to it, and in BMT Micro's answer to our question.
//!
//! Elements are found by their names, wherever below they stand; but not an address, which stands
//! there twice, for billing and for shipping.

use chrono::{DateTime, Utc};

use crate::notice::{Customer, Money, Ref};
use crate::read::{self, Currency, Element, Envelope, Id, Unread, filled};

pub(super) const NOTIFICATION: &str = "ordernotification";
/// Whatever BMT Micro calls the element: it asks for keys.
pub(super) const KEY_REQUEST: &str = "registrationkey";

/// How many keys one answer holds at most.
const KEYS_MAX: usize = 10_000;

/// One sold item of an order.
pub(super) struct Item(Element);

/// The one event of a request.
///
/// # Errors
/// [`Unread`] where it is no request of BMT Micro's.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let item = Item::parse(body)?;
    let event_type = match item.0.name.as_str() {
        NOTIFICATION => NOTIFICATION,
        _ if item.0.find("keycount").is_some() => KEY_REQUEST,
        _ => "unknown",
    };
    let named =
        item.order().and_then(|order| Ok(format!("{event_type}:{order}/{}", item.position()?)));
    Ok(Envelope {
        id: named.ok().filter(|_| event_type != "unknown"),
        occurred_at: item.get("orderdate").and_then(|date| read::iso8601("orderdate", date).ok()),
        ..Envelope::new(event_type, body)
    })
}

impl Item {
    /// # Errors
    /// [`Unread`] where it is not `<request>` with one element in it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unread> {
        let root = Element::parse(body)?;
        let inner = root.children.into_iter().next().filter(|_| root.name == "request");
        inner.map(Self).ok_or_else(|| Unread::value("request", "nothing is in it"))
    }

    /// Outside of the addresses.
    fn get(&self, name: &str) -> Option<&str> {
        let outside = self.0.children.iter().filter(|child| child.name != "customer");
        let mut found = outside.filter_map(|child| match child.name == name {
            true => Some(child),
            false => child.find(name),
        });
        found.next().map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }

    /// Letters, digits, hyphens and underscores: it stands in our question, too.
    fn id(&self, name: &str) -> Result<Id, Unread> {
        let plain =
            |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let id = self.get(name).filter(plain).and_then(Id::new);
        id.ok_or_else(|| Unread::value(name, "the element is missing or no id"))
    }

    pub(super) fn order(&self) -> Result<Id, Unread> {
        self.id("orderid")
    }

    /// The item's place in the order.
    pub(super) fn position(&self) -> Result<Id, Unread> {
        self.id("itemnumber")
    }

    pub(super) fn product(&self) -> Result<Id, Unread> {
        self.id("productid")
    }

    pub(super) fn quantity(&self) -> Result<u32, Unread> {
        self.get("quantity").map_or(Ok(1), |text| read::quantity("quantity", text))
    }

    /// The price is that of one. No license hangs on it, so that one which cannot be read is not
    /// told.
    pub(super) fn amount(&self) -> Option<Money> {
        let currency = self.get("productcurrency").and_then(Currency::new)?;
        let price = read::decimal("productprice", self.get("productprice")?, currency.as_str());
        let price = price.ok()?;
        let minor = price.minor.checked_mul(self.quantity().ok()?.into())?;
        Some(Money { minor, ..price })
    }

    /// Who pays. The name to license to, where there is one, is that of the license.
    pub(super) fn customer(&self) -> Option<Customer> {
        let told = |name: &str| self.0.get(&format!("customer/billing/{name}"));
        let full = read::full_name(told("firstname"), told("lastname"));
        let customer = Customer {
            email: filled(told("email")),
            name: filled(self.get("registername")).or(full),
            company: filled(told("company")),
            country: read::country(told("country")),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

/// A subscription, as BMT Micro knows it.
pub(super) struct Subscription {
    pub id: Id,
    /// The order that began it, and the item's place there.
    pub order: Id,
    pub position: Id,
    pub next_billing: Option<DateTime<Utc>>,
}

impl Subscription {
    /// That of a product, in the answer to the question after an order's subscriptions.
    ///
    /// # Errors
    /// [`Unread`] where the answer is no XML, or a date is none.
    pub(super) fn of(answer: &[u8], product: &Id) -> Result<Option<Self>, Unread> {
        let root = Element::parse(answer)?;
        let Some(known) = listing(&root, product) else { return Ok(None) };
        let id = |name: &str| known.get(name).and_then(Id::new);
        let ids = (id("subscriptionid"), id("orderid"));
        let (Some(id), Some(order)) = ids else { return Ok(None) };
        let path = "subscriptions.nextbillingdate";
        let next = known.get("nextbillingdate").map(|day| read::day_end(path, day)).transpose()?;
        let position = known.get("itemnumber").and_then(Id::new);
        let position = position.ok_or_else(|| {
            Unread::value("subscriptions.itemnumber", "the subscription does not say which item")
        })?;
        Ok(Some(Self { id, order, position, next_billing: next }))
    }

    pub(super) fn sale(&self) -> Ref {
        Ref::subscription(&self.id)
    }
}

/// The element that tells of that product, however deep the answer lists its subscriptions.
fn listing<'a>(element: &'a Element, product: &Id) -> Option<&'a Element> {
    match element.get("productid") {
        Some(told) if told == product.as_str() => Some(element),
        _ => element.children.iter().find_map(|child| listing(child, product)),
    }
}

/// As many keys as were asked for. Where the product has one key for all its seats, that is
/// repeated; where there are more keys than BMT Micro takes, the last element holds the rest.
pub(super) fn keys(keys: &[String], body: &[u8]) -> String {
    let counted = Item::parse(body).ok().and_then(|item| item.get("keycount")?.parse().ok());
    let count: usize = counted.unwrap_or(keys.len()).clamp(1, KEYS_MAX);
    if keys.is_empty() {
        return no_keys();
    }
    let (single, rest) = keys.split_at_checked(count.saturating_sub(1)).unwrap_or((keys, &[]));
    let last = if rest.is_empty() { vec![] } else { vec![rest.join("\n")] };
    let given: Vec<String> = single.iter().cloned().chain(last).collect();
    let elements = given.iter().cycle().take(count);
    let elements = elements.map(|key| format!("<keydata>{}</keydata>", escaped(key)));
    format!("<{KEY_REQUEST}>{}</{KEY_REQUEST}>", elements.collect::<String>())
}

/// The order waits and the vendor sees why.
fn no_keys() -> String {
    let error = "<errorcode>1</errorcode><errormessage>There is no key for this item.\
                 </errormessage>";
    format!("<{KEY_REQUEST}>{error}</{KEY_REQUEST}>")
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
